/** Whoever may have waited for an account to end is looked at again: its address is free, or its roles are. */
import { othersOfAddress } from '../../store/accounts/addresses';
import { type Db } from '../../store/database/database';
import { enqueue, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';

/**
 * Queues everybody else who states one of these addresses, or did. Not those alone who are noted as held: who is being dealt with
 * in this moment, by another replica, may have seen the account that is no more.
 */
export async function wakeOthers(
  db: Db,
  work: Work,
  userId: string,
  addresses: readonly string[],
  now: number,
): Promise<WorkKey[]> {
  const others = new Map<WorkKey, string>();
  for (const address of addresses)
    if (address !== '')
      for (const other of await othersOfAddress(db, address, userId)) others.set(`person:${other.userId}`, other.app);
  await enqueue(
    db,
    [...others].map(([key, app]) => ({ key, app, priority: PRIORITY.request })),
    work.cause,
    now,
  );
  return [...others.keys()];
}
