/** The last requests of each app are kept where an operator can see them; bodies only within a window, and no secret ever. */
import { sql } from 'kysely';
import { type Db } from '../../../bridge/store/database/database';
import {
  type StoredRequest,
  KEPT_REQUESTS,
  closeDebugWindow,
  debugWindowOf,
  listRequests,
  openDebugWindow,
  writeRequests,
} from '../../../bridge/store/requests/requests';
import { keptBody } from '../../../bridge/scim/http/request-journal';
import { mintSecret } from '../../../bridge/scim/access/token';
import { describeEachDatabase } from '../../support/databases';
import { requestRecord } from '../../support/request-record';
import { type ScimServer, startScimServer } from '../../support/scim-server';
import { until } from '../../support/until';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let server: ScimServer;
beforeEach(async () => {
  server = await startScimServer({ state: { identityProvider: 'okta' } });
});
afterEach(() => server.close());

/** What is kept, the oldest first, once there are so many. */
async function kept(count: number): Promise<StoredRequest[]> {
  for (;;) {
    const found = await listRequests(server.database.db, { limit: 100 });
    if (found.length >= count) return found.reverse();
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

test('a request is kept with its answer, its coercions, and what it changed; a refused one with the reason', async () => {
  const body = { schemas: [USER], userName: 'ada@example.com', shoeSize: 42 };
  const { id } = (await server.call('POST', '/Users', { body })).body;
  await server.call('GET', '/Users?filter=userName%20eq%20%22ada@example.com%22');
  await server.call('PATCH', `/Users/${id}`, {
    body: { schemas: [PATCH], Operations: [{ op: 'replace', path: 'active', value: 'maybe' }] },
  });
  expect(await kept(3)).toMatchObject([
    {
      app: 'main',
      token: 'first',
      method: 'POST',
      path: '/scim/v2/Users',
      status: 201,
      coercions: ['unknownAttributes shoeSize'],
      changes: [`User ${id} made`],
      body: undefined,
    },
    { method: 'GET', status: 200, changes: [], path: expect.not.stringContaining('ada') as unknown },
    {
      method: 'PATCH',
      status: 400,
      scimType: 'invalidValue',
      detail: expect.stringContaining('active: got "maybe"') as unknown,
      changes: [],
    },
  ]);
});

test('the path is the whole one, whichever way a request took', async () => {
  await server.call('GET', '/Users');
  await server.call('POST', '/Bulk', {
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [] },
  });
  const paths = (await kept(2)).map(({ path }) => path);
  expect(paths).toEqual(['/scim/v2/Users', '/scim/v2/Bulk']);
});

test('the names of dropped attributes are counted by themselves', async () => {
  for (const userName of ['a', 'b']) {
    await server.call('POST', '/Users', { body: { schemas: [USER], userName, shoeSize: 42, name: { nick: 'x' } } });
  }
  await kept(2);
  const counted = async () => {
    const rows = await server.database.db.selectFrom('coercions').select(['coercion', 'count']).execute();
    return Object.fromEntries(rows.map(({ coercion, count }) => [coercion, Number(count)]));
  };
  while ((await counted())['unknownAttributes'] !== 4) await new Promise(resolve => setTimeout(resolve, 20));
  expect(await counted()).toEqual({ unknownAttributes: 4, 'dropped:shoeSize': 2, 'dropped:name.nick': 2 });
});

test('bodies are kept within a window alone, without passwords, and are forgotten when it is closed', async () => {
  await openDebugWindow(server.database.db, 'main', server.now() + 60_000, server.now());
  const body = { schemas: [USER], userName: 'ada', password: 'hunter2', title: 'Analyst' };
  const { id } = (await server.call('POST', '/Users', { body })).body;
  const set = { op: 'replace', path: 'password', value: 'hunter3' };
  await server.call('PATCH', `/Users/${id}`, { body: { schemas: [PATCH], Operations: [set] } });
  await server.call('PUT', `/Users/${id}`, { raw: '{"password": "hunter4"' });
  const [first, second, third] = await kept(3);
  expect(first?.body).toBe(JSON.stringify({ ...body, password: '(not kept)' }));
  expect(second?.body).toContain('"path":"password","value":"(not kept)"');
  expect(third?.body).toBe('(22 characters that are no JSON)');
  server.advance(120_000);
  await server.call('POST', '/Users', { body: { ...body, userName: 'bea' } });
  expect((await kept(4))[3]?.body).toBeUndefined();
  await closeDebugWindow(server.database.db, 'main');
  expect((await kept(4)).map(request => request.body)).toEqual([undefined, undefined, undefined, undefined]);
});

test('a window that was opened while the clock was ahead is over once that is set back, and the next one is as long as any', async () => {
  const { db } = server.database;
  server.advance(7_200_000);
  await openDebugWindow(db, 'main', server.now() + 60_000, server.now());
  const body = (userName: string) => ({ schemas: [USER], userName });
  await server.call('POST', '/Users', { body: body('ada') });
  expect((await kept(1))[0]?.body).toContain('ada');
  server.advance(-7_200_000);
  await server.call('POST', '/Users', { body: body('bea') });
  expect((await kept(2))[1]?.body).toBeUndefined();
  await openDebugWindow(db, 'main', server.now() + 60_000, server.now());
  server.advance(2_000);
  await server.call('POST', '/Users', { body: body('cleo') });
  expect((await kept(3))[2]?.body).toContain('cleo');
});

test('no body is kept that came before the window was closed, whenever its request ends, and whether or not it is opened anew', async () => {
  let waiting = 0;
  let held = false;
  let goOn = () => {};
  const coder = new Promise<void>(resolve => (goOn = resolve));
  const converge = async () => {
    if (!held) return;
    waiting += 1;
    await coder;
  };
  await server.close();
  server = await startScimServer({ deps: { converge } });
  const { db } = server.database;
  await openDebugWindow(db, 'main', server.now() + 60_000, server.now());
  const { id } = (await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'ada' } })).body;
  expect((await kept(1))[0]?.body).toContain('ada');
  held = true;
  const title = { op: 'replace', path: 'title', value: 'Analyst' };
  const patch = server.call('PATCH', `/Users/${id}`, { body: { schemas: [PATCH], Operations: [title] } });
  await until('the PATCH waits for Coder', () => waiting > 0);
  // Written with the next second.
  await server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], title: 'in memory' } });
  await server.database.transact(closing => closeDebugWindow(closing, 'main'));
  // Within the second in which the window is known to be open.
  await server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], title: 'closed' } });
  await openDebugWindow(db, 'main', server.now() + 60_000, server.now());
  goOn();
  expect((await patch).status).toBe(200);
  expect((await kept(4)).map(({ method, body }) => [method, body])).toEqual([
    ['POST', undefined],
    ['PUT', undefined],
    ['PUT', undefined],
    ['PATCH', undefined],
  ]);
  server.advance(1_000);
  await server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], title: 'open again' } });
  expect((await kept(5))[4]?.body).toContain('open again');
});

