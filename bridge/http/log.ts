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

// A word that follows an operator is a literal even without quotes: some identity providers leave them out.
function filterShape(filter: string): string {
  return filter
    .slice(0, 500)
    .replace(/"(?:[^"\\]|\\.)*"?/g, '"…"')
    .replace(/\b(eq|ne|co|sw|ew|gt|ge|lt|le)\s+(?!"\u2026")[^\s)\]]+/gi, '$1 …');
}
