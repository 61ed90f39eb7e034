/**
 * The API's rate limit: a sliding window of a minute for each user and path. The window slides as the server's does:
 * the previous minute counts by the share of it that still lies in the last sixty seconds.
 */
import { type Clock } from '../state/clock';

const WINDOW = 60_000;

interface Bucket {
  window: number;
  current: number;
  previous: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  /** Counts a request. @param key user and path; undefined for one that bypasses the limit */
  take(key: string | undefined): RateVerdict {
    if (this.limit <= 0) return { allowed: true, headers: {} };
    const now = this.clock.now();
    const start = Math.floor(now / WINDOW) * WINDOW;
    const bucket = key === undefined ? { window: start, current: 0, previous: 0 } : this.bucket(key, start);
    const weighted = bucket.previous * (1 - (now - start) / WINDOW) + bucket.current;
    const rate = Math.round(weighted);
    const allowed = rate + 1 <= this.limit;
    if (allowed) bucket.current += 1;
    const headers = {
      'x-ratelimit-limit': String(this.limit),
      'x-ratelimit-remaining': String(Math.max(0, this.limit - rate - (allowed ? 1 : 0))),
      'x-ratelimit-reset': String(Math.floor((start + WINDOW) / 1000)),
    };
    return { allowed, headers: allowed ? headers : { ...headers, 'retry-after': String(WINDOW / 1000) } };
  }

  private bucket(key: string, start: number): Bucket {
    const bucket = this.buckets.get(key) ?? { window: start, current: 0, previous: 0 };
    if (bucket.window !== start) {
      bucket.previous = bucket.window === start - WINDOW ? bucket.current : 0;
      bucket.current = 0;
      bucket.window = start;
    }
    if (!this.buckets.has(key)) this.prune(start);
    this.buckets.set(key, bucket);
    return bucket;
  }

  /** A directory of 50,000 has as many paths; what is two windows old no longer counts. */
  private prune(start: number): void {
    if (this.buckets.size < 20_000) return;
    for (const [key, bucket] of this.buckets) if (bucket.window < start - WINDOW) this.buckets.delete(key);
  }

  refusal(): string {
    return `You've been rate limited for sending more than ${this.limit} requests in 1m0s.`;
  }
}
