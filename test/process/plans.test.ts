/** Plans are asked for again and again, beside a Coder that stalls, by people who do not wait for them. */
import { Visitor } from '../page/visitor';
import { type RunningBridge, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

let coder: CoderDouble;
let bridge: RunningBridge;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const stall = () => coder.faults.hold({ method: 'GET', path: '/api/v2/users$' });
const ask = (signal?: AbortSignal) =>
  fetch(`${bridge.url}/admin/v1/plan`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bridge.adminToken}`, 'content-type': 'application/json' },
    body: '{}',
    signal: signal ?? null,
  });
const left = () => bridge.log().split('"status":499').length - 1;

it('a third plan is refused with when to ask again, on the page too, and who waits gets theirs', async () => {
  const visitor = await new Visitor(bridge.url).signIn(bridge.adminToken);
  const page = stall();
  const asked = [ask(), ask(), ask()];
  // Only one that is refused is answered while Coder stalls.
  const refused = await Promise.race(asked);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await refused.json()).toEqual({
    error: { code: 'too_many_plans', message: expect.stringContaining('2 plans are being made') },
  });
  const shown = await visitor.get('/ui/drift?plan=');
  expect([shown.status, shown.headers.get('retry-after')]).toEqual([503, '2']);
  expect(shown.body).toContain('try again in 2 seconds');
  const client = bridge.admin.plan({});
  await until('the client was told to come again', () => bridge.log().split('"status":503').length > 3);
  page.release();
  expect((await Promise.all(asked)).map(({ status }) => status).sort()).toEqual([200, 200, 503]);
  expect((await client).changes).toEqual([]);
});

it('plans of whoever has gone end, and leave their places', async () => {
  const visitor = await new Visitor(bridge.url).signIn(bridge.adminToken);
  const page = stall();
  const gone = new AbortController();
  const look = fetch(`${bridge.url}/ui/drift?plan=`, { headers: { cookie: visitor.cookie }, signal: gone.signal });
  const asked = [ask(gone.signal), look, ask(gone.signal)];
  // Which of them is refused is chance: the other two are being made.
  expect((await Promise.race(asked)).status).toBe(503);
  const before = left();
  gone.abort();
  const settled = await Promise.allSettled(asked);
  expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  await until('the bridge knows that they have gone', () => left() >= before + 2);
  page.release();
  await until('there is a place', async () => (await ask()).status === 200);
  expect(bridge.log()).not.toContain('request failed');
  expect(bridge.log()).not.toContain('page failed');
});
