/** Whether work is still this process's, asked in the transaction that writes down what is about to be done in Coder, or was decided. */
import { type Db } from '../../store/database/database';
import { type Cause } from '../../store/work/enqueue';
import { isHeldBy, type Work } from '../../store/work/work';
import { LeaseTaken } from './mutex';
import { type Rim } from './rim';

/** What something is done for: work of the queue, or what is begun without it, which nobody takes over. */
export type DoneFor = Work | { readonly cause: Cause; readonly key?: undefined };

/**
 * A process that stood still for longer than its lease must not go on with what it decided before: somebody else has decided since. A SQLite
 * file has one bridge.
 * @throws LeaseTaken
 */
export async function checkStillOurs(rim: Pick<Rim, 'database' | 'owner'>, db: Db, work: DoneFor): Promise<void> {
  if (work.key === undefined || rim.database.backend === 'sqlite' || (await isHeldBy(db, work, rim.owner))) return;
  throw new LeaseTaken(`${JSON.stringify(work.key)} was taken over by another bridge`);
}
