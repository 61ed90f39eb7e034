/** What changed between two mapping states, entry by entry. Pure. */
import { canonicalJson, formatPath, type MappingState } from '../../contract/mapping-state';

export interface DocumentChange {
  readonly kind: 'added' | 'changed' | 'removed';
  /** e.g. `roleMappings["admins"].role`. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Path = readonly (string | number)[];

/** Changes in the order of the document; an entry that is new or gone is one change, not one for each of its fields. */
export function documentChanges(before: MappingState | undefined, after: MappingState): DocumentChange[] {
  return compare([], before ?? {}, after);
}

function compare(path: Path, before: unknown, after: unknown): DocumentChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap(name => compare([...path, name], before[name], after[name]));
  }
  // A record that is there for the first time: its entries are the news.
  if (before === undefined && isObject(after) && path.length === 1) return compare(path, {}, after);
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ kind, path: formatPath(path), before: show(before), after: show(after) }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) return JSON.stringify(value);
  const { idpGroup, idpGroupExternalId, organization, group, role } = value as Record<string, string | undefined>;
  const source = idpGroup ?? idpGroupExternalId;
  if (source !== undefined) {
    const target = [organization, group ?? role].filter(part => part !== undefined).join('/');
    return `${source} → ${target}`;
  }
  const { expiresAt } = value;
  return typeof expiresAt === 'string' ? `expires ${expiresAt}` : JSON.stringify(value);
}
