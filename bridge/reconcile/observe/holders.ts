/** Who else is an account, or states its address: read from the directory. */
import { identityKey, isSameIdentity } from '../../contract/identity';
import { type Address, addressesOfPeople, othersOfAddress } from '../../store/accounts/addresses';
import { type Person, readPeopleById } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { readEntry } from '../../store/journal/journal';
import { foreignDomain, isNamed } from '../decide/adoption';
import { periodOf, whoseByTime } from '../decide/appeared';
import { type Context } from '../decide/context';
import { ABSENT, desire } from '../decide/desired';
import { type Account, type Claimant, type Holder, type ObservedAccount } from '../decide/observation';
import { begunAccount, mayBeBegun } from './begun-accounts';

/** These people with what the directory says of them. */
export async function readHolders(db: Db, context: Context, people: readonly Person[]): Promise<Holder[]> {
  const holders: Holder[] = [];
  for (const person of people) {
    const user = await readUser(db, person.userId);
    const rules = context.rules.get(person.app);
    const desired =
      rules === undefined || user === undefined ? ABSENT : desire(rules, user, await groupsOfUser(db, user.id));
    holders.push({ person, user, desired });
  }
  return holders;
}

/** Whether one of these, who are the same account, is let in. */
export async function isLetInElsewhere(db: Db, context: Context, others: readonly Person[]): Promise<boolean> {
  return (await readHolders(db, context, others)).some(({ desired }) => desired.account === 'present');
}

/** Whose an account that the person is not linked to may be instead. */
type Contenders = Pick<ObservedAccount, 'claimedBy' | 'appearedFor'>;

interface ContendersQuestion extends Pick<ObservedAccount, 'account' | 'via' | 'begun' | 'holders'> {
  readonly userId: string;
  readonly app: string;
  /** Of the person, with the times. */
  readonly addresses: readonly Address[];
}

export async function contendersOf(db: Db, context: Context, question: ContendersQuestion): Promise<Contenders> {
  const { account, via, holders, userId, app } = question;
  if (via === 'linked') return NOBODY;
  const others = await othersOfAddress(db, account.email, userId);
  if (others.length === 0) return NOBODY;
  const claimedBy = await claimantOf(db, context, account.email, others);
  // Whoever is linked to it answers for it, and where a declaration names it, who has the address now is meant.
  const people =
    holders.length > 0 || isNamed(context, app, account)
      ? new Map<string, Person>()
      : await readPeopleById(db, others.map(idOf));
  const whose = await appearedFor(db, question, people);
  if (whose === userId) return NOBODY;
  const [other] = await readHolders(
    db,
    context,
    [...people.values()].filter(person => person.userId === whose),
  );
  // Who states it still contends for it as ever.
  const hasMoved = other !== undefined && !isSameIdentity(other.user?.email ?? '', account.email);
  return { claimedBy, appearedFor: hasMoved ? other : undefined };
}

const idOf = ({ userId }: { readonly userId: string }): string => userId;

/** Whose the account was when it came to be, of the person and these others. */
async function appearedFor(
  db: Db,
  { account, begun, userId, addresses }: ContendersQuestion,
  others: ReadonlyMap<string, Person>,
): Promise<string | undefined> {
  if (!account.used || others.size === 0) return undefined;
  const theirs = await addressesOfPeople(db, [...others.keys()]);
  const periods = [
    periodOf(userId, addresses, account.email, undefined),
    ...[...others.values()].map(other =>
      periodOf(other.userId, theirs.get(other.userId) ?? [], account.email, other.leftAt),
    ),
  ];
  return whoseByTime(
    account,
    periods.flatMap(period => period ?? []),
    begun,
  );
}

const NOBODY: Contenders = { claimedBy: undefined, appearedFor: undefined };

/** Who of those who have or had an address states it now and is to come in, by an app that may speak for it. */
async function claimantOf(
  db: Db,
  context: Context,
  email: string,
  others: readonly Claimant[],
): Promise<Claimant | undefined> {
  for (const other of others) {
    const user = await readUser(db, other.userId);
    const rules = context.rules.get(other.app);
    if (user?.email === undefined || rules === undefined || !isSameIdentity(user.email, email)) continue;
    if (foreignDomain(context, other.app, user.email) !== undefined) continue;
    if (desire(rules, user, await groupsOfUser(db, user.id)).account === 'present') return other;
  }
  return undefined;
}

/** Whether an account was about to be made for somebody else of the app who is gone by now, or has another address: it is the bridge's own. */
export async function isLeftBehind(db: Db, app: string, userId: string, account: Account): Promise<boolean> {
  const entry = await readEntry(db, 'account', identityKey(account.email));
  if (entry === undefined || entry.app !== app || entry.subject === userId) return false;
  if (!mayBeBegun(begunAccount(entry), account)) return false;
  const before = entry.subject === undefined ? undefined : await readUser(db, entry.subject);
  return before?.active !== true || !isSameIdentity(before.email ?? '', account.email);
}
