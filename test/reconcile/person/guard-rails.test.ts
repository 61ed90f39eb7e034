/** What stops a mistake of an identity provider or an operator, and how it is let through. */
import { type MappingStateInput, parseMappingState } from '../../../bridge/contract/mapping-state';
import { HoldChanged } from '../../../bridge/reconcile';
import { bumpRules, putApp } from '../../../bridge/store/apps/apps';
import { type WorkKey } from '../../../bridge/store/work/enqueue';
import { AMPLE_MS, type Stage, startReconciler, startStage } from '../stage';

const DEVELOPERS = { groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } } };

async function people(stage: Stage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await stage.createUser(`user${n}`));
  return ids;
}

const suspended = (stage: Stage): string[] =>
  Object.entries(stage.coder.snapshot().users)
    .filter(([, user]) => user.status === 'suspended')
    .map(([name]) => name);

const openHold = async (stage: Stage) => (await stage.reconciler.status()).holds[0];

it('stops a mass deactivation that comes as many single requests, and lets exactly that set pass on release', async () => {
  const stage = await startStage();
  await stage.declare({ guard: { minRemovals: 3, maxRemovalsPercent: 10 } });
  const ids = await people(stage, 12);
  for (const id of ids.slice(0, 8)) await stage.setActive(id, false);
  expect(suspended(stage)).toHaveLength(3);
  const hold = await openHold(stage);
  expect(hold).toMatchObject({ app: 'okta', reason: 'too-many-leavers', people: 5 });

  await stage.setActive(ids[8] ?? '', false);
  await expect(stage.reconciler.releaseHold(hold?.id ?? '', { by: 'operator' })).rejects.toThrow(HoldChanged);
  const now = await openHold(stage);
  await stage.reconciler.releaseHold(now?.id ?? '', { by: 'operator' });
  await stage.settle();
  expect(suspended(stage)).toHaveLength(9);
  expect(await openHold(stage)).toBeUndefined();
});

describe('what was released and is done half way goes on without being asked for again', () => {
  /** Two leave at once who have these roles, are held, and are let go while Coder fails at something; both are tried once. */
  async function letGo(roles: MappingStateInput['roleMappings'], fails: (stage: Stage) => void): Promise<Stage> {
    const stage = await startStage({ backoffMs: 600_000 });
    stage.coder.addUser('keeper', { roles: ['owner'], status: 'active', loginType: 'oidc' });
    await stage.declare({ roleMappings: roles, guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
    const ids = await people(stage, 2);
    await stage.createGroup('admins', ids);
    const touched: WorkKey[] = [];
    for (const id of ids)
      touched.push(
        ...((await stage.directory.updateUser(stage.context, id, ({ document }) => ({ ...document, active: false })))
          ?.touched ?? []),
      );
    await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
    const hold = await openHold(stage);
    expect(hold).toMatchObject({ reason: 'too-many-leavers', people: 2 });
    fails(stage);
    await stage.reconciler.releaseHold(hold?.id ?? '', { by: 'operator' });
    await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
    stage.coder.faults.clear();
    return stage;
  }
  const settled = async (stage: Stage): Promise<void> => {
    await stage.settle();
    expect(suspended(stage)).toEqual(['user0', 'user1']);
    expect(await openHold(stage)).toBeUndefined();
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: true }]);
  };

  it('of owners who lost the role and were not locked', async () => {
    const stage = await letGo({ owners: { idpGroup: 'admins', role: 'owner' } }, ({ coder }) =>
      coder.faults.fail(500, { method: 'PUT', path: '/suspend$' }),
    );
    expect(stage.coder.describe('user0').siteRoles).toEqual([]);
    expect(suspended(stage)).toEqual([]);
    await settled(stage);
  });

  it('of who was locked and kept a role in an organization', async () => {
    const roles = { leads: { idpGroup: 'admins', organization: 'coder', role: 'organization-auditor' } };
    const stage = await letGo(roles, ({ coder }) => coder.faults.fail(500, { method: 'PUT', path: '/members/' }));
    expect(suspended(stage)).toEqual(['user0', 'user1']);
    await settled(stage);
    expect(stage.coder.describe('user0').organizations['coder']?.roles).toEqual([]);
  });

  it('of owners who come back, are let in again and get no role', async () => {
    const stage = await startStage({ backoffMs: 600_000 });
    const guard = { minRemovals: 1, maxRemovalsPercent: 100, maxPrivilegeGains: 0 };
    stage.coder.addUser('keeper', { roles: ['owner'], status: 'active', loginType: 'oidc' });
    const roleMappings = { owners: { idpGroup: 'admins', role: 'owner' } };
    await stage.declare({ roleMappings, guard: { ...guard, maxPrivilegeGains: 9 } });
    const [id = ''] = await people(stage, 1);
    await stage.createGroup('admins', [id]);
    await stage.setActive(id, false);
    await stage.declare({ roleMappings, guard: { ...guard, minRemovals: 0, maxRemovalsPercent: 0 } });
    await stage.setActive(id, true);
    const hold = await openHold(stage);
    expect(hold?.changes).toEqual(['user0: let in again', 'user0: gains site role owner']);
    stage.coder.faults.fail(500, { method: 'PUT', path: '/roles$' });
    await stage.reconciler.releaseHold(hold?.id ?? '', { by: 'operator' });
    await stage.reconciler.converge([`person:${id}`], { deadlineMs: AMPLE_MS });
    expect(stage.coder.describe('user0')).toMatchObject({ status: 'active', siteRoles: [] });
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('user0').siteRoles).toEqual(['owner']);
  });

  it('of whom somebody took a role by hand before the release', async () => {
    const stage = await letGo({ audit: { idpGroup: 'admins', role: 'auditor' } }, ({ coder }) =>
      coder.setSiteRoles('user0', []),
    );
    await settled(stage);
  });
});

