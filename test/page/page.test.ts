import { mintToken } from '../../bridge/scim/access/token';
import { type AuditEntry } from '../../bridge/contract/admin-api';
import { coderScim } from '../commands/terminal-double';
import { until } from '../support/until';
import { APP, type Company, MALLORY, startCompany } from './company';
import { Visitor } from './visitor';

const LATER = '2099-01-01T00:00:00Z';
const viewerToken = mintToken('cscimadmin');
const metricsToken = mintToken('cscimadmin');
let company: Company;

beforeAll(async () => {
  company = await startCompany({
    CODER_SCIM_ADMIN_CREDENTIALS: JSON.stringify([
      { name: 'wall-screen', digest: viewerToken.digest, scopes: ['read'], expiresAt: LATER },
      { name: 'prometheus', digest: metricsToken.digest, scopes: ['metrics'], expiresAt: LATER },
    ]),
  });
});
afterAll(() => company.stop());

const visitor = () => new Visitor(company.bridge.url);
const operator = () => visitor().signIn(company.bridge.adminToken);
const viewer = () => visitor().signIn(viewerToken.token);
const PAGES = ['', '/people', '/groups', '/decisions', '/drift', '/drift?plan=', '/audit', '/requests', '/setup'];
const id = (name: string): string => company.ids.get(name) ?? '';
/** What a reader sees: tags are gone, white space is one. */
const textOf = (body: string): string =>
  body
    .replace(/<[^>]+>/g, ' ')
    .replace(/&gt;/g, '>')
    .replace(/&lt;/g, '<')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

describe('who is not signed in', () => {
  it.each([...PAGES, '/people/1', '/audit.jsonl', '/audit.csv', '/audit/live', `/setup/${APP}/steps`])(
    'sees nothing of /ui%s, and comes back there after signing in',
    async path => {
      const { status, location, body } = await visitor().get(`/ui${path}`);
      expect([status, location]).toEqual([303, `/ui/sign-in${path === '' ? '' : `?to=${encodeURIComponent(path)}`}`]);
      expect(body).not.toContain('alice');
    },
  );

  it('decides nothing', async () => {
    const { holds } = await company.bridge.admin.status();
    const anybody = visitor();
    const { status } = await anybody.post(`/ui/decisions/holds/${holds[0]?.id}/release`, { confirm: '2', reason: 'x' });
    expect(status).toBe(401);
    expect((await company.bridge.admin.status()).holds).toEqual(holds);
  });
});

