/**
 * Concurrent writes as they were recorded. A burst is the time in which at least one write of one thing is in flight;
 * the verdict on each write depends on its place in the burst only, so a race has the same outcome every time.
 */
import { type Clock } from '../state/clock';

interface Burst {
  inFlight: number;
  started: number;
  readonly members: Set<string>;
}

export type PatchVerdict = 'lands' | 'lost';

export class Flights {
  private readonly bursts = new Map<string, Burst>();

  /** @param milliseconds how long a write lasts at least; with 0 none ever overlaps another */
  constructor(
    private readonly milliseconds: number,
    private readonly clock: Clock,
  ) {}

  /** Joins the burst of a key, and leaves it when the write is over. */
  private enter(key: string): Burst {
    const burst = this.bursts.get(key) ?? { inFlight: 0, started: 0, members: new Set<string>() };
    this.bursts.set(key, burst);
    burst.inFlight += 1;
    burst.started += 1;
    return burst;
  }

  private leave(key: string, burst: Burst): void {
    burst.inFlight -= 1;
    if (burst.inFlight === 0) this.bursts.delete(key);
  }

  /** Takes the time of a write. */
  private async pass(extra: number): Promise<void> {
    const time = Math.max(this.milliseconds, extra);
    if (time > 0) await this.clock.sleep(time);
  }

  /**
   * PATCH of one group: every second of overlapping writes loses, though of those that add a member whom another of
   * the burst adds only the first does; the others find the member there already.
   */
  async patchGroup<T>(
    groupId: string,
    adds: readonly string[],
    extra: number,
    write: (verdict: PatchVerdict) => T,
  ): Promise<T> {
    const key = `group ${groupId}`;
    const burst = this.enter(key);
    try {
      const place = burst.started - 1;
      const duplicate = adds.some(id => burst.members.has(id));
      for (const id of adds) burst.members.add(id);
      const lost = place === 1 || (place % 2 === 1 && !duplicate);
      const result = write(lost ? 'lost' : 'lands');
      await this.pass(extra);
      return result;
    } finally {
      this.leave(key, burst);
    }
  }

  /** Creation of one user: the first lands, the next five break on a unique index, later ones are told it exists. */
  async createUser<T>(names: readonly string[], write: (verdict: 'lands' | 'breaks' | 'exists') => T): Promise<T> {
    const keys = names.map(name => `user ${name}`);
    const entered = keys.map(key => [key, this.enter(key)] as const);
    try {
      const place = Math.max(...entered.map(([, burst]) => burst.started)) - 1;
      const result = write(place === 0 ? 'lands' : place <= 5 ? 'breaks' : 'exists');
      await this.pass(0);
      return result;
    } finally {
      for (const [key, burst] of entered) this.leave(key, burst);
    }
  }
}
