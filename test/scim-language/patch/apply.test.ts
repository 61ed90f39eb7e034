import { type JsonObject } from '../../../bridge/scim-language/json';
import { applyPatch } from '../../../bridge/scim-language/patch/apply';
import { type PatchOperation } from '../../../bridge/scim-language/patch/operation';
import { userType } from '../../../bridge/scim-language/schema/resource-types';
import { containing, plain, refusal } from '../leniency';
import { ENTERPRISE, USER, enterpriseUser, renderedUser } from '../schema/documents';

const home = { value: 'ada@home.example.org', type: 'home' };
const work = { value: 'ada@example.com', type: 'work', primary: true };
const base = { schemas: [USER], id: '1', userName: 'ada' };

function patch(resource: object, ...operations: PatchOperation[]) {
  const before = JSON.stringify(resource);
  const result = applyPatch(resource as JsonObject, operations, { type: userType });
  expect(JSON.stringify(resource)).toBe(before);
  expect(result.changed).toBe(JSON.stringify(plain(result.resource)) !== before);
  return plain(result.resource) as typeof renderedUser;
}

const add = (path: string | undefined, value: unknown) =>
  ({ op: 'add', ...(path === undefined ? {} : { path }), value }) as PatchOperation;
const replace = (path: string | undefined, value: unknown) =>
  ({ ...add(path, value), op: 'replace' }) as PatchOperation;
const remove = (path?: string, value?: unknown) =>
  ({
    op: 'remove',
    ...(path === undefined ? {} : { path }),
    ...(value === undefined ? {} : { value }),
  }) as PatchOperation;

describe('RFC 7644 §3.5.2.1 add', () => {
  test.each<[string, object, PatchOperation, object]>([
    ['a single value that is not there', base, add('title', 'Analyst'), { ...base, title: 'Analyst' }],
    ['a single value that is there is replaced', { ...base, title: 'a' }, add('title', 'b'), { ...base, title: 'b' }],
    [
      'a sub-attribute of a value that is not there',
      base,
      add('name.givenName', 'Ada'),
      { ...base, name: { givenName: 'Ada' } },
    ],
    [
      'sub-attributes are laid over what is there',
      { ...base, name: { givenName: 'A', familyName: 'B' } },
      add('name', { givenName: 'Ada' }),
      { ...base, name: { givenName: 'Ada', familyName: 'B' } },
    ],
    [
      'values are added to a list',
      { ...base, emails: [work] },
      add('emails', [home]),
      { ...base, emails: [work, home] },
    ],
    [
      'a single value is added to a list',
      { ...base, emails: [work] },
      add('emails', home),
      { ...base, emails: [work, home] },
    ],
    [
      'what is there is not added again',
      { ...base, emails: [work] },
      add('emails', [{ value: 'ADA@example.com', type: 'WORK' }]),
      { ...base, emails: [{ ...work, value: 'ADA@example.com' }] },
    ],
    [
      'without a path each key is an attribute',
      { ...base, emails: [work] },
      add(undefined, { emails: [home], nickName: 'A', name: { givenName: 'Ada' } }),
      { ...base, emails: [work, home], nickName: 'A', name: { givenName: 'Ada' } },
    ],
    [
      'into an element that matches',
      { ...base, emails: [work, home] },
      add('emails[type eq "home"].display', 'Home'),
      { ...base, emails: [work, { ...home, display: 'Home' }] },
    ],
    [
      'sub-attributes into an element that matches',
      { ...base, emails: [work, home] },
      add('emails[type eq "home"]', { display: 'Home' }),
      { ...base, emails: [work, { ...home, display: 'Home' }] },
    ],
    [
      'into an element that is not there makes it',
      base,
      add('emails[type eq "work"].value', 'a@b'),
      { ...base, emails: [{ value: 'a@b', type: 'work' }] },
    ],
    [
      'by a conjunction makes the element with all of it',
      base,
      add('emails[type eq "WORK" and primary eq true].value', 'a@b'),
      { ...base, emails: [{ value: 'a@b', type: 'work', primary: true }] },
    ],
    [
      'a value for an element that is not there',
      base,
      add('emails[type eq "work"]', { value: 'a@b' }),
      { ...base, emails: [{ value: 'a@b', type: 'work' }] },
    ],
    [
      'a sub-attribute of a list that is empty makes an element',
      base,
      add('emails.value', 'a@b'),
      { ...base, emails: [{ value: 'a@b' }] },
    ],
    [
      'a sub-attribute of a list is set in each element',
      { ...base, emails: [work, home] },
      add('emails.display', 'x'),
      {
        ...base,
        emails: [
          { ...work, display: 'x' },
          { ...home, display: 'x' },
        ],
      },
    ],
    ['nothing changes nothing in a list', { ...base, emails: [work] }, add('emails', []), { ...base, emails: [work] }],
    [
      'the new primary is the only one',
      { ...base, emails: [work] },
      add('emails', [{ ...home, primary: true }]),
      {
        ...base,
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'names in any case, with the core URN',
      base,
      add(`${USER.toUpperCase()}:NAME.GIVENNAME`, 'Ada'),
      { ...base, name: { givenName: 'Ada' } },
    ],
    [
      'to an extension by path',
      base,
      add(`${ENTERPRISE}:department`, 'Notes'),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'Notes' } },
    ],
    [
      'to an extension as a whole',
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { division: 'd' } },
      add(ENTERPRISE, { department: 'Notes' }),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { division: 'd', department: 'Notes' } },
    ],
    [
      'to an extension without a path',
      base,
      add(undefined, { [ENTERPRISE.toLowerCase()]: { MANAGER: { value: '26' } } }),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '26' } } },
    ],
    [
      'a manager by $ref',
      base,
      add(`${ENTERPRISE}:manager`, { $ref: '../Users/26' }),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '26' } } },
    ],
  ])('%s', (_, resource, operation, wanted) => {
    expect(patch(resource, operation)).toEqual(wanted);
  });

  test('three parts of an address that is not there make one address', () => {
    const path = (name: string) => `addresses[type eq "work"].${name}`;
    expect(
      patch(base, add(path('locality'), 'London'), add(path('country'), 'GB'), add(path('region'), 'Greater London'))
        .addresses,
    ).toEqual([{ locality: 'London', region: 'Greater London', country: 'GB', type: 'work' }]);
  });

  test('a filter that describes no element is refused when nothing matches', () => {
    for (const filter of [
      'type ne "work"',
      'type eq "work" or type eq "home"',
      'type sw "w"',
      'not (type eq "work")',
      'type eq null',
      'type pr',
    ]) {
      expect(refusal(() => patch(base, add(`emails[${filter}].value`, 'a@b')))).toMatchObject({
        status: 400,
        scimType: 'noTarget',
      });
    }
  });
});

