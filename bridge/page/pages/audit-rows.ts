/** Lines of the audit trail as cells: the same for the table and for what follows live. */
import { type AuditEntry } from '../../contract/admin-api';
import { type Content, html } from '../html';
import { badge, type Tone } from '../parts/parts';
import { type Column } from '../parts/table';

/** A cell as the browser's script draws it; exactly one of the three is more than a text. */
export interface Cell {
  readonly text: string;
  readonly href?: string | undefined;
  readonly tone?: Tone | undefined;
  readonly at?: string | undefined;
}

export const AUDIT_COLUMNS: readonly Column[] = [
  'When (UTC)',
  'Result',
  'Action',
  'Who',
  'Target',
  'Change',
  'Because',
].map(head => ({ head }));

const TONES: Readonly<Record<string, Tone>> = { done: 'good', failed: 'bad', held: 'warn', reported: 'warn' };

export function resultTone(result: string): Tone {
  return TONES[result] ?? 'plain';
}

/** What was before and after, and what there is to say. */
export function changeText({ before, after, detail }: AuditEntry): string {
  const change = before === null && after === null ? '' : `${before ?? '–'} → ${after ?? '–'}`;
  return [change, detail ?? ''].filter(part => part !== '').join('; ');
}

function because({ actor, idpGroup, mapping, token }: AuditEntry): string {
  const source = idpGroup === null ? '' : mapping === null ? idpGroup : `${idpGroup} (${mapping})`;
  return [source, token === null ? actor : `${actor} by ${token}`].filter(part => part !== '').join(', ');
}

export function auditCells(base: string, entry: AuditEntry): Cell[] {
  const who = entry.subjectName ?? entry.subject ?? entry.coderUserId ?? '';
  const isPerson = entry.coderUserId !== null || /^(person|re-hire|account|profile)\b/.test(entry.action);
  return [
    { text: entry.at.slice(0, 19).replace('T', ' '), at: entry.at },
    { text: entry.result, tone: resultTone(entry.result) },
    { text: entry.action },
    {
      text: who,
      href: entry.subject !== null && isPerson ? `${base}/people/${encodeURIComponent(entry.subject)}` : undefined,
    },
    { text: entry.target ?? '' },
    { text: changeText(entry) },
    { text: because(entry) },
  ];
}

export function renderCell({ text, href, tone, at }: Cell): Content {
  if (href !== undefined) return html`<a href="${href}">${text}</a>`;
  if (tone !== undefined) return badge(tone, text);
  return at === undefined ? text : html`<time datetime="${at}">${text}</time>`;
}
