/** Whether what SCIM gives an account is what Coder reads at a sign-in: e-mail and username of people beside those that were seen in claims. */
import { type DoctorCheck } from '../../contract/admin-api';
import { identityKey } from '../../contract/identity';
import { type DirectoryUser } from '../../contract/directory';
import { type CoderClient, CoderError } from '../../coder';
import { deriveUsernames } from '../../coder/names';
import { type StoredApp } from '../../store/apps/apps';
import { type Database, type Db } from '../../store/database/database';
import { readUsers } from '../../store/directory/reading';

const NAME = 'attributes';
const PAGE = 1_000;
const NAMED = 5;

const check = (state: DoctorCheck['state'], detail: string, next: string | null = null): DoctorCheck => ({
  name: NAME,
  state,
  detail,
  next,
});

type SignIns = Pick<CoderClient, 'getSignInClaims' | 'listSeenValues'>;

/** What the active people of all apps would be called in Coder. */
interface Known {
  readonly emails: ReadonlySet<string>;
  readonly usernames: ReadonlySet<string>;
  /** Addresses in domains from which Coder lets nobody sign in. */
  readonly outside: readonly string[];
  readonly people: number;
}

/** Nothing to say while no app is declared. */
export async function signInChecks(
  { database, coder }: { readonly database: Pick<Database, 'db'>; readonly coder: SignIns },
  apps: readonly StoredApp[],
): Promise<DoctorCheck[]> {
  if (apps.length === 0) return [];
  const claims = await coder.getSignInClaims();
  if (claims === undefined)
    return [check('skipped', 'which claims give e-mail and username in Coder is shown to owners and auditors alone')];
  const known = await readKnown(database.db, apps, claims.emailDomains);
  const checks: DoctorCheck[] = [];
  if (known.outside.length > 0)
    checks.push(
      check(
        'warning',
        `${known.outside.length} of ${known.people} active people can not sign in: Coder lets addresses of ${claims.emailDomains.join(', ')} in alone (CODER_OIDC_EMAIL_DOMAIN), they have ${list(known.outside)}`,
        'confine the app with people.emailDomains, or widen CODER_OIDC_EMAIL_DOMAIN',
      ),
    );
  if (known.people === 0) return [...checks, check('skipped', 'nobody is in the directory yet: nothing to compare')];
  const compare = async (
    claim: string,
    what: string,
    keys: ReadonlySet<string>,
    keyOf: (value: string) => string,
    advice: { readonly means: string; readonly next: string },
  ): Promise<DoctorCheck[]> => {
    const values = claim === '' ? [] : await seenValues(coder, claim);
    if (values.length === 0)
      return [check('skipped', `no ${what} were seen at a sign-in (claim ${JSON.stringify(claim)})`)];
    const strange = values.filter(value => !keys.has(keyOf(value)));
    const agree = values.length - strange.length;
    const detail = `${agree} of ${values.length} ${what} seen in the claim ${JSON.stringify(claim)} are those of people in the directory${strange.length === 0 ? '' : `, not ${list(strange)}`}`;
    return [
      agree * 2 >= values.length ? check('ok', detail) : check('warning', `${detail}: ${advice.means}`, advice.next),
    ];
  };
  return [
    ...checks,
    ...(await compare(claims.email, 'e-mail addresses', known.emails, identityKey, {
      means: 'Coder finds people by it, and writes it over theirs at each sign-in',
      next: 'let both say the same address: attributes.email of the app, or CODER_OIDC_EMAIL_FIELD',
    })),
    ...(await compare(claims.username, 'usernames', known.usernames, usernameKey, {
      means: 'whoever signs in before SCIM has sent them gets another username than from SCIM',
      next: 'let both say the same name: attributes.username of the app, or CODER_OIDC_USERNAME_FIELD',
    })),
  ];
}

async function seenValues(coder: SignIns, claim: string): Promise<readonly string[]> {
  try {
    return await coder.listSeenValues(claim);
  } catch (error) {
    if (error instanceof CoderError && error.status !== undefined) return [];
    throw error;
  }
}

async function readKnown(db: Db, apps: readonly StoredApp[], emailDomains: readonly string[]): Promise<Known> {
  const emails = new Set<string>();
  const usernames = new Set<string>();
  const outside: string[] = [];
  let people = 0;
  const domains = new Set(emailDomains.map(identityKey));
  const note = ({ active, email, username }: DirectoryUser): void => {
    if (!active) return;
    people += 1;
    usernames.add(usernameKey(username));
    if (email === undefined) return;
    emails.add(identityKey(email));
    if (domains.size > 0 && !domains.has(identityKey(email.slice(email.lastIndexOf('@') + 1)))) outside.push(email);
  };
  for (const { name } of apps) {
    let after: string | undefined;
    do {
      const page = await readUsers(db, name, after, PAGE);
      for (const { user } of page) note(user);
      after = page.length < PAGE ? undefined : page.at(-1)?.user.id;
    } while (after !== undefined);
  }
  return { emails, usernames, outside, people };
}

/** The username that Coder would make of a text, as far as that is no matter of chance. */
function usernameKey(text: string): string {
  const [first = text] = deriveUsernames({ userName: text, key: '' });
  return identityKey(first);
}

function list(values: readonly string[]): string {
  const more = values.length - NAMED;
  return `${values.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
