/** Marks keys as possibly different from Coder. Called inside the transaction that changes what they stand for. */
import { sql } from 'kysely';
import { type Db } from './database';
import { listed } from './listed';

/** What the queue knows of the reason: shown in status and written to the audit trail. */
export interface Cause {
  readonly actor: 'scim' | 'declaration' | 'sweep' | 'operator' | 'bridge';
  readonly requestId?: string | undefined;
  readonly token?: string | undefined;
}

/** Order of work: people who leave come first, whatever else is waiting. */
export const PRIORITY = { leaving: 0, request: 1, declaration: 2, sweep: 3 } as const;

export type WorkKey = `person:${string}` | `scim-group:${string}` | `coder-group:${string}` | `app:${string}`;

export interface WorkItem {
  readonly key: WorkKey;
  readonly app: string;
  readonly priority: number;
}

/** Enqueues or refreshes keys: earlier of the two due times, higher of the two priorities, tries counted anew. */
export async function enqueue(db: Db, items: readonly WorkItem[], cause: Cause, now: number): Promise<void> {
  const classes = new Map<string, { app: string; priority: number; keys: Set<string> }>();
  for (const { key, app, priority } of items) {
    const name = `${priority}\n${app}`;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, { app, priority, keys: new Set([key]) });
    else known.keys.add(key);
  }
  for (const { app, priority, keys } of classes.values()) {
    // In order of key on both backends: two transactions that share keys then wait for each other, and do not deadlock.
    await sql`
      insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
      select value, cast(${app} as text), ${sql.lit(priority)}, cast(${now} as bigint), cast(${now} as bigint), 1, 0, cast(${JSON.stringify(cause)} as text)
      from (${listed(db, [...keys])}) as keys where true order by value
      ${onConflict}`.execute(db);
  }
}

// A plain `where true` keeps SQLite from reading "on conflict" as the condition of a join.
const onConflict = sql`
  on conflict (key) do update set seq = work.seq + 1,
    priority = case when excluded.priority < work.priority then excluded.priority else work.priority end,
    due_at = excluded.due_at, attempts = 0, parked_at = null, cause = excluded.cause`;

/** Enqueues everybody who is a member of a group, directly or through groups in it, in one statement. */
export async function enqueueMembersOf(
  db: Db,
  groupId: string,
  app: string,
  priority: number,
  cause: Cause,
  now: number,
): Promise<void> {
  await sql`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
    with recursive inside (id) as (
      select id from groups where id = ${groupId}
      union
      select members.member_id from members join inside on members.group_id = inside.id where members.member_type = 'Group'
    )
    select distinct 'person:' || members.member_id, cast(${app} as text), ${sql.lit(priority)}, cast(${now} as bigint), cast(${now} as bigint), 1, 0, cast(${JSON.stringify(cause)} as text)
    from members join inside on members.group_id = inside.id where members.member_type = 'User' order by 1
    ${onConflict}`.execute(db);
}
