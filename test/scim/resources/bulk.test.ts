import { mintToken } from '../../../bridge/scim/access/token';
import { type TokenScope } from '../../../bridge/scim/access/apps';
import { type Database, openDatabase } from '../../../bridge/store/database/database';
import { createDirectory, type Directory, listRefusedLeavings } from '../../../bridge/store/directory';
import { type CallOptions, type ScimServer, startScimServer } from '../../support/scim-server';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer({ deps: { limits: { maxBulkOperations: 20 } } });
});
afterAll(() => server.close());

const bulk = (operations: object[], further: object = {}, options: CallOptions = {}) =>
  server.call('POST', '/Bulk', {
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: operations, ...further },
    ...options,
  });
const postUser = (bulkId: string, userName: string, further: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { schemas: [USER], userName, ...further },
});
const postGroup = (bulkId: string, displayName: string, members: string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { schemas: [GROUP], displayName, members: members.map(value => ({ value })) },
});
const statuses = (body: { Operations: { status: string }[] }) => body.Operations.map(({ status }) => status);
const idOf = (operation: { location: string } | undefined) => operation?.location.split('/').at(-1) ?? '';
const membersOf = async (id: string) =>
  (await server.call('GET', `/Groups/${id}`)).body.members.map(({ value }) => value).sort();

