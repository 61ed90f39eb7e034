/**
 * `POST /apps/<app>/oauth2/token`: an OAuth client of the app gets a short-lived access token (RFC 6749 §4.4). Behind the throttle of
 * all sign-ins; an unknown app, an unknown client and a wrong secret get the same answer.
 */
import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { type Throttle } from '../../http/throttle';
import { requestIdOf } from '../../http/request-id';
import { sourceOf } from '../../http/source';
import { withoutSecretShapes } from '../../contract/secret-shapes';
import { isUnavailable } from '../../store/database/unavailable';
import { type OAuthClient } from '../access/apps';
import { type Refused } from '../access/authenticate';
import { digestOf, mintSecret, readSecret, sameDigest } from '../access/token';
import { type ScimDeps } from '../http/deps';
import { type ScimLimits } from '../http/limits';
import { OAuthError, invalidClient, invalidRequest } from './oauth-error';
import { type TokenRequest, grantedScopes, readTokenRequest } from './token-request';

const MAX_FORM_BYTES = 16_384;
/** Compared with what is shown for a client that there is not, so that its answer takes as long. */
const NOBODY = digestOf('');

export interface TokenEndpointDeps extends Pick<ScimDeps, 'apps' | 'clock' | 'log' | 'observe' | 'trustedProxies'> {
  readonly throttle: Throttle;
  readonly limits: Pick<ScimLimits, 'accessTokenSeconds'>;
  /** Told of each refusal. */
  readonly refused: (refusal: Refused) => void;
}

export const TOKEN_PATH = '/apps/:app/oauth2/token';

export function createTokenEndpoint(deps: TokenEndpointDeps): Router {
  const { apps, clock, log, throttle, refused } = deps;

  /** @throws OAuthError 401 for whoever is not a client of the app, 429 for one who fails too often */
  async function signIn(app: string, { clientId, clientSecret }: TokenRequest, source: string): Promise<OAuthClient> {
    const client = await apps.findClient(app, clientId);
    const right = sameDigest(client?.digest ?? NOBODY, digestOf(clientSecret));
    const secret = readSecret(clientSecret);
    if (client !== undefined && right && secret?.kind === 'clientSecret' && client.expiresAt - clock() >= 1_000)
      return client;
    // What was stated may be as long as a request: it is remembered and logged in part. Who swaps id and secret states the secret as
    // the id, and is told from others by the id within it.
    const shownId = withoutSecretShapes(clientId);
    const stated = `${withoutSecretShapes(app).slice(0, 64)}/${shownId.slice(0, 128)}`;
    const shown = secret ?? readSecret(clientId);
    const wait = throttle.fail([`source:${source}`, `client:${stated}`], clock());
    refused({
      reason: 'wrong client',
      app,
      source,
      client: stated,
      ...(shown === undefined ? {} : { tokenId: shown.id }),
      throttled: wait > 0,
    });
    if (wait === 0)
      throw invalidClient(
        'client not accepted: wanted id and secret of an OAuth client that this app declares, as printed by coder-scim oauth-client create',
      );
    throw new OAuthError(429, 'invalid_client', `too many failed attempts to sign in: wait ${wait} s`, {
      'retry-after': String(wait),
    });
  }

  async function issue(request: Request, response: Response): Promise<void> {
    const app = String(request.params['app']);
    const mark = request.url.indexOf('?');
    const received = readTokenRequest({
      contentType: request.headers['content-type'],
      authorization: request.headers.authorization,
      query: mark === -1 ? '' : request.url.slice(mark + 1),
      body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    });
    const client = await signIn(app, received, sourceOf(request, deps.trustedProxies ?? 0));
    const scopes = grantedScopes(received, client.scopes);
    const now = clock();
    const seconds = Math.min(deps.limits.accessTokenSeconds, Math.floor((client.expiresAt - now) / 1_000));
    const { id, text, digest } = mintSecret('accessToken');
    await apps.addAccessToken({ digest, app, client, scopes, expiresAt: now + seconds * 1_000 }, now);
    log.info(
      { requestId: requestIdOf(request.headers['x-request-id']), app, client: client.name, tokenId: id, seconds },
      'access token given',
    );
    answer(response, 200, { access_token: text, token_type: 'Bearer', expires_in: seconds, scope: scopes.join(' ') });
  }

  const failed: ErrorRequestHandler = (cause: unknown, request, response, _next) => {
    const error = toOAuthError(cause);
    const line = {
      requestId: String(response.getHeader('x-request-id')),
      app: request.params['app'],
      status: error.status,
    };
    if (error.code === 'server_error') log.error({ ...line, error: cause }, 'token request failed');
    else log.info({ ...line, code: error.code, reason: error.message }, 'token request refused');
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    answer(response, error.status, error.toBody());
  };

  const router = Router({ caseSensitive: true });
  router.use(TOKEN_PATH, (request, response, next) => {
    const startedAt = performance.now();
    request.headers['x-request-id'] = requestIdOf(request.headers['x-request-id']);
    response.setHeader('x-request-id', request.headers['x-request-id']);
    response.on('close', () => {
      const status = response.writableFinished ? response.statusCode : 499;
      const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
      deps.observe?.({ app: undefined, method: request.method, route: '/oauth2/token', status, milliseconds });
    });
    next();
  });
  router
    .route(TOKEN_PATH)
    .post(express.raw({ type: () => true, limit: MAX_FORM_BYTES, inflate: false }), issue)
    .all(request => {
      throw new OAuthError(405, 'invalid_request', `method: got ${request.method}, wanted POST`, { allow: 'POST' });
    });
  router.use(TOKEN_PATH, failed);
  return router;
}

/** RFC 6749 §5.1: nothing of it may be kept on the way. */
function answer(response: Response, status: number, body: object): void {
  if (response.headersSent) return;
  response.status(status).setHeader('cache-control', 'no-store').setHeader('pragma', 'no-cache').json(body);
}

function toOAuthError(cause: unknown): OAuthError {
  if (cause instanceof OAuthError) return cause;
  if (isUnavailable(cause))
    return new OAuthError(503, 'temporarily_unavailable', 'the database can not be used right now: ask again', {
      'retry-after': '5',
    });
  // Errors of express's body parser carry a status and a type.
  const { status, type } = (typeof cause === 'object' && cause !== null ? cause : {}) as Record<string, unknown>;
  if (type === 'entity.too.large')
    return new OAuthError(413, 'invalid_request', `the form has more than ${MAX_FORM_BYTES} bytes`);
  if (typeof status === 'number' && status >= 400 && status < 500 && typeof type === 'string')
    return invalidRequest('the form can not be read: wanted it whole and uncompressed');
  return new OAuthError(500, 'server_error', 'something went wrong inside the bridge: see its log');
}
