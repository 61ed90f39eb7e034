import { type ServerResponse } from 'node:http';
import * as z from 'zod';
import { type CoderExchange } from '../../../bridge/coder/transport/connection';
import { createCredential } from '../../../bridge/coder/transport/credential';
import { CoderError, outcomeOf } from '../../../bridge/coder/transport/errors';
import { type CoderLimits } from '../../../bridge/coder/transport/limits';
import { type Transport, createTransport, lookAgain } from '../../../bridge/coder/transport/transport';
import { type Script, type ScriptedServer, answerJson, startScriptedServer } from '../scripted-server';
import { until } from '../../support/until';

const TOKEN = 'abcdefghij-SecretSecretSecretSecre';
const Ok = z.object({ ok: z.boolean() });

let server: ScriptedServer | undefined;
let transport: Transport | undefined;
const logged: unknown[] = [];
const exchanges: CoderExchange[] = [];

afterEach(async () => {
  await transport?.close();
  await server?.close();
  server = undefined;
  transport = undefined;
  logged.length = 0;
  exchanges.length = 0;
  jest.restoreAllMocks();
});

async function connect(script: Script, limits: Partial<CoderLimits> = {}, path = ''): Promise<Transport> {
  server = await startScriptedServer(script);
  const note = (fields: unknown, message: string): void => void logged.push({ fields, message });
  transport = createTransport({
    url: `${server.url}${path}`,
    credential: createCredential({ token: TOKEN }),
    limits: { retryPauseMs: 1, ...limits },
    log: { debug: note, warn: note },
    observe: exchange => exchanges.push(exchange),
  });
  return transport;
}

const get = { method: 'GET', path: '/users/{user}', params: { user: 'ann' }, read: Ok } as const;
const post = { method: 'POST', path: '/users', body: { username: 'ann' }, read: Ok } as const;
const ok = (response: ServerResponse): void => answerJson(response, 200, { ok: true });

/** The clock from here on, without waiting for it. */
function later(ms: number): void {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ms);
}

async function failure(call: Promise<unknown>): Promise<CoderError> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoderError)) throw error;
  return error;
}

describe('what is sent', () => {
  test('token, path and body; parts of a path are encoded, a URL with a path keeps it', async () => {
    const way = await connect((_, response) => ok(response), {}, '/coder/');
    await way.send({ ...get, params: { user: 'a/b?c' }, query: { q: 'x y&z', limit: 5, after: undefined } });
    await way.send(post);
    expect(server?.requests).toEqual([
      { method: 'GET', path: '/coder/api/v2/users/a%2Fb%3Fc?q=x+y%26z&limit=5', token: TOKEN, body: '' },
      { method: 'POST', path: '/coder/api/v2/users', token: TOKEN, body: '{"username":"ann"}' },
    ]);
  });

  test('an empty part of a path is refused here, because it would be another route', async () => {
    const way = await connect((_, response) => ok(response));
    await expect(way.send({ ...get, params: { user: '' } })).rejects.toThrow('no value for user');
    expect(server?.requests).toEqual([]);
  });

  test('connections are kept: twenty calls in a row need no more than two', async () => {
    const way = await connect((_, response) => ok(response));
    for (let call = 0; call < 20; call += 1) await way.send(get);
    expect(server?.connections()).toBeLessThanOrEqual(2);
  });

  test('no more calls at once than allowed, and background calls leave room for requests', async () => {
    const held: { readonly path: string; readonly answer: () => void }[] = [];
    const arrived: string[] = [];
    let most = 0;
    const way = await connect(
      (request, response) => {
        const path = /(sweep|req)-\d+/.exec(request.url ?? '')?.[0] ?? '';
        arrived.push(path);
        held.push({ path, answer: () => ok(response) });
        most = Math.max(most, held.length);
      },
      { concurrency: 4, backgroundConcurrency: 2 },
    );
    const arrivals = async (count: number) => {
      await until(`${count} calls at the server`, () => arrived.length >= count);
    };
    const answer = (kind: string) =>
      held.splice(0, held.length, ...held.filter(({ path }) => !path.startsWith(kind))).forEach(call => {
        if (call.path.startsWith(kind)) call.answer();
      });
    const background = Array.from({ length: 10 }, (_, index) =>
      way.background.send({ ...get, params: { user: `sweep-${index}` } }),
    );
    await arrivals(2);
    const requests = Array.from({ length: 6 }, (_, index) => way.send({ ...get, params: { user: `req-${index}` } }));
    await arrivals(4);
    expect(arrived.map(path => path.replace(/\d/, ''))).toEqual(['sweep-', 'sweep-', 'req-', 'req-']);
    // The places of background calls go to requests that wait.
    answer('sweep');
    await arrivals(6);
    expect(arrived.slice(4).every(path => path.startsWith('req'))).toBe(true);
    const all = Promise.all([...requests, ...background]);
    for (let count = 6; count < 16; count = arrived.length) {
      answer('');
      await arrivals(count + 1);
    }
    answer('');
    await all;
    expect(arrived.length).toBe(16);
    expect(most).toBe(4);
  });
});

