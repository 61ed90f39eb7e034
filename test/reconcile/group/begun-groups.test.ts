/** Groups and custom roles whose making was begun and never noted: the bridge died, or Coder's answer was lost. */
import { CoderError } from '../../../bridge/coder';
import { makeJournaled } from '../../../bridge/reconcile/group/begun';
import { openEntry } from '../../../bridge/store/journal/journal';
import { APP, startStage, type Stage } from '../stage';

const groupsOf = (stage: Stage): Record<string, readonly string[]> =>
  stage.coder.snapshot().organizations['coder']?.groups ?? {};
const openEntries = async (stage: Stage): Promise<string[]> =>
  (await stage.database.db.selectFrom('journal').select('key').execute()).map(row => row.key);

/** What is on disk and in Coder when the bridge is killed after Coder made the group, before that is noted. */
async function killedAfterMaking(stage: Stage, displayName: string, members: readonly string[]): Promise<string> {
  const { resource } = await stage.directory.createGroup(
    stage.context,
    { schemas: [], displayName },
    members.map(value => ({ value })),
  );
  stage.coder.addGroup(displayName);
  await begin(stage, displayName, resource.id);
  return resource.id;
}

async function begin(stage: Stage, name: string, subject: string, note: Record<string, string> = {}): Promise<void> {
  const key = `${stage.coder.findOrganization().id}/${name}`;
  await openEntry(stage.database.db, { kind: 'group', key, app: APP, subject, note, since: Date.now() });
}

const rename = (stage: Stage, id: string, displayName: string) =>
  stage.write(
    stage.directory.updateGroup(stage.context, id, current => ({ document: { ...current.document, displayName } })),
  );

it('a group that was made before the bridge was killed, and renamed before the retry, is one group in Coder', async () => {
  const stage = await startStage();
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const group = await killedAfterMaking(stage, 'first', [alice]);
  const made = stage.coder.findGroup('first').id;
  await rename(stage, group, 'second');
  await stage.settle();
  expect(groupsOf(stage)).toEqual({ second: ['alice'] });
  expect(stage.coder.findGroup('second').id).toBe(made);
  expect(await openEntries(stage)).toEqual([]);
});

it('the same where Coder’s answer to the renaming is lost as well', async () => {
  let ahead = 0;
  const stage = await startStage({ now: () => Date.now() + ahead });
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const group = await killedAfterMaking(stage, 'first', [alice]);
  const made = stage.coder.findGroup('first').id;
  stage.coder.faults.dropConnection({ method: 'PATCH', path: '/groups/' }, { times: 1, afterDoing: true });
  await rename(stage, group, 'second');
  ahead = 120_000;
  await stage.settle();
  expect(groupsOf(stage)).toEqual({ second: ['alice'] });
  expect(stage.coder.findGroup('second').id).toBe(made);
  expect((await stage.reconciler.status()).apps[0]?.warnings).toEqual([]);
  // It is the bridge's own: it goes with the group of the directory.
  await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  expect(groupsOf(stage)).toEqual({});
  expect(await openEntries(stage)).toEqual([]);
});

it('a renaming that was begun makes no group the bridge’s own that somebody has made under that name since', async () => {
  let ahead = 0;
  const stage = await startStage({ now: () => Date.now() + ahead });
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const group = await killedAfterMaking(stage, 'first', [alice]);
  await begin(stage, 'second', group, { renames: stage.coder.findGroup('first').id });
  stage.coder.addGroup('second');
  await rename(stage, group, 'second');
  ahead = 120_000;
  await stage.settle();
  expect(groupsOf(stage)).toEqual({ first: ['alice'], second: [] });
  await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  await stage.reconciler.sweep();
  expect(groupsOf(stage)).toEqual({ second: [] });
  expect(await openEntries(stage)).toEqual([]);
});

it('a group that was made before the bridge was killed, and deleted before the retry, goes from Coder', async () => {
  const stage = await startStage();
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const group = await killedAfterMaking(stage, 'first', [alice]);
  await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  expect(groupsOf(stage)).toEqual({});
  expect(await openEntries(stage)).toEqual([]);
  const lines = await stage.reconciler.audit({});
  expect(lines.map(line => line.action)).toEqual(expect.arrayContaining(['group.create', 'group.delete']));
});

