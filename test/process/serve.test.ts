import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { ADMIN_TOKEN, bridgeEnvironment, coderScim, scimToken, spawnBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { freshSqlite } from '../support/databases';
import { createScimCalls } from '../../bridge/commands/verify/scim-calls';
import { openDatabase } from '../../bridge/store/database/database';
import { claimFile } from '../../bridge/store/database/one-bridge';
import { until } from '../support/until';

const folder = mkdtempSync(join(tmpdir(), 'coder-scim-serve-'));
let coder: CoderDouble;
let coderToken: string;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  coderToken = coder.issueToken('bridge');
});
afterAll(async () => {
  await coder.close();
  rmSync(folder, { recursive: true });
});

const { token, tokens } = scimToken();
const document = {
  version: 1 as const,
  app: 'acme',
  tokens,
  roleMappings: { a: { idpGroup: 'admins', role: 'auditor' } },
};

/** Runs `coder-scim serve` to its end, which must come by itself. */
async function serveAndFail(environment: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const [command, ...before] = coderScim();
  const child = spawn(command, [...before, 'serve'], {
    cwd: join(__dirname, '..', '..'),
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment },
    timeout: 280_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, said };
}

const good = (more: Record<string, string>) => ({
  ...bridgeEnvironment({ coderUrl: coder.url, coderToken, databaseUrl: `sqlite:${join(folder, 'good.db')}` }),
  ...more,
});

