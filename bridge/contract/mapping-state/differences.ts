/** What differs between two documents, entry by entry. Pure. */
import { canonicalJson } from './canonical-json';
import { type MappingState } from './document';

export interface Difference {
  readonly kind: 'added' | 'changed' | 'removed';
  /** e.g. `["roleMappings", "admins", "role"]`. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Differences in the order of the document; an entry that is new or gone is one, not one for each of its fields.
 * @param before undefined: there was none; a text that this version does not read as a document may be one, too
 */
export function differences(before: unknown, after: MappingState): Difference[] {
  return compare([], before ?? {}, after);
}

function compare(path: readonly string[], before: unknown, after: unknown): Difference[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap(name => compare([...path, name], own(before, name), own(after, name)));
  }
  // A record that is there for the first time: its entries are the news.
  if (before === undefined && isObject(after) && path.length === 1) return compare(path, {}, after);
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ kind, path, before, after }];
}

/** An entry may be named `constructor`. */
function own(of: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
