import { AdminClient } from '../../../bridge/admin-client/admin-client';
import { AdminError } from '../../../bridge/admin-client/admin-error';
import { ADMIN_ROUTES } from '../../../bridge/admin/routes';
import { ADMIN_SCOPES, type AdminScope } from '../../../bridge/contract/admin-api';
import { mintToken } from '../../../bridge/scim/access/token';
import { coderScim } from '../../commands/terminal-double';
import { ADMIN_TOKEN, type RunningBridge, startBridge } from '../../support/bridge';
import { type CoderDouble, startCoderDouble } from '../../support/coder-double';
import { freshSqlite } from '../../support/databases';
import { sendSlowly } from '../../support/send-slowly';

const LATER = '2099-01-01T00:00:00Z';
const secrets = Object.fromEntries(ADMIN_SCOPES.map(scope => [scope, mintToken('cscimadmin')])) as Record<
  AdminScope,
  ReturnType<typeof mintToken>
>;
const expired = mintToken('cscimadmin');
const database = freshSqlite();
let coder: CoderDouble;
let bridge: RunningBridge;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    databaseUrl: database.url,
    env: {
      CODER_SCIM_ADMIN_CREDENTIALS: JSON.stringify([
        ...ADMIN_SCOPES.map(scope => ({
          name: `only-${scope}`,
          digest: secrets[scope].digest,
          scopes: [scope],
          expiresAt: LATER,
        })),
        { name: 'gone', digest: expired.digest, scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' },
      ]),
    },
  });
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
  await database.drop();
});

