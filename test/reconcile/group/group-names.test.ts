/** Names of groups in the identity provider that change hands: whom a mapping by name is about. */
import { startStage } from '../stage';

const owners = (stage: Awaited<ReturnType<typeof startStage>>): string[] =>
  Object.entries(stage.coder.snapshot().users)
    .filter(([name, user]) => name !== 'testuser' && user.siteRoles.includes('owner'))
    .map(([name]) => name)
    .sort();

const rename = async (stage: Awaited<ReturnType<typeof startStage>>, id: string, displayName: string) =>
  stage.write(
    stage.directory.updateGroup(stage.context, id, current => ({ document: { ...current.document, displayName } })),
  );

const ADMINS = { roleMappings: { admins: { idpGroup: 'coder-admins', role: 'owner' as const } } };

it('a group that takes over the name of a followed one gains nothing while that one exists', async () => {
  const stage = await startStage();
  await stage.declare(ADMINS);
  const [alice, mallory] = [await stage.createUser('alice'), await stage.createUser('mallory')];
  const admins = await stage.createGroup('coder-admins', [alice]);
  const lowly = await stage.createGroup('lowly', [mallory]);
  await rename(stage, admins, 'old-admins');
  await rename(stage, lowly, 'coder-admins');
  await stage.settle();
  expect(owners(stage)).toEqual(['alice']);
});

it('when the followed group is deleted, the people of the group that has its name are looked at without a sweep', async () => {
  const stage = await startStage();
  await stage.declare(ADMINS);
  const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
  const first = await stage.createGroup('coder-admins', [alice]);
  await rename(stage, first, 'old-admins');
  await stage.createGroup('coder-admins', [bob]);
  await stage.settle();
  expect(owners(stage)).toEqual(['alice']);
  await stage.write(stage.directory.deleteGroup(stage.context, first));
  await stage.settle();
  expect(owners(stage)).toEqual(['bob']);
});

it('a group that is deleted and made again under its name gives what it gave', async () => {
  const stage = await startStage();
  await stage.declare(ADMINS);
  const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
  const first = await stage.createGroup('coder-admins', [alice]);
  await stage.write(stage.directory.deleteGroup(stage.context, first));
  await stage.createGroup('coder-admins', [bob]);
  await stage.settle();
  expect(owners(stage)).toEqual(['bob']);
});
