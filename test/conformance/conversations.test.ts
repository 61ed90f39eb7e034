/**
 * Every conversation of `test/conformance/<identity provider>/` against the SCIM endpoint over HTTP (the format is in
 * `conversation.ts`). Each answer is what the provider needs, the directory at the end is as it meant it, and each deviation
 * from the RFC is one that the dialect lists and that the strict endpoint refuses.
 */
import { IDENTITY_PROVIDERS } from '../../bridge/contract/mapping-state';
import { strict } from '../../bridge/scim-language/dialects/dialect';
import { dialectOf } from '../../bridge/scim-language/dialects/registry';
import { type ScimAnswer, type ScimServer, startScimServer } from '../support/scim-server';
import { until } from '../support/until';
import { Bindings, type Conversation, type Exchange, exercises, readConversations } from './conversation';

const conversations = readConversations();

describe.each(conversations.map(conversation => [conversation.file, conversation] as const))('%s', (_file, spoken) => {
  let server: ScimServer;
  let app: Awaited<ReturnType<ScimServer['addApp']>>;
  let bindings: Bindings;

  beforeEach(async () => {
    server = await startScimServer();
    app = await server.addApp('spoken', { identityProvider: spoken.identityProvider });
    bindings = new Bindings(`${server.url}/apps/spoken/scim/v2`);
  });
  afterEach(() => server.close());

  function send({ request }: Exchange): Promise<ScimAnswer> {
    return server.call(request.method, bindings.path(request.path), {
      token: app.token,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: bindings.fill(request.body) }),
    });
  }

  /** Sends one request, checks its answer. @returns coercions that the log tells of it */
  async function exchange(next: Exchange, index: number): Promise<unknown> {
    const before = requestsLogged().length;
    const answer = await send(next);
    const problems = [
      ...bindings.differences(answer.status, next.response.status, 'status'),
      ...bindings.differences(answer.headers, next.response.headers, 'headers'),
      ...(next.response.body === undefined ? [] : bindings.differences(answer.body, next.response.body)),
    ];
    const refusal = answer.status < 400 ? [] : [answer.body.detail];
    expect({ ...titleOf(next, index), problems, refusal }).toEqual({ ...titleOf(next, index), problems: [], refusal });
    return (await nextLogged(before))['coercions'] ?? [];
  }

  const requestsLogged = () => server.log.filter(line => line['msg'] === 'scim request');

  async function nextLogged(count: number): Promise<Record<string, unknown>> {
    await until(`request ${count} in the log`, () => requestsLogged().length > count);
    return requestsLogged()[count] ?? {};
  }

  test('gets the answers that it needs, with exactly the coercions it states', async () => {
    for (const [index, next] of spoken.exchanges.entries()) {
      const coercions = await exchange(next, index);
      expect({ ...titleOf(next, index), coercions }).toEqual({ ...titleOf(next, index), coercions: next.coercions });
    }
    if (spoken.afterwards !== undefined) expect(await directoryOf(spoken)).toEqual(spoken.afterwards);
  });

  async function directoryOf({ afterwards }: Conversation): Promise<Conversation['afterwards']> {
    const users = await server.call('GET', `/apps/spoken/scim/v2/Users?count=1000`, { token: app.token });
    const groups = await server.call('GET', `/apps/spoken/scim/v2/Groups?count=1000`, { token: app.token });
    const nameOf = new Map(users.body.Resources.map(({ id, userName }) => [id, userName]));
    return {
      users: Object.fromEntries(
        users.body.Resources.map(user => {
          const wanted = Object.keys(afterwards?.users[user.userName] ?? {});
          return [user.userName, Object.fromEntries(wanted.map(key => [key, user[key]]))];
        }),
      ),
      groups: Object.fromEntries(
        groups.body.Resources.map(({ displayName, members }) => [
          displayName,
          members.map(({ value }) => nameOf.get(value) ?? value).sort(),
        ]),
      ),
    };
  }

  if (spoken.exchanges.some(({ coercions }) => coercions.length > 0)) {
    // Else the coercion would not be needed, and would only hide mistakes.
    test('is refused by the strict endpoint exactly where it states a coercion', async () => {
      const first = { digest: app.digest, expiresAt: '2099-01-01T00:00:00Z' };
      const speak = (identityProvider: Conversation['identityProvider']) =>
        server.putApp({ app: 'spoken', identityProvider, tokens: { first } });
      for (const [index, next] of spoken.exchanges.entries()) {
        if (next.coercions.length > 0) {
          await speak('generic');
          const { status, body } = await send(next);
          expect({ ...titleOf(next, index), status, schemas: body.schemas }).toEqual({
            ...titleOf(next, index),
            status: 400,
            schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
          });
          await speak(spoken.identityProvider);
        }
        await exchange(next, index);
      }
    });
  }
});

function titleOf({ step, request }: Exchange, index: number) {
  return { exchange: `${index + 1}. ${request.method} ${request.path}${step === undefined ? '' : ` (${step})`}` };
}

describe('dialects', () => {
  const dialects = IDENTITY_PROVIDERS.filter(name => dialectOf(name) !== strict).map(name => dialectOf(name));

  test.each(dialects.map(({ name }) => name))('%s is proven by a conversation', name => {
    expect(conversations.filter(({ identityProvider }) => identityProvider === name)).not.toHaveLength(0);
  });

  test.each(dialects.flatMap(({ name, coercions }) => coercions.map(entry => [name, entry.coercion, entry] as const)))(
    '%s needs %s, and the fixture that it names shows it',
    (_name, coercion, { fixture }) => {
      const named = conversations.find(({ file }) => file === fixture);
      expect(named?.file).toBe(fixture);
      expect(named !== undefined && exercises(named, coercion)).toBe(true);
    },
  );
});
