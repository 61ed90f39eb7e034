/**
 * The time by which what is kept for a time only is removed for good. A clock that jumps ahead must not make everything old: what is gone does
 * not come back with the clock. So it is believed once it has gone as evenly as the machine's own count of time for a while, and never
 * further than Coder's.
 */
import { type CoderClient } from '../../coder';
import { type Clock, type Log } from '../types';

/** For so long a clock has to go evenly. */
const SETTLED_MS = 3_600_000;
/** What NTP may put right meanwhile, between two looks. */
const UNEVEN_MS = 60_000;

export class SettledTime {
  #last: { readonly now: number; readonly counted: number } | undefined;
  #evenSince = 0;

  /** @param count milliseconds since some moment, which nobody can set @default performance.now */
  constructor(
    private readonly clock: Clock,
    private readonly coder: Pick<CoderClient, 'clockAheadMs'>,
    private readonly log: Pick<Log, 'warn'>,
    private readonly count: () => number = () => performance.now(),
  ) {}

  /** Looks at the clock. @returns milliseconds since 1970; undefined while it is not known whether the clock is right */
  look(): number | undefined {
    const [now, counted, last] = [this.clock.now(), this.count(), this.#last];
    this.#last = { now, counted };
    if (last === undefined) this.#evenSince = counted;
    else {
      const movedMs = Math.round(now - last.now - (counted - last.counted));
      if (Math.abs(movedMs) > UNEVEN_MS) {
        this.#evenSince = counted;
        this.log.warn({ movedMs }, 'the clock was moved: nothing is removed by its age for an hour');
      }
    }
    if (counted - this.#evenSince < SETTLED_MS) return undefined;
    return Math.min(now, now + (this.coder.clockAheadMs ?? 0));
  }
}