it('stops what one request would take from too many as a whole, before the first of them', async () => {
  const stage = await startStage();
  await stage.declare({ ...DEVELOPERS, guard: { minRemovals: 3, maxRemovalsPercent: 10 } });
  const ids = await people(stage, 8);
  const group = await stage.createGroup('developers', ids);
  expect(stage.coder.membersOf('developers')).toHaveLength(8);
  await stage.leave(group, ...ids);
  expect(stage.coder.membersOf('developers')).toHaveLength(8);
  expect(await openHold(stage)).toMatchObject({ reason: 'too-many-removals', people: 8 });
});

it('takes nothing in the name of a mapping whose group was never pushed', async () => {
  const stage = await startStage();
  stage.coder.addUser('keeper', { roles: ['owner'] });
  stage.coder.addUser('boss', { email: 'boss@example.com', roles: ['owner'], loginType: 'oidc' });
  await stage.declare({ roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } });
  const boss = await stage.createUser('boss');
  expect(stage.coder.describe('boss').siteRoles).toEqual(['owner']);
  const admins = await stage.createGroup('admins', [boss]);
  expect(stage.coder.describe('boss').siteRoles).toEqual(['owner']);
  await stage.leave(admins, boss);
  expect(stage.coder.describe('boss').siteRoles).toEqual([]);
});

it('drops a hold when the directory takes its mistake back', async () => {
  const stage = await startStage();
  await stage.declare({ guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
  const [first = '', second = ''] = await people(stage, 3);
  await stage.setActive(first, false);
  await stage.setActive(second, false);
  expect(await openHold(stage)).toMatchObject({ people: 1 });
  await stage.setActive(second, true);
  expect(await openHold(stage)).toBeUndefined();
  expect(suspended(stage)).toEqual(['user0']);
});

it('holds a declaration that would take too much as a whole, while its additions flow', async () => {
  const stage = await startStage();
  const guard = { minRemovals: 2, maxRemovalsPercent: 20 };
  await stage.declare({ ...DEVELOPERS, guard });
  const ids = await people(stage, 8);
  await stage.createGroup('developers', ids);
  await stage.declare({
    groupMappings: { engineers: { idpGroup: 'developers', group: 'engineers' } },
    guard,
  });
  expect(stage.coder.membersOf('developers')).toHaveLength(8);
  expect(stage.coder.membersOf('engineers')).toHaveLength(8);
  expect(await openHold(stage)).toMatchObject({ reason: 'plan-too-large', people: 8 });

  // A held plan keeps no leaver in.
  await stage.setActive(ids[0] ?? '', false);
  expect(suspended(stage)).toEqual(['user0']);

  await stage.reconciler.releaseHold((await openHold(stage))?.id ?? '', { by: 'operator' });
  await stage.settle();
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.snapshot().organizations['coder']?.groups).toEqual({
    engineers: ids.slice(1).map((_, n) => `user${n + 1}`),
  });
});

it("does not empty a mapped group because the identity provider's group vanished", async () => {
  const stage = await startStage();
  await stage.declare(DEVELOPERS);
  const ids = await people(stage, 3);
  const group = await stage.createGroup('developers', ids);
  await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toHaveLength(3);
  expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 3 });

  // The same group pushed again dissolves it.
  const again = await stage.createGroup('Developers', ids.slice(0, 2));
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toEqual(['user0', 'user1']);
  expect(await openHold(stage)).toBeUndefined();

  await stage.write(stage.directory.deleteGroup(stage.context, again));
  await stage.settle();
  await stage.reconciler.releaseHold((await openHold(stage))?.id ?? '', { by: 'operator' });
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toEqual([]);
});

