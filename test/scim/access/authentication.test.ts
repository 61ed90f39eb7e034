import { type ScimServer, startScimServer } from '../../support/scim-server';
import { mintToken } from '../../../bridge/scim/access/token';
import { until } from '../../support/until';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const DAY = 86_400_000;
const HOUR = 3_600_000;

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer({ deps: { throttle: { failures: 1_000 } } });
});
afterAll(() => server.close());

const userOf = (userName: string) => ({ schemas: [USER], userName });

describe('signing in (RFC 7644 §2, RFC 6750)', () => {
  test('no credential is 401 with a challenge, in the form of SCIM', async () => {
    const answer = await server.call('GET', '/Users', { token: null });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="coder-scim"');
    expect(answer.headers['content-type']).toBe('application/scim+json');
    expect(answer.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' });
    expect(answer.body.detail).not.toBe('');
  });

  test.each([
    ['a word that is no token', 'Bearer hunter2'],
    ['a token that nobody declared', `Bearer ${mintToken().token}`],
    ['something very long', `Bearer ${'a'.repeat(10_000)}`],
  ])('%s is 401', async (_what, authorization) => {
    const answer = await server.call('GET', '/Users', { token: null, headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test.each([
    ['another scheme', () => 'Basic dXNlcjpwYXNz'],
    ['the token without "Bearer"', () => server.token],
    ['"Bearer" twice', () => `Bearer Bearer ${server.token}`],
    ['"Bearer" without a token', () => 'Bearer '],
    ['"Bearer:"', () => `Bearer: ${server.token}`],
  ])('%s is 401, which says what form was wanted and nothing of the token', async (_what, authorization) => {
    const headers = { authorization: authorization() };
    const answer = await server.call('GET', '/Users', { token: null, headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    expect(answer.body.detail).toMatch(/^header Authorization: got another form, wanted "Bearer", once/);
    expect(answer.text).not.toContain(server.token.slice(0, 12));
  });

  test('the scheme is read in any case', async () => {
    const headers = { authorization: `bEARER ${server.token}` };
    expect((await server.call('GET', '/Users', { token: null, headers })).status).toBe(200);
  });

  test('an unknown app, a token of another app and a wrong token get the same answer', async () => {
    const other = await server.addApp('other-app');
    const wrong = mintToken().token;
    const answers = await Promise.all([
      server.call('GET', '/apps/no-such-app/scim/v2/Users'),
      server.call('GET', '/apps/other-app/scim/v2/Users'),
      server.call('GET', '/apps/main/scim/v2/Users', { token: other.token }),
      server.call('GET', '/apps/main/scim/v2/Users', { token: wrong }),
      server.call('GET', '/apps/no-such-app/scim/v2/Users', { token: wrong }),
    ]);
    const seen = answers.map(({ status, body, headers }) =>
      JSON.stringify([status, body, headers['www-authenticate']]),
    );
    expect(new Set(seen).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
  });

  test('an expired token is refused from that instant on', async () => {
    const token = await server.addApp('expiring');
    const expiresAt = server.now() + 5_000;
    await server.putApp({
      app: 'expiring',
      tokens: { short: { digest: token.digest, expiresAt: new Date(expiresAt).toISOString() } },
    });
    expect((await server.call('GET', '/Users', token)).status).toBe(200);
    server.advance(5_001);
    expect((await server.call('GET', '/Users', token)).status).toBe(401);
  });

  test('a token of a removed app is refused at once', async () => {
    const token = await server.addApp('removed');
    expect((await server.call('GET', '/Users', token)).status).toBe(200);
    await server.removeApp('removed');
    expect((await server.call('GET', '/Users', token)).status).toBe(401);
  });

  test('secrets are not in the log', async () => {
    const wrong = mintToken();
    await server.call('GET', '/Users', wrong);
    await until('the refusal in the log', () => JSON.stringify(server.log).includes(wrong.id));
    const text = JSON.stringify(server.log);
    expect(text).not.toContain(wrong.token);
    expect(text).not.toContain(server.token);
  });

  test('the last use is noted, at most once a minute', async () => {
    const token = await server.addApp('used');
    // SQLite does one thing after the other: what a request noted before its answer is read here.
    const lastUsed = async () => {
      const { db } = server.database;
      return (await db.selectFrom('tokens').select('last_used_at').where('app', '=', 'used').executeTakeFirstOrThrow())
        .last_used_at;
    };
    expect(await lastUsed()).toBeNull();
    const before = server.now();
    await server.call('GET', '/Users', token);
    const first = await lastUsed();
    expect(first).toBeGreaterThanOrEqual(before);
    expect(first).toBeLessThanOrEqual(server.now());
    server.advance(1_000);
    await server.call('GET', '/Users', token);
    expect(await lastUsed()).toBe(first);
    server.advance(61_000);
    await server.call('GET', '/Users', token);
    expect(await lastUsed()).toBeGreaterThan((first ?? 0) + 60_000);
    server.advance(2 * HOUR);
    await server.call('GET', '/Users', token);
    // A clock that was ahead and is set back.
    server.advance(-2 * HOUR);
    await server.call('GET', '/Users', token);
    expect(await lastUsed()).toBeLessThanOrEqual(server.now());
  });

  test('a token that nears its end is announced in the answer and once a day in the log', async () => {
    const token = await server.addApp('warned');
    const declare = (days: number) =>
      server.putApp({
        app: 'warned',
        tokens: { soon: { digest: token.digest, expiresAt: new Date(server.now() + days * DAY).toISOString() } },
      });
    await declare(30);
    expect((await server.call('GET', '/Users', token)).headers['x-coder-scim-token-expires']).toBeUndefined();
    await declare(10);
    const answers = [await server.call('GET', '/Users', token), await server.call('GET', '/Users', token)];
    for (const { headers } of answers) {
      const expires = Date.parse(String(headers['x-coder-scim-token-expires']));
      expect(Math.abs(expires - server.now() - 10 * DAY)).toBeLessThan(60_000);
    }
    const warnings = () =>
      server.log.filter(line => line['app'] === 'warned' && String(line['msg']).includes('expires soon'));
    expect(warnings()).toEqual([expect.objectContaining({ tokenName: 'soon', tokenId: token.id, level: 'warn' })]);
    server.advance(-2 * DAY);
    await server.call('GET', '/Users', token);
    // A clock that was ahead and is set back is no reason for silence until it is there again.
    expect(warnings()).toHaveLength(2);
    server.advance(2 * DAY);
  });
});

describe('scopes', () => {
  test.each([
    ['users:read', 'GET', '/Users', 200],
    ['users:read', 'POST', '/Users', 403],
    ['users:read', 'GET', '/Groups', 403],
    ['users:read', 'POST', '/Users/.search', 200],
    ['users:read', 'POST', '/Groups/.search', 403],
    ['users:write', 'POST', '/Users', 201],
    ['users:write', 'GET', '/Users', 403],
    ['groups:read', 'GET', '/Groups', 200],
    ['groups:read', 'POST', '/Groups', 403],
    ['groups:write', 'POST', '/Groups', 201],
    ['groups:write', 'POST', '/Users', 403],
    ['groups:read', 'GET', '/Schemas', 200],
    ['groups:read', 'POST', '/Bulk', 403],
    ['users:read', 'DELETE', '/Users/x', 403],
    ['users:read', 'PATCH', '/Users/x', 403],
    ['users:read', 'PUT', '/Users/x', 403],
  ] as const)('%s: %s %s is %i', async (scope, method, path, status) => {
    const app = `scope-${scope.replace(':', '-')}-${method.toLowerCase()}-${path.replaceAll(/[^A-Za-z]+/g, '').toLowerCase()}`;
    const token = await server.addApp(app);
    await server.putApp({
      app,
      tokens: { one: { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z', scopes: [scope] } },
    });
    const body = path.endsWith('.search')
      ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }
      : path === '/Groups'
        ? { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'scoped' }
        : userOf('scoped');
    const answer = await server.call(method, path, { ...token, ...(method === 'GET' ? {} : { body }) });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(answer.body.detail).toContain(scope);
    }
  });

  test('a list of the root shows what the token may read', async () => {
    const token = await server.addApp('half');
    await server.call('POST', '/Users', { ...token, body: userOf('seen') });
    await server.call('POST', '/Groups', {
      ...token,
      body: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'unseen' },
    });
    await server.putApp({
      app: 'half',
      tokens: { one: { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z', scopes: ['users:read'] } },
    });
    const { body } = await server.call('GET', '/', token);
    expect(body.Resources.map(({ userName }) => userName)).toEqual(['seen']);
    expect(body.totalResults).toBe(1);
  });
});

describe('what belongs to a resource comes with the scope of its type', () => {
  test.each([
    ['users:read', '/Users', 'groups', 'groups.display eq "crew"', { display: 'crew' }],
    ['groups:read', '/Groups', 'members', 'members.display eq "Ada"', { display: 'Ada' }],
  ] as const)('%s: %s with %s', async (scope, path, attribute, filter, shown) => {
    const app = `part-${scope.replace(':', '-')}`;
    const token = await server.addApp(app);
    const { body: user } = await server.call('POST', '/Users', { ...token, body: userOf('ada') });
    await server.call('POST', '/Groups', {
      ...token,
      body: {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'crew',
        members: [{ value: user.id, display: 'Ada' }],
      },
    });
    await server.putApp({
      app,
      tokens: { one: { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z', scopes: [scope] } },
    });
    const { body } = await server.call('GET', `${path}?filter=${encodeURIComponent(filter)}`, token);
    expect(body.Resources.map(resource => resource[attribute])).toMatchObject([[shown]]);
  });
});

describe('isolation of apps', () => {
  test('resources of one app are not found by another, in any way', async () => {
    const [left, right] = [await server.addApp('left'), await server.addApp('right')];
    const { body: user } = await server.call('POST', '/Users', { ...left, body: userOf('same-name') });
    const same = await server.call('POST', '/Users', { ...right, body: userOf('same-name') });
    expect(same.status).toBe(201);
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'title', value: 'x' }],
    };
    const answers = await Promise.all([
      server.call('GET', `/Users/${user.id}`, right),
      server.call('PUT', `/Users/${user.id}`, { ...right, body: userOf('taken-over') }),
      server.call('PATCH', `/Users/${user.id}`, { ...right, body: patch }),
      server.call('DELETE', `/Users/${user.id}`, right),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    const nobody = await server.call('GET', '/Users/00000000-0000-7000-8000-000000000000', right);
    expect(answers[0]?.body.detail.replace(user.id, 'ID')).toBe(
      nobody.body.detail.replace('00000000-0000-7000-8000-000000000000', 'ID'),
    );
    const listed = await server.call('GET', `/Users?filter=${encodeURIComponent(`id eq "${user.id}"`)}`, right);
    expect(listed.body.totalResults).toBe(0);
    const group = await server.call('POST', '/Groups', {
      ...right,
      body: {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'grab',
        members: [{ value: user.id }],
      },
    });
    expect(group.status).toBe(400);
    expect((await server.call('GET', `/Users/${user.id}`, left)).body).toEqual(user);
  });
});

describe('rotation', () => {
  test('a token is replaced without a refused request', async () => {
    const old = await server.addApp('rotating');
    const fresh = mintToken();
    const expiresAt = '2099-01-01T00:00:00Z';
    const declare = (tokens: Record<string, { digest: string; expiresAt: string }>) =>
      server.putApp({ app: 'rotating', tokens });
    let current = old.token;
    let running = true;
    const statuses: number[] = [];
    const traffic = (async () => {
      while (running) statuses.push((await server.call('GET', '/Users?count=1', { token: current })).status);
    })();
    const someTraffic = async () => {
      const enough = statuses.length + 5;
      await until('five more requests', () => statuses.length >= enough);
    };
    await someTraffic();
    await declare({ old: { digest: old.digest, expiresAt }, fresh: { digest: fresh.digest, expiresAt } });
    await someTraffic();
    current = fresh.token;
    await someTraffic();
    await declare({ fresh: { digest: fresh.digest, expiresAt } });
    await someTraffic();
    running = false;
    await traffic;
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await server.call('GET', '/Users', old)).status).toBe(401);
  });
});

describe('failed attempts', () => {
  let throttled: ScimServer;
  beforeAll(async () => {
    throttled = await startScimServer({ deps: { throttle: { failures: 5, windowMs: 60_000 } } });
  });
  afterAll(() => throttled.close());

  test('are answered 429 with Retry-After after a few, while good traffic from the same address flows', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      statuses.push((await throttled.call('GET', '/Users', { token: mintToken().token })).status);
      expect((await throttled.call('GET', '/Users')).status).toBe(200);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const last = await throttled.call('GET', '/Users', { token: 'nonsense' });
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(last.body).toMatchObject({ status: '429', schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] });
    const throttlings = () =>
      throttled.log.filter(line => line['msg'] === 'scim caller refused' && line['throttled'] === true);
    await until('the refusal in the log', () => throttlings().length > 0);
    expect(throttlings()).toHaveLength(1);
  });

  test('are forgotten after the window', async () => {
    throttled.advance(60_001);
    expect((await throttled.call('GET', '/Users', { token: mintToken().token })).status).toBe(401);
  });
});
