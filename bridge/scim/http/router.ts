/**
 * SCIM 2.0 over HTTP: `/scim/v2` (the token says which app) and `/apps/<app>/scim/v2` (the token must be of that app).
 * Everything below these paths is answered in SCIM's form, errors included. Paths are case-sensitive (RFC 3986 §6.2.2.1).
 */
import { type RequestHandler, Router } from 'express';
import { createAuthenticate } from '../access/authenticate';
import { createBulk } from '../resources/bulk';
import { type ScimDeps } from './deps';
import {
  listResourceTypes,
  listSchemas,
  readResourceType,
  readSchema,
  serviceProviderConfig,
} from '../resources/discovery';
import { strict } from '../../scim-language/dialects/dialect';
import { dialectOf } from '../../scim-language/dialects/registry';
import { ScimError, shown } from '../../scim-language/errors';
import { type Dispatch, createDispatch } from './dispatch';
import { createGroups } from '../resources/groups';
import { DEFAULT_LIMITS, type ScimLimits } from './limits';
import { answerMe } from '../resources/me';
import { createRefusalLog } from './refusal-log';
import { createResourceHandlers } from '../resources/resource-handlers';
import { send } from './respond';
import { type Handler } from './scim-request';
import { Throttle } from '../../http/throttle';
import { createTokenEndpoint } from '../oauth/token-endpoint';
import { createSearch } from '../resources/search';
import { createUsers } from '../resources/users';

export function createScimRouter(deps: ScimDeps): Router {
  const limits: ScimLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const throttle = new Throttle(deps.throttle);
  const refused = createRefusalLog(deps);
  const authenticate = createAuthenticate({ apps: deps.apps, clock: deps.clock, throttle, refused });
  const dispatch = createDispatch(deps, authenticate, limits);
  const endpoints = createEndpoints(deps, limits, dispatch);
  const router = Router({ caseSensitive: true });
  router.use(joinSlashes);
  router.use(createTokenEndpoint({ ...deps, limits, throttle, refused }));
  for (const path of ['/scim', '/apps/:app/scim']) {
    router.use(path, dispatch.begin);
    router.use(`${path}/v2`, endpoints);
    router.use(path, dispatch.authenticated, dispatch.notFound);
  }
  router.use(dispatch.failed);
  return router;
}

function createEndpoints(
  deps: ScimDeps,
  limits: ScimLimits,
  { authenticated, appOfCaller, serve, notFound }: Dispatch,
): Router {
  const router = Router({ caseSensitive: true, mergeParams: true });
  const users = createUsers(deps.directory, limits);
  const groups = createGroups(deps.directory, limits);
  const search = createSearch(deps.directory, limits);

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
  // The most used come first: routes are tried in order.
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
  const discovery = (path: string, handler: Handler) => router.route(path).get(serve(handler)).all(allow('GET'));
  discovery('/Schemas', ({ context, query }) => ({ status: 200, body: listSchemas(context.baseUrl, query) }));
  discovery('/Schemas/:id', ({ context, param }) => ({
    status: 200,
    body: readSchema(context.baseUrl, param('id')),
  }));
  discovery('/ResourceTypes', ({ context, query }) => ({
    status: 200,
    body: listResourceTypes(context.baseUrl, query),
  }));
  discovery('/ResourceTypes/:id', ({ context, param }) => ({
    status: 200,
    body: readResourceType(context.baseUrl, param('id')),
  }));

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
