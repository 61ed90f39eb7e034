/** Who else is an account, or states its address: read from the directory. */
import { isSameIdentity } from '../../contract/identity';
import { othersOfAddress } from '../../store/accounts/addresses';
import { type Person } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { groupsOfUser, readUser } from '../../store/directory/reading';
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

/** Who else of the directory states this address now and is to come in. */
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
    if (desire(rules, user, await groupsOfUser(db, user.id)).account === 'present') return other;
  }
  return undefined;
}