describe('a text within a body that is kept', () => {
  const { text: secret } = mintSecret('clientSecret');

  test.each([
    ['JSON', '{"active":false,"password":"hunter2"}'],
    ['JSON in JSON', JSON.stringify({ data: JSON.stringify({ password: 'hunter2' }) })],
    ['a list of operations', '[{"op":"replace","path":"password","value":"hunter2"}]'],
    ['a form', 'userName=ada&password=hunter2'],
    ['a sentence', 'the password is: hunter2, your password: hunter2'],
  ])('is not, when it states something secret, as %s', (_form, text) => {
    const body = {
      Operations: [
        { op: 'replace', value: text },
        { op: 'replace', value: [text] },
      ],
    };
    const hidden = '(not kept)';
    expect(keptBody(body)).toBe(
      JSON.stringify({
        Operations: [
          { op: 'replace', value: hidden },
          { op: 'replace', value: [hidden] },
        ],
      }),
    );
  });

  test('is without what is shaped like a secret of ours', () => {
    expect(keptBody({ nickName: `my ${secret}` })).toBe('{"nickName":"my [redacted]"}');
  });

  test.each(['Secretary', 'tokens of thanks', 'x[type eq "token"].value', '{"active":false}', 'a=b'])(
    'is: %s',
    text => {
      expect(keptBody({ text })).toBe(JSON.stringify({ text }));
    },
  );
});

describeEachDatabase('kept requests', (open, { backend }) => {
  const record = (app: string, at: number) =>
    requestRecord({ app, at, requestId: `r${at}`, token: 't', milliseconds: 1.4 });

  it('are bounded for each app, and read from the newest back or from an id on', async () => {
    const { db } = await open();
    await writeRequests(db, [record('two', 0)]);
    const many = Array.from({ length: KEPT_REQUESTS + 5 }, (_, at) => record('one', at));
    await writeRequests(db, many.slice(0, 600));
    await writeRequests(db, many.slice(600));
    const newest = await listRequests(db, { app: 'one', limit: 2_000 });
    expect([newest.length, newest[0]?.at, newest.at(-1)?.at]).toEqual([KEPT_REQUESTS, KEPT_REQUESTS + 4, 5]);
    expect(await listRequests(db, { app: 'two', limit: 10 })).toHaveLength(1);
    const after = await listRequests(db, { app: 'one', after: newest[2]?.id ?? 0, limit: 10 });
    expect(after.map(({ at }) => at)).toEqual([KEPT_REQUESTS + 3, KEPT_REQUESTS + 4]);
  });

  it('have the bodies of a window that is made longer, and none once it is over', async () => {
    const { db } = await open();
    await openDebugWindow(db, 'one', 1_000, 0);
    const window = (await debugWindowOf(db, 'one'))?.id ?? '';
    await openDebugWindow(db, 'one', 2_000, 0);
    await openDebugWindow(db, 'two', 2_000, 0);
    await writeRequests(
      db,
      [['one', 1_500] as const, ['one', 2_500] as const, ['two', 1_500] as const].map(([app, at]) => ({
        ...record(app, at),
        body: { text: '{}', window },
      })),
    );
    const bodies = (await listRequests(db, { limit: 10 })).map(({ app, at, body }) => [app, at, body]);
    expect(bodies.reverse()).toEqual([
      ['one', 1_500, '{}'],
      ['one', 2_500, undefined],
      ['two', 1_500, undefined],
    ]);
  });

  it('have no body when their window is closed while they are written', async () => {
    const database = await open();
    const { db } = database;
    await openDebugWindow(db, 'one', 1_000, 0);
    const window = (await debugWindowOf(db, 'one'))?.id ?? '';
    let closed = false;
    let closing: Promise<void> | undefined;
    await database.transact(async writing => {
      await writeRequests(writing, [{ ...record('one', 0), body: { text: '{}', window } }]);
      closing = database.transact(other => closeDebugWindow(other, 'one')).then(() => void (closed = true));
      // On SQLite it waits for its turn.
      if (backend === 'postgres')
        await until('the window is closed, or that waits', async () => closed || (await isWaiting(db)));
    });
    await closing;
    expect((await listRequests(db, { limit: 10 })).map(({ body }) => body)).toEqual([undefined]);
  });
});

async function isWaiting(db: Db): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
  return rows.length > 0;
}
