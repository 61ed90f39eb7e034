/**
 * Reads a request for an access token (RFC 6749 §4.4.2): a form, and the client's id and secret by `client_secret_basic` or
 * `client_secret_post` (§2.3.1). Pure. A library of its own would bring four grants that nobody asks for here, and leaves to its user
 * what is exact about this one: repeated parameters, two ways to sign in at once, the encoding of the header.
 */
import { OAuthError, invalidClient, invalidRequest } from './oauth-error';

export interface TokenRequest {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Undefined when the request leaves the grant type out. */
  readonly grantType: string | undefined;
  /** What is asked for; undefined: whatever the client may do. */
  readonly scopes: readonly string[] | undefined;
}

export interface ReceivedRequest {
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  /** What is behind the question mark. */
  readonly query: string;
  readonly body: Uint8Array;
}

const FORM = 'application/x-www-form-urlencoded';
const SIGN_IN =
  'wanted client_secret_basic (the header Authorization: Basic) or client_secret_post (client_id and client_secret in the form)';

/** @throws OAuthError invalid_request, invalid_client */
export function readTokenRequest({ contentType, authorization, query, body }: ReceivedRequest): TokenRequest {
  // RFC 6749 §2.3.1: never in the URI, which ends up in logs.
  if (['client_secret', 'client_id'].some(name => new URLSearchParams(query).has(name)))
    throw invalidRequest(
      'client_id or client_secret is in the query, wanted both in the header or in the form: a secret that was in a URL may be in logs, so make another',
    );
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== FORM)
    throw invalidRequest(`content type: got ${contentType?.slice(0, 100) ?? 'none'}, wanted ${FORM}`);
  const form = readForm(body);
  const { clientId, clientSecret } = readClient(authorization, form);
  return {
    clientId,
    clientSecret,
    grantType: form.get('grant_type'),
    scopes: form
      .get('scope')
      ?.split(' ')
      .filter(scope => scope !== ''),
  };
}

/** Parameters with a value; one without is left out, one that is there twice is refused (RFC 6749 §3.2). */
function readForm(body: Uint8Array): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalidRequest('the form holds bytes that are not UTF-8');
  }
  const form = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (seen.has(name)) throw invalidRequest(`parameter ${name.slice(0, 100)} is there twice, wanted once`);
    seen.add(name);
    if (value !== '') form.set(name, value);
  }
  return form;
}

function readClient(
  authorization: string | undefined,
  form: ReadonlyMap<string, string>,
): Pick<TokenRequest, 'clientId' | 'clientSecret'> {
  const posted = { id: form.get('client_id'), secret: form.get('client_secret') };
  if (authorization === undefined) {
    if (posted.id === undefined || posted.secret === undefined)
      throw invalidClient(`no client authentication, or another method: ${SIGN_IN}`);
    return { clientId: posted.id, clientSecret: posted.secret };
  }
  const { clientId, clientSecret } = readBasic(authorization);
  // RFC 6749 §2.3: one method in each request.
  if (posted.secret !== undefined)
    throw invalidRequest('the client signs in twice, by the header and in the form: wanted one of the two');
  if (posted.id !== undefined && posted.id !== clientId)
    throw invalidRequest('client_id of the form is not the one of the header: wanted the same, or none');
  return { clientId, clientSecret };
}

function readBasic(authorization: string): Pick<TokenRequest, 'clientId' | 'clientSecret'> {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) throw invalidClient(`header Authorization: got another form, ${SIGN_IN}`);
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) throw invalidClient('header Authorization: got no colon, wanted base64 of id:secret');
  return { clientId: formDecoded(text.slice(0, colon)), clientSecret: formDecoded(text.slice(colon + 1)) };
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. Ours hold nothing that the encoding would change but blanks. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidClient('header Authorization: got a percent sign without two hex digits, or bytes that are not UTF-8');
  }
}

const GRANT_TYPE = 'client_credentials';

/**
 * What is given to a client that signed in.
 * @param allowed what the client may do
 * @throws OAuthError invalid_request, unsupported_grant_type, invalid_scope
 */
export function grantedScopes<T extends string>(
  { grantType, scopes }: TokenRequest,
  allowed: readonly T[],
): readonly T[] {
  if (grantType === undefined) throw invalidRequest(`grant_type is missing: wanted ${GRANT_TYPE}`);
  if (grantType !== GRANT_TYPE)
    throw new OAuthError(
      400,
      'unsupported_grant_type',
      `grant_type: got ${grantType.slice(0, 100)}, wanted ${GRANT_TYPE}`,
    );
  if (scopes === undefined) return allowed;
  const beyond = scopes.filter(scope => !allowed.some(known => known === scope));
  const granted = allowed.filter(scope => scopes.includes(scope));
  if (beyond.length > 0 || granted.length === 0)
    throw new OAuthError(
      400,
      'invalid_scope',
      `scope: got ${beyond[0]?.slice(0, 100) ?? 'none'}, wanted some of ${allowed.join(' ')}, or no scope for all of them`,
    );
  return granted;
}