describe('RFC 7644 §3.5.2.2 remove', () => {
  test.each<[string, object, PatchOperation, object]>([
    ['a single value', { ...base, title: 'a' }, remove('title'), base],
    ['a value that is not there', base, remove('title'), base],
    ['all values of a list', { ...base, emails: [work, home] }, remove('emails'), base],
    [
      'the values that match',
      { ...base, emails: [work, home] },
      remove('emails[type eq "work"]'),
      { ...base, emails: [home] },
    ],
    ['the last value that matches', { ...base, emails: [work] }, remove('emails[type eq "work"]'), base],
    [
      'where nothing matches',
      { ...base, emails: [work] },
      remove('emails[type eq "fax"]'),
      { ...base, emails: [work] },
    ],
    [
      'a sub-attribute of the values that match',
      { ...base, emails: [work, home] },
      remove('emails[type eq "work"].primary'),
      { ...base, emails: [{ value: 'ada@example.com', type: 'work' }, home] },
    ],
    [
      'a sub-attribute',
      { ...base, name: { givenName: 'a', familyName: 'b' } },
      remove('name.givenName'),
      { ...base, name: { familyName: 'b' } },
    ],
    ['the last sub-attribute', { ...base, name: { givenName: 'a' } }, remove('name.givenName'), base],
    ['the only part of an element', { ...base, emails: [{ value: 'a' }] }, remove('emails.value'), base],
    [
      'listed values only',
      { ...base, emails: [work, home] },
      remove('emails', [{ value: 'ADA@example.com' }]),
      { ...base, emails: [home] },
    ],
    [
      'listed values with their type',
      { ...base, emails: [work, home] },
      remove('emails', [{ value: 'ada@example.com', type: 'home' }]),
      { ...base, emails: [work, home] },
    ],
    ['no listed values', { ...base, emails: [work] }, remove('emails', []), { ...base, emails: [work] }],
    [
      'a listed address that lacks a value, and no other',
      { ...base, addresses: [{ locality: 'a' }, { locality: 'b' }] },
      remove('addresses', [{ locality: 'a' }]),
      { ...base, addresses: [{ locality: 'b' }] },
    ],
    [
      'an extension',
      enterpriseUser,
      remove(ENTERPRISE),
      { ...Object.fromEntries(Object.entries(enterpriseUser).filter(([key]) => key !== ENTERPRISE)), schemas: [USER] },
    ],
    [
      'the last attribute of an extension',
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'a' } },
      remove(`${ENTERPRISE}:department`),
      base,
    ],
    [
      'a manager',
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '26' } } },
      remove(`${ENTERPRISE}:manager`),
      base,
    ],
  ])('%s', (_, resource, operation, wanted) => {
    expect(patch(resource, operation)).toEqual(wanted);
  });
});

