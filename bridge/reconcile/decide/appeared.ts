/** Whether an account that bears an earlier address of somebody came to be while they had it. Pure. */
import { isSameIdentity } from '../../contract/identity';
import { type Account, type PersonObservation } from './observation';

type Addresses = PersonObservation['addresses'];
type Appeared = Pick<Account, 'email' | 'createdAt'>;

/** Between the identity provider's word on somebody and the account that Coder makes of it; clocks differ as well. */
const SIGN_IN_MAY_LAST_MS = 5 * 60_000;

/** Whether they may have made it by signing in: it was there before the directory stated the address after this one, or soon after. */
export function appearedInTime(addresses: Addresses, account: Appeared): boolean {
  const end = endOf(addresses, account.email);
  return end !== undefined && (account.createdAt ?? Infinity) < end + SIGN_IN_MAY_LAST_MS;
}

/** Whether it may be somebody else's who got the address: it was not there yet when the directory stated the one after it. */
export function appearedLater(addresses: Addresses, account: Appeared): boolean {
  const end = endOf(addresses, account.email);
  return end !== undefined && (account.createdAt ?? Infinity) >= end;
}

/** When the directory began to state the address after this one, undefined where there is none; two of one moment come in no order. */
function endOf(addresses: Addresses, email: string): number | undefined {
  const own = addresses.find(({ address }) => isSameIdentity(address, email));
  const after = addresses.filter(one => one !== own && own !== undefined && one.since >= own.since);
  return after.length === 0 ? undefined : Math.min(...after.map(({ since }) => since));
}
