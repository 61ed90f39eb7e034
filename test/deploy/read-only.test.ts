/** A root that can't be written, as the container has it: the bridge does all of its work with its state directory alone. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { ADMIN_TOKEN, bridgeEnvironment, scimToken } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';

const ROOT = join(__dirname, '..', '..');

// A file system of its own, in which everything but the first argument is read-only; it is an error when it is not.
const READ_ONLY = `set -e; state="$1"; shift
mount --make-rprivate /; mount --bind "$state" "$state"
for place in / /tmp; do if mountpoint -q $place; then mount -o remount,ro,bind $place; fi; done
for place in / /tmp; do if touch "$place/.written" 2>/dev/null; then echo "$place can be written" >&2; exit 9; fi; done
exec "$@"`;
const APART = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coder-scim-read-only-')));
const apart = (program: string, ...args: string[]): [string, string[]] => [
  'unshare',
  [...APART, 'sh', '-c', READ_ONLY, 'sh', folder, program, ...args],
];
const possible = spawnSync(...apart('true')).status === 0;
const test = possible
  ? it
  : (name: string, body: jest.ProvidesCallback) => it.skip(`${name} (mounts can not be made here: run as root)`, body);

let coder: CoderDouble;
let bridge: ChildProcess | undefined;
beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
});
afterAll(async () => {
  bridge?.kill('SIGKILL');
  await coder.close();
  rmSync(folder, { recursive: true });
});

test('a bridge starts, declares, provisions, shows its page, sweeps and ends', async () => {
  const program = join(folder, 'program.js');
  const bundle = [join(ROOT, 'scripts/package/bundle.mjs'), join(ROOT, 'bridge/main.ts'), program];
  execFileSync(process.execPath, bundle, { cwd: ROOT });
  const before = readdirSync(folder);
  const running = spawn(...apart(process.execPath, program, 'serve'), {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      NODE_PATH: join(ROOT, 'node_modules'),
      ...bridgeEnvironment({
        coderUrl: coder.url,
        coderToken: coder.issueToken('bridge'),
        databaseUrl: `sqlite:${join(folder, 'bridge.db')}`,
      }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bridge = running;
  const ended = new Promise<number | null>(resolve => running.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(running.stdout).on('line', line => {
      const { msg, url: where } = JSON.parse(line) as { msg: string; url?: string };
      if (msg === 'ready' && where !== undefined) resolve(where);
    });
    void ended.then(code => reject(new Error(`the bridge ended with ${code} before it was ready`)));
  });

  const admin = new AdminClient({ url, token: ADMIN_TOKEN });
  const { token, tokens } = scimToken();
  await admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
  const made = await fetch(`${url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'alice@example.com',
      emails: [{ value: 'alice@example.com', primary: true }],
    }),
  });
  expect(made.status).toBe(201);
  expect(coder.describe('alice').status).toBe('dormant');
  expect((await fetch(`${url}/ui/sign-in`)).status).toBe(200);
  await admin.sweep();
  running.kill('SIGTERM');
  expect(await ended).toBe(0);
  const left = readdirSync(folder).filter(name => !before.includes(name));
  expect(left.sort()).toEqual(['bridge.db', 'bridge.db.lock']);
});
