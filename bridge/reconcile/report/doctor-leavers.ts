/** Whom the bridge could not lock out when they leave: said before they do. */
import { type DoctorCheck } from '../../contract/admin-api';
import { peopleHeldForAny } from '../../store/accounts/held-people';
import { peopleOfAccounts } from '../../store/accounts/people';
import { type Rim } from '../context/rim';
import { EMAIL_CONFLICT, SPEAKS_FOR } from '../decide/person';

const NAME = 'leavers';
const NAMED = 10;

export async function leaversChecks(rim: Rim): Promise<DoctorCheck[]> {
  const checks = [...(await notAdopted(rim)), ...(await notFound(rim)), ...(await ownersOutOfReach(rim))];
  if (checks.length > 0) return checks;
  return [{ name: NAME, state: 'ok', detail: 'whoever leaves can be locked out', next: null }];
}

/** People whose account the policy forbids the bridge to take over, and so to lock. */
async function notAdopted(rim: Rim): Promise<DoctorCheck[]> {
  const held = await peopleHeldForAny(rim.database.db, [...SPEAKS_FOR]);
  if (held.length === 0) return [];
  return [
    {
      name: NAME,
      state: 'warning',
      detail: `accounts that may not be taken over could not be locked when their people leave: ${named(held.map(({ userName }) => userName))}`,
      next: 'coder-scim status says why for each: name the account in people.adopt, convert it to OIDC, or be ready to suspend it in Coder',
    },
  ];
}

/** People whose e-mail Coder has in a spelling by which the bridge does not find, and so does not lock, the account. */
async function notFound(rim: Rim): Promise<DoctorCheck[]> {
  const held = await peopleHeldForAny(rim.database.db, [EMAIL_CONFLICT]);
  if (held.length === 0) return [];
  return [
    {
      name: NAME,
      state: 'warning',
      detail: `accounts that have these people's e-mail in another spelling could not be locked when they leave: ${named(held.map(({ userName }) => userName))}`,
      next: 'find each in the list of users in Coder: correct the e-mail in the identity provider or delete the account, or be ready to suspend it',
    },
  ];
}

/** Coder suspends no owner, and only an owner may take the role. */
async function ownersOutOfReach(rim: Rim): Promise<DoctorCheck[]> {
  const { user } = await rim.coder.whoami();
  if (user.roles.includes('owner')) return [];
  const owners: string[] = [];
  for await (const owner of rim.coder.listOwners()) owners.push(owner.id);
  const people = await peopleOfAccounts(rim.database.db, owners);
  if (people.length === 0) return [];
  return [
    {
      name: NAME,
      state: 'warning',
      detail: `people who are owners by somebody's hand could not be locked out when they leave, since the bridge's account may not take that role: ${named(people.map(({ userName }) => userName))}`,
      next: "give the bridge's account the site role owner, or take owner from these people in Coder before they leave",
    },
  ];
}

function named(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - NAMED;
  return `${distinct.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
