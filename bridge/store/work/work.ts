/**
 * The durable queue as the reconciler uses it: claim under a lease, then complete, retry, release or park. A row whose
 * `seq` moved while it was worked on is not finished: something came in between, and it is done again.
 */
import { type RawBuilder, sql } from 'kysely';
import { type Database, type Db, readJson } from '../database/database';
import { type Cause, PRIORITY, type WorkKey } from './enqueue';

export interface Work {
  readonly key: WorkKey;
  readonly app: string;
  readonly priority: number;
  readonly seq: number;
  readonly attempts: number;
  readonly enqueuedAt: number;
  readonly cause: Cause;
  /** The steps that an earlier try was taking when its process died. */
  readonly intent: string | undefined;
}

interface WorkRow {
  key: string;
  app: string;
  priority: number;
  seq: number;
  attempts: number;
  enqueued_at: number;
  cause: string | null;
  intent: string | null;
}

const COLUMNS = ['key', 'app', 'priority', 'seq', 'attempts', 'enqueued_at', 'cause', 'intent'] as const;

function toWork(row: WorkRow): Work {
  return {
    key: row.key as WorkKey,
    app: row.app,
    priority: row.priority,
    seq: Number(row.seq),
    attempts: row.attempts,
    enqueuedAt: row.enqueued_at,
    cause: row.cause === null ? { actor: 'bridge' } : (readJson(row.cause) as Cause),
    intent: row.intent ?? undefined,
  };
}

export interface ClaimRequest {
  readonly owner: string;
  readonly limit: number;
  readonly now: number;
  readonly leaseMs: number;
  /** Only work of this priority or a more urgent one. */
  readonly maxPriority?: number | undefined;
}

/** Takes work that is due, the most urgent first; other replicas do not wait for it and do not get it. */
export async function claimWork(database: Database, request: ClaimRequest): Promise<Work[]> {
  if (request.limit <= 0) return [];
  const { owner, now } = request;
  const rows = await database.db
    .updateTable('work')
    .set({ lease_owner: owner, lease_until: now + request.leaseMs })
    .where('key', 'in', query => {
      const due = query
        .selectFrom('work')
        .select('key')
        .where('parked_at', 'is', null)
        .where('due_at', '<=', now)
        .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', now)]))
        .$if(request.maxPriority !== undefined, q => q.where('priority', '<=', request.maxPriority ?? 0))
        .orderBy('priority')
        .orderBy('due_at')
        .limit(request.limit);
      return database.backend === 'postgres' ? due.forUpdate().skipLocked() : due;
    })
    .returning(COLUMNS)
    .execute();
  return rows.map(toWork).sort((a, b) => a.priority - b.priority || a.enqueuedAt - b.enqueuedAt);
}

/** Takes these keys as far as they are queued, due by `now`, not parked and nobody else's. */
export async function claimKeys(
  database: Database,
  keys: readonly WorkKey[],
  request: Omit<ClaimRequest, 'limit' | 'maxPriority'>,
): Promise<Work[]> {
  if (keys.length === 0) return [];
  const rows = await database.db
    .updateTable('work')
    .set({ lease_owner: request.owner, lease_until: request.now + request.leaseMs })
    .where('key', 'in', query => {
      const free = query
        .selectFrom('work')
        .select('key')
        .where('key', 'in', keys)
        .where('parked_at', 'is', null)
        .where('due_at', '<=', request.now)
        .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', request.now)]));
      return database.backend === 'postgres' ? free.forUpdate().skipLocked() : free;
    })
    .returning(COLUMNS)
    .execute();
  return rows.map(toWork).sort((a, b) => a.priority - b.priority || a.enqueuedAt - b.enqueuedAt);
}

/**
 * Queues the write of a Coder group. Unlike other work it keeps an earlier due time: changes gather until then, and no
 * stream of changes puts the write off for ever.
 */
export async function enqueueGroupWrite(
  db: Db,
  write: { readonly groupId: string; readonly app: string; readonly priority: number; readonly dueAt: number },
  cause: Cause,
  now: number,
): Promise<void> {
  const earlier = (): RawBuilder<number> =>
    sql<number>`case when work.parked_at is null and work.due_at < excluded.due_at then work.due_at else excluded.due_at end`;
  await db
    .insertInto('work')
    .values({
      key: `coder-group:${write.groupId}`,
      app: write.app,
      priority: write.priority,
      due_at: write.dueAt,
      enqueued_at: now,
      seq: 1,
      attempts: 0,
      cause: JSON.stringify(cause),
    })
    .onConflict(conflict =>
      conflict.column('key').doUpdateSet({
        seq: sql`work.seq + 1`,
        priority: sql`case when excluded.priority < work.priority then excluded.priority else work.priority end`,
        due_at: earlier(),
        attempts: 0,
        parked_at: null,
        cause: sql`excluded.cause`,
      }),
    )
    .execute();
}

/** Removes finished work; work that was enqueued again meanwhile stays, due at once or at `againAt`. Part of the caller's transaction. */
export async function completeWork(db: Db, work: Work, owner: string, againAt?: number): Promise<'done' | 'again'> {
  const { numDeletedRows } = await db
    .deleteFrom('work')
    .where('key', '=', work.key)
    .where('seq', '=', work.seq)
    .where('lease_owner', '=', owner)
    .executeTakeFirstOrThrow();
  if (numDeletedRows > 0n) return 'done';
  await db
    .updateTable('work')
    .set({ lease_owner: null, lease_until: null, error: null, attempts: 0, intent: null })
    .$if(againAt !== undefined, query => query.set({ due_at: againAt ?? 0 }))
    .where('key', '=', work.key)
    .where('lease_owner', '=', owner)
    .execute();
  return 'again';
}

