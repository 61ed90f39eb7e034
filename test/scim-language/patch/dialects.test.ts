import { type Coercion } from '../../../bridge/scim-language/dialects/dialect';
import { type JsonObject } from '../../../bridge/scim-language/json';
import { applyPatch } from '../../../bridge/scim-language/patch/apply';
import { type PatchOperation } from '../../../bridge/scim-language/patch/operation';
import { userType } from '../../../bridge/scim-language/schema/resource-types';
import { lenient, plain, refusal } from '../leniency';
import { ENTERPRISE, USER } from '../schema/documents';

const base = { schemas: [USER], id: '1', userName: 'ada' };
const extended = (data: object) => ({ ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: data });

/** Each shape that an identity provider sends and the RFC does not know, with the coercions that it takes. */
const shapes: [string, object, object, Coercion[], object][] = [
  [
    'Entra: a boolean as a string',
    base,
    { op: 'replace', path: 'active', value: 'False' },
    ['booleanStrings'],
    { ...base, active: false },
  ],
  [
    'Entra: a boolean as a string in a filter',
    { ...base, roles: [{ value: 'a', primary: true }] },
    { op: 'remove', path: 'roles[primary eq "True"]' },
    ['booleanStrings'],
    base,
  ],
  [
    'Entra: a manager as a list of one',
    base,
    { op: 'add', path: `${ENTERPRISE}:manager`, value: [{ $ref: 'http://x/Users/00aa', value: '00aa' }] },
    ['listOfOne'],
    extended({ manager: { value: '00aa' } }),
  ],
  [
    'Entra: a manager as a string',
    base,
    { op: 'replace', path: `${ENTERPRISE}:manager`, value: '00aa' },
    ['bareValues'],
    extended({ manager: { value: '00aa' } }),
  ],
  [
    'Entra: a manager without the URN',
    base,
    { op: 'add', path: 'manager', value: { value: '00aa' } },
    ['flatExtension'],
    extended({ manager: { value: '00aa' } }),
  ],
  [
    'Entra: replace of an address that is not there',
    base,
    { op: 'replace', path: 'emails[type eq "work"].value', value: 'a@b' },
    ['createOnUnmatchedReplace'],
    { ...base, emails: [{ value: 'a@b', type: 'work' }] },
  ],
  [
    'Entra: replace of a whole element that is not there',
    base,
    { op: 'replace', path: 'emails[type eq "work"]', value: { value: 'a@b' } },
    ['createOnUnmatchedReplace'],
    { ...base, emails: [{ value: 'a@b', type: 'work' }] },
  ],
  [
    'Entra: dots in keys',
    base,
    { op: 'replace', value: { 'name.givenName': 'Ada', displayName: 'A' } },
    ['pathKeys'],
    { ...base, displayName: 'A', name: { givenName: 'Ada' } },
  ],
  [
    'Entra: URNs in keys',
    base,
    { op: 'replace', value: { [`${ENTERPRISE}:employeeNumber`]: '1815' } },
    ['pathKeys'],
    extended({ employeeNumber: '1815' }),
  ],
  [
    'Entra: URNs and dots in keys',
    base,
    { op: 'replace', value: { [`${ENTERPRISE}:manager.value`]: '26' } },
    ['pathKeys'],
    extended({ manager: { value: '26' } }),
  ],
  [
    'Entra: filters in keys',
    base,
    { op: 'add', value: { 'emails[type eq "work"].value': 'a@b', 'emails[type eq "home"].value': 'c@d' } },
    ['pathKeys'],
    {
      ...base,
      emails: [
        { value: 'a@b', type: 'work' },
        { value: 'c@d', type: 'home' },
      ],
    },
  ],
  [
    'Microsoft: a dot behind the URN',
    base,
    { op: 'add', path: `${ENTERPRISE}.department`, value: 'x' },
    ['misspeltUrns'],
    extended({ department: 'x' }),
  ],
  [
    'Microsoft: a colon missing in the URN',
    base,
    { op: 'add', value: { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User': { department: 'x' } } },
    ['misspeltUrns'],
    extended({ department: 'x' }),
  ],
  [
    'OneLogin: a manager of SCIM 1.1',
    base,
    { op: 'replace', value: { [ENTERPRISE]: { manager: { managerId: '26', displayName: 'Mary' } } } },
    ['managerId'],
    extended({ manager: { value: '26' } }),
  ],
  [
    'attributes that no schema has',
    base,
    { op: 'replace', value: { shoeSize: 42, title: 'x' } },
    ['unknownAttributes'],
    { ...base, title: 'x' },
  ],
  [
    'Entra: a manager of "" is none',
    extended({ manager: { value: '26' } }),
    { op: 'add', path: `${ENTERPRISE}:manager`, value: '' },
    ['emptyStrings'],
    base,
  ],
];

describe('shapes beyond the RFC', () => {
  test.each(shapes)(
    '%s: refused by the RFC, taken and counted by its coercion',
    (_, resource, operation, coercions, wanted) => {
      const patch = (...named: Coercion[]) => {
        const leniency = lenient(...named);
        const result = applyPatch(resource as JsonObject, [operation as PatchOperation], {
          type: userType,
          ...leniency,
        });
        return { resource: plain(result.resource), counted: [...new Set(leniency.count.map(([name]) => name))] };
      };
      expect(refusal(() => patch()).status).toBe(400);
      expect(patch(...coercions)).toEqual({ resource: wanted, counted: coercions });
    },
  );
});

describe('shapes that the RFC takes already', () => {
  test.each<[string, object, object, object]>([
    [
      'Entra: null clears a sub-attribute',
      { ...base, name: { familyName: 'L', givenName: 'A' } },
      { op: 'add', path: 'name', value: { familyName: null } },
      { ...base, name: { givenName: 'A' } },
    ],
    [
      'Okta: deactivation without a path',
      { ...base, active: true },
      { op: 'replace', value: { active: false } },
      { ...base, active: false },
    ],
    [
      'Entra: add creates the element',
      base,
      { op: 'add', path: 'emails[type eq "work"].value', value: 'a@b' },
      { ...base, emails: [{ value: 'a@b', type: 'work' }] },
    ],
  ])('%s', (_, resource, operation, wanted) => {
    const result = applyPatch(resource as JsonObject, [operation as PatchOperation], { type: userType });
    expect(plain(result.resource)).toEqual(wanted);
  });
});

test('a filter that describes no element creates none, in any dialect', () => {
  const operation: PatchOperation = { op: 'replace', path: 'emails[type ne "work"].value', value: 'a@b' };
  expect(
    refusal(() => applyPatch(base, [operation], { type: userType, ...lenient('createOnUnmatchedReplace') })).scimType,
  ).toBe('noTarget');
});

test.each<[string, object]>([
  ['an object', { op: 'replace', value: { account: { active: false } } }],
  ['an object in an object', { op: 'replace', value: { user: { account: { active: false } } } }],
  ['a list', { op: 'replace', value: { user: [{ active: false }] } }],
  ['a text that holds JSON', { op: 'replace', path: 'user', value: '{"active":false}' }],
  ['what the schema of a user is said to be', { op: 'replace', value: { [USER]: 'active=false' } }],
  ['the same by its path', { op: 'replace', path: USER, value: [['active', false]] }],
  ['the same as SCIM 1.1 spells it', { op: 'replace', value: { 'urn:scim:schemas:core:1.0': 'inactive' } }],
  ['a member in the singular', { op: 'remove', path: 'member', value: [{ value: 'x' }] }],
])('what says who has access is dropped by no dialect: below a name that no schema has, as %s', (_, operation) => {
  const leniency = lenient('unknownAttributes');
  expect(refusal(() => applyPatch(base, [operation as PatchOperation], { type: userType, ...leniency })).status).toBe(
    400,
  );
});

test('a text that only looks like JSON is dropped like any other that no schema has', () => {
  const operation: PatchOperation = { op: 'replace', path: 'note', value: '[contractor] active since May' };
  const { resource } = applyPatch(base, [operation], { type: userType, ...lenient('unknownAttributes') });
  expect(plain(resource)).toEqual(base);
});

test('a schema that states nothing is dropped as any other name', () => {
  const operation: PatchOperation = { op: 'replace', value: { [USER]: {}, title: 'Countess' } };
  const { resource } = applyPatch(base, [operation], { type: userType, ...lenient('unknownAttributes') });
  expect(plain(resource)).toEqual({ ...base, title: 'Countess' });
});
