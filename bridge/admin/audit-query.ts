/** The query of `GET /audit` as the filter of the trail. */
import { AUDIT_ACTORS, AUDIT_RESULTS } from '../contract/admin-api';
import { INSTANT_EXAMPLES, parseInstant } from '../contract/instant';
import { type AuditQuery } from '../store/audit/audit';
import { type Link } from '../store/audit/chain';
import { Refusal } from '../http/refusal';

const TEXT = {
  app: 'app',
  subject: 'subject',
  action: 'action',
  token: 'token',
  request: 'requestId',
} as const;
/** Of these every value is known: another one fits nothing, and would read as if nothing had happened. */
const CLOSED = { actor: AUDIT_ACTORS, result: AUDIT_RESULTS } as const;
const INSTANTS = { since: 'since', until: 'until' } as const;
const NUMBERS = { after: 'afterId', afterSeq: 'afterSeq', before: 'beforeId', limit: 'limit' } as const;
const NAMES = [...Object.keys(TEXT), ...Object.keys(CLOSED), ...Object.keys(INSTANTS), ...Object.keys(NUMBERS)];

/** @throws Refusal 400 with the parameter that is wrong */
export function readAuditQuery(query: URLSearchParams): AuditQuery {
  const filter: Record<string, string | number> = {};
  for (const [name, value] of query) {
    if (isKey(TEXT, name)) filter[TEXT[name]] = value;
    else if (isKey(CLOSED, name)) filter[name] = oneOf(CLOSED[name], name, value);
    else if (isKey(INSTANTS, name)) filter[INSTANTS[name]] = instant(name, value);
    else if (isKey(NUMBERS, name)) filter[NUMBERS[name]] = wholeNumber(name, value);
    else throw refuse(`parameter ${JSON.stringify(name)} is not known: wanted ${NAMES.join(', ')}`);
  }
  return filter;
}

const DAY_MS = 86_400_000;

/** A window of time: the last 30 days unless it says otherwise. @throws Refusal 400 */
export function readWindow(query: URLSearchParams, now: number): { readonly since: number; readonly until: number } {
  for (const name of query.keys())
    if (!isKey(INSTANTS, name)) throw refuse(`parameter ${JSON.stringify(name)} is not known: wanted since, until`);
  const [since, until] = [query.get('since'), query.get('until')];
  const end = until === null ? now : instant('until', until);
  const begin = since === null ? end - 30 * DAY_MS : instant('since', since);
  if (begin >= end) throw refuse('until is not after since: wanted a window of time');
  return { since: begin, until: end };
}

/** An end of the chain that somebody noted: `anchor=<line>:<hash>`. @throws Refusal 400 */
export function readAnchor(query: URLSearchParams): Link | undefined {
  const anchor = query.get('anchor');
  if (anchor === null) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(anchor) ?? [];
  if (seq === undefined || hash === undefined)
    throw refuse(
      `anchor is ${JSON.stringify(anchor)}: wanted a line and its hash, such as 120:3f…, as verify prints them`,
    );
  return { seq: Number(seq), hash };
}

function isKey<T extends object>(table: T, name: string): name is keyof T & string {
  return Object.hasOwn(table, name);
}

function oneOf(values: readonly string[], name: string, value: string): string {
  if (values.includes(value)) return value;
  throw refuse(`${name} is ${JSON.stringify(value)}: wanted one of ${values.join(', ')}`);
}

function instant(name: string, value: string): number {
  const time = parseInstant(value);
  if (time === undefined)
    throw refuse(`${name} is ${JSON.stringify(value)}: wanted a time such as ${INSTANT_EXAMPLES}`);
  return time;
}

function wholeNumber(name: string, value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw refuse(`${name} is ${JSON.stringify(value)}: wanted a whole number`);
}

function refuse(message: string): Refusal {
  return new Refusal(400, 'invalid_query', message);
}
