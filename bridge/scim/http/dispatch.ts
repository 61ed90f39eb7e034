/** What surrounds each handler: request id, caller, the log line, errors in SCIM's form. */
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { type MappingState } from '../../contract/mapping-state';
import { loggableUrl } from '../../http/log';
import { type Authenticate } from '../access/authenticate';
import { createCoercionCounter } from './coercion-counter';
import { type ScimDeps } from './deps';
import { dialectOf, looksLikeAnother } from '../../scim-language/dialects/registry';
import { ScimError } from '../../scim-language/errors';
import { type RequestContext, createRequestContext } from './request-context';
import { type ScimLimits } from './limits';
import { toScimError } from '../resources/refusals';
import { createBody } from './request-body';
import { createDroppedNames } from './dropped-names';
import { createRequestJournal, keptBody } from './request-journal';
import { requestIdOf } from '../../http/request-id';
import { send, sendError } from './respond';
import { type Handler, type ScimRequest } from './scim-request';
import { createAnnounceExpiry } from '../access/token-expiry';

/** What is known of a request from its first byte on. */
interface Served {
  readonly requestId: string;
  readonly startedAt: number;
  context?: RequestContext;
  /** Cause of an answer of 500 or more. */
  cause?: unknown;
  /** What was answered, when it was a refusal. */
  error?: ScimError;
  /** What was sent, while bodies are kept. */
  body?: string | undefined;
}

export interface Dispatch {
  readonly begin: RequestHandler;
  readonly authenticated: RequestHandler;
  /** The app of who speaks; undefined where nobody signs in, or not rightly: for what needs no token. */
  readonly appOfCaller: (request: Request) => Promise<MappingState | undefined>;
  readonly serve: (handler: Handler) => RequestHandler;
  readonly failed: ErrorRequestHandler;
  readonly notFound: RequestHandler;
}

export function createDispatch(deps: ScimDeps, authenticate: Authenticate, limits: ScimLimits): Dispatch {
  const facts = new WeakMap<Request, Served>();
  const count = createCoercionCounter(deps);
  const announceExpiry = createAnnounceExpiry(deps, limits);
  const journal = createRequestJournal(deps);
  const dropped = createDroppedNames();
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

  function finish(request: Request, response: Response, served: Served): void {
    const { requestId, startedAt, context, cause } = served;
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    const status = response.writableFinished ? response.statusCode : 499;
    const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
    deps.observe?.({ app: context?.app, method: request.method, route, status, milliseconds });
    const line = {
      requestId,
      app: context?.app,
      tokenName: context?.caller.token.name,
      method: request.method,
      url: loggableUrl(request.originalUrl),
      status,
      ms: milliseconds,
      ...(context !== undefined && context.coercions.size > 0 ? { coercions: [...context.coercions.keys()] } : {}),
    };
    if (cause !== undefined) deps.log.error({ ...line, error: cause }, 'scim request failed');
    else deps.log.info(line, 'scim request');
    if (context === undefined) return;
    journal?.add({
      at: deps.clock(),
      app: context.app,
      requestId,
      token: context.caller.token.name,
      method: request.method,
      path: line.url,
      status,
      scimType: served.error?.scimType,
      detail: served.error?.detail,
      coercions: [...context.coerced],
      changes: context.changes,
      milliseconds,
      body: served.body,
    });
    const coercions = new Map<string, number>([...context.coercions, ...dropped(context)]);
    const other = looksLikeAnother(context.caller.app.identityProvider, {
      userAgent: request.headers['user-agent'],
      query: queryOf(request),
    });
    if (other === undefined) {
      count(context.app, context.dialect.name, coercions);
      return;
    }
    count(context.app, context.dialect.name, new Map([...coercions, [`lookedLike:${other}`, 1]]));
    reportMismatch(context, other);
  }

  function reportMismatch(context: RequestContext, other: string): void {
    const key = `${context.app}/${other}`;
    const now = deps.clock();
    if (now - (mismatches.get(key) ?? -Infinity) < 3_600_000) return;
    mismatches.set(key, now);
    deps.log.warn(
      { app: context.app, declared: context.caller.app.identityProvider, looksLike: other },
      `requests look like ${other}, the app is declared as ${context.caller.app.identityProvider}: set identityProvider if they are`,
    );
  }

  const appOf = ({ params: { app } }: Request) => (typeof app === 'string' ? app : undefined);

  const callerOf = (request: Request) =>
    authenticate({
      authorization: request.headers.authorization,
      app: appOf(request),
      source: request.ip ?? request.socket.remoteAddress ?? 'unknown',
    });

  async function appOfCaller(request: Request): Promise<MappingState | undefined> {
    if (request.headers.authorization === undefined) return undefined;
    try {
      return (await callerOf(request)).app;
    } catch (error) {
      if (error instanceof ScimError) return undefined;
      throw error;
    }
  }

  const authenticated: RequestHandler = async (request, response, next) => {
    const known = served(request);
    const named = appOf(request);
    const caller = await callerOf(request);
    known.context = createRequestContext({
      requestId: known.requestId,
      caller,
      baseUrl: `${deps.publicUrl}${named === undefined ? '' : `/apps/${named}`}/scim/v2`,
      dialect: dialectOf(caller.app.identityProvider),
    });
    for (const [name, value] of Object.entries(announceExpiry(caller))) response.setHeader(name, value);
    next();
  };

  function serve(handler: Handler): RequestHandler {
    return async (request, response) => {
      const { context } = served(request);
      if (context === undefined) throw new Error('a handler was reached without a caller');
      const body = createBody(request, limits.maxBodyBytes);
      const scimRequest: ScimRequest = {
        context,
        query: queryOf(request),
        headers: request.headers,
        param: name => {
          const value = request.params[name];
          return typeof value === 'string' ? value : '';
        },
        body: () => body.read(),
        received: () => body.received(),
      };
      if (await journal?.wantsBodies(context.app)) served(request).body = keptBody(await body.received());
      await send(request, response, await handler(scimRequest));
    };
  }

  const failed: ErrorRequestHandler = async (cause: unknown, request, response, _next) => {
    const known = served(request);
    // The client went away: nobody is left to answer, and nothing failed here.
    if (request.socket.destroyed) {
      response.destroy();
      return;
    }
    const error = toScimError(cause, known.requestId);
    known.error = error;
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

  return { begin, authenticated, appOfCaller, serve, failed, notFound };
}

function queryOf(request: Request): URLSearchParams {
  const mark = request.url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : request.url.slice(mark + 1));
}
