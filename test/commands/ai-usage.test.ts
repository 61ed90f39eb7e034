/** `coder-scim ai-usage` against a Coder whose gateway was used. */
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { coderScim } from './terminal-double';

let coder: CoderDouble;
const { token, tokens } = scimToken();

beforeEach(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
});
afterEach(() => coder.close());

async function withBridge(roles: string[], use: (bridge: RunningBridge) => Promise<void>): Promise<void> {
  coder.addUser('bridge', { roles });
  const bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
  try {
    await use(bridge);
  } finally {
    await bridge.stop();
  }
}
const run = (bridge: RunningBridge, ...argv: string[]) =>
  coderScim(['ai-usage', ...argv], {
    environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken },
  });
const push = async (bridge: RunningBridge, path: string, body: object): Promise<string> => {
  const response = await fetch(`${bridge.url}/scim/v2${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
};

it('says who, by SCIM id, externalId and groups, how much within the window, and what is of no directory', async () => {
  await withBridge(['owner'], async bridge => {
    await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
    const alice = await push(bridge, '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'alice@example.com',
      externalId: 'ext-alice',
      emails: [{ value: 'alice@example.com', primary: true }],
      active: true,
    });
    await push(bridge, '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'data-science',
      members: [{ value: alice }],
    });
    coder.addUser('stranger', { email: 'stranger@example.com', status: 'active' });
    coder.useAi('alice', { count: 5, from: '2026-01-10T10:00:00Z', model: 'claude', session: 's-1' });
    coder.useAi('alice', { count: 2, from: '2026-01-12T10:00:00Z', model: 'gpt' });
    coder.useAi('stranger', { count: 1, from: '2026-01-11T10:00:00Z', model: 'gpt', session: 's-2' });
    const window = ['--since', '2026-01-10T10:02:00Z', '--until', '2026-02-01T00:00:00Z'];

    const { code, out } = await run(bridge, ...window, '--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      {
        problem: null,
        people: [
          {
            subjects: [{ app: 'acme', scimId: alice, externalId: 'ext-alice', groups: ['data-science'] }],
            coderUsername: 'alice',
            // Three of five in the window, tokens of all five.
            calls: 5,
            sessions: 3,
            tokens: { input: 70, output: 140, cacheRead: 0, cacheWrite: 0 },
            models: ['claude', 'gpt'],
            lastAt: '2026-01-12T10:01:00.000Z',
          },
          { subjects: [], coderUsername: 'stranger', calls: 1, sessions: 1 },
        ],
      },
    ]);
    expect((await run(bridge, ...window)).out).toMatch(
      /alice@example\.com +5 +3 +70 +140 +\? +claude, gpt .*data-science/,
    );
    expect((await run(bridge, ...window)).out).toMatch(/what was spent is not known: .*older than .* retention/);
    expect((await run(bridge, ...window)).out).toContain('stranger (of no directory)');
    expect((await run(bridge, '--since', '2020-01-01T00:00:00Z', '--until', '2020-02-01T00:00:00Z')).out).toMatch(
      /^nobody used AI/,
    );
    const wrong = await run(bridge, '--since', '2026-02-01T00:00:00Z', '--until', '2026-01-01T00:00:00Z');
    expect([wrong.code === 0, wrong.err]).toEqual([false, expect.stringContaining('wanted a window of time')]);
  });
});

describe('what was spent', () => {
  const DAY = 86_400_000;
  const since = (days: number) => new Date(Date.now() - days * DAY).toISOString();

  it('is what groups pay for, over months, and nothing where nobody pays', async () => {
    await withBridge(['owner'], async bridge => {
      for (const name of ['ann', 'bob', 'cid']) coder.addUser(name, { status: 'active' });
      const group = coder.addGroup('devs');
      const paid = { group: group.id, costMicrosEach: 1_250_000 };
      coder.useAi('ann', { count: 2, from: since(50), model: 'claude', paid });
      coder.useAi('ann', { count: 3, from: since(2), model: 'claude', paid });
      coder.useAi('ann', { count: 1, from: since(2), model: 'gpt' });
      coder.useAi('bob', { count: 1, from: since(1), model: 'gpt', paid: { ...paid, costMicrosEach: 900 } });
      coder.useAi('cid', { count: 1, from: since(1), model: 'gpt' });
      const spent = async (from: string) => {
        const { people } = JSON.parse((await run(bridge, '--since', from, '--json')).out) as {
          people: { coderUsername: string; spendMicros: number }[];
        };
        return Object.fromEntries(people.map(({ coderUsername, spendMicros }) => [coderUsername, spendMicros]));
      };
      expect(await spent('7d')).toEqual({ ann: 3_750_000, bob: 900, cid: 0 });
      expect(await spent('55d')).toEqual({ ann: 6_250_000, bob: 900, cid: 0 });
      const { out } = await run(bridge, '--since', '7d');
      expect(out).toMatch(/ann .* \$3\.75 .*\n.*bob .* <\$0\.01 .*\n.*cid .* \$0\.00 /);
    });
  });

  it('is not known, and not nothing, where Coder does not say', async () => {
    await withBridge(['auditor'], async bridge => {
      coder.addUser('ann', { status: 'active' });
      coder.faults.fail(403, { path: 'spend/export$' });
      coder.useAi('ann', { count: 1, from: since(1), model: 'claude' });
      const { code, out } = await run(bridge, '--json');
      expect([code, JSON.parse(out)]).toMatchObject([
        0,
        {
          problem: null,
          spendProblem: expect.stringContaining('answered 403') as string,
          people: [{ spendMicros: null }],
        },
      ]);
    });
  });
});

it('is not zero where Coder hides it: says which role is missing, with exit code 1', async () => {
  await withBridge(['user-admin'], async bridge => {
    coder.addUser('ann', { status: 'active' });
    coder.useAi('ann', { count: 1, from: new Date().toISOString(), model: 'claude' });
    const { code, out } = await run(bridge);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /^not known {2}Coder shows AI sessions to owners and auditors alone.*give "bridge" the site role auditor/,
      ),
    ]);
    expect((await run(bridge, '--json')).code).toBe(1);
  });
});

it('says that the gateway is off', async () => {
  await coder.close();
  coder = await startCoderDouble({ rateLimitPerMinute: 0, aiGateway: false });
  await withBridge(['owner'], async bridge => {
    const { code, out } = await run(bridge);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^not known {2}Coder has no AI gateway, or it is switched off/),
    ]);
  });
});
