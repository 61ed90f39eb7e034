/** How long a transaction waits for another process that holds the SQLite file locked. */
const PATIENCE_MS = 5_000;

/**
 * One lock is waited for once, by all that wait for it one after the other: a request of several transactions, and what comes after it,
 * fails no later than the first of them.
 */
export class LockPatience {
  #since: number | undefined;
  #triedAt = 0;

  /** @param now milliseconds of a clock that never jumps */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The lock is gone. */
  begun(): void {
    this.#since = undefined;
  }

  /** Called after each try that met a lock. */
  isOver(): boolean {
    const now = this.now();
    // Nobody tried for so long: that was another lock.
    if (this.#since === undefined || now - this.#triedAt > PATIENCE_MS) this.#since = now;
    this.#triedAt = now;
    return now - this.#since >= PATIENCE_MS;
  }
}
