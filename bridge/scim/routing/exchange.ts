/** One request and its answer, whatever way it came: request id, caller, the log line, errors in SCIM's form. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { type MappingState } from '../../contract/mapping-state';
import { withoutSecretShapes } from '../../contract/secret-shapes';
import { loggableUrl } from '../../http/log';
import { type Authenticate, type Caller, renewed } from '../access/authenticate';
import { createCoercionCounter } from '../http/coercion-counter';
import { type ScimDeps } from '../http/deps';
import { dialectOf, looksLikeAnother } from '../../scim-language/dialects/registry';
import { ScimError } from '../../scim-language/errors';
import { type RequestContext, createRequestContext } from '../http/request-context';
import { type ScimLimits } from '../http/limits';
import { toScimError } from '../resources/refusals';
import { createBody } from '../http/request-body';
import { createDroppedNames } from '../http/dropped-names';
import { createRequestJournal, keptBody } from '../http/request-journal';
import { requestIdOf } from '../../http/request-id';
import { send, sendError } from '../http/respond';
import { sourceOf } from '../../http/source';
import { wasWithin } from '../../contract/was-within';
import { type Handler } from '../http/scim-request';
import { createAnnounceExpiry } from '../access/token-expiry';
import { type TakenBody } from '../../store/requests/requests';

/** What is known of a request from its first byte on, and what becomes of it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly startedAt: number;
  /** Path and query as they came. */
  readonly url: string;
  /** App that the path names. */
  app?: string | undefined;
  /** Path of the route with placeholders, for metrics; undefined where there is none. */
  readonly route: () => string | undefined;
  context?: RequestContext;
  /** Cause of an answer of 500 or more. */
  cause?: unknown;
  /** What was answered, when it was a refusal. */
  error?: ScimError;
  /** What was sent, while bodies are kept. */
  body?: TakenBody | undefined;
}

/** Parts of a path by the name of their placeholder, decoded. */
export type Params = Readonly<Record<string, string | string[] | undefined>>;

export interface Exchanges {
  /** Begins: the request has its id, and is told in the log when it is over. */
  open(request: IncomingMessage, response: ServerResponse, route: Exchange['route']): Exchange;
  /** Asks who calls. @throws ScimError */
  identify(exchange: Exchange): Promise<void>;
  /** The app of who speaks; undefined where nobody signs in, or not rightly: for what needs no token. */
  appOfCaller(exchange: Exchange): Promise<MappingState | undefined>;
  /** Has a handler answer. @throws what the handler throws */
  serve(exchange: Exchange, handler: Handler, params: Params): Promise<void>;
  /** Answers that it failed. */
  fail(exchange: Exchange, cause: unknown): Promise<void>;
}

/** A body may come for as long as a request may take: after so many milliseconds it is asked again who speaks, and by which declaration. */
const LONG_BODY_MS = 1_000;

