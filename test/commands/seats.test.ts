/** Seats of Coder's licence: how many are taken, and what a plan costs. */
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';
import { coderScim } from './terminal-double';

let coder: CoderDouble;
let bridge: RunningBridge;
const { token, tokens } = scimToken();
const run = (...argv: string[]) =>
  coderScim(argv, { environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken } });

beforeAll(async () => {
  // Taken by its first owner, the bridge and zoe.
  coder = await startCoderDouble({ rateLimitPerMinute: 0, userLimit: 3 });
  coder.addUser('bridge', { roles: ['owner'], status: 'active' });
  coder.addUser('zoe', { email: 'zoe@example.com', loginType: 'oidc', status: 'active' });
  coder.addUser('sam', { email: 'sam@example.com', loginType: 'oidc', status: 'suspended' });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const arrive = async (name: string, active = true) => {
  const response = await fetch(`${bridge.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: name,
      emails: [{ value: name, primary: true }],
      active,
    }),
  });
  expect(response.status).toBe(201);
};

it('status and metrics say how many are taken', async () => {
  expect((await run('status')).out).toMatch(/seats +3 of 3 taken\n/);
  const metrics = await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${bridge.adminToken}` } });
  const text = await metrics.text();
  expect(text).toContain('coder_scim_licence_seats_used 3\n');
  expect(text).toContain('coder_scim_licence_seats_limit 3\n');
});

it('a plan counts activations as taken: the seat is there once it is done', async () => {
  await coder.unreachable(true);
  await arrive('sam@example.com');
  await coder.unreachable(false);
  const { seats } = await bridge.admin.plan({});
  // The queue goes on by itself: by now sam is planned, or done.
  expect([seats?.limit, (seats?.used ?? 0) + (seats?.taken ?? 0)]).toEqual([3, 4]);
  await until('sam is active', () => coder.describe('sam').status === 'active');
  expect((await bridge.admin.plan({})).seats).toEqual({ used: 4, limit: 3, taken: 0, later: 0, freed: 0 });
});
