/** Marks keys as possibly different from Coder. Called inside the transaction that changes what they stand for. */
import { type RawBuilder, sql } from 'kysely';
import { type Db, backendOf } from '../database/database';
import { among, listed } from '../database/listed';
import { type Cause, causeLine, names, withEarlierCauses } from './causes';
import { type Claim, MOST_CLAIMED } from './claim';
import { type WorkKey } from './key';
import { groupsInside, withInside } from '../database/nesting';
import { statement } from '../database/statement';
import { sortedInTurns, statementsOf } from '../database/pieces';
import { toWork, WORK_COLUMNS, type WorkRow } from './work';

export type { Cause } from './causes';
export type { WorkKey } from './key';

/** Order of work: people who leave come first, whatever else is waiting. */
export const PRIORITY = { leaving: 0, request: 1, declaration: 2, sweep: 3 } as const;

export interface WorkItem {
  readonly key: WorkKey;
  readonly app: string;
  readonly priority: number;
}

/** How keys are queued. */
export interface Queueing {
  /** When they are due. @default now */
  readonly dueAt?: number;
  /** Whether the cause says of them that they leave. @default false */
  readonly leaves?: boolean;
  /** Whether the cause has declared, or deleted, the app that they stand for. @default false */
  readonly declares?: boolean;
  /** Takes them as well, as far as nobody is working on them. @default nobody does */
  readonly claim?: Claim | undefined;
}

/** Enqueues or refreshes keys: due at the new time, higher of the two priorities, tries counted anew. */
export async function enqueue(
  db: Db,
  items: readonly WorkItem[],
  cause: Cause,
  now: number,
  how: Queueing = {},
): Promise<void> {
  const classes = new Map<string, { app: string; priority: number; keys: Set<string> }>();
  for (const { key, app, priority } of items) {
    const name = `${priority}\n${app}`;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, { app, priority, keys: new Set([key]) });
    else known.keys.add(key);
  }
  for (const { app, priority, keys } of classes.values())
    await enqueueListed(db, { prefix: '', texts: [...keys], app, priority }, cause, now, how);
}

/** Enqueues many people of one app at once. */
export async function enqueuePeople(
  db: Db,
  people: { readonly ids: readonly string[]; readonly app: string; readonly priority: number },
  cause: Cause,
  now: number,
  how: Queueing = {},
): Promise<void> {
  await enqueueListed(db, { ...people, prefix: 'person:', texts: people.ids }, cause, now, how);
}

// A plain `where true` keeps SQLite from reading "on conflict" as the condition of a join.
const onConflict = sql`
  on conflict (key) do update set seq = work.seq + 1,
    priority = case when excluded.priority < work.priority then excluded.priority else work.priority end,
    due_at = excluded.due_at, attempts = 0, parked_at = null, cause = ${withEarlierCauses}`;

interface Listed {
  readonly prefix: string;
  readonly texts: readonly string[];
  readonly app: string;
  readonly priority: number;
}

interface Inserted extends Listed {
  readonly cause: string;
  readonly now: number;
  readonly dueAt: number;
}

const insertListed = statement<{ [Name in keyof Inserted]: Inserted[Name] }>()((
  db,
  { prefix, texts, app, priority, cause, now, dueAt },
) => {
  const order = backendOf(db) === 'postgres' ? sql`order by value` : sql``;
  return sql`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
    select cast(${prefix} as text) || value, cast(${app} as text), cast(${priority} as integer), cast(${dueAt} as bigint), cast(${now} as bigint), 1, 0,
      cast(${cause} as text) from (${listed(db, texts)}) as keys where true ${order}
    ${onConflict}`;
});