export function createExchanges(deps: ScimDeps, authenticate: Authenticate, limits: ScimLimits): Exchanges {
  const count = createCoercionCounter(deps);
  const announceExpiry = createAnnounceExpiry(deps, limits);
  const journal = createRequestJournal(deps);
  const dropped = createDroppedNames();
  const mismatches = new Map<string, number>();
  const { trustedProxies = 0 } = deps;
  // Each field of the line is known, and none can hold a credential: nothing in it has to be searched for one.
  const lines = deps.log.child({}, { redact: [] });

  function open(request: IncomingMessage, response: ServerResponse, route: Exchange['route']): Exchange {
    const exchange: Exchange = {
      request,
      response,
      route,
      requestId: requestIdOf(request.headers['x-request-id']),
      startedAt: performance.now(),
      // A router cuts off what it is mounted below.
      url: (request as { originalUrl?: string }).originalUrl ?? request.url ?? '',
    };
    response.setHeader('x-request-id', exchange.requestId);
    response.on('close', () => finish(exchange));
    return exchange;
  }

  function finish(exchange: Exchange): void {
    const { request, response, requestId, startedAt, context, cause } = exchange;
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    const status = response.writableFinished ? response.statusCode : 499;
    const { method = '' } = request;
    deps.observe?.({ app: context?.app, method, route: exchange.route() ?? 'unknown', status, milliseconds });
    const line = {
      requestId,
      app: context?.app,
      tokenName: context?.caller.token.name,
      method,
      url: loggableUrl(exchange.url),
      status,
      ms: milliseconds,
      ...(context !== undefined && context.coercions.size > 0 ? { coercions: [...context.coercions.keys()] } : {}),
    };
    if (cause !== undefined) deps.log.error({ ...line, error: cause }, 'scim request failed');
    else lines.info(line, 'scim request');
    if (context === undefined) return;
    journal?.add({
      at: deps.clock(),
      app: context.app,
      requestId,
      token: context.caller.token.name,
      method,
      path: line.url,
      status,
      scimType: exchange.error?.scimType,
      detail: exchange.error && withoutSecretShapes(exchange.error.detail),
      coercions: [...context.coerced],
      changes: context.changes,
      milliseconds,
      body: exchange.body,
    });
    countDeviations(exchange, context);
  }

  function countDeviations({ request }: Exchange, context: RequestContext): void {
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
    if (wasWithin(now, mismatches.get(key), 3_600_000)) return;
    mismatches.set(key, now);
    deps.log.warn(
      { app: context.app, declared: context.caller.app.identityProvider, looksLike: other },
      `requests look like ${other}, the app is declared as ${context.caller.app.identityProvider}: set identityProvider if they are`,
    );
  }

  /** @throws ScimError 401 when the app is gone, or has the token no more; 503 when it was declared otherwise since */
  async function checkStillDeclared({ caller }: RequestContext): Promise<void> {
    const { app } = await renewed(deps.apps, caller);
    if (isDeepStrictEqual(app, caller.app)) return;
    throw new ScimError(
      503,
      undefined,
      'the app was declared anew while the body came, and nothing was written: ask again',
      {
        'retry-after': '1',
      },
    );
  }

  const callerOf = ({ request, app }: Exchange): Promise<Caller> =>
    authenticate({
      authorization: request.headers.authorization,
      app,
      source: sourceOf(request, trustedProxies),
    });

  return {
    open,

    async identify(exchange) {
      const caller = await callerOf(exchange);
      const { app, response } = exchange;
      exchange.context = createRequestContext({
        requestId: exchange.requestId,
        caller,
        baseUrl: `${deps.publicUrl}${app === undefined ? '' : `/apps/${app}`}/scim/v2`,
        dialect: dialectOf(caller.app.identityProvider),
        trace: deps.traceparent?.(),
      });
      for (const [name, value] of Object.entries(announceExpiry(caller))) response.setHeader(name, value);
    },

    async appOfCaller(exchange) {
      if (exchange.request.headers.authorization === undefined) return undefined;
      try {
        return (await callerOf(exchange)).app;
      } catch (error) {
        if (error instanceof ScimError) return undefined;
        throw error;
      }
    },

    async serve(exchange, handler, params) {
      const { context, request, response } = exchange;
      if (context === undefined) throw new Error('a handler was reached without a caller');
      const body = createBody(request, limits.maxBodyBytes);
      const window = await journal?.openWindow(context.app);
      if (window !== undefined) {
        const text = keptBody(await body.received());
        if (text !== undefined) exchange.body = { text, window };
      }
      const answer = await handler({
        context,
        query: queryOf(request),
        headers: request.headers,
        param: name => {
          const value = params[name];
          return typeof value === 'string' ? value : '';
        },
        body: async () => {
          const stated = await body.read();
          if (performance.now() - exchange.startedAt > LONG_BODY_MS) await checkStillDeclared(context);
          return stated;
        },
        received: () => body.received(),
      });
      await send(request, response, answer);
    },

    async fail(exchange, cause) {
      const { request, response, requestId } = exchange;
      // The client went away: nobody is left to answer, and nothing failed here.
      if (request.socket.destroyed) {
        response.destroy();
        return;
      }
      const error = toScimError(cause, requestId);
      exchange.error = error;
      if (error.status >= 500 && !(cause instanceof ScimError)) exchange.cause = cause;
      if (response.headersSent) {
        response.destroy();
        return;
      }
      await sendError(request, response, error);
    },
  };
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
}
