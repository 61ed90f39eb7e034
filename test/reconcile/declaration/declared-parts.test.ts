/** Groups and custom roles of a declaration: what a plan says of them, what is refused, and what belongs to somebody else. */
import { MappingStateError, parseMappingState } from '../../../bridge/contract/mapping-state';
import { putApp } from '../../../bridge/store/apps/apps';
import { APP, startStage, type Stage } from '../stage';

const READER = { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] };
const groupsOf = (stage: Stage): Record<string, readonly string[]> =>
  stage.coder.snapshot().organizations['coder']?.groups ?? {};
const warnings = async (stage: Stage): Promise<string> =>
  (await stage.reconciler.status()).apps.flatMap(app => app.warnings).join('\n');
const changes = async (stage: Stage, state?: object): Promise<[string, string | null][]> => {
  const document = state && parseMappingState({ version: 1, app: 'okta', ...state });
  const plan = await stage.reconciler.planWorld({ state: document });
  return plan.changes.map(change => [change.action, change.target]);
};

it('a plan lists groups and custom roles to make, to mend and to remove', async () => {
  const stage = await startStage();
  const state = {
    customRoles: { reader: READER },
    groupMappings: { dev: { idpGroup: 'dev', group: 'dev', displayName: 'Developers' } },
  };
  expect(await changes(stage, state)).toEqual([
    ['custom-role.create', 'coder/reader'],
    ['group.create', 'coder/dev'],
  ]);
  await stage.declare(state);
  expect(await changes(stage)).toEqual([]);
  stage.coder.renameGroup('dev', 'renamed');
  expect(await changes(stage)).toEqual([['group.rename', 'coder/dev']]);
  expect(await changes(stage, {})).toEqual([
    ['group.delete', 'coder/dev'],
    ['custom-role.delete', 'coder/reader'],
  ]);
});

it('a plan of the end of an app lists everything that it would take, and nothing that it would leave', async () => {
  const stage = await startStage();
  const admins = { admins: { idpGroup: 'admins', role: 'template-admin' } };
  await stage.declare({
    groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
    roleMappings: admins,
    customRoles: { reader: { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] } },
  });
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  await stage.createGroup('developers', [alice, bob]);
  await stage.createGroup('admins', [alice]);
  // By hand, and nobody's whom the app knows.
  stage.coder.addUser('stranger');
  const before = stage.coder.snapshot();
  const { changes, holds } = await stage.reconciler.planWorld({ app: APP, deleted: true });
  const said = changes.map(({ subject, action, target }) => [subject, action, target].filter(Boolean).join(' ')).sort();
  expect(said).toEqual([
    'alice account.suspend',
    'alice group.remove coder/developers',
    'alice site-roles.set',
    'bob account.suspend',
    'bob group.remove coder/developers',
    'custom-role.delete coder/reader',
    'group.delete coder/developers',
  ]);
  expect(changes.every(({ removal }) => removal)).toBe(true);
  expect(holds).toEqual([]);
  expect(stage.coder.snapshot()).toEqual(before);
  expect((await stage.reconciler.planWorld({ app: APP })).changes.filter(({ removal }) => removal)).toEqual([]);
});

it('a plan lists members whom somebody put in or took out by hand', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } });
  const [alice] = [await stage.createUser('alice'), await stage.createUser('bob')];
  await stage.createGroup('dev', [alice]);
  stage.coder.removeFromGroup('alice', 'dev');
  stage.coder.addToGroup('bob', 'dev');
  const { changes: planned } = await stage.reconciler.planWorld({});
  expect(planned.map(({ subject, action, target }) => [subject, action, target]).sort()).toEqual([
    ['alice', 'group.add', 'coder/dev'],
    ['bob', 'group.remove', 'coder/dev'],
  ]);
});

it.each([
  [{ ...READER, permissions: [{ resourceType: 'template', action: 'read', negate: true }] }, /negative permissions/],
  [{ ...READER, name: 'Reader' }, /wanted "reader".*small letters/],
])('a custom role that Coder would refuse or store otherwise is refused with the reason', (role, reason) => {
  const parse = (): unknown => parseMappingState({ version: 1, app: 'okta', customRoles: { reader: role } });
  expect(parse).toThrow(MappingStateError);
  expect(parse).toThrow(reason);
});

