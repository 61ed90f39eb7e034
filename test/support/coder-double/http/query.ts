/** Query parameters as the server reads them: paging, and the search language of `q`. */
import { invalidQuery, type Refusal, type Validation } from './answer';
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
  /** Free words joined by a space, lower case. */
  readonly text: string;
  readonly keys: ReadonlyMap<string, string>;
}

/** `a:"b:c"` gives a and b:c; quotes themselves are dropped. */
function splitAtColons(word: string): string[] {
  let quoted = false;
  const parts = [''];
  for (const letter of word) {
    if (letter === '"') quoted = !quoted;
    else if (letter === ':' && !quoted) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** Splits `q` at spaces outside quotes into `key:value` pairs and free text. */
export function readSearch(q: string, known: readonly string[], refuse: (problems: Validation[]) => Refusal): Search {
  const words = q.toLowerCase().match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  const keys = new Map<string, string>();
  const free: string[] = [];
  const problems: Validation[] = [];
  for (const word of words) {
    const parts = splitAtColons(word);
    const [key = '', value = ''] = parts;
    if (parts.length === 1) free.push(key);
    else if (parts.length > 2) problems.push({ field: 'q', detail: `Query element "${word}" can only contain 1 ':'` });
    else if (!known.includes(key)) problems.push({ field: key, detail: `"${key}" is not a valid query param` });
    else keys.set(key, value);
  }
  if (problems.length > 0) throw refuse(problems);
  return { text: free.join(' '), keys };
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