describe('signing in with an admin credential', () => {
  it('gives a cookie that scripts and other sites do not get, and goes where one wanted to be', async () => {
    const who = visitor();
    const to = '/people?search=alice';
    const { status, location } = await who.post('/ui/sign-in', { credential: viewerToken.token, to });
    expect([status, location]).toEqual([303, `/ui${to}`]);
    expect(who.set[0]).toMatch(/^coder-scim-page=[A-Za-z0-9_-]{43}; Max-Age=\d+; Path=\/ui; .*HttpOnly; SameSite=Lax$/);
    expect(textOf((await who.get('/ui')).body)).toContain('wall-screen, viewer');
    const { entries } = await company.bridge.admin.audit({ action: 'page.sign-in', token: 'wall-screen' });
    expect(entries[0]?.detail).toBe('by admin credential; may read');
  });

  it.each(['https://evil.example', '//evil.example', '/../evil', '/sign-out', 'javascript:alert(1)'])(
    'does not lead to %s afterwards',
    async to => {
      const { location } = await visitor().post('/ui/sign-in', { credential: viewerToken.token, to });
      expect(location).toBe('/ui');
    },
  );

  it('wants the scope read', async () => {
    const { status, body } = await visitor().post('/ui/sign-in', { credential: metricsToken.token });
    expect([status, textOf(body)]).toEqual([403, expect.stringContaining('credential "prometheus" has no scope read')]);
  });

  it('is refused to another site, which would sign somebody in as somebody else', async () => {
    const fields = { credential: viewerToken.token };
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[])
      expect((await visitor().post('/ui/sign-in', fields, headers)).status).toBe(403);
  });

  it('says that a credential is wrong, and slows down who guesses', async () => {
    const who = visitor();
    const { status, body } = await who.post('/ui/sign-in', { credential: 'a-guess-of-some-length' });
    expect([status, textOf(body)]).toEqual([401, expect.stringContaining('this is no admin credential')]);
    const statuses = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await who.post('/ui/sign-in', { credential: 'guess' })).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await visitor().post('/ui/sign-in', { credential: viewerToken.token })).status).toBe(303);
    expect(company.bridge.log()).not.toContain('a-guess-of');
  });

  it('ends with signing out', async () => {
    const who = await viewer();
    const cookie = who.cookie;
    expect((await who.post('/ui/sign-out', { csrf: await who.csrf() })).location).toBe('/ui/sign-in');
    expect(who.cookie).toBe('');
    who.cookies.set('coder-scim-page', cookie.split('=')[1] ?? '');
    expect((await who.get('/ui')).status).toBe(303);
  });

  it('ends with the credential', async () => {
    const environment = { CODER_SCIM_URL: company.bridge.url, CODER_SCIM_ADMIN_TOKEN: company.bridge.adminToken };
    const made = await coderScim(['admin-token', 'create', 'guest', '--scope', 'read', '--json'], { environment });
    const who = await visitor().signIn((JSON.parse(made.out) as { token: string }).token);
    expect((await who.get('/ui')).status).toBe(200);
    await company.bridge.admin.revokeCredential('guest');
    expect((await who.get('/ui')).status).toBe(303);
  });
});

