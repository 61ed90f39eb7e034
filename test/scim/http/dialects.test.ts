import { type ScimServer, startScimServer } from '../../support/scim-server';
import { until } from '../../support/until';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const patchActive = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
};

let server: ScimServer;
beforeEach(async () => {
  server = await startScimServer();
});
afterEach(() => server.close());

/** What is counted after so many requests of the app have ended; a request is counted right after its line in the log. */
async function counted(app: string, requests: number): Promise<Record<string, number>> {
  const ended = () => server.log.filter(line => line['msg'] === 'scim request' && line['app'] === app).length;
  await until(`${requests} requests of ${app} in the log`, () => ended() >= requests);
  const rows = await server.database.db
    .selectFrom('coercions')
    .select(['dialect', 'coercion', 'count'])
    .where('app', '=', app)
    .execute();
  return Object.fromEntries(rows.map(({ dialect, coercion, count }) => [`${dialect} ${coercion}`, count]));
}

test('coercions are counted by app and dialect', async () => {
  const { token } = await server.addApp('contoso', { identityProvider: 'entra' });
  const { body } = await server.call('POST', '/Users', { token, body: { schemas: [USER], userName: 'a' } });
  for (let index = 0; index < 3; index += 1) {
    expect((await server.call('PATCH', `/Users/${body.id}`, { token, body: patchActive })).status).toBe(200);
  }
  await until('the third coercion', async () => (await counted('contoso', 4))['entra booleanStrings'] === 3);
  expect(await counted('contoso', 4)).toEqual({ 'entra booleanStrings': 3 });
});

test('an app without an identity provider is strict, and the refusal says what was wanted', async () => {
  const { body } = await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'a' } });
  const answer = await server.call('PATCH', `/Users/${body.id}`, { body: patchActive });
  expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
  expect(answer.body.detail).toMatch(/active.*"False".*wanted true or false/);
  expect(await counted('main', 2)).toEqual({});
});

test.each([
  ['okta', { 'user-agent': 'Okta SCIM Client 1.0.0' }, '/Users'],
  ['entra', {}, '/Users?aadOptscim062020&count=1'],
  ['keycloak', { 'user-agent': 'scim-for-keycloak/1' }, '/Users'],
])('a request that looks like %s is reported, and changes nothing', async (looks, headers, path) => {
  const { token } = await server.addApp('declared', { identityProvider: 'jumpcloud' });
  for (let index = 0; index < 2; index += 1) {
    expect((await server.call('GET', path, { token, headers })).status).toBe(200);
  }
  expect(Object.keys(await counted('declared', 2))).toEqual([`jumpcloud lookedLike:${looks}`]);
  expect(server.log.filter(line => line['level'] === 'warn')).toEqual([
    expect.objectContaining({ app: 'declared', declared: 'jumpcloud', looksLike: looks }),
  ]);
  await server.addApp('same', { identityProvider: looks as 'okta' });
  expect(await counted('same', 0)).toEqual({});
});

test('a request of the declared identity provider is not reported', async () => {
  const { token } = await server.addApp('right', { identityProvider: 'okta' });
  await server.call('GET', '/Users', { token, headers: { 'user-agent': 'Okta SCIM Client 1.0.0' } });
  expect(await counted('right', 1)).toEqual({});
});
