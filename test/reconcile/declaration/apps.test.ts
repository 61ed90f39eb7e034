/** Several apps, changed and deleted apps. */
import { putApp, deleteApp } from '../../../bridge/store/apps/apps';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { APP, startStage, type Stage } from '../stage';

async function otherApp(stage: Stage, state: object): Promise<void> {
  await putApp(
    stage.database,
    parseMappingState({ version: 1, app: 'entra', ...state }),
    'any',
    { actor: 'declaration' },
    Date.now(),
  );
  await stage.settle();
}

it('gives an account that two apps know what either asks for, and locks it out when none has it active', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { a: { idpGroup: 'a', role: 'auditor' } }, people: { sharedWith: ['entra'] } });
  await otherApp(stage, {
    roleMappings: { t: { idpGroup: 't', role: 'template-admin' } },
    people: { sharedWith: [APP] },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('a', [alice]);
  const entra = { ...stage.context, app: 'entra' };
  const { resource } = await stage.write(
    stage.directory.createUser(entra, { schemas: [], userName: 'alice@example.com', active: true }),
  );
  await stage.write(stage.directory.createGroup(entra, { schemas: [], displayName: 't' }, [{ value: resource.id }]));
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor', 'template-admin']);

  await stage.setActive(alice, false);
  expect(stage.coder.describe('alice')).toMatchObject({ status: 'dormant', siteRoles: ['template-admin'] });
  await stage.write(stage.directory.deleteUser(entra, resource.id));
  expect(stage.coder.describe('alice')).toMatchObject({ status: 'suspended', siteRoles: [] });
});

it('deletes an account that two apps know when neither has it any more, and calls that its own doing', async () => {
  const stage = await startStage();
  const policies = { leaving: 'delete' } as const;
  await stage.declare({ policies, people: { sharedWith: ['entra'] } });
  await otherApp(stage, { policies, people: { sharedWith: [APP] } });
  const alice = await stage.createUser('alice');
  const entra = { ...stage.context, app: 'entra' };
  const { resource } = await stage.write(
    stage.directory.createUser(entra, { schemas: [], userName: 'alice@example.com', active: true }),
  );
  await stage.write(stage.directory.deleteUser(stage.context, alice));
  await stage.write(stage.directory.deleteUser(entra, resource.id));
  await stage.settle();
  expect(Object.keys(stage.coder.snapshot().users)).not.toContain('alice');
  expect(await stage.reconciler.audit({ action: 'account.gone' })).toEqual([]);
  expect(await stage.database.db.selectFrom('people').select('user_id').execute()).toEqual([]);
});

it('changes a mapping in place: the new roles and no moment without any', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { tier: { idpGroup: 'tier', role: 'auditor' } } });
  const alice = await stage.createUser('alice');
  await stage.createGroup('tier', [alice]);
  stage.coder.calls.reset();
  await stage.declare({ roleMappings: { tier: { idpGroup: 'tier', role: 'template-admin' } } });
  expect(stage.coder.describe('alice').siteRoles).toEqual(['template-admin']);
  expect(stage.coder.calls.countWrites()).toBe(1);
});

it('says which references Coder does not have, and does the rest', async () => {
  const stage = await startStage();
  await stage.declare({
    groupMappings: {
      lost: { idpGroup: 'g', organization: 'nowhere', group: 'x' },
      unmade: { idpGroup: 'g', group: 'unmade', create: false },
    },
    roleMappings: {
      odd: { idpGroup: 'g', organization: 'default', role: 'no-such-role' },
      good: { idpGroup: 'g', role: 'auditor' },
    },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('g', [alice]);
  const [app] = (await stage.reconciler.status()).apps;
  expect(app?.converged).toBe(false);
  expect(app?.warnings).toEqual([
    expect.stringMatching(/groupMappings\/unmade.*"unmade"/),
    expect.stringMatching(/groupMappings\/lost.*"nowhere"/),
    expect.stringMatching(/roleMappings\/odd.*"no-such-role"/),
  ]);
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
});

it('takes back by policy what a deleted app gave, then forgets the app', async () => {
  const stage = await startStage();
  await stage.declare({
    roleMappings: { a: { idpGroup: 'a', role: 'auditor' } },
    groupMappings: { all: { idpGroup: 'a', group: 'all' } },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('a', [alice]);
  await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
  await stage.settle();
  expect(stage.coder.describe('alice')).toMatchObject({ status: 'suspended', siteRoles: [] });
  expect(stage.coder.snapshot().organizations['coder']?.groups).toEqual({});
  for (const table of ['apps', 'users', 'groups', 'people', 'work', 'grants'] as const)
    expect(await stage.database.db.selectFrom(table).selectAll().execute()).toEqual([]);
});

it('holds the end of a large app until it is released', async () => {
  const stage = await startStage();
  await stage.declare({ guard: { minRemovals: 2, maxRemovalsPercent: 20 } });
  for (let n = 0; n < 5; n += 1) await stage.createUser(`user${n}`);
  await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
  await stage.reconciler.converge([`app:${APP}`], { deadlineMs: 5_000 });
  const { holds } = await stage.reconciler.status();
  expect(holds).toMatchObject([{ app: APP, people: 5, reason: 'plan-too-large' }]);
  expect(stage.coder.describe('user0').status).toBe('dormant');
  await stage.reconciler.releaseHold(holds[0]?.id ?? '', { by: 'operator' });
  await stage.settle();
  expect(stage.coder.describe('user0').status).toBe('suspended');
});
