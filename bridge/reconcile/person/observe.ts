/**
 * Observes a person: what the directory says in every app, every Coder account that is or may be theirs (linked, bearing
 * the present or a former address, open in the journal), and who else is that account. Changes nothing.
 */
import { isSameIdentity } from '../../contract/identity';
import { CoderError, type CoderUser, outcomeOf } from '../../coder';
import { readReHire } from '../../store/accounts/re-hires';
import { leftAsObjects } from '../../store/accounts/same-object';
import { type KnownAccount, readKnownAccount, type Told } from '../../store/accounts/told';
import { type JournalEntry } from '../../store/journal/journal';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { ABSENT, desire } from '../decide/desired';
import {
  accountOf,
  type BegunAccount,
  type GoneAccount,
  leavesByDirectory,
  mayComeBackTo,
  type ObservedAccount,
  type PersonObservation,
  type SeenAccount,
  type Via,
} from '../decide/observation';
import { grantedBy, groupsHeld, groupsUnwritten, organizationsLeft } from '../observe/holdings';
import { addressesToLookUp, begunAccounts, isAsBegun, mayBeBegun } from '../observe/begun-accounts';
import { contendersOf, isLeftBehind, isLetInElsewhere, readHolders } from '../observe/holders';
import { interruptedSteps, stepsOf } from './interrupted-steps';

/**
 * Everything about a person; undefined when there is nobody to deal with.
 * @param told what the store has of them
 * @param seen their account as it was a moment ago; read from Coder where there is none
 * @throws CoderError
 */
export async function observePerson(
  rim: Rim,
  context: Context,
  app: string,
  userId: string,
  told: Told,
  seen?: SeenAccount,
): Promise<PersonObservation | undefined> {
  const { db } = rim.database;
  const { user, person, former, entries } = told;
  const toldAt = rim.clock.now();
  if (user === undefined && person === undefined && entries.length === 0 && former.length === 0) return undefined;
  const rules = context.rules.get(app);
  const own = user === undefined || rules === undefined ? ABSENT : desire(rules, user, told.groups);
  const linked = seen?.user ?? (await readLinked(rim, told));
  let asked = seen;
  const begun = begunAccounts(entries, person);
  const wanted = addressesToLookUp({
    own,
    person,
    former,
    begun,
    email: user?.email,
    active: user?.active === true,
    linked: linked === undefined ? undefined : accountOf(linked),
    isOthers: own.account !== 'present' && (await isLetInElsewhere(db, context, told.linked?.others ?? [])),
  });
  const accounts: ObservedAccount[] = [];
  let unread: CoderError | undefined;
  // Nothing that is looked for beside it keeps the account of a leaver from being locked.
  const orLater = async <T>(find: () => Promise<T>): Promise<T | undefined> => {
    if (linked === undefined || !leavesByDirectory({ user })) return await find();
    // While Coder is away each more costs minutes, and the lock its turn.
    if (unread !== undefined && outcomeOf(unread).kind === 'retry') return undefined;
    try {
      return await find();
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
      unread ??= error;
      return undefined;
    }
  };
  const look = async (found: CoderUser, how: 'linked' | 'address' | 'object' | undefined): Promise<void> => {
    if (accounts.some(one => one.account.id === found.id)) return;
    const account = accountOf(found);
    const isOwnBegun = await isBegunHere(rim, context, begun, account, linked);
    const via: Via = how ?? (isOwnBegun ? 'journal' : 'former-address');
    const isBegun = isOwnBegun || (via !== 'linked' && (await isLeftBehind(db, app, userId, account)));
    const known =
      via === 'linked' && told.linked !== undefined ? told.linked : await readKnownAccount(db, account.id, userId);
    const roles = await orLater(() =>
      organizationRolesOf(rim, context, found, known, via === 'linked' ? seen : undefined),
    );
    if (via === 'linked' && seen === undefined) asked = { user: found, organizationRoles: roles, at: rim.clock.now() };
    const question = { user: found, account, via, begun: isBegun, userId, app, addresses: former, known, roles };
    accounts.push(await observeAccount(rim, context, question));
  };
  if (linked !== undefined) await look(linked, 'linked');
  // What they are held for, or what was begun for them, is forgotten when there is no such account any more.
  const isOwed = linked === undefined && (person?.heldReason !== undefined || begun.length > 0);
  for (const address of wanted) {
    const isPresent = user?.email !== undefined && isSameIdentity(user.email, address);
    await orLater(async () => {
      const found = await rim.coder.findUserByEmail(address, isOwed);
      if (found !== undefined) await look(found, isPresent ? 'address' : undefined);
    });
  }
  // Whoever has signed in to the account that they have is known by that.
  const isKnown = linked !== undefined && accountOf(linked).used;
  if (!isKnown && own.account === 'present' && user?.externalId !== undefined)
    for (const { coderUserId } of await leftAsObjects(db, app, [user.externalId])) {
      const isOther = coderUserId !== undefined && coderUserId !== linked?.id;
      const found = isOther ? await rim.coder.getUser(coderUserId) : undefined;
      if (found?.state === 'present' && accountOf(found.user).used) await look(found.user, 'object');
    }
  const unseen = await orLater(() => findUnseen(rim, told, accounts, linked));
  return {
    context,
    app,
    userId,
    user,
    person,
    own,
    accounts,
    ...(unseen ?? { gone: [], leftAlone: [] }),
    begun,
    addresses: former,
    said: { at: toldAt, user, groups: told.groups },
    reHire:
      person?.heldReason === 're-hire' || accounts.some(one => mayComeBackTo(one, person))
        ? await readReHire(db, userId)
        : undefined,
    seen: asked,
    unread,
  };
}

