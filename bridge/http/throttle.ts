/**
 * Counts failed sign-ins per source address and per token id. Only failures are counted and only failures are refused: a
 * valid token passes from an address that others abuse. Memory is bounded; when it is full the oldest entry goes.
 */
import { wasWithin } from '../contract/was-within';

/** How many failures, in which time, and how many entries are remembered. */
export interface ThrottleOptions {
  /** @default 10 */
  readonly failures?: number;
  /** @default 60 seconds */
  readonly windowMs?: number;
  /** @default 10000 */
  readonly entries?: number;
}

interface Window {
  count: number;
  readonly endsAt: number;
}

/** A fixed window per key. */
export class Throttle {
  private readonly windows = new Map<string, Window>();
  private readonly failures: number;
  private readonly windowMs: number;
  private readonly entries: number;

  constructor(options: ThrottleOptions = {}) {
    this.failures = options.failures ?? 10;
    this.windowMs = options.windowMs ?? 60_000;
    this.entries = options.entries ?? 10_000;
  }

  /**
   * Notes a failure under each key.
   * @returns seconds to wait when one of the keys has failed too often, else 0
   */
  fail(keys: readonly string[], now: number): number {
    return Math.max(0, ...keys.map(key => this.count(key, now)));
  }

  private count(key: string, now: number): number {
    let window = this.windows.get(key);
    // A clock that went back must not make a window last.
    if (window === undefined || !wasWithin(now, window.endsAt - this.windowMs, this.windowMs)) {
      this.windows.delete(key);
      if (this.windows.size >= this.entries) this.forgetOldest();
      window = { count: 0, endsAt: now + this.windowMs };
      this.windows.set(key, window);
    }
    window.count += 1;
    return window.count > this.failures ? Math.max(1, Math.ceil((window.endsAt - now) / 1_000)) : 0;
  }

  private forgetOldest(): void {
    const oldest = this.windows.keys().next();
    if (!oldest.done) this.windows.delete(oldest.value);
  }
}
