/**
 * Every conversation of an identity provider through the whole bridge to Coder: at the end Coder has as active accounts exactly the
 * active people of the directory, by their e-mail, and each pushed group with exactly these people in it.
 */
import { emailOf } from '../../bridge/contract/directory';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { Bindings, type Conversation, readConversations } from '../conformance/conversation';
import { type Call, type ScimBody, createCall } from '../support/scim-server';
import { until } from '../support/until';

const APP = 'spoken';

let coder: CoderDouble;
let bridge: RunningBridge;
let call: Call;

beforeEach(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
});
afterEach(async () => {
  await bridge.stop();
  await coder.close();
});

const conversations = readConversations();

test.each(conversations.map(conversation => [conversation.file, conversation] as const))(
  '%s',
  async (_file, spoken) => {
    await speak(spoken, { pushedGroups: {} });
    await signInAfterChangeOfEmail();
    await converged();
    expect(inCoder()).toEqual(await inDirectory());
  },
);

test('the test person of JumpCloud never becomes an account where only mapped people have one', async () => {
  const activation = conversations.find(({ file }) => file === 'jumpcloud/activation.json');
  if (activation === undefined) throw new Error('the conversation is gone');
  const before = Object.keys(coder.snapshot().users);
  await speak(activation, {
    policies: { accounts: 'mapped' },
    groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
  });
  await converged();
  expect(Object.keys(coder.snapshot().users)).toEqual(before);
});

async function speak({ identityProvider, exchanges }: Conversation, state: Partial<MappingStateInput>): Promise<void> {
  const { token, tokens } = scimToken();
  await bridge.admin.putApp({ version: 1, app: APP, identityProvider, tokens, ...state }, 'absent');
  call = createCall(bridge.url, token);
  const bindings = new Bindings(`${bridge.url}/apps/${APP}/scim/v2`);
  for (const { request, response } of exchanges) {
    const answer = await call(request.method, bindings.path(request.path), {
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: bindings.fill(request.body) }),
    });
    expect([request, answer.status]).toEqual([request, response.status]);
    expect(response.body === undefined ? [] : bindings.differences(answer.body, response.body)).toEqual([]);
  }
}

/** Coder takes over a changed e-mail when its owner signs in, and the bridge waits for that. */
async function signInAfterChangeOfEmail(): Promise<void> {
  const { pending } = await bridge.admin.status();
  if (!pending.some(({ reason }) => reason?.startsWith('email-pending'))) return;
  const { users } = coder.snapshot();
  const { identities } = await bridge.admin.identities(APP);
  for (const { scimId, email, coderUsername } of identities) {
    const before = users[coderUsername ?? '']?.email;
    if (before === undefined || before === email) continue;
    for (const address of [before, email]) {
      const { signedIn } = coder.oidcLogin({ sub: scimId, email: address, email_verified: true });
      expect(signedIn).toBe(true);
    }
  }
  await bridge.admin.sweep();
}

async function converged(): Promise<void> {
  await until('Coder to agree', async () => {
    const status = await bridge.admin.status();
    if (status.holds.length > 0) throw new Error(`the guard stopped it: ${JSON.stringify(status.holds)}`);
    return status.apps.every(app => app.converged);
  });
}

interface Access {
  /** E-mails of active people, sorted. */
  readonly people: string[];
  /** E-mails of active members by name of the group. */
  readonly groups: Record<string, string[]>;
}

async function inDirectory(): Promise<Access> {
  const users = await all('/Users');
  const groups = await all('/Groups');
  const emails = new Map(
    users.flatMap(user => {
      const email = emailOf(user);
      return user.active === false || email === undefined ? [] : [[user.id, email.toLowerCase()] as const];
    }),
  );
  return {
    people: [...emails.values()].sort(),
    groups: Object.fromEntries(
      groups.map(({ displayName, members }) => [
        displayName,
        members.flatMap(({ value }) => emails.get(value) ?? []).sort(),
      ]),
    ),
  };
}

async function all(endpoint: string): Promise<ScimBody[]> {
  return (await call('GET', `/apps/${APP}/scim/v2${endpoint}?count=1000`)).body.Resources;
}

function inCoder(): Access {
  const { users, organizations } = coder.snapshot();
  const active = Object.entries(users).filter(
    ([username, { status }]) => status !== 'suspended' && username !== 'testuser' && username !== 'bridge',
  );
  const emails = new Map(active.map(([username, { email }]) => [username, email.toLowerCase()]));
  const groups = Object.values(organizations).flatMap(organization => Object.entries(organization.groups));
  return {
    people: [...emails.values()].sort(),
    groups: Object.fromEntries(
      groups.map(([name, members]) => [name, members.flatMap(username => emails.get(username) ?? []).sort()]),
    ),
  };
}
