/**
 * What is to become of one person: which account, what to make, change and take, and what is held and why. Pure: an
 * observation in, a decision out. `plan`, the dry run, the sweep and what happens all go by this one function.
 */
import { type RefusalReason } from '../../coder';
import { isSameIdentity } from '../../contract/identity';
import { type AccountDecision, decideAccount, inputFor, isSomebodyElses, type NewAccount, newAccount } from './account';
import { isTheirs } from './appeared';
import { untouchable } from './context';
import {
  type Adoption,
  answerFor,
  foreignDomain,
  isMoving,
  isNamed,
  isShared,
  judgeAdoption,
  judgeReturn,
  judgeSameObject,
  nameOf,
  refusedAddress,
  reHireText,
} from './adoption';
import { ABSENT } from './desired';
import { CameBack, Held, StillIn } from './hold-reason';
import { type Holder, leavesByDirectory, type ObservedAccount, type PersonObservation } from './observation';
import { isOwner, plan } from './plan';

export interface PersonDecision {
  readonly accounts: readonly AccountDecision[];
  readonly create: NewAccount | undefined;
  readonly held: readonly Held[];
}

export function decidePerson(observation: PersonObservation): PersonDecision {
  return observation.own.account === 'present' ? decidePresent(observation) : decideLeaving(observation);
}

/**
 * Whether the bridge made the linked account, for whomever of those whose it is, and all of them who are in state this address: then it
 * may be made anew for that.
 */
function mayBeMadeAnew({ person }: PersonObservation, { begun, holders }: ObservedAccount, email: string): boolean {
  const made = begun || person?.how === 'created' || holders.some(holder => holder.person.how === 'created');
  return (
    made &&
    holders.every(({ desired, user }) => desired.account === 'absent' || isSameIdentity(user?.email ?? '', email))
  );
}

function decidePresent(observation: PersonObservation): PersonDecision {
  const found = unclearAccount(observation);
  const decision = decideAccounts(observation);
  return found === undefined ? decision : { ...decision, held: [...decision.held, unclear(found)] };
}

function decideAccounts(observation: PersonObservation): PersonDecision {
  const { user } = observation;
  const linked = observation.accounts.find(({ via }) => via === 'linked');
  if (user === undefined) return { accounts: [], create: undefined, held: [] };
  const leftOver = (main: ObservedAccount | undefined): AccountDecision[] => decideLeftOver(observation, main);
  if (linked === undefined) {
    const found = user.email === undefined ? undefined : (bearing(observation, user.email) ?? signedInto(observation));
    const decision = decideUnlinked(observation, found);
    return { ...decision, accounts: [...decision.accounts, ...leftOver(found)] };
  }
  const reason = untouchable(observation.context, linked.account);
  if (reason !== undefined) return { accounts: [], create: undefined, held: [neverTouched(linked, reason)] };
  const foreign = foreignNow(observation, linked);
  if (foreign !== undefined) return { accounts: leftOver(linked), create: undefined, held: [foreign] };
  const decision = withFormerOwner(observation, linked, decideLinked(observation, linked));
  const isKeptOut = linked.account.status === 'suspended' && decision.accounts[0]?.input.desired.unclear === true;
  return {
    ...decision,
    held: isKeptOut ? [unclearGroup(user.userName), ...decision.held] : decision.held,
    accounts: [
      ...decision.accounts,
      ...leftOver(linked).filter(other => !decision.accounts.some(one => one.observed === other.observed)),
    ],
  };
}

function decideUnlinked(observation: PersonObservation, found: ObservedAccount | undefined): PersonDecision {
  const { context, app, user, reHire } = observation;
  const nothing = { accounts: [], create: undefined };
  if (user?.email === undefined) return { ...nothing, held: [noEmail(user?.userName ?? '')] };
  if (observation.own.unclear === true) return { ...nothing, held: [unclearGroup(user.userName)] };
  const refused = refusedAddress(context, app, user.email);
  if (refused !== undefined && (found === undefined || refused.reason === 'foreign-domain'))
    return { ...nothing, held: [refused] };
  const left = leftAsObject(observation, found);
  if (left !== undefined) return decideFound(observation, user.email, left.observed, left.adoption);
  if (found === undefined) return { accounts: [], create: newAccount(observation, user.email, undefined), held: [] };
  return decideFound(observation, user.email, found, judgeAdoption({ context, app, user, found, reHire }));
}

