/**
 * The durable queue as the reconciler uses it: claim under a lease, then complete, retry, release or park. A row whose
 * `seq` moved while it was worked on is not finished: something came in between, and it is done again.
 */
import { type SelectQueryBuilder, sql } from 'kysely';
import { backendOf, type Database, type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type Tables } from '../database/tables';
import { type Cause, causeOf, causesIn, causeText, withoutCauses } from './causes';
import { type WorkKey } from './key';

export interface Work {
  readonly key: WorkKey;
  readonly app: string;
  readonly priority: number;
  readonly seq: number;
  readonly attempts: number;
  readonly enqueuedAt: number;
  /** The newest one. */
  readonly cause: Cause;
  /** All that is not dealt with yet, the newest first, each as JSON. */
  readonly causes: readonly string[];
}

export interface WorkRow {
  key: string;
  app: string;
  priority: number;
  seq: number;
  attempts: number;
  enqueued_at: number;
  cause: string | null;
}

export const WORK_COLUMNS = ['key', 'app', 'priority', 'seq', 'attempts', 'enqueued_at', 'cause'] as const;

export function toWork(row: WorkRow): Work {
  const causes = causesIn(row.cause);
  return {
    key: row.key as WorkKey,
    app: row.app,
    priority: row.priority,
    seq: Number(row.seq),
    attempts: row.attempts,
    enqueuedAt: row.enqueued_at,
    cause: causes[0] === undefined ? { actor: 'bridge' } : causeOf(causes[0]),
    causes,
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

const selectDue = statement<{ now: number }>()((db, { now }) =>
  db
    .selectFrom('work')
    .select('key')
    .where('parked_at', 'is', null)
    .where('due_at', '<=', now)
    .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', now)]))
    .limit(1),
);

/** Whether anything is due that nobody is working on: cheap where nothing is. */
export async function isWorkDue(db: Db, now: number): Promise<boolean> {
  return (await selectDue(db, { now })).rows.length > 0;
}

/** Takes work that is due, the most urgent first; other replicas do not wait for it and do not get it. */
export async function claimWork(database: Database, request: ClaimRequest): Promise<Work[]> {
  const { limit, maxPriority } = request;
  if (limit <= 0) return [];
  return claim(database, request, due =>
    due
      .$if(maxPriority !== undefined, query => query.where('priority', '<=', maxPriority ?? 0))
      .orderBy('priority')
      .orderBy('due_at')
      .limit(limit),
  );
}

const claimListed = statement<{ keys: readonly string[]; owner: string; now: number; until: number }>()(
  (db, { keys, owner, now, until }) =>
    db
      .updateTable('work')
      .set({ lease_owner: owner, lease_until: until })
      .where('key', 'in', query =>
        query
          .selectFrom('work')
          .select('key')
          .where('parked_at', 'is', null)
          .where('due_at', '<=', now)
          .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', now)]))
          .where('key', 'in', among(db, keys))
          .$if(backendOf(db) === 'postgres', due => due.forUpdate().skipLocked()),
      )
      .returning(WORK_COLUMNS),
);

/** Takes these keys as far as they are queued, due by `now`, not parked and nobody else's. */
export async function claimKeys(
  database: Database,
  keys: readonly WorkKey[],
  request: Omit<ClaimRequest, 'limit' | 'maxPriority'>,
): Promise<Work[]> {
  if (keys.length === 0) return [];
  const { owner, now, leaseMs } = request;
  const { rows } = await claimListed(database.db, { keys, owner, now, until: now + leaseMs });
  return inOrder(rows);
}

type DueKeys = SelectQueryBuilder<Tables, 'work', { key: string }>;

async function claim(
  { db, backend }: Database,
  { owner, now, leaseMs }: Pick<ClaimRequest, 'owner' | 'now' | 'leaseMs'>,
  narrow: (due: DueKeys) => DueKeys,
): Promise<Work[]> {
  const rows = await db
    .updateTable('work')
    .set({ lease_owner: owner, lease_until: now + leaseMs })
    .where('key', 'in', query => {
      const due = narrow(
        query
          .selectFrom('work')
          .select('key')
          .where('parked_at', 'is', null)
          .where('due_at', '<=', now)
          .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', now)])),
      );
      return backend === 'postgres' ? due.forUpdate().skipLocked() : due;
    })
    .returning(WORK_COLUMNS)
    .execute();
  return inOrder(rows);
}

function inOrder(rows: readonly WorkRow[]): Work[] {
  return rows.map(toWork).sort((a, b) => a.priority - b.priority || a.enqueuedAt - b.enqueuedAt);
}

/** Makes work due that waits for another try, whenever that was to be: of a priority, or of an app for one reason. */
export async function bringForward(
  db: Db,
  which: { readonly priority: number } | { readonly app: string; readonly reason: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('work')
    .set({ due_at: now })
    .where(eb =>
      'priority' in which ? eb('priority', '=', which.priority) : eb.and({ app: which.app, error: which.reason }),
    )
    .where('parked_at', 'is', null)
    .where('lease_owner', 'is', null)
    .where('due_at', '>', now)
    .execute();
}

// Whoever is done with work removes its row: one that was queued at another time is no claim of this work, whoever has it.
const selectHolder = statement<{ key: string; enqueuedAt: number; owner: string }>()((db, { key, enqueuedAt, owner }) =>
  db
    .selectFrom('work')
    .select('key')
    .where('key', '=', key)
    .where('enqueued_at', '=', enqueuedAt)
    .where('lease_owner', '=', owner),
);

/** Whether a process still has what it claimed; what another one was done with, and it claimed again since, is another claim. */
export async function isHeldBy(db: Db, { key, enqueuedAt }: Work, owner: string): Promise<boolean> {
  return (await selectHolder(db, { key, enqueuedAt, owner })).rows.length > 0;
}

const deleteDone = statement<{ key: string; seq: number; enqueuedAt: number; owner: string }>()(
  (db, { key, seq, enqueuedAt, owner }) =>
    db
      .deleteFrom('work')
      .where('key', '=', key)
      .where('seq', '=', seq)
      .where('enqueued_at', '=', enqueuedAt)
      .where('lease_owner', '=', owner),
);

/**
 * Removes finished work; work that was enqueued again meanwhile stays, due at once or at `againAt`. Part of the caller's transaction.
 * @returns `lost`: somebody else has it by now, or had it and is done
 */
export async function completeWork(
  db: Db,
  work: Work,
  owner: string,
  againAt?: number,
): Promise<'done' | 'again' | 'lost'> {
  const { changes } = await deleteDone(db, { key: work.key, seq: work.seq, enqueuedAt: work.enqueuedAt, owner });
  if (changes > 0) return 'done';
  const { numUpdatedRows } = await db
    .updateTable('work')
    .set({
      lease_owner: null,
      lease_until: null,
      error: null,
      attempts: 0,
      cause: withoutCauses(causeText(work.causes)),
    })
    .$if(againAt !== undefined, query => query.set({ due_at: againAt ?? 0 }))
    .where('key', '=', work.key)
    .where('enqueued_at', '=', work.enqueuedAt)
    .where('lease_owner', '=', owner)
    .executeTakeFirst();
  return numUpdatedRows > 0n ? 'again' : 'lost';
}

/** What came in between keeps its own priority, where that is the more urgent one. */
const asUrgent = (work: Work, priority: number) =>
  sql<number>`case when seq = ${work.seq} or priority > cast(${priority} as integer) then cast(${priority} as integer) else priority end`;

/**
 * Gives work back for later.
 * @param retry.counted this was a try that failed for its own sake
 * @param retry.priority as what it waits from now on. @default as before
 * @returns whether it was still the owner's
 */
export async function retryWork(
  db: Db,
  work: Work,
  owner: string,
  retry: {
    readonly dueAt: number;
    readonly error: string;
    readonly counted: boolean;
    readonly priority?: number | undefined;
  },
): Promise<boolean> {
  const { priority = work.priority } = retry;
  const { numUpdatedRows } = await db
    .updateTable('work')
    .$if(priority !== work.priority, query => query.set({ priority: asUrgent(work, priority) }))
    .set(eb => ({
      // What came in between is due at once, on its own account.
      due_at: sql<number>`case when ${eb.ref('seq')} = ${work.seq} then cast(${retry.dueAt} as bigint) else ${eb.ref('due_at')} end`,
      attempts: retry.counted
        ? sql<number>`case when ${eb.ref('seq')} = ${work.seq} then ${eb.ref('attempts')} + 1 else 0 end`
        : eb.ref('attempts'),
      error: retry.error,
      lease_owner: null,
      lease_until: null,
    }))
    .where('key', '=', work.key)
    .where('enqueued_at', '=', work.enqueuedAt)
    .where('lease_owner', '=', owner)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Sets work aside after bounded tries, unless something came in between.
 * @param priority as what it waits from now on. @default as before
 * @returns whether it was still the owner's
 */
export async function parkWork(
  db: Db,
  work: Work,
  owner: string,
  error: string,
  now: number,
  priority = work.priority,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('work')
    .$if(priority !== work.priority, query => query.set({ priority: asUrgent(work, priority) }))
    .set(eb => ({
      parked_at: sql<number | null>`case when ${eb.ref('seq')} = ${work.seq} then cast(${now} as bigint) else null end`,
      attempts: eb('attempts', '+', 1),
      error,
      lease_owner: null,
      lease_until: null,
    }))
    .where('key', '=', work.key)
    .where('enqueued_at', '=', work.enqueuedAt)
    .where('lease_owner', '=', owner)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
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

/**
 * Ends the leases of processes that are no more: for the one process that has the database to itself. The write of a group whose answer nobody
 * has heard may be on its way to Coder still, after whatever is read there now: that lease runs out, as it does where there are several bridges.
 */
export async function releaseWorkOfOthers(db: Db, owner: string): Promise<void> {
  await db
    .updateTable('work')
    .set({ lease_owner: null, lease_until: null })
    .where('lease_owner', '<>', owner)
    .where('key', 'not in', query =>
      query
        .selectFrom('coder_groups')
        .select(eb => sql<string>`'coder-group:' || ${eb.ref('id')}`.as('key'))
        .where('unsure', '=', 1),
    )
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

/**
 * Makes parked work due again: of one key, of some apps and of those that are gone, or all of it.
 * @param again.attempts as many as are counted already; where nothing is left of them, it is parked as soon as it fails again
 * @default again.attempts 0
 * @returns how much it is
 */
export async function unparkWork(
  db: Db,
  { key, apps }: { readonly key?: string | undefined; readonly apps?: readonly string[] | undefined },
  again: { readonly now: number; readonly attempts?: number | undefined },
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('work')
    .set({ parked_at: null, attempts: again.attempts ?? 0, due_at: again.now })
    .where('parked_at', 'is not', null)
    .$if(key !== undefined, query => query.where('key', '=', key ?? ''))
    .$if(apps !== undefined, query =>
      query.where(eb =>
        eb.or([eb('app', 'in', among(db, apps ?? [])), eb('app', 'not in', eb.selectFrom('apps').select('name'))]),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
