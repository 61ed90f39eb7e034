/** What is to become of one account of a person, there already or to be made. Pure. */
import { isSameIdentity } from '../../contract/identity';
import { appearedLater } from './appeared';
import { type Context, isManaged, isUnclear } from './context';
import { type Desired, unite } from './desired';
import { type Entitlement, type EntitlementKey, keyOf } from './entitlement';
import { type ObservedAccount, type PersonObservation } from './observation';
import { entitlementsOf, gainKey, NO_PLAN, plan, type Plan, type PlanInput } from './plan';

/** An account that becomes the person's. */
export interface Link {
  readonly how: 'created' | 'adopted';
  /** People who left it behind, and are forgotten as its holders. */
  readonly replaces: readonly string[];
}

/** What is to be done about one account. */
export interface AccountDecision {
  readonly observed: ObservedAccount;
  /** To be noted before anything is changed; undefined when the person is linked to it already, or is not to be. */
  readonly link: Link | undefined;
  readonly input: PlanInput;
  /** With everything that would be taken and given; the guard's word is still to come. */
  readonly plan: Plan;
}

/** An account that is to be made. */
export interface NewAccount {
  readonly email: string;
  /** Username to try first: that of the account in whose place it comes. */
  readonly username: string | undefined;
  readonly organizations: readonly string[];
  /** What it gets once it is there, and what the person loses with the account in whose place it comes. */
  readonly plan: Plan;
  /**
   * Deleted just before: nobody can sign in to it any more, or nobody ever did. `room`: that alone is done for now, since the
   * address of the new one is another account's that will be free. `same-object`: that alone is done, since the person has one.
   */
  readonly insteadOf:
    | {
        readonly observed: ObservedAccount;
        readonly replaces: readonly string[];
        readonly why: 'address' | 're-hire' | 'room' | 'same-object';
      }
    | undefined;
}

/** An account that is not there yet. */
const NOBODY: Pick<ObservedAccount, 'actual' | 'granted' | 'holders'> = {
  holders: [],
  granted: () => false,
  actual: {
    status: 'dormant',
    loginType: 'oidc',
    siteRoles: [],
    organizations: [],
    organizationRoles: new Map(),
    groups: new Map(),
  },
};

export function newAccount(
  observation: PersonObservation,
  email: string,
  insteadOf: NewAccount['insteadOf'],
): NewAccount {
  const begun = observation.begun.find(entry => isSameIdentity(entry.email, email));
  return {
    email,
    username: insteadOf?.observed.account.username ?? begun?.username,
    organizations: organizationsOf(observation),
    plan: inPlaceOf(observation, insteadOf, plan(inputFor(observation, NOBODY, observation.own, 'suspend'))),
    insteadOf,
  };
}

/**
 * The guard counts what a person gains and loses, not what an account does: whoever had a role keeps it under another address, what
 * the new account will not have is taken, and whoever was locked out is let in again, by whichever account.
 */
function inPlaceOf(observation: PersonObservation, insteadOf: NewAccount['insteadOf'], made: Plan): Plan {
  if (insteadOf === undefined) return made;
  const { observed, replaces, why } = insteadOf;
  // Somebody who has left had it, and was locked out.
  if (why === 'same-object') return NO_PLAN;
  if (observed.actual.status === 'suspended')
    return { ...made, guardedGains: [{ kind: 'activation' }, ...made.guardedGains] };
  const link = why === 're-hire' ? { how: 'created' as const, replaces } : undefined;
  const { removals } = decideAccount(observation, observed, link).plan;
  if (why === 're-hire') return { ...made, removals };
  const had = new Set(entitlementsOf(observed.actual).map(keyOf));
  const guardedGains = made.guardedGains.filter(gain => !had.has(gainKey(gain) as EntitlementKey));
  return { ...made, removals, guardedGains };
}

function organizationsOf({ context, own }: PersonObservation): string[] {
  const wanted = [...own.entitlements.values()]
    .filter(({ kind }) => kind === 'organization')
    .map(({ organization }) => organization);
  return wanted.length === 0 ? [context.catalog.defaultOrganization] : wanted;
}

/** What the account should have, for everybody who is it, and how it gets there. */
export function decideAccount(
  observation: PersonObservation,
  observed: ObservedAccount,
  link: Link | undefined,
): AccountDecision {
  const stays = observed.holders.filter(({ person }) => !(link?.replaces ?? []).includes(person.userId));
  const desired = unite([observation.own, ...stays.map(holder => holder.desired)]);
  const allLeft = observation.user === undefined && stays.every(({ user }) => user === undefined);
  const { context, app } = observation;
  const deletes =
    allLeft &&
    context.apps.get(app)?.state.policies.leaving === 'delete' &&
    // Locked alone: what is deleted can not be given back to whose it is.
    !isSomebodyElses(observation, observed);
  const input = inputFor(observation, observed, desired, deletes ? 'delete' : 'suspend');
  return { observed, link, input, plan: plan(input) };
}

/** Whether an account has an address that the person gave up before there was the account, and nobody of the directory ever was it. */
export function isSomebodyElses(
  { addresses }: PersonObservation,
  { account, via, begun, holders }: ObservedAccount,
): boolean {
  return via !== 'linked' && !begun && holders.length === 0 && appearedLater(addresses, account);
}

export function inputFor(
  observation: PersonObservation,
  observed: Pick<ObservedAccount, 'actual' | 'granted' | 'holders'>,
  desired: Desired,
  leaving: 'suspend' | 'delete',
): PlanInput {
  const { context } = observation;
  const authoritative = isAuthoritative(context, [
    observation.app,
    ...observed.holders.filter(({ user }) => user !== undefined).map(({ person }) => person.app),
  ]);
  const declared = (entitlement: Entitlement): boolean =>
    isManaged(context, entitlement, authoritative) || observed.granted(entitlement);
  return {
    desired,
    actual: observed.actual,
    managed: entitlement => !isUnclear(context, entitlement) && declared(entitlement),
    declared,
    defaultOrganization: context.catalog.defaultOrganization,
    sync: context.catalog.sync,
    leaving,
  };
}

function isAuthoritative(context: Context, apps: readonly string[]): boolean {
  return apps.some(app => context.apps.get(app)?.state.policies.authoritative === true);
}
