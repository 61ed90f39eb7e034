import { connect } from 'node:net';
import { ADMIN_TOKEN, type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

const METRICS_TOKEN = 'metrics-token-for-tests-01234';
let coder: CoderDouble;
let bridge: RunningBridge;
const { token, tokens } = scimToken('main', new Date(Date.now() + 5 * 86_400_000).toISOString());

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: { CODER_SCIM_METRICS_TOKEN: METRICS_TOKEN },
  });
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const get = (path: string, credential?: string) =>
  fetch(`${bridge.url}${path}`, credential === undefined ? {} : { headers: { authorization: `Bearer ${credential}` } });

describe('health', () => {
  it('is answered without a credential, and says nothing of the installation', async () => {
    for (const [path, body] of [
      ['/healthz', { healthy: true }],
      ['/readyz', { ready: true, database: 'ok', coder: 'ok' }],
    ] as const) {
      const response = await get(path);
      expect([path, response.status, await response.json()]).toEqual([path, 200, body]);
      expect(response.headers.get('x-powered-by')).toBeNull();
    }
  });
});

describe('metrics', () => {
  it.each([
    ['no credential', undefined],
    ['a SCIM token', token],
  ])('refuse %s', async (_name, credential) => {
    expect((await get('/metrics', credential)).status).toBe(401);
  });

  it.each([METRICS_TOKEN, ADMIN_TOKEN])('show requests, apps, tokens and Coder to %s', async credential => {
    await get('/scim/v2/Users?count=1', token);
    const response = await get('/metrics', credential);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain/),
    ]);
    const text = await response.text();
    expect(text).toMatch(
      /coder_scim_request_duration_seconds_count\{app="acme",method="GET",route="\/Users",status="200"\} \d/,
    );
    expect(text).toMatch(/coder_scim_coder_call_duration_seconds_count\{route="GET \/users\/me",status="200"\} \d/);
    expect(text).toMatch(/coder_scim_coder_up 1\n/);
    expect(text).toMatch(/coder_scim_app_converged\{app="acme"\} 1\n/);
    expect(text).toMatch(/coder_scim_token_expiry_timestamp_seconds\{app="acme",token="main"\} \d+/);
    expect(text).toMatch(/process_resident_memory_bytes \d+/);
  });

  it('have drift of each app with 0 before any is found, and count what a sweep finds there', async () => {
    const drift = async (app: string) =>
      new RegExp(
        `^coder_scim_audit_lines_total\\{app="${app}",action="drift.found",result="reported"\\} (\\d+)$`,
        'm',
      ).exec(await (await get('/metrics', METRICS_TOKEN)).text())?.[1];
    expect([await drift(''), await drift('acme'), await drift('other')]).toEqual(['0', '0', undefined]);
    const { token: secret, tokens: declared } = scimToken('other');
    await bridge.admin.putApp({ version: 1, app: 'other', tokens: declared }, 'absent');
    expect(await drift('other')).toBe('0');

    const made = await fetch(`${bridge.url}/scim/v2/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'alice@example.com',
        emails: [{ value: 'alice@example.com', primary: true }],
        active: true,
      }),
    });
    expect(made.status).toBe(201);
    coder.suspend('alice');
    await bridge.admin.sweep('other');
    await until('the drift is counted', async () => (await drift('other')) === '1');
    expect(await drift('acme')).toBe('0');
  });

  it('are all that their token opens', async () => {
    expect((await get('/admin/v1/status', METRICS_TOKEN)).status).toBe(403);
    expect((await get('/scim/v2/Users', METRICS_TOKEN)).status).toBe(401);
  });
});

describe('paths', () => {
  it('that are nothing say where SCIM is', async () => {
    const response = await get('/Users');
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: { code: 'not_found', message: expect.stringMatching(/SCIM is below \/scim\/v2/) } },
    ]);
  });

  it('that can not be decoded are the mistake of the caller', async () => {
    expect((await get('/admin/v1/apps/%zz', ADMIN_TOKEN)).status).toBe(400);
  });

  it('of SCIM take the token of the app, not the admin token', async () => {
    expect((await get('/scim/v2/Users', token)).status).toBe(200);
    expect((await get('/apps/acme/scim/v2/Users', token)).status).toBe(200);
    expect((await get('/scim/v2/Users', ADMIN_TOKEN)).status).toBe(401);
    expect((await get('/admin/v1/status', token)).status).toBe(401);
  });

  it('carry the request id of the caller to the answer and the log', async () => {
    const response = await fetch(`${bridge.url}/admin/v1/apps`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-request-id': 'terraform-4711' },
    });
    expect(response.headers.get('x-request-id')).toBe('terraform-4711');
    await response.text();
    const line = /"requestId":"terraform-4711","method":"GET","url":"\/admin\/v1\/apps","status":200/;
    await until('the line of the request', () => line.test(bridge.log()));
  });
});

describe('bytes that are no request', () => {
  it('are answered in the form of SCIM, and the bridge goes on', async () => {
    const { port, hostname } = new URL(bridge.url);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket
        .on('data', chunk => (text += chunk.toString()))
        .on('close', () => resolve(text))
        .on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*urn:ietf:params:scim:api:messages:2\.0:Error/);
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('a token that is about to expire', () => {
  it('is announced in the status', async () => {
    const { apps } = await bridge.admin.status();
    expect(apps[0]).toMatchObject({
      tokens: [{ name: 'main', state: 'expiring', lastUsedAt: expect.stringMatching(/^\d{4}-/) }],
      warnings: [expect.stringMatching(/token "main" expires on/)],
    });
  });
});
