/**
 * The guard between plan and apply: how much may be taken, and from whom never. Pure. It stops removals; additions flow.
 */
import { createHash } from 'node:crypto';
import { type Guard } from '../../contract/mapping-state';
import { type Removal, removalKey } from './plan';

/**
 * Why removals are stopped.
 * - `too-many-removals`: more people lost something within an hour, one request after the other, than the share allows
 * - `plan-too-large`: a declaration or a sweep would take something from more people at once than the share allows
 * - `idp-group-vanished`: the group that a mapping reads is gone from the directory
 * - `last-owner`: too few active owners would stay
 */
export type HoldReason = 'too-many-removals' | 'plan-too-large' | 'idp-group-vanished' | 'last-owner';

/** Digest of exactly these removals, in any order. */
export function digestOf(removals: readonly Removal[]): string {
  return createHash('sha256').update(removals.map(removalKey).sort().join('\n')).digest('hex').slice(0, 32);
}

/** How many people of an app may lose something within an hour. */
export function removalLimit(guard: Pick<Guard, 'maxRemovalsPercent' | 'minRemovals'>, people: number): number {
  return Math.max(guard.minRemovals, Math.floor((people * guard.maxRemovalsPercent) / 100));
}

export interface GuardContext {
  readonly guard: Pick<Guard, 'maxRemovalsPercent' | 'minRemovals'>;
  /** People of the app who have an account. */
  readonly people: number;
  /** Other people who lost something in the last hour. */
  readonly recent: number;
  /** Other people whose removals are held as `too-many-removals` already; a held plan does not keep leavers in. */
  readonly held: number;
  /** Other people who are about to be dealt with because of the same request: one request is one plan. */
  readonly waiting: number;
  /** The removals of this person that are held, or were released. */
  readonly before: { readonly digest: string; readonly reason: string; readonly released: boolean } | undefined;
  /** Whether the thing is lost because a mapping's group vanished from the directory. */
  readonly vanished: (removal: Removal) => boolean;
}

export type Verdict =
  | { readonly held: readonly []; readonly reason: undefined }
  | { readonly held: readonly Removal[]; readonly reason: Exclude<HoldReason, 'last-owner'> };

const PASS: Verdict = { held: [], reason: undefined };

/** Whether one person's removals may go now. */
export function guardPerson(removals: readonly Removal[], context: GuardContext): Verdict {
  if (removals.length === 0) return PASS;
  const { before } = context;
  const digest = digestOf(removals);
  if (before?.digest === digest && before.released) return PASS;
  const leaves = removals.some(removal => removal.kind === 'account');
  const vanished = leaves ? [] : removals.filter(context.vanished);
  const vanishedPasses = before !== undefined && before.released && before.digest === digestOf(vanished);
  if (vanished.length > 0 && !vanishedPasses) {
    const others = removals.length > vanished.length && isTooMany(context);
    return { held: others ? removals : vanished, reason: 'idp-group-vanished' };
  }
  const stays = before !== undefined && !before.released && before.digest === digest;
  if (stays && (before.reason === 'too-many-removals' || before.reason === 'plan-too-large'))
    return { held: removals, reason: before.reason };
  return isTooMany(context) && !vanishedPasses ? { held: removals, reason: 'too-many-removals' } : PASS;
}

function isTooMany(context: GuardContext): boolean {
  return context.recent + context.held + context.waiting + 1 > removalLimit(context.guard, context.people);
}

export interface Loser {
  readonly subject: string;
  readonly removals: readonly Removal[];
  /** Exactly these removals were released by an operator. */
  readonly released: boolean;
}

/** Whether a whole plan takes too much: then none of its removals goes. */
export function guardPlan(
  losers: readonly Loser[],
  context: Pick<GuardContext, 'guard' | 'people' | 'recent'>,
): 'pass' | 'hold' {
  const counted = losers.filter(loser => loser.removals.length > 0 && !loser.released).length;
  return counted > 0 && counted + context.recent > removalLimit(context.guard, context.people) ? 'hold' : 'pass';
}

/** Whether enough active owners stay when one goes. */
export function keepsOwners(activeOwners: number, minOwners: number): boolean {
  return activeOwners - 1 >= minOwners;
}
