/**
 * SCIM 2.0 over HTTP: `/scim/v2` (the token says which app) and `/apps/<app>/scim/v2` (the token must be of that app).
 * Everything below these paths is answered in SCIM's form, errors included. Paths are case-sensitive (RFC 3986 §6.2.2.1).
 */
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { loggableUrl } from '../log';
import { type Authenticate, type RefusalReason, createAuthenticate } from './authenticate';
import { createBulk } from './bulk';
import { createCoercionCounter } from './coercion-counter';
import { type ScimDeps } from './deps';
import { dialectOf, looksLikeAnother } from './dialects/registry';
import { listResourceTypes, listSchemas, readResourceType, readSchema, serviceProviderConfig } from './discovery';
import { ScimError } from './errors';
import { type Exchange, createExchange } from './exchange';
import { createGroups } from './groups';
import { DEFAULT_LIMITS, type ScimLimits } from './limits';
import { answerMe } from './me';
import { toScimError } from './refusals';
import { readBody } from './request-body';
import { requestIdOf } from './request-id';
import { createResourceHandlers } from './resource-handlers';
import { send, sendError } from './respond';
import { type Handler, type ScimRequest } from './scim-request';
import { createSearch } from './search';
import { expiryHeaders } from './token-expiry';
import { createUsers } from './users';

/** What is known of a request from its first byte on. */
interface Served {
  readonly requestId: string;
  readonly startedAt: number;
  exchange?: Exchange;
  /** Cause of an answer of 500 or more. */
  cause?: unknown;
}

export function createScimRouter(deps: ScimDeps): Router {
  const limits: ScimLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const authenticate = createAuthenticate({
    apps: deps.apps,
    clock: deps.clock,
    ...(deps.throttle === undefined ? {} : { throttle: deps.throttle }),
    refused: createRefusalLog(deps),
  });
  const front = createFront(deps, authenticate, limits);
  const endpoints = createEndpoints(deps, limits, front);
  const router = Router({ caseSensitive: true });
  for (const path of ['/scim', '/apps/:app/scim']) {
    router.use(path, front.begin);
    router.use(`${path}/v2`, endpoints);
    router.use(path, front.authenticated, front.notFound);
  }
  router.use(front.failed);
  return router;
}

type Front = ReturnType<typeof createFront>;

/** What surrounds each handler: request id, caller, log line, errors. */
function createFront(deps: ScimDeps, authenticate: Authenticate, limits: ScimLimits) {
  const facts = new WeakMap<Request, Served>();
  const count = createCoercionCounter(deps);
  const mismatches = new Map<string, number>();

  function served(request: Request): Served {
    const known = facts.get(request);
    if (known !== undefined) return known;
    const fresh = { requestId: requestIdOf(request.headers['x-request-id']), startedAt: performance.now() };
    facts.set(request, fresh);
    return fresh;
  }

  const begin: RequestHandler = (request, response, next) => {
    const known = served(request);
    response.removeHeader('x-powered-by');
    response.setHeader('x-request-id', known.requestId);
    response.on('close', () => finish(request, response, known));
    next();
  };

  function finish(request: Request, response: Response, { requestId, startedAt, exchange, cause }: Served): void {
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    const status = response.writableFinished ? response.statusCode : 499;
    const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
    deps.observe?.({ app: exchange?.app, method: request.method, route, status, milliseconds });
    const line = {
      requestId,
      app: exchange?.app,
      tokenName: exchange?.caller.token.name,
      method: request.method,
      url: loggableUrl(request.originalUrl),
      status,
      ms: milliseconds,
      ...(exchange !== undefined && exchange.coercions.size > 0 ? { coercions: [...exchange.coercions.keys()] } : {}),
    };
    if (cause !== undefined) deps.log.error({ ...line, error: cause }, 'scim request failed');
    else deps.log.info(line, 'scim request');
    if (exchange === undefined) return;
    const other = looksLikeAnother(exchange.caller.app.identityProvider, {
      userAgent: request.headers['user-agent'],
      query: queryOf(request),
    });
    if (other === undefined) {
      count(exchange.app, exchange.dialect.name, exchange.coercions);
      return;
    }
    count(exchange.app, exchange.dialect.name, new Map([...exchange.coercions, [`lookedLike:${other}`, 1]]));
    reportMismatch(exchange, other);
  }

  function reportMismatch(exchange: Exchange, other: string): void {
    const key = `${exchange.app}/${other}`;
    const now = deps.clock();
    if (now - (mismatches.get(key) ?? -Infinity) < 3_600_000) return;
    mismatches.set(key, now);
    deps.log.warn(
      { app: exchange.app, declared: exchange.caller.app.identityProvider, looksLike: other },
      `requests look like ${other}, the app is declared as ${exchange.caller.app.identityProvider}: set identityProvider if they are`,
    );
  }

  const authenticated: RequestHandler = async (request, response, next) => {
    const known = served(request);
    const { app } = request.params;
    const named = typeof app === 'string' ? app : undefined;
    const caller = await authenticate({
      authorization: request.headers.authorization,
      app: named,
      source: request.ip ?? request.socket.remoteAddress ?? 'unknown',
    });
    known.exchange = createExchange({
      requestId: known.requestId,
      caller,
      baseUrl: `${deps.publicUrl}${named === undefined ? '' : `/apps/${named}`}/scim/v2`,
      dialect: dialectOf(caller.app.identityProvider),
    });
    for (const [name, value] of Object.entries(expiryHeaders(caller.token, deps.clock(), limits))) {
      response.setHeader(name, value);
    }
    next();
  };

  function serve(handler: Handler): RequestHandler {
    return async (request, response) => {
      const { exchange } = served(request);
      if (exchange === undefined) throw new Error('a handler was reached without a caller');
      const scimRequest: ScimRequest = {
        exchange,
        query: queryOf(request),
        headers: request.headers,
        param: name => {
          const value = request.params[name];
          return typeof value === 'string' ? value : '';
        },
        body: () => readBody(request, limits.maxBodyBytes),
      };
      await send(request, response, await handler(scimRequest));
    };
  }

  const failed: ErrorRequestHandler = async (cause: unknown, request, response, _next) => {
    const known = served(request);
    const error = toScimError(cause, known.requestId);
    if (error.status >= 500 && !(cause instanceof ScimError)) known.cause = cause;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.setHeader('x-request-id', known.requestId);
    await sendError(request, response, error);
  };

  const notFound: RequestHandler = request => {
    throw new ScimError(
      404,
      undefined,
      `no resource at ${loggableUrl(request.originalUrl).slice(0, 200)}: wanted /Users, /Groups, /Bulk, /Me, /.search, /ServiceProviderConfig, /Schemas or /ResourceTypes below the base URL`,
    );
  };

  return { begin, authenticated, serve, failed, notFound };
}

