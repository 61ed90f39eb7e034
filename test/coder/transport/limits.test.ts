import { Circuit } from '../../../bridge/coder/transport/circuit';
import { Gate } from '../../../bridge/coder/transport/gate';
import { RateLimits, parseRetryAfter } from '../../../bridge/coder/transport/rate-limit';

describe('the circuit', () => {
  const limits = { failures: 2, firstPauseMs: 1_000, longestPauseMs: 4_000 };

  test('lets one probe through after each pause, and the pause doubles up to its limit', () => {
    const circuit = new Circuit(limits, () => 0.5);
    expect(circuit.fail(0)).toBeUndefined();
    expect(circuit.fail(0)).toBe(1_000);
    expect(circuit.admit(400)).toBe(600);
    expect(circuit.admit(1_000)).toBeUndefined();
    expect(circuit.admit(1_000)).toBe(1_000);
    expect(circuit.fail(1_000)).toBe(2_000);
    expect(circuit.admit(3_000)).toBeUndefined();
    expect(circuit.fail(3_000)).toBe(4_000);
    expect(circuit.admit(7_000)).toBeUndefined();
    expect(circuit.fail(7_000)).toBe(4_000);
    expect(circuit.admit(11_000)).toBeUndefined();
    expect(circuit.succeed()).toBe(true);
    expect(circuit.admit(11_000)).toBeUndefined();
    expect(circuit.closed).toBe(true);
  });

  test('calls that were under way when it opened do not make the pause longer', () => {
    const circuit = new Circuit(limits, () => 0.5);
    circuit.fail(0);
    circuit.fail(0);
    for (let call = 0; call < 10; call += 1) expect(circuit.fail(1)).toBeUndefined();
    expect(circuit.admit(1)).toBe(999);
  });

  test('a success in between counts anew', () => {
    const circuit = new Circuit(limits, () => 0.5);
    circuit.fail(0);
    expect(circuit.succeed()).toBe(false);
    expect(circuit.fail(0)).toBeUndefined();
    expect(circuit.closed).toBe(true);
  });
});

describe('the circuit while people wait to be locked out', () => {
  const limits = { failures: 1, firstPauseMs: 1_000, longestPauseMs: 30_000 };

  test('looks for Coder after the first pause, however long it has been away', () => {
    const circuit = new Circuit(limits, () => 0.5);
    let now = 0;
    for (let times = 0; times < 6; times += 1) {
      circuit.fail(now);
      now += circuit.admit(now) ?? 0;
      circuit.admit(now);
    }
    expect(circuit.fail(now)).toBe(30_000);
    circuit.hurry(true);
    expect(circuit.admit(now)).toBe(1_000);
    expect(circuit.admit(now + 1_000)).toBeUndefined();
    circuit.fail(now + 1_000);
    circuit.hurry(false);
    expect(circuit.admit(now + 2_000)).toBe(29_000);
  });

  test('a clock that jumped ahead and back does not keep it open', () => {
    const circuit = new Circuit(limits, () => 0.5);
    circuit.fail(86_400_000);
    expect(circuit.admit(0)).toBeUndefined();
    expect(circuit.succeed()).toBe(true);
  });
});

describe('the rate limits', () => {
  const answer = (status: number, headers: Record<string, string>) => ({
    status,
    header: (name: string) => headers[name],
  });

  test('are counted from the server’s time, not from this clock', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    const limits = new RateLimits();
    const date = 'Tue, 01 Jan 2030 01:00:00 GMT';
    const reset = String(Date.parse(date) / 1_000 + 30);
    limits.learn(
      '/a',
      answer(200, { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }),
      now,
    );
    expect(limits.reserve('/a', 'request', now)).toBe(30_000);
    expect(limits.reserve('/a', 'request', now + 30_000)).toBe(0);
  });

  test('calls under way are counted before their answers come, and overtaking answers do not add', () => {
    const limits = new RateLimits();
    const headers = (left: number) => ({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': '60',
    });
    limits.learn('/a', answer(200, headers(3)), 0);
    expect([1, 2, 3].map(() => limits.reserve('/a', 'request', 0))).toEqual([0, 0, 0]);
    expect(limits.reserve('/a', 'request', 0)).toBe(60_000);
    limits.learn('/a', answer(200, headers(2)), 0);
    expect(limits.reserve('/a', 'request', 0)).toBe(60_000);
  });

  test.each([
    [undefined, undefined],
    ['60', 60_000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 10_000],
    // Longer than any window of Coder: a proxy's word.
    ['3600', 60_000],
    ['Fri, 02 Jan 1970 00:00:00 GMT', 60_000],
    ['soon', undefined],
  ])('Retry-After %s', (text, expected) => {
    expect(parseRetryAfter(text, 0)).toBe(expected);
  });

  test('do not grow with the number of paths', () => {
    const limits = new RateLimits();
    const spent = { 'x-ratelimit-limit': '4', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
    for (let path = 0; path < 50_000; path += 1) limits.learn(`/users/${path}`, answer(200, spent), 0);
    expect((limits as unknown as { buckets: Map<string, unknown> }).buckets.size).toBeLessThanOrEqual(2_001);
    expect(limits.reserve('/users/49999', 'request', 0)).toBe(60_000);
  });
});

test('the gate frees a place when a call fails', async () => {
  const gate = new Gate(1, 1);
  await expect(gate.run('request', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(gate.run('background', () => Promise.resolve('yes'))).resolves.toBe('yes');
});

test('the gate keeps the order of those who wait', async () => {
  const gate = new Gate(1, 1);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 5_000 }, (_, index) => gate.run('request', async () => void order.push(index))),
  );
  expect(order).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
});

test('a rate limit that was learned by a clock which jumped ahead and back holds nothing up', () => {
  const limits = new RateLimits();
  const headers: Record<string, string> = { 'retry-after': '60' };
  limits.learn('/users', { status: 429, header: name => headers[name] }, 86_400_000);
  expect(limits.reserve('/users', 'request', 86_400_000)).toBe(60_000);
  expect(limits.reserve('/users', 'request', 0)).toBe(0);
});
