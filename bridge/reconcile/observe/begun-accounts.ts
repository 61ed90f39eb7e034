/** Which accounts are looked for beside the linked one: begun by the bridge, or bearing an address of the person. Pure. */
import { coderKey, isSameIdentity, spellings } from '../../contract/identity';
import { type Address } from '../../store/accounts/addresses';
import { type Person } from '../../store/accounts/people';
import { type JournalEntry } from '../../store/journal/journal';
import { type Desired } from '../decide/desired';
import { isImplied } from '../decide/entitlement';
import { type Account, type BegunAccount, distinctAddresses } from '../decide/observation';

/** Accounts that open entries of the journal say were about to be made. */
export function begunAccounts(entries: readonly JournalEntry[], person: Person | undefined): BegunAccount[] {
  const begun = entries.filter(entry => entry.kind === 'account').map(begunAccount);
  // What a bridge before the journal noted of the account that it was about to make.
  if (person?.how === 'created' && person.coderUserId === undefined && person.email !== undefined)
    begun.push({ ...UNKNOWN, email: person.email, since: 0 });
  return begun;
}

const UNKNOWN = { id: undefined, username: undefined, usernames: undefined, firstAt: 0 };

/** The note of an entry about an account of the bridge's making that becomes nobody's. */
export function leavingNote({ id, email, username }: Pick<Account, 'id' | 'email' | 'username'>): JournalEntry['note'] {
  return { id, email, username };
}

/** The note of an entry about an account that is about to be made. */
export function makingNote(
  email: string,
  usernames: readonly string[],
  now: number,
  before?: JournalEntry,
): JournalEntry['note'] {
  const earlier = before === undefined ? undefined : begunAccount(before);
  const known = [...new Set([...usernames, ...(earlier?.usernames ?? [])])];
  // Of an entry that does not say what was asked for, any name may be.
  const isKnown = earlier === undefined || earlier.usernames !== undefined;
  return { email, username: usernames[0], ...(isKnown && { usernames: known }), firstAt: earlier?.firstAt ?? now };
}

/** What an entry about an account that was about to be made says. */
export function begunAccount({ key, note, since }: JournalEntry): BegunAccount {
  const { id, email, username, usernames, firstAt } = note;
  return {
    id: typeof id === 'string' ? id : undefined,
    email: typeof email === 'string' ? email : key,
    username: typeof username === 'string' ? username : undefined,
    usernames: Array.isArray(usernames) ? usernames.map(String) : undefined,
    firstAt: typeof firstAt === 'number' ? firstAt : 0,
    since,
  };
}

/** Coder's clock and the bridge's may differ by so much. */
const CLOCKS_DIFFER_MS = 60_000;

type Found = Pick<Account, 'id' | 'email' | 'username' | 'loginType' | 'serviceAccount' | 'roles' | 'createdAt'>;

/**
 * Whether an account with the address may be the one that the bridge was about to make: somebody else may have made one as well, while the
 * bridge could not. What differs from what was asked for is judged like any account that was found.
 */
export function mayBeBegun(begun: BegunAccount, account: Found): boolean {
  if (begun.id !== undefined) return begun.id === account.id;
  return isAsBegun(begun, account) && account.roles.every(isImplied);
}

/** The same whatever site roles it has: somebody may have given them to the bridge's own since, or made a strong account of the same name. */
export function isAsBegun({ email, usernames, firstAt }: BegunAccount, account: Found): boolean {
  return (
    isSameIdentity(email, account.email) &&
    account.loginType === 'oidc' &&
    !account.serviceAccount &&
    (usernames?.some(name => isSameIdentity(name, account.username)) ?? true) &&
    (account.createdAt ?? Infinity) >= firstAt - CLOCKS_DIFFER_MS
  );
}

interface AddressQuestion {
  readonly own: Desired;
  readonly person: Person | undefined;
  readonly former: readonly Address[];
  readonly begun: readonly BegunAccount[];
  readonly email: string | undefined;
  readonly active: boolean;
  readonly linked: Pick<Account, 'email' | 'used'> | undefined;
  /** Whether somebody else who is let in is the linked account as well: another app lets the same person in. */
  readonly isOthers: boolean;
}

/** Addresses under which an account may be theirs; none in the usual case of a linked account that is used and bears the present one. */
export function addressesToLookUp({
  own,
  person,
  former,
  begun,
  email,
  active,
  linked,
  isOthers,
}: AddressQuestion): string[] {
  const isPresent = own.account === 'present';
  const leaves = !isPresent && !active;
  // Somebody active whom nothing lets in, and who has no account of the bridge's to lose, was never the bridge's to look for. Whose a former
  // address is by now, of somebody who stays, is not theirs to say.
  const isLetOut = !isPresent && active && !isOthers && person?.coderUserId !== undefined;
  // Somebody may have signed in under an earlier address before the bridge could act on it.
  const unseen = isPresent && linked?.used !== true;
  const wanted = distinctAddresses([
    ...(isPresent || leaves || isLetOut ? [email] : []),
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
