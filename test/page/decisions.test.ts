import express from 'express';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createCredentials } from '../../bridge/admin/access/credentials';
import { ADMIN_SCOPES, type PendingItem } from '../../bridge/contract/admin-api';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { digestHex } from '../../bridge/http/caller';
import { createPageRouter } from '../../bridge/page/page';
import { createLog } from '../../bridge/process/log';
import { toEntry } from '../../bridge/reconcile/report/explain';
import { readStatus } from '../../bridge/reconcile/report/status';
import { writePerson } from '../../bridge/store/accounts/people';
import { putApp } from '../../bridge/store/apps/apps';
import { type AuditQuery, queryAudit, writeAudit } from '../../bridge/store/audit/audit';
import { sealAudit } from '../../bridge/store/audit/chain';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { type ScriptedReconciler, scriptedReconciler } from '../admin/scripted-reconciler';
import { until } from '../support/until';
import { Visitor } from './visitor';

const TOKEN = 'an-admin-token-for-this-test';
const NOW = Date.parse('2026-03-01T12:00:00Z');
let server: Server;
let database: Database;
let reconciler: ScriptedReconciler;
let who: Visitor;
let csrf: string;

beforeEach(async () => {
  database = await openDatabase(':memory:');
  reconciler = scriptedReconciler();
  const credentials = createCredentials(
    database,
    [{ name: 'on-call', digest: digestHex(TOKEN), scopes: ADMIN_SCOPES, expiresAt: undefined }],
    () => NOW,
  );
  const never = () => Promise.reject(new Error('not asked for by the page'));
  const page = createPageRouter({
    database,
    reconciler,
    credentials,
    coder: { getUser: never, deleteUser: never, listSeenClaims: never },
    seats: { read: async () => null },
    probe: {
      state: () =>
        Promise.resolve({
          url: 'https://coder.example.com',
          reachable: false,
          version: null,
          account: null,
          credentialExpiresAt: null,
          problem: 'Coder did not answer within 3 s',
        }),
    },
    // Behind a proxy that gives the bridge a path of the host and takes it away again.
    publicUrl: 'https://example.com/scim-bridge',
    version: '1.2.3',
    log: createLog({ level: 'silent', format: 'json', secrets: [] }),
    clock: () => NOW,
    oidc: undefined,
    stopping: new AbortController().signal,
  });
  server = createServer(express().set('query parser', false).use('/ui', page)).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  who = new Visitor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await who.signIn(TOKEN);
  csrf = await who.csrf();
});
afterEach(async () => {
  await new Promise<void>(resolve => void server.close(() => resolve()));
  await database.close();
});

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
  reconciler.pending = [item({})];
  const { body } = await who.get('/ui/decisions');
  expect(body).toContain('rita@example.com');
  expect(body).toContain('<span class="count">1</span>');
  const without = await who.post('/ui/decisions/re-hires/0198-1', { csrf, answer });
  expect([without.status, reconciler.asked]).toEqual([400, []]);
  const { location } = await who.post('/ui/decisions/re-hires/0198-1', { csrf, answer, reason: 'new contract' });
  expect(location).toBe('/scim-bridge/ui/decisions?done=answered');
  expect(reconciler.asked).toEqual([`re-hire 0198-1 ${answer} by on-call: new contract`]);
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
    reconciler.status = async () => ({ ...(await readStatus(database.db, NOW)), recovery: null });
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
    item({ state: 'refused', reason: 'invalidValue', key: 'User lea', subject: 'lea@example.com' }),
  ];
  expect((await who.get('/ui/decisions')).body).toContain('value="User lea"');
  const path = '/ui/decisions/refused/acme';
  expect((await who.post(path, { csrf, who: 'User lea', reason: '' })).status).toBe(400);
  // Nothing of the kind is in this database: the verb of the admin API says so.
  const { status, body } = await who.post(path, { csrf, who: 'User lea', reason: 'suspended in Coder' });
  expect([status, body]).toEqual([409, expect.stringContaining('nothing is refused to &quot;User lea&quot;')]);
});

it('a hold that changed meanwhile is not released', async () => {
  const { status, body } = await who.post('/ui/decisions/holds/h1/release', { csrf, confirm: '3', reason: 'why' });
  expect([status, body]).toEqual([409, expect.stringContaining('is not open any more: nothing was released')]);
  expect(reconciler.asked).toEqual([]);
});

