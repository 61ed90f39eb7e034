import { type Leniency } from '../../../bridge/scim-language/dialects/dialect';
import { type Filter } from '../../../bridge/scim-language/filter/ast';
import { printFilter } from '../../../bridge/scim-language/filter/print';
import { type JsonObject } from '../../../bridge/scim-language/json';
import { applyPatch } from '../../../bridge/scim-language/patch/apply';
import { type PatchOperation } from '../../../bridge/scim-language/patch/operation';
import { type Attribute } from '../../../bridge/scim-language/schema/attribute';
import { groupType } from '../../../bridge/scim-language/schema/resource-types';
import { containing, lenient, refusal } from '../leniency';
import { GROUP } from '../schema/documents';

const group = { schemas: [GROUP], id: 'g', displayName: 'Engineers' } as JsonObject;

const members = groupType.rowsAttribute as Attribute;
const printed = (filter: Filter) => printFilter({ kind: 'valuePath', attribute: members, filter });

function run(operations: readonly object[], leniency: Leniency = {}) {
  const { memberChanges, ...rest } = applyPatch(group, operations as PatchOperation[], {
    type: groupType,
    ...leniency,
  });
  return {
    ...rest,
    memberChanges: memberChanges.map(change =>
      change.kind === 'removeWhere' ? { ...change, filter: printed(change.filter) } : change,
    ),
  };
}

describe('changes of members come out as row changes, the members unread', () => {
  test.each<[string, object[], object[]]>([
    [
      'add one',
      [{ op: 'add', path: 'members', value: [{ value: 'u1', display: 'Ada', type: 'User' }] }],
      [{ kind: 'add', members: [{ value: 'u1', display: 'Ada', type: 'User' }] }],
    ],
    [
      'add a single object',
      [{ op: 'add', path: 'members', value: { value: 'u1', $ref: 'https://x/scim/v2/Groups/u1' } }],
      [{ kind: 'add', members: [{ value: 'u1', type: 'Group' }] }],
    ],
    [
      'add without a path',
      [{ op: 'add', value: { members: [{ value: 'u1' }] } }],
      [{ kind: 'add', members: [{ value: 'u1' }] }],
    ],
    ['add nobody', [{ op: 'add', path: 'members', value: [] }], []],
    [
      'one operation for each member, as authentik sends, is one change',
      ['u1', 'u2', 'u1'].map(value => ({ op: 'add', path: 'members', value: [{ value }] })),
      [{ kind: 'add', members: [{ value: 'u1' }, { value: 'u2' }] }],
    ],
    ['remove one by filter', [{ op: 'remove', path: 'members[value eq "u1"]' }], [{ kind: 'remove', values: ['u1'] }]],
    [
      'remove several by filter',
      [
        { op: 'remove', path: 'members[value eq "u1" or value eq "u2"]' },
        { op: 'remove', path: 'members[value eq "u3"]' },
      ],
      [{ kind: 'remove', values: ['u1', 'u2', 'u3'] }],
    ],
    [
      'remove listed ones, as Entra and authentik send',
      [{ op: 'remove', path: 'members', value: [{ $ref: null, value: 'u1' }, { value: 'u2' }] }],
      [{ kind: 'remove', values: ['u1', 'u2'] }],
    ],
    ['remove an empty list removes nobody', [{ op: 'remove', path: 'members', value: [] }], []],
    ['remove all', [{ op: 'remove', path: 'members' }], [{ kind: 'removeAll' }]],
    ['remove with null removes all', [{ op: 'remove', path: 'members', value: null }], [{ kind: 'removeAll' }]],
    [
      'remove by another filter',
      [{ op: 'remove', path: 'members[type eq "Group"]' }],
      [{ kind: 'removeWhere', filter: 'members[type eq "Group"]' }],
    ],
    [
      'a filter that is true of a value and more',
      [{ op: 'remove', path: 'members[value eq "u1" and type eq "User"]' }],
      [{ kind: 'removeWhere', filter: 'members[value eq "u1" and type eq "User"]' }],
    ],
    [
      'replace all',
      [{ op: 'replace', path: 'members', value: [{ value: 'u1' }, { value: 'u1' }, { value: 'u2' }] }],
      [{ kind: 'replaceAll', members: [{ value: 'u1' }, { value: 'u2' }] }],
    ],
    ['replace by nobody', [{ op: 'replace', path: 'members', value: [] }], [{ kind: 'removeAll' }]],
    ['replace by null', [{ op: 'replace', path: 'members', value: null }], [{ kind: 'removeAll' }]],
    [
      'replace without a path',
      [{ op: 'replace', value: { members: [{ value: 'u1' }] } }],
      [{ kind: 'replaceAll', members: [{ value: 'u1' }] }],
    ],
    [
      'replace undoes what came before',
      [
        { op: 'add', path: 'members', value: [{ value: 'u1' }] },
        { op: 'replace', path: 'members', value: [{ value: 'u2' }] },
      ],
      [{ kind: 'replaceAll', members: [{ value: 'u2' }] }],
    ],
    [
      'Okta: remove, then add, in order',
      [
        { op: 'remove', path: 'members[value eq "u1"]' },
        { op: 'add', path: 'members', value: [{ value: 'u2' }] },
      ],
      [
        { kind: 'remove', values: ['u1'] },
        { kind: 'add', members: [{ value: 'u2' }] },
      ],
    ],
    [
      'add, then remove, then add, in order',
      [
        { op: 'add', path: 'members', value: [{ value: 'u1' }] },
        { op: 'remove', path: 'members[value eq "u1"]' },
        { op: 'add', path: 'members', value: [{ value: 'u1' }] },
      ],
      [
        { kind: 'add', members: [{ value: 'u1' }] },
        { kind: 'remove', values: ['u1'] },
        { kind: 'add', members: [{ value: 'u1' }] },
      ],
    ],
    [
      'identifiers are exact',
      [
        { op: 'remove', path: 'members[value eq "U1"]' },
        { op: 'remove', path: 'members[value eq "u1"]' },
      ],
      [{ kind: 'remove', values: ['U1', 'u1'] }],
    ],
  ])('%s', (_, operations, memberChanges) => {
    expect(run(operations)).toEqual({ resource: group, changed: false, memberChanges });
  });

  test('Okta: the name comes with every push, without a path and with the id', () => {
    const result = run([
      { op: 'replace', value: { id: 'g', displayName: 'Engineers' } },
      { op: 'add', path: 'members', value: [{ value: 'u1' }] },
    ]);
    expect(result).toMatchObject({ changed: false, memberChanges: [{ kind: 'add', members: [{ value: 'u1' }] }] });
  });

  test('authentik: the whole group without a path', () => {
    const value = { schemas: [GROUP], id: 'g', externalId: 'e', displayName: 'Builders' };
    expect(run([{ op: 'replace', value }])).toMatchObject({
      changed: true,
      resource: { displayName: 'Builders', externalId: 'e' },
      memberChanges: [],
    });
  });

  test('8,000 members are read in one go, each once', () => {
    const value = Array.from({ length: 8000 }, (_, index) => ({ value: `u${index % 7000}` }));
    const [change] = run([{ op: 'add', path: 'members', value }]).memberChanges;
    expect(change).toMatchObject({ kind: 'add', members: { length: 7000 } });
  });
});

