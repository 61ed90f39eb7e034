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

const scim = async (method: string, path: string, body: object, bearer = token): Promise<{ id: string }> => {
  const response = await fetch(`${bridge.url}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { id: string };
};
const person = (name: string, bearer = token) =>
  scim(
    'POST',
    '/Users',
    {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: name,
      emails: [{ value: name, primary: true }],
      active: true,
    },
    bearer,
  );
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

it('is told of an app that is deleted, whoever of another app has been waiting for longer', async () => {
  const other = scimToken();
  await bridge.admin.putApp({ version: 1, app: 'other', tokens: other.tokens }, 'absent');
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
  const ending = [];
  for (const name of ['carol', 'dora']) ending.push(await person(`${name}@example.com`));
  await until('everybody has an account', async () => (await bridge.admin.status()).apps.every(one => one.converged));
  await coder.unreachable(true);
  for (let index = 0; index <= 200; index += 1) await person(`person${index}@example.org`, other.token);
  for (const one of ending) await leave(one);
  await bridge.admin.deleteApp('acme', 'any');

  // Two people, and the app itself for those who may be left of it.
  expect((await bridge.admin.status()).ending).toEqual([
    {
      app: 'acme',
      waiting: 3,
      held: 0,
      parked: 0,
      refused: 0,
      leavers: [{ state: 'waiting', people: 3, since: expect.any(String) as string }],
    },
  ]);
  const text = await metrics();
  expect(text).toContain('coder_scim_leavers_waiting{app="acme",state="waiting"} 3\n');
  expect(text).toContain('coder_scim_work_items{app="acme",state="waiting"} 3\n');
  expect(text).toContain('coder_scim_app_converged{app="acme"} 0\n');
  expect((await bridge.admin.getRemoval('acme')).pending.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['carol@example.com', 'dora@example.com']),
  );

  await coder.unreachable(false);
  await until('nothing is left of it', async () => (await bridge.admin.status()).ending.length === 0);
  expect([coder.describe('carol').status, coder.describe('dora').status]).toEqual(['suspended', 'suspended']);
  expect(await metrics()).not.toContain('app="acme",state="waiting"');
});
