/**
 * What Coder and the way to it are like while the run lasts: mostly well, and then everything that the double can do wrong. Each
 * weather lasts as long as it takes the bridges to acknowledge so many requests, and no time.
 */
import { type CoderDouble, type FaultRule } from '../support/coder-double';
import { type Random } from './random';
import { type Tally } from './tally';

const KINDS = {
  calm: 5,
  failing: 2,
  failingAfterDoing: 2,
  dropping: 2,
  droppingAfterDoing: 2,
  slow: 2,
  rateLimited: 1,
  unreachable: 1,
  longOutage: 1,
} as const;

/** Requests that are acknowledged while a weather lasts. */
const LASTS = [5, 30] as const;
const LONG_OUTAGE_LASTS = [60, 200] as const;

export class Weather {
  private ended = false;
  private end: () => void = () => undefined;
  private readonly untilEnd = new Promise<void>(resolve => (this.end = resolve));
  private running: Promise<void> | undefined;
  /** How often Coder was away for long. */
  longOutages = 0;

  constructor(
    private readonly double: CoderDouble,
    private readonly acknowledged: Tally,
    private readonly random: Random,
  ) {}

  start(): void {
    this.running = this.change();
  }

  /** Fine weather from now on. */
  async clear(): Promise<void> {
    this.ended = true;
    this.end();
    await this.running;
    this.double.faults.clear();
    await this.double.unreachable(false);
  }

  private async change(): Promise<void> {
    const { double, random } = this;
    while (!this.ended) {
      const kind = random.weighted(KINDS);
      double.faults.clear();
      if (kind === 'unreachable' || kind === 'longOutage') {
        if (kind === 'longOutage') this.longOutages += 1;
        await double.unreachable(true);
        await this.lasting(kind === 'longOutage' ? LONG_OUTAGE_LASTS : LASTS);
        await double.unreachable(false);
        continue;
      }
      for (const rule of this.rules(kind)) double.faults.add(rule);
      await this.lasting(LASTS);
    }
  }

  private async lasting([least, most]: readonly [number, number]): Promise<void> {
    await Promise.race([this.acknowledged.more(this.random.between(least, most)), this.untilEnd]);
  }

  private rules(kind: Exclude<keyof typeof KINDS, 'unreachable' | 'longOutage'>): FaultRule[] {
    const { random } = this;
    const probability = random.pick([0.05, 0.2, 0.6]);
    const writes = { method: random.pick(['POST', 'PUT', 'PATCH', 'DELETE']) };
    const match = random.chance(0.5) ? { match: writes } : {};
    switch (kind) {
      case 'calm':
        return [];
      case 'failing':
        return [{ kind: 'fail', status: random.pick([500, 502, 503]), probability, ...match }];
      case 'failingAfterDoing':
        return [{ kind: 'fail-after-doing', probability, match: writes }];
      case 'dropping':
        return [{ kind: 'drop', probability, ...match }];
      case 'droppingAfterDoing':
        return [{ kind: 'drop', afterDoing: true, probability, match: writes }];
      case 'slow':
        return [{ kind: 'slow', ms: random.between(20, 400), probability: 0.5 }];
      case 'rateLimited':
        return [{ kind: 'rate-limit', retryAfterSeconds: 1, times: random.between(1, 5), probability }];
    }
  }
}
