/** From a request to Coder's answer: limit, token, licence, handler. */
import { Access } from '../roles/access';
import { Refusal, routeNotFound, signatureOf, type Answer } from './answer';
import { aiGatewayRoutes } from '../ai-gateway/ai-gateway';
import { spendRoute } from '../ai-gateway/spend';
import { auditRoutes } from '../audit/audit';
import { RouteTable, type Call, type Route } from './call';
import { customRoleRoutes } from '../roles/custom-roles';
import { NEVER } from '../state/clock';
import { type User } from '../state/entities';
import { groupRoutes } from '../groups/groups';
import { idpSyncRoutes } from '../organizations/idp-sync';
import { informationRoutes } from '../information';
import { type ApiKey, type Verdict } from '../tokens/keys';
import { memberRoutes } from '../organizations/members';
import { organizationRoutes } from '../organizations/organizations';
import { RateLimit } from './rate-limit';
import { headerOf, type Request, type Served } from './exchange';
import { siteRoleRoutes } from '../roles/site-roles';
import { tokenRoutes } from '../tokens/tokens';
import { workspaceRoutes } from '../workspaces/routes';
import { templateRoutes } from '../workspaces/templates';
import { userRoutes } from '../users/users';
import { type World } from '../world';

const PREFIX = '/api/v2';
const BYPASS = 'x-coder-bypass-ratelimit';
const HOUR = 3_600_000;

function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(headerOf(request, 'authorization'));
  return headerOf(request, 'coder-session-token') || bearer?.[1];
}

function signedOut(detail: string, url: string): Answer {
  return {
    status: 401,
    body: { message: 'You are signed out or your session has expired. Please sign in again to continue.', detail },
    headers: {
      'www-authenticate': `Bearer realm="coder", error="invalid_token", error_description="The access token has expired", resource_metadata="${url}/.well-known/oauth-protected-resource"`,
    },
  };
}

/** Marks the account as seen; the first call of a dormant one makes it active. */
function touch(world: World, key: ApiKey): void {
  const { state, settings } = world;
  const { user } = key;
  const now = settings.clock.now();
  key.lastUsed = new Date(now).toISOString();
  if (user.status === 'dormant') {
    state.changeUser(user, { status: 'active' });
    world.audit.recordAutomatic(user, 'dormancy', {
      type: 'user',
      id: user.id,
      target: user.username,
      action: 'write',
      diff: { status: { old: 'dormant', new: 'active' } },
    });
  }
  if (user.lastSeenAt === NEVER || now - Date.parse(user.lastSeenAt) > HOUR) {
    user.lastSeenAt = key.lastUsed;
    user.memberJson = undefined;
  }
}

/** Builds the function that answers as this Coder does. */
export function createApi(world: World): (request: Request) => Promise<Served> {
  const { settings, keys } = world;
  const limit = new RateLimit(settings.rateLimitPerMinute, settings.clock);
  const information = informationRoutes(world);
  const outside = new RouteTable(information.filter(route => !isApi(route.path)));
  const table = new RouteTable([
    ...information.filter(route => isApi(route.path)),
    ...userRoutes(world),
    ...siteRoleRoutes(world),
    ...tokenRoutes(world),
    ...organizationRoutes(world),
    ...memberRoutes(world),
    ...customRoleRoutes(world),
    ...groupRoutes(world),
    ...idpSyncRoutes(world),
    ...workspaceRoutes(world),
    ...templateRoutes(world),
    ...auditRoutes(world),
    ...aiGatewayRoutes(world),
    spendRoute(world),
  ]);

  const counted = (request: Request, user: User | undefined): Answer | Readonly<Record<string, string>> => {
    const bypasses = request.headers[BYPASS] !== undefined;
    if (bypasses && !user?.roles.includes('owner')) {
      const raw = '"X-Coder-Bypass-Ratelimit" provided but user is not owner\n';
      return { status: 428, raw, contentType: 'text/plain; charset=utf-8' };
    }
    const who = settings.old ? request.ip : (user?.id ?? request.ip);
    const verdict = limit.take(bypasses ? undefined : `${who} ${request.path.replace(/\/+$/, '')}`);
    if (verdict.allowed) return verdict.headers;
    return { status: 429, body: { message: limit.refusal() }, headers: verdict.headers };
  };

  const run = async (request: Request, path: string, verdict: Verdict | undefined): Promise<Answer> => {
    const found = path === request.path ? outside.find(request.method, path) : table.find(request.method, path);
    if (found === undefined) return routeNotFound();
    if (found === 'method') return { status: 405 };
    const { route, params } = found;
    const key = verdict && 'key' in verdict ? verdict.key : undefined;
    if (!route.open) {
      if (!verdict) return signedOut('Cookie "coder_session_token" or query parameter must be provided.', world.url);
      if ('problem' in verdict) return signedOut(verdict.problem, world.url);
      const { user } = verdict.key;
      if (user.status === 'suspended') {
        const message = `User is not active (status = "${user.status}"). Contact an admin to reactivate your account.`;
        return { status: 401, body: { message } };
      }
      touch(world, verdict.key);
      if (route.feature && !settings.licence) {
        return { status: 403, body: { message: `${route.feature} is a Premium feature. Contact sales!` } };
      }
    }
    const call: Call = {
      method: request.method,
      path,
      query: request.query,
      body: request.body,
      params,
      ip: request.ip,
      userAgent: headerOf(request, 'user-agent'),
      get access(): Access {
        if (!key)
          throw new Error(`the route ${route.path} is open, so nobody is known to be calling; make it ask for a token`);
        return new Access(key.user, key.scopes);
      },
      keyId: key?.id ?? '',
      route: `${route.method} ${route.path}`,
      size: { added: 0, present: 0 },
    };
    const answer = await answerOf(route, call);
    const time = call.size ? settings.latency(call.route, call.size) : 0;
    if (time > 0) await settings.clock.sleep(time);
    return answer;
  };

  const answerOf = async (route: Route, call: Call): Promise<Answer> => {
    try {
      return await route.handle(call);
    } catch (problem) {
      const answer = refused(problem);
      world.audit.recordRefusal(call, answer.status);
      return answer;
    }
  };

  return async request => {
    const token = tokenOf(request);
    const verdict = token === undefined ? undefined : keys.check(token);
    const user = verdict && 'key' in verdict ? verdict.key.user : undefined;
    const inside = request.path.startsWith(`${PREFIX}/`);
    const limited = inside ? counted(request, user) : {};
    const headers = signatureOf(settings);
    if ('status' in limited) {
      const refusal = limited as Answer;
      return { user: user?.username ?? null, answer: { ...refusal, headers: { ...headers, ...refusal.headers } } };
    }
    const answer = await run(request, inside ? request.path.slice(PREFIX.length) : request.path, verdict).catch(
      refused,
    );
    return {
      user: user?.username ?? null,
      answer: { ...answer, headers: { ...headers, ...limited, ...answer.headers } },
    };
  };
}

function isApi(path: string): boolean {
  return path !== '/healthz' && !path.startsWith('/scim/');
}

function refused(problem: unknown): Answer {
  if (problem instanceof Refusal) return problem.answer();
  const detail = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
  return { status: 500, body: { message: 'An internal server error occurred.', detail } };
}
