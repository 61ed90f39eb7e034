/** What a page says where there is nothing, and where there is more than it shows. */
import { type AuditEntry, type Explanation } from '../../bridge/contract/admin-api';
import { toEntry } from '../../bridge/reconcile/report/explain';
import { writePerson } from '../../bridge/store/accounts/people';
import { queryAudit, writeAudit } from '../../bridge/store/audit/audit';
import { type Database } from '../../bridge/store/database/database';
import { writeRequests } from '../../bridge/store/requests/requests';
import { type ScriptedReconciler } from '../admin/scripted-reconciler';
import { requestRecord } from '../support/request-record';
import { NOW, type ScriptedPage, startScriptedPage } from './scripted-page';
import { type Visitor } from './visitor';

let page: ScriptedPage;
let database: Database;
let reconciler: ScriptedReconciler;
let who: Visitor;

beforeEach(async () => {
  page = await startScriptedPage();
  ({ database, reconciler, who } = page);
});
afterEach(() => page.stop());

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  id: 1,
  at: new Date(NOW).toISOString(),
  app: 'acme',
  actor: 'sweep',
  token: null,
  requestId: null,
  subject: null,
  subjectName: null,
  coderUserId: null,
  action: 'drift.found',
  target: null,
  idpGroup: null,
  mapping: null,
  before: null,
  after: null,
  result: 'reported',
  detail: null,
  seq: 1,
  hash: null,
  ...more,
});
const requestsCame = (count: number) =>
  writeRequests(
    database.db,
    numbers(count).map(index => requestRecord({ at: NOW, requestId: `r${index}` })),
  );
const OLDER = />Older</;

it('nobody is held is not that nobody is there', async () => {
  await writePerson(database.db, { userId: '1', app: 'acme', userName: 'alice' }, {}, NOW);
  const { body } = await who.get('/ui/people?held=true');
  expect(body).toContain('Nobody is held.');
  expect((await who.get('/ui/people?after=zoe&after-id=9')).body).toContain('Nobody else fits.');
});

it('older requests are offered where there are any', async () => {
  await requestsCame(100);
  expect((await who.get('/ui/requests')).body).not.toMatch(OLDER);
  await requestsCame(1);
  const { body } = await who.get('/ui/requests');
  const older = /href="\/scim-bridge([^"]*)">Older</.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect((await who.get(older)).body.match(/<tr>/g)).toHaveLength(2);
  expect((await who.get('/ui/requests?before=1')).body).toContain('No older request is kept.');
  expect((await who.get('/ui/requests?before=1&refused=true')).body).toContain('Nothing older was refused.');
});

it('older lines of the audit trail are offered where there are any', async () => {
  reconciler.audit = async query => (await queryAudit(database.db, query)).map(toEntry);
  const lines = (count: number) =>
    writeAudit(
      database.db,
      numbers(count).map(() => ({ at: NOW, app: 'acme', actor: 'sweep', action: 'some', result: 'done' as const })),
    );
  await lines(100);
  expect((await who.get('/ui/audit?action=some')).body).not.toMatch(OLDER);
  await lines(1);
  expect((await who.get('/ui/audit?action=some')).body).toMatch(OLDER);
  expect((await who.get('/ui/audit?action=some&before=1')).body).toContain('No older line fits.');
});

it('of a person is shown what the directory says, however many have their name within their own', async () => {
  for (const index of numbers(60))
    await writePerson(database.db, { userId: `a${index}`, app: 'acme', userName: `a${index}-rita` }, {}, NOW);
  const known = { userName: 'rita', email: 'rita@example.com', externalId: undefined };
  await writePerson(database.db, { userId: 'r', app: 'acme', userName: 'rita' }, { known }, NOW);
  const rita = { app: 'acme', scimId: 'r', userName: 'rita', active: false, coderUserId: null, coderUsername: null };
  const explained: Explanation = { ...rita, status: null, held: null, entitlements: [], beside: [], recent: [] };
  reconciler.explain = async () => [explained];
  const { body } = await who.get('/ui/people/r');
  expect(body).toContain('rita@example.com');
  expect(body).toMatch(/In the directory\s+<span class="badge plain">left</);
  expect(body).not.toContain('These are the newest');
  reconciler.audit = async ({ limit = 0 }) => numbers(Math.min(limit, 101)).map(id => entry({ id, action: 'some' }));
  const full = (await who.get('/ui/people/r')).body;
  expect(full.match(/<li class="warn">/g)).toHaveLength(100);
  expect(full).toMatch(/These are the newest 100;[^]*href="\/scim-bridge\/ui\/audit\?subject=r"/);
});

it('drift says that there was more', async () => {
  let found = 200;
  reconciler.audit = async ({ limit = 0 }) =>
    numbers(Math.min(limit, found)).map(id => entry({ id, target: `${id}-th` }));
  expect((await who.get('/ui/drift')).body).not.toContain('These are the newest');
  found = 1_000;
  const { body } = await who.get('/ui/drift');
  expect(body.match(/-th/g)).toHaveLength(200);
  expect(body).toMatch(/These are the newest 200;[^]*href="\/scim-bridge\/ui\/audit\?action=drift\.found"/);
});

it('what was done is told to who did it, once', async () => {
  const { csrf } = page;
  const { location = '' } = await who.post('/ui/decisions/retry', { csrf });
  const path = location.replace('/scim-bridge', '');
  expect((await (await page.another()).get(path)).body).not.toContain('Queued again.');
  expect((await who.get('/ui/decisions?done=released')).body).not.toContain('Released');
  expect((await who.get(path)).body).toContain('Queued again.');
  expect((await who.get(path)).body).not.toContain('Queued again.');
});