describe('Bulk (RFC 7644 §3.7)', () => {
  test('waits for who is deleted already, and may not be out yet, as a request of its own does', async () => {
    const id = idOf((await bulk([postUser('g', 'gone')])).body.Operations[0]);
    const remove = { method: 'DELETE', path: `/Users/${id}` };
    expect(statuses((await bulk([remove])).body)).toEqual(['204']);
    server.converged.length = 0;
    expect(statuses((await bulk([remove])).body)).toEqual(['404']);
    expect(server.converged).toEqual([`person:${id}`]);
  });

  test('performs every method, and answers location, version and status of each', async () => {
    const made = await bulk([postUser('a', 'Alice'), postUser('b', 'Bob'), postUser('c', 'Carol')]);
    expect(made.status).toBe(200);
    expect(made.body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:BulkResponse']);
    expect(made.body.Operations[0]).toEqual({
      method: 'POST',
      bulkId: 'a',
      location: `${server.url}/scim/v2/Users/${idOf(made.body.Operations[0])}`,
      version: 'W/"1"',
      status: '201',
    });
    const [alice, bob, carol] = made.body.Operations.map(idOf);
    const changed = await bulk([
      {
        method: 'PUT',
        path: `/Users/${alice}`,
        version: 'W/"1"',
        data: { schemas: [USER], userName: 'Alice', title: 'Boss' },
      },
      {
        method: 'PATCH',
        path: `/Users/${bob}`,
        data: { schemas: [PATCH], Operations: [{ op: 'add', path: 'title', value: 'Aide' }] },
      },
      { method: 'DELETE', path: `/Users/${carol}` },
      { method: 'DELETE', path: `/Users/${carol}` },
      {
        method: 'PATCH',
        path: `/Users/${bob}`,
        version: 'W/"1"',
        data: { schemas: [PATCH], Operations: [{ op: 'remove', path: 'title' }] },
      },
    ]);
    expect(statuses(changed.body)).toEqual(['200', '200', '204', '404', '412']);
    expect(changed.body.Operations[3]?.response).toMatchObject({ status: '404' });
    expect(changed.body.Operations.map(idOf)).toEqual([alice, bob, carol, carol, bob]);
    expect((await server.call('GET', `/Users/${alice}`)).body).toMatchObject({ title: 'Boss' });
  });

  test('resolves references backward and forward, in data, paths and filters', async () => {
    const { body } = await bulk([
      postGroup('g', 'Forward', ['bulkId:u1', 'bulkId:u2']),
      postUser('u1', 'forward-1'),
      postUser('u2', 'forward-2', { schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: 'bulkId:u1' } } }),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { schemas: [PATCH], Operations: [{ op: 'remove', path: 'members[value eq "bulkId:u2"]' }] },
      },
    ]);
    expect(statuses(body)).toEqual(['201', '201', '201', '200']);
    const [group, first, second] = body.Operations.map(idOf);
    expect(await membersOf(group ?? '')).toEqual([first]);
    expect((await server.call('GET', `/Users/${second}`)).body[ENTERPRISE]).toMatchObject({
      manager: { value: first },
    });
  });

  test('resolves circular references (RFC 7644 §3.7.1)', async () => {
    const { body } = await bulk([
      postUser('x', 'circle-x', {
        schemas: [USER, ENTERPRISE],
        [ENTERPRISE]: { manager: { value: 'bulkId:y' }, division: 'D' },
      }),
      postUser('y', 'circle-y', { schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: 'bulkId:x' } } }),
    ]);
    expect(statuses(body)).toEqual(['201', '201']);
    const [x, y] = body.Operations.map(idOf);
    const read = async (id: string | undefined) => (await server.call('GET', `/Users/${id}`)).body[ENTERPRISE];
    expect(await read(x)).toMatchObject({ manager: { value: y }, division: 'D' });
    expect(await read(y)).toMatchObject({ manager: { value: x } });
  });

  test('a circle of groups is 409, and none of it is made, nor what refers to it; the rest is', async () => {
    const { body } = await bulk([
      postGroup('around', 'Around the circle', ['bulkId:one']),
      postGroup('one', 'Circle one', ['bulkId:two', 'bulkId:inner']),
      postGroup('two', 'Circle two', ['bulkId:one']),
      postGroup('self', 'Circle of one', ['bulkId:self']),
      postGroup('inner', 'Inside the circle', []),
    ]);
    expect(statuses(body)).toEqual(['409', '409', '409', '409', '201']);
    expect(body.Operations.map(({ location }) => location === undefined)).toEqual([true, true, true, true, false]);
    const left = await server.call('GET', '/Groups?filter=displayName%20co%20%22ircle%22');
    expect(left.body.Resources.map(({ displayName }) => displayName)).toEqual(['Inside the circle']);
  });

  test.each([
    ['an unknown bulkId', [postGroup('q', 'Unknown reference', ['bulkId:nobody'])], ['400']],
    [
      'a failed one',
      [postGroup('q', 'Failed reference', ['bulkId:u']), { ...postUser('u', ''), data: {} }],
      ['400', '400'],
    ],
    ['no bulkId', [{ method: 'POST', path: '/Users', data: { schemas: [USER], userName: 'no-bulk-id' } }], ['400']],
    ['a bulkId twice', [postUser('t', 'twice-1'), postUser('t', 'twice-2')], ['201', '400']],
    ['another method', [{ method: 'GET', path: '/Users/1' }], ['400']],
    ['another endpoint', [{ method: 'POST', path: '/Widgets', bulkId: 'w', data: {} }], ['404']],
    ['a POST to a resource', [{ method: 'POST', path: '/Users/1', bulkId: 'w', data: {} }], ['400']],
    ['a DELETE of an endpoint', [{ method: 'DELETE', path: '/Users' }], ['400']],
    ['no data', [{ method: 'PUT', path: '/Users/1' }], ['400']],
    ['no object', [7], ['400']],
  ])('an operation with %s fails alone', async (_what, operations, expected) => {
    const { status, body } = await bulk([
      ...(operations as object[]),
      postUser('fine', `fine-${expected.join('-')}-${Math.random()}`),
    ]);
    expect([status, statuses(body)]).toEqual([200, [...expected, '201']]);
    for (const { status: failed, response } of body.Operations.filter(({ status: own }) => own >= '400')) {
      expect(response).toMatchObject({ status: failed, schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] });
    }
  });

  test('failOnErrors stops after so many errors', async () => {
    const bad = { method: 'DELETE', path: '/Users/nobody' };
    const { body } = await bulk([bad, postUser('f1', 'stop-1'), bad, postUser('f2', 'stop-2')], { failOnErrors: 2 });
    expect(statuses(body)).toEqual(['404', '201', '404']);
    const all = await bulk([bad, bad, bad, postUser('f3', 'stop-3')]);
    expect(statuses(all.body)).toEqual(['404', '404', '404', '201']);
  });

  test('more operations than announced are 413, and nothing is done', async () => {
    const config = await server.call('GET', '/ServiceProviderConfig', { token: null });
    expect(config.body['bulk']).toMatchObject({ supported: true, maxOperations: 20 });
    const answer = await bulk(Array.from({ length: 21 }, (_, index) => postUser(`m${index}`, `many-${index}`)));
    expect([answer.status, answer.body.status]).toEqual([413, '413']);
    expect(answer.body.detail).toMatch(/20/);
    const found = await server.call('GET', `/Users?filter=${encodeURIComponent('userName sw "many-"')}`);
    expect(found.body.totalResults).toBe(0);
  });

  test('an operation beyond the scopes of the token is 403, the others are done', async () => {
    const token = await server.addApp('users-only');
    await server.putApp({
      app: 'users-only',
      tokens: { first: { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z', scopes: ['users:write'] } },
    });
    const answer = await bulk([postUser('a', 'scoped'), postGroup('g', 'Scoped', [])], {}, { token: token.token });
    expect(statuses(answer.body)).toEqual(['201', '403']);
  });

  test('converges once, with everything that was touched', async () => {
    const before = server.converged.length;
    const { body } = await bulk([postUser('k1', 'keys-1'), postUser('k2', 'keys-2')]);
    expect(server.converged.slice(before)).toEqual(body.Operations.map(operation => `person:${idOf(operation)}`));
  });

  test.each([
    [{ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [] }],
    [{ schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'] }],
    [{ schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [], failOnErrors: -1 }],
  ])('a message that is none is 400: %j', async body => {
    expect((await server.call('POST', '/Bulk', { body })).status).toBe(400);
  });
});

describe('a Bulk of many', () => {
  let large: ScimServer;
  beforeAll(async () => {
    large = await startScimServer();
  });
  afterAll(() => large.close());
  const send = (Operations: object[], further: object = {}) =>
    large.call('POST', '/Bulk', {
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations, ...further },
    });
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => postUser(`${prefix}${index}`, `${prefix}-${index}`));

  test('is answered in the order of the request, with each failure in its place', async () => {
    const operations = many(70, 'order');
    operations[40] = postUser('twice', 'order-3');
    const { body } = await send(operations);
    expect(statuses(body)).toEqual(operations.map((_, index) => (index === 40 ? '409' : '201')));
    const ids = body.Operations.filter((_, index) => index !== 40).map(idOf);
    expect([...ids].sort()).toEqual(ids);
  });

  test('writes people together: a transaction of one commit for many', async () => {
    const commit = large.database.commit.bind(large.database);
    const spy = jest.spyOn(large.database, 'commit');
    let together = 0;
    let open = 0;
    spy.mockImplementation(async work => {
      open += 1;
      together = Math.max(together, open);
      try {
        return await commit(work);
      } finally {
        open -= 1;
      }
    });
    await send(many(64, 'commit'));
    expect(together).toBe(32);
    open = 0;
    together = 0;
    await send(many(10, 'stopping'), { failOnErrors: 1 });
    expect(together).toBe(1);
    spy.mockRestore();
  });

  test('waits for everybody when Coder can take them within the deadline, else for those who leave or change alone', async () => {
    const made = await send([postUser('leaver', 'waited-leaver')]);
    const [leaver = ''] = made.body.Operations.map(idOf);
    const leaves = {
      method: 'PATCH',
      path: `/Users/${leaver}`,
      data: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      },
    };
    const before = large.converged.length;
    // 5 s at 20 ms for each person are 250.
    await send([...many(200, 'few'), leaves]);
    expect(large.converged.slice(before)).toHaveLength(201);
    const middle = large.converged.length;
    const later = await send([...many(300, 'lot'), { ...leaves, method: 'DELETE', data: undefined }]);
    expect(statuses(later.body).filter(status => status === '201')).toHaveLength(300);
    expect(large.converged.slice(middle)).toEqual([`person:${leaver}`]);
    const queued = await large.database.db.selectFrom('work').select('key').execute();
    const newcomers = later.body.Operations.slice(0, 300).map(operation => `person:${idOf(operation)}`);
    expect(queued.map(({ key }) => key)).toEqual(expect.arrayContaining(newcomers));
  });
});

