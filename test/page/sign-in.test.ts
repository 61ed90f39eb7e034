import { type RunningBridge, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { freshSqlite } from '../support/databases';
import { CLIENT, type OpenIdProvider, startOpenIdProvider } from './openid-provider';
import { Visitor } from './visitor';

let coder: CoderDouble;
let provider: OpenIdProvider;
let bridge: RunningBridge;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  provider = await startOpenIdProvider();
  bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: {
      CODER_SCIM_OIDC_ISSUER: provider.issuer,
      CODER_SCIM_OIDC_CLIENT_ID: CLIENT.id,
      CODER_SCIM_OIDC_CLIENT_SECRET: CLIENT.secret,
      CODER_SCIM_OIDC_VIEWERS: 'staff, helpdesk',
      CODER_SCIM_OIDC_OPERATORS: 'on-call',
    },
  });
});
afterAll(async () => {
  await bridge.stop();
  await provider.close();
  await coder.close();
});
beforeEach(() => {
  provider.claims = { email: 'olga@example.com', groups: ['on-call'] };
  provider.userInfo = {};
  provider.tamper = claims => claims;
});

const visitor = () => new Visitor(bridge.url);
/** The whole way: to the provider and back. */
async function signIn(who: Visitor, to = '') {
  const { location = '' } = await who.get(`/ui/sign-in/oidc?to=${encodeURIComponent(to)}`);
  return who.get(provider.authorize(location));
}

it('the page offers the OpenID provider, and takes no admin credential', async () => {
  const { body } = await visitor().get('/ui/sign-in');
  expect(body).toContain('/ui/sign-in/oidc');
  expect(body).not.toContain('name="credential"');
  expect((await visitor().post('/ui/sign-in', { credential: bridge.adminToken })).location).not.toBe('/ui');
});

it('people of the operators group are operators, under their address in the audit trail', async () => {
  const who = visitor();
  const { status, location } = await signIn(who, '/audit?app=acme');
  expect([status, location]).toEqual([303, '/ui/audit?app=acme']);
  expect((await who.get('/ui')).body).toContain('olga@example.com, operator');
  await who.post('/ui/drift/sweep', { csrf: await who.csrf() });
  const { entries } = await bridge.admin.audit({ token: 'olga@example.com' });
  expect(entries.map(entry => [entry.action, entry.detail])).toEqual([
    ['sweep.ask', 'asked for by olga@example.com'],
    ['page.sign-in', `by ${provider.issuer}, subject subject-1; may read, operate`],
  ]);
});

it('people of the viewers groups look, and do not decide', async () => {
  provider.claims = { email: 'vic@example.com', groups: ['other', 'helpdesk'] };
  const who = visitor();
  await signIn(who);
  expect((await who.get('/ui')).body).toContain('vic@example.com, viewer');
  expect((await who.post('/ui/drift/sweep', { csrf: await who.csrf() })).status).toBe(403);
});

it.each([
  ['no group', {}],
  ['other groups', { groups: ['On-Call', 'on-call ', 'staffx'] }],
  ['groups in another form', { groups: { 'on-call': true } }],
])('who has %s is not let in, and is told what is wanted', async (_name, claims) => {
  provider.claims = { email: 'eve@example.com', ...claims };
  const who = visitor();
  const { status, body } = await signIn(who);
  expect([status, body]).toEqual([403, expect.stringContaining('CODER_SCIM_OIDC_VIEWERS')]);
  expect((await who.get('/ui')).status).toBe(303);
});

it('groups may come from the user info', async () => {
  provider.claims = { email: 'ulf@example.com' };
  provider.userInfo = { groups: ['staff'] };
  const who = visitor();
  await signIn(who);
  expect((await who.get('/ui')).body).toContain('ulf@example.com, viewer');
});

it('an address that is not verified is nobody’s name', async () => {
  provider.claims = { email: 'olga@example.com', email_verified: false, groups: ['staff'] };
  const who = visitor();
  await signIn(who);
  expect((await who.get('/ui')).body).toContain('oidc:subject-1, viewer');
});

it.each([
  ['another issuer', { iss: 'https://evil.example' }],
  ['another client', { aud: 'another-client' }],
  ['another sign-in', { nonce: 'another-nonce' }],
  ['yesterday', { exp: 1_000_000_000, iat: 999_999_000 }],
])('a token of %s lets nobody in', async (_name, wrong) => {
  provider.tamper = claims => ({ ...claims, ...wrong });
  const who = visitor();
  const { status, body } = await signIn(who);
  expect([status, body]).toEqual([403, expect.stringContaining('the sign-in did not succeed')]);
  expect((await who.get('/ui')).status).toBe(303);
});

