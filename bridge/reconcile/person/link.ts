/** Finds the Coder account of a person, adopts it if policy lets it, or creates one. Coder's id is what links from then on. */
import { type CoderUser, cleanRealName, deriveUsernames, isRefusal } from '../../coder';
import { type DirectoryUser } from '../../contract/directory';
import { peopleOfAccount, type Person, writePerson } from '../../store/accounts/people';
import { judgeAdoption } from '../decide/adoption';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { Held } from '../decide/hold-reason';

export interface Linked {
  readonly account: CoderUser;
  readonly how: 'created' | 'adopted';
  /** People who left this account behind: their rows have nothing to say any more. */
  readonly replaces: readonly string[];
  /** It was there before: other people may be this account, and what it holds was given by somebody. */
  readonly existed: boolean;
}

interface Seeker {
  readonly user: DirectoryUser;
  readonly person: Person | undefined;
}

/** The e-mail that Coder needs. @throws Held `no-email` */
function emailOf(user: DirectoryUser): string {
  if (user.email !== undefined) return user.email;
  throw new Held(
    'no-email',
    `the directory states no e-mail for ${JSON.stringify(user.userName)} and Coder has no account without one: map an e-mail in the identity provider`,
  );
}

/** An existing account with the person's e-mail that may be taken over; undefined when there is none. @throws Held */
export async function findAccount(rim: Rim, context: Context, seeker: Seeker): Promise<Linked | undefined> {
  const account = await rim.coder.findUserByEmail(emailOf(seeker.user));
  return account === undefined ? undefined : await adopt(rim, context, seeker, account);
}

/** The account of a person who is to have one. @throws Held, CoderError */
export async function findOrCreateAccount(
  rim: Rim,
  context: Context,
  seeker: Seeker,
  organizations: readonly string[],
): Promise<Linked> {
  const found = await findAccount(rim, context, seeker);
  if (found !== undefined) return found;
  const { user } = seeker;
  // Should this process die after Coder's work and before its own note, the account is known as its own.
  if (seeker.person?.how !== 'created')
    await writePerson(
      rim.database.db,
      { userId: user.id, app: user.app, userName: user.userName },
      { creating: true },
      rim.clock.now(),
    );
  const candidates = deriveUsernames({ userName: user.username, email: user.email, key: user.id });
  for (const username of candidates) {
    try {
      const { outcome, user: account } = await rim.coder.createUser({
        email: emailOf(user),
        username,
        name: cleanRealName(user.fullName),
        organizationIds: organizations,
      });
      if (outcome === 'created') return { account, how: 'created', replaces: [], existed: false };
      return await adopt(rim, context, seeker, account);
    } catch (error) {
      if (!isRefusal(error, 'username-taken')) throw error;
    }
  }
  throw new Held(
    'username-taken',
    `every username derived for ${JSON.stringify(user.userName)} is taken in Coder (${candidates.join(', ')}): free one of them`,
  );
}

/** Takes over an account that exists already, if that is allowed. @throws Held */
async function adopt(rim: Rim, context: Context, { user, person }: Seeker, account: CoderUser): Promise<Linked> {
  const others = (await peopleOfAccount(rim.database.db, account.id)).filter(
    other => other.app === user.app && other.userId !== user.id,
  );
  const adoption = judgeAdoption({
    context,
    policy: context.apps.get(user.app)?.state.policies.adoption ?? 'oidc',
    account,
    others,
    creating: person?.how === 'created' && person.coderUserId === undefined,
  });
  if (adoption instanceof Held) throw adoption;
  return { account, ...adoption, existed: true };
}
