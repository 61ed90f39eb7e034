/** `/apps`: the mapping state of each app, read and replaced as a whole under its generation. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type AppDocument } from '../contract/admin-api';
import { type MappingState, parseMappingState } from '../contract/mapping-state';
import {
  deleteApp,
  GenerationConflict,
  listApps,
  putApp,
  readAnyApp,
  readApp,
  type StoredApp,
} from '../store/apps/apps';
import { type Cause, type WorkKey } from '../store/work/enqueue';
import { type AdminDeps } from './deps';
import { entityTag, readPrecondition } from './precondition';
import { callerOf } from '../http/caller';
import { Refusal } from '../http/refusal';
import { awaitRemoval, readRemoval } from './removal';
import { requestIdOf } from '../http/request-id';

/** What goes over the wire: a document as it is stored. */
type Answer = Omit<AppDocument, 'state'> & { readonly state: MappingState };

export function createApps(deps: AdminDeps): Router {
  const router = Router({ caseSensitive: true });
  router.get('/', async (_request, response) => {
    const apps = await listApps(deps.database.db);
    const converged = await convergedApps(deps);
    response.json({ apps: await Promise.all(apps.map(app => toAnswer(deps, app, converged.has(app.name)))) });
  });
  router.get('/:app', async (request, response) => {
    const app = await readApp(deps.database.db, request.params.app);
    if (app === undefined) throw notFound(request.params.app);
    await answer(deps, response, app);
  });
  router.get('/:app/removal', async (request, response) => {
    const { app } = request.params;
    const left = await readRemoval(deps, app);
    if (left === undefined) throw new Refusal(404, 'not_found', `app ${JSON.stringify(app)} is not being removed`);
    response.json(left);
  });
  router.put('/:app', put(deps));
  router.delete('/:app', remove(deps));
  return router;
}

function put(deps: AdminDeps): RequestHandler<{ app: string }> {
  return async (request, response) => {
    const expected = readPrecondition(request.headers);
    const state = parseMappingState(request.body);
    if (state.app !== request.params.app) {
      const message = `document is of app ${JSON.stringify(state.app)}, the path names ${JSON.stringify(request.params.app)}: wanted the same`;
      throw new Refusal(422, 'invalid_mapping_state', message, { issues: [{ path: ['app'], message }] });
    }
    const stored = await putApp(deps.database, state, expected, causeOf(deps, request, response), deps.clock());
    deps.log.info({ app: stored.name, generation: stored.generation }, 'mapping state accepted');
    await converge(deps, stored.name);
    await answer(deps, response, stored);
  };
}

function remove(deps: AdminDeps): RequestHandler<{ app: string }> {
  return async (request, response) => {
    const { app } = request.params;
    const expected = readPrecondition(request.headers);
    if (expected === 'absent')
      throw new Refusal(400, 'invalid_precondition', 'an app that must be absent can not be deleted');
    const removed = await deleteApp(deps.database, app, expected, causeOf(deps, request, response), deps.clock()).catch(
      (error: unknown) => {
        if (error instanceof GenerationConflict && error.actual === undefined) return false;
        throw error;
      },
    );
    // Asked again for an app that is on its way out, it answers how far that is.
    if (!removed && (await readAnyApp(deps.database.db, app)) === undefined) throw notFound(app);
    if (removed) deps.log.info({ app }, 'app removed');
    const deadlineMs = deps.convergeDeadlineMs ?? 10_000;
    const started = performance.now();
    await deps.reconciler.converge([`app:${app}`], { deadlineMs });
    const left = await awaitRemoval(deps, app, deadlineMs - (performance.now() - started));
    if (left === undefined) response.status(204).end();
    else response.status(202).json(left);
  };
}

function causeOf({ traceparent }: AdminDeps, request: Request<{ app: string }>, response: Response): Cause {
  return {
    actor: 'declaration',
    requestId: requestIdOf(request.headers['x-request-id']),
    token: callerOf(response).name,
    trace: traceparent?.(),
  };
}

/** Waits until the app and everybody whom it touches is dealt with, or the deadline. */
async function converge(deps: AdminDeps, app: string): Promise<void> {
  const deadlineMs = deps.convergeDeadlineMs ?? 10_000;
  const deadline = performance.now() + deadlineMs;
  const key: WorkKey = `app:${app}`;
  await deps.reconciler.converge([key], { deadlineMs });
  // The app's own work enqueues its people, whom the background takes up at once.
  for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 2, 500)) {
    const { apps } = await deps.reconciler.status();
    const state = apps.find(other => other.app === app);
    if (state === undefined || state.waiting === 0) return;
    await sleep(Math.min(pause, Math.max(0, deadline - performance.now())));
  }
}

async function convergedApps({ reconciler }: AdminDeps): Promise<ReadonlySet<string>> {
  const { apps } = await reconciler.status();
  return new Set(apps.filter(app => app.converged).map(app => app.app));
}

async function answer(deps: AdminDeps, response: Response, app: StoredApp): Promise<void> {
  const converged = await convergedApps(deps);
  response.setHeader('etag', entityTag(app.generation)).json(await toAnswer(deps, app, converged.has(app.name)));
}

async function toAnswer({ publicUrl, reconciler }: AdminDeps, app: StoredApp, converged: boolean): Promise<Answer> {
  return {
    generation: app.generation,
    state: app.state,
    scimBaseUrl: scimBaseUrl(publicUrl, app.name),
    groupIds: await reconciler.groupIds(app.name),
    updatedAt: new Date(app.updatedAt).toISOString(),
    converged,
  };
}

/** What is pasted into the identity provider. */
export function scimBaseUrl(publicUrl: string, app: string): string {
  return `${publicUrl}/apps/${app}/scim/v2`;
}

/** Where an OAuth client of the app gets its access tokens. */
export function oauthTokenUrl(publicUrl: string, app: string): string {
  return `${publicUrl}/apps/${app}/oauth2/token`;
}

export function notFound(app: string): Refusal {
  return new Refusal(404, 'not_found', `no app ${JSON.stringify(app)} is declared: \`coder-scim status\` lists them`);
}
