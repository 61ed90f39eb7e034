import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Status } from '../../bridge/contract/admin-api';
import { createScimCalls, type ScimCalls } from '../../bridge/commands/verify/scim-calls';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';
import { coderScim, type Ran } from './terminal-double';

let coder: CoderDouble;
let bridge: RunningBridge;
let coderToken: string;
let scim: ScimCalls;
const { token, tokens } = scimToken();
const folder = mkdtempSync(join(tmpdir(), 'coder-scim-operation-'));
const document = (change: object = {}) => ({
  version: 1,
  app: 'acme',
  identityProvider: 'okta',
  tokens,
  roleMappings: { platform: { idpGroup: 'coder-platform', role: 'template-admin' } },
  groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
  ...change,
});
const file = (name: string, content: object): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
const run = (argv: string[], more: Parameters<typeof coderScim>[1] = {}): Promise<Ran> =>
  coderScim(argv, {
    ...more,
    environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken, ...more.environment },
  });
const statusJson = async (...more: string[]) => JSON.parse((await run(['status', '--json', ...more])).out) as Status;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  coderToken = coder.issueToken('bridge');
  bridge = await startBridge({ coderUrl: coder.url, coderToken, env: { CODER_SCIM_LOG_LEVEL: 'trace' } });
  scim = createScimCalls(`${bridge.url}/apps/acme/scim/v2`, token);
});

afterAll(async () => {
  await bridge.stop();
  await coder.close();
  rmSync(folder, { recursive: true });
});

