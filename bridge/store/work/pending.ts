/** What is in the queue: counted, listed, looked up; nothing here claims or changes it. */
import { sql } from 'kysely';
import { fromDifferences } from '../accounts/coder-members';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type Flag } from '../database/tables/columns';
import { causesIn } from './causes';
import { PRIORITY, type WorkItem, type WorkKey } from './enqueue';

/** Which of these keys are still queued. */
export async function queuedKeys(db: Db, keys: readonly WorkKey[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db.selectFrom('work').select('key').where('key', 'in', keys).execute();
  return new Set(rows.map(row => row.key));
}

/** Which of these keys somebody is working on, in this process or another one, or nobody although they are due within `early` milliseconds. */
export async function unsettledKeys(
  db: Db,
  keys: readonly WorkKey[],
  { now, early }: { readonly now: number; readonly early: number },
): Promise<WorkKey[]> {
  if (keys.length === 0) return [];
  const rows = await db
    .selectFrom('work')
    .select('key')
    .where('key', 'in', among(db, keys))
    .where('parked_at', 'is', null)
    .where(eb => eb.or([eb('lease_until', '>=', now), eb('due_at', '<=', now + early)]))
    .execute();
  return rows.map(row => row.key as WorkKey);
}

const selectUnsettledOf = statement<{ keys: readonly string[]; people: readonly string[]; now: number }>()(
  (db, { keys, people, now }) => sql<{ key: string }>`
    select key from work where key in ${among(db, keys)} and parked_at is null and (lease_until >= ${now} or due_at <= ${now})
    union
    select work.key from people join coder_members on coder_members.coder_user_id = people.coder_user_id
    join work on work.key = 'coder-group:' || coder_members.coder_group_id
    where people.user_id in ${among(db, people)} and coder_members.wanted <> coder_members.present and work.parked_at is null`,
);

/**
 * As `unsettledKeys`, of a group of the directory and of people who are stated with it, and the groups of Coder that these are still to come
 * into or to get out of: one statement, however many they are.
 * @param people SCIM ids
 */
export async function unsettledOf(
  db: Db,
  { group, people, now }: { readonly group: string; readonly people: readonly string[]; readonly now: number },
): Promise<WorkKey[]> {
  const keys = [`scim-group:${group}`, ...people.map(id => `person:${id}`)];
  return (await selectUnsettledOf(db, { keys, people, now })).rows.map(({ key }) => key as WorkKey);
}

/** What is being worked on in this moment, by any bridge and for any app, but for declarations; as it is to be looked at once more. */
export async function workUnderWay(db: Db): Promise<WorkItem[]> {
  const rows = await db
    .selectFrom('work')
    .select(['key', 'app', 'priority'])
    .where('lease_until', 'is not', null)
    .where('key', 'not like', 'app:%')
    .execute();
  return rows.map(({ key, app, priority }) => ({
    key: key as WorkKey,
    app,
    priority: Math.max(priority, PRIORITY.declaration),
  }));
}

/** Work that is not dealt with yet, as far as others have to know of it. */
export interface WaitingWork {
  readonly key: string;
  readonly dueAt: number;
  readonly parked: boolean;
  /** Why, each as JSON, the newest first. */
  readonly causes: readonly string[];
}

/** Those of these keys that are queued, parked ones included. */
export async function waitingWork(db: Db, keys: readonly string[]): Promise<WaitingWork[]> {
  if (keys.length === 0) return [];
  const rows = await db
    .selectFrom('work')
    .select(['key', 'due_at', 'parked_at', 'cause'])
    .where('key', 'in', among(db, keys))
    .execute();
  return rows.map(row => ({
    key: row.key,
    dueAt: Number(row.due_at),
    parked: row.parked_at !== null,
    causes: causesIn(row.cause),
  }));
}

export interface WorkCounts {
  readonly waiting: number;
  readonly parked: number;
  readonly lastError: string | null;
}

const NOTHING: WorkCounts = { waiting: 0, parked: 0, lastError: null };

/** Members that are looked at of one group: where more than these are owed something, it is taken to be owed to everybody's people. */
const LOOKED_AT = 2_000;

const selectOwed = statement<Record<never, never>>()(db => {
  const owed = sql`select coder_user_id ${fromDifferences(db, sql`substr(work.key, 13)`)} limit ${sql.lit(LOOKED_AT)}`;
  return sql<{ app: string; parked: Flag; error: string | null }>`
    select apps.name as app, case when work.parked_at is null then 0 else 1 end as parked, work.error
    from work join apps on apps.name <> work.app
    where work.key >= 'coder-group:' and work.key < 'coder-group;' and (
      exists (select 1 from (${owed}) as owed join people on people.coder_user_id = owed.coder_user_id where people.app = apps.name)
      or (select count(*) from (${owed}) as most) = ${sql.lit(LOOKED_AT)})`;
});

/** Groups that wait to be written, or are parked, by the work of one app, and are owed to people of another one as well. */
async function owedByOthers(
  db: Db,
): Promise<{ readonly app: string; readonly parked: boolean; readonly error: string | null }[]> {
  return (await selectOwed(db, {})).rows.map(({ app, parked, error }) => ({ app, parked: parked === 1, error }));
}

/** How much waits and is parked, by app; what two apps are owed by one write counts for both. A change of a large group waits until all of its people are in the queue. */
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
  const counts = new Map<string, WorkCounts>(
    rows.map(row => [
      row.app,
      { waiting: Number(row.all) - Number(row.parked), parked: Number(row.parked), lastError: row.error },
    ]),
  );
  for (const { app, parked, error } of await owedByOthers(db)) {
    const known = counts.get(app) ?? NOTHING;
    const [waiting, set] = parked ? [0, 1] : [1, 0];
    counts.set(app, {
      waiting: known.waiting + waiting,
      parked: known.parked + set,
      lastError: known.lastError ?? error,
    });
  }
  for (const { app } of await db.selectFrom('loose_sets').select('app').where('cause', 'is not', null).execute()) {
    const known = counts.get(app) ?? NOTHING;
    counts.set(app, { ...known, waiting: known.waiting + 1 });
  }
  return counts;
}

