import pino from 'pino';
import { type MappingStateInput } from '../../../bridge/contract/mapping-state';
import { PREFIXES, type SecretKind } from '../../../bridge/contract/secret-shapes';
import { createLog } from '../../../bridge/process/log';
import { mintSecret, mintToken } from '../../../bridge/scim/access/token';
import { addAccessToken, findClient } from '../../../bridge/store/apps/access-tokens';
import { openDatabase } from '../../../bridge/store/database/database';
import { describeEachDatabase } from '../../support/databases';
import { type ScimAnswer, type ScimServer, startScimServer } from '../../support/scim-server';
import { until } from '../../support/until';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const HOUR = 3_600_000;
const FAR = '2099-01-01T00:00:00Z';
const ALL = 'users:read users:write groups:read groups:write';

/** An app with one OAuth client, `ping`. */
async function addClient(server: ScimServer, app: string) {
  const secret = mintSecret('clientSecret');
  const declare = (oauthClients: MappingStateInput['oauthClients']) => server.putApp({ app, oauthClients });
  await declare({ ping: { digest: secret.digest, expiresAt: FAR } });
  return { ...secret, declare };
}

type Client = Awaited<ReturnType<typeof addClient>>;

interface Asked {
  readonly secret: string;
  readonly id?: string;
  readonly form?: Record<string, string>;
  readonly basic?: boolean;
}

