import { type ScimServer, startScimServer } from '../../support/scim-server';
import { until } from '../../support/until';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer();
});
afterAll(() => server.close());

const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
let count = 0;
async function createUser(further: object = {}) {
  count += 1;
  const { status, body } = await server.call('POST', '/Users', {
    body: { schemas: [CORE], userName: `person${count}@example.com`, active: true, ...further },
  });
  expect(status).toBe(201);
  return body;
}

describe('POST /Users (RFC 7644 §3.3)', () => {
  test('creates a user and answers 201 with location, ETag, and the resource', async () => {
    const answer = await server.call('POST', '/Users', {
      body: {
        schemas: [CORE, ENTERPRISE],
        userName: 'bjensen',
        externalId: 'bjensen-1',
        name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
        emails: [{ value: 'bjensen@example.com', type: 'work', primary: true }],
        password: 'correct horse',
        groups: [{ value: 'made up' }],
        [ENTERPRISE]: { department: 'Tour Operations' },
      },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['content-type']).toBe('application/scim+json');
    const { id, meta, ...rest } = answer.body;
    expect(answer.headers.location).toBe(`${server.url}/scim/v2/Users/${id}`);
    expect(answer.headers.etag).toBe(meta.version);
    expect(meta).toMatchObject({ resourceType: 'User', location: answer.headers.location, version: 'W/"1"' });
    expect(rest).toEqual({
      schemas: [CORE, ENTERPRISE],
      userName: 'bjensen',
      externalId: 'bjensen-1',
      active: true,
      name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
      emails: [{ value: 'bjensen@example.com', type: 'work', primary: true }],
      [ENTERPRISE]: { department: 'Tour Operations' },
    });
    expect((await server.call('GET', `/Users/${id}`)).body).toEqual(answer.body);
  });

  test('a userName that differs in case only is taken: 409 uniqueness', async () => {
    const { userName } = await createUser();
    const answer = await server.call('POST', '/Users', { body: { schemas: [CORE], userName: userName.toUpperCase() } });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ status: '409', scimType: 'uniqueness' });
  });

  test.each([
    ['without userName', { schemas: [CORE] }, 'invalidValue'],
    ['without schemas', { userName: 'x1' }, 'invalidValue'],
    ['with a wrong type', { schemas: [CORE], userName: 'x2', active: 'maybe' }, 'invalidValue'],
    ['with an unknown attribute', { schemas: [CORE], userName: 'x3', shoeSize: 44 }, 'invalidSyntax'],
  ])('a user %s is refused', async (_what, body, scimType) => {
    const answer = await server.call('POST', '/Users', { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '400',
      scimType,
    });
    expect(answer.body.detail).not.toBe('');
  });

  test('attributes choose what the answer holds', async () => {
    const answer = await server.call('POST', '/Users?attributes=userName', {
      body: { schemas: [CORE], userName: 'projected', displayName: 'Not asked for' },
    });
    expect(Object.keys(answer.body).sort()).toEqual(['id', 'schemas', 'userName']);
  });

  test('a refused projection creates nothing', async () => {
    const answer = await server.call('POST', '/Users?attributes=userName&excludedAttributes=title', {
      body: { schemas: [CORE], userName: 'never-made' },
    });
    expect(answer.status).toBe(400);
    const { body } = await server.call('GET', `/Users?filter=${encodeURIComponent('userName eq "never-made"')}`);
    expect(body.totalResults).toBe(0);
  });
});

