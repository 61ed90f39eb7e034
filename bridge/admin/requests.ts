/** `/requests` and `/apps/:app/debug`: what identity providers sent, and for how long bodies are kept. */
import { type Router } from 'express';
import * as z from 'zod';
import { type ServedRequest } from '../contract/admin-api';
import { type Decision, sayDecision } from '../reconcile';
import { readApp } from '../store/apps/apps';
import { writeAudit } from '../store/audit/audit';
import {
  closeDebugWindow,
  listRequests,
  openDebugWindow,
  type RequestQuery,
  type StoredRequest,
} from '../store/requests/requests';
import { decisionOf } from './access/decision';
import { type AdminDeps } from './deps';
import { Refusal } from '../http/refusal';

const LONGEST_WINDOW_MS = 24 * 3_600_000;

const Query = z.strictObject({
  app: z.string().min(1).optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const Debug = z.strictObject({ milliseconds: z.number().int().min(0).max(LONGEST_WINDOW_MS) });

export function addRequestRoutes(router: Router, deps: AdminDeps): void {
  router.get('/requests', async (request, response) => {
    const query = Query.safeParse(Object.fromEntries(new URLSearchParams(request.url.split('?', 2)[1] ?? '')));
    if (!query.success) {
      throw new Refusal(
        400,
        'invalid_query',
        'wanted app, after (a whole number) and limit (1 to 1000), each once or not at all',
      );
    }
    response.json({ requests: await readRequests(deps, query.data) });
  });
  router.post('/apps/:app/debug', async (request, response) => {
    const { app } = request.params;
    const stated = Debug.safeParse(request.body);
    if (!stated.success) {
      throw new Refusal(400, 'invalid_request', `milliseconds: wanted a whole number from 0 to ${LONGEST_WINDOW_MS}`);
    }
    const until = await setDebugWindow(deps, app, stated.data.milliseconds, decisionOf(response));
    response.json({ until: until === undefined ? null : new Date(until).toISOString() });
  });
}

/** Keeps bodies of an app's requests for so long; 0 stops, and forgets them. @returns until when. @throws Refusal */
export async function setDebugWindow(
  { database, clock }: Pick<AdminDeps, 'database' | 'clock'>,
  app: string,
  milliseconds: number,
  decision: Decision,
): Promise<number | undefined> {
  if ((await readApp(database.db, app)) === undefined)
    throw new Refusal(404, 'not_found', `no app ${JSON.stringify(app)}`);
  const now = clock();
  const until = milliseconds === 0 ? undefined : now + milliseconds;
  await database.transact(async db => {
    await (until === undefined ? closeDebugWindow(db, app) : openDebugWindow(db, app, until, now));
    const words =
      until === undefined ? 'bodies are forgotten' : `bodies are kept until ${new Date(until).toISOString()}`;
    await writeAudit(db, [
      {
        at: now,
        app,
        actor: 'operator',
        token: decision.by,
        action: until === undefined ? 'debug.close' : 'debug.open',
        result: 'done',
        detail: `${words}, asked for by ${sayDecision(decision)}`,
      },
    ]);
  });
  return until;
}

/** The last SCIM requests, as the admin API shows them. */
export async function readRequests(
  { database }: Pick<AdminDeps, 'database'>,
  query: RequestQuery,
): Promise<ServedRequest[]> {
  return (await listRequests(database.db, query)).map(toServed);
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
