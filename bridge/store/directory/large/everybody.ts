/** Everybody in a group goes into the queue: of a small one with the transaction, of a large one in turns after it. */
import { enqueueMembersOf } from '../../work/enqueue';
import { type Loosening, loosenNone } from './loose-sets';
import { largeSetOf } from './pages';

/**
 * Part of a transaction. Of a large group it notes what is owed, which {@link LooseSets} then sees to.
 * @returns whether they are in the queue with it
 */
export async function enqueueEverybodyIn(write: Loosening, groupId: string, priority: number): Promise<boolean> {
  const large = await largeSetOf(write.db, groupId);
  if (large === undefined) {
    await enqueueMembersOf(write.db, groupId, write.app, priority, write.cause, write.now, write.dueAt);
    return true;
  }
  await loosenNone(write, large, priority);
  return false;
}