describe('answers that are no good', () => {
  test.each([
    [401, 'unauthorized', true],
    [403, 'forbidden', false],
    [404, 'not_found_or_forbidden', false],
    [400, 'refused', false],
    [413, 'refused', false],
    [417, 'refused', false],
    [500, 'failed', true],
  ])('status %i is %s', async (status, kind, retryable) => {
    const way = await connect((_, response) => answerJson(response, status, { message: 'no' }));
    const error = await failure(way.send(post));
    expect(error).toMatchObject({ kind, status, retryable, route: 'POST /users', answer: 'no' });
    expect(server?.requests.length).toBe(1);
  });

  test('403 for a missing licence is told apart', async () => {
    const message = 'Template RBAC is a Premium feature. Contact sales!';
    const way = await connect((_, response) => answerJson(response, 403, { message }));
    expect(await failure(way.send(get))).toMatchObject({ kind: 'licence', retryable: false });
  });

  test('404 for a route is told apart from 404 for a thing', async () => {
    const way = await connect((_, response) => answerJson(response, 404, { message: 'Route not found.' }));
    expect(await failure(way.send(get))).toMatchObject({ kind: 'unsupported', retryable: false });
  });

  test.each([
    ['a proxy page with 502', 502, '<html><style>p{}</style><p>Bad&nbsp;gateway</p></html>', 'unreachable', /Bad/],
    [
      'a page of a network that has not reached Coder, with 521',
      521,
      '<h1>Web server is down</h1>',
      'unreachable',
      /down/,
    ],
    ['the same with 530', 530, '<h1>Error 1016</h1>', 'unreachable', /1016/],
    ['plain text with 428', 428, '"X-Coder-Bypass-Ratelimit" provided but user is not owner\n', 'refused', /owner/],
    [
      "a firewall's page with 403",
      403,
      '<h1>Request blocked</h1>',
      'unexpected',
      /Request blocked; this is not an answer/,
    ],
    ['one that speaks of a licence', 403, '<p>Enterprise Firewall</p>', 'unexpected', /check the Coder URL/],
    ['JSON without a message', 403, '{"error":"blocked"}', 'unexpected', /blocked/],
    ['nothing with 403', 403, '', 'unexpected', /without a text/],
    ['a page with 400', 400, '<h1>Bad request</h1>', 'unexpected', /Bad request/],
    ['a page with 405', 405, '<h1>Not allowed</h1>', 'unexpected', /Not allowed/],
    ["Coder's own 405", 405, '', 'unsupported', /upgrade Coder/],
    ['a page with 409', 409, '<h1>Conflict</h1>', 'unexpected', /Conflict/],
    ['a page with 413', 413, '<h1>Too large</h1>', 'unexpected', /Too large/],
    ['a page with 417', 417, '<h1>No</h1>', 'unexpected', /check the Coder URL/],
    ['a page with 451', 451, '<h1>No</h1>', 'unexpected', /check the Coder URL/],
    ['plain text with 401', 401, 'no token', 'unauthorized', /no token/],
    ['a page with 404', 404, '<h1>Not here</h1>', 'unexpected', /check the Coder URL/],
    ['a page with 200', 200, '<html>Welcome</html>', 'unexpected', /check the Coder URL/],
    ['another shape with 200', 200, '{"ok":"yes"}', 'unexpected', /ok: /],
    ['nothing with 500', 500, '', 'failed', /without a text/],
  ])('%s is understood', async (_name, status, text, kind, says) => {
    const way = await connect(
      (_, response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end(text);
      },
      { retries: 0 },
    );
    const error = await failure(way.send(get));
    expect(error).toMatchObject({ kind, status });
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/<|p\{\}/);
  });

  test.each([
    ['DELETE', '/users/{user}'],
    ['POST', '/organizations/coder/members/{user}'],
  ] as const)('a page with 200 is no success of %s, of which nothing is read', async (method, path) => {
    const page = '<html><h1>Request blocked</h1></html>';
    const way = await connect((_, response, number) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(number === 1 ? page : '');
    });
    const call = { method, path, params: { user: 'ann' }, read: z.unknown(), idempotent: true };
    const error = await failure(way.send(call));
    expect(error).toMatchObject({ kind: 'unexpected', status: 200, retryable: true, maybeDone: true });
    expect(error.message).toMatch(/check the Coder URL/);
    // As Coder itself answers many of them.
    expect(await way.send(call)).toBeUndefined();
  });

  const VERSION = { 'x-coder-build-version': 'v2.36.0' };
  const REFUSED = [
    [403, 'Forbidden', 'forbidden'],
    [404, 'no Route matched with those values', 'not_found_or_forbidden'],
    [405, 'Method Not Allowed', 'unsupported'],
  ] as const;

  test.each(REFUSED)(
    "JSON with a message, without Coder's header, is no %i of Coder",
    async (status, message, kind) => {
      const way = await connect((_, response, number) => {
        if (number === 1) answerJson(response, 200, { ok: true }, VERSION);
        else answerJson(response, status, { message }, number === 2 ? {} : VERSION);
      });
      await way.send(get);
      const error = await failure(way.send(post));
      expect(error).toMatchObject({ kind: 'unexpected', status, retryable: true, maybeDone: true });
      expect(error.message).toContain(
        `${message}; it has no header x-coder-build-version, which answers of this Coder had before: this is not an answer`,
      );
      // Coder's own has it.
      expect(await failure(way.send(post))).toMatchObject({ kind, status, answer: message });
    },
  );

  test.each(REFUSED)(
    'a proxy that takes the header out of every answer keeps no %i from being heard',
    async (...refused) => {
      const [status, message, kind] = refused;
      const way = await connect((_, response, number) => {
        if (number === 1) ok(response);
        else answerJson(response, status, { message });
      });
      await way.send(get);
      expect(await failure(way.send(post))).toMatchObject({ kind, status });
    },
  );

  test('JSON with 200, without the header, is no success of a call of whose answer nothing is read', async () => {
    const way = await connect((_, response, number) =>
      answerJson(response, 200, { ok: true }, number === 2 ? {} : VERSION),
    );
    await way.send(get);
    const call = { ...get, method: 'DELETE', read: z.unknown() } as const;
    const error = await failure(way.send(call));
    expect(error).toMatchObject({ kind: 'unexpected', status: 200, retryable: true, maybeDone: true });
    expect(error.message).toMatch(/it has no header x-coder-build-version/);
    await way.send(call);
  });

  test('a redirect to a sign-in page says that something stands in front of Coder, without its query', async () => {
    const way = await connect((_, response) => {
      response.writeHead(302, { location: 'https://login.example.com/start?state=geheim' });
      response.end();
    });
    const error = await failure(way.send(get));
    expect(error.kind).toBe('unexpected');
    expect(error.message).toContain('https://login.example.com/start');
    expect(error.message).not.toContain('geheim');
  });

  test('validations are carried and read aloud', async () => {
    const validations = [{ field: 'email', detail: 'Validation failed for tag "email" with value: "nope"' }];
    const way = await connect((_, response) =>
      answerJson(response, 400, { message: 'Validation failed.', validations }),
    );
    const error = await failure(way.send(post));
    expect(error).toMatchObject({ reason: 'email-invalid', validations });
    expect(error.message).toContain('with value: "nope"');
  });
});