interface LeftAsObject {
  readonly observed: ObservedAccount;
  readonly adoption: Adoption | Held;
}

/**
 * What another name and another address keep from being found. Whoever has signed in to an account by the present address, or to the one that they
 * are linked to, is known by that.
 */
function leftAsObject(
  { context, app, user, accounts, reHire }: PersonObservation,
  found: ObservedAccount | undefined,
): LeftAsObject | undefined {
  const own = accounts.find(({ via }) => via === 'linked')?.account;
  if (found?.account.used === true || own?.used === true) return undefined;
  for (const observed of accounts) {
    if (observed.via !== 'object') continue;
    const adoption = judgeSameObject({ context, app, user, found: observed, reHire }, own);
    if (adoption !== undefined) return { observed, adoption };
  }
  return undefined;
}

function decideFound(
  observation: PersonObservation,
  email: string,
  found: ObservedAccount,
  adoption: Adoption | Held,
): PersonDecision {
  const nothing = { accounts: [], create: undefined };
  if (adoption instanceof Held) return { ...nothing, held: [adoption] };
  const { replaces } = adoption;
  if (adoption.anew)
    return {
      accounts: [],
      create: newAccount(observation, email, { observed: found, replaces, why: 're-hire' }),
      held: [],
    };
  return {
    accounts: [decideAccount(observation, found, { how: adoption.how, replaces })],
    create: undefined,
    held: [],
  };
}

/** The person has an account: is it still the one that they sign in with? */
function decideLinked(observation: PersonObservation, linked: ObservedAccount): PersonDecision {
  const { user } = observation;
  const stays = (...held: Held[]): PersonDecision => ({
    accounts: [decideAccount(observation, linked, undefined)],
    create: undefined,
    held,
  });
  const email = user?.email;
  const { account } = linked;
  const returns = decideReturn(observation, linked);
  if (returns !== undefined) return returns;
  if (email === undefined) return stays();
  const ours = mayBeMadeAnew(observation, linked, email);
  const other = bearing(observation, email);
  const before = account.used || other !== undefined ? undefined : signedInto(observation);
  if (before !== undefined) return decideSignedInto(observation, before, ours, stays);
  const left = leftAsObject(observation, other);
  if (left !== undefined) return decideLeft(observation, linked, left, email, ours, stays);
  return decideByAddress(observation, linked, other, email, ours, stays);
}

/** The person's account is told by its address: nobody has signed in to another one of theirs. */
function decideByAddress(
  observation: PersonObservation,
  linked: ObservedAccount,
  other: ObservedAccount | undefined,
  email: string,
  ours: boolean,
  stays: (...held: Held[]) => PersonDecision,
): PersonDecision {
  const { account } = linked;
  if (isSameIdentity(email, account.email) && other === undefined) return stays();
  if (other !== undefined) return decideDuplicate(observation, linked, other, email, ours, stays);
  const refused = refusedAddress(observation.context, observation.app, email);
  if (refused !== undefined) return stays(refused);
  if (account.used)
    return stays(
      new Held(
        'email-pending',
        `e-mail is ${JSON.stringify(account.email)} in Coder and ${JSON.stringify(email)} in the directory: Coder takes it over at the person's next sign-in, nobody can write it before`,
      ),
    );
  // Nobody ever signed in, and first sign-ins are matched by e-mail alone: this account would never be found.
  if (ours)
    return {
      accounts: [],
      create: newAccount(observation, email, { observed: linked, replaces: [], why: 'address' }),
      held: [],
    };
  return stays(unusedText(linked, email));
}

