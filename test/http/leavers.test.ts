/** Who left and is not known to be locked out is in status and in the metrics, for as long as it is so. */
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

let coder: CoderDouble;
let bridge: RunningBridge;
const { token, tokens } = scimToken();

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: { CODER_SCIM_REQUEST_DEADLINE: '0s' },
  });
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const scim = async (method: string, path: string, body: object): Promise<{ id: string }> => {
  const response = await fetch(`${bridge.url}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { id: string };
};
const person = (name: string) =>
  scim('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: name,
    emails: [{ value: name, primary: true }],
    active: true,
  });
const leave = ({ id }: { id: string }) =>
  scim('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  });
const app = async () => (await bridge.admin.status()).apps[0];
const metrics = async () =>
  (await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${bridge.adminToken}` } })).text();

it('waits in status and in the metrics while Coder does not answer, and is gone from both once locked out', async () => {
  const alice = await person('alice@example.com');
  await until('alice has an account', async () => (await app())?.converged === true);
  expect((await app())?.leavers).toEqual([]);
  expect(await metrics()).toContain('coder_scim_leavers_longest_wait_seconds{app="acme",state="waiting"} 0\n');

  await coder.unreachable(true);
  await leave(alice);
  expect((await app())?.leavers).toEqual([{ state: 'waiting', people: 1, since: expect.any(String) as string }]);
  await until('the wait is seen to grow', async () =>
    /coder_scim_leavers_longest_wait_seconds\{app="acme",state="waiting"\} 0?\.?[1-9]/.test(await metrics()),
  );
  expect(await metrics()).toContain('coder_scim_leavers_waiting{app="acme",state="waiting"} 1\n');

  await coder.unreachable(false);
  await until('alice is locked out', async () => (await app())?.converged === true);
  expect((await app())?.leavers).toEqual([]);
  await until('the delay is measured', async () =>
    /coder_scim_convergence_delay_seconds_count\{app="acme",kind="person",leaving="true"\} 1\n/.test(await metrics()),
  );
});

it('stays in the metrics when their app is deleted meanwhile', async () => {
  await person('bob@example.com');
  await until('bob has an account', async () => (await app())?.converged === true);
  await coder.unreachable(true);
  await bridge.admin.deleteApp('acme', 'any');
  expect((await bridge.admin.status()).apps).toEqual([]);
  await until('the wait is seen to grow', async () =>
    /coder_scim_leavers_longest_wait_seconds\{app="acme",state="waiting"\} 0?\.?[1-9]/.test(await metrics()),
  );
  expect(await metrics()).toContain('coder_scim_app_converged{app="acme"} 0\n');
  await coder.unreachable(false);
  await until('nothing is left of it', async () => (await bridge.admin.status()).pending.length === 0);
  await until('bob is locked out', () => Promise.resolve(coder.describe('bob').status === 'suspended'));
  expect(await metrics()).not.toContain('app="acme",state="waiting"');
});
