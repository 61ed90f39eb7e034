/**
 * What a clock that jumped ahead and back has left behind: times that no clock can have written yet. They are pulled back, so that nothing
 * waits for a time that may be years away.
 */
import { type Db } from '../database/database';
import { CALL_MAY_LAST_MS } from '../journal/journal';

/** Further ahead than any pause before another try. */
const FURTHEST_DUE_MS = 30 * 60_000;
/** Further ahead than any lease. */
const LONGEST_LEASE_MS = 10 * 60_000;

/** @returns how much was pulled back */
export async function pullBack(db: Db, now: number): Promise<number> {
  const changed = [
    await db
      .updateTable('work')
      .set({ due_at: now })
      .where('due_at', '>', now + FURTHEST_DUE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('work')
      .set({ lease_owner: null, lease_until: null })
      .where('lease_until', '>', now + LONGEST_LEASE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('coder_groups')
      .set({ flushed_at: now })
      .where('flushed_at', '>', now + FURTHEST_DUE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('ledger')
      .set({ at: now })
      .where('at', '>', now + FURTHEST_DUE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('apps')
      .set({ swept_at: null })
      .where('swept_at', '>', now + FURTHEST_DUE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('apps')
      .set({ created_at: now })
      .where('created_at', '>', now + FURTHEST_DUE_MS)
      .executeTakeFirst(),
    await db
      .updateTable('journal')
      .set({ since: now })
      .where('since', '>', now + CALL_MAY_LAST_MS)
      .executeTakeFirst(),
  ].reduce((sum, result) => sum + Number(result.numUpdatedRows), 0);
  const { numDeletedRows } = await db
    .deleteFrom('leases')
    .where('until', '>', now + LONGEST_LEASE_MS)
    .executeTakeFirst();
  return changed + Number(numDeletedRows);
}
