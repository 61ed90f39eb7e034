/** Who is held, and for what: listed, counted, and found by the reason. */
import { sql } from 'kysely';
import { type Db } from '../database/database';

export interface HeldPerson {
  readonly userId: string;
  readonly app: string;
  readonly userName: string;
  readonly reason: string;
  readonly detail: string;
  readonly since: number;
}

/**
 * Who is held, of all apps or of one: first who waits for an answer of an operator, last whom the guard stopped, of whom its holds tell
 * as well.
 */
export async function listHeldPeople(db: Db, limit: number, app?: string): Promise<HeldPerson[]> {
  const rows = await db
    .selectFrom('people')
    .selectAll()
    .where('held_reason', 'is not', null)
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
    .orderBy(
      sql`case when held_reason in ('re-hire', 'former-owner') then 0 when held_reason = 'guard' then 2 else 1 end`,
    )
    .orderBy('user_id')
    .limit(limit)
    .execute();
  return rows.map(row => ({
    userId: row.user_id,
    app: row.app,
    userName: row.user_name,
    reason: row.held_reason ?? '',
    detail: row.held_detail ?? '',
    since: row.converged_at ?? 0,
  }));
}

/** Who is held for one of these reasons, by name. */
export async function peopleHeldForAny(db: Db, reasons: readonly string[]): Promise<{ readonly userName: string }[]> {
  const rows = await db
    .selectFrom('people')
    .select('user_name')
    .where('held_reason', 'in', reasons)
    .orderBy('user_name')
    .execute();
  return rows.map(row => ({ userName: row.user_name }));
}

/** Who is held for one reason. */
export async function peopleHeldFor(
  db: Db,
  reason: string,
): Promise<{ readonly userId: string; readonly app: string }[]> {
  const rows = await db.selectFrom('people').select(['user_id', 'app']).where('held_reason', '=', reason).execute();
  return rows.map(row => ({ userId: row.user_id, app: row.app }));
}

/** People of other apps than this one who are held for one of these reasons. */
export async function othersHeldFor(
  db: Db,
  app: string,
  reasons: readonly string[],
): Promise<{ readonly userId: string; readonly app: string }[]> {
  const rows = await db
    .selectFrom('people')
    .select(['user_id', 'app'])
    .where('app', '!=', app)
    .where('held_reason', 'in', reasons)
    .orderBy('user_id')
    .execute();
  return rows.map(row => ({ userId: row.user_id, app: row.app }));
}

/** People of an app who have an account and are held for one of these reasons, in order of account. */
export async function linkedPeopleHeldFor(
  db: Db,
  app: string,
  reasons: readonly string[],
): Promise<{ readonly coderUserId: string; readonly coderUsername: string; readonly reason: string }[]> {
  const rows = await db
    .selectFrom('people')
    .select(['coder_user_id', 'coder_username', 'held_reason'])
    .where('app', '=', app)
    .where('coder_user_id', 'is not', null)
    .where('held_reason', 'in', reasons)
    .orderBy('coder_username')
    .execute();
  return rows.map(row => ({
    coderUserId: row.coder_user_id ?? '',
    coderUsername: row.coder_username ?? '',
    reason: row.held_reason ?? '',
  }));
}

/** How many people are held for each reason. */
export async function countHeldFor(db: Db): Promise<{ readonly reason: string; readonly people: number }[]> {
  const rows = await db
    .selectFrom('people')
    .select(eb => ['held_reason', eb.fn.countAll<number>().as('held')])
    .where('held_reason', 'is not', null)
    .groupBy('held_reason')
    .orderBy('held_reason')
    .execute();
  return rows.map(row => ({ reason: row.held_reason ?? '', people: Number(row.held) }));
}

/** How many people of each app are held. */
export async function countHeldPeople(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('people')
    .select(eb => ['app', eb.fn.countAll<number>().as('held')])
    .where('held_reason', 'is not', null)
    .groupBy('app')
    .execute();
  return new Map(rows.map(row => [row.app, Number(row.held)]));
}
