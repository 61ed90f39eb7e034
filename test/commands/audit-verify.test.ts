/** `coder-scim audit verify` on a running bridge. */
import BetterSqlite3 from 'better-sqlite3';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { freshSqlite } from '../support/databases';
import { until } from '../support/until';
import { coderScim } from './terminal-double';

let coder: CoderDouble;
let bridge: RunningBridge;
const fresh = freshSqlite();
const run = (...argv: string[]) =>
  coderScim(argv, { environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken } });

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge'), databaseUrl: fresh.url });
  const { tokens } = scimToken();
  const document = { version: 1, app: 'acme', tokens, groupMappings: { a: { idpGroup: 'a', group: 'a' } } } as const;
  await bridge.admin.putApp(document, 'absent');
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
  await fresh.drop();
});

it('says that the trail is whole and prints its end, by which a later run is held', async () => {
  await until('every line is sealed', async () => {
    const { unsealed, checked } = await bridge.admin.auditChain();
    return unsealed === 0 && checked > 0;
  });
  const { code, out } = await run('audit', 'verify');
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/✓ whole {2}\d+ lines? checked\n {2}the end, .*: \d+:[0-9a-f]{64}\n/),
  ]);
  const [anchor = ''] = /\d+:[0-9a-f]{64}/.exec(out) ?? [];
  expect((await run('audit', 'verify', '--anchor', anchor)).code).toBe(0);
  const other = await run('audit', 'verify', '--json', '--anchor', anchor.replace(/:.*/, `:${'0'.repeat(64)}`));
  expect([other.code, JSON.parse(other.out)]).toMatchObject([
    1,
    { whole: false, broken: { problem: expect.stringContaining('made anew') as string } },
  ]);
  const wrong = await run('audit', 'verify', '--anchor', 'x');
  expect([wrong.code, wrong.err]).toEqual([expect.any(Number), expect.stringContaining('anchor is "x": wanted')]);
});

it('names the line that somebody changed', async () => {
  const file = new BetterSqlite3(fresh.url.slice('sqlite:'.length));
  file.exec("update audit set action = 'nothing.happened' where seq = 1");
  file.close();
  const { code, out } = await run('audit', 'verify');
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/✗ broken {2}at line 1 \(id \d+\): the line, or what was before it, is not/),
  ]);
});

it('shows the trail itself as before', async () => {
  expect((await run('audit', '--json', '--limit', '1')).out).toContain('"seq":');
});
