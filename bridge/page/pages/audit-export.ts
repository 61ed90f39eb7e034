/** The audit trail as a file: every line that fits, the newest first, read page by page as the browser takes them. */
import { once } from 'node:events';
import { type Response } from 'express';
import { type AuditEntry } from '../../contract/admin-api';
import { type AuditQuery } from '../../store/audit/audit';
import { nextTurn } from '../../store/database/turns';
import { type PageDeps } from '../deps';

/** Lines between two turns of the event loop. */
const PAGE = 250;

const COLUMNS = [
  'id',
  'at',
  'app',
  'actor',
  'token',
  'requestId',
  'subject',
  'subjectName',
  'coderUserId',
  'action',
  'target',
  'idpGroup',
  'mapping',
  'before',
  'after',
  'result',
  'detail',
  'seq',
  'hash',
] as const satisfies readonly (keyof AuditEntry)[];

export async function exportAudit(
  { reconciler, stopping }: PageDeps,
  response: Response,
  filter: AuditQuery,
  form: 'jsonl' | 'csv',
): Promise<void> {
  response.setHeader('content-type', form === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
  response.setHeader('content-disposition', `attachment; filename="coder-scim-audit.${form}"`);
  if (form === 'csv') response.write(`${COLUMNS.join(',')}\r\n`);
  let beforeId = filter.beforeId;
  while (!response.destroyed && !stopping.aborted) {
    const entries = await reconciler.audit({ ...filter, afterId: undefined, beforeId, limit: PAGE });
    const lines = entries.map(entry => (form === 'csv' ? csvLine(entry) : `${JSON.stringify(entry)}\n`)).join('');
    if (!response.write(lines) && !response.destroyed)
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    else await nextTurn();
    beforeId = entries.at(-1)?.id;
    if (entries.length < PAGE) break;
  }
  // Cut short, it must not look like the whole.
  if (stopping.aborted) response.destroy();
  else response.end();
}

/** RFC 4180. What a spreadsheet would take for a formula is told to be text. */
function csvLine(entry: AuditEntry): string {
  const cells = COLUMNS.map(column => {
    const text = String(entry[column] ?? '');
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${cells.join(',')}\r\n`;
}
