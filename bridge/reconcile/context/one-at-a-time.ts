/** What is done by one at a time, in this process and across replicas. */
import { type CheckLease, withLease } from './mutex';
import { type Rim } from './rim';

/**
 * Runs `task` while nobody else runs one of the same name: in this process by waiting, across replicas under a lease.
 * @throws LeaseTaken when another replica has it for longer than a second
 */
export async function oneAtATime<T>(
  { mutex, database, owner, clock }: Pick<Rim, 'mutex' | 'database' | 'owner' | 'clock'>,
  name: string,
  task: (check: CheckLease) => Promise<T>,
): Promise<T> {
  return await mutex.runExclusive(name, () => withLease(database.db, name, owner, clock, task));
}
