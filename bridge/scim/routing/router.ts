/**
 * SCIM 2.0 over HTTP: `/scim/v2` (the token says which app) and `/apps/<app>/scim/v2` (the token must be of that app).
 * Everything below these paths is answered in SCIM's form, errors included. Paths are case-sensitive (RFC 3986 §6.2.2.1).
 */
import { type RequestHandler, Router } from 'express';
import { createAuthenticate } from '../access/authenticate';
import { type ScimDeps } from '../http/deps';
import { serviceProviderConfig } from '../resources/discovery';
import { strict } from '../../scim-language/dialects/dialect';
import { dialectOf } from '../../scim-language/dialects/registry';
import { ScimError, shown } from '../../scim-language/errors';
import { type Dispatch, createDispatch } from './dispatch';
import { createExchanges } from './exchange';
import { DEFAULT_LIMITS, type ScimLimits } from '../http/limits';
import { answerMe } from '../resources/me';
import { Throttle } from '../../http/throttle';
import { createTokenEndpoint } from '../oauth/token-endpoint';
import { createRefusalLog } from '../http/refusal-log';
import { send } from '../http/respond';
import { type Method, type Route, createRoutes } from './routes';
import { type Shortcut, createShortcut } from './shortcut';

/** The two ways to the same handlers: what the shortcut leaves alone goes through the router. */
export interface Scim {
  readonly shortcut: Shortcut;
  readonly router: Router;
}

export function createScim(deps: ScimDeps): Scim {
  const limits: ScimLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const throttle = new Throttle(deps.throttle);
  const refused = createRefusalLog(deps);
  const authenticate = createAuthenticate({ apps: deps.apps, clock: deps.clock, throttle, refused });
  const exchanges = createExchanges(deps, authenticate, limits);
  const dispatch = createDispatch(exchanges);
  const routes = createRoutes(deps, limits);
  const endpoints = createEndpoints(deps, limits, dispatch, routes);
  const router = Router({ caseSensitive: true });
  router.use(joinSlashes);
  router.use(createTokenEndpoint({ ...deps, limits, throttle, refused }));
  for (const path of ['/scim', '/apps/:app/scim']) {
    router.use(path, dispatch.begin);
    router.use(`${path}/v2`, endpoints);
    router.use(path, dispatch.authenticated, dispatch.notFound);
  }
  router.use(dispatch.failed);
  return { shortcut: createShortcut(routes, exchanges), router };
}

function createEndpoints(
  deps: ScimDeps,
  limits: ScimLimits,
  { authenticated, appOfCaller, serve, notFound }: Dispatch,
  routes: readonly Route[],
): Router {
  const router = Router({ caseSensitive: true, mergeParams: true });

  // RFC 7643 §5: a client finds out how to sign in before it does. Who does sign in gets what its dialect can read.
  const config: RequestHandler = async (request, response) => {
    const { app: named } = request.params;
    const path = typeof named === 'string' ? `/apps/${encodeURIComponent(named)}` : '';
    const caller = await appOfCaller(request);
    const app = caller ?? (typeof named === 'string' ? await deps.apps.findApp(named) : undefined);
    const body = serviceProviderConfig(`${deps.publicUrl}${path}/scim/v2`, limits, {
      dialect: caller === undefined ? strict : dialectOf(caller.identityProvider),
      tokenUrl:
        app === undefined || Object.keys(app.oauthClients).length === 0
          ? undefined
          : `${deps.publicUrl}/apps/${app.app}/oauth2/token`,
    });
    await send(request, response, { status: 200, body });
  };
  router.use(refuseMisjoined);
  router.route('/ServiceProviderConfig').get(config).all(allow('GET'));

  router.use(authenticated);
  for (const { path, handlers } of routes) {
    const route = router.route(path);
    for (const [method, handler] of Object.entries(handlers))
      route[method.toLowerCase() as Lowercase<Method>](serve(handler));
    route.all(allow(Object.keys(handlers).join(', ')));
  }
  router.route(['/Me', '/Me/*rest']).all(serve(answerMe));
  router.use(notFound);
  return router;
}

/** A base URL that was pasted with a slash at its end gives paths with two in a row, which mean what they would with one. */
const joinSlashes: RequestHandler = (request, _response, next) => {
  const [path = '', ...query] = request.url.split('?');
  if (/^\/(?:scim|apps)\/.*\/\//.test(path)) request.url = [path.replace(/\/{2,}/g, '/'), ...query].join('?');
  next();
};

const ENDPOINT = /\/(?:Users|Groups|Bulk|Me|Schemas|ResourceTypes|ServiceProviderConfig|\.search)(?:[/?]|$)/;

/**
 * A client that puts its paths behind a base URL with parameters asks for the list of everybody, whatever it meant:
 * `/scim/v2?aadOptscim062020/Users`.
 */
const refuseMisjoined: RequestHandler = (request, _response, next) => {
  const query = request.url.slice(request.url.indexOf('?') + 1);
  const lost = [...new URLSearchParams(query)].find(
    ([name, value]) => ENDPOINT.test(name) || (/^aadOptscim/i.test(name) && ENDPOINT.test(value)),
  );
  if (request.path === '/' && lost !== undefined) {
    throw new ScimError(
      400,
      'invalidSyntax',
      `query parameter ${shown(lost.join('='))}: got a path behind the question mark of the base URL, wanted it before: the client joins its paths to a base URL with parameters, so give it one without`,
    );
  }
  next();
};

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