describe('coder-scim serve', () => {
  it('says that a port is in use, and what to do', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => occupant.once('listening', resolve));
    const { port } = occupant.address() as AddressInfo;
    const { code, said } = await serveAndFail(good({ CODER_SCIM_LISTEN: `127.0.0.1:${port}` }));
    await new Promise(resolve => occupant.close(resolve));
    expect(code).toBe(1);
    expect(said).toContain(`port ${port} is in use on 127.0.0.1`);
    expect(said).toContain('CODER_SCIM_LISTEN');
    expect(said).not.toContain('    at ');
  });

  it('says that the state directory can not be written', async () => {
    const inTheWay = join(folder, 'a-file');
    writeFileSync(inTheWay, '');
    const { CODER_SCIM_DATABASE_URL: _, ...environment } = good({ CODER_SCIM_STATE_DIR: join(inTheWay, 'state') });
    const { code, said } = await serveAndFail(environment);
    expect(code).toBe(1);
    expect(said).toMatch(/SQLite database ".*a-file\/state\/coder-scim\.db" can not be opened: ENOTDIR/);
    expect(said).not.toContain('    at ');
  });

  it('refuses a database of a newer version', async () => {
    const path = join(folder, 'newer.db');
    const database = new BetterSqlite3(path);
    database.exec('create table schema_version (version integer not null); insert into schema_version values (99)');
    database.close();
    const { code, said } = await serveAndFail(good({ CODER_SCIM_DATABASE_URL: path }));
    expect(code).toBe(1);
    expect(said).toMatch(/schema version 99.*start the newer coder-scim/);
  });

  it('ends when it can not start after it has begun to listen, with the reason, and leaves the database to others', async () => {
    const path = join(folder, 'without-apps.db');
    await (await openDatabase(path)).close();
    const file = new BetterSqlite3(path);
    file.exec('alter table apps rename to gone');
    file.close();
    const { code, said } = await serveAndFail(good({ CODER_SCIM_DATABASE_URL: path }));
    expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/database can not be used: no such table/) });
    expect(said).not.toContain('    at ');
    claimFile(path).release();
  });

  it('names every mistake of the configuration and shows no secret', async () => {
    const { code, said } = await serveAndFail({
      CODER_URL: 'x',
      CODER_SCIM_ADMIN_TOKEN: 'pssst',
      CODER_SCIM_LOG_LEVEL: 'loud',
    });
    expect(code).toBe(2);
    for (const name of ['CODER_URL', 'CODER_SESSION_TOKEN', 'CODER_SCIM_ADMIN_TOKEN', 'CODER_SCIM_LOG_LEVEL']) {
      expect(said).toContain(name);
    }
    expect(said).not.toContain('pssst');
  });

  it('goes on when nobody reads the audit lines on standard output any more, and says what waits', async () => {
    const env = { CODER_SCIM_AUDIT_EXPORT: 'stdout' };
    const bridge = await spawnBridge({ coderUrl: coder.url, coderToken, env });
    try {
      bridge.closeOutput();
      await bridge.admin.putApp(document, 'absent');
      const headers = { authorization: `Bearer ${bridge.adminToken}` };
      await until('what waits is told', async () =>
        /coder_scim_audit_export_pending_lines\{destination="stdout"\} [1-9]/.test(
          await (await fetch(`${bridge.url}/metrics`, { headers })).text(),
        ),
      );
      expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
    } finally {
      await bridge.stop();
    }
    expect(await bridge.exited).toBe(0);
  });

  it('starts without Coder, says so, stores what it is told, and catches up', async () => {
    await coder.unreachable(true);
    const bridge = await spawnBridge({ coderUrl: coder.url, coderToken });
    try {
      const ready = await fetch(`${bridge.url}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        503,
        { ready: false, database: 'ok', coder: expect.stringMatching(/\S/) },
      ]);
      expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
      await bridge.admin.putApp(document, 'absent');
      const scim = createScimCalls(`${bridge.url}/scim/v2`, token);
      const carol = await scim.createUser({
        userName: 'carol@example.com',
        email: 'carol@example.com',
        displayName: 'Carol',
        externalId: 'c',
      });
      await scim.createGroup('admins', carol);
      const { coder: way } = await bridge.admin.status();
      expect(way).toMatchObject({ reachable: false, problem: expect.stringMatching(/\S/) });

      await coder.unreachable(false);
      await until('the bridge to be ready', async () => (await fetch(`${bridge.url}/readyz`)).status === 200);
      await until('the role of carol', () => coder.snapshot().users['carol']?.siteRoles.includes('auditor') === true);
    } finally {
      await coder.unreachable(false);
      await bridge.stop();
    }
    expect(await bridge.exited).toBe(0);
    expect(bridge.log()).toMatch(/"msg":"stopped"/);
  });

  it('loses nothing when it is killed', async () => {
    const database = freshSqlite();
    const first = await spawnBridge({ coderUrl: coder.url, coderToken, databaseUrl: database.url });
    await first.admin.putApp({ ...document, app: 'killed' }, 'absent');
    const scim = createScimCalls(`${first.url}/scim/v2`, token);
    coder.faults.fail(503, { path: '/api/v2/users' });
    const dave = await scim.createUser({
      userName: 'dave@example.com',
      email: 'dave@example.com',
      displayName: 'Dave',
      externalId: 'd',
    });
    await first.kill();
    coder.faults.clear();
    const second = await spawnBridge({ coderUrl: coder.url, coderToken, databaseUrl: database.url });
    await until('the account of dave', () => coder.snapshot().users['dave'] !== undefined);
    expect((await second.admin.explain(dave)).people).toEqual([
      expect.objectContaining({ userName: 'dave@example.com' }),
    ]);
    await second.stop();
    await database.drop();
  });

  it('finishes a running request before it ends', async () => {
    const bridge = await spawnBridge({ coderUrl: coder.url, coderToken });
    await bridge.admin.putApp({ ...document, app: 'slow' }, 'absent');
    const held = coder.faults.hold({ method: 'POST', path: '/api/v2/users$' });
    const scim = createScimCalls(`${bridge.url}/scim/v2`, token);
    const created = scim.createUser({
      userName: 'erin@example.com',
      email: 'erin@example.com',
      displayName: 'Erin',
      externalId: 'e',
    });
    // Stored, and now waiting for Coder: the request is under way.
    await held.arrived;
    const stopped = bridge.stop();
    await until('the bridge to be stopping', () => bridge.log().includes('stopping'));
    held.release();
    await expect(created).resolves.toMatch(/^[0-9a-f-]{36}$/);
    await stopped;
    expect(await bridge.exited).toBe(0);
  });

  it('never writes a secret or what a filter asks for, at any level', async () => {
    const bridge = await spawnBridge({ coderUrl: coder.url, coderToken, env: { CODER_SCIM_LOG_LEVEL: 'trace' } });
    await bridge.admin.putApp({ ...document, app: 'quiet' }, 'absent');
    const stranger = scimToken().token;
    for (const credential of [token, stranger, 'Basic-like-text']) {
      await fetch(`${bridge.url}/scim/v2/Users?filter=${encodeURIComponent('userName eq "mallory@example.com"')}`, {
        headers: { authorization: `Bearer ${credential}` },
      });
      await fetch(`${bridge.url}/admin/v1/explain?user=mallory@example.com`, {
        headers: { authorization: `Bearer ${credential}` },
      });
    }
    await fetch(`${bridge.url}/admin/v1/explain?user=mallory@example.com`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    coder.faults.dropConnection({ path: '/api/v2/users' }, { times: 1 });
    await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    await bridge.stop();
    coder.faults.clear();
    expect(bridge.log().split('\n').length).toBeGreaterThan(5);
    for (const secret of [token, stranger, coderToken, ADMIN_TOKEN, 'mallory'])
      expect(bridge.log()).not.toContain(secret);
  });
});
