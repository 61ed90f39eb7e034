/** Whether somebody may be an account that exists already, and as what. Pure; data in, data out. */
import { type DirectoryUser } from '../../contract/directory';
import { isSameIdentity } from '../../contract/identity';
import { type Person } from '../../store/accounts/people';
import { type ReHire } from '../../store/accounts/re-hires';
import { type Context, isProtected, untouchable } from './context';
import { isImplied } from './entitlement';
import { CameBack, Held } from './hold-reason';
import { type Account, type Holder, type ObservedAccount } from './observation';

export interface AdoptionQuestion {
  readonly context: Context;
  readonly app: string;
  readonly user: Pick<DirectoryUser, 'userName' | 'externalId'> | undefined;
  readonly found: ObservedAccount;
  readonly reHire: ReHire | undefined;
}

export interface Adoption {
  readonly how: 'created' | 'adopted';
  /** People who left this account behind: their rows have nothing to say any more. */
  readonly replaces: readonly string[];
  /** The account must be made anew: the one who had it signed in, and Coder lets no other subject of the identity provider in. */
  readonly anew: boolean;
}

/** An account in words. */
export function nameOf({ username, email }: Pick<Account, 'username' | 'email'>): string {
  return `account ${JSON.stringify(username)} with the e-mail ${JSON.stringify(email)}`;
}

/** How the account is taken over, or why it is not. */
export function judgeAdoption(question: AdoptionQuestion): Adoption | Held {
  const { context, app, found } = question;
  const { account } = found;
  const name = nameOf(account);
  const reason = untouchable(context, account);
  if (reason !== undefined) return new Held(reason, `${name} is never touched (${reason})`);
  const foreign = foreignDomain(context, app, account.email);
  if (foreign !== undefined) return foreign;

  const elsewhere = found.holders.filter(({ person }) => person.app !== app);
  const stranger = elsewhere.find(({ person }) => !isShared(context, app, person.app));
  if (stranger !== undefined)
    return new Held(
      'other-app',
      `${name} belongs to ${JSON.stringify(stranger.person.userName)} of app ${JSON.stringify(stranger.person.app)}: if they are one person, both apps must name each other in people.sharedWith; if they are two, the account has the address until it is deleted in Coder, or gets another e-mail`,
    );
  // Somebody signed in to it before anybody was linked to it: nobody else gets in by it, nor what it is given.
  const before = found.appearedFor;
  if (before !== undefined && !hasLeft(before))
    return new Held(
      'account-taken',
      `${takenText(name, found, before, app)}; if it is not theirs, name it in people.adopt`,
    );
  if (before !== undefined) {
    const adoption = { how: 'adopted' as const, replaces: [] };
    const reHire = judgeReHire(question, externalIdOf(before), adoption, hasMoved(account, before), name);
    return reHire instanceof Held || reHire.anew ? reHire : judgePolicy(question, name);
  }
  const [shared] = elsewhere;
  const earlier = found.holders.filter(({ person }) => person.app === app);
  const present =
    earlier.find(holder => !hasLeft(holder)) ??
    // Whoever has another address by now takes the account along: who has this one is somebody else.
    elsewhere.find(holder => !hasLeft(holder) && hasMoved(account, holder));
  if (present !== undefined) return new Held('account-taken', takenText(name, found, present, app));
  // Who left under another address than this is not who comes with it.
  const moved = elsewhere.filter(holder => hasMoved(account, holder));
  const leftBehindBy = [...earlier, ...moved];
  const [first] = leftBehindBy;
  if (first !== undefined) {
    const replaces = leftBehindBy.map(({ person }) => person.userId);
    // Somebody of another app is in by it, and signs in: it is not left behind.
    const inUse = elsewhere.find(holder => !hasLeft(holder));
    if (inUse !== undefined) return { how: inUse.person.how ?? 'adopted', replaces, anew: false };
    const adoption = { how: first.person.how ?? 'adopted', replaces };
    const isSomebodyElse = moved.length > 0 || earlier.some(holder => isMovedAnother(question, holder));
    return judgeReHire(question, externalIdOf(first), adoption, isSomebodyElse, name);
  }
  if (shared !== undefined) return { how: shared.person.how ?? 'adopted', replaces: [], anew: false };
  if (found.begun) return { how: 'created', replaces: [], anew: false };
  return judgePolicy(question, name);
}

/** Somebody who is linked to the account, is in, and has another address by now: they will leave it, or its address will change. */
export function isMoving({ account, holders, appearedFor }: ObservedAccount): boolean {
  const theirs = appearedFor === undefined ? holders : [...holders, appearedFor];
  return theirs.some(holder => !hasLeft(holder) && hasMoved(account, holder));
}

