/** A request whose body comes slowly counts by what is declared when it has come. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ScimServer, startScimServer } from '../../support/scim-server';
import { sendSlowly } from '../../support/send-slowly';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
/** Longer than it is believed for who asked. */
const LONG_MS = 1_100;

let server: ScimServer;
beforeEach(async () => {
  server = await startScimServer();
});
afterEach(() => server.close());

/** Makes a user; what happens in the middle of its body is done in the bridge before the rest is sent. @returns status */
async function makeSlowly(meanwhile: () => Promise<unknown>, token = server.token): Promise<number> {
  const body = JSON.stringify({ schemas: [USER], userName: 'ada', active: true });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
  return await sendSlowly({ url: `${server.url}/scim/v2/Users`, headers, body }, async () => {
    await sleep(LONG_MS);
    await meanwhile();
  });
}

const users = async (): Promise<string[]> =>
  (await server.database.db.selectFrom('users').select('user_name').execute()).map(row => row.user_name);

it('is written where nothing has changed', async () => {
  expect(await makeSlowly(() => Promise.resolve())).toBe(201);
  expect(await users()).toEqual(['ada']);
});

it('is refused where the app is gone by then', async () => {
  expect(await makeSlowly(() => server.removeApp('main'))).toBe(401);
  expect(await users()).toEqual([]);
});

it('is asked for again where the app is declared otherwise by then', async () => {
  const { digest, token } = await server.addApp('other');
  const tokens = { first: { digest, expiresAt: new Date(server.now() + 86_400_000).toISOString() } };
  const groupMappings = { dev: { idpGroup: 'dev', group: 'dev' } };
  expect(await makeSlowly(() => server.putApp({ app: 'other', tokens, groupMappings }), token)).toBe(503);
  expect(await users()).toEqual([]);
});
