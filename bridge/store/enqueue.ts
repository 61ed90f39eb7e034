/** Marks keys as possibly different from Coder. Called inside the transaction that changes what they stand for. */
import { sql } from 'kysely';
import { type Db } from './database';

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

// Bound parameters per statement stay below SQLite's limit of 32,766.
const ROWS_PER_STATEMENT = 2_000;

/** Enqueues or refreshes keys: earlier of the two due times, higher of the two priorities, tries counted anew. */
export async function enqueue(db: Db, items: readonly WorkItem[], cause: Cause, now: number): Promise<void> {
  const unique = [...new Map(items.map(item => [item.key, item])).values()];
  for (let start = 0; start < unique.length; start += ROWS_PER_STATEMENT) {
    await db
      .insertInto('work')
      .values(
        unique.slice(start, start + ROWS_PER_STATEMENT).map(item => ({
          ...item,
          due_at: now,
          enqueued_at: now,
          seq: 1,
          attempts: 0,
          cause: JSON.stringify(cause),
        })),
      )
      .onConflict(conflict =>
        conflict.column('key').doUpdateSet({
          seq: sql`work.seq + 1`,
          priority: sql`case when excluded.priority < work.priority then excluded.priority else work.priority end`,
          due_at: sql`excluded.due_at`,
          attempts: 0,
          parked_at: null,
          cause: sql`excluded.cause`,
        }),
      )
      .execute();
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
): Promise<void> {
  await sql`
    insert into work (key, app, priority, due_at, enqueued_at, seq, attempts, cause)
    with recursive inside (id) as (
      select id from groups where id = ${groupId}
      union
      select members.member_id from members join inside on members.group_id = inside.id where members.member_type = 'Group'
    )
    select distinct 'person:' || members.member_id, ${app}, ${sql.lit(priority)}, ${sql.lit(now)}, ${sql.lit(now)}, 1, 0, ${JSON.stringify(cause)}
    from members join inside on members.group_id = inside.id where members.member_type = 'User'
    on conflict (key) do update set seq = work.seq + 1,
      priority = case when excluded.priority < work.priority then excluded.priority else work.priority end,
      due_at = excluded.due_at, attempts = 0, parked_at = null, cause = excluded.cause`.execute(db);
}
