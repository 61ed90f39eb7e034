/**
 * What the guard stopped, one row per person. The open rows of an app together are its hold; the id of a hold is the digest of exactly these rows, so that a release can not let anything else pass.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { causesIn, causeText } from '../work/causes';

export interface HeldRemovals {
  readonly app: string;
  /** `person:<SCIM user id>`. */
  readonly subject: string;
  readonly digest: string;
  /** Why, one for each ledger that stopped something: that of what is lost before those of what is gained. */
  readonly reasons: readonly string[];
  readonly changes: readonly string[];
  /** The cause under which this was first held, as JSON: what one request takes is one plan, whoever asks later, and whatever else. */
  readonly cause: string | undefined;
  readonly createdAt: number;
  readonly releasedAt: number | undefined;
}

/** The id of the hold that these rows are, in any order. */
export function holdId(rows: readonly Pick<HeldRemovals, 'subject' | 'digest'>[]): string {
  const lines = rows.map(row => `${row.subject} ${row.digest}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
}

const selectHeld = statement<{ app: string; subject: string }>()((db, { app, subject }) =>
  db.selectFrom('holds').selectAll().where('app', '=', app).where('subject', '=', subject),
);

export async function readHeld(db: Db, app: string, subject: string): Promise<HeldRemovals | undefined> {
  const [row] = (await selectHeld(db, { app, subject })).rows;
  return row === undefined ? undefined : toHeld(row);
}

const selectHeldOf = statement<{ subjects: readonly string[] }>()((db, { subjects }) =>
  db.selectFrom('holds').selectAll().where('subject', 'in', among(db, subjects)),
);

/** What was held or released of these people, in whichever app. */
export async function readHeldOf(db: Db, subjects: readonly string[]): Promise<HeldRemovals[]> {
  return subjects.length === 0 ? [] : (await selectHeldOf(db, { subjects })).rows.map(toHeld);
}

export interface HoldRow {
  app: string;
  subject: string;
  digest: string;
  /** All reasons, with `, ` between them. */
  reason: string;
  changes: string;
  cause: string | null;
  created_at: number;
  released_at: number | null;
}

const BETWEEN_REASONS = ', ';

export const toHeld = (row: HoldRow): HeldRemovals => ({
  app: row.app,
  subject: row.subject,
  digest: row.digest,
  reasons: row.reason.split(BETWEEN_REASONS),
  changes: JSON.parse(row.changes) as string[],
  cause: row.cause ?? undefined,
  createdAt: row.created_at,
  releasedAt: row.released_at ?? undefined,
});

/** Everything that is held and not released, of one app or of all. */
export async function listOpenHolds(db: Db, app?: string): Promise<HeldRemovals[]> {
  const rows = await db
    .selectFrom('holds')
    .selectAll()
    .where('released_at', 'is', null)
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
    .orderBy('app')
    .orderBy('subject')
    .execute();
  return rows.map(toHeld);
}

/** What is held of these people, in whichever app. */
export async function listOpenHoldsOf(db: Db, subjects: readonly string[]): Promise<HeldRemovals[]> {
  return (await readHeldOf(db, subjects)).filter(({ releasedAt }) => releasedAt === undefined);
}

/** Everything that is held or was released and is not done yet, of one app. */
export async function listHolds(db: Db, app: string): Promise<HeldRemovals[]> {
  const rows = await db.selectFrom('holds').selectAll().where('app', '=', app).execute();
  return rows.map(toHeld);
}

/**
 * Holds removals of a person; removals other than the ones held before replace them and are not released. A release of the same ones
 * that came since they were looked at stands.
 */
export async function hold(
  db: Db,
  held: Pick<HeldRemovals, 'app' | 'subject' | 'digest' | 'reasons' | 'changes'> & {
    /** Why, each as JSON, the newest first. */
    readonly causes: readonly string[];
    /** For each reason those like it: what was open for one of them was part of a plan, and what has become of it still is. @default none */
    readonly alike?: readonly (readonly string[])[];
  },
  now: number,
): Promise<'held' | 'already'> {
  const before = await readHeld(db, held.app, held.subject);
  const reason = held.reasons.join(BETWEEN_REASONS);
  if (
    before?.digest === held.digest &&
    (before.releasedAt !== undefined || before.reasons.join(BETWEEN_REASONS) === reason)
  )
    return 'already';
  const values = {
    digest: held.digest,
    reason,
    changes: JSON.stringify(held.changes),
    created_at: now,
    cause: causeText(causesOf(held, before)),
  };
  await db
    .insertInto('holds')
    .values({ app: held.app, subject: held.subject, ...values })
    .onConflict(conflict =>
      conflict.columns(['app', 'subject']).doUpdateSet({ ...values, released_at: null, released_by: null }),
    )
    .execute();
  return 'held';
}

/** What was held keeps the plan that it is part of; what comes to it is part of another one. */
function causesOf(
  { digest, causes, alike = [] }: Pick<Parameters<typeof hold>[1], 'digest' | 'causes' | 'alike'>,
  before: HeldRemovals | undefined,
): readonly string[] {
  const kept = causesIn(before?.cause);
  const isPart = alike.map(reasons => reasons.some(reason => before?.reasons.includes(reason)));
  const isSamePlan = before?.digest === digest || (before?.releasedAt === undefined && isPart.includes(true));
  if (kept.length === 0 || !isSamePlan) return causes;
  return isPart.includes(false) ? [...causes, ...kept] : kept;
}

const deleteHeld = statement<{ app: string; subject: string }>()((db, { app, subject }) =>
  db.deleteFrom('holds').where('app', '=', app).where('subject', '=', subject),
);

/** Nothing of this person is held any more: done, or no longer asked for. */
export async function dropHold(db: Db, app: string, subject: string): Promise<boolean> {
  return (await deleteHeld(db, { app, subject })).changes > 0;
}

/** Releases exactly these, as they were read. @returns how many of them were still so */
export async function releaseHolds(
  db: Db,
  app: string,
  held: readonly Pick<HeldRemovals, 'subject' | 'digest'>[],
  by: string,
  now: number,
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('holds')
    .set({ released_at: now, released_by: by })
    .where('app', '=', app)
    .where('released_at', 'is', null)
    .where(
      sql<string>`subject || ' ' || digest`,
      'in',
      among(
        db,
        held.map(({ subject, digest }) => `${subject} ${digest}`),
      ),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