describe('what is declared while a Bulk is at work', () => {
  let database: Database;
  let one: ScimServer;
  /** Happens as soon as a group was made. */
  let then: () => Promise<void>;
  beforeEach(async () => {
    database = await openDatabase(':memory:');
    then = () => Promise.resolve();
    const directory = createDirectory(database);
    const createGroup: Directory['createGroup'] = async (...given) => {
      const written = await directory.createGroup(...given);
      await then();
      return written;
    };
    one = await startScimServer({ database, deps: { directory: { ...directory, createGroup } } });
  });
  afterEach(async () => {
    await one.close();
    await database.close();
  });
  const send = (operations: object[], options: CallOptions = {}) =>
    one.call('POST', '/Bulk', {
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: operations },
      ...options,
    });

  test.each<[string, (server: ScimServer) => Promise<void>]>([
    ['its token is declared no more', server => server.putApp({ app: 'main' })],
    ['its app is deleted', server => server.removeApp('main')],
  ])('ends it where %s: nothing is changed any more, and whoever would have left is told of', async (_, end) => {
    const { id } = (await one.call('POST', '/Users', { body: { schemas: [USER], userName: 'ada' } })).body;
    then = () => end(one);
    const { status, body } = await send([
      postGroup('a', 'Devs', [id]),
      postUser('b', 'bea'),
      { method: 'DELETE', path: `/Users/${id}` },
      postGroup('c', 'Ops', []),
    ]);
    expect(status).toBe(200);
    expect(statuses(body)).toEqual(['201', '401', '401', '401']);
    const { db } = database;
    expect(await db.selectFrom('users').select('user_name').execute()).toEqual([{ user_name: 'ada' }]);
    expect(await db.selectFrom('groups').select('display_name').execute()).toEqual([{ display_name: 'Devs' }]);
    expect((await listRefusedLeavings(db, 10)).map(({ name }) => name)).toEqual(['ada']);
  });

  test('counts for what follows: the scopes of its token', async () => {
    const { digest, token } = mintToken();
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const declare = (scopes: TokenScope[]) =>
      one.putApp({ app: 'two', tokens: { only: { digest, expiresAt, scopes } } });
    await declare(['users:write', 'groups:write']);
    then = () => declare(['groups:write']);
    const { body } = await send([postGroup('a', 'Devs', []), postUser('b', 'bea'), postGroup('c', 'Ops', [])], {
      token,
    });
    expect(statuses(body)).toEqual(['201', '403', '201']);
  });
});

