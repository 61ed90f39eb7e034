/**
 * How text compares (RFC 7643 §2.2 `caseExact`, RFC 7644 §3.4.2.2), in one place, for filters, uniqueness, sorting and PATCH alike.
 * Both evaluators of filters follow it: see `filter/compare.ts`.
 */
// eslint-disable-next-line no-control-regex
const ascii = /^[\u0000-\u007f]*$/;

/**
 * The form in which text of an attribute that is not caseExact is compared: Unicode lower case without regard to any locale, final sigma
 * as sigma, and then NFC. Idempotent; for ASCII it is the plain lower case.
 */
export function fold(text: string): string {
  if (text.length < LONG) return foldAnew(text);
  const known = recent.get(text);
  if (known !== undefined) return known;
  const folded = foldAnew(text);
  const [oldest] = recent.keys();
  if (recent.size >= MOST_RECENT && oldest !== undefined) recent.delete(oldest);
  if (text.length <= LONGEST) recent.set(text, folded);
  return folded;
}

/** Texts so long that hundreds of terms of a filter must not fold them each: the last few are remembered, and none that takes much memory. */
const LONG = 1_000;
const LONGEST = 200_000;
const MOST_RECENT = 8;
const recent = new Map<string, string>();

function foldAnew(text: string): string {
  const lower = text.toLowerCase();
  return ascii.test(lower) ? lower : lower.replaceAll('ς', 'σ').normalize('NFC');
}

/** Order of two texts by code point, which is the order of their UTF-8 bytes; negative, zero or positive. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    // Surrogates stand for code points above all others, though their units are below U+E000.
    if (left !== right)
      return (isSurrogate(left) ? left + 0x10000 : left) - (isSurrogate(right) ? right + 0x10000 : right);
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
