/** What identity providers sent, over the admin API and the command line of a whole bridge: requests, bodies for a while, refused leavings. */
import { type AdminClient } from '../../bridge/admin-client/admin-client';
import { type AdminError } from '../../bridge/admin-client/admin-error';
import { type ServedRequest } from '../../bridge/contract/admin-api';
import { coderScim } from '../commands/terminal-double';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { type Call, createCall } from '../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let coder: CoderDouble;
let bridge: RunningBridge;
let call: Call;
let admin: AdminClient;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
  ({ admin } = bridge);
  const { token, tokens } = scimToken();
  await admin.putApp({ version: 1, app: 'acme', identityProvider: 'okta', tokens }, 'absent');
  await admin.putApp({ version: 1, app: 'quiet', tokens: scimToken().tokens }, 'absent');
  call = createCall(bridge.url, token);
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const run = (...argv: string[]) =>
  coderScim(argv, {
    environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken, USER: 'olga' },
  });

async function get(path: string) {
  const answer = await fetch(`${bridge.url}/admin/v1${path}`, {
    headers: { authorization: `Bearer ${bridge.adminToken}` },
  });
  return {
    status: answer.status,
    body: (await answer.json()) as { requests: ServedRequest[]; error: { code: string } },
  };
}

const post = async (path: string, body: unknown) =>
  (
    await fetch(`${bridge.url}/admin/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bridge.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).status;

/** The last request, once it is the one with this id: they are written after their answer. */
async function served(requestId: string): Promise<ServedRequest> {
  for (;;) {
    const found = (await get('/requests?limit=1000')).body.requests.find(request => request.requestId === requestId);
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

const send = async (method: string, path: string, body: unknown): Promise<ServedRequest> =>
  served(String((await call(method, path, { body })).headers['x-request-id']));

const named = async (userName: string) =>
  (await call('POST', '/Users', { body: { schemas: [USER], userName } })).body.id;

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'done',
    (error: AdminError) => error.code,
  );

describe('GET /requests', () => {
  it('answers what was sent, what was answered and why, and what it changed', async () => {
    const made = await send('POST', '/Users', { schemas: [USER], userName: 'ada@example.com', shoeSize: 42 });
    expect(made).toMatchObject({
      app: 'acme',
      token: 'test',
      method: 'POST',
      path: '/scim/v2/Users',
      status: 201,
      scimType: null,
      detail: null,
      coercions: ['unknownAttributes shoeSize'],
      changes: [expect.stringMatching(/^User .+ made$/)],
      body: null,
    });
    expect(made.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const refused = await send('POST', '/Users', { schemas: [USER], userName: 'ada@example.com' });
    expect(refused).toMatchObject({ status: 409, scimType: 'uniqueness', changes: [] });
    expect(refused.detail).toContain('userName');
  });

  it('goes back from the newest, or on from an id, of one app or of all', async () => {
    const last = await send('GET', '/Users', undefined);
    const { body } = await get('/requests?limit=2');
    expect(body.requests.map(({ id }) => id)).toEqual([last.id, last.id - 1]);
    expect((await get(`/requests?after=${last.id - 2}`)).body.requests.map(({ id }) => id)).toEqual([
      last.id - 1,
      last.id,
    ]);
    expect((await get('/requests?app=quiet')).body.requests).toEqual([]);
    expect((await get('/requests?app=acme&limit=1')).body.requests).toHaveLength(1);
  });

  it.each(['?limit=0', '?limit=1001', '?limit=x', '?after=-1', '?until=1', '?app='])('refuses %s', async query => {
    const { status, body } = await get(`/requests${query}`);
    expect([status, body.error.code]).toEqual([400, 'invalid_query']);
  });

  it('is what `coder-scim requests` shows', async () => {
    const { code, out } = await run('requests', '--app', 'acme', '--limit', '2');
    expect(code).toBe(0);
    expect(out).toMatch(/POST \/scim\/v2\/Users +409 .*uniqueness/);
    const { out: lines } = await run('requests', '--json', '--limit', '2');
    expect(
      lines
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as ServedRequest).status),
    ).toEqual([409, 200]);
  });
});

describe('POST /apps/:app/debug', () => {
  const titled = (title: string) => ({ schemas: [USER], userName: title, title, password: 'hunter2' });

  it('keeps bodies until the window is over or closed, and then forgets them', async () => {
    const { until } = await admin.debug('acme', 60_000);
    expect(Date.parse(until ?? '')).toBeGreaterThan(Date.now());
    // The bridge asks for the window once a second at most.
    let kept: ServedRequest;
    do kept = await send('POST', '/Users', titled('one@example.com'));
    while (kept.body === null);
    expect(JSON.parse(kept.body)).toEqual({ ...titled('one@example.com'), password: '(not kept)' });
    expect(await admin.debug('acme', 0)).toEqual({ until: null });
    expect((await served(kept.requestId)).body).toBeNull();
  });

  it('is what `coder-scim debug` asks for, and stands in the audit trail', async () => {
    expect((await run('debug', 'acme', '--for', '15m')).out).toMatch(
      /^bodies of acme are kept until 20.+Z: coder-scim requests/,
    );
    expect((await run('debug', 'acme', '--off')).out).toBe('bodies of acme are not kept any more, and forgotten\n');
    const { entries } = await admin.audit({ app: 'acme', actor: 'operator', limit: 2 });
    expect(entries.map(({ action, token }) => [action, token])).toEqual([
      ['debug.close', 'admin'],
      ['debug.open', 'admin'],
    ]);
  });

  it('refuses what it does not understand', async () => {
    expect(await codeOf(admin.debug('nobody', 60_000))).toBe('not_found');
    for (const body of [
      {},
      { milliseconds: -1 },
      { milliseconds: 1.5 },
      { milliseconds: 86_400_001 },
      { milliseconds: 1, more: 1 },
    ])
      expect([body, await post('/apps/acme/debug', body)]).toEqual([body, 400]);
  });
});

describe('POST /apps/:app/refused/dismiss', () => {
  const refusedNow = async () =>
    (await admin.status()).pending.filter(({ state }) => state === 'refused').map(({ subject }) => subject);
  const refuse = (id: string) =>
    call('PATCH', `/Users/${id}`, {
      body: { schemas: [PATCH], Operations: [{ op: 'replace', path: 'active', value: 'no' }] },
    });

  it('takes the entry away, with the reason in the audit trail, and one more refusal is an entry again', async () => {
    const id = await named('bea@example.com');
    const answer = await refuse(id);
    expect(answer.status).toBe(400);
    expect(await refusedNow()).toEqual(['bea@example.com']);
    const { code, out } = await run('dismiss', 'acme', 'bea@example.com', '--reason', 'suspended by hand, ticket 4711');
    expect([code, out]).toEqual([0, 'dismissed: bea@example.com\n']);
    expect(await refusedNow()).toEqual([]);
    const { apps } = await admin.status();
    expect(apps.find(({ app }) => app === 'acme')).toMatchObject({ refused: 0, converged: true });
    const [entry] = (await admin.audit({ app: 'acme', action: 'refused.dismiss' })).entries;
    expect(entry).toMatchObject({
      actor: 'operator',
      token: 'admin',
      subject: id,
      subjectName: 'bea@example.com',
      requestId: answer.headers['x-request-id'],
      before: expect.stringContaining('refused 1 times: PATCH was refused with 400 invalidValue') as string,
      detail: 'dismissed by admin (olga): suspended by hand, ticket 4711',
    });
    await refuse(id);
    expect(await refusedNow()).toEqual(['bea@example.com']);
    // What was refused since the operator looked is not dealt with.
    const shown = async () => (await admin.status()).pending.find(({ key }) => key === `user:${id}`)?.attempts;
    const times = await shown();
    await refuse(id);
    expect(await shown()).toBe((times ?? 0) + 1);
    const who = `user:${id}`;
    expect(await codeOf(admin.dismissRefused('acme', { who, times, reason: 'by key' }))).toBe('not_refused');
    expect(await refusedNow()).toEqual(['bea@example.com']);
    await admin.dismissRefused('acme', { who, times: await shown(), reason: 'by key' });
    expect(await refusedNow()).toEqual([]);
    // Nor is one that came up anew, refused as often.
    await refuse(id);
    const since = '2026-01-01T00:00:00.000Z';
    expect(await codeOf(admin.dismissRefused('acme', { who, times: 1, since, reason: 'by key' }))).toBe('not_refused');
    const again = await run('dismiss', 'acme', who, '--times', '2', '--reason', 'by key');
    expect([again.code, await refusedNow()]).toEqual([4, ['bea@example.com']]);
    await admin.dismissRefused('acme', { who, reason: 'by key' });
  });

  it('wants the key where two entries have one name', async () => {
    const id = await named('cleo@example.com');
    const groups: string[] = [];
    for (const externalId of ['1', '2']) {
      const body = { schemas: [GROUP], displayName: 'twins', externalId, members: [{ value: id }] };
      groups.push((await call('POST', '/Groups', { body })).body.id);
    }
    for (const group of groups)
      await call('PUT', `/Groups/${group}`, { body: { schemas: [GROUP], displayName: 'twins', members: 'nobody' } });
    expect(await refusedNow()).toEqual(['members of group twins', 'members of group twins']);
    const { code, err } = await run('dismiss', 'acme', 'members of group twins', '--reason', 'a test');
    expect(code).toBe(4);
    expect(err).toContain(`group:${groups[0]} or group:${groups[1]}`);
    for (const group of groups) await admin.dismissRefused('acme', { who: `group:${group}`, reason: 'a test' });
    expect(await refusedNow()).toEqual([]);
  });

  it('refuses whom nothing is refused to, an unknown app, and to go without a reason', async () => {
    expect(await codeOf(admin.dismissRefused('acme', { who: 'nobody', reason: 'x' }))).toBe('not_refused');
    expect(await codeOf(admin.dismissRefused('quiet', { who: 'bea@example.com', reason: 'x' }))).toBe('not_refused');
    expect(await codeOf(admin.dismissRefused('nobody', { who: 'bea@example.com', reason: 'x' }))).toBe('not_found');
    expect(await codeOf(admin.dismissRefused('acme', { who: 'bea@example.com', reason: '  ' }))).toBe(
      'invalid_request',
    );
    expect((await run('dismiss', 'acme', 'bea@example.com')).code).toBe(2);
  });
});