test('a Bulk is dealt with as a whole, however long it takes', async () => {
  const database = await openDatabase(':memory:');
  const slow: ScimServer = await startScimServer({ database, deps: { directory: slowly(database, () => slow) } });
  try {
    const { status, body } = await slow.call('POST', '/Bulk', {
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        // So that they are written one after the other.
        failOnErrors: 1,
        Operations: Array.from({ length: 8 }, (_, index) => postUser(`${index}`, `slow${index}`)),
      },
    });
    expect([status, ...statuses(body)]).toEqual([200, ...Array<string>(8).fill('201')]);
    expect(due).toEqual([0, 8]);
  } finally {
    await slow.close();
    await database.close();
  }
});

/** How many people were due when the last operation was written, and after that. */
let due: number[] = [];

/** A directory that takes eight seconds, by the clock of a server, for each user whom it makes. */
function slowly(database: Database, serverOf: () => ScimServer): Directory {
  const now = () => serverOf().now();
  const directory = createDirectory(database, { clock: now });
  const countDue = async () => {
    const people = database.db.selectFrom('work').select('key').where('key', 'like', 'person:%');
    return (await people.where('due_at', '<=', now()).execute()).length;
  };
  return {
    ...directory,
    createUser: async (context, document) => {
      const written = await directory.createUser(context, document);
      serverOf().advance(8_000);
      return written;
    },
    gathered: async context => {
      due = [await countDue()];
      await directory.gathered(context);
      due.push(await countDue());
    },
  };
}