describe('secrets', () => {
  test('a token that an answer repeats is in no error, no log line and no cause', async () => {
    const other = 'QWERTYUIOP-abcdefabcdefabcdefabcd';
    const way = await connect((_, response) =>
      answerJson(response, 400, {
        message: `bad token ${TOKEN} or ${other}`,
        validations: [{ field: 'key', detail: TOKEN }],
      }),
    );
    const error = await failure(way.send(get));
    const everything = JSON.stringify([error, error.message, error.stack, error.cause, logged, exchanges]);
    expect(everything).toContain('[redacted]');
    expect(everything).not.toContain('SecretSecret');
    expect(everything).not.toContain('abcdefabcdef');
  });
});

describe('the way to Coder is broken', () => {
  test('no server: unreachable, certainly not done, and every method is tried again', async () => {
    const way = await connect((_, response) => ok(response), { retries: 2 });
    await server?.close();
    const error = await failure(way.send(post));
    expect(error).toMatchObject({ kind: 'unreachable', maybeDone: false, retryable: true });
    expect(error.message).toMatch(/POST \/users: no connection to http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    expect(exchanges.map(exchange => exchange.status)).toEqual(['unreachable', 'unreachable', 'unreachable']);
  });

  test.each([
    ['a read is repeated', get, 3],
    ['an idempotent write is repeated', { ...post, method: 'PUT', idempotent: true } as const, 3],
    ['any other write is not', post, 1],
  ])('when the connection is cut, %s', async (_name, request, tries) => {
    const way = await connect((incoming, response, number) => {
      if (number < 3) incoming.socket.destroy();
      else ok(response);
    });
    if (tries === 3) expect(await way.send(request)).toEqual({ ok: true });
    else expect(await failure(way.send(request))).toMatchObject({ kind: 'unreachable', maybeDone: true });
    expect(server?.requests.length).toBe(tries);
  });

  test.each([
    [502, get, 2],
    [503, { ...post, method: 'PUT', idempotent: true } as const, 2],
    [502, post, 1],
    [500, get, 1],
  ])('after %i a call is repeated only where that is safe and useful', async (status, request, tries) => {
    const way = await connect((_, response, number) => {
      if (number === 1) answerJson(response, status, { message: 'oh' });
      else ok(response);
    });
    const result = await way.send(request).catch((error: unknown) => error);
    expect(server?.requests.length).toBe(tries);
    expect(result).toMatchObject(
      tries === 2
        ? { ok: true }
        : { kind: status === 500 ? 'failed' : 'unreachable', maybeDone: request.method !== 'GET' },
    );
  });

  test.each([429, 503])('a repetition that came to nothing, with %i, says nothing of the first', async status => {
    const put = { ...post, method: 'PUT', idempotent: true } as const;
    let repeated = 0;
    const way = await connect(
      (incoming, response, number) => {
        if (number === 1) incoming.socket.destroy();
        else answerJson(response, status, { message: 'no' }, { 'retry-after': '50' });
      },
      { retries: 1 },
    );
    const error = await failure(way.send({ ...put, watch: { repeated: () => void (repeated += 1) } }));
    expect(error).toMatchObject({ status, maybeDone: true });
    expect(repeated).toBe(1);
  });

  test('no answer in time is a timeout; a write may have been done', async () => {
    const way = await connect(() => undefined, { answerTimeoutMs: 100, retries: 0 });
    expect(await failure(way.send(post))).toMatchObject({ kind: 'timeout', maybeDone: true, retryable: true });
  });

  test('a write whose answer was waited for in vain is not repeated: the world may have moved on', async () => {
    const put = { ...post, method: 'PUT', idempotent: true } as const;
    const way = await connect(() => undefined, { answerTimeoutMs: 20, repeatWithinMs: 10, retries: 2 });
    expect(await failure(way.send(put))).toMatchObject({ kind: 'timeout', maybeDone: true, retryable: true });
    expect(server?.requests.length).toBe(1);
    await failure(way.send(get));
    expect(server?.requests.length).toBe(4);
  });

  test('after failures in a row nothing is tried any more, until one probe gets through', async () => {
    let sick = true;
    const way = await connect(
      (_, response) => {
        if (sick) answerJson(response, 503, { message: 'starting' });
        else ok(response);
      },
      { retries: 0, circuitFailures: 3, circuitPauseMs: 60_000, circuitLongestPauseMs: 60_000 },
    );
    for (let call = 0; call < 3; call += 1) expect((await failure(way.send(get))).kind).toBe('unreachable');
    expect(way.health.reachable).toBe(false);
    expect(way.health.problem).toContain('starting');
    const refused = await failure(way.send(get));
    expect(refused).toMatchObject({ kind: 'circuit_open', retryable: true, maybeDone: false });
    expect(refused.retryAfterMs).toBeLessThanOrEqual(75_000);
    expect(server?.requests.length).toBe(3);
    sick = false;
    later(75_000);
    expect(await way.send(get)).toEqual({ ok: true });
    expect(way.health).toEqual({ reachable: true, problem: undefined });
    expect(logged).toContainEqual(expect.objectContaining({ message: 'coder answers again' }));
  });

  test('refusals and errors of single calls do not open the circuit', async () => {
    const way = await connect(
      (_, response, number) => answerJson(response, [400, 404, 500][number % 3] ?? 500, { message: 'no' }),
      {
        retries: 0,
        circuitFailures: 3,
      },
    );
    for (let call = 0; call < 9; call += 1) await failure(way.send(get));
    expect(server?.requests.length).toBe(9);
    expect(way.health.reachable).toBe(true);
  });
});

describe('500', () => {
  const others = ['/users/{user}/roles', '/groups', '/organizations'].map(path => ({ ...get, path }) as const);

  test('on whatever is asked is a Coder that is away, until something goes well', async () => {
    let sick = true;
    const way = await connect((_, response) => (sick ? answerJson(response, 500, { message: 'no' }) : ok(response)), {
      retries: 0,
      circuitFailures: 3,
      circuitPauseMs: 60_000,
      circuitLongestPauseMs: 60_000,
    });
    const kinds: string[] = [];
    for (const call of [get, ...others, ...others]) kinds.push((await failure(way.send(call))).kind);
    // The calls may be at fault at first.
    expect(kinds.slice(0, 2)).toEqual(['failed', 'failed']);
    expect(kinds.slice(2)).toEqual(['unreachable', 'unreachable', 'unreachable', 'circuit_open', 'circuit_open']);
    expect(way.health).toMatchObject({ reachable: false, problem: expect.stringContaining('answered 500') });
    sick = false;
    later(75_000);
    expect(await way.send(get)).toEqual({ ok: true });
    expect(way.health).toEqual({ reachable: true, problem: undefined });
  });

  test.each([
    ['of one kind of call', 1_000, [get, get, get, get, get, get, get, get]],
    ['of several, between which something goes well', 3, [get, ...others, get, ...others]],
  ])('%s is the fault of the calls', async (_, goodEach, calls) => {
    const way = await connect(
      (__, response, number) => (number % goodEach === 0 ? ok(response) : answerJson(response, 500, { message: 'no' })),
      { retries: 0, circuitFailures: 2 },
    );
    for (const call of calls) {
      const error = await way.send(call).catch((reason: unknown) => reason);
      if (error instanceof CoderError) expect(error.kind).toBe('failed');
    }
    expect(server?.requests.length).toBe(8);
    expect(way.health.reachable).toBe(true);
  });
});

describe('the rate limit', () => {
  const headers = (remaining: number, seconds: number): Record<string, string> => ({
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + seconds),
  });

  test('a used-up path is not called again, other paths are', async () => {
    const way = await connect((request, response, number) =>
      answerJson(response, 200, { ok: true }, request.url?.endsWith('ann') ? headers(5 - number, 100) : {}),
    );
    for (let call = 0; call < 5; call += 1) await way.send(get);
    const error = await failure(way.send(get));
    expect(error).toMatchObject({ kind: 'rate_limited', retryable: true });
    expect(error.retryAfterMs).toBeGreaterThan(30_000);
    expect(await way.send({ ...get, params: { user: 'bob' } })).toEqual({ ok: true });
    expect(server?.requests.length).toBe(6);
  });

  test('background calls leave a share of the path to requests', async () => {
    const way = await connect(
      (_, response, number) => answerJson(response, 200, { ok: true }, headers(5 - number, 100)),
      {
        rateLimitWaitMs: { request: 0, background: 0 },
      },
    );
    for (let call = 0; call < 4; call += 1) await way.background.send(get);
    expect((await failure(way.background.send(get))).kind).toBe('rate_limited');
    expect(await way.send(get)).toEqual({ ok: true });
  });

  test('429 with a short Retry-After is waited for, also by writes, which were not done', async () => {
    const way = await connect((_, response, number) => {
      if (number === 1) answerJson(response, 429, { message: 'slow down' }, { 'retry-after': '1' });
      else ok(response);
    });
    const started = performance.now();
    expect(await way.send(post)).toEqual({ ok: true });
    // Timers may be a millisecond early, never more; a busy machine makes it only longer.
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    expect(server?.requests.length).toBe(2);
  });

  describe('a write that it has kept for long', () => {
    const keeping = () =>
      connect(
        (_, response, number) => {
          if (number === 1) answerJson(response, 429, { message: 'slow down' }, { 'retry-after': '1' });
          else ok(response);
        },
        { repeatWithinMs: 900 },
      );

    test('is sent where whoever asked for it wants it still', async () => {
      const way = await keeping();
      let asked = 0;
      expect(await way.send({ ...post, watch: { delayed: async () => void (asked += 1) } })).toEqual({ ok: true });
      expect(asked).toBe(1);
      expect(await way.send({ ...post, watch: { delayed: async () => void (asked += 1) } })).toEqual({ ok: true });
      expect(asked).toBe(1);
    });

    test('is not sent where they do not', async () => {
      const way = await keeping();
      const changed = new Error('changed meanwhile');
      await expect(way.send({ ...post, watch: { delayed: () => Promise.reject(changed) } })).rejects.toBe(changed);
      expect(server?.requests.length).toBe(1);
    });

    test('is tried again soon where they want to look again first', async () => {
      const way = await keeping();
      const delayed = () => Promise.reject(lookAgain('POST /users', 'somebody has left'));
      const error = await failure(way.send({ ...post, watch: { delayed } }));
      expect(outcomeOf(error)).toMatchObject({ kind: 'retry', afterMs: 0 });
      expect(error.message).toContain('somebody has left');
      expect(server?.requests.length).toBe(1);
    });
  });

  test('429 with a long Retry-After is handed to the caller, and nobody asks before that', async () => {
    const way = await connect((_, response) => answerJson(response, 429, { message: 'slow' }, { 'retry-after': '50' }));
    expect(await failure(way.send(post))).toMatchObject({ kind: 'rate_limited', status: 429, retryAfterMs: 50_000 });
    const second = await failure(way.send(post));
    expect(second.retryAfterMs).toBeGreaterThan(15_000);
    expect(server?.requests.length).toBe(1);
  });

  test.each([503, 502])(
    '%d with a Retry-After is a Coder that is away, whatever a proxy says for how long',
    async status => {
      const way = await connect((_, response) =>
        answerJson(response, status, { message: 'maintenance' }, { 'retry-after': '3600' }),
      );
      const error = await failure(way.send(post));
      expect(error).toMatchObject({ kind: 'unreachable', status });
      expect(outcomeOf(error)).toMatchObject({ kind: 'retry', afterMs: 2_000 });
    },
  );
});

