/** Where an account need not be read again that was read or made a moment ago: what is decided from it must ask nothing of Coder for the account itself. */
import { type Told } from '../../store/accounts/told';
import { isRequest } from '../../store/work/causes';
import { type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { type PersonObservation, type SeenAccount } from '../decide/observation';
import { type PersonDecision } from '../decide/person';
import { decideProfile } from '../decide/profile';
import { type AccountOutcome, isWish, type PersonOutcome } from './outcome';

/**
 * The account of somebody who stays, whom a request alone is about, who shares it with nobody and of whom nothing is open; undefined when
 * it has to be read.
 */
export function believed(rim: Rim, work: Work, { user, person, entries, linked }: Told): SeenAccount | undefined {
  if (user?.active !== true || person?.coderUserId === undefined || person.convergedAt === undefined) return undefined;
  if (work.attempts > 0 || !work.causes.every(isRequest)) return undefined;
  if (person.heldReason !== undefined || person.formerOwner || person.formerExternalId !== undefined) return undefined;
  if (entries.length > 0 || linked === undefined || linked.steps !== undefined || linked.others.length > 0)
    return undefined;
  return rim.accounts.find(person.coderUserId, person.convergedAt);
}

/** Whether a decision leaves the account itself as it is: groups have their own writer, and Coder refuses there what was believed wrongly. */
export function leavesAccount(observation: PersonObservation, { accounts, create, held }: PersonDecision): boolean {
  if (create !== undefined || held.length > 0) return false;
  const [main] = accounts;
  if (main === undefined || accounts.length > 1 || main.link !== undefined) return false;
  const { account, profile } = main.observed;
  if (profile === undefined || main.observed.outside.length > 0 || account.status === 'suspended') return false;
  return (
    main.plan.steps.every(isWish) &&
    decideProfile(observation, { ...account, ...profile }, observation.person?.how) === undefined
  );
}

/**
 * Remembers the account as it is after this work, or that it has to be read.
 * @param times when the work was taken up and ended: within a lease no other bridge has changed what was seen
 */
export function remember(
  { accounts, clock, options }: Rim,
  { seen, person }: PersonObservation,
  outcome: PersonOutcome,
  changed: readonly AccountOutcome[],
  { begunAt, convergedAt }: { readonly begunAt: number; readonly convergedAt: number },
): void {
  const isAsSeen =
    clock.now() - begunAt < options.leaseMs &&
    !outcome.again &&
    outcome.failure === undefined &&
    outcome.username === undefined &&
    changed.every(({ journalled }) => !journalled);
  if (isAsSeen && outcome.made !== undefined)
    accounts.keep({ user: outcome.made.user, organizationRoles: new Map(), at: clock.now() }, convergedAt);
  else if (isAsSeen && seen !== undefined && outcome.linked === undefined) accounts.keep(seen, convergedAt);
  else if (person?.coderUserId !== undefined) accounts.forget(person.coderUserId);
}
