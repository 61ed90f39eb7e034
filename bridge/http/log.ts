/** What request handlers log with, and how the URL of a request may stand in a line. */
import { type Logger } from 'pino';
import { withoutSecretShapes } from '../contract/secret-shapes';

export type Log = Logger;

// Parameters whose values say nothing about a person.
const PLAIN_PARAMETERS = new Set([
  'startindex',
  'count',
  'sortby',
  'sortorder',
  'attributes',
  'excludedattributes',
  'limit',
  'app',
]);

/**
 * The URL of a request as it may be logged: literals of filters and the values of unknown parameters are left out, since
 * identity providers put names and e-mail addresses there; so are secrets of ours, wherever in it they stand.
 */
export function loggableUrl(url: string): string {
  return withoutSecretShapes(shownUrl(url));
}

function shownUrl(url: string): string {
  const [path = '', query] = url.split('?', 2) as [string, string?];
  const shownPath = path
    .split('/')
    .map(part => (/@|%40/.test(part) || part.length > 128 ? '…' : part))
    .join('/');
  if (query === undefined) return shownPath;
  const shown = [...new URLSearchParams(query)].slice(0, 20).map(([name, value]) => {
    if (PLAIN_PARAMETERS.has(name.toLowerCase())) return `${name}=${value.slice(0, 200)}`;
    if (name.toLowerCase() === 'filter') return `filter=${filterShape(value)}`;
    return `${name.slice(0, 64)}=…`;
  });
  return `${shownPath}?${shown.join('&')}`;
}

const PART = /"(?:[^"\\]|\\.)*"?|[()[\]]|[^\s()[\]"]+/g;
const OPERATOR = /^(?:eq|ne|co|sw|ew|gt|ge|lt|le|pr)$/i;
const OPERATOR_NEXT = /^\s+(?:eq|ne|co|sw|ew|gt|ge|lt|le|pr)(?![^\s)\]"])/i;
const NAME = /^[\w$.:-]+$/;

/**
 * A filter as its attributes, operators and brackets. Everything else is a literal, quoted or not: some identity providers leave the
 * quotes out, and people have names of several words.
 */
function filterShape(filter: string): string {
  const text = filter.slice(0, 500);
  let wanted: 'name' | 'operator' | 'literal' = 'name';
  const shape = text.replace(PART, (part: string, at: number) => {
    const next = text.slice(at + part.length);
    if (part.startsWith('"')) {
      wanted = 'literal';
      return '"…"';
    }
    if (part === '[' && wanted === 'operator') wanted = 'name';
    if (part === ']') wanted = next.startsWith('.') ? 'name' : 'literal';
    if (/^[()[\]]$/.test(part)) return part;
    if (wanted === 'operator' && OPERATOR.test(part)) {
      wanted = 'literal';
      return part;
    }
    if (wanted === 'literal' && /^(?:and|or)$/i.test(part)) {
      wanted = 'name';
      return part;
    }
    if (wanted === 'name' && /^not$/i.test(part)) return part;
    if (wanted === 'name' && NAME.test(part) && (next.startsWith('[') || OPERATOR_NEXT.test(next))) {
      wanted = 'operator';
      return part;
    }
    wanted = 'literal';
    return '…';
  });
  return shape.replace(/\u2026(?:\s+\u2026)+/g, '…');
}