describe('RFC 7644 §3.5.2.3 replace', () => {
  test.each<[string, object, PatchOperation, object]>([
    ['a single value', { ...base, title: 'a' }, replace('title', 'b'), { ...base, title: 'b' }],
    ['a value that is not there is added', base, replace('title', 'b'), { ...base, title: 'b' }],
    ['all values of a list', { ...base, emails: [work] }, replace('emails', [home]), { ...base, emails: [home] }],
    [
      'all values of a list by a single one',
      { ...base, emails: [work] },
      replace('emails', home),
      { ...base, emails: [home] },
    ],
    [
      'the sub-attributes that are stated',
      { ...base, name: { givenName: 'a', familyName: 'b' } },
      replace('name', { givenName: 'c' }),
      { ...base, name: { givenName: 'c', familyName: 'b' } },
    ],
    [
      'one sub-attribute by null',
      { ...base, name: { givenName: 'a', familyName: 'b' } },
      replace('name', { familyName: null }),
      { ...base, name: { givenName: 'a' } },
    ],
    ['by null takes away', { ...base, title: 'a' }, replace('title', null), base],
    ['by an empty text takes away', { ...base, title: 'a' }, replace('title', ''), base],
    ['by an empty list takes away', { ...base, emails: [work] }, replace('emails', []), base],
    [
      'the values that match',
      { ...base, emails: [work, home] },
      replace('emails[type eq "work"]', { value: 'new@x', type: 'work' }),
      { ...base, emails: [{ value: 'new@x', type: 'work' }, home] },
    ],
    [
      'a sub-attribute of the values that match',
      { ...base, emails: [work, home] },
      replace('emails[type eq "work"].value', 'new@x'),
      { ...base, emails: [{ ...work, value: 'new@x' }, home] },
    ],
    [
      'a sub-attribute of all values',
      { ...base, emails: [work, home] },
      replace('emails.display', 'x'),
      {
        ...base,
        emails: [
          { ...work, display: 'x' },
          { ...home, display: 'x' },
        ],
      },
    ],
    [
      'primary moves',
      { ...base, emails: [work, home] },
      replace('emails[type eq "home"].primary', true),
      {
        ...base,
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'primary that is there stays',
      { ...base, emails: [work, home] },
      replace('emails[type eq "work"].primary', true),
      { ...base, emails: [work, home] },
    ],
    [
      'without a path',
      { ...base, emails: [work] },
      replace(undefined, { emails: [home], active: false, [ENTERPRISE]: { department: 'Notes' } }),
      { ...base, schemas: [USER, ENTERPRISE], emails: [home], active: false, [ENTERPRISE]: { department: 'Notes' } },
    ],
    [
      'a manager by null',
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '26' }, department: 'a' } },
      replace(`${ENTERPRISE}:manager`, null),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'a' } },
    ],
    [
      "a manager's value",
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '26', $ref: '../Users/26' } } },
      replace(`${ENTERPRISE}:manager.value`, '27'),
      { ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: '27' } } },
    ],
    ['a date in another zone by itself', { ...base, title: 'a' }, replace('title', 'a'), { ...base, title: 'a' }],
  ])('%s', (_, resource, operation, wanted) => {
    expect(patch(resource, operation)).toEqual(wanted);
  });

  test('where nothing matches is noTarget', () => {
    for (const path of ['emails[type eq "fax"].value', 'emails[type eq "fax"]', 'emails.value']) {
      expect(refusal(() => patch(base, replace(path, 'x')))).toMatchObject({ status: 400, scimType: 'noTarget' });
    }
  });
});

