/**
 * What people of an app lost and gained within the guard's hour. A removal is reserved here, in the transaction that
 * decides, before anything is taken; one app's ledger is written by one at a time, across requests and replicas.
 */
import { sql } from 'kysely';
import { backendOf, type Db } from '../database/database';

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

export async function pruneLedger(db: Db, before: number): Promise<void> {
  await db.deleteFrom('ledger').where('at', '<=', before).execute();
}
