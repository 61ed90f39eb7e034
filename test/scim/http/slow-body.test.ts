/** A request whose body comes slowly counts by what is declared when it has come. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ScimServer, startScimServer } from '../../support/scim-server';

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
  const outgoing = request(`${server.url}/scim/v2/Users`, {
    agent: false,
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/scim+json',
      'content-length': body.length,
      // Answered when the server has begun with the request.
      expect: '100-continue',
    },
  });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.once('response', response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
  });
  // Where the test ends before it is asked for.
  status.catch(() => undefined);
  outgoing.flushHeaders();
  await new Promise(resolve => outgoing.once('continue', resolve));
  outgoing.write(body.slice(0, 10));
  await sleep(LONG_MS);
  await meanwhile();
  outgoing.end(body.slice(10));
  return await status;
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
