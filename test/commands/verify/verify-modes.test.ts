import { type MappingStateInput } from '../../../bridge/contract/mapping-state';
import { type RunningBridge, scimToken, startBridge } from '../../support/bridge';
import { type CoderDouble, startCoderDouble } from '../../support/coder-double';
import { coderScim } from '../terminal-double';
import { until } from '../../support/until';

let coder: CoderDouble;
let bridge: RunningBridge;

beforeEach(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
});
afterEach(async () => {
  await bridge.stop();
  await coder.close();
});

async function verify(state: Partial<MappingStateInput>, more: string[] = [], signal?: AbortSignal) {
  const { token, tokens } = scimToken();
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens, ...state }, 'absent');
  return coderScim(['verify', '--app', 'acme', '--timeout', '20s', ...more], {
    ...(signal === undefined ? {} : { signal }),
    environment: {
      CODER_SCIM_URL: bridge.url,
      CODER_SCIM_ADMIN_TOKEN: bridge.adminToken,
      CODER_SCIM_TOKEN: token,
      CODER_URL: coder.url,
      CODER_SESSION_TOKEN: coder.token,
    },
  });
}

describe('coder-scim verify', () => {
  it('of an app that gives accounts to mapped people only says that there is nothing to see', async () => {
    const { code, out } = await verify({ policies: { accounts: 'mapped' } });
    expect(out).toMatch(/- arrives in Coder .*--group GROUP tests one/);
    expect(out).toMatch(/- access is gone .*there is no account/);
    expect([code, Object.keys(coder.snapshot().users).sort()]).toEqual([0, ['bridge', 'testuser']]);
  });

  it('of an app that writes claims sees the account and leaves privileges to the sign-in', async () => {
    const { code, out } = await verify({
      mode: 'claims',
      roleMappings: { admins: { idpGroup: 'admins', role: 'organization-admin', organization: 'default' } },
    });
    expect(out).toContain('provisioning works');
    expect(code).toBe(0);
  });

  it('of an app that creates a group for each pushed one takes that group back too', async () => {
    const { code, out } = await verify({ pushedGroups: {} });
    expect(out).toMatch(/✓ arrives in Coder .*group \S+\/coder-scim-verify-/);
    expect(code).toBe(0);
    const organization = coder.snapshot().organizations['coder'];
    expect(Object.keys(organization?.groups ?? {})).toEqual([]);
  });

  it('deletes the account even where people who leave are kept', async () => {
    const { code } = await verify({ policies: { leaving: 'suspend' } });
    expect([code, Object.keys(coder.snapshot().users).sort()]).toEqual([0, ['bridge', 'testuser']]);
  });

  it('fails when the group that it is to join is not in the directory', async () => {
    const { code, out } = await verify({}, ['--group', 'nobody-pushed-this']);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/✗ join group .*has no group "nobody-pushed-this": push it first/),
    ]);
    expect(out).toMatch(/✓ clean up/);
    expect(Object.keys(coder.snapshot().users).sort()).toEqual(['bridge', 'testuser']);
  });

  it('cleans up when it is interrupted', async () => {
    coder.faults.fail(503, { method: 'PUT', path: '/status/suspend$' });
    const interrupt = new AbortController();
    const running = verify({}, [], interrupt.signal);
    await until('the account', () =>
      Object.keys(coder.snapshot().users).some(name => name.startsWith('coder-scim-verify')),
    );
    const refused = () => coder.calls.count({ method: 'PUT', path: '/status/suspend$' });
    const before = refused();
    interrupt.abort();
    await until('a suspension that fails', () => refused() > before);
    coder.faults.clear();
    const { code, out } = await running;
    expect(code).toBe(1);
    expect(out).toMatch(/clean up/);
    expect(Object.keys(coder.snapshot().users).sort()).toEqual(['bridge', 'testuser']);
  });
});
