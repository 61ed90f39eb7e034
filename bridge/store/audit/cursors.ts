/** How far each destination has been told of the audit trail: a number in its chain, which no line is behind. */
import { type Db } from '../database/database';

/** The last line that the destination took; undefined when it is new. */
export async function readCursor(db: Db, destination: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_cursors')
    .select('seq')
    .where('destination', '=', destination)
    .executeTakeFirst();
  return row === undefined ? undefined : Number(row.seq);
}

/** For one that is new; where another replica was first, its cursor stays. */
export async function beginCursor(db: Db, destination: string, seq: number, now: number): Promise<void> {
  await db
    .insertInto('audit_cursors')
    .values({ destination, seq, updated_at: now })
    .onConflict(conflict => conflict.column('destination').doNothing())
    .execute();
}

/** Never goes back: who was slow does not undo what another one did. Nor does it bring back one that was forgotten meanwhile. */
export async function advanceCursor(db: Db, destination: string, seq: number, now: number): Promise<void> {
  await db
    .updateTable('audit_cursors')
    .set({ seq, updated_at: now })
    .where('destination', '=', destination)
    .where('seq', '<', seq)
    .execute();
}

/** Forgets destinations that are not configured any more, so that nothing is kept for them. */
export async function keepCursors(db: Db, destinations: readonly string[]): Promise<void> {
  await db
    .deleteFrom('audit_cursors')
    .$if(destinations.length > 0, query => query.where('destination', 'not in', destinations))
    .execute();
}