/** Somebody whose account another object of the directory used is not let in by it; undefined where it is theirs. */
function decideReturn(observation: PersonObservation, linked: ObservedAccount): PersonDecision | undefined {
  const { context, app, user, person, own, reHire } = observation;
  if (user === undefined || own.unclear === true) return undefined;
  const nothing = { accounts: [], create: undefined };
  const adoption = judgeReturn({ context, app, user, found: linked, reHire }, person);
  if (adoption === undefined || (!(adoption instanceof Held) && !adoption.anew)) return undefined;
  const { account } = linked;
  // They came back before their leaving was dealt with: that is, first.
  if (account.status !== 'suspended' && answerFor({ found: linked, user, reHire }) !== 'replace')
    return {
      ...nothing,
      accounts: [leaveBehind(observation, linked)],
      held: adoption instanceof Held ? [new CameBack(account.id, reHireText(nameOf(account), user.userName))] : [],
    };
  if (adoption instanceof Held) return { ...nothing, held: [adoption] };
  if (user.email === undefined) return { ...nothing, held: [noEmail(user.userName)] };
  const refused = refusedAddress(context, app, user.email);
  if (refused !== undefined) return { ...nothing, held: [refused] };
  const create = newAccount(observation, user.email, { observed: linked, replaces: [], why: 're-hire' });
  return { ...nothing, create, held: [] };
}

/** Why somebody who is out does not come back in: what was narrowed meanwhile takes nobody out, and lets nobody in. */
function foreignNow({ context, app, user, own }: PersonObservation, { account }: ObservedAccount): Held | undefined {
  if (own.account !== 'present' || account.status !== 'suspended') return undefined;
  return foreignDomain(context, app, user?.email ?? account.email) ?? foreignDomain(context, app, account.email);
}

function unusedText({ account, holders }: ObservedAccount, email: string): Held {
  const unused = `e-mail is ${JSON.stringify(account.email)} in Coder and ${JSON.stringify(email)} in the directory, and nobody ever signed in to account ${JSON.stringify(account.username)}: Coder will not find it at the first sign-in`;
  const other = holders.find(
    ({ desired, user }) => desired.account === 'present' && !isSameIdentity(user?.email ?? '', email),
  );
  return new Held(
    'email-unused-account',
    other === undefined
      ? `${unused}, and the bridge did not make it; delete it in Coder, and a new one is made`
      : `${unused}; it is made anew once ${JSON.stringify(other.person.userName)} of app ${JSON.stringify(other.person.app)}, who is the same account, has that e-mail too`,
  );
}

/** Somebody was an owner by hand, and had to lose that to be suspended: whether they are one again is for somebody to say. */
function withFormerOwner(
  { person }: PersonObservation,
  { account }: ObservedAccount,
  decision: PersonDecision,
): PersonDecision {
  const gains = decision.accounts.flatMap(({ plan }) => plan.gains);
  const isAgain = account.roles.includes('owner') || gains.some(isOwner);
  if (person?.formerOwner !== true || isAgain) return decision;
  const held = new Held(
    'former-owner',
    `account ${JSON.stringify(account.username)} was an owner by somebody's hand when the person left, and Coder suspends no owner: make them an owner in Coder again, or say that they stay none with coder-scim retry person:${person.userId}`,
  );
  return { ...decision, held: [...decision.held, held] };
}

/** Beside the linked account there is one with the present address. */
function decideDuplicate(
  observation: PersonObservation,
  linked: ObservedAccount,
  other: ObservedAccount,
  email: string,
  ours: boolean,
  stays: (...held: Held[]) => PersonDecision,
): PersonDecision {
  const { context, app, user, reHire } = observation;
  const adoption = judgeAdoption({ context, app, user, found: other, reHire });
  // Nobody ever signed in to it, nor can with its address any more.
  const isIdle = ours && !linked.account.used;
  // It goes first where the other one will be free, and whose that is may wait for the address of this one; and where the other one lets in
  // nobody but somebody who left: that is made anew once the person has none.
  if (isIdle && (adoption instanceof Held ? isMoving(other) : adoption.anew))
    return {
      accounts: [],
      create: newAccount(observation, email, { observed: linked, replaces: [], why: 'room' }),
      held: [],
    };
  if (adoption instanceof Held) return stays(adoption);
  // Whoever signs in with the present address lands on the other one.
  if (isIdle)
    return {
      accounts: [decideAccount(observation, other, { how: adoption.how, replaces: adoption.replaces })],
      create: undefined,
      held: [],
    };
  // The bridge's own account that nobody used stands in the way of the sign-in that takes the address over.
  if (linked.account.used && !other.account.used && other.begun) return stays();
  return stays(
    new Held(
      'duplicate-account',
      `the person is account ${JSON.stringify(linked.account.username)} with the e-mail ${JSON.stringify(linked.account.email)}, and ${JSON.stringify(other.account.username)} has the present address ${JSON.stringify(other.account.email)}: Coder refuses the sign-in to the first as long as the second is there; delete the one that nobody needs in Coder`,
    ),
  );
}