/**
 * Whether the account is one that the bridge was about to make. Where a site role leaves that open, Coder's audit log tells, as far as the
 * bridge may read it.
 * @param beside the account that the person is linked to: nothing of it waits for the audit log
 */
async function isBegunHere(
  { coder }: Rim,
  { catalog }: Context,
  begun: readonly BegunAccount[],
  account: ObservedAccount['account'],
  beside: CoderUser | undefined,
): Promise<boolean> {
  if (begun.some(entry => mayBeBegun(entry, account))) return true;
  if (beside?.id === account.id || !begun.some(entry => entry.id === undefined && isAsBegun(entry, account)))
    return false;
  try {
    const made = { username: catalog.own.username, made: account.id };
    const rows = await coder.listAuditRows(made, { limit: 10, offset: 0 });
    // The bridge may have the token of somebody who makes accounts by hand as well.
    return rows.some(row => row.status < 300 && row.userAgent.startsWith('coder-scim'));
  } catch (error) {
    if (!(error instanceof CoderError) || (error.retryable && beside === undefined)) throw error;
    return false;
  }
}

async function readLinked(rim: Rim, { person }: Told): Promise<CoderUser | undefined> {
  if (person?.coderUserId === undefined) return undefined;
  const found = await rim.coder.getUser(person.coderUserId);
  return found.state === 'present' ? found.user : undefined;
}

/**
 * Accounts of theirs that were looked for by id alone. Also what an earlier try was about to delete: the person may be somebody else's account by
 * now, and nobody looks for that one.
 */
async function findUnseen(
  rim: Rim,
  { user, person, linked, entries }: Told,
  accounts: readonly ObservedAccount[],
  present: CoderUser | undefined,
): Promise<Pick<PersonObservation, 'gone' | 'leftAlone'>> {
  const gone: GoneAccount[] = [];
  const leftAlone: { id: string; since: number }[] = [];
  if (person?.coderUserId !== undefined && present === undefined)
    gone.push({ id: person.coderUserId, byBridge: isDeletion(linked?.steps) });
  for (const entry of entries) {
    const isKnown = entry.key === person?.coderUserId || accounts.some(({ account }) => account.id === entry.key);
    if (entry.kind !== 'steps' || isKnown) continue;
    const { state } = await rim.coder.getUser(entry.key);
    if (state !== 'present') gone.push({ id: entry.key, byBridge: isDeletion(entry) });
    else if (user?.active === true) leftAlone.push({ id: entry.key, since: entry.since });
  }
  return { gone, leftAlone };
}

function isDeletion(entry: JournalEntry | undefined): boolean {
  const interrupted = interruptedSteps(entry);
  return interrupted !== undefined && stepsOf(interrupted).some(({ kind }) => kind === 'delete');
}

interface AccountQuestion {
  readonly user: CoderUser;
  /** The same, as decisions see it. */
  readonly account: ObservedAccount['account'];
  readonly via: Via;
  readonly begun: boolean;
  readonly userId: string;
  readonly app: string;
  readonly addresses: PersonObservation['addresses'];
  readonly known: KnownAccount;
  readonly roles: SeenAccount['organizationRoles'];
}

/** Undefined where no rule, grant or policy is about them. */
async function organizationRolesOf(
  rim: Rim,
  context: Context,
  account: CoderUser,
  { grants }: KnownAccount,
  seen: SeenAccount | undefined,
): Promise<SeenAccount['organizationRoles']> {
  const authoritative = [...context.apps.values()].some(({ state }) => state.policies.authoritative);
  const needsRoles =
    context.organizationRoles.size > 0 || authoritative || grants.some(grant => grant.kind === 'organization-role');
  if (!needsRoles) return undefined;
  return seen?.organizationRoles ?? (await rim.coder.getRoles(account.id)).organizations;
}

async function observeAccount(
  rim: Rim,
  context: Context,
  { user, account, via, begun, userId, app, addresses, known, roles }: AccountQuestion,
): Promise<ObservedAccount> {
  const { db } = rim.database;
  const { grants, members } = known;
  const holders = await readHolders(db, context, known.others);
  return {
    account,
    via,
    begun,
    holders,
    ...(await contendersOf(db, context, { account, via, begun, holders, userId, app, addresses })),
    actual: {
      status: account.status,
      loginType: account.loginType,
      siteRoles: account.roles,
      organizations: account.organizationIds,
      organizationRoles: roles ?? new Map(),
      groups: groupsHeld(context, account.organizationIds, members),
    },
    granted: grantedBy(grants, members),
    outside: organizationsLeft(context, account.organizationIds, members),
    unwritten: groupsUnwritten(members),
    interrupted: interruptedSteps(known.steps),
    profile: { name: user.name, avatarUrl: user.avatarUrl },
  };
}