describe('every page', () => {
  it.each([...PAGES, `/people/alice`, '/sign-in', '/no-such-page'])(
    '/ui%s allows nothing but its own files, and has no script or style within',
    async path => {
      const { headers, body } = await (await operator()).get(`/ui${path.replace('alice', id('alice'))}`);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(body).toMatch(/^<!doctype html>/i);
      expect(body).not.toMatch(/<style|\sstyle=|<script(?! src="\/ui\/assets\/[0-9a-f]+\/page\.js" defer><\/script>)/);
      expect(body).not.toMatch(/<[^>]*\son\w+=/);
      for (const [, target] of body.matchAll(/(?:src|href|action)="([^"]*)"/g))
        expect(target).toMatch(/^(\/ui|#main$)/);
    },
  );

  it('escapes what others wrote', async () => {
    const who = await operator();
    for (const path of ['/people', `/people/${id('mallory')}`, '/decisions', '/audit', '/drift?plan=']) {
      const { body } = await who.get(`/ui${path}`);
      expect([path, body.includes('<script>')]).toEqual([path, false]);
      expect(textOf(body)).toContain(MALLORY);
    }
    const { body } = await who.get(`/ui/people?search=${encodeURIComponent(MALLORY)}`);
    expect(body).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  it('has its files under a name that changes with them, for ever in the cache', async () => {
    const who = visitor();
    const { body } = await who.get('/ui/sign-in');
    for (const [, path = ''] of body.matchAll(/(?:src|href)="([^"]*assets[^"]*)"/g)) {
      const file = await who.get(path);
      expect([file.status, file.headers.get('cache-control')]).toEqual([200, expect.stringContaining('immutable')]);
      expect(file.body).not.toMatch(/url\(|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    }
  });
});

describe('pages', () => {
  it('overview says how Coder and each app stand', async () => {
    const text = textOf((await (await operator()).get('/ui')).body);
    expect(text).toMatch(
      /Coder answers .* Version v2\.36\.0 Account scim-bridge Its token expires in .* Seats \d+ taken; the licence has no limit Bridge/,
    );
    expect(text).toMatch(/acme-okta 3 held From okta, mode push, generation 1 People 7 active of 11; 3 groups/);
    expect(text).toMatch(
      /Leavers not known to be locked out 2 held, the first left \d+ \w+ ago Last request \d+ \w+ ago/,
    );
    expect(text).toContain('The guard stopped 1 plan, about 2 people');
    expect(text).toMatch(/\d+ requests, 1 refused, \d+ changes in Coder/);
    expect(text).toMatch(/wall-screen read active 2099-01-01/);
    expect(text).not.toContain(viewerToken.digest.slice(-64));
  });

  it('people are found by a part of a name, without case', async () => {
    const who = await viewer();
    const found = textOf((await who.get('/ui/people?search=ALI')).body);
    expect(found).toContain('alice@example.com');
    expect(found).not.toContain('bob@example.com');
    expect(textOf((await who.get('/ui/people?held=true')).body)).not.toContain('alice@example.com');
    expect(textOf((await who.get('/ui/people?search=%25')).body)).toContain('Nobody fits.');
  });

  it('a person shows accounts, what they have and why, and what happened', async () => {
    const text = textOf((await (await viewer()).get(`/ui/people/${id('alice')}`)).body);
    expect(text).toMatch(/In the directory active App acme-okta userName alice@example\.com/);
    expect(text).toMatch(/In Coder dormant Account alice/);
    expect(text).toMatch(/template-admin site role has it coder-platform roleMappings\/platform/);
    expect(text).toMatch(/site-roles\.set none → template-admin done; by scim \(okta-2026\), for coder-platform/);
    expect(text).toMatch(/POST \/Users answered 201/);
    expect((await (await viewer()).get('/ui/people/nobody')).status).toBe(404);
  });

  it('a person who left and is still in is told from one who is locked out', async () => {
    const of = async (name: string) => textOf((await (await viewer()).get(`/ui/people/${id(name)}`)).body);
    expect(await of('grace')).toMatch(/Held for guard: .* What needs a decision In the directory inactive/);
    expect(await of('grace')).toContain('In Coder dormant, not locked out Account grace');
    expect(await of('dave')).toContain('In Coder suspended Account dave');
  });

  it('groups show what they give to how many, and what does not meet', async () => {
    const text = textOf((await (await viewer()).get('/ui/groups')).body);
    expect(text).toContain('1 mapping of 3 gives nothing, since there is no such group');
    expect(text).toMatch(/coder-auditors group never came site role auditor 0 acme-okta/);
    expect(text).toMatch(/coder-developers matched group developers in the default organization 6 acme-okta/);
    expect(text).toMatch(/everybody in the Berlin office no mapping 1/);
  });

  it('requests show what was sent and why it was refused', async () => {
    const who = await viewer();
    expect(textOf((await who.get('/ui/requests')).body)).toContain('GET /Groups?filter=displayName eq');
    const refused = textOf((await who.get('/ui/requests?refused=true')).body);
    expect(refused).toMatch(/POST \/Users .* 409 uniqueness userName "alice@example\.com" is taken/);
    expect(refused).not.toContain('GET /Groups');
  });

  it('drift shows what a sweep found, and on demand what would change', async () => {
    const who = await operator();
    company.coder.addUser('stranger', { roles: [] });
    const swept = await who.post('/ui/drift/sweep', { csrf: await who.csrf() });
    expect([swept.status, swept.location]).toEqual([303, '/ui/drift?done=swept']);
    const text = textOf((await who.get('/ui/drift?done=swept&plan=')).body);
    expect(text).toContain('Compared with Coder: what was found is below');
    expect(text).toMatch(/acme-okta \d+ s ago differences are repaired/);
    expect(text).toMatch(/frank@example\.com account\.suspend dormant → suspended/);
    const { entries } = await company.bridge.admin.audit({ action: 'sweep.ask' });
    expect(entries[0]).toMatchObject({ token: 'admin', detail: 'asked for by admin' });
  });

  it('setting up shows what to paste, and what has arrived', async () => {
    const who = await viewer();
    const { body } = await who.get(`/ui/setup?app=${APP}`);
    expect(body).toContain(`data-copy="${company.bridge.url}/apps/${APP}/scim/v2"`);
    const text = textOf(body);
    expect(text).toContain('SCIM connector base URL');
    expect(text).toMatch(/done Test connection arrived/);
    expect(text).toMatch(/done First account in Coder 10 in Coder/);
    expect(text).toMatch(/waiting Mappings found their group 2 of 3 .* coder-auditors/);
    expect(text).not.toContain('Group claims seen');
    const steps = await who.get(`/ui/setup/${APP}/steps`);
    expect(JSON.parse(steps.body)).toEqual(await company.bridge.admin.setup(APP));
  });
});

describe('an identity provider with a wrong token', () => {
  it('is seen with the reason where one sets it up and among the requests, until one with the right one comes', async () => {
    const come = async (token: string) =>
      (
        await fetch(`${company.bridge.url}/apps/${APP}/scim/v2/Users?count=1`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    const who = await viewer();
    const seen = async () => [
      textOf((await who.get(`/ui/setup?app=${APP}`)).body),
      textOf((await who.get('/ui/requests')).body),
    ];
    const { token } = mintToken();
    expect(await come(token)).toBe(401);
    const reason = 'refused: no app declares this token';
    await until('it is shown', async () => (await seen()).every(text => text.includes(reason)));
    expect((await seen()).join()).not.toContain(token);
    expect(await come(company.scimToken)).toBe(200);
    await until('it is shown no more', async () => (await seen()).every(text => !text.includes(reason)));
  });
});

describe('the set-up of an app in mode claims', () => {
  it('waits for a sign-in to Coder that has the claims', async () => {
    const claims = await startCompany();
    await claims.bridge.admin.deleteApp(APP, 'any');
    await claims.bridge.admin.putApp(
      { version: 1, app: 'claims', mode: 'claims', roleMappings: {}, groupMappings: {} },
      'absent',
    );
    const step = async () => (await claims.bridge.admin.setup('claims')).steps.find(({ name }) => name === 'claims');
    expect(await step()).toMatchObject({ done: false, detail: expect.stringContaining('the claim groups yet') });
    claims.coder.oidcLogin({ sub: 's', email: 'zoe@example.com', preferred_username: 'zoe', groups: ['eng'] });
    expect(await step()).toMatchObject({ done: true, detail: 'groups seen at a sign-in to Coder' });
    const who = await new Visitor(claims.bridge.url).signIn(claims.bridge.adminToken);
    expect(textOf((await who.get('/ui/setup?app=claims')).body)).toContain('done Group claims seen');
    await claims.stop();
  });
});

describe('the audit trail', () => {
  it('is filtered, and says which parameter is wrong', async () => {
    const who = await viewer();
    const text = textOf((await who.get('/ui/audit?subject=alice%40example.com&action=&result=done')).body);
    expect(text).toMatch(/account\.create alice@example\.com/);
    expect(text).not.toContain('bob@example.com');
    const wrong = await who.get('/ui/audit?since=yesterday');
    expect([wrong.status, textOf(wrong.body)]).toEqual([400, expect.stringContaining('since is "yesterday": wanted')]);
  });

  it('is exported whole, as JSON lines and as CSV that no spreadsheet takes for formulas', async () => {
    const who = await viewer();
    const lines = (await who.get('/ui/audit.jsonl?actor=scim')).body.trim().split('\n');
    const entries = lines.map(line => JSON.parse(line) as AuditEntry);
    expect(entries).toEqual((await company.bridge.admin.audit({ actor: 'scim', limit: 1_000 })).entries);
    const csv = await who.get('/ui/audit.csv?actor=scim');
    expect(csv.headers.get('content-disposition')).toContain('attachment; filename="coder-scim-audit.csv"');
    const rows = csv.body.split('\r\n');
    expect(rows[0]).toBe(
      'id,at,app,actor,token,requestId,subject,subjectName,coderUserId,action,target,idpGroup,mapping,before,after,result,detail,seq,hash',
    );
    expect(rows.filter(row => row !== '')).toHaveLength(entries.length + 1);
    expect(csv.body).toContain('"""><script>alert(1)</script>"');
    expect(csv.body).not.toMatch(/(^|,)"?[=+@-]/m);
  });

  it('is followed live, from the lines on that are shown', async () => {
    const who = await operator();
    await company.bridge.admin.debug(APP, 60_000);
    const { body } = await who.get('/ui/audit?actor=operator');
    expect(textOf(body)).toContain('debug.open');
    const followed = await who.follow(/data-live="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '');
    expect(followed.response.headers['content-type']).toBe('text/event-stream');
    await company.bridge.admin.debug(APP, 0);
    await until('the line', () => followed.seen().includes('debug.close'));
    followed.response.destroy();
    expect(followed.seen()).toMatch(/^id: \d+\nevent: entry\ndata: \[/m);
    expect(followed.seen()).not.toContain('debug.open');
  });
});

describe('a decision', () => {
  const release = async (who: Visitor, fields: Record<string, string>, headers?: Record<string, string>) => {
    const { holds } = await company.bridge.admin.status();
    return who.post(`/ui/decisions/holds/${holds[0]?.id}/release`, fields, headers);
  };
  const isHeld = async () => (await company.bridge.admin.status()).holds.length > 0;

  it('is not offered to who may only look, and refused to them', async () => {
    const who = await viewer();
    const { body } = await who.get('/ui/decisions');
    expect(body.match(/<form/g)).toHaveLength(1);
    expect(textOf(body)).toContain('to decide it, sign in as an operator');
    const { status } = await release(who, { csrf: await who.csrf(), confirm: '2', reason: 'because' });
    expect([status, await isHeld()]).toEqual([403, true]);
  });

  it('wants the proof of its own session, and this page as its origin', async () => {
    const who = await operator();
    const fields = { confirm: '2', reason: 'because' };
    expect((await release(who, fields)).status).toBe(403);
    expect((await release(who, { ...fields, csrf: await (await operator()).csrf() })).status).toBe(403);
    const own = { ...fields, csrf: await who.csrf() };
    expect((await release(who, own, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await release(who, own, { 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(await isHeld()).toBe(true);
  });

  it('wants what is to be typed, and a reason', async () => {
    const who = await operator();
    const csrf = await who.csrf();
    const wrong = await release(who, { csrf, confirm: '3', reason: 'because' });
    expect([wrong.status, textOf(wrong.body)]).toEqual([
      400,
      expect.stringContaining('the confirmation is "3": wanted 2, the number of people; nothing was released'),
    ]);
    expect((await release(who, { csrf, confirm: '2', reason: '  ' })).status).toBe(400);
    expect(await isHeld()).toBe(true);
  });

  it('shows exactly whom it is about, is carried out, and is in the audit trail by name with its reason', async () => {
    const who = await operator();
    const text = textOf((await who.get('/ui/decisions')).body);
    expect(text).toMatch(/frank@example\.com is locked out loses group coder\/developers too-many-leavers/);
    expect(text).toMatch(/grace@example\.com is locked out/);
    const { status, location } = await release(who, {
      csrf: await who.csrf(),
      confirm: '2',
      reason: 'the team moved, ticket 4711',
    });
    expect([status, location]).toEqual([303, '/ui/decisions?done=released']);
    expect(textOf((await who.get(location ?? '')).body)).toContain('Released: the changes are being made.');
    await until('nobody is held', async () => !(await isHeld()));
    await until('they are locked out', () => company.coder.describe('grace').status === 'suspended');
    const { entries } = await company.bridge.admin.audit({ action: 'guard.release' });
    expect(entries[0]).toMatchObject({
      actor: 'operator',
      token: 'admin',
      detail: '2 people, released by admin: the team moved, ticket 4711',
    });
    expect(textOf((await who.get('/ui/audit?action=guard.release')).body)).toContain('ticket 4711');
  });

  it('dismisses a refused leaver who was dealt with by hand', async () => {
    const path = `${company.bridge.url}/apps/${APP}/scim/v2/Users/${id('heidi')}`;
    const answer = await fetch(path, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${company.scimToken}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [
          { op: 'replace', path: 'active', value: false },
          { op: 'replace', path: 'emails[type eq', value: 'x' },
        ],
      }),
    });
    expect(answer.status).toBe(400);
    const who = await operator();
    const { body } = await who.get('/ui/decisions');
    expect(textOf(body)).toMatch(/Refused leavers 1 .*heidi@example\.com/);
    const [, key = ''] = /name="who" value="([^"]*)"/.exec(body) ?? [];
    const [, since = ''] = /name="since" value="([^"]*)"/.exec(body) ?? [];
    const { location } = await who.post(`/ui/decisions/refused/${APP}`, {
      csrf: await who.csrf(),
      who: key,
      times: '1',
      since,
      reason: 'suspended in Coder by hand',
    });
    expect(location).toBe('/ui/decisions?done=dismissed');
    expect(textOf((await who.get(location ?? '')).body)).not.toContain('heidi@example.com');
    const { entries } = await company.bridge.admin.audit({ action: 'refused.dismiss' });
    expect(entries[0]).toMatchObject({
      token: 'admin',
      subjectName: 'heidi@example.com',
      detail: 'dismissed by admin: suspended in Coder by hand',
    });
  });

  it('about bodies of requests is carried out and undone', async () => {
    const who = await operator();
    const csrf = await who.csrf();
    const { location } = await who.post(`/ui/requests/${APP}/debug`, { csrf, minutes: '15' });
    expect(textOf((await who.get(location ?? '')).body)).toContain('Bodies of requests are kept for 15 minutes.');
    await who.post(`/ui/requests/${APP}/debug`, { csrf, minutes: '0' });
    const { entries } = await company.bridge.admin.audit({ app: APP, actor: 'operator' });
    const windows = entries.map(entry => entry.action).filter(action => action.startsWith('debug.'));
    expect(windows.slice(0, 2)).toEqual(['debug.close', 'debug.open']);
  });
});

describe('the same questions in the admin API', () => {
  it('are answered as the page draws them', async () => {
    const { admin } = company.bridge;
    const { steps } = await admin.activity();
    expect(steps).toHaveLength(24);
    const { requests } = await admin.requests({ limit: 1_000 });
    expect(steps.reduce((sum, step) => sum + step.requests, 0)).toBe(requests.length);
    expect(steps.reduce((sum, step) => sum + step.refused, 0)).toBe(
      requests.filter(request => request.status >= 400).length,
    );
    expect((await admin.people('ALICE')).people).toEqual([
      expect.objectContaining({
        userName: 'alice@example.com',
        directory: 'active',
        coderUsername: 'alice',
        held: null,
      }),
    ]);
    expect((await admin.groups()).mappings.map(mapping => mapping.state)).toEqual(['matched', 'matched', 'never-came']);
    await expect(admin.hold('no-such-hold')).rejects.toMatchObject({ code: 'not_found' });
    await expect(admin.setup('no-such-app')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the end of the bridge', () => {
  it('does not wait for who follows the audit trail', async () => {
    const short = await startCompany({ CODER_SCIM_SHUTDOWN_TIMEOUT: '5m' });
    const who = await new Visitor(short.bridge.url).signIn(short.bridge.adminToken);
    const followed = await who.follow('/ui/audit/live?afterSeq=0');
    const ended = new Promise(resolve => followed.response.once('end', resolve));
    await short.stop();
    await ended;
  });
});
