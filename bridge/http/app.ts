/** The HTTP side of the bridge: SCIM, the admin API, the page, health and metrics. It never listens. */
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import { createAuthenticate, type FindCaller } from './authenticate';
import { type Log, loggableUrl } from './log';
import { toRefusal } from './refusal';
import { requestIdOf } from './request-id';

/** Whether the bridge can do its work; each part with what is wrong with it, or null. */
export interface Readiness {
  readonly database: string | null;
  readonly coder: string | null;
  /** Why nothing is given and nothing taken, as after a restored backup. */
  readonly recovery: string | null;
}

export interface AppDeps {
  readonly scim: {
    /** Answers what is asked all the time, in front of express; false: it was left alone. */
    readonly shortcut: (request: IncomingMessage, response: ServerResponse) => boolean;
    readonly router: Router;
  };
  readonly admin: Router;
  /** The operator's page. */
  readonly page: Router;
  readonly readiness: () => Promise<Readiness>;
  /** The metrics as text, with their media type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Whose secret opens /metrics, if it has the scope. */
  readonly credentials: { readonly find: FindCaller };
  /** How many entries of X-Forwarded-For are believed. */
  readonly trustedProxies: number;
  readonly stopping: () => boolean;
  /** Around everything that is served, for traces. @default nothing */
  readonly traced?: ((listener: RequestListener) => RequestListener) | undefined;
  readonly log: Log;
  readonly clock: () => number;
}

export function createApp(deps: AppDeps): RequestListener {
  const { log, clock } = deps;
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('trust proxy', deps.trustedProxies);
  app.enable('case sensitive routing');
  app.get('/healthz', (_request, response) => {
    response.json({ healthy: true });
  });
  app.get('/readyz', async (_request, response) => {
    const { database, coder, recovery } = await deps.readiness();
    const ready = database === null && coder === null && recovery === null && !deps.stopping();
    response.status(ready ? 200 : 503).json({
      ready,
      ...(deps.stopping() ? { bridge: 'is stopping' } : {}),
      database: database ?? 'ok',
      coder: coder ?? 'ok',
      ...(recovery === null ? {} : { recovery }),
    });
  });
  app.get(
    '/metrics',
    createAuthenticate({
      find: secret => deps.credentials.find(secret),
      needs: () => ['metrics'],
      log,
      clock,
      what: '/metrics',
    }),
    async (_request, response) => {
      const { contentType, text } = await deps.metrics();
      response.setHeader('content-type', contentType).send(text);
    },
  );

  app.use('/admin/v1', logged(log, 'admin request'), deps.admin);
  app.use('/ui', logged(log, 'page request'), deps.page);
  app.use(deps.scim.router);
  app.use((request, response) => {
    response.status(404).json({
      error: {
        code: 'not_found',
        message: `nothing is at ${loggableUrl(request.originalUrl).slice(0, 200)}: SCIM is below /scim/v2 and /apps/<app>/scim/v2, the admin API below /admin/v1, the page at /ui`,
      },
    });
  });
  app.use(renderFailure(log));
  const listener: RequestListener = (request, response) => {
    // A bridge that is going away asks its clients to take a new connection next time.
    if (deps.stopping()) response.setHeader('connection', 'close');
    if (!deps.scim.shortcut(request, response)) app(request, response);
  };
  return deps.traced === undefined ? listener : deps.traced(listener);
}

/** Gives each request of an operator an id and one line in the log. */
function logged(log: Log, what: string): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const requestId = requestIdOf(request.headers['x-request-id']);
    const { method, originalUrl } = request;
    request.headers['x-request-id'] = requestId;
    response.setHeader('x-request-id', requestId);
    response.on('close', () => {
      const status = response.writableFinished ? response.statusCode : 499;
      const ms = Math.round((performance.now() - started) * 10) / 10;
      log.info({ requestId, method, url: loggableUrl(originalUrl), status, ms }, what);
    });
    next();
  };
}

// What health and metrics throw, and paths that can not be decoded.
function renderFailure(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const refusal = toRefusal(error);
    if (refusal !== undefined) {
      for (const [name, value] of Object.entries(refusal.details.headers ?? {})) response.setHeader(name, value);
      response.status(refusal.status).json(refusal.toBody());
      return;
    }
    log.error({ error, method: request.method, url: loggableUrl(request.originalUrl) }, 'request failed');
    response.status(500).json({ error: { code: 'internal', message: 'the bridge failed; its log has the cause' } });
  };
}