it('of two groups that were made for one, killed twice, the one that nothing wants is removed', async () => {
  const stage = await startStage();
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const group = await killedAfterMaking(stage, 'first', [alice]);
  stage.coder.addGroup('second');
  await begin(stage, 'second', group);
  await rename(stage, group, 'third');
  await stage.settle();
  await stage.reconciler.sweep();
  await stage.settle();
  expect(groupsOf(stage)).toEqual({ third: ['alice'] });
  expect(await openEntries(stage)).toEqual([]);
});

it('an entry whose thing is not found stays open as long as the call may last, and no longer', async () => {
  let now = Date.now();
  const stage = await startStage({ now: () => now });
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  await stage.database.db
    .insertInto('journal')
    .values({ kind: 'group', key: `${stage.coder.findOrganization().id}/lost`, note: '{}', since: now })
    .execute();
  now += 30_000;
  await stage.reconciler.sweep();
  expect(await openEntries(stage)).toHaveLength(1);
  now += 31_000;
  await stage.reconciler.sweep();
  expect(await openEntries(stage)).toEqual([]);
});

it.each([
  [true, 'open for as long as that may last', [{ since: 70_000 }]],
  [false, 'closed', []],
])('the entry of a creation of which Coder may have done something (%s) is %s', async (maybeDone, _, entries) => {
  const stage = await startStage();
  const { database } = stage;
  let now = 0;
  const entry = { kind: 'group', key: 'org/all', app: undefined, subject: undefined, note: {}, since: now } as const;
  const asked = makeJournaled(
    { database, clock: { now: () => now }, owner: 'this' },
    { cause: { actor: 'bridge' } },
    entry,
    async () => {
      now += 70_000;
      // Somebody looked for longer than a call may last, and there was nothing.
      if (maybeDone) await database.db.deleteFrom('journal').execute();
      throw new CoderError('no answer', { kind: 'timeout', route: 'POST', maybeDone });
    },
  );
  await expect(asked).rejects.toThrow('no answer');
  expect(await database.db.selectFrom('journal').select('since').execute()).toEqual(entries);
});

it('is settled when the bridge starts, also when the app that it was for is gone', async () => {
  const stage = await startStage();
  stage.coder.addGroup('orphan');
  const organization = stage.coder.findOrganization().id;
  await stage.database.db
    .insertInto('journal')
    .values([
      { kind: 'group', key: `${organization}/orphan`, app: 'gone', note: '{}', since: Date.now() },
      { kind: 'custom-role', key: `${organization}/leftover`, app: 'gone', note: '{}', since: Date.now() },
    ])
    .execute();
  stage.coder.addCustomRole('leftover');
  stage.reconciler.start();
  for (let look = 0; look < 400 && (await openEntries(stage)).length > 0; look += 1)
    await new Promise(resolve => setTimeout(resolve, 20));
  await stage.reconciler.stop();
  expect(groupsOf(stage)).toEqual({});
  expect(stage.coder.snapshot().organizations['coder']?.customRoles).toEqual([]);
});

it('a custom role that was made before the bridge was killed, and is declared no more, goes from Coder', async () => {
  const stage = await startStage();
  stage.coder.faults.failAfterDoing({ method: 'POST', path: '/members/roles$' }, { times: 20 });
  await stage.declare({
    customRoles: { reader: { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] } },
  });
  stage.coder.faults.clear();
  await stage.declare({});
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.snapshot().organizations['coder']?.customRoles).toEqual([]);
  expect(await openEntries(stage)).toEqual([]);
});

it('a mapping that is declared with another name renames the group that was made for it: templates are given to its id', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { dev: { idpGroup: 'dev', group: 'devs' } } });
  const alice = await stage.createUser('alice');
  await stage.createGroup('dev', [alice]);
  const made = stage.coder.findGroup('devs').id;
  await stage.declare({ groupMappings: { dev: { idpGroup: 'dev', group: 'developers' } } });
  expect(groupsOf(stage)).toEqual({ developers: ['alice'] });
  expect(stage.coder.findGroup('developers').id).toBe(made);
});

it('a group that was made by hand is not renamed when the mapping that found it is declared with another name', async () => {
  const stage = await startStage();
  stage.coder.addGroup('ops');
  await stage.declare({ groupMappings: { ops: { idpGroup: 'ops', group: 'ops' } } });
  await stage.declare({ groupMappings: { ops: { idpGroup: 'ops', group: 'operators' } } });
  expect(Object.keys(groupsOf(stage)).sort()).toEqual(['operators', 'ops']);
});
