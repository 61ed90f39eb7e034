/** The audit trail: filtered, page by page, followed live, and as a file. */
import { readAuditQuery } from '../../admin/audit-query';
import { AUDIT_ACTORS, AUDIT_RESULTS } from '../../contract/admin-api';
import { type AuditQuery } from '../../store/audit/audit';
import { readChain } from '../../store/audit/chain';
import { type PageDeps } from '../deps';
import { html } from '../html';
import { selectField, textField } from '../parts/form';
import { nothing } from '../parts/parts';
import { table } from '../parts/table';
import { type Page, type View } from '../view';
import { AUDIT_COLUMNS, auditCells, renderCell } from './audit-rows';

const SHOWN = 100;

const TEXTS = [
  ['subject', 'Person or group'],
  ['action', 'Action'],
  ['token', 'Credential or name'],
  ['request', 'Request'],
  ['app', 'App'],
  ['since', 'Since (UTC)'],
] as const;

/** The fields of the form that say something, as the admin API takes them. @throws Refusal 400 with the parameter that is wrong */
export function auditFilter(query: URLSearchParams): { readonly stated: URLSearchParams; readonly filter: AuditQuery } {
  const stated = new URLSearchParams([...query].filter(([, value]) => value.trim() !== ''));
  return { stated, filter: readAuditQuery(stated) };
}

export async function audit(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const { stated, filter } = auditFilter(query);
  // Before the lines: what is sealed up to here is among them.
  const { head } = await readChain(deps.database.db);
  const found = await deps.reconciler.audit({ ...filter, limit: SHOWN + 1 });
  const entries = found.slice(0, SHOWN);
  const last = found.length > SHOWN ? entries.at(-1) : undefined;
  const wanted = new URLSearchParams(
    [...stated].filter(([name]) => !['before', 'after', 'afterSeq', 'limit'].includes(name)),
  );
  const path = (name: string, more: Record<string, string> = {}) =>
    `${view.base}${name}?${new URLSearchParams([...wanted, ...Object.entries(more)]).toString()}`;
  const value = (name: string) => stated.get(name) ?? '';
  const choices = (names: readonly string[]) => [['', 'any'] as const, ...names.map(name => [name, name] as const)];
  const isNewest = stated.get('before') === null;
  const known = entries.flatMap(({ id, seq }) => (seq === null || seq > head.seq ? [id] : [])).join(' ');
  const from = { afterSeq: String(head.seq), ...(known === '' ? {} : { known }) };
  return {
    title: 'Audit',
    nav: 'audit',
    body: html`<form class="filter" method="get" action="${view.base}/audit" role="search" aria-label="audit trail">
        ${TEXTS.map(([name, label]) =>
          textField({ id: `audit-${name}`, name, label, value: value(name), maxLength: 500 }),
        )}
        ${selectField('audit-actor', 'actor', 'Caused by', choices(AUDIT_ACTORS), value('actor'))}
        ${selectField('audit-result', 'result', 'Result', choices(AUDIT_RESULTS), value('result'))}
        <button class="main">Filter</button>
      </form>
      <p class="actions">
        ${
          isNewest &&
          html`<button type="button" hidden aria-pressed="false" data-live="${path('/audit/live', from)}">
              Follow live
            </button>
            <span data-live-state role="status" class="hint"></span>`
        }
        <a class="button" href="${path('/audit.jsonl')}" download>JSON lines</a>
        <a class="button" href="${path('/audit.csv')}" download>CSV</a>
      </p>
      <div data-entries>
        ${entries.length === 0 && nothing(isNewest ? 'No line fits.' : 'No older line fits.')}
        ${
          (entries.length > 0 || isNewest) &&
          table(
            'Audit trail',
            AUDIT_COLUMNS,
            entries.map(entry => auditCells(view.base, entry).map(renderCell)),
          )
        }
      </div>
      ${last !== undefined && html`<p><a class="button" href="${path('/audit', { before: String(last.id) })}">Older</a></p>`}`,
  };
}
