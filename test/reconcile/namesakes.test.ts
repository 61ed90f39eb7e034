/** Two groups of one name: a mapping by externalId means one of them, a mapping by name is held until it is clear which. */
import { startStage, type Stage } from './stage';

const group = async (stage: Stage, displayName: string, externalId: string, members: readonly string[]) => {
  const document = { schemas: [], displayName, externalId };
  const written = await stage.directory.createGroup(
    stage.context,
    document,
    members.map(value => ({ value })),
  );
  await stage.settle();
  return written.resource.id;
};
const rolesOf = (stage: Stage, name: string) => stage.coder.snapshot().users[name]?.siteRoles ?? [];
const warnings = async (stage: Stage) => (await stage.reconciler.status()).apps.flatMap(app => app.warnings);

it('gives by externalId whatever the names are', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { auditors: { idpGroupExternalId: 'two', role: 'auditor' } } });
  const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
  await group(stage, 'audit', 'one', [alice]);
  await group(stage, 'AUDIT', 'two', [bob]);
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'bob')]).toEqual([[], ['auditor']]);
  expect(await warnings(stage)).toEqual([]);
});

it('holds a mapping by a name that two groups have: nobody gets it, nobody loses it, and the status says so by name', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { auditors: { idpGroup: 'audit', role: 'auditor' } } });
  const [alice, bob, carol] = [
    await stage.createUser('alice'),
    await stage.createUser('bob'),
    await stage.createUser('carol'),
  ];
  const first = await group(stage, 'audit', 'one', [alice, carol]);
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'carol')]).toEqual([['auditor'], ['auditor']]);
  const second = await group(stage, 'audit', 'two', [bob]);
  await stage.directory.updateGroup(stage.context, first, () => ({
    memberChanges: [{ kind: 'remove', values: [carol] }],
  }));
  await stage.settle();
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'bob'), rolesOf(stage, 'carol')]).toEqual([
    ['auditor'],
    [],
    ['auditor'],
  ]);
  expect(await warnings(stage)).toEqual([
    expect.stringMatching(/^roleMappings\/auditors: several groups of the identity provider are named "audit"/),
  ]);
  expect((await stage.reconciler.status()).apps[0]?.converged).toBe(false);

  await stage.directory.deleteGroup(stage.context, second);
  await stage.settle();
  await stage.reconciler.sweep();
  await stage.settle();
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'bob'), rolesOf(stage, 'carol')]).toEqual([['auditor'], [], []]);
  expect(await warnings(stage)).toEqual([]);
});

it('does not choose between two groups that were there before the mapping', async () => {
  const stage = await startStage();
  await stage.declare({});
  const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
  await group(stage, 'audit', 'one', [alice]);
  const second = await group(stage, 'audit', 'two', [bob]);
  await stage.declare({ roleMappings: { auditors: { idpGroup: 'audit', role: 'auditor' } } });
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'bob')]).toEqual([[], []]);
  await stage.directory.updateGroup(stage.context, second, current => ({
    document: { ...current.document, displayName: 'others' },
  }));
  await stage.settle();
  expect([rolesOf(stage, 'alice'), rolesOf(stage, 'bob')]).toEqual([['auditor'], []]);
});

it('looks at whoever leaves the last of several groups that one of them made unclear, whatever it is named in the mapping', async () => {
  const stage = await startStage();
  await stage.declare({
    policies: { accounts: 'mapped', renamedGroups: 'follow', drift: 'off' },
    roleMappings: { auditors: { idpGroup: 'audit', role: 'auditor' } },
  });
  const alice = await stage.createUser('alice');
  const first = await group(stage, 'audit', 'one', [alice]);
  const second = await group(stage, 'engineering', 'two', [alice]);
  await stage.write(
    stage.directory.updateGroup(stage.context, first, ({ document }) => ({
      document: { ...document, displayName: 'engineering' },
    })),
  );
  await stage.settle();
  await stage.leave(first, alice);
  await stage.settle();
  expect(rolesOf(stage, 'alice')).toEqual(['auditor']);
  await stage.leave(second, alice);
  await stage.settle();
  expect(stage.coder.describe('alice').status).toBe('suspended');
});