describe('a write that calls before it have kept for long', () => {
  /** One call at a time, of which the first is answered after a while. */
  const busy = async (limits: Partial<CoderLimits> = {}) => {
    const way = await connect(
      (_, response, number) => void (number === 1 ? setTimeout(() => ok(response), 200) : ok(response)),
      { concurrency: 1, backgroundConcurrency: 1, repeatWithinMs: 50, ...limits },
    );
    const first = way.send(get);
    return { way, first };
  };
  const asked = (): string[] => server?.requests.map(({ method, path }) => `${method} ${path}`) ?? [];

  test('is looked at once more before it is sent', async () => {
    const { way, first } = await busy();
    let looks = 0;
    const delayed = async (): Promise<void> => {
      looks += 1;
      // Whoever looks asks Coder: of the one place that there is, too.
      await way.send({ ...get, params: { user: 'look' } });
    };
    const write = way.send({ ...post, watch: { delayed } });
    const later = [1, 2].map(() => way.send({ ...get, params: { user: 'later' } }));
    expect(await write).toEqual({ ok: true });
    await Promise.all([first, ...later]);
    expect(looks).toBe(1);
    expect(asked().indexOf('POST /api/v2/users')).toBeGreaterThan(asked().indexOf('GET /api/v2/users/look'));
  });

  test('goes before others that wait once it has been looked at', async () => {
    const { way, first } = await busy();
    const write = way.send({ ...post, watch: { delayed: () => Promise.resolve() } });
    const later = Array.from({ length: 20 }, () => way.send({ ...get, params: { user: 'later' } }));
    await Promise.all([first, write, ...later]);
    // At most one of them has taken the place meanwhile.
    expect(asked().indexOf('POST /api/v2/users')).toBeLessThanOrEqual(2);
  });

  test('is not sent where whoever asked for it does not want it any more, and is not tried again here', async () => {
    const { way, first } = await busy();
    let looks = 0;
    const delayed = (): Promise<void> => {
      looks += 1;
      return Promise.reject(lookAgain('POST /users', 'somebody has left'));
    };
    const error = await failure(way.send({ ...post, watch: { delayed } }));
    expect(outcomeOf(error)).toMatchObject({ kind: 'retry', afterMs: 0 });
    expect(looks).toBe(1);
    await first;
    // The place is free again.
    expect(await way.send(get)).toEqual({ ok: true });
    expect(asked().filter(call => call.startsWith('POST'))).toEqual([]);
  });

  test('for whoever is to be locked out goes before all that wait', async () => {
    const { way, first } = await busy();
    const later = Array.from({ length: 20 }, () => way.send({ ...get, params: { user: 'later' } }));
    const write = way.first.send(post);
    await Promise.all([first, write, ...later]);
    expect(asked().indexOf('POST /api/v2/users')).toBe(1);
  });

  test('is sent in the end, however slow Coder is', async () => {
    const { way, first } = await busy({ repeatWithinMs: -1 });
    let looks = 0;
    expect(await way.send({ ...post, watch: { delayed: async () => void (looks += 1) } })).toEqual({ ok: true });
    await first;
    expect(looks).toBeGreaterThan(1);
    expect(asked().filter(call => call.startsWith('POST'))).toHaveLength(1);
  });
});

it.each([
  [0, 0],
  [90, 90],
  [-3_600, -3_600],
])("knows that Coder's clock is %d s ahead", async (ahead, seconds) => {
  const coder = await connect((_, response) =>
    answerJson(response, 200, { ok: true }, { date: new Date(Date.now() + ahead * 1_000).toUTCString() }),
  );
  expect(coder.clockAheadMs).toBeUndefined();
  await coder.send(get);
  // Whole seconds, and the way.
  const known = (coder.clockAheadMs ?? NaN) / 1_000;
  expect(known).toBeGreaterThan(seconds - 60);
  expect(known).toBeLessThanOrEqual(seconds);
});
