/** The client of the admin API: what goes wrong on the way is told in words of our own, and no secret with it. */
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { AdminError } from '../../bridge/admin-client/admin-error';

/** Everything that a failure says, its causes included. */
async function failureOf(asked: Promise<unknown>): Promise<AdminError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AdminError) return error;
  throw new Error('no AdminError');
}

function everyWord(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${String(error.stack)}\n${everyWord(error.cause)}` : '';
}

test.each([
  ['a line break inside', 'first\nSECRET'],
  ['a blank inside', 'first SECRET'],
  ['what is not ASCII', 'SECRET→'],
])('a token with %s is refused here, and not repeated', async (_what, token) => {
  let asked = 0;
  const client = new AdminClient({
    url: 'http://127.0.0.1:9',
    token,
    fetch: (url, init) => {
      asked++;
      return fetch(url, init);
    },
  });
  const error = await failureOf(client.status());
  expect(error).toMatchObject({ code: 'unusable_token', status: 0 });
  expect(error.message).toMatch(
    /^the admin token has \d+ characters \(not shown\), .*: wanted one token and nothing else/,
  );
  expect(everyWord(error)).not.toContain('SECRET');
  expect(asked).toBe(0);
});

test('an empty token is not sent', async () => {
  const error = await failureOf(new AdminClient({ url: 'http://127.0.0.1:9', token: '' }).status());
  expect(error).toMatchObject({ code: 'unusable_token', message: expect.stringMatching(/is empty: wanted/) as string });
});

test.each([200, 422])('an answer with %d that breaks off is none', async status => {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': 1000 });
    response.write('{"apps', () => response.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const error = await failureOf(new AdminClient({ url, token: 'x' }).listApps());
    expect(error).toMatchObject({ code: 'unreachable', status: 0 });
    expect(error.message).toMatch(/^bridge at http:\S+ does not answer: .*(closed|terminated)/);
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
});

test('a plan that is refused since others are made is asked for again when the bridge says, and nothing else is', async () => {
  const refused = () =>
    Response.json(
      { error: { code: 'too_many_plans', message: '2 plans are being made' } },
      { status: 503, headers: { 'retry-after': '0' } },
    );
  const made = {
    changes: [],
    adoption: { matched: [], created: [], held: [], strangers: [] },
    problems: [],
    holds: [],
  };
  const answers = [refused(), refused(), Response.json({ ...made, seats: null })];
  const client = new AdminClient({
    url: 'http://bridge.test',
    token: 'x',
    fetch: () => Promise.resolve(answers.shift() ?? refused()),
  });
  expect((await client.plan({})).changes).toEqual([]);
  expect(answers).toEqual([]);
  expect((await failureOf(client.sweep())).code).toBe('too_many_plans');
  // Whoever does not want to wait is told why there is no plan.
  const impatient = new AbortController();
  const failed = failureOf(client.plan({}, impatient.signal));
  setTimeout(() => impatient.abort(), 50);
  expect((await failed).code).toBe('too_many_plans');
});
