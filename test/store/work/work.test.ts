/** The durable queue: what is claimed, by whom, and what becomes of it. */
import { AWAITS_DECLARATION } from '../../../bridge/reconcile/queue/end-work';
import { type Cause, enqueue, enqueueGroupWrite, PRIORITY, type WorkKey } from '../../../bridge/store/work/enqueue';
import { countWork, hasWorkWaiting, listWork } from '../../../bridge/store/work/pending';
import {
  bringForward,
  claimKeys,
  claimWork,
  completeWork,
  isHeldBy,
  parkWork,
  releaseWork,
  renewWork,
  retryWork,
  unparkWork,
} from '../../../bridge/store/work/work';
import { describeEachDatabase } from '../../support/databases';

const CAUSE: Cause = { actor: 'scim', requestId: 'r1' };
const item = (id: number, priority: number = PRIORITY.request) => ({
  key: `person:${id}` as WorkKey,
  app: 'okta',
  priority,
});

describeEachDatabase('the queue', open => {
  const request = (owner: string, now: number, limit = 10) => ({ owner, now, limit, leaseMs: 1_000 });

  it('hands out the most urgent work first, and none of it twice', async () => {
    const database = await open();
    await enqueue(database.db, [item(1), item(2, PRIORITY.sweep), item(3, PRIORITY.leaving)], CAUSE, 100);
    const [first, second] = await Promise.all([
      claimWork(database, request('a', 100, 2)),
      claimWork(database, request('b', 100, 2)),
    ]);
    const keys = [...first, ...second].map(work => work.key);
    expect([...keys].sort()).toEqual(['person:1', 'person:2', 'person:3']);
    expect([...first, ...second].find(work => work.key === 'person:3')?.cause).toEqual(CAUSE);
    expect(await claimWork(database, request('c', 100))).toEqual([]);
  });

  it('orders by priority, then by due time, and can leave patient work alone', async () => {
    const database = await open();
    await enqueue(database.db, [item(1, PRIORITY.sweep)], CAUSE, 1);
    await enqueue(database.db, [item(2)], CAUSE, 3);
    await enqueue(database.db, [item(3, PRIORITY.leaving)], CAUSE, 5);
    const urgent = await claimWork(database, { ...request('a', 10), maxPriority: PRIORITY.declaration });
    expect(urgent.map(work => work.key)).toEqual(['person:3', 'person:2']);
    expect(await claimWork(database, request('a', 0))).toEqual([]);
  });

  it('does again what came in while it was being done', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const [work] = await claimWork(database, request('a', 1));
    if (work === undefined) throw new Error('nothing claimed');
    await enqueue(database.db, [item(1)], CAUSE, 2);
    expect(await completeWork(database.db, work, 'a')).toBe('again');
    const [again] = await claimKeys(database, ['person:1'], request('b', 2));
    if (again === undefined) throw new Error('nothing claimed');
    expect(await completeWork(database.db, again, 'b')).toBe('done');
    expect(await listWork(database.db, 10)).toEqual([]);
  });

  it('gives the work of a dead process to the next one, and takes no outcome from the dead', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const [work] = await claimWork(database, request('dead', 1));
    if (work === undefined) throw new Error('nothing claimed');
    await renewWork(database.db, ['person:1'], 'dead', 2_000);
    expect(await claimWork(database, request('alive', 1_500))).toEqual([]);
    expect(await claimWork(database, request('alive', 2_001))).toHaveLength(1);
    await completeWork(database.db, work, 'dead');
    expect(await listWork(database.db, 10)).toHaveLength(1);
  });

  it('tells whoever ends work that another one took over, and changes nothing of it', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const [work] = await claimWork(database, request('a', 1));
    if (work === undefined) throw new Error('nothing claimed');
    expect(await isHeldBy(database.db, work, 'a')).toBe(true);
    await database.db.updateTable('work').set({ lease_owner: 'other' }).execute();
    const before = await database.db.selectFrom('work').selectAll().execute();
    expect(await isHeldBy(database.db, work, 'a')).toBe(false);
    expect(await completeWork(database.db, work, 'a')).toBe('lost');
    expect(await retryWork(database.db, work, 'a', { dueAt: 50, error: 'away', counted: true })).toBe(false);
    expect(await parkWork(database.db, work, 'a', 'refused', 2)).toBe(false);
    // Also where something came in between.
    await enqueue(database.db, [item(1)], CAUSE, 3);
    expect(await completeWork(database.db, work, 'a')).toBe('lost');
    expect(await database.db.selectFrom('work').selectAll().execute()).toMatchObject(
      before.map(({ lease_owner, lease_until, error, attempts, parked_at }) => ({
        lease_owner,
        lease_until,
        error,
        attempts,
        parked_at,
      })),
    );
    // And where the other one is done with it.
    await database.db.deleteFrom('work').execute();
    expect(await completeWork(database.db, work, 'a')).toBe('lost');
    expect(await retryWork(database.db, work, 'a', { dueAt: 50, error: 'away', counted: false })).toBe(false);
    expect(await parkWork(database.db, work, 'a', 'refused', 4)).toBe(false);
    expect(await isHeldBy(database.db, work, 'a')).toBe(false);
    expect(await listWork(database.db, 10)).toEqual([]);
    // And where it was claimed once more since, as other work.
    await enqueue(database.db, [item(1)], CAUSE, 5);
    const [again] = await claimWork(database, request('a', 5));
    if (again === undefined) throw new Error('nothing claimed');
    expect(await isHeldBy(database.db, again, 'a')).toBe(true);
    expect(await isHeldBy(database.db, work, 'a')).toBe(false);
    expect(await completeWork(database.db, work, 'a')).toBe('lost');
    expect(await retryWork(database.db, work, 'a', { dueAt: 50, error: 'away', counted: false })).toBe(false);
    expect(await parkWork(database.db, work, 'a', 'refused', 6)).toBe(false);
    expect(await completeWork(database.db, again, 'a')).toBe('done');
  });

  it('tells whoever ends work that is still theirs what became of it', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const claim = async (now: number) => {
      const [work] = await claimWork(database, request('a', now));
      if (work === undefined) throw new Error('nothing claimed');
      return work;
    };
    expect(await retryWork(database.db, await claim(1), 'a', { dueAt: 2, error: 'away', counted: false })).toBe(true);
    expect(await parkWork(database.db, await claim(2), 'a', 'refused', 3)).toBe(true);
    await unparkWork(database.db, {}, { now: 4 });
    expect(await completeWork(database.db, await claim(4), 'a')).toBe('done');
  });

  it('makes due what waits for the declaration of one app, and nothing else', async () => {
    const database = await open();
    const okta = [1, 2, 3, 4].map(id => item(id));
    await enqueue(database.db, [...okta, { ...item(5), app: 'entra' }], CAUSE, 1);
    const waits = async (id: number, error: string) => {
      const [work] = await claimKeys(database, [`person:${id}`], request('a', 1));
      if (work === undefined) throw new Error('nothing claimed');
      await retryWork(database.db, work, 'a', { dueAt: 1_000, error, counted: false });
    };
    for (const id of [1, 3, 4, 5]) await waits(id, AWAITS_DECLARATION);
    await waits(2, 'away');
    await claimKeys(database, ['person:3'], request('b', 1_000));
    await database.db.updateTable('work').set({ parked_at: 2 }).where('key', '=', 'person:4').execute();
    await bringForward(database.db, { app: 'okta', reason: AWAITS_DECLARATION }, 10);
    const rows = await database.db.selectFrom('work').select(['key', 'due_at']).orderBy('key').execute();
    expect(rows.map(({ key, due_at }) => [key, Number(due_at)])).toEqual([
      ['person:1', 10],
      ['person:2', 1_000],
      ['person:3', 1_000],
      ['person:4', 1_000],
      ['person:5', 1_000],
    ]);
  });

  it('counts tries that failed for their own sake alone, parks, and retries on command', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const claim = async (now: number) => {
      const [work] = await claimWork(database, request('a', now));
      if (work === undefined) throw new Error('nothing claimed');
      return work;
    };
    await retryWork(database.db, await claim(1), 'a', { dueAt: 50, error: 'away', counted: false });
    expect(await claimWork(database, request('a', 49))).toEqual([]);
    await retryWork(database.db, await claim(50), 'a', { dueAt: 60, error: 'refused', counted: true });
    const last = await claim(60);
    expect(last.attempts).toBe(1);
    await parkWork(database.db, last, 'a', 'refused again', 61);
    expect(await claimWork(database, request('a', 1_000_000))).toEqual([]);
    expect(await countWork(database.db)).toEqual(
      new Map([['okta', { waiting: 0, parked: 1, lastError: 'refused again' }]]),
    );
    expect(await unparkWork(database.db, { key: 'person:2' }, { now: 70 })).toBe(0);
    expect(await unparkWork(database.db, {}, { now: 70 })).toBe(1);
    expect((await claim(70)).attempts).toBe(0);
  });

  it('does not park what was asked for anew meanwhile', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    const [work] = await claimWork(database, request('a', 1));
    if (work === undefined) throw new Error('nothing claimed');
    await enqueue(database.db, [item(1)], CAUSE, 2);
    await parkWork(database.db, work, 'a', 'refused', 3);
    expect(await claimWork(database, request('a', 3))).toHaveLength(1);
  });

  it('gives back what a stopping process had taken', async () => {
    const database = await open();
    await enqueue(database.db, [item(1)], CAUSE, 1);
    await claimWork(database, request('a', 1));
    await releaseWork(database.db, ['person:1'], 'b');
    expect(await claimWork(database, request('b', 2))).toEqual([]);
    await releaseWork(database.db, ['person:1'], 'a');
    expect(await claimWork(database, request('b', 2))).toHaveLength(1);
  });

  it('keeps the earlier time of a group write, so that a stream of changes does not put it off for ever', async () => {
    const database = await open();
    const write = (dueAt: number) =>
      enqueueGroupWrite(database.db, { groupId: 'g', app: 'okta', priority: PRIORITY.request, dueAt }, CAUSE, 1);
    await write(100);
    await write(900);
    const [claimed] = await claimWork(database, request('a', 100));
    expect(claimed).toMatchObject({ key: 'coder-group:g' });
    // What comes while it is worked on is not lost, whatever was asked for before.
    await write(950);
    const { seq } = await database.db.selectFrom('work').select('seq').executeTakeFirstOrThrow();
    expect(seq).toBeGreaterThan(claimed?.seq ?? Infinity);
  });

  it.each([
    ['person:ada', {}, true],
    ['person:ada', { parked_at: 1 }, true],
    ['coder-group:dev', { parked_at: 1 }, true],
    ['scim-group:dev', {}, false],
    ['scim-group:dev', { parked_at: 1 }, false],
    ['scim-group:dev', { lease_owner: 'me', lease_until: 9 }, true],
    ['app:ends', { lease_owner: 'me', lease_until: 9 }, false],
  ])('the end of an app waits for %s %j: %s', async (key, columns, waits) => {
    const database = await open();
    const row = {
      key,
      app: 'ends',
      priority: 1,
      due_at: 1,
      enqueued_at: 1,
      seq: 1,
      attempts: 0,
      cause: '{}',
      ...columns,
    };
    await database.db.insertInto('work').values(row).execute();
    expect(await hasWorkWaiting(database.db, 'ends')).toBe(waits);
  });
});
