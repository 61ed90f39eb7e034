/** The double's time, replaceable so that windows and expiries can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until told: `advance(60_000)` is a minute later. */
export class ManualClock implements Clock {
  constructor(private millis: number = Date.now()) {}

  now(): number {
    return this.millis;
  }

  advance(millis: number): void {
    this.millis += millis;
  }
}

/** Go's zero time, which Coder shows for "never". */
export const NEVER = '0001-01-01T00:00:00Z';
