import { ManualClock, startCoderDouble, type CoderDouble } from '../support/coder-double';
import { talk } from './talk';

const ME = '/api/v2/users/me';
let double: CoderDouble;

beforeEach(async () => {
  double = await startCoderDouble();
});

afterEach(() => double.close());

const statuses = async (times: number, path = ME) => {
  const seen: number[] = [];
  for (let time = 0; time < times; time += 1) seen.push((await talk(double, 'GET', path)).status);
  return seen;
};

test('it fails as often as it was told, for what was named only', async () => {
  double.faults.fail(503, { method: 'GET', path: '/users/me$' }, { times: 2 });
  expect(await statuses(1, '/api/v2/users')).toEqual([200]);
  expect(await statuses(3)).toEqual([503, 503, 200]);
});

test('a page of something in front of it is no JSON, and it has not heard of the call', async () => {
  double.addUser('ann');
  double.faults.page(200, { method: 'DELETE' });
  const reply = await fetch(`${double.url}/api/v2/users/ann`, { method: 'DELETE' });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html']);
  expect(await reply.text()).toMatch(/^<html>/);
  expect(double.describe('ann').status).toBe('dormant');
});

test('it fails with a probability, the same way in every run', async () => {
  double.faults.fail(500, {}, { probability: 0.5 });
  const failed = (await statuses(40)).filter(status => status === 500).length;
  expect(failed).toBeGreaterThan(8);
  expect(failed).toBeLessThan(32);
});

test('it is slow when told so', async () => {
  double.faults.slow(80, { path: '/users/me$' }, { times: 1 });
  const before = performance.now();
  await statuses(1);
  expect(performance.now() - before).toBeGreaterThan(75);
});

test('a refusal after the work leaves the work done', async () => {
  double.faults.failAfterDoing({ method: 'POST' }, { times: 1 });
  const path = `/api/v2/organizations/${double.findOrganization().id}/groups`;
  expect((await talk(double, 'POST', path, { name: 'eng' })).status).toBe(500);
  expect((await talk(double, 'POST', path, { name: 'eng' })).status).toBe(409);
});

test.each([
  [false, 201],
  [true, 409],
])('a connection cut with afterDoing=%s: the next try gets %i', async (afterDoing, status) => {
  double.faults.dropConnection({ method: 'POST' }, { times: 1, afterDoing });
  const path = `/api/v2/organizations/${double.findOrganization().id}/groups`;
  await expect(talk(double, 'POST', path, { name: 'eng' })).rejects.toThrow('fetch failed');
  expect((await talk(double, 'POST', path, { name: 'eng' })).status).toBe(status);
  expect(double.calls.all().map(call => call.status)).toEqual([0, status]);
});

test('it answers 429 with retry-after', async () => {
  double.faults.answer429({ path: '/users/me$' }, 1, 7);
  const reply = await talk(double, 'GET', ME);
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7']);
  expect(await statuses(1)).toEqual([200]);
});

test('unreachable, then back on the same port with all it held', async () => {
  const { url } = double;
  double.addUser('ann');
  await double.unreachable(true);
  await expect(talk(double, 'GET', ME)).rejects.toThrow('fetch failed');
  await double.unreachable(false);
  expect(double.url).toBe(url);
  expect((await talk(double, 'GET', '/api/v2/users/ann')).status).toBe(200);
});

test('calls are logged and counted, control calls are not', async () => {
  await talk(double, 'GET', ME);
  await talk(double, 'PUT', '/api/v2/users/me/roles', { roles: [] });
  await fetch(`${double.url}/__double/state`);
  expect(double.calls.all().map(({ method, path, user, status }) => [method, path, user, status])).toEqual([
    ['GET', ME, 'testuser', 200],
    ['PUT', '/api/v2/users/me/roles', 'testuser', 400],
  ]);
  expect(double.calls.countWrites()).toBe(1);
  double.calls.reset();
  expect(double.calls.count()).toBe(0);
});

test('the rate limit slides over the minute', async () => {
  const clock = new ManualClock(Date.parse('2026-09-01T12:00:00Z'));
  await double.close();
  double = await startCoderDouble({ rateLimitPerMinute: 4, clock });
  expect(await statuses(5)).toEqual([200, 200, 200, 200, 429]);
  clock.advance(75_000);
  expect(await statuses(2)).toEqual([200, 429]);
  clock.advance(60_000);
  expect(await statuses(4)).toEqual([200, 200, 200, 429]);
});