it('a right that is missing for one custom role holds that role, and the rest of the document is done', async () => {
  const stage = await startStage();
  stage.coder.faults.fail(404, { method: 'POST', path: '/members/roles$' });
  await stage.declare({
    customRoles: { reader: READER },
    groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
    roleMappings: { a: { idpGroup: 'dev', role: 'auditor' } },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('dev', [alice]);
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { coder: { groups: ['dev'] } },
  });
  expect(await warnings(stage)).toMatch(/customRoles\/reader: .*404/);
  expect((await stage.reconciler.status()).pending.filter(item => item.state === 'parked')).toEqual([]);
  stage.coder.faults.clear();
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.snapshot().organizations['coder']?.customRoles).toHaveLength(1);
  expect(await warnings(stage)).toBe('');
});

describe('a pushed group and a Coder group that is there already', () => {
  it('that was made by hand is taken over only where that is declared', async () => {
    const stage = await startStage();
    stage.coder.addGroup('ops');
    stage.coder.addUser('handy');
    stage.coder.addToGroup('handy', 'ops');
    await stage.declare({ pushedGroups: {} });
    const alice = await stage.createUser('alice');
    await stage.createGroup('ops', [alice]);
    await stage.settle();
    expect(groupsOf(stage)).toEqual({ ops: ['handy'] });
    expect(await warnings(stage)).toMatch(/"ops" that was made by hand: set pushedGroups\.adopt/);
    await stage.declare({ pushedGroups: { adopt: true } });
    expect(groupsOf(stage)).toEqual({ ops: ['alice', 'handy'] });
    expect(await warnings(stage)).toBe('');
  });

  it("that another app's mapping names is taken over only where that is declared", async () => {
    const stage = await startStage();
    const owning = parseMappingState({
      version: 1,
      app: 'entra',
      groupMappings: { ops: { idpGroup: 'ops', group: 'ops' } },
    });
    await putApp(stage.database, owning, 'any', { actor: 'declaration' }, Date.now());
    await stage.settle();
    await stage.declare({ pushedGroups: {} });
    const alice = await stage.createUser('alice');
    await stage.createGroup('ops', [alice]);
    await stage.settle();
    expect(groupsOf(stage)).toEqual({ ops: [] });
    expect(await warnings(stage)).toMatch(/that a mapping of app "entra" names/);
  });

  it('that a mapping of the same app names is shared', async () => {
    const stage = await startStage();
    stage.coder.addGroup('ops');
    await stage.declare({ pushedGroups: {}, groupMappings: { ops: { idpGroup: 'ops', group: 'ops' } } });
    const alice = await stage.createUser('alice');
    await stage.createGroup('ops', [alice]);
    await stage.settle();
    expect(groupsOf(stage)).toEqual({ ops: ['alice'] });
  });

  it('is taken over by a rule that only matches', async () => {
    const stage = await startStage();
    stage.coder.addGroup('ops');
    await stage.declare({ pushedGroups: { create: false } });
    const alice = await stage.createUser('alice');
    await stage.createGroup('ops', [alice]);
    expect(groupsOf(stage)).toEqual({ ops: ['alice'] });
  });
});

it('groups and people who hold one externalId are warned of by name', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { admins: { idpGroupExternalId: 'X-1', role: 'auditor' } } });
  const alice = await stage.createUser('alice', { externalId: 'P-1' });
  await stage.createUser('bob', { externalId: 'P-1' });
  await stage.createGroup('one', [alice], { externalId: 'X-1' });
  await stage.createGroup('two', [], { externalId: 'X-1' });
  await stage.reconciler.sweep();
  await stage.settle();
  const told = await warnings(stage);
  expect(told).toMatch(/groups "one", "two" hold one externalId "X-1", and roleMappings\/admins/);
  expect(told).toMatch(/people "alice", "bob" hold one externalId "P-1"/);
});
