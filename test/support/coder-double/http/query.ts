/** Query parameters as the server reads them: paging, and the search language of `q`. */
import { invalidQuery, type Refusal, type Validation } from './answer';
import { foldEachLetter } from '../state/letters';
import { parseUuid } from '../state/names';

export interface Page {
  /** 0 means all. */
  readonly limit: number;
  readonly offset: number;
  readonly afterId?: string;
}

function positive(query: URLSearchParams, name: string, problems: Validation[]): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  const complain = (why: string) =>
    problems.push({ field: name, detail: `Query param "${name}" must be a valid 32-bit positive integer: ${why}` });
  if (!/^[+-]?\d+$/.test(text)) complain(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  else if (Number(text) < 0) complain('value is negative');
  else if (Number(text) > 2_147_483_647) complain(`strconv.ParseInt: parsing "${text}": value out of range`);
  return Number(text);
}

/** @throws Refusal 400 `Query parameters have invalid values.` */
export function readPage(query: URLSearchParams): Page {
  const problems: Validation[] = [];
  const limit = positive(query, 'limit', problems);
  const offset = positive(query, 'offset', problems);
  const after = query.get('after_id') ?? '';
  const afterId = after === '' ? undefined : parseUuid(after);
  if (after !== '' && afterId === undefined) {
    problems.push({ field: 'after_id', detail: 'Query param "after_id" must be a valid uuid' });
  }
  if (problems.length > 0) throw invalidQuery(problems);
  return { limit, offset, afterId };
}

/** @throws Refusal 400 naming each parameter that isn't among `known`. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  const unknown = [...new Set(query.keys())].filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  throw invalidQuery(unknown.map(field => ({ field, detail: `"${field}" is not a valid query param` })));
}

export interface Search {
  /** What stands without a key, joined by a space, in small letters and with its quotes. */
  readonly text: string;
  /** The values of each key in the order in which they were given. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

/** Splits outside quotes; empty parts are dropped. */
function splitUnquoted(text: string, delimiter: string): string[] {
  let quoted = false;
  const parts = [''];
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (letter === delimiter && !quoted) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.filter(part => part !== '');
}

/**
 * Splits `q` at spaces outside quotes into `key:value` pairs and one free text.
 *
 * @throws the refusal that `refuse` makes of what is wrong
 */
export function readSearch(q: string, known: readonly string[], refuse: (problems: Validation[]) => Refusal): Search {
  const words = splitUnquoted(foldEachLetter(q), ' ');
  const free = words.filter(word => !word.includes(':'));
  const keys = new Map<string, string[]>();
  for (const word of words.filter(each => each.includes(':'))) {
    const complain = (what: string) => refuse([{ field: 'q', detail: `Query element "${word}" ${what}` }]);
    if (word.startsWith(':') || word.endsWith(':')) throw complain("cannot start or end with ':'");
    const [key = '', value, ...rest] = splitUnquoted(word, ':').map(part => part.replace(/^"+|"+$/g, ''));
    if (value === undefined) {
      free.push(word);
      continue;
    }
    if (rest.length > 0) throw complain("can only contain 1 ':'");
    keys.set(key, [...(keys.get(key) ?? []), value]);
  }
  const unknown = [...keys.keys()].filter(key => !known.includes(key));
  if (unknown.length > 0)
    throw refuse(unknown.map(field => ({ field, detail: `"${field}" is not a valid query param` })));
  return { text: free.join(' '), keys };
}

/** @throws the refusal that `refuse` makes of a key that has several values */
export function onlyValue(key: string, values: readonly string[], refuse: (problems: Validation[]) => Refusal): string {
  if (values.length === 1) return values[0] ?? '';
  const detail = `Query param "${key}" provided more than once, found ${values.length} times. Only provide 1 instance of this query param.`;
  throw refuse([{ field: key, detail }]);
}

/** SQL's `ILIKE '%term%'`: `%` and `_` in the term are wildcards. */
export function likeMatcher(term: string): (lowerCaseText: string) => boolean {
  if (!/[%_\\]/.test(term)) return text => text.includes(term);
  const pattern = term.replace(/\\?./gsu, piece => {
    if (piece === '%') return '[\\s\\S]*';
    if (piece === '_') return '[\\s\\S]';
    const literal = piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece;
    return literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  const regex = new RegExp(pattern, 'u');
  return text => regex.test(text);
}
