/** A browser sign-in by OIDC: whom the claims are linked to, what is refused, what is overwritten. */
import { isUtf8 } from 'node:buffer';
import { type Claims, type User } from '../state/entities';
import { trimSpace } from '../state/letters';
import { usernameFrom } from '../state/names';
import { syncByClaims, syncProblem } from './sign-in-sync';
import { type World } from '../world';

export interface SignIn {
  readonly status: number;
  readonly signedIn: boolean;
  /** What the refusing page says, or null. */
  readonly text: string | null;
  /** The session's token. */
  readonly token?: string;
  readonly userId?: string;
}

const ISSUER = 'https://idp.invalid';

function page(title: string, text: string, link = 'Back to site'): SignIn {
  return { status: 403, signedIn: false, text: ` ${title} ${title} ${text} ${link} ` };
}

function quoted(text: string): string {
  return `&#34;${text}&#34;`;
}

function claim(claims: Claims, name: string): string {
  const value = claims[name];
  return typeof value === 'string' ? value : '';
}

function failed(detail: string): SignIn {
  const whole = `in tx: execute transaction: ${detail}`;
  const text = `{ "message": "Failed to process OAuth login.", "detail": ${JSON.stringify(whole)} } `;
  return { status: 500, signedIn: false, text };
}

function freeUsername(world: World, claims: Claims): string {
  const email = claim(claims, 'email');
  const wanted = usernameFrom(claim(claims, 'preferred_username') || email, world.settings.chance);
  let username = wanted;
  for (let attempt = 1; world.state.userByName(username); attempt += 1) username = `${wanted.slice(0, 28)}-${attempt}`;
  return username;
}

const NAME_BYTES = 128;

/** The name claim, trimmed and cut at a byte, whatever letter that is in. */
function nameOf(claims: Claims): Buffer {
  return Buffer.from(trimSpace(claim(claims, 'name'))).subarray(0, NAME_BYTES);
}

/** What the database refuses to store of the claims. */
function problemOf(claims: Claims, name: Buffer): string | undefined {
  if (JSON.stringify(claims).includes('\\u0000')) {
    return 'update user link: pq: unsupported Unicode escape sequence';
  }
  const start = name.findLastIndex(byte => (byte & 0xc0) !== 0x80);
  const last = name.subarray(start);
  if (isUtf8(last)) return undefined;
  const bytes = [...last].map(byte => `0x${byte.toString(16)}`).join(' ');
  return `update user profile: pq: invalid byte sequence for encoding "UTF8": ${bytes}`;
}

function link(world: World, claims: Claims, subject: string): User | SignIn | undefined {
  const { state } = world;
  const bySubject = [...state.directory].find(user => user.subject === subject);
  if (bySubject) return bySubject;
  const byEmail = state.userByEmail(claim(claims, 'email'));
  if (byEmail?.subject !== undefined && !world.settings.old) {
    return page(
      'Account already linked',
      'This account is already linked to a different identity provider subject. Contact your administrator.',
      'Back to login',
    );
  }
  return byEmail;
}

function refusalOf(user: User): SignIn | undefined {
  if (user.loginType !== 'oidc') {
    return page(
      'Incorrect login type',
      `Attempting to use login type ${quoted('oidc')}, but the user has the login type ${quoted(user.loginType)}. You can convert your account to use this login type by visiting your account settings.`,
    );
  }
  if (user.status === 'suspended') {
    return page(
      'Account suspended',
      `Your account ${quoted(user.username)} has been suspended. Contact your Coder administrator to reactivate your account.`,
    );
  }
  return undefined;
}

/**
 * Plays a sign-in with the claims of an ID token (`email`, `email_verified`, `sub`, `preferred_username`, `name` and
 * whatever sync reads), with all that the server does to the person.
 */
export function signIn(world: World, claims: Claims): SignIn {
  const { state, settings, keys } = world;
  if (!settings.oidc) return { status: 404, signedIn: false, text: null };
  const email = claim(claims, 'email');
  if (claims.email_verified === false) {
    return page(
      'Email not verified',
      `Verify the ${quoted(email)} email address on your OIDC provider to authenticate!`,
      'Back to login',
    );
  }
  const subject = `${ISSUER}||${claim(claims, 'sub')}`;
  const linked = link(world, claims, subject);
  if (linked && 'signedIn' in linked) return linked;
  const refusal = linked && refusalOf(linked);
  if (refusal) return refusal;
  if (!linked && !settings.oidcAllowSignups) {
    return page('Signups are disabled', 'Please contact your Coder administrator to request access.');
  }
  const holder = state.userByEmail(email);
  if (linked && holder && holder !== linked) {
    return failed('update user profile: pq: duplicate key value violates unique constraint "idx_users_email"');
  }
  const name = nameOf(claims);
  const problem = problemOf(claims, name) ?? syncProblem(world, claims);
  if (problem !== undefined) return failed(problem);
  const user = linked ?? state.addUser({ username: freeUsername(world, claims), email, loginType: 'oidc' });
  if (!linked && state.organizationSync.field === '') state.join(user, state.defaultOrganization);
  state.changeUser(user, {
    email,
    name: name.toString(),
    avatarUrl: claim(claims, 'picture'),
    status: 'active',
  });
  user.subject = subject;
  user.claims = { ...claims, exp: Math.floor(settings.clock.now() / 1000) + 3600, aud: 'coder', iss: ISSUER };
  user.lastSeenAt = state.time();
  user.memberJson = undefined;
  syncByClaims(world, user, claims);
  world.audit.recordSignIn(user, linked ? 'login' : 'register');
  const { token } = keys.issue(user, { loginType: 'oidc' });
  return { status: 200, signedIn: true, text: null, token, userId: user.id };
}
