/** Which accounts are looked for beside the linked one: begun by the bridge, or bearing an address of the person. Pure. */
import { coderKey, spellings } from '../../contract/identity';
import { type Address } from '../../store/accounts/addresses';
import { type Person } from '../../store/accounts/people';
import { type JournalEntry } from '../../store/journal/journal';
import { type Desired } from '../decide/desired';
import { type Account, type BegunAccount, distinctAddresses } from '../decide/observation';

/** Accounts that open entries of the journal say were about to be made. */
export function begunAccounts(entries: readonly JournalEntry[], person: Person | undefined): BegunAccount[] {
  const begun = entries
    .filter(entry => entry.kind === 'account')
    .map(({ key, note, since }) => ({
      email: typeof note['email'] === 'string' ? note['email'] : key,
      username: typeof note['username'] === 'string' ? note['username'] : undefined,
      since,
    }));
  // What a bridge before the journal noted of the account that it was about to make.
  if (person?.how === 'created' && person.coderUserId === undefined && person.email !== undefined)
    begun.push({ email: person.email, username: undefined, since: 0 });
  return begun;
}

interface AddressQuestion {
  readonly own: Desired;
  readonly person: Person | undefined;
  readonly former: readonly Address[];
  readonly begun: readonly BegunAccount[];
  readonly email: string | undefined;
  readonly active: boolean;
  readonly linked: Pick<Account, 'email' | 'used'> | undefined;
}

/** Addresses under which an account may be theirs; none in the usual case of a linked account that is used and bears the present one. */
export function addressesToLookUp({ own, person, former, begun, email, active, linked }: AddressQuestion): string[] {
  const isPresent = own.account === 'present';
  // Somebody active whom no mapping lets in was never the bridge's to look for.
  const leaves = !isPresent && !active;
  // Somebody may have signed in under an earlier address before the bridge could act on it.
  const unseen = isPresent && linked?.used !== true;
  const wanted = distinctAddresses([
    ...(isPresent || leaves ? [email] : []),
    ...begun.map(entry => entry.email),
    ...(leaves ? [person?.email] : []),
    ...(leaves || unseen ? former.map(({ address }) => address) : []),
  ]);
  const known = linked === undefined ? undefined : coderKey(linked.email);
  return [...new Set(wanted.flatMap(spelled))].filter(address => coderKey(address) !== known);
}

/** What is one address here may be several to Coder, with an account of each. As it is stated, where it is one. */
function spelled(address: string): string[] {
  const forms = spellings(address);
  return forms.length === 1 ? [address] : forms;
}
