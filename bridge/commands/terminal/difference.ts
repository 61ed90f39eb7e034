/** What changed between two mapping states, as a table shows it. Pure. */
import { differences, formatPath, type MappingState } from '../../contract/mapping-state';

export interface DocumentChange {
  readonly kind: 'added' | 'changed' | 'removed';
  /** e.g. `roleMappings["admins"].role`. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Changes in the order of the document; an entry that is new or gone is one change, not one for each of its fields. */
export function documentChanges(before: MappingState | undefined, after: MappingState): DocumentChange[] {
  return differences(before, after).map(({ kind, path, before: was, after: is }) => ({
    kind,
    path: formatPath(path),
    before: show(was),
    after: show(is),
  }));
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
