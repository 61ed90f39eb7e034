/**
 * Observes a person: what the directory says in every app, every Coder account that is or may be theirs (linked, bearing
 * the present or a former address, open in the journal), and who else is that account. Changes nothing.
 */
import { type DirectoryUser } from '../../contract/directory';
import { isSameIdentity } from '../../contract/identity';
import { type Db } from '../../store/database/database';
import { type CoderUser } from '../../coder';
import { type Address, addressesOf } from '../../store/accounts/addresses';
import { memberStatesOf } from '../../store/accounts/coder-members';
import { grantsOf } from '../../store/accounts/grants';
import { peopleOfAccount, type Person, readPerson } from '../../store/accounts/people';
import { readSetting } from '../../store/database/settings';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { entriesOfSubject, readEntry } from '../../store/journal/journal';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { ABSENT, desire } from '../decide/desired';
import {
  accountOf,
  type ObservedAccount,
  type PersonObservation,
  type ReHireAnswer,
  type Via,
} from '../decide/observation';
import { grantedBy, groupsHeld, groupsUnwritten, organizationsLeft } from '../observe/holdings';
import { addressesToLookUp, begunAccounts } from '../observe/begun-accounts';
import { isClaimed, readHolders } from '../observe/holders';
import { interruptedSteps } from './interrupted-steps';

/** Where an operator's word on a re-hire is kept until it was acted on. */
export const reHireKey = (userId: string): string => `re-hire:${userId}`;

/** What the store has of a person by themselves. */
export interface Told {
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** Addresses that they have had. */
  readonly former: readonly Address[];
}

export async function readTold(db: Db, userId: string): Promise<Told> {
  const [user, person] = [await readUser(db, userId), await readPerson(db, userId)];
  return { user, person, former: await addressesOf(db, userId) };
}

/**
 * Everything about a person; undefined when there is nobody to deal with.
 * @param told what was read just now, if anything
 * @throws CoderError
 */
export async function observePerson(
  rim: Rim,
  context: Context,
  app: string,
  userId: string,
  told?: Told,
): Promise<PersonObservation | undefined> {
  const { db } = rim.database;
  const { user, person, former } = told ?? (await readTold(db, userId));
  const entries = await entriesOfSubject(db, userId);
  if (user === undefined && person === undefined && entries.length === 0 && former.length === 0) return undefined;
  const rules = context.rules.get(app);
  const own = user === undefined || rules === undefined ? ABSENT : desire(rules, user, await groupsOfUser(db, userId));
  const linked = await readLinked(rim, person);
  const begun = begunAccounts(entries, person);
  const wanted = addressesToLookUp({
    own,
    person,
    former,
    begun,
    email: user?.email,
    active: user?.active === true,
    linked: linked.user === undefined ? undefined : accountOf(linked.user),
  });
  const seen: ObservedAccount[] = [];
  const look = async (account: CoderUser, via: Via): Promise<void> => {
    if (seen.some(one => one.account.id === account.id)) return;
    const isBegun = begun.some(entry => isSameIdentity(entry.email, account.email));
    seen.push(await observeAccount(rim, context, { account, via, begun: isBegun, userId }));
  };
  if (linked.user !== undefined) await look(linked.user, 'linked');
  for (const address of wanted) {
    const found = await rim.coder.findUserByEmail(address);
    if (found === undefined) continue;
    const isPresent = user?.email !== undefined && isSameIdentity(user.email, address);
    await look(
      found,
      isPresent ? 'address' : begun.some(entry => isSameIdentity(entry.email, address)) ? 'journal' : 'former-address',
    );
  }
  return {
    context,
    app,
    userId,
    user,
    person,
    own,
    accounts: seen,
    gone: linked.gone,
    begun,
    addresses: former,
    reHire:
      person?.heldReason === 're-hire'
        ? ((await readSetting(db, reHireKey(userId))) as ReHireAnswer | undefined)
        : undefined,
  };
}

async function readLinked(
  rim: Rim,
  person: Person | undefined,
): Promise<{ readonly user: CoderUser | undefined; readonly gone: PersonObservation['gone'] }> {
  const id = person?.coderUserId;
  if (id === undefined) return { user: undefined, gone: undefined };
  const found = await rim.coder.getUser(id);
  if (found.state === 'present') return { user: found.user, gone: undefined };
  const steps = interruptedSteps(await readEntry(rim.database.db, 'steps', id))?.steps ?? [];
  return { user: undefined, gone: { id, byBridge: steps.some(step => step.kind === 'delete') } };
}

interface AccountQuestion {
  readonly account: CoderUser;
  readonly via: Via;
  readonly begun: boolean;
  readonly userId: string;
}

async function observeAccount(
  rim: Rim,
  context: Context,
  { account, via, begun, userId }: AccountQuestion,
): Promise<ObservedAccount> {
  const { db } = rim.database;
  const others = (await peopleOfAccount(db, account.id)).filter(person => person.userId !== userId);
  const holders = await readHolders(db, context, others);
  const [grants, members] = [await grantsOf(db, account.id), await memberStatesOf(db, account.id)];
  const authoritative = [...context.apps.values()].some(({ state }) => state.policies.authoritative);
  const needsRoles =
    context.organizationRoles || authoritative || grants.some(grant => grant.kind === 'organization-role');
  return {
    account: accountOf(account),
    via,
    begun,
    holders,
    claimed: via === 'linked' ? false : await isClaimed(db, context, account.email, userId),
    actual: {
      status: account.status,
      loginType: account.loginType,
      siteRoles: account.roles,
      organizations: account.organizationIds,
      organizationRoles: needsRoles ? (await rim.coder.getRoles(account.id)).organizations : new Map(),
      groups: groupsHeld(context, account.organizationIds, members),
    },
    granted: grantedBy(grants, members),
    outside: organizationsLeft(context, account.organizationIds, members),
    unwritten: groupsUnwritten(members),
    interrupted: interruptedSteps(await readEntry(db, 'steps', account.id)),
    profile: { name: account.name, avatarUrl: account.avatarUrl },
  };
}
