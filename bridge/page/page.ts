/**
 * The operator's page at `/ui`: server-rendered, with no call to anywhere else. Nothing is shown and nothing decided without a session;
 * whoever looks has the scope `read`, whoever decides `operate`, and each decision carries the proof that the form is ours.
 */
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { toAdminRefusal } from '../admin/refusals';
import { readSetup } from '../admin/questions/setup';
import { callerOf, setCaller } from '../http/caller';
import { whenGone } from '../http/gone';
import { Refusal } from '../http/refusal';
import { addAssets } from './assets/assets';
import { addDecisions } from './decide';
import { type PageDeps } from './deps';
import { html, visible } from './html';
import { bareLayout, layout } from './layout';
import { audit, auditFilter } from './pages/audit';
import { exportAudit } from './pages/audit-export';
import { followAudit, followingOf } from './pages/audit-live';
import { decisions } from './pages/decisions';
import { drift } from './pages/drift';
import { groups } from './pages/groups';
import { overview } from './pages/overview';
import { people } from './pages/people';
import { person } from './pages/person';
import { requests } from './pages/requests';
import { setup } from './pages/setup';
import { openOf } from './parts/open';
import { createNotices, type Notices } from './notices';
import { addSignIn } from './sign-in/routes';
import { refuseForeignForm, refuseOtherSites } from './sign-in/same-site';
import { createSessions, type Sessions } from './sign-in/session';
import { type Page, type View } from './view';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: the browser would not say then where a form of ours comes from.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'cache-control': 'no-store',
} as const;

type Show = (deps: PageDeps, view: View, query: URLSearchParams) => Promise<Page | undefined>;

export function createPageRouter(deps: PageDeps): Router {
  const base = `${new URL(deps.publicUrl).pathname.replace(/\/+$/, '')}/ui`;
  const sessions = createSessions(deps, base);
  const router = Router({ caseSensitive: true });
  router.use((_request, response, next) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    next();
  });
  addAssets(router);
  addSignIn(router, deps, sessions, base);
  // In front of the session: a body may come slowly, and the session counts as it is when all of it has come.
  router.use(express.urlencoded({ extended: false, limit: 20_000 }));
  router.use(needSession(sessions, base));
  router.use(needOurForm(deps));
  router.post('/sign-out', async (request, response) => {
    await sessions.end(request, response);
    response.redirect(303, `${base}/sign-in`);
  });
  const notices = createNotices(deps.publicUrl, base);
  addDecisions(router, deps, notices);
  const show = (path: string, page: Show) => router.get(path, render(deps, base, notices, page));
  show('/', overview);
  show('/people', people);
  router.get('/people/:id', (request, response, next) =>
    render(deps, base, notices, (_deps, view) => person(deps, view, request.params.id))(request, response, next),
  );
  show('/groups', groups);
  show('/decisions', decisions);
  show('/drift', drift);
  show('/audit', audit);
  show('/requests', requests);
  show('/setup', setup);
  router.get('/audit.jsonl', (request, response) =>
    exportAudit(deps, response, auditFilter(queryOf(request)).filter, 'jsonl'),
  );
  router.get('/audit.csv', (request, response) =>
    exportAudit(deps, response, auditFilter(queryOf(request)).filter, 'csv'),
  );
  router.get('/audit/live', (request, response) =>
    followAudit(
      deps,
      { request, response, base },
      followingOf(queryOf(request)),
      async () => (await sessions.read(request)) !== undefined,
    ),
  );
  router.get('/setup/:app/steps', async (request, response) => {
    const report = await readSetup(deps, request.params.app);
    if (report === undefined) throw new Refusal(404, 'not_found', 'there is no such app');
    response.json({ ...report, steps: report.steps.map(step => ({ ...step, detail: visible(step.detail) })) });
  });
  router.use(() => {
    throw new Refusal(404, 'not_found', 'there is no such page');
  });
  router.use(renderFailure(deps, base));
  return router;
}

/** Who is not signed in is sent to sign in, and comes back to where they wanted to be. */
function needSession(sessions: Sessions, base: string): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await sessions.read(request);
    if (signedIn?.caller.scopes.has('read') === true) {
      setCaller(response, signedIn.caller);
      response.locals['csrf'] = signedIn.csrf;
      next();
      return;
    }
    if (request.method !== 'GET')
      throw new Refusal(401, 'signed_out', 'you are not signed in, or not any more: nothing was done');
    const to = request.path === '/' ? '' : request.url;
    response.redirect(303, `${base}/sign-in${to === '' ? '' : `?to=${encodeURIComponent(to)}`}`);
  };
}

/** Whatever is not just looked at: sent by this page, by somebody who may. */
function needOurForm({ publicUrl }: PageDeps): RequestHandler {
  const isLook = ({ method }: Request) => method === 'GET' || method === 'HEAD';
  return (request, response, next) => {
    if (isLook(request)) {
      next();
      return;
    }
    refuseOtherSites(request, publicUrl);
    refuseForeignForm((request.body as Record<string, unknown> | undefined)?.['csrf'], String(response.locals['csrf']));
    if (request.path !== '/sign-out' && !callerOf(response).scopes.has('operate'))
      throw new Refusal(403, 'missing_scope', 'you may look, and not decide: nothing was done');
    next();
  };
}

function render(deps: PageDeps, base: string, notices: Notices, show: Show): RequestHandler {
  return async (request, response) => {
    const query = queryOf(request);
    const done = query.get('done');
    query.delete('done');
    const view: View = {
      base,
      caller: callerOf(response),
      csrf: String(response.locals['csrf']),
      now: deps.clock(),
      notice: notices.take(request, response, done),
      gone: whenGone(response),
    };
    const page = await show(deps, view, query);
    if (page === undefined) throw new Refusal(404, 'not_found', 'nobody of the directory is this');
    response.send(layout(view, page, await waiting(deps)));
  };
}

/** How much waits for a decision. */
async function waiting({ reconciler }: PageDeps): Promise<number> {
  const status = await reconciler.status();
  const { parked, triedOn, reHires, formerOwners } = openOf(status);
  return (
    status.holds.length + parked.all + triedOn.all + reHires.all + formerOwners + (status.recovery === null ? 0 : 1)
  );
}

function queryOf({ url }: Request): URLSearchParams {
  return new URLSearchParams(url.split('?', 2)[1] ?? '');
}

function renderFailure({ log }: PageDeps, base: string): ErrorRequestHandler {
  return (error: unknown, request, response: Response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const refusal = toAdminRefusal(error);
    if (refusal === undefined) log.error({ error, method: request.method, path: request.path }, 'page failed');
    for (const [name, value] of Object.entries(refusal?.details.headers ?? {})) response.setHeader(name, value);
    const message =
      refusal?.message ??
      `the bridge failed; its log has the cause under request ${String(response.getHeader('x-request-id'))}`;
    response.status(refusal?.status ?? 500).send(
      bareLayout(
        base,
        refusal?.status === 404 ? 'Not found' : 'That did not work',
        html`<p class="notice bad" role="alert">${message}</p>
          <p><a class="button" href="${base}">To the overview</a></p>`,
      ),
    );
  };
}