/** Gives work back for later. `counted`: this was a try that failed for its own sake. */
export async function retryWork(
  db: Db,
  work: Work,
  owner: string,
  retry: { readonly dueAt: number; readonly error: string; readonly counted: boolean },
): Promise<void> {
  await db
    .updateTable('work')
    .set(eb => ({
      // What came in between is due at once, on its own account.
      due_at: sql<number>`case when ${eb.ref('seq')} = ${work.seq} then cast(${retry.dueAt} as bigint) else ${eb.ref('due_at')} end`,
      attempts: retry.counted
        ? sql<number>`case when ${eb.ref('seq')} = ${work.seq} then ${eb.ref('attempts')} + 1 else 0 end`
        : eb.ref('attempts'),
      error: retry.error,
      intent: null,
      lease_owner: null,
      lease_until: null,
    }))
    .where('key', '=', work.key)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Sets work aside after bounded tries, unless something came in between. */
export async function parkWork(db: Db, work: Work, owner: string, error: string, now: number): Promise<void> {
  await db
    .updateTable('work')
    .set(eb => ({
      parked_at: sql<number | null>`case when ${eb.ref('seq')} = ${work.seq} then cast(${now} as bigint) else null end`,
      attempts: eb('attempts', '+', 1),
      error,
      intent: null,
      lease_owner: null,
      lease_until: null,
    }))
    .where('key', '=', work.key)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Notes the steps that are about to be taken, so that a process that dies among them leaves word. */
export async function noteIntent(db: Db, work: Work, owner: string, intent: string): Promise<void> {
  await db.updateTable('work').set({ intent }).where('key', '=', work.key).where('lease_owner', '=', owner).execute();
}

/** Gives work back untouched. */
export async function releaseWork(db: Db, keys: readonly WorkKey[], owner: string): Promise<void> {
  if (keys.length === 0) return;
  await db
    .updateTable('work')
    .set({ lease_owner: null, lease_until: null })
    .where('key', 'in', keys)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Ends the leases of processes that are no more: for the one process that has the database to itself. */
export async function releaseAllWork(db: Db): Promise<void> {
  await db
    .updateTable('work')
    .set({ lease_owner: null, lease_until: null })
    .where('lease_owner', 'is not', null)
    .execute();
}

/** Keeps the leases of work that takes long. */
export async function renewWork(db: Db, keys: readonly WorkKey[], owner: string, until: number): Promise<void> {
  if (keys.length === 0) return;
  await db
    .updateTable('work')
    .set({ lease_until: until })
    .where('key', 'in', keys)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Makes parked work due again: one key, or all of it. */
export async function unparkWork(db: Db, key: string | undefined, now: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('work')
    .set({ parked_at: null, attempts: 0, due_at: now })
    .where('parked_at', 'is not', null)
    .$if(key !== undefined, query => query.where('key', '=', key ?? ''))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Which of these keys are still queued. */
export async function queuedKeys(db: Db, keys: readonly WorkKey[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db.selectFrom('work').select('key').where('key', 'in', keys).execute();
  return new Set(rows.map(row => row.key));
}

export interface WorkCounts {
  readonly waiting: number;
  readonly parked: number;
  readonly lastError: string | null;
}

/** How much waits and is parked, by app. */
export async function countWork(db: Db): Promise<Map<string, WorkCounts>> {
  const rows = await db
    .selectFrom('work')
    .select(eb => [
      'app',
      eb.fn.countAll<number>().as('all'),
      eb.fn.count<number>('parked_at').as('parked'),
      eb.fn.max('error').as('error'),
    ])
    .groupBy('app')
    .execute();
  return new Map(
    rows.map(row => [
      row.app,
      { waiting: Number(row.all) - Number(row.parked), parked: Number(row.parked), lastError: row.error },
    ]),
  );
}

export interface PendingWork {
  readonly key: string;
  readonly app: string;
  readonly parked: boolean;
  readonly attempts: number;
  readonly error: string | null;
  readonly since: number;
}

/** Queued work, parked first, then the oldest. */
export async function listWork(db: Db, limit: number): Promise<PendingWork[]> {
  const rows = await db
    .selectFrom('work')
    .select(['key', 'app', 'parked_at', 'attempts', 'error', 'enqueued_at'])
    .orderBy(sql`case when parked_at is null then 1 else 0 end`)
    .orderBy('enqueued_at')
    .limit(limit)
    .execute();
  return rows.map(row => ({
    key: row.key,
    app: row.app,
    parked: row.parked_at !== null,
    attempts: row.attempts,
    error: row.error,
    since: row.enqueued_at,
  }));
}

/**
 * How many other people the same cause leaves with less, counted up to `most`: what one request takes is one plan, however many
 * people it is about.
 */
export async function countLeavingBy(db: Db, work: Work, most: number): Promise<number> {
  const row = await db
    .selectFrom(
      db
        .selectFrom('work')
        .select('key')
        .where('app', '=', work.app)
        .where('priority', '=', PRIORITY.leaving)
        .where('cause', '=', JSON.stringify(work.cause))
        .where('key', 'like', 'person:%')
        .where('key', '!=', work.key)
        .where('parked_at', 'is', null)
        .limit(most)
        .as('others'),
    )
    .select(eb => eb.fn.countAll<number>().as('people'))
    .executeTakeFirstOrThrow();
  return Number(row.people);
}
