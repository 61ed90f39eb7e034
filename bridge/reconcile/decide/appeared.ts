/** Whether an account that bears an earlier address of somebody came to be while they had it. Pure. */
import { isSameIdentity } from '../../contract/identity';
import { type Account, type PersonObservation } from './observation';

type Addresses = PersonObservation['addresses'];
type Appeared = Pick<Account, 'email' | 'createdAt'>;

/** Between the identity provider's word and a sign-in with what it said before; clocks differ as well. */
const SIGN_IN_MAY_LAST_MS = 5 * 60_000;

/**
 * Whether an account that bears an earlier address of somebody is theirs: they signed in to it, and it was there before the directory stated the
 * address after this one. Whoever signs in with the address later may be anybody who got it: shortly after, that can't be told.
 * @param begun the bridge was about to make it: then its age tells nothing, and its last use has to be as early
 */
export function isTheirs(
  addresses: Addresses,
  account: Appeared & Pick<Account, 'seenAt'>,
  begun: boolean,
): boolean | 'unclear' {
  const end = endOf(addresses, account.email);
  const createdAt = account.createdAt ?? Infinity;
  if (end === undefined) return false;
  // Of one moment: what was stated had to get here first.
  if (createdAt > end) return createdAt < end + SIGN_IN_MAY_LAST_MS ? 'unclear' : false;
  return !begun || (account.seenAt ?? Infinity) <= end ? true : 'unclear';
}

/** Whether it may be somebody else's who got the address: it was not there yet when the directory stated the one after it. */
export function appearedLater(addresses: Addresses, account: Appeared): boolean {
  const end = endOf(addresses, account.email);
  return end !== undefined && (account.createdAt ?? Infinity) > end;
}

/** Somebody who has or had an address, and the time in which the directory stated it (milliseconds). */
export interface AddressPeriod {
  readonly userId: string;
  readonly since: number;
  readonly until: number;
}

/** When the directory stated this address of somebody; undefined where it never did. */
export function periodOf(
  userId: string,
  addresses: Addresses,
  email: string,
  leftAt: number | undefined,
): AddressPeriod | undefined {
  const stated = addresses.find(({ address }) => isSameIdentity(address, email));
  if (stated === undefined) return undefined;
  // Somebody else may have had it in between: then it is theirs, who got it later.
  return { userId, since: stated.firstSince, until: Math.min(endOf(addresses, email) ?? Infinity, leftAt ?? Infinity) };
}

/**
 * Whose a used account is that nobody is linked to, by SCIM id: a sign-in made it, so whoever had its address then; where it is older than all
 * that is known, whoever had it first. Undefined where that can't be told.
 * @param begun the bridge was about to make it: then no sign-in did, and whose the first one was is known where one of them had the address
 * from then until it was last used
 */
export function whoseByTime(
  { used, loginType, createdAt, seenAt }: Pick<Account, 'used' | 'loginType' | 'createdAt' | 'seenAt'>,
  periods: readonly AddressPeriod[],
  begun: boolean,
): string | undefined {
  // An account that nobody signed in to is whoever's will sign in with the address.
  if (!used || loginType !== 'oidc' || createdAt === undefined) return undefined;
  const inOrder = [...periods].sort((left, right) => left.since - right.since);
  const at = (time: number): string | undefined => {
    const known = inOrder.filter(({ since }) => since <= time);
    const whose = known.length === 0 ? inOrder[0] : known.filter(({ until }) => time <= until).at(-1);
    return whose?.userId;
  };
  const whose = at(createdAt);
  return begun && whose !== at(seenAt ?? Infinity) ? undefined : whose;
}

/** When the directory began to state the address after this one, undefined where there is none; two of one moment come in no order. */
function endOf(addresses: Addresses, email: string): number | undefined {
  const own = addresses.find(({ address }) => isSameIdentity(address, email));
  const after = addresses.filter(one => one !== own && own !== undefined && one.since >= own.since);
  return after.length === 0 ? undefined : Math.min(...after.map(({ since }) => since));
}
