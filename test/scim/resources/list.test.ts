import { type ScimServer, startScimServer } from '../../support/scim-server';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const NAMES = ['anna', 'Bert', 'carl', 'Dora', 'emil', 'Fred', 'gina'];

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer();
  for (const [index, userName] of NAMES.entries()) {
    await server.call('POST', '/Users', {
      body: {
        schemas: [USER],
        userName,
        externalId: `ext-${index}`,
        emails: [{ value: `${userName}@example.com`, type: 'work' }],
        active: index % 2 === 0,
      },
    });
  }
  await server.call('POST', '/Groups', { body: { schemas: [GROUP], displayName: 'Team A' } });
});
afterAll(() => server.close());

const list = (path: string, query: Record<string, string | number>) =>
  server.call(
    'GET',
    `${path}?${new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])).toString()}`,
  );
const search = (path: string, request: object) =>
  server.call('POST', `${path}/.search`, {
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], ...request },
  });
const names = (resources: readonly { userName?: string; displayName?: string }[]) =>
  resources.map(({ userName, displayName }) => userName ?? displayName);

describe('lists (RFC 7644 §3.4.2)', () => {
  test('all users, as integers, in a stable order', async () => {
    const { status, body } = await list('/Users', {});
    expect(status).toBe(200);
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 7,
      startIndex: 1,
      itemsPerPage: 7,
    });
    expect(names(body.Resources)).toEqual(NAMES);
  });

  test.each([
    [{ startIndex: 3, count: 2 }, ['carl', 'Dora'], 3],
    [{ startIndex: 7, count: 5 }, ['gina'], 7],
    [{ startIndex: 99 }, [], 99],
    [{ startIndex: 0, count: 1 }, ['anna'], 1],
    [{ count: 0 }, [], 1],
    [{ count: -1 }, [], 1],
  ])('page %j', async (query, expected, startIndex) => {
    const { body } = await list('/Users', query);
    expect(names(body.Resources)).toEqual(expected);
    expect(body).toMatchObject({ totalResults: 7, startIndex, itemsPerPage: expected.length });
  });

  test.each([
    ['userName eq "ANNA"', ['anna']],
    ['emails[type eq "work"].value eq "bert@example.com"', ['Bert']],
    ['externalId eq "ext-2"', ['carl']],
    ['externalId eq "EXT-2"', []],
    ['active eq false and userName sw "d"', ['Dora']],
    ['not (active eq true) or userName eq "emil"', ['Bert', 'Dora', 'emil', 'Fred']],
    [`${USER}:userName ew "a"`, ['anna', 'Dora', 'gina']],
  ])('filter %s', async (filter, expected) => {
    const { body } = await list('/Users', { filter });
    expect(names(body.Resources)).toEqual(expected);
    expect(body.totalResults).toBe(expected.length);
  });

  test('totalResults counts what the page filters', async () => {
    const { body } = await list('/Users', { filter: 'active eq true', count: 1, startIndex: 2 });
    expect(body).toMatchObject({ totalResults: 4, itemsPerPage: 1 });
    expect(names(body.Resources)).toEqual(['carl']);
  });

  test.each([
    ['userName foo "a"', 'invalidFilter'],
    ['shoeSize eq 1', 'invalidFilter'],
    ['active gt true', 'invalidFilter'],
    ['userName eq', 'invalidFilter'],
  ])('filter %j is refused with where and what was wanted', async (filter, scimType) => {
    const { status, body } = await list('/Users', { filter });
    expect([status, body.scimType]).toEqual([400, scimType]);
    expect(body.detail).toMatch(/character \d+.*wanted/);
  });

  test.each([
    [{ sortBy: 'userName' }, ['anna', 'Bert', 'carl', 'Dora', 'emil', 'Fred', 'gina']],
    [{ sortBy: 'userName', sortOrder: 'descending', count: 2 }, ['gina', 'Fred']],
    [{ sortBy: 'emails', count: 2 }, ['anna', 'Bert']],
    [{ sortBy: 'meta.created', sortOrder: 'descending', count: 1 }, ['gina']],
  ])('sorted %j (RFC 7644 §3.4.2.3)', async (query, expected) => {
    expect(names((await list('/Users', query)).body.Resources)).toEqual(expected);
  });

  test.each(['shoeSize', 'name', 'password'])('sortBy %s is refused', async sortBy => {
    const { status, body } = await list('/Users', { sortBy });
    expect([status, body.scimType]).toEqual([400, 'invalidValue']);
  });

  test('attributes hold for each resource', async () => {
    const { body } = await list('/Users', { attributes: 'userName', count: 1 });
    expect(Object.keys(body.Resources[0] ?? {}).sort()).toEqual(['id', 'schemas', 'userName']);
  });

  test('the root is a list of users and groups', async () => {
    const { body } = await list('/', { filter: 'id pr' });
    expect(names(body.Resources)).toEqual([...NAMES, 'Team A']);
    const named = await list('', { filter: 'userName eq "anna" or displayName eq "Team A"' });
    expect(names(named.body.Resources)).toEqual(['anna', 'Team A']);
  });
});

