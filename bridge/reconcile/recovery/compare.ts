/** Whether a database is older than what Coder's audit log says that it did. Pure. */
import { type CoderAuditRow } from '../../coder';

/** What calls of an installation are known by in Coder's audit log: which one, and where its database stood. */
export function callerOf(installation: string, position: number): string {
  return `coder-scim (${installation}; ${position})`;
}

/** The position in a caller of this installation; undefined for all others. */
export function positionOf(userAgent: string, installation: string): number | undefined {
  const [, id, position] = /^coder-scim \(([0-9a-f-]{36}); (\d{1,15})\)/.exec(userAgent) ?? [];
  return id === installation ? Number(position) : undefined;
}

/** Types of what the bridge changes, as the log calls them; that which it changes most comes first. */
export const CHANGED_BY_THE_BRIDGE: readonly string[] = [
  'user',
  'organization_member',
  'group',
  'custom_role',
  'idp_sync_settings_group',
  'idp_sync_settings_role',
  'idp_sync_settings_organization',
];

export interface Comparison {
  /** Changes that this database does not know of, newest first. */
  readonly unknown: readonly CoderAuditRow[];
  /** The highest position that Coder has seen; 0 for none. */
  readonly seen: number;
  /** Rows of the time that this database knows are among these: older ones need not be read. */
  readonly reached: boolean;
  /** The newest time of such a row, by Coder's own clock (milliseconds); undefined without any. */
  readonly knownAt: number | undefined;
}

/**
 * Sorts rows by where the database stood whose bridge made them. What was refused, changed nothing, or was done by another installation
 * or tool says nothing.
 */
export function compare(
  rows: readonly CoderAuditRow[],
  installation: { readonly id: string; readonly position: number },
): Comparison {
  const unknown: CoderAuditRow[] = [];
  let seen = 0;
  let knownAt: number | undefined;
  for (const row of rows) {
    const position = positionOf(row.userAgent, installation.id);
    if (position === undefined) continue;
    seen = Math.max(seen, position);
    if (position <= installation.position) knownAt = Math.max(knownAt ?? -Infinity, Date.parse(row.time));
    else if (isChange(row)) unknown.push(row);
  }
  return { unknown, seen, reached: knownAt !== undefined, knownAt };
}

function isChange({ resourceType, status, diff }: CoderAuditRow): boolean {
  return CHANGED_BY_THE_BRIDGE.includes(resourceType) && status < 400 && Object.keys(diff).length > 0;
}
