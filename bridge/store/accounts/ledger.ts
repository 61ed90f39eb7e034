/**
 * What people of an app lost and gained within the guard's hour. A removal is reserved here, in the transaction that
 * decides, before anything is taken; one app's ledger is written by one at a time, across requests and replicas.
 */
import { sql } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { type Cause, PRIORITY } from '../work/enqueue';

/**
 * - `removal`: lost a role, group or membership, or the account because no mapping lets them in any more
 * - `leaving`: a person whom the identity provider deactivated or deleted
 * - `privilege`: became owner, user-admin or organization-admin
 * - `activation`: was let in again after a suspension
 */
export type LedgerKind = 'removal' | 'leaving' | 'privilege' | 'activation';

/** From here to the end of the transaction nobody else reads or writes this app's ledger. SQLite has one writer anyway. */
export async function lockLedger(db: Db, app: string): Promise<void> {
  if (backendOf(db) === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtextextended(${`ledger ${app}`}, 0))`.execute(db);
}

/** Reserves that a person loses or gains something. `released`: by an operator's word, so that it counts against nobody. */
export async function reserve(
  db: Db,
  entry: { readonly app: string; readonly kind: LedgerKind; readonly subject: string; readonly at: number },
  released: boolean,
): Promise<void> {
  const values = { at: entry.at, released: released ? 1 : 0 };
  await db
    .insertInto('ledger')
    .values({ app: entry.app, kind: entry.kind, subject: entry.subject, ...values })
    .onConflict(conflict => conflict.columns(['app', 'kind', 'subject']).doUpdateSet(values))
    .execute();
}

/** How many people of an app, other than this one, are in the ledger since, released ones left out. */
export async function countReserved(
  db: Db,
  ledger: { readonly app: string; readonly kind: LedgerKind },
  since: number,
  otherThan: string,
): Promise<number> {
  const row = await db
    .selectFrom('ledger')
    .select(eb => eb.fn.countAll<number>().as('people'))
    .where('app', '=', ledger.app)
    .where('kind', '=', ledger.kind)
    .where('at', '>', since)
    .where('released', '=', 0)
    .where('subject', '!=', otherThan)
    .executeTakeFirstOrThrow();
  return Number(row.people);
}

/** What the guard asks of a ledger: who counts beside this person. */
export interface OthersQuestion {
  readonly app: string;
  readonly kind: LedgerKind;
  readonly since: number;
  /** `person:<SCIM id>` of the person who does not count as another. */
  readonly subject: string;
  readonly cause: Cause;
  /** Reasons under which the guard holds what this ledger counts. */
  readonly heldAs: readonly string[];
}

/** More people than this make no difference to a share of them. */
const WAITING_COUNTED = 10_000;

/**
 * How many other people lost (or gained) something since, are about to because of the same cause, or are held because of it:
 * what one request does is one plan, however many people it is about. Nobody counts twice.
 */
export async function countOthers(db: Db, question: OthersQuestion): Promise<number> {
  const { app, kind, since, subject, heldAs } = question;
  const cause = JSON.stringify(question.cause);
  const reserved = sql`select subject from ledger
    where app = ${app} and kind = ${kind} and at > ${since} and released = 0 and subject <> ${subject}`;
  const held = sql`select subject from holds
    where app = ${app} and released_at is null and cause = ${cause} and reason in (${sql.join(heldAs)}) and subject <> ${subject}`;
  // Who waits because of the same request leaves with less, or leaves altogether: which of the two, the directory tells.
  const active = sql`exists (select 1 from users where users.id = substr(work.key, 8) and users.active = 1)`;
  const waiting = sql`select key from (select key from work
    where app = ${app} and priority = ${sql.lit(PRIORITY.leaving)} and cause = ${cause} and key like 'person:%' and key <> ${subject}
      and parked_at is null and ${kind === 'leaving' ? sql`not ${active}` : active} limit ${sql.lit(WAITING_COUNTED)}) as others`;
  const counts =
    kind === 'removal' || kind === 'leaving'
      ? sql`${reserved} union ${held} union ${waiting}`
      : sql`${reserved} union ${held}`;
  const { rows } = await sql<{ people: number }>`select count(*) as people from (${counts}) as counted`.execute(db);
  return Number(rows[0]?.people ?? 0);
}

export async function pruneLedger(db: Db, before: number): Promise<void> {
  await db.deleteFrom('ledger').where('at', '<=', before).execute();
}
