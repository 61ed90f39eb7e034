/** Mapping states resolved, and what they make of a person's groups. */
import { type DirectoryGroup, type DirectoryUser } from '../../../bridge/contract/directory';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { desire, unite } from '../../../bridge/reconcile/decide/desired';
import { compileRules, NO_SYNC, type RuleInput } from '../../../bridge/reconcile/decide/rules';

const ORGANIZATIONS: RuleInput['organizations'] = [
  { id: 'o1', name: 'coder', isDefault: true, roles: ['organization-admin', 'Reader'], impliedRoles: ['base'] },
  { id: 'o2', name: 'Science', isDefault: false, roles: ['organization-admin'], impliedRoles: [] },
];
const GROUPS: RuleInput['groups'] = [
  { id: 'g1', organization: 'o1', name: 'eng', scimGroupId: undefined },
  { id: 'g2', organization: 'o2', name: 'eng', scimGroupId: undefined },
  { id: 'g3', organization: 'o1', name: 'pushed', scimGroupId: 's3' },
];

function compile(state: object, more: Partial<RuleInput> = {}): ReturnType<typeof compileRules> {
  return compileRules({
    app: 'okta',
    state: parseMappingState({ version: 1, app: 'okta', ...state }),
    deleting: false,
    organizations: ORGANIZATIONS,
    groups: GROUPS,
    sync: NO_SYNC,
    bindings: new Map(),
    hasMatched: () => true,
    ...more,
  });
}

const user: DirectoryUser = {
  id: 'u',
  app: 'okta',
  userName: 'alice',
  externalId: undefined,
  active: true,
  username: 'ada',
  fullName: '',
  email: 'alice@example.com',
};
const group = (id: string, displayName: string, externalId?: string): DirectoryGroup => ({
  id,
  app: 'okta',
  displayName,
  externalId,
});
const wants = (rules: ReturnType<typeof compile>, groups: DirectoryGroup[], who = user): string[] =>
  [...desire(rules, who, groups).entitlements.keys()].sort();

it('matches by displayName without case, and by externalId exactly', () => {
  const rules = compile({
    roleMappings: {
      name: { idpGroup: 'Admins', role: 'auditor' },
      id: { idpGroupExternalId: 'X-1', role: 'template-admin' },
    },
  });
  expect(wants(rules, [group('s1', 'ADMINS')])).toEqual(['site-role  auditor']);
  expect(wants(rules, [group('s1', 'other', 'X-1')])).toEqual(['site-role  template-admin']);
  expect(wants(rules, [group('s1', 'other', 'x-1')])).toEqual([]);
});

it('knows organizations by name without case and by the alias of the default one', () => {
  const rules = compile({
    groupMappings: {
      one: { idpGroup: 'g', group: 'eng' },
      two: { idpGroup: 'g', organization: 'SCIENCE', group: 'eng' },
    },
  });
  expect(rules.problems).toEqual([]);
  expect(wants(rules, [group('s1', 'g')])).toEqual([
    'group o1 g1',
    'group o2 g2',
    'organization o1 ',
    'organization o2 ',
  ]);
});

it('gives an organization role in the spelling of Coder, and none that is implied', () => {
  const rules = compile({
    roleMappings: {
      a: { idpGroup: 'g', organization: 'default', role: 'reader' },
      b: { idpGroup: 'g', role: 'member' },
    },
  });
  expect(wants(rules, [group('s1', 'g')])).toEqual(['organization o1 ', 'organization-role o1 Reader']);
});

it('follows the group that a mapping was bound to, and forgets a group that is gone', () => {
  const state = { roleMappings: { a: { idpGroup: 'old', role: 'auditor' } } };
  const bound = { bindings: new Map([['roleMappings/a', 's1']]) };
  expect(wants(compile(state, bound), [group('s1', 'renamed')])).toEqual(['site-role  auditor']);
  expect(wants(compile(state, bound), [group('s2', 'old')])).toEqual([]);
  expect(wants(compile(state), [group('s2', 'old')])).toEqual(['site-role  auditor']);
  const rematch = { ...state, policies: { renamedGroups: 'rematch' } };
  expect(wants(compile(rematch, bound), [group('s1', 'renamed')])).toEqual([]);
});

it('says every reason', () => {
  const rules = compile({
    roleMappings: { a: { idpGroup: 'g', role: 'auditor' }, b: { idpGroup: 'h', role: 'auditor' } },
  });
  const desired = desire(rules, user, [group('s1', 'g'), group('s2', 'h')]);
  expect(desired.entitlements.get('site-role  auditor')?.because).toEqual([
    { idpGroup: 'g', mapping: 'roleMappings/a' },
    { idpGroup: 'h', mapping: 'roleMappings/b' },
  ]);
});

it.each([
  ['inactive', { who: { ...user, active: false } }, 'absent'],
  ['of a deleted app', { deleting: true }, 'absent'],
  ['in no mapped group, where accounts are for mapped people', { accounts: 'mapped' }, 'absent'],
  ['in no mapped group otherwise', {}, 'present'],
] as const)(
  'a person %s is %s',
  (_name, given: { who?: DirectoryUser; deleting?: boolean; accounts?: string }, account) => {
    const rules = compile(given.accounts === undefined ? {} : { policies: { accounts: given.accounts } }, {
      deleting: given.deleting ?? false,
    });
    expect(desire(rules, given.who ?? user, []).account).toBe(account);
  },
);

it('gives a pushed group to its people while the rule is about it', () => {
  const rules = compile({ pushedGroups: { prefix: 'coder-' } });
  expect(wants(rules, [group('s3', 'Coder-x')])).toEqual(['group o1 g3', 'organization o1 ']);
  expect(wants(rules, [group('s3', 'renamed')])).toEqual([]);
});

it('pushes nothing but site roles in mode claims', () => {
  const rules = compile({
    mode: 'claims',
    groupMappings: { a: { idpGroup: 'g', group: 'eng' } },
    roleMappings: { b: { idpGroup: 'g', role: 'auditor' } },
  });
  expect(wants(rules, [group('s1', 'g')])).toEqual(['site-role  auditor']);
});

it('unites what several people of one account ask for', () => {
  const rules = compile({
    roleMappings: { a: { idpGroup: 'g', role: 'auditor' }, b: { idpGroup: 'h', role: 'template-admin' } },
  });
  const one = desire(rules, user, [group('s1', 'g')]);
  const two = desire(rules, user, [group('s2', 'h')]);
  const gone = desire(rules, { ...user, active: false }, [group('s2', 'h')]);
  expect([...unite([one, two]).entitlements.keys()]).toEqual(['site-role  auditor', 'site-role  template-admin']);
  expect([...unite([one, gone]).entitlements.keys()]).toEqual(['site-role  auditor']);
  expect(unite([gone, gone]).account).toBe('absent');
});
