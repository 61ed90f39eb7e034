/** A token that may write and not read: one scope does not imply another, so no answer to a write shows what was stored before. */
import { mintToken } from '../../../bridge/scim/access/token';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const FAR = '2099-01-01T00:00:00Z';

describe.each([true, false])('a token without read scopes (shortcut: %s)', shortcut => {
  let server: ScimServer;
  const reader = mintToken();
  const writer = mintToken();
  beforeAll(async () => {
    server = await startScimServer({ shortcut });
    await server.putApp({
      app: 'scoped',
      identityProvider: 'okta',
      tokens: {
        reader: { digest: reader.digest, expiresAt: FAR },
        writer: { digest: writer.digest, expiresAt: FAR, scopes: ['users:write', 'groups:write'] },
      },
    });
  });
  afterAll(() => server.close());

  const send = (method: string, path: string, body?: unknown, token = writer.token) =>
    server.call(method, path, { token, body });
  const keysOf = async (answer: ReturnType<typeof send>) => {
    const { status, body } = await answer;
    return [status, ...Object.keys(body).sort()];
  };
  const user = { schemas: [USER], userName: 'ada', externalId: 'e1', title: 'Countess', emails: [{ value: 'a@b.c' }] };
  const nothing = { schemas: [PATCH], Operations: [{ op: 'replace', value: { title: 'Countess' } }] };

  test('has of a user what it stated of it, and of a PATCH what names it', async () => {
    const made = await send('POST', '/Users', { ...user, displayName: 'Ada' });
    const shown = ['displayName', 'externalId', 'id', 'meta', 'schemas', 'userName'];
    expect([made.status, ...Object.keys(made.body).sort()]).toEqual([201, ...shown]);
    const path = `/Users/${made.body.id}`;
    expect(made.headers.location).toMatch(new RegExp(`${path}$`));
    expect((await send('GET', path)).status).toBe(403);
    expect(await keysOf(send('PUT', path, { ...user, displayName: 'Ada' }))).toEqual([200, ...shown]);
    expect(await keysOf(send('PATCH', path, nothing))).toEqual([200, 'id', 'meta', 'schemas']);
    for (const query of ['?attributes=emails,title,groups', '?excludedAttributes=meta'])
      expect(await keysOf(send('PATCH', `${path}${query}`, nothing))).toEqual([200, 'id', 'meta', 'schemas']);
    expect((await send('PATCH', path, nothing, reader.token)).body).toMatchObject({
      userName: 'ada',
      title: 'Countess',
    });
    expect((await send('DELETE', path)).status).toBe(204);
  });

  test('has no members of a group', async () => {
    const ada = (await send('POST', '/Users', { ...user, userName: 'member' })).body.id;
    const group = { schemas: [GROUP], displayName: 'devs', members: [{ value: ada }] };
    const made = await send('POST', '/Groups', group);
    expect([made.status, ...Object.keys(made.body).sort()]).toEqual([201, 'displayName', 'id', 'meta', 'schemas']);
    const path = `/Groups/${made.body.id}`;
    expect(await keysOf(send('PUT', path, group))).toEqual([200, 'displayName', 'id', 'meta', 'schemas']);
    const rename = { schemas: [PATCH], Operations: [{ op: 'replace', path: 'displayName', value: 'devs' }] };
    expect(await keysOf(send('PATCH', `${path}?attributes=members`, rename))).toEqual([200, 'id', 'meta', 'schemas']);
    expect((await send('GET', path, undefined, reader.token)).body.members).toHaveLength(1);
  });

  test('has no resources of a Bulk', async () => {
    const Operations = [{ method: 'POST', path: '/Users', bulkId: 'a', data: { ...user, userName: 'bulk' } }];
    const { body } = await send('POST', '/Bulk', { schemas: [BULK], Operations });
    expect(Object.keys(body.Operations[0] ?? {}).sort()).toEqual(['bulkId', 'location', 'method', 'status', 'version']);
  });
});
