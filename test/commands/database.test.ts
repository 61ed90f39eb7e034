/** `coder-scim backup`, `restore`, `export`, `import` on databases that a bridge has filled. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { describeEachDatabase, freshSqlite } from '../support/databases';
import { until } from '../support/until';
import { coderScim } from './terminal-double';

const folder = mkdtempSync(join(tmpdir(), 'coder-scim-database-'));
const { token, tokens } = scimToken();
let coder: CoderDouble;
const opened: { drop(): Promise<void> }[] = [];
let files = 0;
const newFile = (): string => join(folder, `file-${(files += 1)}`);
const newSqlite = (): string => {
  const fresh = freshSqlite();
  opened.push(fresh);
  return fresh.url;
};

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
});
afterAll(async () => {
  await coder.close();
  for (const database of opened) await database.drop();
  rmSync(folder, { recursive: true });
});

const bridges = new Set<RunningBridge>();
afterEach(async () => {
  for (const bridge of bridges) await bridge.stop().catch(() => undefined);
  bridges.clear();
});
async function start(databaseUrl: string): Promise<RunningBridge> {
  const env = { CODER_SCIM_PUBLIC_URL: 'https://scim.example.com' };
  const bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge'), databaseUrl, env });
  const running = {
    ...bridge,
    stop: async () => {
      bridges.delete(running);
      await bridge.stop();
    },
  };
  bridges.add(running);
  return running;
}
const run = (databaseUrl: string, ...argv: string[]) =>
  coderScim(argv, { environment: { CODER_SCIM_DATABASE_URL: databaseUrl, USER: 'olga' } });
const scim = async (bridge: RunningBridge, method: string, path: string, body?: object) => {
  const response = await fetch(`${bridge.url}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as { id: string; totalResults?: number } };
};
const arrive = (bridge: RunningBridge, name: string) =>
  scim(bridge, 'POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: name,
    name: { formatted: 'Zoë “the\u2028second” O’Neil' },
    emails: [{ value: name, primary: true }],
    active: true,
  });
const declare = (bridge: RunningBridge) =>
  bridge.admin.putApp(
    { version: 1, app: 'acme', tokens, groupMappings: { devs: { idpGroup: 'devs', group: 'devs' } } },
    'absent',
  );
const people = async (bridge: RunningBridge): Promise<number | undefined> =>
  (await scim(bridge, 'GET', '/Users?count=0')).body.totalResults;

describe('backup and restore of SQLite', () => {
  it('a backup is made while the bridge runs, is whole, and its owner’s alone', async () => {
    const url = newSqlite();
    const bridge = await start(url);
    await declare(bridge);
    await arrive(bridge, 'backed-up@example.com');
    const file = newFile();
    const { code, out } = await run(url, 'backup', file);
    expect([code, out]).toEqual([0, expect.stringMatching(/bytes, schema version \d+, checked\n$/)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const copy = new BetterSqlite3(file, { readonly: true });
    expect(copy.prepare('select user_name from users').all()).toEqual([{ user_name: 'backed-up@example.com' }]);
    copy.close();
    expect(await people(bridge)).toBe(1);

    const again = await run(url, 'backup', file);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is there already: wanted a new file')]);
    const refused = await run(url, 'restore', file);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('is in use by another bridge')]);
    await bridge.stop();
  });

  it('whoever signed out of the page since the backup is not signed in again by it', async () => {
    const url = newSqlite();
    let bridge = await start(url);
    const form = (path: string, fields: Record<string, string>, cookie = '') =>
      fetch(`${bridge.url}/ui${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie },
        body: new URLSearchParams(fields),
      });
    const overview = (cookie: string) => fetch(`${bridge.url}/ui/`, { redirect: 'manual', headers: { cookie } });
    const signIn = await form('/sign-in', { credential: bridge.adminToken });
    const [cookie = ''] = (signIn.headers.get('set-cookie') ?? '').split(';');
    expect((await overview(cookie)).status).toBe(200);
    const file = newFile();
    expect((await run(url, 'backup', file)).code).toBe(0);
    await bridge.stop();

    expect((await run(url, 'restore', file)).code).toBe(0);
    bridge = await start(url);
    expect((await overview(cookie)).status).toBe(303);
    await bridge.stop();
  });

  it('a restored database gives and takes nothing until an operator has looked; the one of before is kept', async () => {
    const url = newSqlite();
    let bridge = await start(url);
    await declare(bridge);
    const { body: alice } = await arrive(bridge, 'alice-restored@example.com');
    const file = newFile();
    expect((await run(url, 'backup', file)).code).toBe(0);
    await arrive(bridge, 'later@example.com');
    await scim(bridge, 'PATCH', `/Users/${alice.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    await until('alice is locked out', () => coder.describe('alice-restored').status === 'suspended');
    await bridge.stop();

    const { code, out } = await run(url, 'restore', file);
    expect([code, out]).toEqual([0, expect.stringContaining('until `coder-scim recover --yes`')]);
    const [, before = ''] = /the database of before is (.*)\n/.exec(out) ?? [];
    expect(existsSync(before)).toBe(true);

    bridge = await start(url);
    const status = await bridge.admin.status();
    expect(status.recovery).not.toBeNull();
    expect(await people(bridge)).toBe(1);
    await bridge.admin.sweep().catch(() => undefined);
    expect(coder.describe('alice-restored').status).toBe('suspended');
    expect((await bridge.admin.audit({ action: 'recovery.begin' })).entries).toMatchObject([
      { actor: 'operator', detail: 'a backup was restored by olga' },
    ]);
    await bridge.admin.endRecovery('olga');
    await until('the bridge goes on', async () => (await bridge.admin.status()).recovery === null);
    await bridge.stop();
  });

  it.each([
    ['no file', () => newFile(), /there is no file/],
    [
      'no database',
      () => (writeFileSync(join(folder, 'text'), 'not a database'), join(folder, 'text')),
      /is no backup of coder-scim/,
    ],
    [
      'a database of something else',
      () => {
        const path = newFile();
        new BetterSqlite3(path).exec('create table a (b)').close();
        return path;
      },
      /no such table: schema_version/,
    ],
  ])('%s is not restored, and the database stays', async (_what, file, said) => {
    const url = newSqlite();
    await (await start(url)).stop();
    const { code, err } = await run(url, 'restore', file());
    expect([code, err]).toEqual([2, expect.stringMatching(said)]);
    await (await start(url)).stop();
  });

  it('Postgres is told what to run', async () => {
    const url = 'postgres://user:pass-word@127.0.0.1:9/x';
    const backup = await run(url, 'backup', '/b');
    expect([backup.code, backup.err]).toEqual([1, expect.stringContaining('pg_dump --format=custom')]);
    const restore = await run(url, 'restore', '/b');
    expect([restore.code, restore.err]).toEqual([1, expect.stringContaining('pg_restore --clean')]);
    expect(backup.err + restore.err).not.toContain('pass-word');
  });
});

// From each kind into the other one, and into its own.
describeEachDatabase('export and import', (_open, { freshUrl }) => {
  it.each(['into SQLite', 'into this kind'])('carry everything over, %s', async where => {
    const from = await freshUrl();
    let bridge = await start(from);
    await declare(bridge);
    const { body: alice } = await arrive(bridge, `carried-${(files += 1)}@example.com`);
    await scim(bridge, 'POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'devs',
      members: [{ value: alice.id }],
    });
    await until('Coder agrees', async () => (await bridge.admin.status()).apps[0]?.converged === true);
    await until('the trail is sealed', async () => (await bridge.admin.auditChain()).unsealed === 0);
    const chain = await bridge.admin.auditChain();
    const document = await bridge.admin.getApp('acme');
    const user = await scim(bridge, 'GET', `/Users/${alice.id}`);
    await bridge.stop();

    const file = newFile();
    expect((await run(from, 'export', file)).out).toMatch(/\d+ rows\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const to = where === 'into SQLite' ? newSqlite() : await freshUrl();
    const imported = await run(to, 'import', file);
    expect([imported.code, imported.err, imported.out]).toEqual([0, '', expect.stringMatching(/imported: \d+ rows/)]);

    bridge = await start(to);
    expect((await bridge.admin.status()).recovery).toBeNull();
    expect(await bridge.admin.auditChain()).toMatchObject({ whole: true, cut: chain.cut });
    const after = await scim(bridge, 'GET', `/Users/${alice.id}`);
    expect({ ...after.body, meta: undefined }).toEqual({ ...user.body, meta: undefined });
    expect(await bridge.admin.getApp('acme')).toMatchObject({ generation: document.generation, state: document.state });
    // What the database counts goes on: new lines and new people.
    expect((await arrive(bridge, `after-${(files += 1)}@example.com`)).status).toBe(201);
    await until('the trail goes on', async () => {
      const { whole, head, unsealed } = await bridge.admin.auditChain();
      return whole && unsealed === 0 && head.seq > chain.head.seq;
    });
    await bridge.stop();

    const second = await run(to, 'import', file);
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('the database is not empty (apps)')]);
  });

  it('an export that is not whole fills nothing', async () => {
    const from = newSqlite();
    const bridge = await start(from);
    await declare(bridge);
    await bridge.stop();
    const file = newFile();
    await run(from, 'export', file);
    const lines = readFileSync(file, 'utf8').split('\n');
    const to = await freshUrl();
    for (const [text, said] of [
      [lines.slice(0, -2).join('\n'), 'without its last line'],
      [[...lines.slice(0, 3), ...lines.slice(4)].join('\n'), 'it is not whole'],
      [[lines[0], '["nothing",{}]'].join('\n'), 'no row of a table'],
      ['{"coderScimExport":1,"schema":1}', 'the export is of schema version 1'],
      ['{}', 'this is no export of coder-scim'],
      [[...lines.slice(0, 3), ...lines.slice(2)].join('\n'), 'the export has rows that "'],
      [
        [lines[0], '["users",{"nothing":1}]', '{"rows":1}'].join('\n'),
        'the export has rows that "users" does not take',
      ],
    ]) {
      const broken = newFile();
      writeFileSync(broken, text ?? '');
      const { code, err } = await run(to, 'import', broken);
      expect([code, err]).toEqual([2, expect.stringContaining(said ?? '')]);
    }
    expect((await run(to, 'import', file)).code).toBe(0);
  });

  it('a folder, or a file that is not there, is not imported, and a place that can not be written gets no export', async () => {
    const to = await freshUrl();
    const missing = newFile();
    for (const [verb, path, said] of [
      ['import', folder, `${JSON.stringify(folder)} is a folder: wanted a file`],
      ['import', missing, `${JSON.stringify(missing)} can not be read: ENOENT`],
      ['export', folder, `${JSON.stringify(folder)} can not be written: EEXIST`],
      ['export', join(missing, 'x'), `${JSON.stringify(join(missing, 'x'))} can not be written: ENOENT`],
    ] as const) {
      if (verb === 'export') await (await start(to)).stop();
      const { code, err } = await run(to, verb, path);
      expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    }
  });

  it.each(['backup', 'export'])('%s of a SQLite database that is not there makes none, and no file', async verb => {
    const [missing, file] = [newFile(), newFile()];
    const { code, err } = await run(`sqlite:${missing}`, verb, file);
    expect([code, err]).toEqual([2, expect.stringContaining(`there is no SQLite database ${JSON.stringify(missing)}`)]);
    expect([missing, file].filter(existsSync)).toEqual([]);
  });

  it('an export is refused while a bridge has the SQLite file', async () => {
    const url = newSqlite();
    const bridge = await start(url);
    const { code, err } = await run(url, 'export', newFile());
    expect([code, err]).toEqual([1, expect.stringContaining('is in use by another bridge')]);
    await bridge.stop();
  });
});
