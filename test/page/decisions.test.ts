import { type PendingItem } from '../../bridge/contract/admin-api';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { readStatus } from '../../bridge/reconcile/report/status';
import { writePerson } from '../../bridge/store/accounts/people';
import { putApp } from '../../bridge/store/apps/apps';
import { type Database } from '../../bridge/store/database/database';
import { type ScriptedReconciler } from '../admin/scripted-reconciler';
import { sendSlowly } from '../support/send-slowly';
import { NOW, type ScriptedPage, startScriptedPage } from './scripted-page';
import { type Visitor } from './visitor';

let page: ScriptedPage;
let database: Database;
let reconciler: ScriptedReconciler;
let who: Visitor;
let csrf: string;

beforeEach(async () => {
  page = await startScriptedPage();
  ({ database, reconciler, who, csrf } = page);
});
afterEach(() => page.stop());

const item = (change: Partial<PendingItem>): PendingItem => ({
  key: 'person:0198-1',
  app: 'acme',
  subject: 'rita@example.com',
  state: 'held',
  reason: 're-hire: the account of before was used',
  attempts: 0,
  since: '2026-03-01T11:00:00Z',
  ...change,
});

it('links and cookies are below the path of the public URL, and the cookie goes over https alone', async () => {
  const { body } = await who.get('/ui');
  for (const [, target] of body.matchAll(/(?:src|href|action)="([^"]*)"/g))
    expect(target).toMatch(/^(\/scim-bridge\/ui|#main$)/);
  expect(who.set[0]).toMatch(/^__Secure-coder-scim-page=.*; Path=\/scim-bridge\/ui; .*Secure/);
  expect(body).toContain('Coder did not answer within 3 s');
});

it('nothing to decide is said', async () => {
  expect((await who.get('/ui/decisions')).body).toContain('Nothing waits for a decision.');
});

it('of an app that was removed, what is left is said on the overview and among the decisions', async () => {
  const since = '2026-03-01T10:00:00Z';
  const leavers = [{ state: 'waiting' as const, people: 30, since }];
  reconciler.ending = [{ app: 'acme', waiting: 31, held: 2, parked: 0, refused: 0, leavers }];
  for (const path of ['/ui', '/ui/decisions']) {
    const { body } = await who.get(path);
    expect(body).toContain('removed, not gone: 31 waiting, 2 held');
    expect(body).toMatch(/not known to be locked out<[^]*30 waiting, the first left <time[^>]*>2 h ago</);
    expect(body).not.toContain('No app is declared yet');
    expect(body).not.toContain('Nothing waits');
  }
});

it.each(['keep', 'replace'])('a re-hire is answered: %s', async answer => {
  reconciler.pending = [item({ account: 'coder-1' })];
  const { body } = await who.get('/ui/decisions');
  expect(body).toContain('name="account" value="coder-1"');
  expect(body).toContain('rita@example.com');
  expect(body).toContain('<span class="count">1</span>');
  const without = await who.post('/ui/decisions/re-hires/0198-1', { csrf, answer });
  expect([without.status, reconciler.asked]).toEqual([400, []]);
  const form = { csrf, answer, account: 'coder-1', reason: 'new contract' };
  const { location } = await who.post('/ui/decisions/re-hires/0198-1', form);
  expect(location).toBe('/scim-bridge/ui/decisions?done=answered');
  expect(reconciler.asked).toEqual([`re-hire 0198-1 (coder-1) ${answer} by on-call: new contract`]);
});

it('parked work is tried again, one piece or all', async () => {
  reconciler.pending = [
    item({ state: 'parked', reason: 'refused by Coder', attempts: 10 }),
    item({ key: 'coder-group:1', subject: null, state: 'parked', reason: 'refused by Coder' }),
  ];
  const { body } = await who.get('/ui/decisions');
  expect(body).toContain('value="coder-group:1"');
  await who.post('/ui/decisions/retry', { csrf, key: 'coder-group:1' });
  await who.post('/ui/decisions/retry', { csrf });
  expect(reconciler.asked).toEqual(['retry coder-group:1', 'retry all']);
});

it('who is to be locked out and can not be is named with the reason, however long that is tried', async () => {
  reconciler.pending = [
    item({ state: 'waiting', reason: 'Coder answered 500', attempts: 12, subject: 'lea@example.com' }),
    item({ state: 'waiting', reason: 'in the queue', attempts: 0, subject: 'joe@example.com', key: 'person:0198-2' }),
  ];
  const { body } = await who.get('/ui/decisions');
  expect(body).toMatch(/Not locked out yet[^]*lea@example\.com[^]*Coder answered 500[^]*12/);
  expect(body).toContain('<span class="count">1</span>');
  expect(body).not.toContain('joe@example.com');
  expect(body).not.toContain('Nothing waits for a decision');
});

it('who waits for a person is told what helps: duplicates, former owners, refused leavers', async () => {
  reconciler.pending = [
    item({ reason: 'duplicate-account: two accounts bear the address', subject: 'dora@example.com' }),
    item({ reason: 'former-owner: was an owner by hand', subject: 'fred@example.com', key: 'person:0198-2' }),
    item({ state: 'refused', reason: 'invalidValue (request r1)', subject: 'lea@example.com' }),
  ];
  const { body } = await who.get('/ui/decisions');
  expect(body).toContain('delete the one that nobody needs');
  expect(body).toContain('They stay no owner');
  expect(body).toMatch(/Refused leavers[^]*lea@example\.com/);
});

describe('more people than are listed', () => {
  const hold = async (prefix: string, people: number, reason: string) => {
    for (let index = 0; index < people; index += 1) {
      const userId = `${prefix}-${String(index).padStart(3, '0')}`;
      const held = { reason, detail: 'why' };
      await writePerson(database.db, { userId, app: 'acme', userName: `${userId}@example.com` }, { held }, NOW);
    }
  };

  beforeEach(() => {
    reconciler.status = async () => ({
      ...(await readStatus(database.db, NOW)),
      recovery: null,
      recoveryPending: false,
    });
  });

  it('whom the guard stopped take no place from who came back', async () => {
    await hold('a', 201, 'guard');
    await hold('b', 1, 're-hire');
    const { body } = await who.get('/ui/decisions');
    expect(body).toMatch(/Came back <span class="badge warn">1 person<[^]*b-000@example\.com/);
    expect(body).toContain('<span class="count">1</span>');
    expect(body).not.toContain('Held people');
  });

  it('are told of by number, who came back first', async () => {
    await hold('a', 1_230, 'no-email');
    await hold('b', 1, 're-hire');
    const { body } = await who.get('/ui/decisions');
    expect(body).toMatch(/Came back <span class="badge warn">1 person<[^]*b-000@example\.com/);
    expect(body).toContain('Held people <span class="badge warn">1,230<');
    expect(body).toContain('These are the first 199 of 1,230');
  });
});

it('a refused leaver who was dealt with by hand is dismissed with a reason', async () => {
  await putApp(database, parseMappingState({ version: 1, app: 'acme' }), 'absent', { actor: 'declaration' }, NOW);
  reconciler.pending = [
    item({ state: 'refused', reason: 'invalidValue', key: 'User lea', subject: 'lea@example.com', attempts: 2 }),
  ];
  const shown = (await who.get('/ui/decisions')).body;
  expect([shown.includes('value="User lea"'), shown.includes('name="times" value="2"')]).toEqual([true, true]);
  const path = '/ui/decisions/refused/acme';
  const shownBy = { csrf, who: 'User lea', times: '2', since: new Date(NOW).toISOString() };
  expect((await who.post(path, { ...shownBy, reason: '' })).status).toBe(400);
  // Nothing of the kind is in this database: the verb of the admin API says so.
  const { status, body } = await who.post(path, { ...shownBy, reason: 'suspended in Coder' });
  expect([status, body]).toEqual([409, expect.stringContaining('nothing is refused to &quot;User lea&quot;')]);
});

it('a hold that changed meanwhile is not released', async () => {
  const { status, body } = await who.post('/ui/decisions/holds/h1/release', { csrf, confirm: '3', reason: 'why' });
  expect([status, body]).toEqual([409, expect.stringContaining('is not open any more: nothing was released')]);
  expect(reconciler.asked).toEqual([]);
});

it('a form that comes slowly counts by the session that is there when it has come', async () => {
  const slow = async (meanwhile: () => Promise<unknown>): Promise<number> => {
    const url = `${who.origin}/ui/decisions/retry`;
    const headers = {
      cookie: who.cookie,
      origin: who.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    return await sendSlowly({ url, headers, body: new URLSearchParams({ csrf }).toString() }, meanwhile);
  };
  expect([await slow(async () => undefined), reconciler.asked]).toEqual([303, ['retry all']]);
  expect([await slow(() => who.post('/ui/sign-out', { csrf })), reconciler.asked]).toEqual([401, ['retry all']]);
});

describe('a restored database', () => {
  beforeEach(() => {
    reconciler.recoveryProblem = () => 'the database is older than what it did in Coder';
    reconciler.recovery = () =>
      Promise.resolve({
        reason: 'the database is older than what it did in Coder',
        mayEnd: true,
        since: '2026-03-01T10:00:00Z',
        people: [
          {
            coderUserId: 'c1',
            coderUsername: 'leo',
            app: 'acme',
            userName: 'leo@example.com',
            directory: 'active',
            letInAgain: true,
            changes: ['2026-03-01T09:00:00Z suspended'],
          },
        ],
        other: ['2026-03-01T09:30:00Z group developers was made'],
        apps: [],
      });
  });

  it('is shown person by person, those who would be let in again by name, and ended with a reason', async () => {
    const { body } = await who.get('/ui/decisions');
    expect(body).toMatch(/1 of them would be let in again/);
    expect(body).toContain('leo@example.com');
    expect(body).toContain('group developers was made');
    expect((await who.get('/ui')).body).toContain('Look at what differs');
    expect(body).toContain('name="since" value="2026-03-01T10:00:00Z"');
    const form = { csrf, since: '2026-03-01T10:00:00Z', reason: 'pushed again' };
    const wrong = await who.post('/ui/decisions/recovery/end', { ...form, confirm: 'yes' });
    expect([wrong.status, reconciler.asked]).toEqual([400, []]);
    await who.post('/ui/decisions/recovery/end', { ...form, confirm: 'go on' });
    expect(reconciler.asked).toEqual(['end recovery of 2026-03-01T10:00:00Z by on-call: pushed again']);
  });

  it('that Coder has not been compared with is told, and nobody is asked to end it', async () => {
    const reason = 'not known yet whether the database is current: GET /audit answered 500';
    reconciler.recoveryProblem = () => reason;
    reconciler.recovery = async () => ({ reason, mayEnd: false, since: null, people: [], other: [], apps: [] });
    const { body } = await who.get('/ui/decisions');
    expect(body).toContain(reason);
    expect(body).toContain('Nobody has to decide');
    expect(body).not.toMatch(/Give and take again|Since never/);
  });
});

it('a page that fails says where the cause is, and not what it is', async () => {
  reconciler.groups = () => Promise.reject(new Error('the inner workings'));
  const { status, body } = await who.get('/ui/groups');
  expect([status, body]).toEqual([500, expect.stringContaining('its log has the cause')]);
  expect(body).not.toContain('inner workings');
});
