/** The recipes for proxies, with real ones: SCIM goes to the bridge, the rest to Coder, and nobody's claims of themselves are believed. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';
import { PROXIES } from './proxies';
import { isInstalled, itWith } from './tools';

const { token, tokens } = scimToken();
const folder = mkdtempSync(join(tmpdir(), 'coder-scim-proxies-'));
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
let coder: CoderDouble;
let dashboard: Server;

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return free;
}

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  dashboard = createServer((_request, response) => response.end('the dashboard of Coder')).listen(0, '127.0.0.1');
  await new Promise(resolve => dashboard.once('listening', resolve));
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=coder.example.com', '-addext', 'subjectAltName=DNS:coder.example.com,DNS:*.coder.example.com'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'pipe' },
  );
});
afterAll(async () => {
  await coder.close();
  dashboard.close();
  rmSync(folder, { recursive: true });
});

describe.each(PROXIES.map(proxy => [proxy.program, proxy] as const))('behind %s', (program, proxy) => {
  const test = itWith(program, proxy.install);
  let bridge: RunningBridge;
  let running: ChildProcess;
  let port: number;

  beforeAll(async () => {
    if (!isInstalled(program)) return;
    bridge = await startBridge({
      coderUrl: coder.url,
      coderToken: coder.issueToken('bridge'),
      env: { CODER_SCIM_TRUSTED_PROXIES: '1', CODER_SCIM_PUBLIC_URL: 'https://coder.example.com' },
    });
    await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
    port = await freePort();
    running = proxy.start({
      folder: mkdtempSync(join(folder, program)),
      port,
      bridge: new URL(bridge.url).host,
      coder: `127.0.0.1:${(dashboard.address() as AddressInfo).port}`,
      key,
      certificate,
    });
    await until(`${program} answers for Coder`, () =>
      get('/').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });

  afterAll(async () => {
    if (!isInstalled(program)) return;
    running.kill('SIGTERM');
    await new Promise(resolve => running.once('close', resolve));
    await bridge.stop();
  });

  interface Answer {
    readonly status: number | undefined;
    readonly text: string;
  }

  function get(path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          path,
          method: body === undefined ? 'GET' : 'POST',
          headers: { host: 'coder.example.com', ...headers },
          // Its own authority alone is trusted.
          ca: readFileSync(certificate),
          servername: headers['host'] ?? 'coder.example.com',
        },
        response => {
          let text = '';
          response.on('data', part => (text += String(part)));
          response.on('end', () => resolve({ status: response.statusCode, text }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  test('the paths of SCIM go to the bridge, everything else to Coder', async () => {
    const authorization = `Bearer ${token}`;
    for (const path of ['/scim/v2/Users', '/apps/acme/scim/v2/Users?count=1'])
      expect([path, await get(path, { authorization })]).toEqual([
        path,
        { status: 200, text: expect.stringContaining('ListResponse') as string },
      ]);
    for (const path of ['/', '/scim/v2x', '/apps/acme', '/metrics', '/readyz', '/api/v2/users', '/uix'])
      expect([path, await get(path)]).toEqual([path, { status: 200, text: 'the dashboard of Coder' }]);
    const { status, text } = await get('/scim/v2/Users', { authorization: 'Bearer nonsense' });
    expect([status, text]).toEqual([401, expect.stringContaining('urn:ietf:params:scim:api:messages:2.0:Error')]);
  });

  test('so does the endpoint where an identity provider gets access tokens', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, text } = await get(
      '/apps/acme/oauth2/token',
      headers,
      Buffer.from('grant_type=client_credentials'),
    );
    expect([status, text]).toEqual([401, expect.stringContaining('invalid_client')]);
  });

  test('the app of a workspace gets all of its paths, those that the bridge has on the host of Coder as well', async () => {
    const headers = { host: 'x--ws--a.coder.example.com', authorization: `Bearer ${token}` };
    for (const path of ['/', '/ui', '/ui/', '/scim/v2/Users', '/apps/acme/oauth2/token', '/admin/v1/status'])
      expect([path, await get(path, headers)]).toEqual([path, { status: 200, text: 'the dashboard of Coder' }]);
  });

  test('the admin API and the page are there for who is inside, with a credential', async () => {
    expect((await get('/admin/v1/status')).status).toBe(401);
    expect((await get('/admin/v1/status', { authorization: `Bearer ${bridge.adminToken}` })).status).toBe(200);
    expect(await get('/ui/sign-in')).toEqual({ status: 200, text: expect.stringContaining('<html') as string });
  });

  test('a body over the bound of the bridge is refused by the bridge, in the form of SCIM', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const { status, text } = await get('/scim/v2/Users', headers, Buffer.alloc(8 * 1024 * 1024 + 1_000, 0x20));
    expect([status, text]).toEqual([413, expect.stringContaining('urn:ietf:params:scim:api:messages:2.0:Error')]);
  });

  test('who guesses tokens is throttled by the address that the proxy saw, whatever they claim it to be', async () => {
    const guess = (n: number) =>
      get('/scim/v2/Users', {
        authorization: `Bearer cscim_${n}`,
        'x-forwarded-for': `192.0.2.${n}`,
        forwarded: `for=192.0.2.${n}`,
      });
    const statuses: (number | undefined)[] = [];
    for (let n = 0; n < 14; n += 1) statuses.push((await guess(n)).status);
    expect(statuses.at(-1)).toBe(429);
  });
});
