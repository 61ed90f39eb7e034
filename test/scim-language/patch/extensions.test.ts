import { type JsonObject } from '../../../bridge/scim-language/json';
import { applyPatch } from '../../../bridge/scim-language/patch/apply';
import { type PatchOperation } from '../../../bridge/scim-language/patch/operation';
import { complex, dateTime, text } from '../../../bridge/scim-language/schema/define';
import { withExtensions } from '../../../bridge/scim-language/schema/resource-type';
import { userType } from '../../../bridge/scim-language/schema/resource-types';
import { plain, refusal } from '../leniency';
import { USER } from '../schema/documents';

const FLEET = 'urn:example:params:scim:schemas:extension:fleet:1.0:User';
const type = withExtensions(userType, [
  {
    required: true,
    schema: {
      id: FLEET,
      name: 'Fleet',
      description: 'What a fleet knows about a driver',
      attributes: [
        text('licence', 'Number of the licence.', { mutability: 'immutable', caseExact: true }),
        text('tags', 'Labels.', { multiValued: true }),
        dateTime('joined', 'When the driver joined.'),
        text('badge', 'Set by the service.', { mutability: 'readOnly' }),
        complex('cars', 'Cars.', [text('plate', 'Number plate.', { required: true }), text('colour', 'Colour.')], {
          multiValued: true,
        }),
        complex('depot', 'Depot.', [text('code', 'Code.', { mutability: 'immutable' }), text('city', 'City.')]),
      ],
    },
  },
]);
const fleet = {
  tags: ['red', 'blue'],
  joined: '2011-05-13T04:42:34.000Z',
  cars: [{ plate: 'X 1' }],
  depot: { code: 'D1', city: 'Bonn' },
};
const driver = { schemas: [USER, FLEET], id: '1', userName: 'ada', [FLEET]: fleet } as JsonObject;
const bare = { ...driver, [FLEET]: { tags: ['red'] } } as JsonObject;

function patched(resource: JsonObject, op: string, path: string, value?: unknown): unknown {
  const operation = {
    op,
    path: path === '' ? FLEET : `${FLEET}:${path}`,
    ...(value === undefined ? {} : { value }),
  } as PatchOperation;
  const result = applyPatch(resource, [operation], { type });
  expect(result.changed).toBe(result.resource !== resource);
  return plain(result.resource[FLEET]);
}

describe('PATCH of an extension registered as data', () => {
  test.each<[string, string, string, unknown, object]>([
    ['a value is added to a plain list', 'add', 'tags', ['green'], { tags: ['red', 'blue', 'green'] }],
    ['a single one too', 'add', 'tags', 'green', { tags: ['red', 'blue', 'green'] }],
    ['one that is there is not added again, in whatever case', 'add', 'tags', ['RED'], {}],
    ['by filter a plain value goes', 'remove', 'tags[value eq "RED"]', undefined, { tags: ['blue'] }],
    ['by list a plain value goes', 'remove', 'tags', ['blue', 'green'], { tags: ['red'] }],
    ['by filter a plain value is replaced', 'replace', 'tags[value sw "r"]', 'rose', { tags: ['rose', 'blue'] }],
    ['and by its value', 'replace', 'tags[value sw "r"].value', 'rose', { tags: ['rose', 'blue'] }],
    [
      'one replaced by another that is there is joined with it',
      'replace',
      'tags[value eq "red"]',
      'blue',
      { tags: ['blue'] },
    ],
    ['a date is kept in UTC', 'replace', 'joined', '2012-01-01T01:00:00+01:00', { joined: '2012-01-01T00:00:00.000Z' }],
    ['the same instant is no change', 'replace', 'joined', '2011-05-13T06:42:34+02:00', {}],
    ['an immutable value may be set once', 'add', 'licence', 'L1', { licence: 'L1' }],
    [
      'an element by what it requires',
      'add',
      'cars[plate eq "X 2"].colour',
      'red',
      { cars: [{ plate: 'X 1' }, { plate: 'X 2', colour: 'red' }] },
    ],
    [
      'an immutable part may be repeated',
      'replace',
      'depot',
      { code: 'D1', city: 'Köln' },
      { depot: { code: 'D1', city: 'Köln' } },
    ],
    [
      'several at once',
      'replace',
      '',
      { tags: ['x'], DEPOT: { city: 'Ulm' } },
      { tags: ['x'], depot: { code: 'D1', city: 'Ulm' } },
    ],
    ['what the service sets is ignored among others', 'replace', '', { badge: 'B', tags: ['x'] }, { tags: ['x'] }],
  ])('%s', (_, op, path, value, wanted) => {
    expect(patched(driver, op, path, value)).toEqual({ ...fleet, ...wanted });
  });

  test.each<[string, JsonObject, string, string, unknown, string]>([
    [
      'an immutable value that is set',
      { ...driver, [FLEET]: { licence: 'L1' } },
      'replace',
      'licence',
      'L2',
      'mutability',
    ],
    [
      'removal of it',
      { ...driver, [FLEET]: { licence: 'L1', tags: ['a'] } },
      'remove',
      'licence',
      undefined,
      'mutability',
    ],
    ['an immutable part', driver, 'replace', 'depot.code', 'D2', 'mutability'],
    ['removal of an immutable part', driver, 'remove', 'depot.code', undefined, 'mutability'],
    ['what only the service sets', driver, 'replace', 'badge', 'B', 'mutability'],
    ['a required part of an element', driver, 'remove', 'cars[plate eq "X 1"].plate', undefined, 'mutability'],
    ['an element without what it requires', driver, 'add', 'cars[colour eq "red"].colour', 'red', 'invalidValue'],
    ['a required extension', driver, 'remove', '', undefined, 'mutability'],
    ['the last of a required extension', bare, 'remove', 'tags', undefined, 'mutability'],
    ['a date that is none', driver, 'replace', 'joined', 'yesterday', 'invalidValue'],
  ])('refused: %s', (_, resource, op, path, value, scimType) => {
    expect(refusal(() => patched(resource, op, path, value))).toMatchObject({ status: 400, scimType });
  });
});
