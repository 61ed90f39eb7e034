/** Queues a key for a later time, unless it is queued already. */
import { type Db } from '../database/database';
import { type Cause, type WorkItem } from './enqueue';

/** @param item `dueAt`: milliseconds since 1970 */
export async function enqueueLater(db: Db, item: WorkItem & { readonly dueAt: number }, cause: Cause): Promise<void> {
  await db
    .insertInto('work')
    .values({
      key: item.key,
      app: item.app,
      priority: item.priority,
      due_at: item.dueAt,
      enqueued_at: item.dueAt,
      seq: 1,
      attempts: 0,
      cause: JSON.stringify(cause),
    })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
}