function hasMoved(account: ObservedAccount['account'], { user, person }: Holder): boolean {
  const email = user === undefined ? person.email : user.email;
  return email !== undefined && !isSameIdentity(email, account.email);
}

/**
 * Whether somebody of the same app had gone on to another address, and nothing says that they are who comes: an address alone, which is
 * somebody else's to have by then, does not.
 */
function isMovedAnother({ found, user }: AdoptionQuestion, holder: Holder): boolean {
  const before = externalIdOf(holder);
  return hasMoved(found.account, holder) && (before === undefined || before !== user?.externalId);
}

/** Of whom a used account is: whoever became another object while inactive was not let in as that. */
function externalIdOf({ user, person }: Holder): string | undefined {
  return person.formerExternalId ?? user?.externalId ?? person.externalId;
}

/**
 * Somebody is to come in by the account that they are linked to, and was another object of the directory when they were let in last: as where the
 * account is one that others left behind. Undefined where it is theirs as ever.
 */
export function judgeReturn(question: AdoptionQuestion, person: Person | undefined): Adoption | Held | undefined {
  const { account, holders } = question.found;
  // Somebody of another app is in by it, and signs in.
  if (person?.formerExternalId === undefined || holders.some(holder => !hasLeft(holder))) return undefined;
  const adoption = { how: person.how ?? 'adopted', replaces: [] };
  return judgeReHire(question, person.formerExternalId, adoption, false, nameOf(account));
}

/**
 * The account of somebody who left and was the same object of the directory, whatever its address: by the object Coder knows the subject. Who it is
 * says an operator. Undefined where it is not left behind.
 * @param own the account that the person has, and nobody has signed in to
 */
export function judgeSameObject(question: AdoptionQuestion, own: Account | undefined): Adoption | Held | undefined {
  const { found, user } = question;
  if (!found.account.used || found.holders.some(holder => !hasLeft(holder))) return undefined;
  const adoption = judgeAdoption(question);
  if (adoption instanceof Held) return adoption;
  const answer = answerFor(question);
  if (answer !== undefined) return { ...adoption, anew: answer === 'replace' };
  return new CameBack(found.account.id, sameObjectText(nameOf(found.account), user, own));
}

/** An operator's word. Another account than was asked about is judged by itself, and so is whoever is another object of the identity provider by now. */
export function answerFor({ found, user, reHire }: Pick<AdoptionQuestion, 'found' | 'user' | 'reHire'>) {
  if (reHire?.account !== found.account.id) return undefined;
  const isSame = reHire.externalId === undefined || reHire.externalId === (user?.externalId ?? null);
  return isSame ? reHire.answer : undefined;
}

function takenText(name: string, { account }: ObservedAccount, holder: Holder, app: string): string {
  const of = holder.person.app === app ? 'the same app' : `app ${JSON.stringify(holder.person.app)}`;
  const whose = `${name} belongs to ${JSON.stringify(holder.person.userName)} of ${of}`;
  if (!hasMoved(account, holder)) return `${whose}: two people can not share an account`;
  const moved = `${whose}, whose e-mail is ${JSON.stringify(holder.user?.email)} by now`;
  return account.used
    ? `${moved}: Coder takes that over at their next sign-in, and this goes on by itself then; where Coder refuses the sign-in because another account has that e-mail, give one of the two a third e-mail in the identity provider until the other one has signed in`
    : `${moved}: this goes on by itself when that one has been dealt with`;
}

/** Whether the app's declaration names the account as one to take over. */
export function isNamed(
  context: Pick<Context, 'apps'>,
  app: string,
  account: Pick<Account, 'username' | 'email'>,
): boolean {
  const named = context.apps.get(app)?.state.people.adopt ?? [];
  return named.some(wanted => isSameIdentity(wanted, account.username) || isSameIdentity(wanted, account.email));
}

/** What the app's policy says of an account that nobody of the directory has. */
function judgePolicy({ context, app, found }: AdoptionQuestion, name: string): Adoption | Held {
  const { account } = found;
  const policy = context.apps.get(app)?.state.policies.adoption ?? 'oidc';
  if (isNamed(context, app, account)) return { how: 'adopted', replaces: [], anew: false };
  if (policy === 'never')
    return new Held('adoption-refused', `${name} exists already, and the app's adoption policy is "never"`);
  if (policy === 'oidc' && account.loginType !== 'oidc')
    return new Held(
      'login-type',
      `${name} signs in by ${JSON.stringify(account.loginType)}, and the app's adoption policy takes over oidc accounts alone: convert or delete the account, or set the policy to "any"`,
    );
  if (policy === 'oidc') {
    const given = siteRolesGiven(context, app);
    const role = account.roles.find(held => !isImplied(held) && !given.has(held));
    if (role !== undefined)
      return new Held(
        'privileged-account',
        `${name} has the site role ${JSON.stringify(role)}, which no mapping of the app gives: name the account in people.adopt, or set the adoption policy to "any"`,
      );
  }
  return { how: 'adopted', replaces: [], anew: false };
}

