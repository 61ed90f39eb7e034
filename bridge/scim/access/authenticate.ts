/**
 * Tells from the bearer token which app speaks (RFC 7644 §2, RFC 6750): a token that the app declares, or an access token of an OAuth
 * client of it. A token of another app, an unknown app and a wrong token get the same answer. Failures are throttled, good traffic never is.
 */
import { type MappingState } from '../../contract/mapping-state';
import { wasWithin } from '../../contract/was-within';
import { type Apps, type DeclaredToken, type KnownToken, type TokenScope } from './apps';
import { ScimError } from '../../scim-language/errors';
import { type Throttle } from '../../http/throttle';
import { digestOf, readSecret, sameDigest } from './token';

const TOUCH_INTERVAL_MS = 60_000;
const CHALLENGE = 'Bearer realm="coder-scim"';

/** Who speaks. */
export interface Caller {
  readonly app: MappingState;
  readonly token: KnownToken;
  /** Public id of the token, safe to log. */
  readonly tokenId: string;
}

/** What a request shows of its caller. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** App that the path names. @default the token's app */
  readonly app: string | undefined;
  /** Address of the other side. */
  readonly source: string;
}

/** Why a caller was refused: for the log, never for the answer. */
export type RefusalReason =
  | 'missing'
  | 'no bearer'
  | 'malformed'
  | 'client secret'
  | 'admin credential'
  | 'unknown'
  | 'other app'
  | 'expired'
  | 'wrong client';

export interface Refused {
  readonly reason: RefusalReason;
  /** App that the path names, declared or not. */
  readonly app: string | undefined;
  readonly source: string;
  readonly tokenId?: string;
  /** Client id that was stated, when an access token was asked for. */
  readonly client?: string;
  /** True from the first answer 429 on. */
  readonly throttled: boolean;
}

export interface AuthenticateDeps {
  readonly apps: Apps;
  readonly clock: () => number;
  readonly throttle: Throttle;
  /** Told of each refusal. */
  readonly refused: (refusal: Refused) => void;
}

export type Authenticate = (credentials: Credentials) => Promise<Caller>;

/** @returns a function that gives the caller, or throws ScimError 401, or 429 for one who fails too often */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { throttle } = deps;
  const touched = new Map<string, number>();

  function refuse(reason: RefusalReason, credentials: Credentials, id?: string): ScimError {
    const keys = [`source:${credentials.source}`, ...(id === undefined ? [] : [`token:${id}`])];
    const wait = throttle.fail(keys, deps.clock());
    report(reason, credentials, id, wait > 0);
    return wait > 0 ? tooManyFailures(wait) : unauthorized(reason);
  }

  function report(
    reason: RefusalReason,
    { app, source }: Credentials,
    id: string | undefined,
    throttled: boolean,
  ): void {
    deps.refused({ reason, app, source, ...(id === undefined ? {} : { tokenId: id }), throttled });
  }

  function touch(token: KnownToken, now: number): void {
    const key = `${token.kind}:${token.app}/${token.name}`;
    if ([touched.get(key), token.lastUsedAt].some(at => wasWithin(now, at, TOUCH_INTERVAL_MS))) return;
    if (touched.size > 1_000) touched.clear();
    touched.set(key, now);
    // A lost note is noted again by a later request; it must not delay or fail this one.
    deps.apps.touch(token, now).catch(() => touched.delete(key));
  }

  return async credentials => {
    const text = bearerToken(credentials.authorization);
    if (text === undefined)
      throw refuse(credentials.authorization === undefined ? 'missing' : 'no bearer', credentials);
    const shown = readSecret(text);
    if (shown === undefined) throw refuse('malformed', credentials);
    const { kind, id } = shown;
    if (kind === 'clientSecret') throw refuse('client secret', credentials, id);
    if (kind === 'admin') throw refuse('admin credential', credentials, id);
    const digest = digestOf(text);
    const declared = await findDeclared(deps.apps, kind === 'token', digest);
    if (declared === undefined || !sameDigest(declared.token.digest, digest)) throw refuse('unknown', credentials, id);
    const { token, app } = declared;
    if (credentials.app !== undefined && credentials.app !== token.app) throw refuse('other app', credentials, id);
    const now = deps.clock();
    if (token.expiresAt <= now || now < (token.validFrom ?? 0)) {
      if (kind === 'token') throw refuse('expired', credentials, id);
      // An access token ends within the hour, and many requests may be under way with it: that is no guessing, and a client that is told
      // to wait would fetch no other.
      report('expired', credentials, id, false);
      throw unauthorized('expired');
    }
    touch(token, now);
    return { app, token, tokenId: id };
  };
}

const findDeclared = (apps: Apps, isToken: boolean, digest: string): Promise<DeclaredToken | undefined> =>
  isToken ? apps.findToken(digest) : apps.findAccessToken(digest);

/**
 * A caller as declared by now, for a request that goes on for long. A token whose time ends meanwhile was good for the request.
 * @throws ScimError 401 when the app is gone, or has the token no more
 */
export async function renewed(apps: Apps, caller: Caller): Promise<Caller> {
  const { kind, digest, app } = caller.token;
  const declared = await findDeclared(apps, kind === 'token', digest);
  if (declared?.token.app !== app) throw unauthorized('unknown');
  return { ...caller, ...declared };
}

/** @throws ScimError 403 when the token lacks the scope */
export function requireScope(caller: Caller, scope: TokenScope): void {
  if (caller.token.scopes.includes(scope)) return;
  throw new ScimError(
    403,
    undefined,
    `${caller.token.kind} ${JSON.stringify(caller.token.name)} may do ${caller.token.scopes.join(', ') || 'nothing'}, wanted ${scope}; declare it with that scope`,
    { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope", scope="${scope}"` },
  );
}

function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
}

// One text whatever was wrong with the token: the answer must not tell which apps or tokens exist. The form of the header is another
// matter: a field that wants "Bearer " in front of the token, or puts it there itself, is the commonest mistake.
function unauthorized(reason: RefusalReason): ScimError {
  const refused = (detail: string, challenge: string) =>
    new ScimError(401, undefined, detail, { 'www-authenticate': challenge });
  switch (reason) {
    case 'missing':
      return refused(
        'no credential: wanted the header "Authorization: Bearer <token>" with a token of this app',
        CHALLENGE,
      );
    case 'no bearer':
      return refused(
        'header Authorization: got another form, wanted "Bearer", once, a space and the token: write "Bearer " in front of the token where the client does not, and leave it out where it does',
        `${CHALLENGE}, error="invalid_request"`,
      );
    case 'client secret':
      return refused(
        'bearer token: got the secret of an OAuth client, wanted an access token, which the token endpoint gives for it',
        `${CHALLENGE}, error="invalid_token"`,
      );
    default:
      return refused(
        'bearer token not accepted: wanted a valid token of this app, as printed by "coder-scim token create" and declared on the app, or an access token of a client of it that has not ended',
        `${CHALLENGE}, error="invalid_token"`,
      );
  }
}

function tooManyFailures(seconds: number): ScimError {
  return new ScimError(
    429,
    undefined,
    `too many failed attempts to sign in from this address or with this token: wait ${seconds} s, then use a valid token`,
    { 'retry-after': String(seconds) },
  );
}