describe('a role that people had by hand, and the group that gave it is gone', () => {
  /** Three who had the role before the first rollout, and are held since their group is gone. */
  async function heldForGoneGroup(): Promise<{ stage: Stage; id: string; group: string[] }> {
    const stage = await startStage();
    const group: string[] = [];
    for (const name of ['user0', 'user1', 'user2'])
      stage.coder.addUser(name, { email: `${name}@example.com`, roles: ['template-admin'], loginType: 'oidc' });
    await stage.declare({ roleMappings: { platform: { idpGroup: 'platform', role: 'template-admin' } } });
    group.push(...(await people(stage, 3)));
    const platform = await stage.createGroup('platform', group);
    expect(holders(stage)).toHaveLength(3);
    await stage.write(stage.directory.deleteGroup(stage.context, platform));
    await stage.settle();
    expect(holders(stage)).toHaveLength(3);
    const shown = await openHold(stage);
    expect(shown).toMatchObject({ reason: 'idp-group-vanished', people: 3 });
    return { stage, id: shown?.id ?? '', group };
  }
  const holders = (stage: Stage): string[] =>
    ['user0', 'user1', 'user2'].filter(name => stage.coder.describe(name).siteRoles.includes('template-admin'));

  it('is taken from all of them after a release, whatever is read anew in between', async () => {
    const { stage, id } = await heldForGoneGroup();
    await stage.reconciler.releaseHold(id, { by: 'operator' });
    await bumpRules(stage.database.db);
    await stage.settle();
    expect(holders(stage)).toEqual([]);
    expect((await stage.reconciler.status()).holds).toEqual([]);
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: true, held: 0 }]);
    expect((await stage.reconciler.groups({})).mappings).toMatchObject([
      { state: 'vanished', scimGroupId: null, groupName: null, people: 0 },
    ]);
  });

  it('is taken from all of them by a bridge that starts after the release', async () => {
    const { stage, id } = await heldForGoneGroup();
    await stage.reconciler.releaseHold(id, { by: 'operator' });
    const next = startReconciler(stage.database, stage.coder);
    await stage.settle(next);
    expect(holders(stage)).toEqual([]);
    expect((await next.status()).holds).toEqual([]);
  });

  it('is given again to whoever is in a group of the name that comes later', async () => {
    const { stage, id, group } = await heldForGoneGroup();
    await stage.reconciler.releaseHold(id, { by: 'operator' });
    await stage.settle();
    const again = await stage.createGroup('platform', group.slice(0, 2));
    await stage.settle();
    expect(holders(stage)).toEqual(['user0', 'user1']);
    // And is missed again.
    await stage.write(stage.directory.deleteGroup(stage.context, again));
    await stage.settle();
    expect(holders(stage)).toEqual(['user0', 'user1']);
    expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 2 });
  });
});

it('lets go with a release only of a vanished group whose loss was shown', async () => {
  const stage = await startStage();
  stage.coder.addOrganization('lab');
  await stage.declare({
    groupMappings: {
      developers: { idpGroup: 'developers', group: 'developers' },
      lab: { idpGroup: 'researchers', organization: 'lab', group: 'researchers' },
    },
  });
  const ids = await people(stage, 3);
  const groups = [await stage.createGroup('developers', ids), await stage.createGroup('researchers', ids)];
  // For the moment nobody can tell what the mapping into it gives.
  stage.coder.renameOrganization('lab', 'laboratory');
  await stage.reconciler.sweep();
  await stage.settle();
  for (const group of groups) await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  const shown = await openHold(stage);
  expect(shown?.changes.join()).not.toContain('researchers');
  await stage.reconciler.releaseHold(shown?.id ?? '', { by: 'operator' });
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toEqual([]);

  stage.coder.renameOrganization('laboratory', 'lab');
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.membersOf('researchers', 'lab')).toHaveLength(3);
  expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 3 });
});

it('decides anew about who left a group while it had another name than the mapping, once that is given back', async () => {
  const stage = await startStage();
  await stage.declare({ ...DEVELOPERS, policies: { renamedGroups: 'rematch' } });
  const ids = await people(stage, 3);
  const group = await stage.createGroup('developers', ids);
  const rename = async (displayName: string) => {
    await stage.write(
      stage.directory.updateGroup(stage.context, group, ({ document }) => ({ document: { ...document, displayName } })),
    );
    await stage.settle();
  };
  await rename('engineers');
  await stage.leave(group, ids[2] ?? '');
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toHaveLength(3);
  expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 3 });
  await rename('developers');
  expect(stage.coder.membersOf('developers')).toEqual(['user0', 'user1']);
  expect(await openHold(stage)).toBeUndefined();
});