function ask(server: ScimServer, app: string, { secret, id = 'ping', form = {}, basic = false }: Asked) {
  const fields = {
    grant_type: 'client_credentials',
    ...(basic ? {} : { client_id: id, client_secret: secret }),
    ...form,
  };
  return server.call('POST', `/apps/${app}/oauth2/token`, {
    token: null,
    raw: new URLSearchParams(fields).toString(),
    headers: {
      ...FORM,
      ...(basic ? { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` } : {}),
    },
  });
}

interface Given {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
}

const given = (answer: ScimAnswer) => answer.body as unknown as Given;

describe('client credentials (RFC 6749 §4.4)', () => {
  let server: ScimServer;
  beforeAll(async () => {
    server = await startScimServer({ deps: { throttle: { failures: 1_000 } } });
  });
  afterAll(() => server.close());

  test.each([
    ['in the form', false],
    ['in the header', true],
  ])('a client with its secret %s gets an access token of an hour, which speaks for its app', async (_where, basic) => {
    const app = basic ? 'with-header' : 'with-form';
    const { text } = await addClient(server, app);
    const answer = await ask(server, app, { secret: text, basic });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^cscima_/) as string,
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: ALL,
    });
    const token = given(answer).access_token;
    expect((await server.call('GET', '/Users', { token })).status).toBe(200);
    expect((await server.call('GET', `/apps/${app}/scim/v2/Users`, { token })).status).toBe(200);
    expect((await server.call('GET', '/apps/main/scim/v2/Users', { token })).status).toBe(401);
  });

  test('an access token ends after its hour, and a new one goes on', async () => {
    const { text } = await addClient(server, 'hourly');
    const first = given(await ask(server, 'hourly', { secret: text })).access_token;
    server.advance(HOUR - 60_000);
    expect((await server.call('GET', '/Users', { token: first })).status).toBe(200);
    server.advance(60_000);
    const ended = await server.call('GET', '/Users', { token: first });
    expect(ended.status).toBe(401);
    expect(ended.headers['www-authenticate']).toContain('error="invalid_token"');
    const second = given(await ask(server, 'hourly', { secret: text })).access_token;
    expect((await server.call('GET', '/Users', { token: second })).status).toBe(200);
  });

  test.each([
    ['taken out of the declaration', async ({ declare }: Client) => declare({})],
    [
      'given another secret',
      async ({ declare }: Client) => declare({ ping: { digest: mintSecret('clientSecret').digest, expiresAt: FAR } }),
    ],
    [
      'declared to be over',
      async ({ declare, digest }: Client) => declare({ ping: { digest, expiresAt: '2020-01-01T00:00:00Z' } }),
    ],
  ])('a client that is %s is refused at once, and so are its access tokens', async (what, change) => {
    const app = what.replaceAll(' ', '-');
    const client = await addClient(server, app);
    const token = given(await ask(server, app, { secret: client.text })).access_token;
    expect((await server.call('GET', '/Users', { token })).status).toBe(200);
    await change(client);
    expect((await server.call('GET', '/Users', { token })).status).toBe(401);
    expect((await ask(server, app, { secret: client.text })).status).toBe(401);
  });

  test('an access token of a client that was taken out stays refused when the client is declared again', async () => {
    const client = await addClient(server, 'again');
    const token = given(await ask(server, 'again', { secret: client.text })).access_token;
    await client.declare({});
    await client.declare({ ping: { digest: client.digest, expiresAt: FAR } });
    expect((await server.call('GET', '/Users', { token })).status).toBe(401);
  });

  test('an app that is removed takes its clients and access tokens with it', async () => {
    const { text } = await addClient(server, 'leaving-app');
    const token = given(await ask(server, 'leaving-app', { secret: text })).access_token;
    await server.removeApp('leaving-app');
    expect((await server.call('GET', '/Users', { token })).status).toBe(401);
    expect((await ask(server, 'leaving-app', { secret: text })).status).toBe(401);
  });

  test('an access token never outlives its client', async () => {
    const secret = mintSecret('clientSecret');
    const soon = new Date(server.now() + 600_500).toISOString();
    await server.putApp({ app: 'ending', oauthClients: { ping: { digest: secret.digest, expiresAt: soon } } });
    const answer = await ask(server, 'ending', { secret: secret.text });
    expect(given(answer).expires_in).toBe(600);
    server.advance(600_501);
    expect((await server.call('GET', '/Users', { token: given(answer).access_token })).status).toBe(401);
  });

  test('a token may do what the client asked for, and never more than the client may by now', async () => {
    const client = await addClient(server, 'scoped');
    const answer = await ask(server, 'scoped', { secret: client.text, form: { scope: 'groups:read users:read' } });
    expect(given(answer).scope).toBe('users:read groups:read');
    const token = given(answer).access_token;
    const post = { token, body: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'x' } };
    const refused = await server.call('POST', '/Users', post);
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toContain('client "ping" may do users:read, groups:read');
    await client.declare({ ping: { digest: client.digest, expiresAt: FAR, scopes: ['groups:read'] } });
    expect((await server.call('GET', '/Users', { token })).status).toBe(403);
    expect((await server.call('GET', '/Groups', { token })).status).toBe(200);
    const beyond = await ask(server, 'scoped', { secret: client.text, form: { scope: 'users:read' } });
    expect([beyond.status, beyond.body['error']]).toEqual([400, 'invalid_scope']);
  });

  test('an unknown app, an unknown client, a wrong secret and an expired client get the same answer', async () => {
    const client = await addClient(server, 'same-answer');
    const expired = mintSecret('clientSecret');
    await server.putApp({
      app: 'same-answer',
      oauthClients: {
        ping: { digest: client.digest, expiresAt: FAR },
        old: { digest: expired.digest, expiresAt: '2020-01-01T00:00:00Z' },
      },
    });
    const other = await addClient(server, 'another-one');
    const answers = await Promise.all([
      ask(server, 'no-such-app', { secret: client.text }),
      ask(server, 'same-answer', { secret: client.text, id: 'okta' }),
      ask(server, 'same-answer', { secret: mintSecret('clientSecret').text }),
      ask(server, 'same-answer', { secret: other.text }),
      ask(server, 'same-answer', { secret: 'hunter2' }),
      ask(server, 'same-answer', { secret: expired.text, id: 'old' }),
    ]);
    const seen = answers.map(({ status, body, headers }) =>
      JSON.stringify([status, body, headers['www-authenticate']]),
    );
    expect(new Set(seen).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(answers[0]?.headers['www-authenticate']).toMatch(/^Basic /);
    expect(answers[0]?.headers['cache-control']).toBe('no-store');
  });

  test('what anybody states as app or client is written out in a log for people: no terminal obeys it', async () => {
    let text = '';
    const log = createLog({
      level: 'info',
      format: 'text',
      secrets: [],
      destination: { write: line => void (text += line) },
    });
    const open = await startScimServer({ deps: { log } });
    const code = '\u001b]0;owned\u0007\u009b2J';
    await ask(open, encodeURIComponent(code), { secret: 'x', id: code });
    await until('the refusal is in the log', () => text.includes('token request refused'));
    await open.close();
    expect(text).toContain('app="\\u001b]0;owned\\u0007\\u009b2J"');
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test.each([
    ['another grant type', { form: { grant_type: 'password' } }, 'unsupported_grant_type'],
    ['a scope that there is not', { form: { scope: 'scim' } }, 'invalid_scope'],
    ['no grant type', { form: { grant_type: '' } }, 'invalid_request'],
  ])('%s is 400', async (what, asked, code) => {
    const app = what.replaceAll(' ', '-');
    const { text } = await addClient(server, app);
    const answer = await ask(server, app, { secret: text, ...asked });
    expect([answer.status, answer.body['error']]).toEqual([400, code]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s is 405', async method => {
    const answer = await server.call(method, '/apps/main/oauth2/token', { token: null });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    expect(answer.body['error']).toBe('invalid_request');
  });

  test('a form that is too long or compressed is refused', async () => {
    const post = (raw: Buffer, headers: Record<string, string> = {}) =>
      server.call('POST', '/apps/main/oauth2/token', { token: null, raw, headers: { ...FORM, ...headers } });
    const long = await post(Buffer.alloc(20_000, 'a'));
    expect([long.status, long.body['error']]).toEqual([413, 'invalid_request']);
    const zipped = await post(Buffer.from('x'), { 'content-encoding': 'gzip' });
    expect([zipped.status, zipped.body['error']]).toEqual([400, 'invalid_request']);
  });

  test('a client secret is no bearer token, and neither kind passes for the other', async () => {
    const client = await addClient(server, 'kinds');
    const shown = await server.call('GET', '/Users', { token: client.text });
    expect(shown.status).toBe(401);
    expect(shown.body.detail).toContain('the secret of an OAuth client, wanted an access token');
    const token = mintToken();
    await client.declare({ ping: { digest: token.digest, expiresAt: FAR } });
    expect((await ask(server, 'kinds', { secret: token.token })).status).toBe(401);
  });

  test('ServiceProviderConfig announces it for an app that has clients, before and after signing in, and for no other', async () => {
    const client = await addClient(server, 'announced');
    const schemesOf = async (path: string, token: string | null = null) =>
      (
        (await server.call('GET', `${path}/ServiceProviderConfig`, { token })).body['authenticationSchemes'] as {
          type: string;
          description: string;
          primary: boolean;
        }[]
      ).map(({ type, primary }) => [type, primary]);
    const both = [
      ['oauthbearertoken', true],
      ['oauth2', false],
    ];
    const token = given(await ask(server, 'announced', { secret: client.text })).access_token;
    expect(await schemesOf('/apps/announced/scim/v2')).toEqual(both);
    expect(await schemesOf('/scim/v2', token)).toEqual(both);
    expect(await schemesOf('/scim/v2')).toEqual([['oauthbearertoken', true]]);
    expect(await schemesOf('/apps/main/scim/v2', server.token)).toEqual([['oauthbearertoken', true]]);
    const { text } = await server.call('GET', '/apps/announced/scim/v2/ServiceProviderConfig', { token: null });
    expect(text).toContain(`${server.url}/apps/announced/oauth2/token`);
  });

  test('a client that nears its end is announced as a token is, not each access token', async () => {
    const client = await addClient(server, 'nearing');
    const token = given(await ask(server, 'nearing', { secret: client.text })).access_token;
    expect((await server.call('GET', '/Users', { token })).headers['x-coder-scim-token-expires']).toBeUndefined();
    const end = new Date(server.now() + 10 * 86_400_000).toISOString();
    await client.declare({ ping: { digest: client.digest, expiresAt: end } });
    expect((await server.call('GET', '/Users', { token })).headers['x-coder-scim-token-expires']).toBe(end);
    expect(server.log.filter(line => String(line['msg']).startsWith('oauth client expires soon'))).toEqual([
      expect.objectContaining({ app: 'nearing', tokenName: 'ping' }),
    ]);
  });

  test('neither secret nor access token is in the log, and what was given is, by its id', async () => {
    const client = await addClient(server, 'logged');
    const token = given(await ask(server, 'logged', { secret: client.text })).access_token;
    await ask(server, 'logged', { secret: mintSecret('clientSecret').text });
    await server.call('GET', '/Users', { token });
    const line = () => server.log.find(({ msg, app }) => msg === 'access token given' && app === 'logged');
    await until('the line in the log', () => line() !== undefined);
    expect(line()).toMatchObject({ client: 'ping', tokenId: token.split('_')[1] });
    const log = JSON.stringify(server.log);
    expect(log).not.toContain(client.text.split('_')[2]);
    expect(log).not.toContain(token.split('_')[2]);
    const { rows } = await dump(server);
    expect(rows).not.toContain(client.text.split('_')[2]);
    expect(rows).not.toContain(token.split('_')[2]);
  });
});

test.each(Object.keys(PREFIXES) as SecretKind[])(
  'who swaps id and secret states a secret of the kind %s as the id, and is named by the id within it',
  async kind => {
    const refused: Record<string, unknown>[] = [];
    const log = pino(
      { level: 'warn' },
      { write: line => void refused.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const server = await startScimServer({ deps: { log } });
    await addClient(server, 'swapped');
    const { id, text } = mintSecret(kind);
    for (const basic of [false, true])
      expect((await ask(server, 'swapped', { id: text, secret: 'ping', basic })).status).toBe(401);
    expect(refused).toEqual(
      [1, 2].map(() => expect.objectContaining({ client: 'swapped/[redacted]', tokenId: id }) as unknown),
    );
    await server.close();
  },
);

async function dump({ database: { db } }: ScimServer): Promise<{ rows: string }> {
  const tables = await Promise.all([
    db.selectFrom('oauth_clients').selectAll().execute(),
    db.selectFrom('access_tokens').selectAll().execute(),
    db.selectFrom('apps').selectAll().execute(),
  ]);
  return { rows: JSON.stringify(tables) };
}

describe('failed attempts', () => {
  test('count with those of bearer tokens, and are 429 after a few, while a right client gets its token', async () => {
    const server = await startScimServer({ deps: { throttle: { failures: 4, windowMs: 60_000 } } });
    const { text } = await addClient(server, 'guessed');
    const wrong = mintSecret('clientSecret').text;
    const statuses: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      statuses.push((await server.call('GET', '/Users', { token: mintToken().token })).status);
      statuses.push((await ask(server, 'guessed', { secret: wrong })).status);
      expect((await ask(server, 'guessed', { secret: text })).status).toBe(200);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    const last = await ask(server, 'guessed', { secret: wrong });
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(last.body['error']).toBe('invalid_client');
    await server.close();
  });

  test('requests with an access token that has ended are no guesses: each is told 401', async () => {
    const server = await startScimServer({ deps: { throttle: { failures: 2, windowMs: 10 * HOUR } } });
    const { text } = await addClient(server, 'busy');
    const token = given(await ask(server, 'busy', { secret: text })).access_token;
    server.advance(HOUR);
    const statuses: number[] = [];
    for (let round = 0; round < 5; round += 1) statuses.push((await server.call('GET', '/Users', { token })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    await server.close();
  });
});

describeEachDatabase('access tokens', (_open, { freshUrl }) => {
  test('are good at every bridge of the database, and refused at each when the client is taken out', async () => {
    const url = await freshUrl();
    const [left, right] = [await openDatabase(url), await openDatabase(url)];
    const [one, two] = [await startScimServer({ database: left }), await startScimServer({ database: right })];
    const client = await addClient(one, 'shared');
    const token = given(await ask(one, 'shared', { secret: client.text })).access_token;
    expect((await two.call('GET', '/Users', { token })).status).toBe(200);
    await client.declare({});
    expect((await two.call('GET', '/Users', { token })).status).toBe(401);
    expect((await one.call('GET', '/Users', { token })).status).toBe(401);
    for (const server of [one, two]) await server.close();
    for (const database of [left, right]) await database.close();
  });

  test('of one client are bounded: those that ended long ago go, and the oldest of more than a thousand', async () => {
    const database = await openDatabase(await freshUrl());
    const server = await startScimServer({ database });
    const { digest } = await addClient(server, 'many');
    const client = await findClient(database.db, 'many', 'ping');
    if (client === undefined) throw new Error('the client is not there');
    expect(client.digest).toBe(digest);
    const add = (number: number, at: number) =>
      addAccessToken(
        database.db,
        {
          digest: `sha256:${String(number).padStart(64, '0')}`,
          app: 'many',
          client,
          scopes: ['users:read'],
          expiresAt: at + HOUR,
        },
        at,
      );
    const kept = async () =>
      (await database.db.selectFrom('access_tokens').select('digest').orderBy('digest').execute()).map(row =>
        Number(row.digest),
      );
    await add(1, 0);
    await add(2, 26 * HOUR);
    expect(await kept()).toEqual([2]);
    for (let number = 3; number <= 1_004; number += 1) await add(number, 26 * HOUR + number);
    expect(await kept()).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 5));
    await server.close();
    await database.close();
  });

  test('of a clock that was ahead are over once it is set back, and push out no new one', async () => {
    const database = await openDatabase(await freshUrl());
    const server = await startScimServer({ database });
    const { text } = await addClient(server, 'ahead');
    const client = await findClient(database.db, 'ahead', 'ping');
    if (client === undefined) throw new Error('the client is not there');
    server.advance(2 * HOUR);
    const at = server.now();
    for (let number = 1; number <= 1_000; number += 1)
      await addAccessToken(
        database.db,
        {
          digest: `sha256:${String(number).padStart(64, '0')}`,
          app: 'ahead',
          client,
          scopes: ['users:read'],
          expiresAt: at + HOUR,
        },
        at - 1_000 + number,
      );
    const ahead = given(await ask(server, 'ahead', { secret: text })).access_token;
    expect((await server.call('GET', '/Users', { token: ahead })).status).toBe(200);
    server.advance(-2 * HOUR);
    const token = given(await ask(server, 'ahead', { secret: text })).access_token;
    expect((await server.call('GET', '/Users', { token })).status).toBe(200);
    expect((await server.call('GET', '/Users', { token: ahead })).status).toBe(401);
    await server.close();
    await database.close();
  });
});
