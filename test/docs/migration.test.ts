/** What docs/from-oidc-sync.md and docs/from-coder-scim.md promise on the way, step by step. */
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { startStage, type Stage } from '../reconcile/stage';

const report = { drift: 'report' } as const;
const planned = async (stage: Stage): Promise<string[]> =>
  (await stage.reconciler.planWorld({})).changes.map(({ subject, action, target }) => `${subject} ${action} ${target}`);
const sweep = async (stage: Stage): Promise<void> => {
  await stage.reconciler.sweep();
  await stage.settle();
};

it('from OIDC group sync: nothing is written while it is on, a plan shows what turning it off will mean, then it is mended', async () => {
  const stage = await startStage();
  const { coder } = stage;
  const developers = coder.addGroup('developers');
  for (const name of ['alice', 'bob', 'carol']) coder.addUser(name);
  for (const name of ['alice', 'carol']) coder.addToGroup(name, 'developers');
  coder.setGroupSync({ field: 'groups', mapping: new Map([['coder-developers', [developers.id]]]) } as never);
  const groupMappings = { developers: { idpGroup: 'coder-developers', group: 'developers' } };
  await stage.declare({ groupMappings, policies: report });
  const people = new Map<string, string>();
  for (const name of ['alice', 'bob', 'carol']) people.set(name, await stage.createUser(name));
  // Carol's membership is of an old sign-in, Bob has not signed in since he got his.
  await stage.createGroup('coder-developers', [people.get('alice') ?? '', people.get('bob') ?? '']);
  expect(coder.membersOf('developers').sort()).toEqual(['alice', 'carol']);
  expect((await stage.reconciler.status()).apps[0]?.warnings.join()).toContain('group sync is on in organization');

  coder.setGroupSync({ field: '' });
  await sweep(stage);
  expect(coder.membersOf('developers').sort()).toEqual(['alice', 'carol']);
  expect((await planned(stage)).sort()).toEqual([
    'bob group.add coder/developers',
    'carol group.remove coder/developers',
  ]);

  await stage.declare({ groupMappings });
  expect(coder.membersOf('developers').sort()).toEqual(['alice', 'bob']);
  expect(coder.findGroup('developers').id).toBe(developers.id);
  expect(await planned(stage)).toEqual([]);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true, warnings: [] });
});

it("from Coder's own SCIM: a directory first, a plan of it, then its accounts are matched; what Coder's does meanwhile is told and not undone", async () => {
  const stage = await startStage();
  const { coder } = stage;
  const alice = coder.addUser('alice', { status: 'active' });
  coder.addUser('root', { status: 'active', roles: ['owner'] });
  await stage.declare({ policies: { accounts: 'mapped', ...report } });
  const writes = coder.calls.countWrites();
  const [id, root, eve] = [
    await stage.createUser('alice'),
    await stage.createUser('root'),
    await stage.createUser('eve'),
  ];
  await stage.createGroup('coder-platform', [id, root, eve]);
  await sweep(stage);
  expect(coder.calls.countWrites()).toBe(writes);

  const roleMappings = { platform: { idpGroup: 'coder-platform', role: 'template-admin' } };
  const document = parseMappingState({ version: 1, app: 'okta', roleMappings, policies: report });
  const { adoption, changes } = await stage.reconciler.planWorld({ state: document });
  expect(adoption).toMatchObject({
    matched: [{ userName: 'alice', coderUsername: 'alice' }],
    created: ['eve'],
    held: [{ userName: 'root', reason: expect.stringContaining('privileged-account') }],
  });
  expect(changes.map(({ subject, action }) => `${subject} ${action}`)).toContain('alice site-roles.set');
  expect(coder.calls.countWrites()).toBe(writes);

  await stage.declare(document);
  expect(coder.describe('alice')).toMatchObject({ status: 'active', siteRoles: ['template-admin'] });
  expect(coder.findUser('alice').id).toBe(alice.id);
  expect(coder.describe('root').siteRoles).toEqual(['owner']);

  coder.findUser('alice').status = 'suspended';
  await sweep(stage);
  expect(coder.describe('alice').status).toBe('suspended');
  const told = await stage.reconciler.audit({ action: 'drift.found' });
  expect(told.map(({ subjectName }) => subjectName)).toContain('alice');
  await stage.declare({ roleMappings });
  expect(coder.describe('alice').status).toBe('active');
});
