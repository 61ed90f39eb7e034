/** A row of Coder's audit log in words, and whom it is about. Pure. */
import { type CoderAuditRow } from '../../coder';

export interface SaidChange {
  /** Coder ids of the people it is about; empty for groups, roles and settings as such. */
  readonly accounts: readonly string[];
  readonly text: string;
}

const NONE = 'none';

/** What a row changed; one entry for each thing that can be said of other people. */
export function sayChange(row: CoderAuditRow): SaidChange[] {
  const { resourceType, resourceId, target, action, organization } = row;
  if (resourceType === 'user') return [{ accounts: [resourceId], text: sayAccount(row) }];
  if (resourceType === 'organization_member')
    return [
      {
        accounts: [resourceId],
        text:
          action === 'create'
            ? `came into organization ${organization}`
            : action === 'delete'
              ? `was taken out of organization ${organization}`
              : `roles in ${organization}: ${sayValues(row, 'roles')}`,
      },
    ];
  if (resourceType === 'group') return sayGroup(row);
  const what =
    resourceType === 'custom_role'
      ? `custom role ${organization}/${target}`
      : `sync settings ${organization} ${target}`;
  return [{ accounts: [], text: `${what.trim()}: ${VERBS[action] ?? action}` }];
}

const VERBS: Readonly<Record<string, string>> = { create: 'made', write: 'changed', delete: 'deleted' };

function sayAccount(row: CoderAuditRow): string {
  const { action, diff } = row;
  if (action === 'create') return `the account was made (${sayValue(diff['email']?.new ?? row.target)})`;
  if (action === 'delete') return 'the account was deleted';
  const parts = Object.keys(diff).map(field => {
    const name = field === 'rbac_roles' ? 'site roles' : field;
    return `${name}: ${sayValues(row, field)}`;
  });
  return parts.join('; ');
}

function sayGroup(row: CoderAuditRow): SaidChange[] {
  const { action, diff, organization, target } = row;
  const name = `${organization}/${target}`;
  const [before, after] = [memberIds(diff['members']?.old), memberIds(diff['members']?.new)];
  const came = after.filter(id => !before.includes(id));
  const went = before.filter(id => !after.includes(id));
  const fields = Object.keys(diff).filter(field => field !== 'members' && field !== 'id');
  const changes =
    action === 'write' ? fields.map(field => `${field}: ${sayValues(row, field)}`).join('; ') : VERBS[action];
  return [
    ...(changes === undefined || changes === '' ? [] : [{ accounts: [], text: `group ${name}: ${changes}` }]),
    ...(came.length === 0 ? [] : [{ accounts: came, text: `came into group ${name}` }]),
    ...(went.length === 0 ? [] : [{ accounts: went, text: `was taken out of group ${name}` }]),
  ];
}

function memberIds(members: unknown): string[] {
  if (!Array.isArray(members)) return [];
  return members.flatMap(member => {
    const id = (member as { user_id?: unknown } | null)?.user_id;
    return typeof id === 'string' ? [id] : [];
  });
}

function sayValues({ diff }: CoderAuditRow, field: string): string {
  const { old: before, new: after } = diff[field] ?? {};
  return `${sayValue(before)} → ${sayValue(after)}`;
}

function sayValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).sort().join(',') || NONE;
  if (value === undefined || value === null || value === '') return NONE;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
