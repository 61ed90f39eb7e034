/** Everything that a decision about one person is made from, gathered before anything is decided. Data alone. */
import { type DirectoryGroup, type DirectoryUser } from '../../contract/directory';
import { identityKey } from '../../contract/identity';
import { type CoderError, type CoderUser } from '../../coder';
import { type Address } from '../../store/accounts/addresses';
import { type Person } from '../../store/accounts/people';
import { type ReHire } from '../../store/accounts/re-hires';
import { type Context } from './context';
import { type Desired } from './desired';
import { type Entitlement } from './entitlement';
import { type Actual, type Step } from './steps';

/** What decisions need of an account, and no more: there may be many. */
export type Account = Pick<
  CoderUser,
  'id' | 'username' | 'email' | 'status' | 'loginType' | 'serviceAccount' | 'organizationIds' | 'roles'
> & {
  /** Whether anybody ever signed in to it or used it: then Coder knows a person by more than the address. */
  readonly used: boolean;
  /** When Coder made it, in milliseconds; undefined where it does not say. */
  readonly createdAt: number | undefined;
  /** When it was last used, in milliseconds; undefined where Coder does not say. */
  readonly seenAt: number | undefined;
};

/** Coder's way to say that nobody ever used an account, whatever its status. */
const NEVER = '0001-01-01';

/** An account as decisions see it. Where Coder does not say when it was last seen, it counts as used. */
export function accountOf(user: CoderUser): Account {
  const { id, username, email, status, loginType, serviceAccount, organizationIds, roles } = user;
  const used = user.lastSeenAt === undefined || !user.lastSeenAt.startsWith(NEVER);
  const createdAt = user.createdAt === undefined ? undefined : Date.parse(user.createdAt);
  const seenAt = user.lastSeenAt === undefined ? undefined : Date.parse(user.lastSeenAt);
  return { id, username, email, status, loginType, serviceAccount, organizationIds, roles, used, createdAt, seenAt };
}

/** Somebody else who is, or was, an account. */
export interface Holder {
  readonly person: Person;
  /** Undefined: the directory has deleted them. */
  readonly user: DirectoryUser | undefined;
  readonly desired: Desired;
}

/** Somebody to whom an account falls. */
export interface Claimant {
  readonly userId: string;
  readonly app: string;
  /** When the directory began to state the address of them, in milliseconds. */
  readonly since: number;
}

/**
 * How an account came to be looked at: the person's link, the present address, a former one, a journal entry, or somebody who left and was the same
 * object of the directory.
 */
export type Via = 'linked' | 'address' | 'former-address' | 'journal' | 'object';

/** An account that is or may be the person's. */
export interface ObservedAccount {
  readonly account: Account;
  readonly via: Via;
  /** An open journal entry says that the bridge was about to make it, for this person. */
  readonly begun: boolean;
  readonly holders: readonly Holder[];
  /** Somebody else of the directory who states its address now and is to come in, linked or not. */
  readonly claimedBy: Claimant | undefined;
  /** Somebody else who has its address no more, and had it when the account came to be: they signed in, and nobody is linked to it yet. */
  readonly appearedFor: Holder | undefined;
  readonly actual: Actual;
  /** Whether the bridge gave something to this account, or is about to. */
  readonly granted: (entitlement: Entitlement) => boolean;
  /** Organizations that the account is not in, but memberships of whose groups are remembered. */
  readonly outside: readonly string[];
  /** Ids of groups whose writer has not yet made true what was last wanted of this account. */
  readonly unwritten: readonly string[];
  /** What an earlier try was about to do to the account, and did not note the outcome of. */
  readonly interrupted: InterruptedSteps | undefined;
  /** Undefined where nobody writes it. */
  readonly profile: { readonly name: string; readonly avatarUrl: string } | undefined;
}

/** Steps that were about to be taken, and the account's status before them. */
export interface InterruptedSteps {
  readonly status: CoderUser['status'];
  readonly steps: readonly Step[];
  /** Whose dealing it was, by SCIM id. */
  readonly subject: string | undefined;
  /** When, in milliseconds. */
  readonly since: number;
  /** Calls of tries before that, which Coder may take up still. */
  readonly late: readonly LateStep[];
}

