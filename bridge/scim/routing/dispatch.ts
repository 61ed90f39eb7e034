/** Exchanges as express's handlers, for every request that goes through its router. */
import { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { type MappingState } from '../../contract/mapping-state';
import { loggableUrl } from '../../http/log';
import { ScimError } from '../../scim-language/errors';
import { type Handler } from '../http/scim-request';
import { type Exchange, type Exchanges } from './exchange';

export interface Dispatch {
  readonly begin: RequestHandler;
  readonly authenticated: RequestHandler;
  /** The app of who speaks; undefined where nobody signs in, or not rightly: for what needs no token. */
  readonly appOfCaller: (request: Request) => Promise<MappingState | undefined>;
  readonly serve: (handler: Handler) => RequestHandler;
  readonly failed: ErrorRequestHandler;
  readonly notFound: RequestHandler;
}

export function createDispatch(exchanges: Exchanges): Dispatch {
  const known = new WeakMap<Request, Exchange>();

  /** The exchange of a request, which knows of express what it needs. */
  function exchangeOf(request: Request): Exchange {
    const exchange = known.get(request) ?? exchanges.open(request, responseTo(request), () => routeOf(request));
    known.set(request, exchange);
    const { app } = request.params;
    if (typeof app === 'string') exchange.app = app;
    return exchange;
  }

  return {
    begin: (request, _response, next) => {
      exchangeOf(request);
      next();
    },
    authenticated: async (request, _response, next) => {
      await exchanges.identify(exchangeOf(request));
      next();
    },
    appOfCaller: request => exchanges.appOfCaller(exchangeOf(request)),
    serve: handler => async request => {
      await exchanges.serve(exchangeOf(request), handler, request.params);
    },
    failed: async (cause: unknown, request, _response, _next) => {
      await exchanges.fail(exchangeOf(request), cause);
    },
    notFound: request => {
      throw new ScimError(
        404,
        undefined,
        `no resource at ${loggableUrl(request.originalUrl).slice(0, 200)}: wanted /Users, /Groups, /Bulk, /Me, /.search, /ServiceProviderConfig, /Schemas or /ResourceTypes below the base URL`,
      );
    },
  };
}

const routeOf = (request: Request) => (request.route as { path?: string } | undefined)?.path;

function responseTo({ res }: Request): NonNullable<Request['res']> {
  if (res === undefined) throw new Error('express gives every request its response');
  return res;
}
