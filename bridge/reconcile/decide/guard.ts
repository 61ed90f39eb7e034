/**
 * The guard between plan and apply: how much may be taken, and from whom never. Pure. It stops removals; additions flow.
 */
import { createHash } from 'node:crypto';
import { type Guard } from '../../contract/mapping-state';
import { gainKey, type GuardedGain, type Removal, removalKey } from './plan';

/** The time in which the guard counts what was taken and given. */
export const HOUR_MS = 3_600_000;

/**
 * Why something is stopped.
 * - `too-many-removals`: more people lost something within an hour, one request after the other, than the share allows
 * - `too-many-leavers`: more people were deactivated or deleted within an hour than the share allows
 * - `plan-too-large`: a declaration or a sweep would take something from more people at once than the share allows
 * - `idp-group-vanished`: the group that a mapping reads is gone from the directory
 * - `last-owner`: too few owners who can sign in would stay
 * - `too-many-privileges`: more people would become owner, user-admin or organization-admin within an hour than allowed
 * - `too-many-activations`: more suspended people would be let in again within an hour than the share allows
 */
export type HoldReason =
  | 'too-many-removals'
  | 'too-many-leavers'
  | 'plan-too-large'
  | 'idp-group-vanished'
  | 'last-owner'
  | 'too-many-privileges'
  | 'too-many-activations';

/** Reasons under which is held what one ledger counts. */
export const HELD_AS = {
  removal: ['too-many-removals', 'plan-too-large', 'idp-group-vanished', 'last-owner'],
  leaving: ['too-many-leavers'],
  privilege: ['too-many-privileges'],
  activation: ['too-many-activations'],
} as const satisfies Readonly<Record<string, readonly HoldReason[]>>;

export const isAboutLeaving = (reason: string): boolean => (HELD_AS.leaving as readonly string[]).includes(reason);

/** Reasons that count what this one does: whatever becomes of a held plan meanwhile, it stays the one that it was part of. */
export function heldAlike(reason: HoldReason): readonly HoldReason[] {
  return Object.values(HELD_AS).find((reasons: readonly HoldReason[]) => reasons.includes(reason)) ?? [reason];
}

/** Digest of exactly these removals and gains, in any order. */
export function digestOf(removals: readonly Removal[], gains: readonly GuardedGain[] = []): string {
  const lines = [...removals.map(removalKey), ...gains.map(gain => `+${gainKey(gain)}`)].sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
}

/** What is held of one person, or was released. */
export interface HeldBefore {
  /** Of what was held together. */
  readonly digest: string;
  readonly reasons: readonly string[];
  readonly released: boolean;
  /** Whether a loss was among what was shown. @default that is not known: then it is what was held exactly, or another one */
  readonly shows?: ((removal: Removal) => boolean) | undefined;
}

/** Whether exactly these losses are what was held, alone or together with some of these gains. */
export function areHeldLosses(
  before: Pick<HeldBefore, 'digest'>,
  losses: readonly Removal[],
  gains: readonly GuardedGain[],
): boolean {
  return [[], ...partsOf(gains)].some(part => before.digest === digestOf(losses, part));
}

/**
 * Whether these losses are a part of what was held: the rest was done and failed half way, or somebody took it by hand. Who leaves does so by a
 * hold of leavers alone.
 */
export function arePartOfHeld(
  { reasons, shows }: Pick<HeldBefore, 'reasons' | 'shows'>,
  losses: readonly Removal[],
  leaves: boolean,
): boolean {
  return shows !== undefined && reasons.some(isAboutLeaving) === leaves && losses.every(shows);
}

/** Whether exactly these gains are part of what was held, alone or together with one of these sets of losses. */
export function areHeldGains(
  before: Pick<HeldBefore, 'digest'>,
  some: readonly GuardedGain[],
  gains: readonly GuardedGain[],
  losses: readonly (readonly Removal[])[],
): boolean {
  const parts = partsOf(gains).filter(part => some.length > 0 && some.every(gain => part.includes(gain)));
  return [[], ...losses].some(lost => parts.some(part => before.digest === digestOf(lost, part)));
}

/** What of somebody's gains may be held: all, those of either kind. */
function partsOf(gains: readonly GuardedGain[]): (readonly GuardedGain[])[] {
  return [gains, ...(['activation', 'privilege'] as const).map(kind => gainsOf(gains, kind))];
}

/** The gains that one ledger counts. */
export function gainsOf(gains: readonly GuardedGain[], kind: 'activation' | 'privilege'): GuardedGain[] {
  return gains.filter(gain => (gain.kind === 'activation') === (kind === 'activation'));
}

/**
 * How many people of an app may lose something within an hour.
 * @param leaves of those whom the directory says to leave: a single one never waits, whatever is declared
 */
