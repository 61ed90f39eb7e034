/**
 * What Coder's rate limit leaves, by path: its buckets are per account and path, the method is not part of them. Read
 * from the headers of each answer, so that a 429 is the exception.
 */
import { type Lane } from './gate';

interface Bucket {
  readonly limit: number;
  remaining: number;
  /** On this side's clock. */
  resetAt: number;
  /** Set by a 429: nothing goes before that. */
  blockedUntil: number;
  readonly learnedAt: number;
}

export interface RateLimitAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

// Background work leaves this share of each bucket to requests.
const SHARE_FOR_REQUESTS = 0.2;
const LONGEST_WINDOW_MS = 120_000;
/** Coder's windows are a minute long. Whatever a proxy asks for beyond that, who waits to be locked out does not wait for it. */
const LONGEST_RETRY_AFTER_MS = 60_000;
const MOST_BUCKETS = 2_000;

/** `Retry-After` in milliseconds, seconds or an HTTP date: a minute at most. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const asked = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(asked) ? undefined : Math.min(Math.max(0, asked), LONGEST_RETRY_AFTER_MS);
}

export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();

  /** Milliseconds to wait before a call to this path; 0 takes one from what is left. */
  reserve(path: string, lane: Lane, now: number): number {
    const bucket = this.buckets.get(path);
    if (bucket === undefined) return 0;
    // A clock that jumped ahead and back: what was learned then is of a time to come.
    if (now < bucket.learnedAt) {
      this.buckets.delete(path);
      return 0;
    }
    if (now < bucket.blockedUntil) return bucket.blockedUntil - now;
    if (now >= bucket.resetAt) {
      this.buckets.delete(path);
      return 0;
    }
    const kept = lane === 'background' ? Math.floor(bucket.limit * SHARE_FOR_REQUESTS) : 0;
    if (bucket.remaining <= kept) return bucket.resetAt - now;
    bucket.remaining -= 1;
    return 0;
  }

  /** Learns from an answer; for a 429 the milliseconds after which to try again. */
  learn(path: string, answer: RateLimitAnswer, now: number): number | undefined {
    const limit = Number(answer.header('x-ratelimit-limit') ?? NaN);
    const left = Number(answer.header('x-ratelimit-remaining') ?? NaN);
    const known = this.buckets.get(path);
    const asked = answer.status === 429 ? parseRetryAfter(answer.header('retry-after'), now) : undefined;
    const resetAt = this.resetOnThisClock(answer, now, asked ?? 60_000);
    const retryAfterMs = answer.status === 429 ? (asked ?? resetAt - now) : undefined;
    if (!Number.isFinite(limit) && retryAfterMs === undefined) return undefined;
    const sameWindow = known !== undefined && Math.abs(known.resetAt - resetAt) < 2_000;
    const bucket: Bucket = {
      limit: Number.isFinite(limit) ? limit : 1,
      // Answers overtake each other: in one window only the smaller number can be right.
      remaining: sameWindow ? Math.min(known.remaining, left) : Number.isFinite(left) ? left : 0,
      resetAt: retryAfterMs === undefined ? resetAt : Math.max(resetAt, now + retryAfterMs),
      learnedAt: now,
      blockedUntil: Math.max(known?.blockedUntil ?? 0, retryAfterMs === undefined ? 0 : now + retryAfterMs),
    };
    // Most paths are used once: only what is half spent is worth remembering.
    if (bucket.blockedUntil <= now && bucket.remaining * 2 > bucket.limit) this.buckets.delete(path);
    else this.buckets.set(path, bucket);
    if (this.buckets.size > MOST_BUCKETS) this.forgetOld(now);
    return retryAfterMs;
  }

  private resetOnThisClock(answer: RateLimitAnswer, now: number, otherwise: number): number {
    const reset = Number(answer.header('x-ratelimit-reset') ?? NaN) * 1_000;
    const serverNow = Date.parse(answer.header('date') ?? '');
    // The two clocks may differ: what counts is how far the reset is from the server's own time.
    const wait = Number.isFinite(reset) ? reset - (Number.isNaN(serverNow) ? now : serverNow) : otherwise;
    return now + Math.min(Math.max(wait, 0), LONGEST_WINDOW_MS);
  }

  private forgetOld(now: number): void {
    for (const [path, bucket] of this.buckets) {
      if (bucket.resetAt <= now && bucket.blockedUntil <= now) this.buckets.delete(path);
    }
    for (const path of this.buckets.keys()) {
      if (this.buckets.size <= MOST_BUCKETS) return;
      this.buckets.delete(path);
    }
  }
}
