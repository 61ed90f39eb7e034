/** The double without a socket: the same answers, nothing awaited but its clock, and one run like the other. */
import { ConnectionLost, createCoderDouble, seededChance, startCoderDouble, type Clock } from '../support/coder-double';
import { talk } from './talk';

const START = Date.parse('2026-09-01T12:00:00Z');

/** A clock on which waiting is a matter of saying so. */
class VirtualClock implements Clock {
  private readonly sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  private millis = START;

  now(): number {
    return this.millis;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(wake => this.sleepers.push({ until: this.millis + milliseconds, wake }));
  }

  get waiting(): number {
    return this.sleepers.length;
  }

  advance(milliseconds: number): void {
    this.millis += milliseconds;
    for (const { until, wake } of this.sleepers.splice(0)) {
      if (until <= this.millis) wake();
      else this.sleepers.push({ until, wake });
    }
  }
}

function ask(double: ReturnType<typeof createCoderDouble>, method: string, path: string, body?: unknown) {
  const headers = { 'Coder-Session-Token': double.token };
  return double.handle({ method, path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

const ANN = { email: 'ann@example.com', username: 'ann', login_type: 'oidc' };

test('it answers what it answers over HTTP', async () => {
  const double = await startCoderDouble();
  try {
    for (const [method, path] of [
      ['GET', '/api/v2/users?q=testuser'],
      ['GET', '/api/v2/nothing'],
      ['GET', '/api/v2/users/nobody'],
      ['POST', '/api/v2/users'],
      ['GET', '/healthz'],
    ] as const) {
      const plain = await ask(double, method, path);
      const { status, headers, body } = await talk(double, method, path);
      expect([status, body]).toEqual([
        plain.status,
        (plain.headers['content-type'] ?? '').includes('json') ? JSON.parse(plain.body) : plain.body,
      ]);
      expect(headers.get('x-coder-build-version')).toBe(plain.headers['x-coder-build-version']);
    }
  } finally {
    await double.close();
  }
});

test('without slowness an answer waits for no timer and no turn of the event loop', async () => {
  const clock = new VirtualClock();
  const double = createCoderDouble({ clock, flightMilliseconds: 0 });
  const organization = double.findOrganization().id;
  let turned = false;
  setImmediate(() => (turned = true));
  await ask(double, 'POST', '/api/v2/users', { ...ANN, organization_ids: [organization] });
  const { id } = double.addGroup('eng');
  const { status } = await ask(double, 'PATCH', `/api/v2/groups/${id}`, { add_users: [double.findUser('ann').id] });
  expect([status, turned, clock.waiting]).toEqual([200, false, 0]);
});

test('slowness passes on its own clock, and times are of that clock', async () => {
  const clock = new VirtualClock();
  const double = createCoderDouble({ clock });
  double.faults.slow(30_000, { path: '/users/me$' });
  const answer = ask(double, 'GET', '/api/v2/users/me');
  expect(clock.waiting).toBe(1);
  clock.advance(30_000);
  expect(JSON.parse((await answer).body)).toMatchObject({ created_at: '2026-09-01T12:00:00.000Z' });
  expect(double.calls.all()).toMatchObject([{ at: START, ms: 30_000 }]);
});

test.each([
  ['before the work', false, 404],
  ['after the work', true, 200],
])('a connection cut %s is an error', async (_, afterDoing, status) => {
  const double = createCoderDouble({ flightMilliseconds: 0 });
  const body = { ...ANN, organization_ids: [double.findOrganization().id] };
  double.faults.dropConnection({ method: 'POST' }, { times: 1, afterDoing });
  await expect(ask(double, 'POST', '/api/v2/users', body)).rejects.toThrow(ConnectionLost);
  expect((await ask(double, 'GET', '/api/v2/users/ann')).status).toBe(status);
});

test('unreachable, then back', async () => {
  const double = createCoderDouble();
  await double.unreachable(true);
  await expect(ask(double, 'GET', '/api/v2/users/me')).rejects.toThrow(ConnectionLost);
  expect(double.calls.count()).toBe(0);
  await double.unreachable(false);
  expect((await ask(double, 'GET', '/api/v2/users/me')).status).toBe(200);
});

test('with one seed and one clock two runs are alike to the letter', async () => {
  const run = async (): Promise<unknown[]> => {
    const double = createCoderDouble({ chance: seededChance(7), clock: new VirtualClock(), flightMilliseconds: 0 });
    const body = { ...ANN, organization_ids: [double.findOrganization().id] };
    const made = await ask(double, 'POST', '/api/v2/users', body);
    const signIn = double.oidcLogin({
      email: 'b@example.com',
      email_verified: true,
      sub: '1',
      preferred_username: '?',
    });
    return [double.token, made, signIn, await ask(double, 'GET', '/api/v2/audit'), double.snapshot()];
  };
  expect(await run()).toEqual(await run());
});