function createEndpoints(deps: ScimDeps, limits: ScimLimits, { authenticated, serve, notFound }: Front): Router {
  const router = Router({ caseSensitive: true, mergeParams: true });
  const users = createUsers(deps.directory, limits);
  const groups = createGroups(deps.directory, limits);
  const search = createSearch(deps.directory, limits);

  // RFC 7643 §5: a client finds out how to sign in before it does.
  const config: RequestHandler = async (request, response) => {
    const { app } = request.params;
    const baseUrl = `${deps.publicUrl}${typeof app === 'string' ? `/apps/${encodeURIComponent(app)}` : ''}/scim/v2`;
    await send(request, response, { status: 200, body: serviceProviderConfig(baseUrl, limits) });
  };
  router.route('/ServiceProviderConfig').get(config).all(allow('GET'));

  router.use(authenticated);
  const discovery = (path: string, handler: Handler) => router.route(path).get(serve(handler)).all(allow('GET'));
  discovery('/Schemas', async ({ exchange, query }) => ({ status: 200, body: listSchemas(exchange.baseUrl, query) }));
  discovery('/Schemas/:id', async ({ exchange, param }) => ({
    status: 200,
    body: readSchema(exchange.baseUrl, param('id')),
  }));
  discovery('/ResourceTypes', async ({ exchange, query }) => ({
    status: 200,
    body: listResourceTypes(exchange.baseUrl, query),
  }));
  discovery('/ResourceTypes/:id', async ({ exchange, param }) => ({
    status: 200,
    body: readResourceType(exchange.baseUrl, param('id')),
  }));

  for (const endpoint of [users, groups]) {
    const path = endpoint.type.endpoint;
    const handlers = createResourceHandlers(endpoint, deps, limits);
    router
      .route(path)
      .get(serve(search.query([endpoint])))
      .post(serve(handlers.create))
      .all(allow('GET, POST'));
    router
      .route(`${path}/.search`)
      .post(serve(search.search([endpoint])))
      .all(allow('POST'));
    router
      .route(`${path}/:id`)
      .get(serve(handlers.read))
      .put(serve(handlers.replace))
      .patch(serve(handlers.patch))
      .delete(serve(handlers.remove))
      .all(allow('GET, PUT, PATCH, DELETE'));
  }
  router
    .route('/')
    .get(serve(search.query([users, groups])))
    .all(allow('GET'));
  router
    .route('/.search')
    .post(serve(search.search([users, groups])))
    .all(allow('POST'));
  router
    .route('/Bulk')
    .post(serve(createBulk([users, groups], deps, limits)))
    .all(allow('POST'));
  router.route(['/Me', '/Me/*rest']).all(serve(answerMe));
  router.use(notFound);
  return router;
}

/** The answer to methods that an endpoint lacks: 405, or what it has when that is the question. */
function allow(methods: string): RequestHandler {
  const value = methods.includes('GET') ? methods.replace('GET', 'GET, HEAD') : methods;
  return async (request, response) => {
    if (request.method === 'OPTIONS') {
      await send(request, response, { status: 204, headers: { allow: value } });
      return;
    }
    throw new ScimError(405, undefined, `method ${request.method} has no meaning here: wanted ${value}`, {
      allow: value,
    });
  };
}

function queryOf(request: Request): URLSearchParams {
  const mark = request.url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : request.url.slice(mark + 1));
}

type Refused = Parameters<Parameters<typeof createAuthenticate>[0]['refused']>[0];

// Somebody who hammers the door must not fill the log: throttled refusals are told once a minute for each source.
function createRefusalLog({ log, clock }: ScimDeps): (refusal: Refused) => void {
  const told = new Map<string, number>();
  return ({ reason, source, tokenId, throttled }) => {
    if (throttled) {
      const now = clock();
      if (now - (told.get(source) ?? -Infinity) < 60_000) return;
      if (told.size >= 1_000) told.clear();
      told.set(source, now);
    }
    log.warn({ source, tokenId, reason: explain(reason), throttled }, 'scim caller refused');
  };
}

function explain(reason: RefusalReason): string {
  switch (reason) {
    case 'missing':
      return 'no Authorization header';
    case 'malformed':
      return 'not a token of coder-scim, or cut or mistyped';
    case 'unknown':
      return 'no app declares this token';
    case 'other app':
      return 'token of another app than the path names';
    case 'expired':
      return 'token expired';
    case 'no app':
      return 'the app of the token is being removed';
  }
}