/** A step whose call nobody heard the answer of. */
export interface LateStep {
  readonly step: Step;
  /** When it was about to be taken, in milliseconds. */
  readonly since: number;
  /** Coder was asked for the same once more: the call changes nothing if it comes, until something else is decided. */
  readonly agrees: boolean;
}

/** A linked account as Coder said. */
export interface SeenAccount {
  readonly user: CoderUser;
  /** By organization; undefined where nobody had to know them. */
  readonly organizationRoles: ReadonlyMap<string, readonly string[]> | undefined;
  /** When Coder said so. */
  readonly at: number;
}

/** An account that Coder does not have any more. */
export interface GoneAccount {
  readonly id: string;
  /** Deleted by an earlier try; else by somebody else. */
  readonly byBridge: boolean;
}

/** An account that was about to be made when an earlier try ended. */
export interface BegunAccount {
  readonly email: string;
  /** Coder's id of an account that is there, and has become nobody's; undefined where one was about to be made. */
  readonly id: string | undefined;
  /** To be tried first. */
  readonly username: string | undefined;
  /** Every username that was, or is about to be, asked for; undefined where that is not known any more. */
  readonly usernames: readonly string[] | undefined;
  /** When the first call was about to be made, in milliseconds. */
  readonly firstAt: number;
  readonly since: number;
}

/** What the directory said of somebody, and when it was asked (milliseconds). */
export interface Said {
  readonly at: number;
  readonly user: DirectoryUser | undefined;
  readonly groups: readonly DirectoryGroup[];
}

export interface PersonObservation {
  readonly context: Context;
  readonly app: string;
  readonly userId: string;
  /** Undefined: the directory has deleted them. */
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** What this SCIM user alone asks for. */
  readonly own: Desired;
  readonly accounts: readonly ObservedAccount[];
  /** Accounts of theirs that are gone from Coder, and not yet forgotten: the linked one, and what an earlier try was about to delete. */
  readonly gone: readonly GoneAccount[];
  /**
   * Accounts that something was begun for and that are not looked at, of somebody who is in the directory: they bear an address that was theirs,
   * which is not theirs to say any more.
   */
  readonly leftAlone: readonly { readonly id: string; readonly since: number }[];
  readonly begun: readonly BegunAccount[];
  /** Every address that the directory stated, the present one included, the first first. */
  readonly addresses: readonly Address[];
  readonly reHire: ReHire | undefined;
  /** What the directory said of them; absent where nothing is done by the observation. */
  readonly said?: Said | undefined;
  /** The linked account as Coder said, now or a moment ago; undefined where there is none, or nobody asks. */
  readonly seen: SeenAccount | undefined;
  /** What Coder failed at, of somebody who leaves: other accounts of theirs, or roles in organizations, that are looked for again. */
  readonly unread?: CoderError | undefined;
}

/** Whether the directory itself says that the person leaves, whatever is declared. */
export function leavesByDirectory({ user }: Pick<PersonObservation, 'user'>): boolean {
  return user === undefined || !user.active;
}

/** Whether they leave by the directory, or with their app. Of an app that is gone no directory says anything. */
export function leavesItsApp({ context, app, user }: Pick<PersonObservation, 'context' | 'app' | 'user'>): boolean {
  const stored = context.apps.get(app);
  return stored !== undefined && (stored.deleting || leavesByDirectory({ user }));
}

/**
 * Whether an operator may be asked about the account, or has been: somebody else had it, or the person when they were another object, whatever
 * keeps the person from it by now.
 */
export function mayComeBackTo(
  { via, account, holders, appearedFor }: ObservedAccount,
  person: Pick<Person, 'formerExternalId'> | undefined,
): boolean {
  if (!account.used) return false;
  return via === 'linked' ? person?.formerExternalId !== undefined : holders.length > 0 || appearedFor !== undefined;
}

/** Whether the account that the person was linked to is gone. */
export function isLinkGone({ gone, person }: Pick<PersonObservation, 'gone' | 'person'>): boolean {
  return gone.some(({ id }) => id === person?.coderUserId);
}

/** The distinct addresses among these, as written, in order. */
export function distinctAddresses(addresses: readonly (string | undefined)[]): string[] {
  const known = new Map<string, string>();
  for (const address of addresses)
    if (address !== undefined && address !== '' && !known.has(identityKey(address)))
      known.set(identityKey(address), address);
  return [...known.values()];
}
