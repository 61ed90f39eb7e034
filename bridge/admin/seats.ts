/** Seats of Coder's licence, remembered for a moment: Coder itself counts them every few minutes. */
import { type CoderClient, type Seats } from '../coder';

export interface SeatCount {
  /** Null when Coder does not say. Never rejects. */
  read(): Promise<Seats | null>;
}

const REMEMBER_MS = 60_000;

export function createSeatCount(coder: Pick<CoderClient, 'getEntitlements'>, clock: () => number): SeatCount {
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

  return {
    read() {
      if (known !== undefined && clock() < known.until && known.until - clock() <= REMEMBER_MS)
        return Promise.resolve(known.seats);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}