const get = (path: string, token: string, method = 'GET') =>
  fetch(`${bridge.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
const refusal = async (asked: Promise<unknown>): Promise<AdminError> => {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AdminError) return error;
  throw new Error(`wanted an AdminError, got ${String(error)}`);
};
const run = (argv: string[], token = ADMIN_TOKEN) =>
  coderScim(argv, { environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: token, USER: 'olga' } });

describe('a scope', () => {
  it.each(ADMIN_ROUTES)('opens $method $path to who has it, and to nobody else', async ({ method, path, scopes }) => {
    for (const scope of ADMIN_SCOPES) {
      // A body that no route takes: who gets that far is told so, and nothing happens.
      const response = await fetch(`${bridge.url}/admin/v1${path.replace(/:\w+/g, 'none')}`, {
        method,
        headers: { authorization: `Bearer ${secrets[scope].token}` },
        ...(method === 'GET' ? {} : { body: '{"no": "body"}' }),
      });
      const { error } = (await response.json().catch(() => ({}))) as { error?: { code: string; message: string } };
      if (scopes === 'all' || !scopes.includes(scope)) {
        expect([scope, response.status, error?.code]).toEqual([scope, 403, 'missing_scope']);
        expect(error?.message).toContain(`credential "only-${scope}" has scope ${scope}`);
      } else expect([scope, response.status]).not.toEqual([scope, 403]);
    }
  });

  it('metrics opens /metrics and nothing else', async () => {
    for (const scope of ADMIN_SCOPES)
      expect([scope, (await get('/metrics', secrets[scope].token)).status]).toEqual([
        scope,
        scope === 'metrics' ? 200 : 403,
      ]);
  });

  it('opens no route that is in no table, by no spelling of one that is', async () => {
    for (const path of ['/admin/v1/holds', '/admin/v1/Status', '/admin/v1/%73tatus', '/admin/v1//status'])
      expect([path, (await get(path, secrets.read.token)).status]).toEqual([path, 404]);
    expect((await get('/admin/v1/apps/x', secrets.read.token, 'OPTIONS')).status).toBe(404);
    expect((await get('/admin/v1/status', secrets.operate.token, 'HEAD')).status).toBe(403);
  });
});

describe('a credential', () => {
  it('that has expired is refused, and says so', async () => {
    const response = await get('/admin/v1/status', expired.token);
    expect([response.status, await response.json()]).toEqual([
      401,
      { error: expect.objectContaining({ message: expect.stringContaining('"gone" expired at 2020-01-01') }) },
    ]);
  });

  it('is made by command: the bridge is told its digest alone, and names it in the audit trail', async () => {
    const made = await run(['admin-token', 'create', 'night-shift', '--scope', 'operate', '--scope', 'read', '--json']);
    expect(made.code).toBe(0);
    const { token, digest } = JSON.parse(made.out) as { token: string; digest: string };
    expect(token).toMatch(/^cscimadmin_[0-9a-f]+_[0-9a-f]+_[0-9a-f]{8}$/);
    const mine = new AdminClient({ url: bridge.url, token });
    await mine.sweep();
    const { entries } = await mine.audit({ action: 'sweep.ask' });
    expect(entries[0]).toMatchObject({ actor: 'operator', token: 'night-shift', detail: 'asked for by night-shift' });
    const { out } = await run(['audit', '--token', 'night-shift']);
    expect(out).toMatch(/sweep\.ask.*operator by night-shift/);
    const { credentials } = await mine.credentials();
    expect(credentials.find(other => other.name === 'night-shift')).toMatchObject({
      scopes: ['operate', 'read'],
      state: 'active',
      from: 'command',
      createdBy: 'admin',
      lastUsedAt: expect.any(String),
    });
    for (const text of [JSON.stringify(credentials), bridge.log()]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(digest.slice(-64));
    }
  });

  it('is rotated: both secrets work for the overlap, then the new one alone', async () => {
    const before = JSON.parse((await run(['admin-token', 'create', 'ci', '--scope', 'read', '--json'])).out) as {
      token: string;
    };
    const rotated = await run(['admin-token', 'rotate', 'ci', '--overlap', '1h', '--json']);
    const { token, scopes } = JSON.parse(rotated.out) as { token: string; scopes: string[] };
    expect(scopes).toEqual(['read']);
    for (const secret of [before.token, token]) expect((await get('/admin/v1/status', secret)).status).toBe(200);
    const again = JSON.parse((await run(['admin-token', 'rotate', 'ci', '--overlap', '0s', '--json'])).out) as {
      token: string;
    };
    for (const secret of [before.token, token]) expect((await get('/admin/v1/status', secret)).status).toBe(401);
    expect((await get('/admin/v1/status', again.token)).status).toBe(200);
    const { entries } = await bridge.admin.audit({ subject: 'ci' });
    expect(entries.map(entry => entry.action)).toEqual(['credential.rotate', 'credential.rotate', 'credential.create']);
  });

  it('is revoked at once', async () => {
    const { token } = JSON.parse((await run(['admin-token', 'create', 'short', '--scope', 'read', '--json'])).out) as {
      token: string;
    };
    expect((await run(['admin-token', 'revoke', 'short'])).out).toBe('revoked short\n');
    expect((await get('/admin/v1/status', token)).status).toBe(401);
    expect(await run(['admin-token', 'revoke', 'short'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('no admin credential "short"'),
    });
  });

  it('that was made is revoked though the configuration has its name by now, and that one stays', async () => {
    const kept = freshSqlite();
    const [made, declared] = [mintToken('cscimadmin'), mintToken('cscimadmin')];
    const start = (credentials: readonly object[]) =>
      startBridge({
        coderUrl: coder.url,
        coderToken: coder.issueToken('bridge'),
        databaseUrl: kept.url,
        env: { CODER_SCIM_ADMIN_CREDENTIALS: JSON.stringify(credentials) },
      });
    const one = { name: 'x', scopes: ['read' as const], expiresAt: LATER };
    const before = await start([]);
    await before.admin.createCredential({ ...one, digest: made.digest });
    await before.stop();
    const after = await start([{ ...one, digest: declared.digest }]);
    const opens = async () =>
      await Promise.all(
        [made, declared].map(
          async ({ token }) =>
            (await fetch(`${after.url}/admin/v1/status`, { headers: { authorization: `Bearer ${token}` } })).status,
        ),
      );
    expect(await opens()).toEqual([200, 200]);
    await after.admin.revokeCredential('x');
    expect(await opens()).toEqual([401, 200]);
    expect((await after.admin.audit({ action: 'credential.revoke' })).entries).toHaveLength(1);
    expect((await refusal(after.admin.revokeCredential('x'))).code).toBe('credential_declared');
    await after.stop();
    await kept.drop();
  });

  it('makes no other one unless it has every scope', async () => {
    const operator = new AdminClient({ url: bridge.url, token: secrets.operate.token });
    const request = {
      name: 'more',
      digest: mintToken('cscimadmin').digest,
      scopes: ['operate' as const],
      expiresAt: LATER,
    };
    expect((await refusal(operator.createCredential(request))).code).toBe('missing_scope');
    expect((await refusal(operator.revokeCredential('night-shift'))).code).toBe('missing_scope');
  });

  it('of the configuration, or of a name that is taken, is not replaced by command', async () => {
    const request = (name: string, digest = mintToken('cscimadmin').digest) =>
      bridge.admin.createCredential({ name, digest, scopes: ['read'], expiresAt: LATER });
    for (const name of ['admin', 'only-read']) expect((await refusal(request(name))).code).toBe('credential_declared');
    expect((await refusal(bridge.admin.revokeCredential('only-read'))).code).toBe('credential_declared');
    await request('twice');
    expect((await refusal(request('twice'))).message).toContain('coder-scim admin-token rotate twice');
    expect((await refusal(request('other', secrets.read.digest))).code).toBe('credential_taken');
  });

  it('with a name that could be taken for a person, or no scope, is not made', async () => {
    expect((await run(['admin-token', 'create', 'alice@example.com', '--scope', 'read'])).err).toContain(
      'credential name "alice@example.com": wanted',
    );
    expect((await run(['admin-token', 'create', 'alice'])).err).toContain('no --scope is given');
    expect((await run(['admin-token', 'create', 'alice', '--scope', 'root'])).err).toContain('--scope is "root"');
  });

  it('is printed as a declaration without asking a bridge', async () => {
    const { code, out } = await coderScim(['admin-token', 'create', 'prometheus', '--scope', 'metrics', '--declare']);
    expect([code, out]).toEqual([0, expect.stringMatching(/\{"name":"prometheus","digest":"sha256:[0-9a-f]{64}"/)]);
  });
});

describe('who applies a declaration', () => {
  it('is in the audit trail, with what follows from it', async () => {
    const terraform = new AdminClient({ url: bridge.url, token: secrets.declare.token });
    await terraform.putApp({ version: 1, app: 'acme' }, 'absent');
    const { entries } = await bridge.admin.audit({ action: 'app.apply' });
    expect(entries[0]).toMatchObject({ app: 'acme', actor: 'declaration', token: 'only-declare' });
  });

  it('opens and closes a debug window by name', async () => {
    const operator = new AdminClient({ url: bridge.url, token: secrets.operate.token });
    await operator.debug('acme', 60_000);
    await operator.debug('acme', 0);
    const { entries } = await bridge.admin.audit({ token: 'only-operate' });
    expect(entries.map(entry => entry.action)).toEqual(['debug.close', 'debug.open']);
  });
});

it('a credential that is revoked while the body of its request comes makes no other one', async () => {
  const leaked = mintToken('cscimadmin');
  const expiresAt = LATER;
  await bridge.admin.createCredential({ name: 'leaked', digest: leaked.digest, scopes: [...ADMIN_SCOPES], expiresAt });
  const slow = async (name: string, meanwhile: () => Promise<unknown>): Promise<number> => {
    const { digest } = mintToken('cscimadmin');
    const body = JSON.stringify({ name, digest, scopes: ADMIN_SCOPES, expiresAt });
    const headers = { authorization: `Bearer ${leaked.token}`, 'content-type': 'application/json' };
    return await sendSlowly({ url: `${bridge.url}/admin/v1/credentials`, headers, body }, meanwhile);
  };
  const names = async () => (await bridge.admin.credentials()).credentials.map(({ name }) => name);
  expect(await slow('while-it-is-good', async () => undefined)).toBeLessThan(300);
  expect(await names()).toContain('while-it-is-good');
  expect(await slow('afterwards', () => bridge.admin.revokeCredential('leaked'))).toBe(401);
  expect(await names()).not.toContain('afterwards');
});