/** Nobody signed in to the linked account, and the person did to another one. */
function decideSignedInto(
  observation: PersonObservation,
  before: ObservedAccount,
  ours: boolean,
  stays: (...held: Held[]) => PersonDecision,
): PersonDecision {
  const { context, app, user, reHire } = observation;
  const adoption = judgeAdoption({ context, app, user, found: before, reHire });
  if (adoption instanceof Held) return stays(adoption);
  if (ours && !adoption.anew)
    return {
      accounts: [decideAccount(observation, before, { how: adoption.how, replaces: adoption.replaces })],
      create: undefined,
      held: [],
    };
  return stays(
    new Held(
      'duplicate-account',
      `the person signed in to account ${JSON.stringify(before.account.username)} with the earlier address ${JSON.stringify(before.account.email)}, and is linked to another one that nobody ever signed in to and that the bridge did not make: Coder refuses the next sign-in as long as both are there; delete the one that nobody needs in Coder`,
    ),
  );
}

/**
 * Nobody signed in to the linked account, and somebody who has left since was the same object of the directory and used another one. What an operator
 * says of that is done; until then, and where the two are two people, they stay in by the one that they have.
 */
function decideLeft(
  observation: PersonObservation,
  linked: ObservedAccount,
  { observed, adoption }: LeftAsObject,
  email: string,
  ours: boolean,
  stays: (...held: Held[]) => PersonDecision,
): PersonDecision {
  const { account } = observed;
  const asked = (held: Held): PersonDecision => {
    const decision = decideByAddress(observation, linked, bearing(observation, email), email, ours, stays);
    return { ...decision, held: [held, ...decision.held] };
  };
  if (adoption instanceof Held) return asked(adoption);
  const { how, replaces } = adoption;
  if (adoption.anew) {
    // Who left is locked out first.
    if (account.status !== 'suspended')
      return asked(
        new Held(
          're-hire',
          `${nameOf(account)} is to be deleted, and is still ${account.status}, though who used it has left: it goes once it is suspended`,
        ),
      );
    const create = newAccount(observation, email, { observed, replaces, why: 'same-object' });
    return { ...stays(), create };
  }
  // Whoever else is in by it stays in.
  if (ours && linked.holders.every(({ desired }) => desired.account === 'absent'))
    return { accounts: [decideAccount(observation, observed, { how, replaces })], create: undefined, held: [] };
  return asked(
    new Held(
      'duplicate-account',
      `the person is to keep account ${JSON.stringify(account.username)}, and is linked to ${JSON.stringify(linked.account.username)}, which nobody ever signed in to and the bridge did not make for them alone: Coder refuses the next sign-in as long as both are there; delete the second one in Coder`,
    ),
  );
}

/** Whether somebody else answers for the account: whoever is linked to it, states its address, or signed in to it while they had that. */
function isSomebodyElsesToAnswer({ claimedBy, appearedFor, holders }: ObservedAccount): boolean {
  return claimedBy !== undefined || appearedFor !== undefined || holders.length > 0;
}

/**
 * Whether an account that lets somebody in was there before who states its address now did: nothing but the address says that it is theirs, and
 * the leaver may sign in to it still. One person in apps that share people is one who is in.
 */
