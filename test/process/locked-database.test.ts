/** Another process holds the SQLite file with `begin immediate`: the bridge answers at once, refuses no look, and blames the database. */
import BetterSqlite3 from 'better-sqlite3';
import { createScimCalls } from '../../bridge/commands/verify/scim-calls';
import { ADMIN_SCOPES } from '../../bridge/contract/admin-api';
import { mintToken } from '../../bridge/scim/access/token';
import { Visitor } from '../page/visitor';
import { bridgeEnvironment, coderScim, scimToken, spawnBridge, startBridge } from '../support/bridge';
import { startCoderDouble } from '../support/coder-double';
import { freshSqlite } from '../support/databases';
import { spawn } from 'node:child_process';

const { token, tokens } = scimToken();

it('health, readiness and reads go on beside the lock, writes wait for its end, a second bridge is refused', async () => {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  const database = freshSqlite();
  const setup = { coderUrl: coder.url, coderToken: coder.issueToken('bridge'), databaseUrl: database.url };
  const bridge = await spawnBridge(setup);
  try {
    await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
    const scim = createScimCalls(`${bridge.url}/scim/v2`, token);
    const other = new BetterSqlite3(database.url.replace(/^sqlite:/, ''));
    other.exec('begin immediate');
    const written = scim.createUser({
      userName: 'a@example.com',
      email: 'a@example.com',
      displayName: 'A',
      externalId: 'a',
    });
    let blamed: unknown;
    // The lock is held until readiness has said so: a bridge that stands still would let the write fail first.
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await (await fetch(`${bridge.url}/healthz`)).json()).toEqual({ healthy: true });
      const ready = await fetch(`${bridge.url}/readyz`);
      const { database: problem, coder: way } = (await ready.json()) as { database: string; coder: string };
      if (ready.status === 503) {
        blamed = [problem, way];
        break;
      }
    }
    other.exec('rollback');
    other.close();
    expect(blamed).toEqual([
      expect.stringMatching(/^can not be written: another process holds the file locked/),
      'not asked without the database',
    ]);
    expect(await written).toMatch(/^[0-9a-f-]{36}$/);

    const [command, ...before] = coderScim();
    const second = spawn(command, [...before, 'serve'], {
      env: { PATH: process.env['PATH'] ?? '', ...bridgeEnvironment(setup) },
    });
    let said = '';
    second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await new Promise(resolve => second.once('close', resolve))).toBe(1);
    expect(said).toContain(`is in use by another bridge, process ${bridge.pid} on `);
  } finally {
    await bridge.stop();
    await coder.close();
    await database.drop();
  }
});

it('a credential that was made by command opens all that only reads beside the lock, at its first use and later', async () => {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  const database = freshSqlite();
  const bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    databaseUrl: database.url,
  });
  try {
    const made = [mintToken('cscimadmin'), mintToken('cscimadmin')] as const;
    for (const [index, { digest }] of made.entries())
      await bridge.admin.createCredential({
        name: `made-${index}`,
        digest,
        scopes: [...ADMIN_SCOPES],
        expiresAt: '2099-01-01T00:00:00Z',
      });
    const [used, unused] = made;
    const visitor = await new Visitor(bridge.url).signIn(used.token);
    const other = new BetterSqlite3(database.url.replace(/^sqlite:/, ''));
    other.exec('begin immediate');
    const answers: [string, number][] = [];
    for (const { token: secret } of [used, unused, unused])
      for (const path of ['/admin/v1/status', '/metrics']) {
        const { status } = await fetch(`${bridge.url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
        answers.push([path, status]);
      }
    const { status } = await visitor.get('/ui');
    other.exec('rollback');
    other.close();
    expect(answers.filter(([, answer]) => answer !== 200)).toEqual([]);
    expect(answers).toHaveLength(6);
    expect(status).toBe(200);
  } finally {
    await bridge.stop();
    await coder.close();
    await database.drop();
  }
});
