/** `/requests` and `/apps/:app/debug`: what identity providers sent, and for how long bodies are kept. */
import { type Router } from 'express';
import { z } from 'zod';
import { type ServedRequest } from '../contract/admin-api';
import { readApp } from '../store/apps/apps';
import { type StoredRequest, closeDebugWindow, listRequests, openDebugWindow } from '../store/requests/requests';
import { type AdminDeps } from './deps';
import { Refusal } from '../http/refusal';

const LONGEST_WINDOW_MS = 24 * 3_600_000;

const Query = z.strictObject({
  app: z.string().min(1).optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const Debug = z.strictObject({ milliseconds: z.number().int().min(0).max(LONGEST_WINDOW_MS) });

export function addRequestRoutes(router: Router, { database, clock }: AdminDeps): void {
  router.get('/requests', async (request, response) => {
    const query = Query.safeParse(Object.fromEntries(new URLSearchParams(request.url.split('?', 2)[1] ?? '')));
    if (!query.success) {
      throw new Refusal(
        400,
        'invalid_query',
        'wanted app, after (a whole number) and limit (1 to 1000), each once or not at all',
      );
    }
    response.json({ requests: (await listRequests(database.db, query.data)).map(toServed) });
  });
  router.post('/apps/:app/debug', async (request, response) => {
    const { app } = request.params;
    const stated = Debug.safeParse(request.body);
    if (!stated.success) {
      throw new Refusal(400, 'invalid_request', `milliseconds: wanted a whole number from 0 to ${LONGEST_WINDOW_MS}`);
    }
    if ((await readApp(database.db, app)) === undefined)
      throw new Refusal(404, 'not_found', `no app ${JSON.stringify(app)}`);
    const { milliseconds } = stated.data;
    const until = clock() + milliseconds;
    await (milliseconds === 0 ? closeDebugWindow(database.db, app) : openDebugWindow(database.db, app, until));
    response.json({ until: milliseconds === 0 ? null : new Date(until).toISOString() });
  });
}

function toServed(request: StoredRequest): ServedRequest {
  return {
    ...request,
    at: new Date(request.at).toISOString(),
    scimType: request.scimType ?? null,
    detail: request.detail ?? null,
    body: request.body ?? null,
    coercions: [...request.coercions],
    changes: [...request.changes],
  };
}
