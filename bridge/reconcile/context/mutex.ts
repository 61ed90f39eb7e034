/** One at a time for each name: in this process by waiting, across replicas by a lease. */
import { type Db } from '../../store/database/database';
import { dropLease, renewLease, takeLease } from '../../store/work/leases';
import { type Clock } from '../types';

/** Tasks of this process, one at a time for each name. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `task` when everybody who came before under this name is done; it is told whether there was anybody. */
  async runExclusive<T>(name: string, task: (waited: boolean) => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const run = () => task(before !== undefined);
    const turn = (before ?? Promise.resolve()).then(run, run);
    const tail = turn.catch(() => undefined);
    this.#tails.set(name, tail);
    try {
      return await turn;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }

  /** As `runExclusive`, under several names at once; always in the same order, so that no two wait for each other. */
  async runExclusiveAll<T>(names: readonly string[], task: (waited: boolean) => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(names)].sort();
    if (first === undefined) return await task(false);
    return await this.runExclusive(first, waited => this.runExclusiveAll(rest, later => task(waited || later)));
  }
}

/** Another replica holds the lease; the work is tried again a little later. */
export class LeaseTaken extends Error {
  override readonly name = 'LeaseTaken';
}

const LEASE_MS = 30_000;
const TRIES = 20;
const PAUSE_MS = 50;

/**
 * Asks whether a lease is this process's still, and keeps it for as long again: a process that stood still may have lost it.
 * @throws LeaseTaken
 */
export type CheckLease = () => Promise<void>;

/**
 * Runs `task` while holding a lease that no other replica has meanwhile, however long it takes.
 * @param task asks again before it does by what was decided under the lease what can't be undone
 * @throws LeaseTaken when it is not free within a second
 */
export async function withLease<T>(
  db: Db,
  name: string,
  owner: string,
  clock: Clock,
  task: (check: CheckLease) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; !(await takeLease(db, name, owner, clock.now(), LEASE_MS)); attempt += 1) {
    if (attempt === TRIES) throw new LeaseTaken(`lease ${JSON.stringify(name)} is held by another bridge`);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
  const renew = () => renewLease(db, name, owner, clock.now(), LEASE_MS);
  // Where the database fails for a moment, the next one, or whoever asks, has it still.
  const renewal = setInterval(() => void renew().catch(() => false), LEASE_MS / 3);
  renewal.unref();
  try {
    return await task(async () => {
      if (!(await renew())) throw new LeaseTaken(`lease ${JSON.stringify(name)} was taken over by another bridge`);
    });
  } finally {
    clearInterval(renewal);
    await dropLease(db, name, owner);
  }
}
