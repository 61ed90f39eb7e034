/** What the page's script is told as it happens. */
import { type ServerResponse } from 'node:http';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { toEntry } from '../../bridge/reconcile/report/explain';
import { putApp } from '../../bridge/store/apps/apps';
import { type AuditQuery, queryAudit, writeAudit } from '../../bridge/store/audit/audit';
import { sealAudit } from '../../bridge/store/audit/chain';
import { type Database } from '../../bridge/store/database/database';
import { type ScriptedReconciler } from '../admin/scripted-reconciler';
import { until } from '../support/until';
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
    page.server.once('request', (_request, response: ServerResponse) => (answer = response));
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