describe('what is refused', () => {
  test.each<[string, PatchOperation, string, string]>([
    ['RFC 7644 §3.5.2.2: remove without a path', remove(), 'noTarget', 'remove without a path'],
    [
      'RFC 7644 §3.5.2.2: remove of what is required',
      remove('userName'),
      'mutability',
      "userName can't be changed: it is required",
    ],
    ['replace of what is required by nothing', replace('userName', ''), 'mutability', 'required'],
    ['RFC 7643 §7: readOnly by path', replace('id', '2'), 'mutability', "id can't be changed: it is readOnly"],
    ['removal of what is readOnly', remove('id'), 'mutability', 'readOnly'],
    ['a userName of blanks', replace('userName', '  '), 'invalidValue', 'a string that is not blank'],
    ['a part of what is readOnly', replace('meta.version', 'x'), 'mutability', 'readOnly'],
    ['groups of a user', add('groups', [{ value: 'g' }]), 'mutability', 'readOnly'],
    ["a manager's display name", replace(`${ENTERPRISE}:manager.displayName`, 'x'), 'mutability', 'readOnly'],
    ['readOnly without a path, when it differs', replace(undefined, { id: '2' }), 'mutability', '"2" is not its value'],
    ['remove of schemas', remove('schemas'), 'mutability', 'required'],
    ['an unknown schema', add('schemas', ['urn:example:x']), 'invalidValue', 'urn:example:x'],
    ['an unknown path', replace('shoeSize', 42), 'invalidPath', 'shoeSize'],
    ['a broken path', replace('emails[type', 'x'), 'invalidFilter', 'character 12'],
    ['an unknown attribute without a path', replace(undefined, { shoeSize: 42 }), 'invalidSyntax', 'shoeSize'],
    ['a path as a key', replace(undefined, { 'name.givenName': 'a' }), 'invalidSyntax', 'name.givenName'],
    [
      'a URN with an attribute as a key',
      replace(undefined, { [`${ENTERPRISE}:department`]: 'a' }),
      'invalidSyntax',
      'department',
    ],
    ['an unknown sub-attribute', replace('name', { maidenName: 'a' }), 'invalidSyntax', 'maidenName'],
    ['a value that is no object without a path', replace(undefined, 'x'), 'invalidValue', 'an object with attributes'],
    ['a value of the wrong type', replace('active', 'False'), 'invalidValue', 'active: got "False"'],
    ['a list for a single value', replace('title', ['a']), 'invalidValue', 'title'],
    ['a string for a complex value', replace('name', 'Ada'), 'invalidValue', 'name'],
    [
      'two primaries',
      add('emails', [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ]),
      'invalidValue',
      'primary',
    ],
    ['primary for all of several', replace('emails.primary', true), 'invalidValue', 'primary'],
    ['an attribute twice', replace(undefined, { title: 'a', TITLE: 'b' }), 'invalidSyntax', 'title twice'],
    ['a password of the wrong type', replace('password', 5), 'invalidValue', 'password'],
  ])('%s', (_, operation, scimType, detail) => {
    const resource = { ...base, emails: [work, home] };
    expect(refusal(() => patch(resource, operation))).toMatchObject({
      status: 400,
      scimType,
      detail: containing(detail),
    });
  });

  test('RFC 7644 §3.5.2: one refused operation undoes all', () => {
    const resource = { ...base, emails: [work] };
    const before = JSON.stringify(resource);
    expect(refusal(() => patch(resource, replace('title', 'x'), remove('emails'), replace('id', '2'))).scimType).toBe(
      'mutability',
    );
    expect(JSON.stringify(resource)).toBe(before);
  });

  test('what is required may be taken away and put back within one PATCH', () => {
    expect(patch(base, remove('userName'), add('userName', 'eve')).userName).toBe('eve');
  });
});