function isOlderThanClaim(
  { context, app, addresses }: PersonObservation,
  { account, claimedBy, appearedFor, holders }: ObservedAccount,
): boolean {
  if (claimedBy === undefined || appearedFor !== undefined || holders.length > 0) return false;
  const isLastAddress = isSameIdentity(addresses.at(-1)?.address ?? '', account.email);
  if (isLastAddress && isShared(context, app, claimedBy.app)) return false;
  return account.status !== 'suspended' && (account.createdAt ?? 0) <= claimedBy.since;
}

/**
 * Somebody else of the app who is in by the account, and is the same object of the identity provider as who leaves: one person, stated twice, of
 * whom one is said to have left. Who came later than who leaves was hired again. Where a declaration names the account, it is known whose it is.
 */
function inAsSameObject(observation: PersonObservation, { account, holders }: ObservedAccount): Holder | undefined {
  const { context, app, userId, user, person } = observation;
  const externalId = user?.externalId ?? person?.externalId;
  if (externalId === undefined || !leavesByDirectory(observation)) return undefined;
  if (account.status === 'suspended' || isNamed(context, app, account)) return undefined;
  return holders.find(
    holder =>
      holder.person.app === app &&
      // In order of time.
      holder.person.userId < userId &&
      holder.desired.account === 'present' &&
      holder.user?.externalId === externalId,
  );
}

/** Accounts of the bridge's making, or linked before, that are this person's no more: gone when nobody ever used them, else locked. */
function decideLeftOver(observation: PersonObservation, main: ObservedAccount | undefined): AccountDecision[] {
  return observation.accounts
    .filter(
      observed =>
        observed !== main &&
        observed.via !== 'linked' &&
        observed.begun &&
        !isSomebodyElsesToAnswer(observed) &&
        untouchable(observation.context, observed.account) === undefined,
    )
    .map(observed => leaveBehind(observation, observed));
}

function leaveBehind(observation: PersonObservation, observed: ObservedAccount): AccountDecision {
  const input = inputFor(observation, observed, ABSENT, observed.account.used ? 'suspend' : 'delete');
  return { observed, link: undefined, input, plan: plan(input) };
}

/** Whoever leaves is locked out of every account that is theirs or bears an address of theirs. */
function decideLeaving(observation: PersonObservation): PersonDecision {
  const { context, app, user, reHire } = observation;
  const accounts: AccountDecision[] = [];
  const held: Held[] = [];
  const isLinked = observation.accounts.some(({ via }) => via === 'linked');
  // Whom nothing lets in any more can sign in to another account as well as who has left. That an app is gone says nothing of who stays.
  const isOutOfOthers = leavesByDirectory(observation) || (isLinked && context.apps.get(app)?.deleting !== true);
  for (const observed of observation.accounts) {
    const { account } = observed;
    // Leaving or not: two who leave count as two.
    const isElses = observed.via !== 'linked' && isSomebodyElsesToAnswer(observed);
    if (isElses && !isOlderThanClaim(observation, observed)) {
      const same = inAsSameObject(observation, observed);
      if (same !== undefined) held.push(stillTheSame(observation, observed, same));
      continue;
    }
    const reason = untouchable(context, account);
    if (reason !== undefined) {
      // Whoever left can sign in to what is protected, and to an own account that is a person's: somebody has to know, and to act.
      const signsIn = reason === 'protected-account' || (reason === 'own-account' && account.loginType !== 'none');
      const isOut = observed.via === 'linked' ? leavesByDirectory(observation) : isOutOfOthers;
      if (signsIn && account.status !== 'suspended' && isOut)
        held.push(reason === 'own-account' ? stillOwn(observation, observed) : stillProtected(observation, observed));
      else if (observed.via === 'linked') held.push(neverTouched(observed, reason));
      continue;
    }
    if (observed.via === 'linked') {
      accounts.push(decideAccount(observation, observed, undefined));
      continue;
    }
    if (account.status === 'suspended' && !observed.begun && !holdsGifts(observation, observed)) continue;
    const adoption = judgeAdoption({
      context,
      app,
      user: user ?? { userName: '', externalId: undefined },
      found: observed,
      reHire,
    });
    if (adoption instanceof Held && !observed.begun) {
      if (SPEAKS_FOR.has(adoption.reason) && isOutOfOthers) held.push(stillIn(observation, observed, adoption));
      continue;
    }
    if (isElses) continue;
    // Locked alone, it would be known as the bridge's own no more.
    if (isLinked && observed.begun) {
      accounts.push(leaveBehind(observation, observed));
      continue;
    }
    accounts.push({
      ...decideAccount(observation, observed, undefined),
      // Whoever is linked to an account already is locked out of the others as they stand. Else it is theirs, gone or not: whoever comes with
      // the address later is somebody else, and should they come back themselves, it is known who made it.
      link:
        adoption instanceof Held || isLinked || isSomebodyElses(observation, observed)
          ? undefined
          : { how: adoption.how, replaces: adoption.replaces },
    });
  }
  // There is an account that Coder takes for theirs, and that nobody finds by their e-mail.
  if (!isLinked && observation.person?.heldReason === EMAIL_CONFLICT)
    held.push(
      isOutOfOthers
        ? stillUnfound(observation)
        : new Held(
            EMAIL_CONFLICT,
            user === undefined || context.apps.get(app)?.deleting === true
              ? (observation.person.heldDetail ?? 'Coder has an account with this e-mail')
              : unfoundText('nothing lets the person in any more', observation),
          ),
    );
  return { accounts, create: undefined, held };
}

