/** Many are taken out of a large group, whose people are queued a few in each turn: the guard speaks of all of them, before anybody loses anything. */
import { sql } from 'kysely';
import { type MemberChange } from '../../../bridge/scim-language/patch/operation';
import { looseSetsOf } from '../../../bridge/store/directory';
import { type WorkKey } from '../../../bridge/store/work/enqueue';
import { fillUsers } from '../../bench/fill-directory';
import { until } from '../../support/until';
import { APP, type Stage, startStage } from '../stage';

const MANY = 1_200;
const AT_ONCE = 3;

/** Who is in by the directory: three whose turn comes first, and some whose turn comes last; everybody else of the group has left. */
async function company(people: number, guard: number) {
  const stage = await startStage();
  const { db } = stage.database;
  await stage.declare({
    groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
    guard: { minRemovals: guard, maxRemovalsPercent: 1 },
  });
  const all = (await fillUsers(stage.database, APP, MANY)).sort();
  const first = all.slice(0, AT_ONCE);
  const last = all.slice(all.length - people + AT_ONCE);
  await db
    .updateTable('users')
    .set({ active: 0 })
    .where('id', 'not in', [...first, ...last])
    .execute();
  const { resource } = await stage.directory.createGroup(
    stage.context,
    { schemas: [], displayName: 'dev' },
    all.map(value => ({ value })),
  );
  await stage.settle();
  expect(stage.coder.membersOf('dev')).toHaveLength(people);
  return { stage, group: resource.id, all, first, last: last.at(-1) ?? '' };
}

/** Queues people as far as this one, as a disk that is full would, until `again` is called. */
async function queuedUpTo({ database }: Stage, id: string): Promise<() => Promise<void>> {
  const key = sql.lit(`person:${id}`);
  await sql`create trigger full before insert on work when new.key = ${key} begin select raise(abort, 'full'); end`.execute(
    database.db,
  );
  return async () => {
    await sql`drop trigger full`.execute(database.db);
    looseSetsOf(database).wake();
    await until('everybody to be queued', async () => {
      const owed = await database.db.selectFrom('loose_sets').select('id').where('cause', 'is not', null).execute();
      return owed.length === 0;
    });
  };
}

const rowsOf = ({ database }: Stage, ids: readonly string[]) =>
  database.db
    .selectFrom('work')
    .select(['key', 'error', 'due_at', 'attempts'])
    .where(
      'key',
      'in',
      ids.map(id => `person:${id}`),
    )
    .execute();

/** Deals with these people, for whom everybody else has to be queued first. */
async function lookAt(stage: Stage, ids: readonly string[]): Promise<void> {
  await until('them to be looked at', async () => {
    await stage.reconciler.converge(
      ids.map((id): WorkKey => `person:${id}`),
      { deadlineMs: 300 },
    );
    return (await rowsOf(stage, ids)).every(({ error }) => error !== null);
  });
}

const CHANGES: [string, (all: readonly string[]) => MemberChange][] = [
  ['all at once', () => ({ kind: 'removeAll' })],
  ['by name', all => ({ kind: 'remove', values: [...all] })],
];

it.each(CHANGES)('over the limit, %s: nobody loses anything, whatever is dealt with first', async (_, change) => {
  const { stage, group, all, first, last } = await company(8, AT_ONCE);
  const again = await queuedUpTo(stage, last);
  await stage.directory.updateGroup(stage.context, group, () => ({ memberChanges: [change(all)] }));
  await lookAt(stage, first);
  expect(stage.coder.membersOf('dev')).toHaveLength(8);
  const waiting = await rowsOf(stage, first);
  expect(waiting).toMatchObject(
    first.map(() => ({
      error: expect.stringMatching(/a large group was changed, and not everybody whom that is about is queued yet/),
      attempts: 0,
    })),
  );
  for (const { due_at } of waiting) expect(Number(due_at)).toBeLessThan(Date.now() + 1_000);
  expect((await stage.reconciler.status()).apps[0]?.converged).toBe(false);

  await again();
  await stage.settle();
  expect(stage.coder.membersOf('dev')).toHaveLength(8);
  expect((await stage.reconciler.status()).holds).toMatchObject([{ reason: 'too-many-removals', people: 8 }]);
});

it('over the limit: nobody loses anything to a queue that is worked on meanwhile', async () => {
  const { stage, group, first, last } = await company(8, AT_ONCE);
  const again = await queuedUpTo(stage, last);
  stage.reconciler.start();
  await stage.directory.updateGroup(stage.context, group, () => ({ memberChanges: [{ kind: 'removeAll' }] }));
  await until('the first to be looked at', async () =>
    (await rowsOf(stage, first)).every(({ error }) => error !== null),
  );
  await again();
  await until('all of them to be held', async () => (await stage.reconciler.status()).holds[0]?.people === 8);
  expect(stage.coder.membersOf('dev')).toHaveLength(8);
});

it('within the limit: everybody is out once all are queued', async () => {
  const { stage, group, first, last } = await company(5, 5);
  const again = await queuedUpTo(stage, last);
  await stage.directory.updateGroup(stage.context, group, () => ({ memberChanges: [{ kind: 'removeAll' }] }));
  await lookAt(stage, first);
  expect(stage.coder.membersOf('dev')).toHaveLength(5);
  await again();
  stage.reconciler.start();
  await until('all of them to be out', () => stage.coder.membersOf('dev').length === 0);
  expect((await stage.reconciler.status()).holds).toEqual([]);
});