describe('GET /Users/{id} (RFC 7644 §3.4.1, §3.14)', () => {
  test('If-None-Match with the present ETag answers 304 without a body', async () => {
    const user = await createUser();
    const path = `/Users/${user.id}?excludedAttributes=groups`;
    const answer = await server.call('GET', path, { headers: { 'if-none-match': user.meta.version } });
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', user.meta.version]);
    const other = await server.call('GET', path, { headers: { 'if-none-match': 'W/"99"' } });
    expect(other.status).toBe(200);
  });

  test.each(['', '?attributes=groups', '?attributes=userName,groups.value'])(
    'groups that changed are shown to who knows the version: %j',
    async query => {
      const user = await createUser();
      const read = () =>
        server.call('GET', `/Users/${user.id}${query}`, { headers: { 'if-none-match': user.meta.version } });
      expect((await read()).status).toBe(200);
      const body = { schemas: [GROUP], displayName: `of ${user.id}`, members: [{ value: user.id }] };
      const group = (await server.call('POST', '/Groups', { body })).body;
      const { status, body: seen } = await read();
      expect([status, seen.groups.map(({ value }) => value)]).toEqual([200, [group.id]]);
    },
  );

  test.each(['nobody', '00000000-0000-7000-8000-000000000000', '%00', 'a%2fb', '__proto__'])(
    'id %j is not found',
    async id => {
      const answer = await server.call('GET', `/Users/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ status: '404' });
      expect(answer.body.detail).toMatch(/not found/);
    },
  );

  test('HEAD answers as GET without the body', async () => {
    const user = await createUser();
    const answer = await server.call('HEAD', `/Users/${user.id}`);
    expect([answer.status, answer.text, answer.headers.etag]).toEqual([200, '', user.meta.version]);
  });

  test('excludedAttributes leave out what they name, and never id', async () => {
    const user = await createUser({ displayName: 'Shown', title: 'Hidden' });
    const { body } = await server.call('GET', `/Users/${user.id}?excludedAttributes=title,id,meta.version`);
    expect(body).toMatchObject({ id: user.id, displayName: 'Shown', meta: { resourceType: 'User' } });
    expect(body.title).toBeUndefined();
    expect(body.meta.version).toBeUndefined();
  });
});

describe('PUT /Users/{id} (RFC 7644 §3.5.1)', () => {
  test('empties what is absent, keeps active, ignores what is read-only', async () => {
    const user = await createUser({ displayName: 'Before', title: 'Engineer', active: false });
    const answer = await server.call('PUT', `/Users/${user.id}`, {
      body: {
        schemas: [CORE],
        id: 'other',
        userName: user.userName,
        title: 'Director',
        meta: { version: 'W/"77"' },
        groups: [],
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: user.id, title: 'Director', active: false, meta: { version: 'W/"2"' } });
    expect(answer.body.displayName).toBeUndefined();
  });

  test('the modified body of a GET is accepted', async () => {
    const user = await createUser({ displayName: 'Before' });
    const { body } = await server.call('GET', `/Users/${user.id}`);
    const answer = await server.call('PUT', `/Users/${user.id}`, { body: { ...body, displayName: 'After' } });
    expect([answer.status, answer.body.displayName]).toEqual([200, 'After']);
  });

  test('the same again makes no new version', async () => {
    const user = await createUser({ displayName: 'Same' });
    const answer = await server.call('PUT', `/Users/${user.id}`, { body: user });
    expect([answer.status, answer.body.meta]).toEqual([200, user.meta]);
  });

  test('creates nothing', async () => {
    const answer = await server.call('PUT', '/Users/00000000-0000-7000-8000-000000000001', {
      body: { schemas: [CORE], userName: 'put-creates' },
    });
    expect(answer.status).toBe(404);
  });
});

describe('PATCH /Users/{id} (RFC 7644 §3.5.2)', () => {
  test.each<[string, (groups: unknown) => object]>([
    ['by path', groups => ({ op: 'replace', path: 'groups', value: groups })],
    ['among others', groups => ({ op: 'replace', value: { groups } })],
  ])('groups that are stated %s may be what they are, and nothing else', async (_, operation) => {
    const user = await createUser();
    const patch = async (groups: unknown) => {
      const { status, body } = await server.call('PATCH', `/Users/${user.id}`, { body: patchOf(operation(groups)) });
      return [status, status === 200 ? undefined : body.scimType];
    };
    expect(await patch([])).toEqual([200, undefined]);
    await server.call('POST', '/Groups', {
      body: {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: `of ${user.id}`,
        members: [{ value: user.id }],
      },
    });
    expect(await patch([])).toEqual([400, 'mutability']);
    const { body } = await server.call('GET', `/Users/${user.id}`);
    expect(body.groups).toHaveLength(1);
    expect(await patch(body.groups)).toEqual([200, undefined]);
  });

  test('answers 200 with the resource, and 412 for an old If-Match', async () => {
    const user = await createUser();
    const body = patchOf({ op: 'replace', path: 'active', value: false });
    const answer = await server.call('PATCH', `/Users/${user.id}`, {
      body,
      headers: { 'if-match': user.meta.version },
    });
    expect([answer.status, answer.body.active, answer.headers.etag]).toEqual([200, false, 'W/"2"']);
    const late = await server.call('PATCH', `/Users/${user.id}`, { body, headers: { 'if-match': user.meta.version } });
    expect([late.status, late.body.status]).toEqual([412, '412']);
    const any = await server.call('PATCH', `/Users/${user.id}`, { body, headers: { 'if-match': '*' } });
    expect(any.status).toBe(200);
  });

  test('all operations or none', async () => {
    const user = await createUser({ displayName: 'Before' });
    const answer = await server.call('PATCH', `/Users/${user.id}`, {
      body: patchOf({ op: 'replace', path: 'displayName', value: 'After' }, { op: 'remove', path: 'userName' }),
    });
    expect([answer.status, answer.body.scimType]).toEqual([400, 'mutability']);
    expect((await server.call('GET', `/Users/${user.id}`)).body).toEqual(user);
  });

  test('stores neither what is computed nor what is read-only', async () => {
    const user = await createUser({ [ENTERPRISE]: { manager: { value: '26118915' } }, schemas: [CORE, ENTERPRISE] });
    await server.call('PATCH', `/Users/${user.id}`, {
      body: patchOf({ op: 'add', value: { nickName: 'Babs', id: user.id } }),
    });
    const row = await server.database.db
      .selectFrom('users')
      .select('document')
      .where('id', '=', user.id)
      .executeTakeFirstOrThrow();
    const document = JSON.parse(row.document as string) as Record<string, unknown>;
    expect(Object.keys(document).sort()).toEqual([ENTERPRISE, 'active', 'nickName', 'schemas', 'userName'].sort());
    expect(document[ENTERPRISE]).toEqual({ manager: { value: '26118915' } });
  });

  test('an If-None-Match that the version meets is 412', async () => {
    const user = await createUser();
    const answer = await server.call('PATCH', `/Users/${user.id}`, {
      body: patchOf({ op: 'replace', path: 'active', value: false }),
      headers: { 'if-none-match': '*' },
    });
    expect(answer.status).toBe(412);
  });
});

describe('DELETE /Users/{id} (RFC 7644 §3.6)', () => {
  test('answers 204, then 404', async () => {
    const user = await createUser();
    const old = await server.call('DELETE', `/Users/${user.id}`, { headers: { 'if-match': 'W/"7"' } });
    expect(old.status).toBe(412);
    const answer = await server.call('DELETE', `/Users/${user.id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await server.call('DELETE', `/Users/${user.id}`)).status).toBe(404);
    expect((await server.call('GET', `/Users/${user.id}`)).status).toBe(404);
    expect((await createUser({ userName: user.userName })).id).not.toBe(user.id);
  });
});

