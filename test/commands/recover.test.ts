/** A backup is restored: what an operator meets, from the ready line to the end of it. */
import { createScimCalls } from '../../bridge/commands/verify/scim-calls';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { copyDatabase, type FreshDatabase, freshSqlite } from '../support/databases';
import { until } from '../support/until';
import { coderScim } from './terminal-double';

let coder: CoderDouble;
let current: FreshDatabase;
let restored: FreshDatabase;
let bridge: RunningBridge;
let coderToken: string;
const { token, tokens } = scimToken();
const document = {
  version: 1 as const,
  app: 'acme',
  tokens,
  roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
};
const run = (...argv: string[]) =>
  coderScim(argv, {
    environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken, USER: 'olga' },
  });
const person = (name: string) => ({
  userName: `${name}@example.com`,
  email: `${name}@example.com`,
  displayName: name,
  externalId: name,
});
const start = (databaseUrl: string) => startBridge({ coderUrl: coder.url, coderToken, databaseUrl });
const statusOf = (name: string) => coder.snapshot().users[name]?.status;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  coderToken = coder.issueToken('bridge');
  current = freshSqlite();
  bridge = await start(current.url);
  await bridge.admin.putApp(document, 'absent');
  const scim = createScimCalls(`${bridge.url}/apps/acme/scim/v2`, token);
  const ids = [await scim.createUser(person('ann')), await scim.createUser(person('bob'))];
  const [ann, bob] = ids as [string, string];
  await scim.addMember(await scim.createGroup('admins', ann), bob);
  await bridge.stop();
  restored = await copyDatabase(current.url);
  bridge = await start(current.url);
  const later = createScimCalls(`${bridge.url}/apps/acme/scim/v2`, token);
  await later.deactivate(ann);
  await later.deactivate(bob);
  await bridge.stop();
  expect([statusOf('ann'), statusOf('bob')]).toEqual(['suspended', 'suspended']);
  bridge = await start(restored.url);
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
  await current.drop();
  await restored.drop();
});

it('readiness, status and the log say why nothing is done, and requests are answered', async () => {
  const scim = createScimCalls(`${bridge.url}/apps/acme/scim/v2`, token);
  expect(await scim.createUser(person('cyd'))).toMatch(/^[0-9a-f-]{36}$/);
  expect(statusOf('cyd')).toBeUndefined();
  const ready = await fetch(`${bridge.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { ready: false, database: 'ok', coder: 'ok', recovery: expect.stringContaining('restored backup') },
  ]);
  expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
  const { code, out } = await run('status', '--check');
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/held +the database is older than what Coder's audit log says/),
  ]);
  expect(bridge.log()).toMatch(/"level":"error".*older than what Coder's audit log says/);
  expect((await run('sweep')).err).toContain('coder-scim recover');
});

it('recover shows the people, whom it would let in again first, and does nothing by itself', async () => {
  const { code, out } = await run('recover');
  expect(code).toBe(1);
  expect(out).toContain('2 people changed in Coder since this database was current; 2 of them would be let in again');
  expect(out).toMatch(
    / {2}ann@example\.com {2}acme, the directory says active\n( {4}.*\n)* {4}.* status: \w+ → suspended\n/,
  );
  // What was declared then, to compare with the stacks: an app that was ended since is one again.
  expect(out).toMatch(/Apps as this database has them.*\n {2}acme {2}generation 1, of \d{4}-\d\d-\d\dT\S+Z\n/);
  expect(out.indexOf('deploy the stacks')).toBeLessThan(out.indexOf('push everything again'));
  expect(out).toContain('coder-scim recover --yes');
  expect([statusOf('ann'), statusOf('bob')]).toEqual(['suspended', 'suspended']);
});

it('the identity provider says again who has left, and after recover --yes nobody of them is let in', async () => {
  const scim = createScimCalls(`${bridge.url}/apps/acme/scim/v2`, token);
  const { identities } = await bridge.admin.identities('acme');
  for (const { scimId, userName } of identities) if (/^(ann|bob)@/.test(userName)) await scim.deactivate(scimId);
  expect((await run('recover')).out).not.toContain('would be let in again');
  const { code, out } = await run('recover', '--yes');
  expect([code, out]).toEqual([0, expect.stringContaining('ended: the bridge gives and takes again')]);
  await until('everything to agree', async () => (await bridge.admin.status()).apps[0]?.converged === true);
  expect([statusOf('ann'), statusOf('bob'), statusOf('cyd')]).toEqual(['suspended', 'suspended', 'dormant']);
  expect((await fetch(`${bridge.url}/readyz`)).status).toBe(200);
  expect((await run('recover')).out).toContain('nothing to recover');
  expect((await run('audit', '--action', 'recovery.end')).out).toContain('ended by admin (olga)');
});
