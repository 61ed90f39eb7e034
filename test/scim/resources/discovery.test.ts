import { type ScimServer, startScimServer } from '../../support/scim-server';

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer({ deps: { limits: { maxPageSize: 250, defaultPageSize: 50 } } });
});
afterAll(() => server.close());

describe('discovery (RFC 7644 §4)', () => {
  test('ServiceProviderConfig is public and announces what is bounded', async () => {
    const { status, body } = await server.call('GET', '/ServiceProviderConfig', { token: null });
    expect(status).toBe(200);
    expect(body).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 8_388_608 },
      filter: { supported: true, maxResults: 250 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: 50,
        maxPageSize: 250,
        cursorTimeout: 3600,
      },
      authenticationSchemes: [expect.objectContaining({ type: 'oauthbearertoken', primary: true })],
      meta: { resourceType: 'ServiceProviderConfig', location: `${server.url}/scim/v2/ServiceProviderConfig` },
    });
  });

  test.each(['/Schemas', '/ResourceTypes'])('%s wants a token', async path => {
    expect((await server.call('GET', path, { token: null })).status).toBe(401);
  });

  test('ResourceTypes are a list, and each can be read where it says that it is', async () => {
    const { body } = await server.call('GET', '/ResourceTypes?startIndex=2&count=1');
    expect(body).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 });
    expect(body.Resources.map(({ id }) => id)).toEqual(['User', 'Group']);
    for (const resource of body.Resources) {
      expect((await server.call('GET', new URL(resource.meta.location).pathname)).body).toEqual(resource);
    }
    expect(body.Resources[0]).toMatchObject({
      endpoint: '/Users',
      schema: 'urn:ietf:params:scim:schemas:core:2.0:User',
      schemaExtensions: [{ schema: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User', required: false }],
    });
  });

  test('Schemas are a list, and each can be read where it says that it is', async () => {
    const { body } = await server.call('GET', '/Schemas');
    expect(body.Resources.map(({ id }) => id)).toEqual([
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
      'urn:ietf:params:scim:schemas:core:2.0:Group',
      'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
      'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
      'urn:ietf:params:scim:schemas:core:2.0:Schema',
    ]);
    expect(body.totalResults).toBe(6);
    for (const schema of body.Resources) {
      expect((await server.call('GET', new URL(schema.meta.location).pathname)).body).toEqual(schema);
    }
  });

  test.each(['/Schemas', '/ResourceTypes'])('%s refuses a filter with 403', async path => {
    const { status, body } = await server.call('GET', `${path}?filter=id%20pr`);
    expect([status, body.status]).toEqual([403, '403']);
  });

  test('an empty filter is none', async () => {
    expect((await server.call('GET', '/Schemas?filter=')).status).toBe(200);
  });

  test('ServiceProviderConfig leaves out what the client of a dialect can not read, for whoever signs in as it', async () => {
    const { token } = await server.addApp('ping-app', { identityProvider: 'ping' });
    const configOf = async (signedIn: string | null) => {
      const { status, body } = await server.call('GET', '/ServiceProviderConfig', { token: signedIn });
      return [status, Object.keys(body).includes('pagination')];
    };
    expect(await configOf(token)).toEqual([200, false]);
    expect(await configOf(server.token)).toEqual([200, true]);
    expect(await configOf(null)).toEqual([200, true]);
    expect(await configOf('no token')).toEqual([200, true]);
  });

  test.each([
    ['/scim/v2?aadOptscim062020/Users', 'aadOptscim062020/Users='],
    ['/apps/main/scim/v2?aadOptscim062020/Users?filter=userName%20eq%20%22x%22', 'aadOptscim062020/Users?filter'],
    ['/scim/v2?x=1&aadOptscim062020/Groups/123', 'aadOptscim062020/Groups/123='],
    ['/scim/v2?aadOptscim062020=/ServiceProviderConfig', 'aadOptscim062020=/ServiceProviderConfig'],
  ])('a path behind the question mark of the base URL is named, and lists nobody: %s', async (path, named) => {
    const { status, body } = await server.call('GET', path);
    expect([status, body.scimType, body.Resources]).toEqual([400, 'invalidSyntax', undefined]);
    expect(body.detail).toContain(`query parameter "${named}`);
    expect(body.detail).toContain('joins its paths to a base URL with parameters');
  });

  test('a path in a filter of the root is none of it', async () => {
    const path = '/?aadOptscim062020&filter=meta.location%20co%20%22/Users/1%22';
    expect((await server.call('GET', path)).status).toBe(200);
  });

  test.each(['/Schemas/urn:nobody', '/ResourceTypes/Widget'])('%s is 404', async path => {
    expect((await server.call('GET', path)).status).toBe(404);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'POST'])('%s /Me is 501: the token stands for no User', async method => {
    const { status, body } = await server.call(method, '/Me');
    expect([status, body.status]).toEqual([501, '501']);
  });

  test('below the path of an app, locations are there too', async () => {
    const { body } = await server.call('GET', '/apps/main/scim/v2/ResourceTypes/User');
    expect(body.meta.location).toBe(`${server.url}/apps/main/scim/v2/ResourceTypes/User`);
    const config = await server.call('GET', '/apps/main/scim/v2/ServiceProviderConfig', { token: null });
    expect(config.body.meta.location).toBe(`${server.url}/apps/main/scim/v2/ServiceProviderConfig`);
  });
});
