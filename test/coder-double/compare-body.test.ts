import { Bindings } from './bindings';
import { compareBody } from './compare-body';

const ID = '9b2f1f0e-6a5c-4d6f-8f0e-0a3c1b2d4e5f';
const OTHER = '1b2f1f0e-6a5c-4d6f-8f0e-0a3c1b2d4e5f';

test.each([
  ['a value', { a: 1 }, { a: 2 }],
  ['a missing key', { a: 1, b: 2 }, { a: 1 }],
  ['a key too many', { a: 1 }, { a: 1, b: 2 }],
  ['null for a list', { roles: [] }, { roles: null }],
  ['a time that is none', { at: '${time}' }, { at: 'yesterday' }],
  ['two ids where one was recorded', { a: '${uuid.1}', b: '${uuid.1}' }, { a: ID, b: OTHER }],
  ['the order of users', { users: [{ name: 'a' }, { name: 'b' }] }, { users: [{ name: 'b' }, { name: 'a' }] }],
  ['one role too many', { roles: ['a'] }, { roles: ['a', 'b'] }],
  ['one role too few', { roles: ['a', 'b'] }, { roles: ['a'] }],
])('%s is told apart', (_, recorded, received) => {
  expect(compareBody(recorded, received, new Bindings())).toMatch(/^body\./);
});

test.each([
  ['the order of roles', { roles: ['a', 'b'] }, { roles: ['b', 'a'] }],
  ['the text of a detail', { message: 'm', detail: 'x' }, { message: 'm', detail: 'y' }],
  ['an id that is new', { id: '${ann.id}' }, { id: ID }],
  ['a key with a placeholder', { '${ann.id}': [] }, { [ID]: [] }],
])('%s does not matter', (_, recorded, received) => {
  const bindings = new Bindings();
  if (!('id' in recorded)) bindings.bind('ann.id', ID);
  expect(compareBody(recorded, received, bindings)).toBeUndefined();
});
