/**
 * Work that is taken within the transaction that queues it, by whoever is about to deal with it: nobody else gets it, and it need not be looked
 * for or read again.
 */
import { type Work } from './work';

/** Who deals with what a write touches. */
export interface Claimant {
  /** Name of this process among the replicas. */
  readonly owner: string;
  readonly leaseMs: number;
}

/** What one write takes. */
export interface Claim {
  readonly owner: string;
  /** Unlike that of any other claim of this process: a row that has it was taken by this one. */
  readonly until: number;
  readonly taken: Work[];
}

/** More than these are taken as they are dealt with: a lease is short. */
export const MOST_CLAIMED = 32;

/** @returns begins a claim */
export function createClaims({ owner, leaseMs }: Claimant): (now: number) => Claim {
  let last = 0;
  return now => {
    const until = now + leaseMs;
    // Far ahead of what a moment can have taken: by a clock that was ahead.
    last = last - until > leaseMs ? until : Math.max(until, last + 1);
    return { owner, until: last, taken: [] };
  };
}
