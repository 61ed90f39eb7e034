import { resolvePath } from '../../../../provider/plugin/define/path';
import {
  list,
  map,
  nested,
  nestedList,
  nestedMap,
  nestedSet,
  object,
  string,
} from '../../../../provider/plugin/define/schema';

const option = { description: '', optional: true } as const;
const leaf = { role: string(option) };
const attributes = {
  name: string(option),
  lines: list('string', option),
  limits: map('number', option),
  place: object({ city: 'string' }, option),
  rules: nestedMap(leaf, option),
  steps: nestedList(leaf, option),
  members: nestedSet(leaf, option),
  policy: nested(leaf, option),
};

test.each([
  [['name'], [{ attributeName: 'name' }]],
  [
    ['lines', 2],
    [{ attributeName: 'lines' }, { elementKeyInt: 2 }],
  ],
  [
    ['limits', 'a b'],
    [{ attributeName: 'limits' }, { elementKeyString: 'a b' }],
  ],
  [
    ['place', 'city'],
    [{ attributeName: 'place' }, { attributeName: 'city' }],
  ],
  [
    ['rules', 'admins', 'role'],
    [{ attributeName: 'rules' }, { elementKeyString: 'admins' }, { attributeName: 'role' }],
  ],
  [
    ['steps', 0, 'role'],
    [{ attributeName: 'steps' }, { elementKeyInt: 0 }, { attributeName: 'role' }],
  ],
  [
    ['policy', 'role'],
    [{ attributeName: 'policy' }, { attributeName: 'role' }],
  ],
  // An element of a set has no address.
  [['members', 0, 'role'], [{ attributeName: 'members' }]],
  // What the schema does not have ends the path.
  [
    ['rules', 'admins', 'rank'],
    [{ attributeName: 'rules' }, { elementKeyString: 'admins' }],
  ],
  [['toString'], []],
  [[], []],
])('%j', (path, steps) => {
  expect(resolvePath(attributes, path)).toEqual(steps);
});