export function removalLimit(
  guard: Pick<Guard, 'maxRemovalsPercent' | 'minRemovals'>,
  people: number,
  leaves: boolean,
): number {
  return Math.max(leaves ? 1 : 0, guard.minRemovals, Math.floor((people * guard.maxRemovalsPercent) / 100));
}

export interface GuardContext {
  readonly guard: Pick<Guard, 'maxRemovalsPercent' | 'minRemovals'>;
  /** People of the app who have an account. */
  readonly people: number;
  /** Other people who lost something in the last hour, are about to by the same request, or are held because of it: one request is one plan. */
  readonly others: number;
  /** The removals of this person that are held, or were released. */
  readonly before: HeldBefore | undefined;
  /** What the person gains by the same plan: it may have been held together with the removals. @default nothing */
  readonly gains?: readonly GuardedGain[];
  /** Whether the directory itself says that the person leaves: such removals are counted apart from all others. */
  readonly leaves: boolean;
  /** Whether the thing is lost because a mapping's group vanished from the directory. */
  readonly vanished: (removal: Removal) => boolean;
}

export type Verdict =
  | { readonly held: readonly []; readonly reason: undefined; readonly released: boolean }
  | {
      readonly held: readonly Removal[];
      readonly reason: 'too-many-removals' | 'too-many-leavers' | 'plan-too-large' | 'idp-group-vanished';
    };

const PASS: Verdict = { held: [], reason: undefined, released: false };
const RELEASED: Verdict = { held: [], reason: undefined, released: true };

/** Whether one person's removals may go now. */
export function guardPerson(removals: readonly Removal[], context: GuardContext): Verdict {
  if (removals.length === 0) return PASS;
  const { before } = context;
  const isReleased = (losses: readonly Removal[]): boolean =>
    before !== undefined &&
    before.released &&
    (areHeldLosses(before, losses, context.gains ?? []) || arePartOfHeld(before, losses, context.leaves));
  if (isReleased(removals)) return RELEASED;
  // A hold of something else never keeps a leaver in.
  if (context.leaves) return passOrHold(removals, context, 'too-many-leavers', ['too-many-leavers']);
  // Where a group that is gone let somebody in, nothing of them goes for its sake.
  const locksOut = removals.some(removal => removal.kind === 'account');
  const missed = removals.filter(context.vanished);
  const vanished = locksOut && missed.length > 0 ? removals : missed;
  const others = removals.filter(removal => !vanished.includes(removal));
  if (vanished.length > 0 && !isReleased(vanished)) {
    const areHeld = others.length > 0 && passOrHold(others, context, ...FOR_REMOVALS).held.length > 0;
    return { held: areHeld ? removals : vanished, reason: 'idp-group-vanished' };
  }
  // What goes beside what was released counts as well.
  return others.length === 0 ? RELEASED : passOrHold(others, context, ...FOR_REMOVALS);
}

/** As what too many removals are held, and under which reasons they stay so until somebody releases them. */
const FOR_REMOVALS = ['too-many-removals', ['too-many-removals', 'plan-too-large']] as const;

function passOrHold(
  removals: readonly Removal[],
  context: GuardContext,
  reason: 'too-many-removals' | 'too-many-leavers',
  staying: readonly ('too-many-removals' | 'too-many-leavers' | 'plan-too-large')[],
): Verdict {
  const { before } = context;
  const stays = staying.find(one => before?.reasons.includes(one));
  // What is held stays so, whatever becomes of the accounts by the policy of now; a release is of exactly what was shown.
  const alike = [false, true].map(deletes => removals.map(one => (one.kind === 'account' ? { ...one, deletes } : one)));
  const areHeld = (losses: readonly Removal[]): boolean =>
    before !== undefined && areHeldLosses(before, losses, context.gains ?? []);
  if (before?.released === false && stays !== undefined && alike.some(areHeld))
    return { held: removals, reason: stays };
  return isTooMany(context) ? { held: removals, reason } : PASS;
}

function isTooMany(context: GuardContext): boolean {
  return context.others + 1 > removalLimit(context.guard, context.people, context.leaves);
}

/** How many people may gain this within an hour. */
export function gainLimit(
  gain: GuardedGain,
  guard: Pick<Guard, 'maxRemovalsPercent' | 'minRemovals' | 'maxPrivilegeGains'>,
  people: number,
): number {
  return gain.kind === 'activation' ? removalLimit(guard, people, false) : guard.maxPrivilegeGains;
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
  context: Pick<GuardContext, 'guard' | 'people'> & {
    /** Other people who lost something in the last hour. */
    readonly recent: number;
  },
): 'pass' | 'hold' {
  const counted = losers.filter(loser => loser.removals.length > 0 && !loser.released).length;
  return counted > 0 && counted + context.recent > removalLimit(context.guard, context.people, false) ? 'hold' : 'pass';
}

/** Whether enough active owners stay when one goes. */
export function keepsOwners(activeOwners: number, minOwners: number): boolean {
  return activeOwners - 1 >= minOwners;
}
