/** Who else is an account, or states its address: read from the directory. */
import { identityKey, isSameIdentity } from '../../contract/identity';
import { othersOfAddress } from '../../store/accounts/addresses';
import { type Person } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { readEntry } from '../../store/journal/journal';
import { foreignDomain } from '../decide/adoption';
import { type Context } from '../decide/context';
import { ABSENT, desire } from '../decide/desired';
import { type Claimant, type Holder } from '../decide/observation';

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

/** Who else of the directory states this address now and is to come in, by an app that may speak for it. */
export async function claimantOf(
  db: Db,
  context: Context,
  email: string,
  userId: string,
): Promise<Claimant | undefined> {
  for (const other of await othersOfAddress(db, email, userId)) {
    const user = await readUser(db, other.userId);
    const rules = context.rules.get(other.app);
    if (user?.email === undefined || rules === undefined || !isSameIdentity(user.email, email)) continue;
    if (foreignDomain(context, other.app, user.email) !== undefined) continue;
    if (desire(rules, user, await groupsOfUser(db, user.id)).account === 'present') return other;
  }
  return undefined;
}

/** Whether an account was about to be made for somebody else of the app who is gone by now, or has another address: it is the bridge's own. */
export async function isLeftBehind(db: Db, app: string, userId: string, email: string): Promise<boolean> {
  const entry = await readEntry(db, 'account', identityKey(email));
  if (entry === undefined || entry.app !== app || entry.subject === userId) return false;
  const before = entry.subject === undefined ? undefined : await readUser(db, entry.subject);
  return before?.active !== true || !isSameIdentity(before.email ?? '', email);
}
