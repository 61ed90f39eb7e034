/** API tokens: made for oneself or, by an owner, for others; listed, expired, deleted. */
import { Refusal, noContent, notFound, ok, type Answer } from '../http/answer';
import { differences } from '../audit/diff';
import { NEVER } from '../state/clock';
import { readBody } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type User } from '../state/entities';
import { findUser } from '../state/find';
import { HUNDRED_YEARS_SECONDS, WEEK_SECONDS, type ApiKey } from './keys';
import { type World } from '../world';

/** Nanoseconds of a second; lifetimes travel as Go durations. */
const SECOND = 1e9;
const SCOPE =
  /^(?:all|coder:all|(?:coder:)?application_connect|coder:(?:workspaces\.(?:create|operate|delete|access)|templates\.(?:build|author)|apikeys\.manage_self)|(?:workspace|template|api_key|file|user|user_secret|user_skill|task|organization):(?:\*|[a-z_]+))$/;

export function tokenRoutes({ state, settings, keys, audit }: World): Route[] {
  const subject = (call: Call): User => {
    const user = findUser(state, call);
    if (user !== call.access.user && !call.access.can('api_key', 'create')) throw notFound();
    return user;
  };

  const longest = (user: User): number => (user.roles.includes('owner') ? WEEK_SECONDS : HUNDRED_YEARS_SECONDS);

  const create = (call: Call): Answer => {
    const user = subject(call);
    const body = readBody(call.body, { lifetime: 'integer', scope: 'string', scopes: 'strings', token_name: 'string' });
    const lifetime = (body.lifetime ?? 0) / SECOND;
    if (lifetime > longest(user)) {
      throw new Refusal(400, 'Failed to validate create API key request.', {
        detail: `lifetime must be less than ${longest(user) / 3600}h0m0s`,
      });
    }
    if (lifetime < 0) {
      throw new Refusal(400, 'Failed to validate create API key request.', {
        detail: 'lifetime must be positive number greater than 0',
      });
    }
    const wanted = body.scopes?.length ? body.scopes : body.scope ? [body.scope] : ['coder:all'];
    const refused = wanted.find(scope => !SCOPE.test(scope));
    if (refused !== undefined) {
      throw new Refusal(400, 'Failed to create API key.', {
        detail: `invalid or unsupported API key scope: "${refused}"`,
      });
    }
    const name = body.token_name ?? '';
    if (name !== '' && keys.of(user).some(key => key.loginType === 'token' && key.name === name)) {
      throw new Refusal(409, `A token with name "${name}" already exists.`, {
        validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
      });
    }
    const scopes = wanted.map(scope => (scope === 'all' ? 'coder:all' : scope));
    const { key, token } = keys.issue(user, {
      ...(name !== '' && { name }),
      scopes,
      lifetimeSeconds: lifetime === 0 ? WEEK_SECONDS : lifetime,
    });
    audit.record(call, {
      type: 'api_key',
      id: user.id,
      target: key.name,
      action: 'create',
      status: 201,
      diff: differences({
        created_at: [NEVER, key.createdAt],
        expires_at: [NEVER, new Date(key.expiresAt).toISOString()],
        last_used: [NEVER, key.lastUsed],
        user_id: ['', user.id],
      }),
    });
    return ok({ key: token }, 201);
  };

  const view = (key: ApiKey): Record<string, unknown> => {
    const whole = key.scopes.includes('coder:all');
    return {
      id: key.id,
      user_id: key.user.id,
      last_used: key.lastUsed,
      expires_at: new Date(key.expiresAt).toISOString(),
      created_at: key.createdAt,
      updated_at: key.updatedAt,
      login_type: key.loginType,
      scope: whole ? 'all' : '',
      ...(!settings.old && { scopes: key.scopes }),
      token_name: key.loginType === 'token' ? key.name : '',
      lifetime_seconds: key.lifetimeSeconds,
      ...(!settings.old && { allow_list: ['*:*'] }),
    };
  };

  const list = (call: Call): Answer => {
    const user = subject(call);
    const includesAll = call.query.get('include_all') === 'true' && call.access.can('api_key', 'read');
    const candidates = includesAll ? [...state.users.values()].flatMap(each => keys.of(each)) : keys.of(user);
    const includesExpired = call.query.get('include_expired') === 'true';
    const tokens = candidates
      .filter(key => key.loginType === 'token' && (includesExpired || key.expiresAt > settings.clock.now()))
      .map(key => ({ ...view(key), username: key.user.username }));
    return ok(tokens.length === 0 ? null : tokens);
  };

  const find = (call: Call): ApiKey => {
    const user = subject(call);
    const key = keys.find(call.params.key ?? '');
    if (!key || key.user !== user) throw notFound();
    return key;
  };

  const remove = (call: Call): Answer => {
    const key = find(call);
    keys.delete(key);
    audit.record(call, { type: 'api_key', id: key.user.id, target: key.name, action: 'delete', status: 204 });
    return noContent;
  };

  const expire = (call: Call): Answer => {
    const key = find(call);
    key.expiresAt = settings.clock.now();
    key.updatedAt = state.time();
    return noContent;
  };

  const routes: Route[] = [
    { method: 'POST', path: '/users/:user/keys/tokens', handle: create },
    { method: 'GET', path: '/users/:user/keys/tokens', handle: list },
    {
      method: 'GET',
      path: '/users/:user/keys/tokens/tokenconfig',
      handle: call => ok({ max_token_lifetime: longest(subject(call)) * SECOND }),
    },
    { method: 'GET', path: '/users/:user/keys/:key', handle: call => ok(view(find(call))) },
    { method: 'DELETE', path: '/users/:user/keys/:key', handle: remove },
  ];
  return settings.old ? routes : [...routes, { method: 'PUT', path: '/users/:user/keys/:key/expire', handle: expire }];
}