/**
 * Somebody comes to an account that others left behind.
 * @param before the first of them, by externalId
 * @param adoption what it is where the account stays
 * @param isSomebodyElse whether one of them had another address by then
 */
function judgeReHire(
  { found, user, reHire }: AdoptionQuestion,
  before: string | undefined,
  adoption: Omit<Adoption, 'anew'>,
  isSomebodyElse: boolean,
  name: string,
): Adoption | Held {
  // Another object of the identity provider is usually another subject, and a used account lets only its own subject in.
  const isAnother =
    isSomebodyElse || (before !== undefined && user?.externalId !== undefined && before !== user.externalId);
  const answer = answerFor({ found, user, reHire });
  if (!found.account.used || !isAnother || answer === 'keep') return { ...adoption, anew: false };
  if (answer === 'replace' || adoption.how === 'created') return { ...adoption, anew: true };
  return new CameBack(found.account.id, reHireText(name, user?.userName ?? ''));
}

/** A word of a command that somebody copies into a shell: the identity provider chooses it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The two ways out of a re-hire, with a command for each. */
export function reHireText(name: string, userName: string): string {
  const who = shellWord(userName);
  return `${name} was used by an earlier object of the directory, and Coder lets no other subject of the identity provider sign in to it: if the subject is the same, keep the account with coder-scim re-hire ${who} --keep; else make a new one with coder-scim re-hire ${who} --replace, after its workspaces are deleted, since they go with the account`;
}

function sameObjectText(name: string, user: AdoptionQuestion['user'], own: Account | undefined): string {
  const who = shellWord(user?.userName ?? '');
  const known = `${name} was used by the same object of the directory (externalId ${JSON.stringify(user?.externalId)}), by another name, and Coder knows the subject of the identity provider by it, whatever the address`;
  if (own === undefined)
    return `${known}: if the subject is the same, keep the account with coder-scim re-hire ${who} --keep, and its e-mail follows at the next sign-in; else make a new one in its place with coder-scim re-hire ${who} --replace, after its workspaces are deleted, since they go with the account`;
  return `${known}; account ${JSON.stringify(own.username)}, which was made for this name, lets in another subject alone: if the subject is the same, keep the first account with coder-scim re-hire ${who} --keep, and the second one goes; if it is another one, this ends with the first sign-in to the second, or delete the first one with coder-scim re-hire ${who} --replace, with its workspaces deleted before; if they are two people, give this one an externalId of its own in the identity provider`;
}

function hasLeft({ person, user }: Holder): boolean {
  return person.leftAt !== undefined || user === undefined || !user.active;
}

/** Whether two apps declare that their people may be the same accounts. */
export function isShared(context: Pick<Context, 'apps'>, app: string, other: string): boolean {
  const names = (one: string): readonly string[] => context.apps.get(one)?.state.people.sharedWith ?? [];
  return names(app).includes(other) && names(other).includes(app);
}

/** Why the app may not speak for this address; undefined when it may. */
export function foreignDomain(context: Pick<Context, 'apps'>, app: string, email: string): Held | undefined {
  const domains = context.apps.get(app)?.state.people.emailDomains ?? [];
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (domains.length === 0 || domains.some(allowed => isSameIdentity(allowed, domain))) return undefined;
  return new Held(
    'foreign-domain',
    `${JSON.stringify(email)} is in none of the app's e-mail domains (${domains.join(', ')}): the app may not speak for it; add the domain to people.emailDomains if it should`,
  );
}

/** Why no account is made or moved to this address for the app; undefined when one may be. */
export function refusedAddress(context: Context, app: string, email: string): Held | undefined {
  if (!isProtected(context, email)) return foreignDomain(context, app, email);
  return new Held(
    'protected-account',
    `${JSON.stringify(email)} is in guard.protectedAccounts, and an account that has it could never be locked: take it out of there, or make the account in Coder by hand`,
  );
}

/** Site roles that the app's mappings can give. */
function siteRolesGiven(context: Context, app: string): Set<string> {
  const rules = context.rules.get(app);
  return new Set(
    [...(rules?.gives.values() ?? [])].flat().flatMap(({ kind, target }) => (kind === 'site-role' ? [target] : [])),
  );
}
