import express from 'express';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { AdminError } from '../../bridge/admin-client/admin-error';
import { type AdminDeps } from '../../bridge/admin/deps';
import { createCredentials } from '../../bridge/admin/access/credentials';
import { createAdminRouter } from '../../bridge/admin/router';
import { ADMIN_SCOPES } from '../../bridge/contract/admin-api';
import { digestHex } from '../../bridge/http/caller';
import { createLog } from '../../bridge/process/log';
import { type Database } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';
import { convergence, type ScriptedReconciler, scriptedReconciler } from './scripted-reconciler';

const TOKEN = 'the-admin-token-of-this-test';
const NOW = Date.parse('2026-03-01T12:00:00Z');
const digest = (character: string) => `sha256:${character.repeat(64)}`;
const document = (change: object = {}) => ({
  version: 1 as const,
  app: 'acme',
  tokens: { main: { digest: digest('a'), expiresAt: '2027-01-01T00:00:00Z' } },
  roleMappings: { admins: { idpGroup: 'coder-admins', role: 'owner' } },
  ...change,
});

describeEachDatabase('admin API', open => {
  let server: Server;
  let url: string;
  let admin: AdminClient;
  let database: Database;
  let reconciler: ScriptedReconciler;
  let log = '';
  const accounts = new Map<string, { email: string; status: 'active' | 'dormant' | 'suspended' }>();

  beforeEach(async () => {
    database = await open();
    reconciler = scriptedReconciler();
    log = '';
    accounts.clear();
    const coder: AdminDeps['coder'] = {
      getUser: async id => {
        const account = accounts.get(id);
        if (account === undefined) return { state: 'absent' };
        return { state: 'present', user: { ...ACCOUNT, id, ...account } };
      },
      deleteUser: async id => void accounts.delete(id),
      listSeenClaims: async () => ['groups', 'email'],
    };
    const app = express().use(
      '/admin/v1',
      createAdminRouter({
        database,
        reconciler,
        coder,
        probe: {
          state: async () => ({
            url: 'https://coder.example.com',
            reachable: true,
            version: 'v2.36.0',
            account: 'scim-bridge',
            credentialExpiresAt: null,
            problem: null,
          }),
        },
        seats: { read: async () => ({ used: 4, limit: 50 }) },
        credentials: createCredentials(
          database,
          [{ name: 'admin', digest: digestHex(TOKEN), scopes: ADMIN_SCOPES, expiresAt: undefined }],
          () => NOW,
        ),
        publicUrl: 'https://scim.example.com',
        version: '1.2.3',
        log: createLog({
          level: 'info',
          format: 'json',
          secrets: [],
          destination: { write: line => void (log += line) },
        }),
        clock: () => NOW,
        convergeDeadlineMs: 200,
      }),
    );
    server = createServer(app).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    admin = new AdminClient({ url, token: TOKEN });
  });

  afterEach(() => new Promise<void>(resolve => void server.close(() => resolve())));

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/admin/v1${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
  const refusal = async (asked: Promise<unknown>): Promise<AdminError> => {
    const error: unknown = await asked.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof AdminError) return error;
    throw new Error(`wanted an AdminError, got ${String(error)}`);
  };

  describe('credential', () => {
    it.each([
      ['none', {}],
      ['a wrong one', { authorization: 'Bearer the-admin-token-of-this-tesT' }],
      ['a longer one', { authorization: `Bearer ${TOKEN}x` }],
      ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ])('%s is refused with 401 and a challenge', async (_name, headers) => {
      const response = await fetch(`${url}/admin/v1/status`, { headers: headers as Record<string, string> });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Bearer/),
      ]);
      expect(await response.json()).toMatchObject({ error: { code: 'unauthorized' } });
    });

    it('guards every route before anything of the request is read', async () => {
      for (const path of ['/apps', '/apps/acme', '/plan', '/nothing', '/work/retry']) {
        const response = await fetch(`${url}/admin/v1${path}`, { method: 'POST', body: '{' });
        expect([path, response.status]).toEqual([path, 401]);
      }
    });

    it('throttles who fails too often, never who shows the right token', async () => {
      const wrong = () => fetch(`${url}/admin/v1/status`, { headers: { authorization: 'Bearer guess-guess-guess' } });
      const statuses = [];
      for (let i = 0; i < 12; i += 1) statuses.push((await wrong()).status);
      expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
      expect(statuses.slice(10)).toEqual([429, 429]);
      expect((await wrong()).headers.get('retry-after')).toMatch(/^\d+$/);
      expect((await call('/status')).status).toBe(200);
      expect(log).not.toContain('guess-guess');
    });
  });

  describe('mapping state', () => {
    it('is created, read, listed and deleted', async () => {
      reconciler.apps = [convergence('acme')];
      const created = await admin.putApp(document(), 'absent');
      expect(created).toMatchObject({
        generation: 1,
        scimBaseUrl: 'https://scim.example.com/apps/acme/scim/v2',
        updatedAt: new Date(NOW).toISOString(),
        converged: true,
        state: { app: 'acme', policies: { adoption: 'oidc' } },
      });
      expect(await admin.getApp('acme')).toEqual(created);
      expect((await admin.listApps()).apps).toEqual([created]);
      expect((await call('/apps/acme')).headers.get('etag')).toBe('"1"');
      expect(reconciler.asked).toContain('converge app:acme');
      reconciler.purges = database;
      expect(await admin.deleteApp('acme', { generation: 1 })).toBeUndefined();
      expect((await refusal(admin.getApp('acme'))).code).toBe('not_found');
      expect((await refusal(admin.getRemoval('acme'))).code).toBe('not_found');
      expect((await refusal(admin.deleteApp('acme', 'any'))).code).toBe('not_found');
      expect((await refusal(admin.deleteApp('acme', { generation: 1 }))).code).toBe('not_found');
    });

    it('that was deleted tells what of it is left, until nothing is', async () => {
      await admin.putApp(document(), 'absent');
      expect((await refusal(admin.getRemoval('acme'))).code).toBe('not_found');
      const hold = { id: 'h1', app: 'acme', reason: 'share', people: 31, createdAt: '', changes: [] };
      reconciler.holds = [{ ...hold, id: 'h2', app: 'other' }, hold];
      const left = { app: 'acme', since: new Date(NOW).toISOString(), pending: [], hold };
      expect(await admin.deleteApp('acme', { generation: 1 })).toEqual(left);
      expect((await refusal(admin.getApp('acme'))).code).toBe('not_found');
      expect(await admin.getRemoval('acme')).toEqual(left);
      expect(await admin.deleteApp('acme', 'any')).toEqual(left);
      reconciler.purges = database;
      expect(await admin.deleteApp('acme', 'any')).toBeUndefined();
    });

    it('keeps its generation when nothing differs, and counts each change', async () => {
      await admin.putApp(document(), 'absent');
      expect((await admin.putApp(document(), { generation: 1 })).generation).toBe(1);
      expect((await admin.putApp(document({ mode: 'claims' }), { generation: 1 })).generation).toBe(2);
    });

    it('is not overwritten by a writer who knew another generation', async () => {
      await admin.putApp(document(), 'absent');
      await admin.putApp(document({ mode: 'claims' }), 'any');
      const late = await refusal(admin.putApp(document(), { generation: 1 }));
      expect([late.status, late.code, late.generation]).toEqual([412, 'generation_conflict', 2]);
      const twice = await refusal(admin.putApp(document(), 'absent'));
      expect([twice.status, twice.code, twice.generation]).toEqual([412, 'generation_conflict', 2]);
      const gone = await refusal(admin.putApp(document({ app: 'other' }), { generation: 4 }));
      expect([gone.status, gone.code, gone.generation]).toEqual([412, 'generation_conflict', undefined]);
      expect((await refusal(admin.deleteApp('acme', { generation: 1 }))).code).toBe('generation_conflict');
      expect((await admin.getApp('acme')).state.mode).toBe('claims');
    });

    it('of eight writers at once, lets one win and tells the others', async () => {
      await admin.putApp(document(), 'absent');
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          admin.putApp(document({ guard: { minRemovals: 100 + index } }), { generation: 1 }),
        ),
      );
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect((result.reason as AdminError).code).toBe('generation_conflict');
      }
      expect((await admin.getApp('acme')).generation).toBe(2);
    });

    it('is refused whole, with every mistake and its path', async () => {
      const response = await call('/apps/acme', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(
          document({ roleMappings: { a: { idpGroup: 'x', role: 'king' }, b: { role: 'owner' } }, surprise: 1 }),
        ),
      });
      expect(response.status).toBe(422);
      const { error } = (await response.json()) as { error: { code: string; issues: { path: unknown[] }[] } };
      expect(error.code).toBe('invalid_mapping_state');
      expect(error.issues.map(issue => issue.path)).toEqual(expect.arrayContaining([[]]));
      const shapely = await refusal(
        admin.putApp(
          document({ roleMappings: { a: { idpGroup: 'x', role: 'king' }, b: { role: 'owner' } } }),
          'absent',
        ),
      );
      expect(shapely.issues.map(issue => issue.path.join('.')).sort()).toEqual([
        'roleMappings.a.role',
        'roleMappings.b',
      ]);
      expect((await refusal(admin.getApp('acme'))).code).toBe('not_found');
    });

    it('of a newer version is refused with the side to upgrade', async () => {
      const error = await refusal(admin.putApp({ ...document(), version: 2 as 1 }, 'absent'));
      expect([error.status, error.code]).toEqual([422, 'mapping_state_version']);
      expect(error.message).toMatch(/document version 2.*upgrade the reader \(bridge/);
    });

    it('of another app than the path names is refused', async () => {
      const response = await call('/apps/other', { method: 'PUT', body: JSON.stringify(document()) });
      expect([response.status, await response.json()]).toEqual([
        422,
        {
          error: expect.objectContaining({
            code: 'invalid_mapping_state',
            issues: [expect.objectContaining({ path: ['app'] })],
          }),
        },
      ]);
    });

    it('may not take a token of another app', async () => {
      await admin.putApp(document(), 'absent');
      const error = await refusal(admin.putApp(document({ app: 'thief' }), 'absent'));
      expect([error.code, error.issues[0]?.path]).toEqual(['invalid_mapping_state', ['tokens', 'main', 'digest']]);
    });

    it.each([
      ['If-Match', { 'if-match': 'W/"x"' }],
      ['If-None-Match', { 'if-none-match': '"3"' }],
      ['both', { 'if-match': '"1"', 'if-none-match': '*' }],
    ])('with a precondition that says nothing (%s) is refused', async (_name, headers) => {
      const response = await call('/apps/acme', {
        method: 'PUT',
        headers: headers as Record<string, string>,
        body: JSON.stringify(document()),
      });
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: expect.objectContaining({ code: 'invalid_precondition' }) },
      ]);
    });

    it('is answered at the deadline when Coder does not agree by then', async () => {
      reconciler.apps = [convergence('acme', { converged: false, waiting: 5 })];
      expect((await admin.putApp(document(), 'absent')).converged).toBe(false);
    });
  });

  describe('bodies', () => {
    it.each([
      ['no JSON', '/apps/acme', 'PUT', '{', 400, 'invalid_json'],
      ['an array', '/apps/acme', 'PUT', '[]', 422, 'invalid_mapping_state'],
      ['nine megabytes', '/apps/acme', 'PUT', `"${'x'.repeat(9 * 1024 * 1024)}"`, 413, 'too_large'],
      ['a field nobody knows', '/sweep', 'POST', '{"ap":"acme"}', 400, 'invalid_request'],
      ['an empty name', '/holds/1/release', 'POST', '{"by":""}', 400, 'invalid_request'],
    ])('%s are refused', async (_name, path, method, body, status, code) => {
      const response = await call(path, { method, body });
      expect([response.status, await response.json()]).toEqual([status, { error: expect.objectContaining({ code }) }]);
    });

    it('that would pollute prototypes are refused', async () => {
      const response = await call('/apps/acme', {
        method: 'PUT',
        body: JSON.stringify(document()).replace('"admins"', '"__proto__"'),
      });
      expect(response.status).toBe(422);
      expect(({} as Record<string, unknown>)['idpGroup']).toBeUndefined();
    });
  });

  it('answers the status of everything', async () => {
    await admin.putApp(
      document({
        tokens: {
          fresh: { digest: digest('a'), expiresAt: '2027-01-01T00:00:00Z', scopes: ['users:read'] },
          ending: { digest: digest('b'), expiresAt: '2026-03-05T00:00:00Z' },
          ended: { digest: digest('c'), expiresAt: '2026-01-01T00:00:00Z' },
        },
        oauthClients: { 'ending-client': { digest: digest('d'), expiresAt: '2026-03-06T00:00:00Z' } },
      }),
      'absent',
    );
    reconciler.apps = [
      convergence('acme', { converged: false, waiting: 2, lastError: 'Coder said no', warnings: ['look'] }),
    ];
    reconciler.pending = [
      { key: 'person:1', app: 'acme', subject: 'alice', state: 'held', reason: 'no e-mail', attempts: 0, since: 'x' },
    ];
    const status = await admin.status();
    expect(status).toMatchObject({
      version: '1.2.3',
      coder: { url: 'https://coder.example.com', version: 'v2.36.0', account: 'scim-bridge' },
      pending: [{ subject: 'alice' }],
      holds: [],
    });
    expect(status.apps).toEqual([
      expect.objectContaining({
        app: 'acme',
        generation: 1,
        converged: false,
        waiting: 2,
        lastError: 'Coder said no',
        users: 0,
        groups: 0,
        tokens: [
          expect.objectContaining({ name: 'ended', state: 'expired' }),
          expect.objectContaining({ name: 'ending', state: 'expiring' }),
          expect.objectContaining({ kind: 'client', name: 'ending-client', state: 'expiring' }),
          {
            kind: 'token',
            name: 'fresh',
            state: 'active',
            expiresAt: '2027-01-01T00:00:00.000Z',
            lastUsedAt: null,
            scopes: ['users:read'],
          },
        ],
        oauthTokenUrl: expect.stringMatching(/\/apps\/acme\/oauth2\/token$/) as string,
        warnings: [
          'look',
          expect.stringMatching(/token "ending" expires on 2026-03-05/),
          expect.stringMatching(/OAuth client "ending-client" expires on 2026-03-06/),
        ],
      }),
    ]);
  });

  it('passes on what operators ask for', async () => {
    reconciler.holds = [{ id: 'h1', app: 'acme', reason: 'too many', people: 3, createdAt: 'x', changes: [] }];
    await admin.plan({ state: document() });
    await admin.putApp(document(), 'absent');
    reconciler.asked.splice(reconciler.asked.findIndex(asked => asked.startsWith('converge')));
    await admin.sweep('acme');
    await admin.releaseHold('h1', 'carol');
    expect(await admin.retry('person:1')).toEqual({ retried: 3 });
    expect(await admin.retry()).toEqual({ retried: 3 });
    await admin.plan({ app: 'acme' });
    await admin.plan({ app: 'acme', deleted: true });
    await admin.audit({ app: 'acme', since: '2026-01-01T00:00:00Z', after: 7, limit: 10, request: 'r' });
    expect(reconciler.asked).toEqual([
      'plan acme as if admins',
      'sweep acme',
      'release h1 by admin (carol)',
      'retry person:1',
      'retry all',
      'plan acme as it is',
      'plan acme as if it were deleted',
      `audit ${JSON.stringify({ app: 'acme', since: Date.parse('2026-01-01T00:00:00Z'), afterId: 7, limit: 10, requestId: 'r' })}`,
    ]);
    expect((await refusal(admin.releaseHold('h2', 'carol'))).code).toBe('hold_changed');
    expect((await refusal(admin.plan({ app: 'nobody', deleted: true }))).code).toBe('not_found');
    // Also while its end is under way.
    await admin.deleteApp('acme', 'any');
    expect((await admin.plan({ app: 'acme', deleted: true })).changes).toEqual([]);
    expect((await refusal(admin.plan({ deleted: true }))).issues).toMatchObject([{ path: ['deleted'] }]);
  });

  it('asks nothing about an app that nobody declared, and has no line of it in the trail', async () => {
    const asked = [admin.plan({ app: 'acm' }), admin.sweep('acm'), admin.identities('acm')];
    for (const one of asked) {
      expect(await refusal(one)).toMatchObject({
        status: 404,
        code: 'not_found',
        message: expect.stringContaining('no app "acm" is declared') as string,
      });
    }
    expect(reconciler.asked).toEqual([]);
    expect(await database.db.selectFrom('audit').select('action').execute()).toEqual([]);
    // A document that is handed over is planned for an app that is not there yet.
    await admin.plan({ app: 'acme', state: document() });
    expect(reconciler.asked).toEqual(['plan acme as if admins']);
  });

  it.each([
    ['/audit?limit=many', 'limit is "many": wanted a whole number'],
    ['/audit?since=yesterday', 'since is "yesterday": wanted a time'],
    ['/audit?result=fail', 'result is "fail": wanted one of done, failed, held, skipped, reported'],
    ['/audit?actor=Scim', 'actor is "Scim": wanted one of scim, declaration, sweep, operator, bridge'],
    ['/audit?until=5', 'until is "5": wanted a time'],
    ['/audit?since=3%20May', 'since is "3 May": wanted a time'],
    ['/ai-usage?since=03.05.2026', 'since is "03.05.2026": wanted a time'],
    ['/audit?who=alice', 'parameter "who" is not known: wanted app, subject'],
    ['/explain', 'parameter "user" is missing'],
  ])('says what is wrong with %s', async (path, message) => {
    const response = await call(path);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: expect.objectContaining({ code: 'invalid_query', message: expect.stringContaining(message) }) },
    ]);
  });

  it('answers an unknown route with an error of its own form', async () => {
    const response = await call('/nothing');
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: expect.objectContaining({ code: 'unknown_route' }) },
    ]);
  });

  it('hides the cause of a defect and logs it', async () => {
    reconciler.sweep = async () => {
      throw new Error('the inner workings');
    };
    const error = await refusal(admin.sweep());
    expect([error.status, error.code]).toEqual([500, 'internal']);
    expect(error.message).not.toContain('inner workings');
    expect(log).toContain('the inner workings');
  });

  describe('throw-away accounts', () => {
    it('are deleted; one that is gone is no error', async () => {
      accounts.set('1', { email: 'coder-scim-verify-1@verify.coder-scim.invalid', status: 'suspended' });
      await admin.deleteThrowaway('1');
      await admin.deleteThrowaway('1');
      expect(accounts.size).toBe(0);
    });

    it.each([
      ['of a person', 'alice@example.com', 'suspended'],
      ['with a look-alike address', 'x@verify.coder-scim.invalid.example.com', 'suspended'],
      ['in use', 'x@verify.coder-scim.invalid', 'active'],
    ] as const)('are the only ones: an account %s stays', async (_name, email, status) => {
      accounts.set('1', { email, status });
      expect((await refusal(admin.deleteThrowaway('1'))).code).toBe('not_throwaway');
      expect(accounts.size).toBe(1);
    });
  });
});

const ACCOUNT = {
  username: 'somebody',
  name: '',
  avatarUrl: '',
  loginType: 'oidc',
  serviceAccount: false,
  createdAt: undefined,
  lastSeenAt: undefined,
  organizationIds: [],
  roles: [],
};