export interface PendingWork {
  readonly key: string;
  readonly app: string;
  readonly parked: boolean;
  readonly attempts: number;
  readonly error: string | null;
  readonly since: number;
}

/** Queued work, parked first, then the oldest; of one app where one is named. */
export async function listWork(db: Db, limit: number, app?: string): Promise<PendingWork[]> {
  const rows = await db
    .selectFrom('work')
    .select(['key', 'app', 'parked_at', 'attempts', 'error', 'enqueued_at'])
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
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
 * Whether anything of an app but its declaration is still to be dealt with, or is being: people, groups that are pushed, and the members of groups
 * of Coder; parked work included. Of a deleted app a pushed group that nobody is at work on is nothing to deal with any more: what was begun for
 * it is in the journal.
 */
export async function hasWorkWaiting(db: Db, app: string): Promise<boolean> {
  const row = await db
    .selectFrom('work')
    .select('key')
    .where('app', '=', app)
    .where('key', '!=', `app:${app}`)
    .where(row => row.or([row('key', 'not like', 'scim-group:%'), row('lease_until', 'is not', null)]))
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return true;
  if ((await owedByOthers(db)).some(owed => owed.app === app)) return true;
  return await isOwedPeople(db, app);
}

/** Keys of people of an app who are in the queue, parked ones included: so many of them. */
export async function queuedPeople(db: Db, app: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('work')
    .select('key')
    .where('app', '=', app)
    .where('key', 'like', 'person:%')
    .limit(limit)
    .execute();
  return rows.map(({ key }) => key);
}

/** Whether a change of a large group of the app is still to be read for the people whom it is about. */
export async function isOwedPeople(db: Db, app: string): Promise<boolean> {
  const owed = await db
    .selectFrom('loose_sets')
    .select('id')
    .where('app', '=', app)
    .where('cause', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return owed !== undefined;
}