/** Whether a locked account still has what the bridge gave it: the lock came first, and the rest follows. */
function holdsGifts(observation: PersonObservation, observed: ObservedAccount): boolean {
  const { removals } = decideAccount(observation, observed, undefined).plan;
  return removals.some(removal => removal.kind !== 'account' && observed.granted(removal));
}

/** Refusals of accounts that are the leaver's all the same: the policy forbids the bridge to lock them, and somebody must. */
export const SPEAKS_FOR: ReadonlySet<string> = new Set(['login-type', 'adoption-refused', 'privileged-account']);

/** Coder refused to make an account, since one has the e-mail in a spelling that is another one letter by letter. */
export const EMAIL_CONFLICT: RefusalReason = 'email-conflict';

function stillUnfound(observation: PersonObservation): StillIn {
  return new StillIn(EMAIL_CONFLICT, unfoundText('the person has left', observation));
}

function unfoundText(why: string, { user, person, addresses, userId }: PersonObservation): string {
  const email = user?.email ?? addresses.at(-1)?.address ?? person?.userName;
  return `${why}, and Coder said that an account has their e-mail ${JSON.stringify(email)}, which it has in another spelling: find it in Coder's list of users, suspend it if it is theirs, and say that it is seen to with coder-scim retry person:${userId}`;
}

/** Somebody who is to be out, and whom nobody has locked out. */
export function stillIn(
  person: Pick<PersonObservation, 'user'>,
  { account }: Pick<ObservedAccount, 'account'>,
  refusal: Held,
): StillIn {
  return new StillIn(
    refusal.reason,
    `${sayOpen(person, account)} is still ${account.status}: suspend it in Coder; ${refusal.detail}`,
  );
}

function sayOpen(
  person: Pick<PersonObservation, 'user'>,
  { username, email }: Pick<ObservedAccount['account'], 'username' | 'email'>,
): string {
  const why = leavesByDirectory(person) ? 'the person has left' : 'nothing lets the person in any more';
  return `${why}, and account ${JSON.stringify(username)} with their e-mail ${JSON.stringify(email)}`;
}

function stillTheSame(person: PersonObservation, { account }: ObservedAccount, holder: Holder): StillIn {
  return new StillIn(
    'account-taken',
    `${sayOpen(person, account)} is still ${account.status}: ${JSON.stringify(holder.person.userName)} of the same app is in by it and has the same externalId ${JSON.stringify(holder.user?.externalId)}, so the two may be one person; if they are, make that one inactive in the identity provider as well; else give them externalIds of their own, or name the account in people.adopt`,
  );
}

function stillProtected(person: Pick<PersonObservation, 'user'>, { account }: ObservedAccount): StillIn {
  return new StillIn(
    'protected-account',
    `${sayOpen(person, account)} is still ${account.status}, since guard.protectedAccounts names it: suspend it in Coder or give it another e-mail there, or take it out of guard.protectedAccounts`,
  );
}

