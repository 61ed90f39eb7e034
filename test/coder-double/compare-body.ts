/** Compares a body with what was recorded: same keys, same values, placeholders bound, `detail` of any text. */
import { type Bindings } from './bindings';

/** Lists of users are ordered; no other list is. */
function isOrdered(path: string): boolean {
  return path.endsWith('.users') || path.endsWith('.audit_logs');
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

export interface Comparison {
  readonly bindings: Bindings;
  /** Whether the recorder cut the body: keys that it lacks don't matter, and `…` stands for anything. */
  readonly shortened: boolean;
}

function compareUnordered(
  expected: readonly unknown[],
  actual: readonly unknown[],
  how: Comparison,
  path: string,
): string | undefined {
  const left = [...actual];
  for (const item of expected) {
    const place = left.findIndex(candidate => {
      const trial = how.bindings.copy();
      if (compare(item, candidate, { ...how, bindings: trial }, `${path}[]`) !== undefined) return false;
      how.bindings.adopt(trial);
      return true;
    });
    if (place === -1) return `${path}: nothing equals ${show(item)} among ${show(left)}`;
    left.splice(place, 1);
  }
  return left.length === 0 ? undefined : `${path}: ${show(left)} wasn't recorded`;
}

/** What differs first, or undefined when nothing does. */
export function compareBody(
  expected: unknown,
  actual: unknown,
  bindings: Bindings,
  shortened = false,
): string | undefined {
  return compare(expected, actual, { bindings, shortened }, 'body');
}

function compare(expected: unknown, actual: unknown, how: Comparison, path: string): string | undefined {
  const { bindings, shortened } = how;
  if (shortened && expected === '…' && actual !== undefined) return undefined;
  if (path === 'body.detail')
    return typeof actual === 'string' ? undefined : `${path}: got ${show(actual)}, wanted some text`;
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${path}: got ${show(actual)}, wanted a list`;
    if (!isOrdered(path)) return compareUnordered(expected, actual, how, path);
    if (expected.length !== actual.length) return `${path}: got ${actual.length} items, wanted ${expected.length}`;
    return first(expected.map((item, index) => () => compare(item, actual[index], how, `${path}[${index}]`)));
  }
  if (expected !== null && typeof expected === 'object') {
    if (actual === null || typeof actual !== 'object') return `${path}: got ${show(actual)}, wanted an object`;
    const wanted = new Map(Object.entries(expected).map(([key, value]) => [bindings.fill(key), value as unknown]));
    const received = new Map(Object.entries(actual).map(([key, value]) => [key, value as unknown]));
    const keys = [...new Set([...wanted.keys(), ...(shortened ? [] : received.keys())])];
    return first(
      keys.map(key => () => {
        if (!received.has(key)) return `${path}.${key}: missing, wanted ${show(wanted.get(key))}`;
        if (!wanted.has(key)) return `${path}.${key}: got ${show(received.get(key))}, wanted no such key`;
        return compare(wanted.get(key), received.get(key), how, `${path}.${key}`);
      }),
    );
  }
  const same =
    typeof expected === 'string' && typeof actual === 'string'
      ? bindings.matches(expected, actual)
      : expected === actual;
  return same ? undefined : `${path}: got ${show(actual)}, wanted ${show(expected)}`;
}

function first(comparisons: readonly (() => string | undefined)[]): string | undefined {
  for (const next of comparisons) {
    const difference = next();
    if (difference !== undefined) return difference;
  }
  return undefined;
}
