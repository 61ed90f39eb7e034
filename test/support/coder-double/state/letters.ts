/** Letters as PostgreSQL and Go treat them: which count as the same, what is a space, how long a text is. Pure. */

/** Locale of the database, which decides what `lower()` and `ILIKE` fold. */
export type DatabaseLocale = 'C' | 'C.utf8';

export type Fold = (text: string) => string;

function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, letters => letters.toLowerCase());
}

/** One letter for one letter, as Go's `strings.ToLower` does it: the dotted capital I becomes a plain i. */
export function foldEachLetter(text: string): string {
  // eslint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return Array.from(text, letter => Array.from(letter.toLowerCase())[0] ?? '').join('');
}

export function foldOf(locale: DatabaseLocale): Fold {
  return locale === 'C' ? foldAscii : foldEachLetter;
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const OUTER_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, 'gu');

/** Go's `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  return text.replace(OUTER_SPACE, '');
}

/** What the decoder makes of half a surrogate pair. */
export function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text;
}

/** PostgreSQL stores no NUL; the server finds out when it writes. */
export function hasNul(...texts: readonly string[]): boolean {
  return texts.some(text => text.includes('\0'));
}

export const NUL_REFUSED = 'pq: invalid byte sequence for encoding "UTF8": 0x00';