describe('a restored database', () => {
  beforeEach(() => {
    reconciler.recoveryProblem = () => 'the database is older than what it did in Coder';
    reconciler.recovery = () =>
      Promise.resolve({
        reason: 'the database is older than what it did in Coder',
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
      });
  });

  it('is shown person by person, those who would be let in again by name, and ended with a reason', async () => {
    const { body } = await who.get('/ui/decisions');
    expect(body).toMatch(/1 of them would be let in again/);
    expect(body).toContain('leo@example.com');
    expect(body).toContain('group developers was made');
    expect((await who.get('/ui')).body).toContain('Look at what differs');
    const wrong = await who.post('/ui/decisions/recovery/end', { csrf, confirm: 'yes', reason: 'pushed again' });
    expect([wrong.status, reconciler.asked]).toEqual([400, []]);
    await who.post('/ui/decisions/recovery/end', { csrf, confirm: 'go on', reason: 'pushed again' });
    expect(reconciler.asked).toEqual(['end recovery by on-call: pushed again']);
  });
});

describe('the audit trail, followed live', () => {
  const line = (action: string, more: object = {}) => ({
    at: NOW,
    app: 'acme',
    actor: 'operator',
    action,
    result: 'done' as const,
    ...more,
  });
  /** As the page's script does: from where the page says. */
  const follow = async (filter = '') => {
    const { body } = await who.get(`/ui/audit?${filter}`);
    const path = /data-live="\/scim-bridge([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    return await who.follow(path);
  };
  const read = async (query: AuditQuery) => (await queryAudit(database.db, query)).map(toEntry);

  it('misses no line that was written before others and committed after them, and shows none twice', async () => {
    reconciler.audit = read;
    await writeAudit(database.db, [line('first'), line('second')]);
    await database.db.updateTable('audit').set({ id: 1_000 }).where('action', '=', 'second').execute();
    await sealAudit(database);
    await writeAudit(database.db, [line('not-sealed')]);
    const followed = await follow();
    await writeAudit(database.db, [line('late'), line('newest')]);
    await database.db.updateTable('audit').set({ id: 500 }).where('action', '=', 'late').execute();
    while ((await sealAudit(database)).length > 0);
    await until('the newest', () => followed.seen().includes('newest'));
    followed.response.destroy();
    expect(
      [...followed.seen().matchAll(/"(first|second|not-sealed|late|newest)"/g)].map(([, action]) => action),
    ).toEqual(['late', 'newest']);
  });

  it('is not read again from where nothing fitted', async () => {
    await writeAudit(database.db, [line('first'), line('second')]);
    const followed = await follow('action=never');
    await sealAudit(database);
    const looks = () => reconciler.asked.filter(asked => asked.includes('afterSeq'));
    const known = () => looks().map(asked => (JSON.parse(asked.replace('audit ', '')) as AuditQuery).afterSeq);
    // The sign-in was a line as well.
    await until('it goes on from the end of the chain', () => known().at(-1) === 3);
    followed.response.destroy();
    expect(known()[0]).toBe(0);
  });

  it('shows marks that turn the direction of text as the table does', async () => {
    reconciler.audit = read;
    const followed = await follow();
    await writeAudit(database.db, [line('renamed', { detail: 'user\u202egnp.exe\u061c' })]);
    await sealAudit(database);
    await until('the line', () => followed.seen().includes('renamed'));
    followed.response.destroy();
    expect(followed.seen()).toContain('user\ufffdgnp.exe\ufffd');
  });

  it('waits for who does not read', async () => {
    await writeAudit(database.db, [line('some', { detail: 'x'.repeat(20_000) })]);
    await sealAudit(database);
    const [entry] = await read({});
    if (entry === undefined) throw new Error('no line was written');
    let asked = 0;
    reconciler.audit = async () => {
      // Not more than a machine has room for, should nobody wait.
      if ((asked += 1) > 100) return [];
      await new Promise(resolve => setImmediate(resolve));
      return Array.from({ length: 200 }, () => entry);
    };
    let answer: ServerResponse | undefined;
    server.once('request', (_request, response: ServerResponse) => (answer = response));
    const response = await who.stream('/ui/audit/live?afterSeq=0');
    await until('there is no room any more', () => answer?.writableNeedDrain === true);
    const before = asked;
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
    response.destroy();
    expect([before < 50, asked - before]).toEqual([true, 0]);
  });
});

it('what has arrived shows marks that turn the direction of text', async () => {
  await putApp(database, parseMappingState({ version: 1, app: 'acme' }), 'absent', { actor: 'declaration' }, NOW);
  const mapping = { idpGroup: 'devs\u202e', state: 'never-came' };
  reconciler.groups = async () => ({ mappings: [mapping as never], groups: [], total: 0 });
  const { body } = await who.get('/ui/setup/acme/steps');
  expect(body).toContain('devs\ufffd');
  expect(body).not.toContain('\u202e');
});

it('a page that fails says where the cause is, and not what it is', async () => {
  reconciler.groups = () => Promise.reject(new Error('the inner workings'));
  const { status, body } = await who.get('/ui/groups');
  expect([status, body]).toEqual([500, expect.stringContaining('its log has the cause')]);
  expect(body).not.toContain('inner workings');
});
