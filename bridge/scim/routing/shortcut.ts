/**
 * The shortest way to the routes that are asked for all the time: one expression instead of a walk through express. It takes only what
 * is written plainly, and leaves the rest, and everything that it does not know, to the router, which gives the same answers.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Handler } from '../http/scim-request';
import { type Exchanges, type Params } from './exchange';
import { type Method, type Route } from './routes';

/** Answers a request, or leaves it alone and says so by false. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

// Base URL, endpoint and the part behind it, in characters that stand for themselves.
const PLAIN = /^(?:\/apps\/([\w.~-]+))?\/scim\/v2(\/\w+)(?:\/([\w.~-]+))?(?:\?|$)/;

export function createShortcut(routes: readonly Route[], exchanges: Exchanges): Shortcut {
  const known = new Map(routes.filter(({ hot }) => hot).map(route => [route.path, route]));

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    { route, handler, app, params }: Found,
  ): Promise<void> {
    const exchange = exchanges.open(request, response, () => route.path);
    exchange.app = app;
    try {
      await exchanges.identify(exchange);
      await exchanges.serve(exchange, handler, params);
    } catch (cause) {
      await exchanges.fail(exchange, cause);
    }
  }

  function find({ url = '', method = '' }: IncomingMessage): Found | undefined {
    const parts = PLAIN.exec(url);
    if (parts === null) return undefined;
    const [, app, endpoint = '', id] = parts;
    const route =
      id === undefined ? known.get(endpoint) : (known.get(`${endpoint}/${id}`) ?? known.get(`${endpoint}/:id`));
    // HEAD is GET without a body, as express has it.
    const handler = route?.handlers[(method === 'HEAD' ? 'GET' : method) as Method];
    return route === undefined || handler === undefined ? undefined : { route, handler, app, params: { id } };
  }

  return (request, response) => {
    const found = find(request);
    if (found === undefined) return false;
    // What goes wrong while a failure is answered ends the connection: nothing else is left to tell.
    answer(request, response, found).catch(() => response.destroy());
    return true;
  };
}

interface Found {
  readonly route: Route;
  readonly handler: Handler;
  /** App that the path names. */
  readonly app: string | undefined;
  readonly params: Params;
}