const insertClaimed = statement<{ [Name in keyof Inserted]: Inserted[Name] } & { owner: string; until: number }>()((
  db,
  { prefix, texts, app, priority, cause, now, dueAt, owner, until },
) => {
  const order = backendOf(db) === 'postgres' ? sql`order by value` : sql``;
  const isFree = sql`work.lease_until is null or work.lease_until < excluded.enqueued_at`;
  return sql<WorkRow & { lease_owner: string | null; lease_until: number | null }>`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause, lease_owner, lease_until)
    select cast(${prefix} as text) || value, cast(${app} as text), cast(${priority} as integer), cast(${dueAt} as bigint), cast(${now} as bigint), 1, 0,
      cast(${cause} as text), cast(${owner} as text), cast(${until} as bigint) from (${listed(db, texts)}) as keys where true ${order}
    ${onConflict},
      lease_owner = case when ${isFree} then excluded.lease_owner else work.lease_owner end,
      lease_until = case when ${isFree} then excluded.lease_until else work.lease_until end
    returning ${sql.join(WORK_COLUMNS.map(name => sql.ref(name)))}, lease_owner, lease_until`;
});

async function enqueueListed(
  db: Db,
  { prefix, texts, app, priority }: Listed,
  cause: Cause,
  now: number,
  { dueAt = now, leaves = false, declares = false, claim }: Queueing,
): Promise<void> {
  if (texts.length === 0) return;
  // In order of key on both backends: two transactions that share keys then wait for each other, and do not deadlock. Sorted here,
  // since SQLite keeps the order of a list, and 100,000 rows go into an ordered index much faster.
  const mark = leaves ? 'leaves' : declares ? 'declares' : undefined;
  const inserted = { prefix, app, priority, cause: causeLine(cause, mark), now, dueAt };
  if (claim === undefined || claim.taken.length + texts.length > MOST_CLAIMED) {
    for await (const some of statementsOf(await sortedInTurns(texts)))
      await insertListed(db, { ...inserted, texts: some });
    return;
  }
  const { owner, until } = claim;
  for (const row of (await insertClaimed(db, { ...inserted, texts: [...texts].sort(), owner, until })).rows)
    if (row.lease_owner === owner && row.lease_until === until) claim.taken.push(toWork(row));
}

function columns(all: {
  app: string;
  priority: number;
  cause: Cause;
  now: number;
  dueAt: number;
}): RawBuilder<unknown> {
  return sql`cast(${all.app} as text), ${sql.lit(all.priority)}, cast(${all.dueAt} as bigint), cast(${all.now} as bigint), 1, 0,
    cast(${causeLine(all.cause)} as text)`;
}

// Spelled out as the index of such rows is, which is how SQLite knows that it may use that.
const nested = statement<{ groupId: string }>()(
  (_db, { groupId }) => sql`
    select member_id from members where group_id = ${groupId} and member_type = 'Group' limit 1`,
);

const lockGroups = statement<{ ids: readonly string[] }>()((db, { ids }) =>
  db.selectFrom('groups').select('id').where('id', 'in', among(db, ids)).orderBy('id').forNoKeyUpdate(),
);

/**
 * Whether there are groups in a group. Whoever changes who is in it, or in a group within it, has done so when this resolves, or does it after
 * this transaction. Without that, somebody who joins in a transaction that is still open is not seen here, and does not see what comes of this
 * one: nobody would look at them again. On SQLite one transaction comes after the other.
 */
async function hasNestedOnceSettled(db: Db, groupId: string): Promise<boolean> {
  const waits = backendOf(db) === 'postgres';
  if (waits) await lockGroups(db, { ids: [groupId] });
  const isNested = (await nested(db, { groupId })).rows.length > 0;
  if (!waits || !isNested) return isNested;
  // While a lock was waited for, groups may have come into one of them.
  for (let locked = 1; ;) {
    const ids = await groupsInside(db, groupId);
    if (ids.length === locked) return true;
    await lockGroups(db, { ids });
    locked = ids.length;
  }
}

/** Enqueues everybody who is a member of a group, directly or through groups in it, in one statement. */
export async function enqueueMembersOf(
  db: Db,
  groupId: string,
  app: string,
  priority: number,
  cause: Cause,
  now: number,
  dueAt = now,
): Promise<void> {
  const people = (await hasNestedOnceSettled(db, groupId))
    ? sql`${withInside(groupId)}
      select distinct 'person:' || members.member_id, ${columns({ app, priority, cause, now, dueAt })}
      from members join inside on members.group_id = inside.id where members.member_type = 'User' order by 1`
    : // Nearly always: the rows are in order as they stand, and each is one person.
      sql`select 'person:' || member_id, ${columns({ app, priority, cause, now, dueAt })}
        from members where group_id = ${groupId} order by member_id`;
  await sql`insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause) ${people} ${onConflict}`.execute(
    db,
  );
}