it('holds what a mapping by externalId gave whose group has another one, until it has that again', async () => {
  const stage = await startStage();
  await stage.declare({
    groupMappings: { developers: { idpGroupExternalId: 'object-1', group: 'developers' } },
    roleMappings: { admins: { idpGroupExternalId: 'object-1', role: 'template-admin' } },
  });
  const ids = await people(stage, 3);
  const group = await stage.createGroup('developers', ids, { externalId: 'object-1' });
  const change = async (externalId: string) => {
    await stage.write(
      stage.directory.updateGroup(stage.context, group, ({ document }) => ({ document: { ...document, externalId } })),
    );
    await stage.settle();
  };
  const mappings = async () => (await stage.reconciler.groups({})).mappings.map(({ state }) => state);
  const roles = () =>
    Object.values(stage.coder.snapshot().users).filter(user => user.siteRoles.includes('template-admin'));
  expect(await mappings()).toEqual(['matched', 'matched']);

  await change('object-2');
  expect(roles()).toHaveLength(3);
  expect(stage.coder.membersOf('developers')).toHaveLength(3);
  expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 3 });
  expect(await mappings()).toEqual(['vanished', 'vanished']);
  expect((await stage.reconciler.groups({})).groups).toMatchObject([{ displayName: 'developers', mappings: [] }]);
  await stage.leave(group, ids[2] ?? '');
  await stage.settle();
  expect(await openHold(stage)).toMatchObject({ reason: 'idp-group-vanished', people: 3 });

  await change('object-1');
  expect(await openHold(stage)).toBeUndefined();
  expect(stage.coder.membersOf('developers')).toEqual(['user0', 'user1']);
  expect(roles()).toHaveLength(2);
  expect(await mappings()).toEqual(['matched', 'matched']);
});

it('keeps the last active owner, whoever asks', async () => {
  const stage = await startStage();
  stage.coder.addUser('keeper', { roles: ['owner'] });
  await stage.declare({ roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } }, guard: { minOwners: 2 } });
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  await stage.createGroup('admins', [alice, bob]);
  stage.coder.activate('alice');
  stage.coder.activate('bob');
  await stage.setActive(alice, false);
  await stage.setActive(bob, false);
  // keeper and one of the two: the bridge's own account does not count.
  expect(suspended(stage)).toEqual(['alice']);
  expect(stage.coder.describe('bob')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
  expect((await stage.reconciler.status()).pending).toMatchObject([
    { subject: 'bob', state: 'held', reason: expect.stringContaining('last-owner') },
  ]);
});

it('plans whom of other apps a document no longer protects', async () => {
  const stage = await startStage();
  stage.coder.addUser('breakglass', { loginType: 'oidc', status: 'active', roles: ['owner'] });
  const entra = (protectedAccounts: string[]) =>
    parseMappingState({ version: 1, app: 'entra', guard: { protectedAccounts } });
  await putApp(stage.database, entra(['breakglass@example.com']), 'any', { actor: 'declaration' }, Date.now());
  await stage.declare({ policies: { adoption: 'any' } });
  await stage.setActive(await stage.createUser('breakglass'), false);
  expect(stage.coder.describe('breakglass').status).toBe('active');
  const touched = async (names: string[]) =>
    (await stage.reconciler.planWorld({ app: 'entra', state: entra(names) })).changes.map(
      ({ app, subject, action }) => `${app} ${subject} ${action}`,
    );
  expect(await touched(['BreakGlass@example.com', 'more'])).toEqual([]);
  expect(await touched([])).toContain('okta breakglass account.suspend');
});

it('touches neither protected accounts nor service accounts nor its own', async () => {
  const stage = await startStage();
  stage.coder.addUser('breakglass', { loginType: 'oidc', status: 'active', roles: ['owner'] });
  await stage.declare({ guard: { protectedAccounts: ['BreakGlass@example.com'] }, policies: { adoption: 'any' } });
  const id = await stage.createUser('breakglass');
  const own = await stage.createUser('testuser@coder.com');
  await stage.setActive(id, false);
  await stage.setActive(own, false);
  expect(stage.coder.describe('breakglass')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
  expect(stage.coder.describe('testuser')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
  expect(stage.coder.calls.countWrites()).toBe(0);
});
