/** The admin API below `/admin/v1`: every route, behind a credential with the scope for it, in the shapes of contract/admin-api. */
import express, { type ErrorRequestHandler, Router } from 'express';
import {
  DismissRequest,
  EndRecoveryRequest,
  PlanRequest,
  ReleaseRequest,
  ReHireRequest,
  RetryRequest,
  SweepRequest,
} from '../contract/admin-api';
import { parseMappingState } from '../contract/mapping-state';
import { createAuthenticate } from '../http/authenticate';
import { whenGone } from '../http/gone';
import { Refusal } from '../http/refusal';
import { decisionOf } from './access/decision';
import { scopesOf } from './access/route-scopes';
import { addCredentialRoutes } from './access/routes';
import { createApps, notFound } from './apps';
import { readAnyApp } from '../store/apps/apps';
import { refuseTakenTokens } from '../store/apps/credentials';
import { verifyChain } from '../store/audit/verify-chain';
import { readAnchor, readAuditQuery, readWindow } from './audit-query';
import { type AdminDeps } from './deps';
import { dismissRefused } from './dismiss';
import { addQuestionRoutes } from './questions/routes';
import { readBody } from './read-body';
import { toAdminRefusal } from './refusals';
import { addRequestRoutes } from './requests';
import { readStatus } from './status';
import { sweepNow } from './sweep';
import { deleteThrowaway } from './throwaway';

const MAX_BODY_BYTES = 8 * 1024 * 1024;

export function createAdminRouter(deps: AdminDeps): Router {
  const { reconciler } = deps;
  const router = Router({ caseSensitive: true });
  /** A name that nobody has would be told as an app with which all is well. One whose end is under way is there. */
  const isThere = async (app: string | undefined) => {
    if (app !== undefined && (await readAnyApp(deps.database.db, app)) === undefined) throw notFound(app);
  };
  const authenticate = createAuthenticate({
    find: secret => deps.credentials.find(secret),
    needs: ({ method, path }) => scopesOf(method, path),
    log: deps.log,
    clock: deps.clock,
    what: 'the admin API',
  });
  router.use(authenticate);
  // What stands in no line of the table is nothing, whatever is registered below.
  router.use(({ method, baseUrl, path }, _response, next) => {
    if (scopesOf(method, path) !== undefined) next();
    else throw new Refusal(404, 'unknown_route', `the admin API has no ${method} ${baseUrl}${path}`);
  });
  router.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  router.use(express.json({ limit: MAX_BODY_BYTES, strict: true, type: () => true }));
  // A body may come slowly: the credential counts as it is when all of it has come.
  router.use((request, response, next) =>
    request.method === 'GET' || request.method === 'HEAD' ? next() : authenticate(request, response, next),
  );
  addRequestRoutes(router, deps);
  addCredentialRoutes(router, deps);
  router.post('/apps/:app/refused/dismiss', async (request, response) => {
    const { who, times, since, ...said } = readBody(DismissRequest, request.body);
    const dismissed = await dismissRefused(deps, request.params.app, { who, times, since }, decisionOf(response, said));
    response.json({ dismissed });
  });
  addQuestionRoutes(router, deps);
  router.use('/apps', createApps(deps));
  router.get('/status', async (_request, response) => {
    response.json(await readStatus(deps));
  });
  router.post('/plan', async (request, response) => {
    const { app, state, deleted = false } = readBody(PlanRequest, request.body);
    const document = state === undefined ? undefined : parseMappingState(state);
    if (document === undefined) await isThere(app);
    else await refuseTakenTokens(deps.database.db, document);
    const until = whenGone(response);
    response.json(await reconciler.planWorld({ app: app ?? document?.app, state: document, deleted, until }));
  });
  router.post('/sweep', async (request, response) => {
    await sweepNow(deps, readBody(SweepRequest, request.body).app, decisionOf(response));
    response.status(204).end();
  });
  router.get('/audit', async (request, response) => {
    response.json({ entries: await reconciler.audit(readAuditQuery(queryOf(request.url))) });
  });
  router.get('/audit/chain', async (request, response) => {
    response.json(await verifyChain(deps.database.db, readAnchor(queryOf(request.url))));
  });
  router.get('/ai-usage', async (request, response) => {
    response.json(await reconciler.aiUsage(readWindow(queryOf(request.url), deps.clock())));
  });
  router.get('/identities', async (request, response) => {
    const app = queryOf(request.url).get('app') ?? undefined;
    await isThere(app);
    response.json({ identities: await reconciler.identities(app) });
  });
  router.get('/explain', async (request, response) => {
    const user = queryOf(request.url).get('user') ?? '';
    if (user === '')
      throw new Refusal(400, 'invalid_query', 'parameter "user" is missing: wanted a userName, e-mail or id');
    response.json({ people: await reconciler.explain(user) });
  });
  router.get('/doctor', async (_request, response) => {
    response.json({ checks: await reconciler.doctorChecks() });
  });
  router.post('/holds/:id/release', async (request, response) => {
    const decision = decisionOf(response, readBody(ReleaseRequest, request.body));
    response.json(await reconciler.releaseHold(request.params.id, decision));
  });
  router.post('/re-hires', async (request, response) => {
    const { user, answer, account, ...said } = readBody(ReHireRequest, request.body);
    response.json(await reconciler.answerReHire(user, { answer, account }, decisionOf(response, said)));
  });
  router.get('/recovery', async (_request, response) => {
    response.json(await reconciler.recovery());
  });
  router.post('/recovery/end', async (request, response) => {
    const { since, ...said } = readBody(EndRecoveryRequest, request.body);
    response.json(await reconciler.endRecovery(decisionOf(response, said), since));
  });
  router.post('/work/retry', async (request, response) => {
    const { key, ...said } = readBody(RetryRequest, request.body);
    response.json(await reconciler.retry(key, decisionOf(response, said)));
  });
  router.delete('/throwaway/:coderUserId', async (request, response) => {
    await deleteThrowaway(deps, request.params.coderUserId, decisionOf(response));
    response.status(204).end();
  });
  router.use(renderFailure(deps));
  return router;
}

function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(url.split('?', 2)[1] ?? '');
}

function renderFailure({ log }: AdminDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const refusal = toAdminRefusal(error);
    if (refusal === undefined) {
      log.error({ error, method: request.method, path: request.path }, 'admin request failed');
      response.status(500).json({
        error: {
          code: 'internal',
          message: `the bridge failed; its log has the cause under request ${String(response.getHeader('x-request-id'))}`,
        },
      });
      return;
    }
    for (const [name, value] of Object.entries(refusal.details.headers ?? {})) response.setHeader(name, value);
    response.status(refusal.status).json(refusal.toBody());
  };
}
