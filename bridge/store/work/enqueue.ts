/** Marks keys as possibly different from Coder. Called inside the transaction that changes what they stand for. */
import { type RawBuilder, sql } from 'kysely';
import { type Db, backendOf } from '../database/database';
import { listed } from '../database/listed';
import { type Cause, names, withEarlierCauses } from './causes';
import { statement } from '../database/statement';

export type { Cause } from './causes';

/** Order of work: people who leave come first, whatever else is waiting. */
export const PRIORITY = { leaving: 0, request: 1, declaration: 2, sweep: 3 } as const;

export type WorkKey = `person:${string}` | `scim-group:${string}` | `coder-group:${string}` | `app:${string}`;

export interface WorkItem {
  readonly key: WorkKey;
  readonly app: string;
  readonly priority: number;
}

/** Enqueues or refreshes keys: due at the new time, higher of the two priorities, tries counted anew. */
export async function enqueue(
  db: Db,
  items: readonly WorkItem[],
  cause: Cause,
  now: number,
  dueAt = now,
): Promise<void> {
  const classes = new Map<string, { app: string; priority: number; keys: Set<string> }>();
  for (const { key, app, priority } of items) {
    const name = `${priority}\n${app}`;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, { app, priority, keys: new Set([key]) });
    else known.keys.add(key);
  }
  for (const { app, priority, keys } of classes.values())
    await enqueueListed(db, { prefix: '', texts: [...keys], app, priority, dueAt }, cause, now);
}

/** Enqueues many people of one app at once. */
export async function enqueuePeople(
  db: Db,
  people: { readonly ids: readonly string[]; readonly app: string; readonly priority: number },
  cause: Cause,
  now: number,
  dueAt = now,
): Promise<void> {
  await enqueueListed(db, { ...people, prefix: 'person:', texts: people.ids, dueAt }, cause, now);
}

// A plain `where true` keeps SQLite from reading "on conflict" as the condition of a join.
const onConflict = sql`
  on conflict (key) do update set seq = work.seq + 1,
    priority = case when excluded.priority < work.priority then excluded.priority else work.priority end,
    due_at = excluded.due_at, attempts = 0, parked_at = null, cause = ${withEarlierCauses}`;

const insertListed = statement<{
  prefix: string;
  texts: readonly string[];
  app: string;
  priority: number;
  cause: string;
  now: number;
  dueAt: number;
}>()((db, { prefix, texts, app, priority, cause, now, dueAt }) => {
  const order = backendOf(db) === 'postgres' ? sql`order by value` : sql``;
  return sql`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
    select cast(${prefix} as text) || value, cast(${app} as text), cast(${priority} as integer), cast(${dueAt} as bigint), cast(${now} as bigint), 1, 0,
      cast(${cause} as text) from (${listed(db, texts)}) as keys where true ${order}
    ${onConflict}`;
});

interface Listed {
  readonly prefix: string;
  readonly texts: readonly string[];
  readonly app: string;
  readonly priority: number;
  readonly dueAt: number;
}

async function enqueueListed(
  db: Db,
  { prefix, texts, app, priority, dueAt }: Listed,
  cause: Cause,
  now: number,
): Promise<void> {
  if (texts.length === 0) return;
  // In order of key on both backends: two transactions that share keys then wait for each other, and do not deadlock. Sorted here,
  // since SQLite keeps the order of a list, and 100,000 rows go into an ordered index much faster.
  const ordered = [...texts].sort();
  await insertListed(db, { prefix, texts: ordered, app, priority, cause: JSON.stringify(cause), now, dueAt });
}

function columns(all: {
  app: string;
  priority: number;
  cause: Cause;
  now: number;
  dueAt: number;
}): RawBuilder<unknown> {
  return sql`cast(${all.app} as text), ${sql.lit(all.priority)}, cast(${all.dueAt} as bigint), cast(${all.now} as bigint), 1, 0,
    cast(${JSON.stringify(all.cause)} as text)`;
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
  // Spelled out as the index of such rows is, which is how SQLite knows that it may use that.
  const { rows: groups } = await sql`
    select member_id from members where group_id = ${groupId} and member_type = 'Group' limit 1`.execute(db);
  // Nearly always there are none: then the rows are in order as they stand, and each is one person.
  const people =
    groups.length === 0
      ? sql`select 'person:' || member_id, ${columns({ app, priority, cause, now, dueAt })}
        from members where group_id = ${groupId} order by member_id`
      : sql`with recursive inside (id) as (
        select id from groups where id = ${groupId}
        union
        select members.member_id from members join inside on members.group_id = inside.id where members.member_type = 'Group'
      )
      select distinct 'person:' || members.member_id, ${columns({ app, priority, cause, now, dueAt })}
      from members join inside on members.group_id = inside.id where members.member_type = 'User' order by 1`;
  await sql`insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause) ${people} ${onConflict}`.execute(
    db,
  );
}

/** What one cause left for later is due at once. */
export async function makeDue(db: Db, cause: Cause, now: number): Promise<void> {
  await db
    .updateTable('work')
    .set({ due_at: now })
    .where('due_at', '>', now)
    .where('parked_at', 'is', null)
    .where(names(sql.ref('cause'), [JSON.stringify(cause)]))
    .execute();
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