function stillOwn(person: Pick<PersonObservation, 'user'>, { account }: ObservedAccount): StillIn {
  return new StillIn(
    'own-account',
    `${sayOpen(person, account)}, which the bridge acts as, is still ${account.status}: give the bridge an account of its own, then suspend this one in Coder`,
  );
}

function neverTouched({ account }: ObservedAccount, reason: string): Held {
  return new Held(reason, `account ${JSON.stringify(account.username)} is never touched (${reason})`);
}

function unclearGroup(userName: string): Held {
  return new Held(
    'unclear-group',
    `whether ${JSON.stringify(userName)} is to come in depends on a group whose name several groups of the identity provider have: see the app's warnings; it goes on by itself once it is clear which of them is meant`,
  );
}

export function noEmail(userName: string): Held {
  return new Held(
    'no-email',
    `the directory states no e-mail for ${JSON.stringify(userName)} and Coder has no account without one: map an e-mail in the identity provider`,
  );
}

/** What could not be deleted because of its workspaces. */
export function heldByWorkspaces({ observed, why }: NonNullable<NewAccount['insteadOf']>, userName: string): Held {
  const name = nameOf(observed.account);
  return why === 're-hire' || why === 'same-object'
    ? new CameBack(observed.account.id, reHireText(name, userName))
    : new Held(
        'has-workspaces',
        `${name} was made for an earlier address and has workspaces, so Coder does not delete it: delete or move its workspaces`,
      );
}

/**
 * The account of the person's next sign-in though it bears an earlier address: they signed in to it, by an account that the bridge was
 * about to make or that Coder made at the sign-in, so Coder knows them by their subject. One that appeared when they had that address no
 * more is somebody else's who got the address.
 */
function signedInto(observation: PersonObservation): ObservedAccount | undefined {
  return observation.accounts.find(observed => mayHaveSignedInto(observation, observed) === true);
}

/**
 * Whether the person may have signed in to an account that bears an earlier address, and nobody else answers for: `unclear` where that may be
 * somebody else as well.
 */
function mayHaveSignedInto(
  { context, app, addresses, user }: PersonObservation,
  observed: ObservedAccount,
): boolean | 'unclear' {
  const { via, account, begun, claimedBy, appearedFor, holders } = observed;
  if (via !== 'former-address' && via !== 'journal') return false;
  if (!account.used || account.loginType !== 'oidc' || claimedBy !== undefined || appearedFor !== undefined)
    return false;
  // Who states the present address, too, is the same person in another app.
  if (!holders.every(holder => isSameIdentity(holder.user?.email ?? '', user?.email ?? ''))) return false;
  const whose = isTheirs(addresses, account, begun);
  return whose === 'unclear' && isNamed(context, app, account) ? true : whose;
}

/**
 * An account that somebody signed in to by an earlier address of the person, about when that changed: theirs, or of whoever has the address now.
 * Until they have signed in to the account that the bridge knows, nobody can tell.
 */
export function unclearAccount(observation: PersonObservation): ObservedAccount | undefined {
  const linked = observation.accounts.find(({ via }) => via === 'linked');
  if (observation.own.account !== 'present' || linked?.account.used === true) return undefined;
  return observation.accounts.find(observed => mayHaveSignedInto(observation, observed) === 'unclear');
}

function unclear({ account, begun }: ObservedAccount): Held {
  const locked = begun ? ', and is locked' : '';
  return new Held(
    'duplicate-account',
    `somebody signed in to account ${JSON.stringify(account.username)} with the earlier address ${JSON.stringify(account.email)} about when that changed, which may have been whoever has it now: nothing of the person's is on it${locked}; if it is theirs, name it in people.adopt; else this ends once they have signed in with the present address`,
  );
}

function bearing({ accounts }: PersonObservation, email: string): ObservedAccount | undefined {
  return accounts.find(({ via, account }) => via !== 'linked' && isSameIdentity(account.email, email));
}