it('a sign-in that another browser began is not finished here', async () => {
  const { location = '' } = await visitor().get('/ui/sign-in/oidc');
  const back = provider.authorize(location);
  expect((await visitor().get(back)).status).toBe(400);
  const other = visitor();
  await other.get('/ui/sign-in/oidc');
  expect((await other.get(back)).status).toBe(403);
});

it('a sign-in is finished once', async () => {
  const who = visitor();
  const { location = '' } = await who.get('/ui/sign-in/oidc');
  const cookies = new Map(who.cookies);
  const back = provider.authorize(location);
  expect((await who.get(back)).status).toBe(303);
  const again = visitor();
  for (const [name, value] of cookies) again.cookies.set(name, value);
  expect((await again.get(back)).status).toBe(403);
});

it('a provider that does not answer is a sentence, and asked again the next time', async () => {
  const silent = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: {
      CODER_SCIM_OIDC_ISSUER: 'http://127.0.0.1:1',
      CODER_SCIM_OIDC_CLIENT_ID: CLIENT.id,
      CODER_SCIM_OIDC_VIEWERS: 'staff',
    },
  });
  const { status, body } = await new Visitor(silent.url).get('/ui/sign-in/oidc');
  expect([status, body]).toEqual([502, expect.stringContaining('the OpenID provider could not be asked')]);
  await silent.stop();
});

describe('a session by OpenID Connect after a restart', () => {
  const oidc = {
    CODER_SCIM_OIDC_ISSUER: '',
    CODER_SCIM_OIDC_CLIENT_ID: CLIENT.id,
    CODER_SCIM_OIDC_CLIENT_SECRET: CLIENT.secret,
    CODER_SCIM_OIDC_VIEWERS: 'staff,helpdesk',
    CODER_SCIM_OIDC_OPERATORS: 'on-call',
  };
  const none = { CODER_SCIM_OIDC_ISSUER: '', CODER_SCIM_OIDC_CLIENT_ID: '', CODER_SCIM_OIDC_CLIENT_SECRET: '' };
  it.each([
    ['is there still where all is as it was', { CODER_SCIM_OIDC_VIEWERS: 'helpdesk, staff' }, true],
    [
      'is none where its group is in the viewers only',
      { CODER_SCIM_OIDC_VIEWERS: 'staff,helpdesk,on-call', CODER_SCIM_OIDC_OPERATORS: 'others' },
      false,
    ],
    ['is none where another client signs in', { CODER_SCIM_OIDC_CLIENT_ID: 'another-client' }, false],
    ['is none with another issuer', { CODER_SCIM_OIDC_ISSUER: 'https://login.example.com' }, false],
    ['is none without an issuer', { ...none, CODER_SCIM_OIDC_VIEWERS: '', CODER_SCIM_OIDC_OPERATORS: '' }, false],
  ])('%s', async (_name, changed, isThere) => {
    const fresh = freshSqlite();
    const start = (env: Record<string, string>) =>
      startBridge({
        coderUrl: coder.url,
        coderToken: coder.issueToken('bridge'),
        databaseUrl: fresh.url,
        env: { ...oidc, CODER_SCIM_OIDC_ISSUER: provider.issuer, ...env },
      });
    const first = await start({});
    const who = new Visitor(first.url);
    const { location = '' } = await who.get('/ui/sign-in/oidc');
    await who.get(provider.authorize(location));
    const csrf = await who.csrf();
    await first.stop();

    const second = await start(changed);
    try {
      const again = new Visitor(second.url);
      for (const [name, value] of who.cookies) again.cookies.set(name, value);
      const seen = await again.get('/ui');
      const decided = await again.post('/ui/drift/sweep', { csrf });
      if (isThere) expect([seen.status, decided.status]).toEqual([200, 303]);
      else expect([seen.status, seen.location, decided.status]).toEqual([303, '/ui/sign-in', 401]);
      const { entries } = await second.admin.audit({ action: 'sweep.ask' });
      expect(entries).toHaveLength(isThere ? 1 : 0);
    } finally {
      await second.stop();
      await fresh.drop();
    }
  });
});

it('no secret of a sign-in is in the log', () => {
  for (const secret of [CLIENT.secret, 'an-access-token', 'code=']) {
    const line = bridge
      .log()
      .split('\n')
      .find(text => text.includes(secret) && !text.includes('code=…'));
    expect(line).toBeUndefined();
  }
});
