/**
 * What people of an app lost and gained within the guard's hour. A removal is reserved here, in the transaction that
 * decides, before anything is taken; one app's ledger is written by one at a time, across requests and replicas.
 */
import { sql } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { names } from '../work/causes';

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
  /** Why this person is dealt with, and under which this person's part of a plan was held before: each as JSON. */
  readonly causes: readonly string[];
  /** Reasons under which the guard holds what this ledger counts. */
  readonly heldAs: readonly string[];
}

/** More people than this make no difference to a share of them. */
const MOST_COUNTED = 10_000;

/** Other people who lost (or gained) something since, or are held because of the same cause: what one request does is one plan. */
export async function countedOthers(db: Db, question: OthersQuestion): Promise<Set<string>> {
  const { app, kind, since, subject, heldAs } = question;
  const { rows } = await sql<{ subject: string }>`
    select subject from ledger
      where app = ${app} and kind = ${kind} and at > ${since} and released = 0 and subject <> ${subject}
    union
    select subject from holds
      where app = ${app} and released_at is null and ${names(sql.ref('cause'), question.causes)}
        and reason in (${sql.join(heldAs)}) and subject <> ${subject}
    limit ${sql.lit(MOST_COUNTED)}`.execute(db);
  return new Set(rows.map(row => row.subject));
}

/** Other people who wait to be dealt with because of the same cause: those whom the directory has as active, or those who leave. */
export async function waitingOthers(
  db: Db,
  question: Pick<OthersQuestion, 'app' | 'subject' | 'causes'>,
  who: 'active' | 'leaving',
): Promise<string[]> {
  const active = sql`exists (select 1 from users where users.id = substr(work.key, 8) and users.active = 1)`;
  const { rows } = await sql<{ key: string }>`
    select key from work
      where app = ${question.app} and ${names(sql.ref('cause'), question.causes)} and key like 'person:%' and key <> ${question.subject}
        and parked_at is null and ${who === 'active' ? active : sql`not ${active}`}
    limit ${sql.lit(MOST_COUNTED)}`.execute(db);
  return rows.map(row => row.key);
}

export async function pruneLedger(db: Db, before: number): Promise<void> {
  await db.deleteFrom('ledger').where('at', '<=', before).execute();
}
