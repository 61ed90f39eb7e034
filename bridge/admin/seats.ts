/** Seats of Coder's licence, remembered for a moment: Coder itself counts them every few minutes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CoderClient, type Seats } from '../coder';

export interface SeatCount {
  /** Null when Coder does not say. Never rejects, and waits for a Coder that is silent a moment at most. */
  read(): Promise<Seats | null>;
}

export interface SeatCountOptions {
  /** How long somebody waits for Coder's answer; then what was known last is told. @default 3 seconds */
  readonly patienceMs?: number;
}

const REMEMBER_MS = 60_000;

export function createSeatCount(
  coder: Pick<CoderClient, 'getEntitlements'>,
  clock: () => number,
  { patienceMs = 3_000 }: SeatCountOptions = {},
): SeatCount {
  let known: { readonly seats: Seats | null; readonly until: number } | undefined;
  let asking: Promise<Seats | null> | undefined;

  async function ask(): Promise<Seats | null> {
    const seats = await coder.getEntitlements().then(
      entitlements => entitlements.seats ?? null,
      () => null,
    );
    known = { seats, until: clock() + REMEMBER_MS };
    return seats;
  }

  /** The answer, or what was known last: the client goes on asking for a minute, and whoever scrapes has left by then. */
  async function inTime(answer: Promise<Seats | null>): Promise<Seats | null> {
    const ended = new AbortController();
    const late = sleep(patienceMs, undefined, { signal: ended.signal }).then(
      () => {
        // Nobody waits for this answer any more.
        asking = Promise.resolve(known?.seats ?? null);
        return asking;
      },
      () => null,
    );
    const seats = await Promise.race([answer, late]);
    ended.abort();
    return seats;
  }

  return {
    read() {
      if (known !== undefined && clock() < known.until && known.until - clock() <= REMEMBER_MS)
        return Promise.resolve(known.seats);
      asking ??= inTime(
        ask().finally(() => {
          asking = undefined;
        }),
      );
      return asking;
    },
  };
}