describe('.search (RFC 7644 §3.4.3)', () => {
  test.each([
    ['/Users', { filter: 'userName eq "anna"' }, ['anna']],
    ['/Groups', { filter: 'displayName sw "team"' }, ['Team A']],
    ['', { filter: 'userName eq "anna" or displayName eq "Team A"' }, ['anna', 'Team A']],
    ['/Users', { startIndex: 2, count: 2, sortBy: 'userName', sortOrder: 'descending' }, ['Fred', 'emil']],
  ])('%s/.search %j', async (path, request, expected) => {
    const { status, body } = await search(path, request);
    expect(status).toBe(200);
    expect(names(body.Resources)).toEqual(expected);
  });

  test('attributes are taken from the body', async () => {
    const { body } = await search('/Users', { count: 1, attributes: ['userName'] });
    expect(Object.keys(body.Resources[0] ?? {}).sort()).toEqual(['id', 'schemas', 'userName']);
  });
});

describe('cursors (RFC 9865)', () => {
  test('lead through the list and back', async () => {
    const first = (await list('/Users', { cursor: '', count: 3 })).body;
    expect(names(first.Resources)).toEqual(['anna', 'Bert', 'carl']);
    expect(first.previousCursor).toBeUndefined();
    expect(first.startIndex).toBeUndefined();
    expect(first.totalResults).toBe(7);
    expect(first.nextCursor).toMatch(/^[A-Za-z0-9._~-]+$/);
    const second = (await list('/Users', { cursor: first.nextCursor, count: 3 })).body;
    const third = (await list('/Users', { cursor: second.nextCursor })).body;
    expect(names(third.Resources)).toEqual(['gina']);
    expect(third.nextCursor).toBeUndefined();
    const back = (await list('/Users', { cursor: third.previousCursor })).body;
    expect(names(back.Resources)).toEqual(names(second.Resources));
  });

  test('hold their place in a search with a sort', async () => {
    const request = { sortBy: 'userName', sortOrder: 'descending', count: 4 };
    const first = (await search('/Users', { ...request, cursor: '' })).body;
    const second = (await search('/Users', { ...request, cursor: first.nextCursor })).body;
    expect([...names(first.Resources), ...names(second.Resources)]).toEqual([...NAMES].reverse());
  });

  test.each([
    ['made up', { cursor: 'made-up' }, 'invalidCursor'],
    ['with another filter', { cursor: 'NEXT', filter: 'active eq true' }, 'invalidCursor'],
    ['with another count', { cursor: 'NEXT', count: 2 }, 'invalidCount'],
  ])('a cursor %s is refused', async (_what, query, scimType) => {
    const { nextCursor } = (await list('/Users', { cursor: '', count: 3 })).body;
    const { status, body } = await list('/Users', { ...query, cursor: query.cursor.replace('NEXT', nextCursor) });
    expect([status, body.scimType]).toEqual([400, scimType]);
  });

  test('a cursor is of no use to another token', async () => {
    const other = await server.addApp('other');
    const { nextCursor } = (await list('/Users', { cursor: '', count: 3 })).body;
    const { status, body } = await server.call('GET', `/Users?cursor=${nextCursor}`, { token: other.token });
    expect([status, body.scimType]).toEqual([400, 'invalidCursor']);
  });

  test('a cursor runs out', async () => {
    const { nextCursor } = (await list('/Users', { cursor: '', count: 3 })).body;
    server.advance(3_601_000);
    const { status, body } = await list('/Users', { cursor: nextCursor });
    expect([status, body.scimType]).toEqual([400, 'expiredCursor']);
  });
});