describe('what is refused of members', () => {
  test.each<[string, object, string, string]>([
    [
      'a member without an identifier',
      { op: 'add', path: 'members', value: [{ display: 'Ada' }] },
      'invalidValue',
      'members[0].value is required',
    ],
    ['a bare identifier', { op: 'add', path: 'members', value: ['u1'] }, 'invalidValue', 'members[0]'],
    ['a number', { op: 'add', path: 'members', value: [{ value: 5 }] }, 'invalidValue', 'members[0].value: got 5'],
    [
      'an unknown key',
      { op: 'add', path: 'members', value: [{ value: 'u1', role: 'x' }] },
      'invalidSyntax',
      'members[0].role',
    ],
    [
      'a member of an unknown type',
      { op: 'add', path: 'members', value: [{ value: 'u1', type: 'Device' }] },
      'invalidValue',
      'members[0].type',
    ],
    [
      'change of a member',
      { op: 'replace', path: 'members[value eq "u1"].display', value: 'x' },
      'mutability',
      'immutable',
    ],
    [
      'exchange of a member',
      { op: 'replace', path: 'members[value eq "u1"]', value: { value: 'u2' } },
      'mutability',
      'immutable',
    ],
    ['change of all members', { op: 'replace', path: 'members.type', value: 'User' }, 'mutability', 'immutable'],
    [
      'a filter of unknown names',
      { op: 'remove', path: 'members[name eq "x"]' },
      'invalidFilter',
      'one of value, $ref, display, type',
    ],
  ])('%s', (_, operation, scimType, detail) => {
    expect(refusal(() => run([operation]))).toMatchObject({ status: 400, scimType, detail: containing(detail) });
  });

  test('a refusal leaves no change of members behind', () => {
    expect(
      refusal(() =>
        run([
          { op: 'add', path: 'members', value: [{ value: 'u1' }] },
          { op: 'remove', path: 'displayName' },
        ]),
      ).scimType,
    ).toBe('mutability');
  });
});

test('bareValues: identifiers as strings', () => {
  const leniency = lenient('bareValues');
  expect(
    run(
      [
        { op: 'add', path: 'members', value: ['u1', 'u2'] },
        { op: 'remove', path: 'members', value: 'u3' },
      ],
      leniency,
    ).memberChanges,
  ).toEqual([
    { kind: 'add', members: [{ value: 'u1' }, { value: 'u2' }] },
    { kind: 'remove', values: ['u3'] },
  ]);
  expect(leniency.count).toHaveLength(3);
});
