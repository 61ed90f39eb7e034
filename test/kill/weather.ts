/** What Coder and the way to it are like while the run lasts: mostly well, and then everything that the double can do wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CoderDouble, type FaultRule } from '../support/coder-double';
import { type Random } from './random';

const KINDS = {
  calm: 5,
  failing: 2,
  failingAfterDoing: 2,
  dropping: 2,
  droppingAfterDoing: 2,
  slow: 2,
  rateLimited: 1,
  unreachable: 1,
} as const;

export class Weather {
  private ended = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly double: CoderDouble,
    private readonly random: Random,
  ) {}

  start(): void {
    this.running = this.change();
  }

  /** Fine weather from now on. */
  async clear(): Promise<void> {
    this.ended = true;
    await this.running;
    this.double.faults.clear();
    await this.double.unreachable(false);
  }

  private async change(): Promise<void> {
    const { double, random } = this;
    while (!this.ended) {
      const kind = random.weighted(KINDS);
      double.faults.clear();
      if (kind === 'unreachable') {
        await double.unreachable(true);
        await sleep(random.between(100, 1_500));
        await double.unreachable(false);
        continue;
      }
      for (const rule of this.rules(kind)) double.faults.add(rule);
      await sleep(random.between(200, 1_500));
    }
  }

  private rules(kind: Exclude<keyof typeof KINDS, 'unreachable'>): FaultRule[] {
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
