/** The double as a program of its own, steered by its control calls. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { talk } from './talk';

const ROOT = join(__dirname, '..', '..');
const ARGUMENTS = [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, 'test/support/coder-double/main.ts')];

function start(...more: string[]): ChildProcess {
  return spawn(process.execPath, [...ARGUMENTS, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function output(child: ChildProcess): Promise<{ code: number; text: string }> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, text };
}

test('--help names every option and ends well', async () => {
  const { code, text } = await output(start('--help'));
  expect(code).toBe(0);
  for (const option of [
    '--port',
    '--token',
    '--rate-limit',
    '--no-licence',
    '--no-oidc',
    '--no-sign-ups',
    '--site-role-field',
    '--database-locale',
    '--user-limit',
  ]) {
    expect(text).toContain(option);
  }
});

test('a port that is no number is refused with what to do', async () => {
  const { code, text } = await output(start('--port', 'x'));
  expect(code).toBe(1);
  expect(text).toBe('--port takes a whole number, got "x"; try --help\n');
});

test('a locale that the double does not know is refused with what to do', async () => {
  const { code, text } = await output(start('--database-locale', 'de_DE'));
  expect(code).toBe(1);
  expect(text).toBe('--database-locale takes C or C.utf8, got "de_DE"; try --help\n');
});

test('a port in use is said to be', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, text } = await output(start('--port', String(port)));
  other.close();
  expect(code).toBe(1);
  expect(text).toBe(`port ${port} of 127.0.0.1 is in use; choose another with --port\n`);
});

test('it plays sign-ins and faults and shows its state to other processes', async () => {
  const child = start('--token', 'agreed', '--site-role-field', 'siteroles');
  try {
    let url = '';
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      url = /http:\S+/.exec(line)?.[0] ?? '';
      break;
    }
    const owner = { url, token: 'agreed' };
    const claims = {
      email: 'ann@example.com',
      email_verified: true,
      sub: '1',
      preferred_username: 'ann',
      siteroles: ['auditor'],
    };
    const { body: signIn } = await talk(owner, 'POST', '/__double/oidc-login', { claims });
    expect(signIn).toMatchObject({ signedIn: true, status: 200 });
    const { body: state } = await talk(owner, 'GET', '/__double/state');
    expect(state).toMatchObject({ users: { ann: { status: 'active', siteRoles: ['auditor'] } } });

    await talk(owner, 'POST', '/__double/workspaces', { owner: 'ann', name: 'dev' });
    await talk(owner, 'PUT', '/api/v2/users/ann/status/suspend');
    const { body: run } = await talk(owner, 'POST', '/__double/lifecycle');
    expect(Object.values((run as { transitions: object }).transitions)).toEqual(['stop']);
    const { body: workspaces } = await talk(owner, 'GET', '/__double/workspaces');
    expect(workspaces).toMatchObject({ ann: [{ name: 'dev', status: 'stopped' }] });
    await talk(owner, 'PUT', '/api/v2/users/ann/status/activate');
    await talk(owner, 'DELETE', '/__double/calls');

    await talk(owner, 'POST', '/__double/faults', {
      kind: 'fail',
      status: 502,
      match: { path: '/users/ann$' },
      times: 1,
    });
    expect((await talk(owner, 'GET', '/api/v2/users/ann')).status).toBe(502);
    expect((await talk(owner, 'GET', '/api/v2/users/ann')).status).toBe(200);
    const { body: calls } = await talk(owner, 'GET', '/__double/calls');
    expect(calls).toMatchObject({ writes: 0, calls: [{ status: 502 }, { status: 200 }] });

    await talk(owner, 'POST', '/__double/faults', { kind: 'unreachable', ms: 500 });
    const reachable = () =>
      talk(owner, 'GET', '/api/v2/users/ann').then(
        ({ status }) => status === 200,
        () => false,
      );
    while (await reachable()) await sleep(10);
    while (!(await reachable())) await sleep(10);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
});