test.each([
  ['Users', { schemas: [CORE], userName: 'if-none-match' }],
  ['Groups', { schemas: [GROUP], displayName: 'if-none-match' }],
])('DELETE in /%s with an If-None-Match that the version meets is 412', async (endpoint, body) => {
  const { id } = (await server.call('POST', `/${endpoint}`, { body })).body;
  const remove = async (header: string) =>
    (await server.call('DELETE', `/${endpoint}/${id}`, { headers: { 'if-none-match': header } })).status;
  for (const header of ['*', 'W/"1"', 'W/"7", "1"']) expect([header, await remove(header)]).toEqual([header, 412]);
  expect((await server.call('GET', `/${endpoint}/${id}`)).status).toBe(200);
  expect(await remove('W/"7"')).toBe(204);
  expect(await remove('*')).toBe(404);
});

test('DELETE of who is gone waits for their leaving, of somebody of another app or of nobody it does not', async () => {
  const user = await createUser();
  const other = await server.addApp('other-app');
  const unknown = '00000000-0000-7000-8000-000000000000';
  const bulk = (...ids: string[]) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: ids.map(id => ({ method: 'DELETE', path: `/Users/${id}` })),
  });
  const attempts = async (token: string) => {
    const before = server.converged.length;
    for (const id of [user.id, unknown])
      expect((await server.call('DELETE', `/Users/${id}`, { token })).status).toBe(404);
    const { body } = await server.call('POST', '/Bulk', { token, body: bulk(user.id, unknown) });
    expect(body.Operations.map(({ status }) => status)).toEqual(['404', '404']);
    return server.converged.slice(before);
  };
  expect(await attempts(other.token)).toEqual([]);
  expect((await server.call('DELETE', `/Users/${user.id}`)).status).toBe(204);
  expect(await attempts(other.token)).toEqual([]);
  expect(await attempts(server.token)).toEqual([`person:${user.id}`, `person:${user.id}`]);
});

test('a write is answered after converge was asked for exactly what it touched', async () => {
  const user = await createUser();
  expect(server.converged.at(-1)).toBe(`person:${user.id}`);
  await createUser();
  await server.call('PUT', `/Users/${user.id}`, { body: user });
  // Nothing is changed by it, and what the first one asked for is not done: whoever repeats it waits for that.
  expect(server.converged.at(-1)).toBe(`person:${user.id}`);
  await server.database.db.deleteFrom('work').execute();
  const before = server.converged.length;
  await server.call('PUT', `/Users/${user.id}`, { body: user });
  expect(server.converged.length).toBe(before);
});

test('the request id goes into the answer, the queue and the log', async () => {
  const answer = await server.call('POST', '/Users', {
    body: { schemas: [CORE], userName: 'traced' },
    headers: { 'x-request-id': 'trace-4711' },
  });
  expect(answer.headers['x-request-id']).toBe('trace-4711');
  const work = await server.database.db
    .selectFrom('work')
    .select('cause')
    .where('key', '=', `person:${answer.body.id}`)
    .executeTakeFirstOrThrow();
  expect(JSON.parse(work.cause ?? '')).toEqual({ actor: 'scim', requestId: 'trace-4711', token: 'first' });
  await until('the line of the request', () => server.log.some(line => line['requestId'] === 'trace-4711'));
  expect(server.log).toContainEqual(
    expect.objectContaining({ requestId: 'trace-4711', app: 'main', tokenName: 'first', status: 201, method: 'POST' }),
  );
  const odd = await server.call('GET', '/Users', { headers: { 'x-request-id': 'a b<script>' } });
  expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});
