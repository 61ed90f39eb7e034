/**
 * The double's time: every reading and every wait goes through it, so that a simulation can put its own time in the
 * place of the real one.
 */
import { setTimeout as wait, setImmediate as turn } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Is called with more than 0 only. */
  sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds) {
    await wait(milliseconds);
    // Requests that are already at the door get in before the wait ends.
    await turn();
    await turn();
  },
};

/** A clock that stands still until told: `advance(60_000)` is a minute later. Waiting takes real time. */
export class ManualClock implements Clock {
  constructor(private millis: number = Date.now()) {}

  now(): number {
    return this.millis;
  }

  sleep(milliseconds: number): Promise<void> {
    return systemClock.sleep(milliseconds);
  }

  advance(millis: number): void {
    this.millis += millis;
  }
}

/** Go's zero time, which Coder shows for "never". */
export const NEVER = '0001-01-01T00:00:00Z';