describe('no change', () => {
  test.each<[string, PatchOperation[]]>([
    ['the same value', [replace('userName', 'ada@example.com')]],
    ['the same list', [replace('emails', enterpriseUser.emails)]],
    ['the same element', [add('emails', [{ value: 'ada@example.com', type: 'work', primary: true }])]],
    ['there and back', [replace('title', 'x'), replace('title', 'Analyst')]],
    [
      'a password, which is not kept',
      [replace('password', 'correct horse'), add(undefined, { password: 'x' }), remove('password')],
    ],
    ['schemas', [add('schemas', [ENTERPRISE]), replace('schemas', [USER]), add('schemas', ENTERPRISE)]],
    ['the whole resource as it is answered, which some clients send', [replace(undefined, renderedUser)]],
    [
      'readOnly attributes as they are, or unassigned',
      [
        replace(undefined, {
          ID: renderedUser.id,
          meta: { version: renderedUser.meta.version },
          groups: renderedUser.groups,
        }),
      ],
    ],
    ['id as it is, by its path', [replace('id', renderedUser.id), add('ID', renderedUser.id)]],
    [
      'meta as it was a while ago, by its path and without one',
      [
        replace('meta', { ...renderedUser.meta, version: 'W/"1"', lastModified: '2010-01-23T04:56:22Z' }),
        replace(undefined, { meta: { ...renderedUser.meta, version: 'W/"1"' } }),
      ],
    ],
  ])('%s', (_, operations) => {
    const { resource, changed } = applyPatch(renderedUser as unknown as JsonObject, operations, { type: userType });
    expect(changed).toBe(false);
    expect(resource).toBe(renderedUser);
  });
});

test('no operation reaches a prototype', () => {
  for (const key of ['__proto__', 'constructor', 'prototype']) {
    const value = JSON.parse(`{"${key}":{"polluted":true}}`) as unknown;
    expect(() => patch(base, replace(undefined, value))).toThrow();
    expect(() => patch(base, replace('name', value))).toThrow();
    expect(() => patch(base, replace(key, 'x'))).toThrow();
    expect(() => patch(base, add(`${key}.polluted`, true))).toThrow();
  }
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

describe('bounds', () => {
  const of = (count: number) => Array.from({ length: count }, (_, index) => ({ value: `role${index}` }));
  const eq = (count: number) =>
    of(count)
      .map(({ value }) => `value eq "${value}"`)
      .join(' or ');

  test('operations', () => {
    expect(refusal(() => patch(base, ...Array<PatchOperation>(1001).fill(replace('title', 'x'))))).toMatchObject({
      status: 413,
    });
  });

  test('many operations on many values are refused, not computed', () => {
    const emails = Array.from({ length: 2000 }, (_, index) => ({ value: `a${index}@x` }));
    const operations = Array.from({ length: 900 }, (_, index) =>
      replace(`emails[value eq "a${index}@x" or value eq "b"].display`, 'x'),
    );
    expect(refusal(() => patch(base, add('emails', emails), ...operations))).toMatchObject({
      status: 413,
      detail: containing('values visited'),
    });
  });

  test.each<[string, PatchOperation[]]>([
    ['compared by each term of a filter', [replace(`roles[${eq(300)}].display`, 'x')]],
    ['gone through by each operation', Array<PatchOperation>(300).fill(add('roles', { value: 'x' }))],
    ['put into each element', [add('roles', of(300)), replace('roles.display', 'x'.repeat(500_000))]],
    ['in place of each element', [add('roles', of(300)), replace('roles[value pr]', { value: 'x'.repeat(500_000) })]],
  ])('a long text is refused and not looked at again and again: %s', (_, operations) => {
    const long = add('roles', { value: 'x'.repeat(500_000) });
    expect(refusal(() => patch(base, long, ...operations))).toMatchObject({
      status: 413,
      detail: containing('characters of the values visited'),
    });
    expect(patch(base, long, add('roles', { value: 'y' })).roles).toHaveLength(2);
  });

  test('a value that is large but plain is taken', () => {
    const emails = Array.from({ length: 3000 }, (_, index) => ({ value: `a${index}@x` }));
    expect(patch(base, add('emails', emails)).emails).toHaveLength(3000);
  });
});
