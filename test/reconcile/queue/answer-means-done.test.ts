/** With Coder healthy, what a request changed of a group is in Coder when it is answered, whatever runs beside it. */
import { createCoderClient, createCredential } from '../../../bridge/coder';
import { createReconciler, type Reconciler } from '../../../bridge/reconcile';
import { nextWindow } from '../../../bridge/reconcile/group/write-members';
import { AMPLE_MS, atEnd, silentLog, type Stage, startStage } from '../stage';

const ALICE = {
  schemas: [],
  userName: 'alice',
  active: true,
  emails: [{ value: 'alice@example.com', primary: true }],
};
const MAPPED = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
const KINDS = [
  ['a mapped group', MAPPED],
  ['a pushed group', { pushedGroups: {} }],
] as const;

/** Another replica on the same database. */
function secondReplica({ coder, database }: Stage): Reconciler {
  const client = createCoderClient({ url: coder.url, credential: createCredential({ token: coder.token }) });
  atEnd(() => client.close());
  const second = createReconciler({
    database,
    coder: client,
    log: silentLog,
    options: { sweepIntervalMs: 0, pollMs: 10 },
  });
  atEnd(() => second.stop());
  return second;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(resolve => setImmediate(resolve));
}

it.each(KINDS)(
  '%s that is pushed with its member, while the member is being worked on, has the member at the answer',
  async (_name, state) => {
    for (let round = 0; round < 5; round += 1) {
      const stage = await startStage({ coder: { flightMilliseconds: 3 } });
      await stage.declare(state);
      stage.reconciler.start();
      const { resource, touched } = await stage.directory.createUser(stage.context, ALICE);
      // The work on the person is under way when the group comes, and is finished by then or not.
      const running = stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
      await turns(round * 3);
      await stage.createGroup('dev', [resource.id]);
      expect(stage.coder.membersOf('dev')).toEqual(['alice']);
      await running;
      await stage.reconciler.stop();
    }
  },
);

it.each(KINDS)(
  '%s has its members at the answer when another replica has taken part of the work',
  async (_name, state) => {
    for (let round = 0; round < 6; round += 1) {
      const stage = await startStage({ coder: { flightMilliseconds: 3 } });
      const second = secondReplica(stage);
      await stage.declare(state);
      const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
      const { touched } = await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'dev' }, [
        { value: alice },
        { value: bob },
      ]);
      // The other one has a member, or the group, and is anywhere between its beginning and its end.
      const elsewhere = second.converge(round % 2 === 0 ? [`person:${alice}`] : touched.slice(0, 1), {
        deadlineMs: AMPLE_MS,
      });
      await turns(round * 4);
      await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
      expect(stage.coder.membersOf('dev')).toEqual(['alice', 'bob']);
      await elsewhere;
    }
  },
);

it('a group that is written to all the time has everybody at the answer', async () => {
  const stage = await startStage();
  await stage.declare(MAPPED);
  const group = await stage.createGroup('dev');
  for (let count = 1; count <= 8; count += 1) {
    const user = await stage.createUser(`user${count}`);
    await stage.join(group, user);
    expect(stage.coder.membersOf('dev')).toHaveLength(count);
  }
});

describe('a large group that is written to all the time', () => {
  const SIZE = 250;

  it('gathers who comes in, and has lost at the answer whoever goes', async () => {
    // The clock of the bridge stands, so that however long this takes the writes follow each other.
    const now = Date.now() + 3_600_000;
    const stage = await startStage({ now: () => now });
    stage.coder.addGroup('dev');
    for (let count = 0; count < SIZE; count += 1) {
      stage.coder.addUser(`hand${count}`);
      stage.coder.addToGroup(`hand${count}`, 'dev');
    }
    await stage.declare({ ...MAPPED, guard: { maxRemovalsPercent: 100 } });
    const group = await stage.createGroup('dev');
    const users: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      users.push(await stage.createUser(`user${count}`));
      await stage.join(group, ...users.slice(-1));
    }
    expect(stage.coder.calls.count({ method: 'PATCH', path: '/groups/' })).toBeLessThan(8);
    const [first = ''] = users;
    expect(stage.coder.membersOf('dev')).toContain('user0');
    await stage.leave(group, first);
    expect(stage.coder.membersOf('dev')).not.toContain('user0');
    await stage.settle();
    expect(stage.coder.membersOf('dev')).toHaveLength(SIZE + users.length - 1);
  });

  it('lets changes gather for two seconds at most, and for no time after a quiet while', () => {
    expect(nextWindow(0, 10, SIZE)).toBe(100);
    expect(nextWindow(1_600, 10, SIZE)).toBe(2_000);
    expect(nextWindow(2_000, 10_000, SIZE)).toBe(0);
    expect(nextWindow(2_000, 10, 199)).toBe(0);
  });
});
