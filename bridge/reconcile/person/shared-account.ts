/** What a Coder account should have when several SCIM users, of one app or more, are this account. */
import { type DirectoryUser } from '../../contract/directory';
import { type Db } from '../../store/database/database';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { type Person, peopleOfAccount } from '../../store/accounts/people';
import { type Context } from '../context/context';
import { desire, type Desired, unite } from '../decide/desired';

export interface United {
  readonly desired: Desired;
  /** Any app of these people manages everything of theirs. */
  readonly authoritative: boolean;
  /** The directory has none of them any more. */
  readonly allLeft: boolean;
}

export interface Self {
  readonly userId: string;
  readonly app: string;
  readonly user: DirectoryUser | undefined;
  /** What this SCIM user alone asks for. */
  readonly own: Desired;
}

/** Unites what one person asks for with what the other people of the account ask for. */
export async function uniteAccount(
  db: Db,
  context: Context,
  self: Self,
  coderUserId: string,
  known?: readonly Person[],
): Promise<United> {
  const people = known ?? (await peopleOfAccount(db, coderUserId));
  const desires = [self.own];
  const apps = new Set([self.app]);
  let allLeft = self.user === undefined;
  for (const other of people) {
    if (other.userId === self.userId) continue;
    const rules = context.rules.get(other.app);
    const user = await readUser(db, other.userId);
    if (rules === undefined || user === undefined) continue;
    allLeft = false;
    apps.add(other.app);
    desires.push(desire(rules, user, await groupsOfUser(db, user.id)));
  }
  return {
    desired: unite(desires),
    authoritative: [...apps].some(app => context.apps.get(app)?.state.policies.authoritative === true),
    allLeft,
  };
}
