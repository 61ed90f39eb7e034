/**
 * Lines of the audit trail about what was declared, written with it: who did, and which parts of the document are others from then on.
 * What becomes of it in Coder is told by `app.apply`, when it is dealt with; by then it may be another document. No secrets: of a digest
 * its beginning.
 */
import {
  canonicalJson,
  type Difference,
  differences,
  formatPath,
  type MappingState,
  parseMappingState,
} from '../../contract/mapping-state';
import { type AuditRow } from '../audit/audit';
import { type Cause } from '../work/causes';

/** Whom it is by, and when. */
interface Declaration {
  readonly app: string;
  /** The one that is new. */
  readonly generation: number;
  readonly cause: Cause;
  readonly now: number;
}

const NO_CREDENTIALS = { tokens: {}, oauthClients: {} } as const;

/** The document until now, as far as it can be read, and whether it was deleted. */
export interface Until {
  readonly document: object;
  readonly isDeleted: boolean;
}

/** @param until undefined: there is no such app */
export function declareLine(declaration: Declaration, until: Until | undefined, state: MappingState): AuditRow {
  if (until === undefined) {
    const usual = parseMappingState({ version: state.version, app: state.app });
    return line(declaration, 'app.declare', `new, with ${say(differences(usual, state), 'what is usual alone')}`);
  }
  const { document, isDeleted } = until;
  // Its credentials ended with it: those that are declared now are new ones.
  const before = isDeleted ? { ...document, ...NO_CREDENTIALS } : document;
  const said = say(differences(before, state), 'nothing else than before');
  return line(declaration, 'app.declare', isDeleted ? `again, before its end, with ${said}` : said);
}

/** @param before the document until now; undefined: it can't be read */
export function deleteLine(declaration: Declaration, before: MappingState | undefined): AuditRow {
  if (before === undefined) return line(declaration, 'app.delete', 'its credentials ended with it');
  const ended = differences(before, { ...before, ...NO_CREDENTIALS });
  return line(
    declaration,
    'app.delete',
    `${say(ended, 'it had no credentials')}; its people leave by policies.leaving ${show(before.policies.leaving)}`,
  );
}

function line({ app, generation, cause, now }: Declaration, action: string, detail: string): AuditRow {
  const { actor, token, requestId } = cause;
  return { at: now, app, actor, token, requestId, action, target: `generation ${generation}`, result: 'done', detail };
}

/** What a line has room for comes first; mappings may be thousands, and what guards them stands before them. */
const FIRST: readonly string[] = [
  'guard',
  'policies',
  'people',
  'tokens',
  'oauthClients',
  'mode',
  'identityProvider',
  'claims',
  'attributes',
  'pushedGroups',
  'roleMappings',
];
const MOST_SAID = 50;
const LONGEST_VALUE = 200;
const MOST_LISTED = 20;

function say(all: readonly Difference[], none: string): string {
  if (all.length === 0) return none;
  const rank = ({ path: [part = ''] }: Difference): number =>
    FIRST.includes(part) ? FIRST.indexOf(part) : FIRST.length;
  const sorted = [...all].sort((a, b) => rank(a) - rank(b));
  const said = sorted.slice(0, MOST_SAID).map(sayOne);
  const more = new Map<string, number>();
  for (const {
    path: [part = ''],
  } of sorted.slice(MOST_SAID))
    more.set(part, (more.get(part) ?? 0) + 1);
  const parts = [...more].map(([part, count]) => `${count} of ${part}`).join(', ');
  return [...said, ...(more.size === 0 ? [] : [`and ${all.length - MOST_SAID} more: ${parts}`])].join('; ');
}

function sayOne({ kind, path, before, after }: Difference): string {
  const where = formatPath(path);
  if (kind === 'added') return `${where} added: ${show(after)}`;
  if (kind === 'removed') return `${where} removed: ${show(before)}`;
  if (!Array.isArray(before) || !Array.isArray(after)) return `${where} ${show(before)} → ${show(after)}`;
  const gone = without(before, after);
  const come = without(after, before);
  if (gone.length + come.length === 0) return `${where} in another order`;
  return [
    where,
    ...(gone.length === 0 ? [] : [`without ${listed(gone)}`]),
    ...(come.length === 0 ? [] : [`with ${listed(come)}`]),
  ].join(' ');
}

function without(list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const known = new Set(others.map(canonicalJson));
  return list.filter(item => !known.has(canonicalJson(item)));
}

function listed(items: readonly unknown[]): string {
  const more = items.length - MOST_LISTED;
  return items.slice(0, MOST_LISTED).map(show).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** As JSON: names are within quotes, whatever is in them. */
function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…') : part,
  );
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}
