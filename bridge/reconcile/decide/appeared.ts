/** Whether an account that bears an earlier address of somebody came to be while they had it. Pure. */
import { isSameIdentity } from '../../contract/identity';
import { type Account, type PersonObservation } from './observation';

type Addresses = PersonObservation['addresses'];
type Appeared = Pick<Account, 'email' | 'createdAt'>;

/**
 * Whether they made it by signing in: it was there before the directory stated the address after this one. Whoever signs in with the address
 * later may be anybody who got it.
 * @param begun the bridge was about to make it: then it tells nothing, and its last use has to be as early
 */
export function appearedInTime(
  addresses: Addresses,
  account: Appeared & Pick<Account, 'seenAt'>,
  begun: boolean,
): boolean {
  const end = endOf(addresses, account.email);
  if (end === undefined || (account.createdAt ?? Infinity) >= end) return false;
  return !begun || (account.seenAt ?? Infinity) < end;
}

/** Whether it may be somebody else's who got the address: it was not there yet when the directory stated the one after it. */
export function appearedLater(addresses: Addresses, account: Appeared): boolean {
  const end = endOf(addresses, account.email);
  return end !== undefined && (account.createdAt ?? Infinity) >= end;
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
  const since = addresses.find(({ address }) => isSameIdentity(address, email))?.since;
  if (since === undefined) return undefined;
  return { userId, since, until: Math.min(endOf(addresses, email) ?? Infinity, leftAt ?? Infinity) };
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
    const whose = known.length === 0 ? inOrder[0] : known.filter(({ until }) => time < until).at(-1);
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