const dueOfCause = statement<{ causes: readonly string[]; now: number }>()((db, { causes, now }) =>
  db
    .updateTable('work')
    .set({ due_at: now })
    .where('due_at', '>', now)
    .where('parked_at', 'is', null)
    .where(names(db, sql.ref('cause'), causes)),
);

/** What one cause left for later is due at once. */
export async function makeDue(db: Db, cause: Cause, now: number): Promise<void> {
  await dueOfCause(db, { causes: linesOf(cause), now });
}

const putOffCause = statement<{ causes: readonly string[]; now: number; dueAt: number }>()(
  (db, { causes, now, dueAt }) =>
    db
      .updateTable('work')
      .set({ due_at: dueAt })
      .where('due_at', '>', now)
      .where('due_at', '<', dueAt)
      .where('parked_at', 'is', null)
      .where(names(db, sql.ref('cause'), causes)),
);

/** What one cause left for later is left for later still. */
export async function putOff(db: Db, cause: Cause, now: number, dueAt: number): Promise<void> {
  await putOffCause(db, { causes: linesOf(cause), now, dueAt });
}

/** A cause as it stands in the queue, whether it says that somebody leaves or not. */
function linesOf(cause: Cause): string[] {
  return [causeLine(cause), causeLine(cause, 'leaves')];
}

const insertGroupWrite = statement<{
  key: string;
  app: string;
  priority: number;
  dueAt: number;
  cause: string;
  now: number;
  groupId: string;
}>()((_db, { key, app, priority, dueAt, cause, now, groupId }) => {
  const hotUntil = sql`flushed_at + window_ms`;
  return sql`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
    select cast(${key} as text), cast(${app} as text), cast(${priority} as integer),
      case when window_ms > 0 and ${hotUntil} > earliest.due_at then ${hotUntil} else earliest.due_at end,
      cast(${now} as bigint), 1, 0, cast(${cause} as text)
    from (select cast(${dueAt} as bigint) as due_at) as earliest left join coder_groups on coder_groups.id = ${groupId} where true
    on conflict (key) do update set seq = work.seq + 1,
      priority = case when excluded.priority < work.priority then excluded.priority else work.priority end,
      due_at = case when work.parked_at is null and work.due_at < excluded.due_at then work.due_at else excluded.due_at end,
      attempts = 0, parked_at = null, cause = excluded.cause`;
});

const selectQueued = statement<{ key: string; priority: number; dueAt: number; cause: string }>()(
  (db, { key, priority, dueAt, cause }) =>
    db
      .selectFrom('work')
      .select('key')
      .where('key', '=', key)
      .where('lease_until', 'is', null)
      .where('parked_at', 'is', null)
      .where('attempts', '=', 0)
      .where('priority', '<=', priority)
      .where('due_at', '<=', dueAt)
      .where('cause', '=', cause),
);

/**
 * Queues the write of a Coder group, not before changes of one that is written to all the time have gathered. Unlike other work it keeps an
 * earlier due time, so that no stream of changes puts the write off for ever.
 * @param write.dueAt the earliest time
 */
export async function enqueueGroupWrite(
  db: Db,
  write: { readonly groupId: string; readonly app: string; readonly priority: number; readonly dueAt: number },
  cause: Cause,
  now: number,
): Promise<void> {
  const { app, groupId, priority, dueAt } = write;
  const wanted = { key: `coder-group:${groupId}`, app, priority, dueAt, cause: causeLine(cause), now, groupId };
  // Everybody of one request asks for it. On SQLite nobody takes it from the queue meanwhile.
  if (backendOf(db) === 'sqlite' && (await selectQueued(db, wanted)).rows.length > 0) return;
  await insertGroupWrite(db, wanted);
}