// One installation, in the order in which an operator meets the commands.
describe('commands on a running bridge', () => {
  it('status begins with nothing and says what to do', async () => {
    const { code, out } = await run(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(/Coder +http:\/\/127\.0\.0\.1:\d+, v2\.36\.0\n/);
    expect(out).toMatch(/account +bridge\n/);
    expect(out).toContain('No app is declared yet');
  });

  it('apply creates an app and shows what goes into the identity provider', async () => {
    const { code, out } = await run(['apply', file('one.json', document()), '--wait', '20s']);
    expect(code).toBe(0);
    expect(out).toMatch(/^acme {2}created, generation 1\n/);
    expect(out).toMatch(/\+ {2}roleMappings\["platform"\] +coder-platform → template-admin/);
    expect(out).not.toContain('policies');
    expect(out).toContain(`SCIM base URL  ${bridge.url}/apps/acme/scim/v2`);
    expect(out).toContain('Coder agrees');
  });

  it('apply of the same changes nothing', async () => {
    const { code, out } = await run(['apply', '-'], { input: JSON.stringify(document()) });
    expect([code, out]).toEqual([0, expect.stringMatching(/^acme {2}unchanged, generation 1\n\n/)]);
  });

  it('apply refuses to overwrite what somebody else has changed', async () => {
    const { code, err } = await run(['apply', file('two.json', document({ mode: 'claims' })), '--generation', '9']);
    expect([code, err]).toEqual([4, expect.stringMatching(/at generation 1, the change was made for generation 9/)]);
    expect((await run(['apply', file('three.json', document()), '--generation', '0'])).code).toBe(4);
  });

  it('plan and apply warn of a mode that does not go with the other apps of the Coder', async () => {
    const claims = document({ app: 'other', mode: 'claims', tokens: {}, roleMappings: {}, groupMappings: {} });
    const planned = await run(['plan', file('claims.json', claims)]);
    expect(planned.out).toContain('holds what app "acme" of the same Coder would push');
    const applied = await run(['apply', file('claims.json', claims)]);
    expect(applied.err).toContain(
      'warning: mode claims turns on Coder\'s sync at sign-in, which holds what app "acme"',
    );
    const push = { ...claims, mode: 'push' };
    expect((await run(['apply', file('push.json', push)])).err).toBe('');
    expect((await run(['delete', 'other', '--yes'])).code).toBe(0);
  });

  it('a wrong admin token is exit code 4', async () => {
    const { code, err } = await run(['status'], { environment: { CODER_SCIM_ADMIN_TOKEN: 'wrong-wrong-wrong-wrong' } });
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/bearer token is not the right one.*CODER_SCIM_ADMIN_TOKEN/),
    ]);
  });

  it('verify proves that provisioning works, takes no seat and leaves nothing behind', async () => {
    const before = coder.snapshot();
    const { code, out } = await run(['verify', '--app', 'acme', '--token', token], {
      environment: { CODER_URL: coder.url, CODER_SESSION_TOKEN: coder.token },
    });
    expect(out).toContain('provisioning works');
    expect(code).toBe(0);
    for (const step of [
      'sign in',
      'create person',
      'create group',
      'arrives in Coder',
      'deactivate',
      'access is gone',
      'clean up',
    ]) {
      expect(out).toMatch(new RegExp(`✓ ${step} +\\d+ ms|✓ ${step} +[\\d.]+ s`));
    }
    expect(out).toMatch(/dormant, no mapped privilege/);
    expect(Object.keys(coder.snapshot().users)).toEqual(Object.keys(before.users));
    expect(JSON.parse((await run(['identities', '--json'])).out)).toEqual({ identities: [] });
    expect((await statusJson()).apps[0]).toMatchObject({ users: 0, groups: 0, waiting: 0 });
  });

  it('verify with a group shows what its mappings give, and takes it back', async () => {
    const alice = await scim.createUser({
      userName: 'alice@example.com',
      email: 'alice@example.com',
      displayName: 'Alice',
      externalId: 'a1',
    });
    await scim.createGroup('coder-platform', alice);
    await scim.createGroup('coder-developers', alice);
    const { code, out } = await run(['verify', '--app', 'acme', '--token', token, '--group', 'coder-platform']);
    expect(out).toMatch(/✓ join group +.* coder-platform\n/);
    expect(out).toMatch(/✓ arrives in Coder .*: site role template-admin/);
    expect(code).toBe(0);
    expect(coder.describe('alice').siteRoles).toEqual(['template-admin']);
  });

  it('verify says which step failed, and cleans up', async () => {
    coder.faults.fail(500, { method: 'POST', path: '/api/v2/users$' });
    const { code, out } = await run(['verify', '--app', 'acme', '--token', token, '--timeout', '2s', '--json']);
    coder.faults.clear();
    expect(code).toBe(1);
    const { steps, succeeded } = JSON.parse(out) as { succeeded: boolean; steps: { name: string; state: string }[] };
    expect(succeeded).toBe(false);
    expect(steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'sign in ok',
      'create person ok',
      'create group ok',
      'arrives in Coder failed',
      'clean up ok',
    ]);
  });

  it('verify with a token of nobody stops at the first step', async () => {
    const { code, out } = await run(['verify', '--app', 'acme', '--token', scimToken().token]);
    expect([code, out]).toEqual([1, expect.stringMatching(/✗ sign in .*401: bearer token not accepted/)]);
    expect(out).toMatch(/✓ clean up .*nothing was made/);
  });

  it('explain shows each role and group with its reason', async () => {
    await run(['status', '--wait', '20s']);
    const { code, out } = await run(['explain', 'alice@example.com']);
    expect(code).toBe(0);
    expect(out).toMatch(/Coder +alice, dormant/);
    expect(out).toMatch(/✓ +site role +template-admin +coder-platform \(roleMappings\/platform\)/);
    expect(out).toMatch(/✓ +group +\S+ +developers +coder-developers \(groupMappings\/developers\)/);
    const nobody = await run(['explain', 'nobody']);
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringMatching(/nobody in the directory is "nobody"/)]);
  });

  it('identities joins the directory with Coder, also as CSV', async () => {
    const { out } = await run(['identities', '--app', 'acme']);
    expect(out).toMatch(/acme +alice@example\.com +alice +created/);
    const csv = (await run(['identities', '--csv'])).out.split('\r\n');
    expect(csv[0]).toBe('app,scimId,externalId,userName,email,coderUserId,coderUsername,how');
    expect(csv[1]).toMatch(/^acme,[0-9a-f-]+,a1,alice@example\.com,alice@example\.com,[0-9a-f-]+,alice,created$/);
  });

  it('plan shows a change before it is made, and nothing is written', async () => {
    coder.calls.reset();
    const next = file(
      'next.json',
      document({ roleMappings: { platform: { idpGroup: 'coder-platform', role: 'auditor' } } }),
    );
    const { code, out } = await run(['plan', next, '--detailed-exitcode']);
    expect(code).toBe(1);
    expect(out).toMatch(/alice@example\.com .*template-admin.*auditor/);
    expect(coder.calls.countWrites()).toBe(0);
    expect((await run(['plan', '--detailed-exitcode'])).out).toContain('No changes: Coder is as declared.');
    expect((await run(['plan', '--detailed-exitcode'])).code).toBe(0);
  });

  it('sweep finds what was changed by hand, and audit tells it', async () => {
    coder.setSiteRoles('alice', []);
    expect((await run(['sweep', '--app', 'acme'])).code).toBe(0);
    expect((await run(['status', '--wait', '20s'])).code).toBe(0);
    expect(coder.describe('alice').siteRoles).toEqual(['template-admin']);
    const { out } = await run(['audit', '--subject', 'alice@example.com', '--json']);
    const lines = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { id: number; action: string; subjectName: string; actor: string });
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.every(line => line.subjectName === 'alice@example.com')).toBe(true);
    expect(lines.map(line => line.id)).toEqual(lines.map(line => line.id).sort((a, b) => a - b));
    expect(lines.at(-1)).toMatchObject({ actor: 'sweep' });
    expect((await run(['audit', '--since', '1h', '--limit', '2'])).out.trim().split('\n')).toHaveLength(3);
    expect((await run(['audit', '--until', '1d'])).out).toBe('no entries\n');
  });

  it('audit --follow goes on until it is interrupted', async () => {
    const interrupt = new AbortController();
    let written = '';
    const asked = () => bridge.log().match(/"url":"\/admin\/v1\/audit\?/g)?.length ?? 0;
    const before = asked();
    const following = run(['audit', '--follow', '--json', '--limit', '0'], {
      signal: interrupt.signal,
      written: text => void (written += text),
    });
    // The newest entry, and then what comes after it.
    await until('the first two questions', () => asked() >= before + 2);
    await scim.createUser({
      userName: 'bob@example.com',
      email: 'bob@example.com',
      displayName: 'Bob',
      externalId: 'b1',
    });
    await until('bob in the trail', () => written.includes('bob@example.com'));
    interrupt.abort();
    const { code, out } = await following;
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { subjectName: string | null });
    expect(lines.map(line => line.subjectName)).toContain('bob@example.com');
    expect(lines.map(line => line.subjectName)).not.toContain('alice@example.com');
  });

  it('status shows who is held and why, and --check says it to a monitor', async () => {
    await scim.createUser({ userName: 'no-address', email: 'not an address', displayName: 'Nobody', externalId: 'n1' });
    const { code, out } = await run(['status', '--check']);
    expect(code).toBe(1);
    expect(out).toMatch(/Not as declared yet\n.*\n +held +no-address +acme/);
    expect((await run(['status'])).code).toBe(0);
    expect((await statusJson()).apps[0]).toMatchObject({ held: 1 });
    await run(['retry']);
  });

  it('doctor asks the bridge', async () => {
    const { code, out } = await run(['doctor']);
    expect(out).toMatch(/✓ bridge/);
    expect(code).toBe(0);
  });

  it('delete ends an app when it is meant, and takes back what it gave', async () => {
    expect(coder.snapshot().organizations['coder']?.groups['developers']).not.toEqual([]);
    const asked = await run(['delete', 'acme']);
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('add --yes if it is meant') });
    expect((await statusJson()).apps).toHaveLength(1);
    expect(await run(['delete', 'acme', '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('deleted acme'),
    });
    await run(['status', '--wait', '30s']);
    expect((await run(['delete', 'acme', '--yes'])).code).toBe(4);
    expect((await statusJson()).apps).toEqual([]);
    expect(coder.snapshot().organizations['coder']?.groups['developers'] ?? []).toEqual([]);
  });

  it('logs no secret in all of this', () => {
    for (const secret of [token, bridge.adminToken, coderToken]) expect(bridge.log()).not.toContain(secret);
    // What a filter asks for is personal: only its shape is logged.
    expect(bridge.log()).toContain('filter=displayName eq');
    expect(bridge.log()).not.toContain('coder-platform');
  });
});
