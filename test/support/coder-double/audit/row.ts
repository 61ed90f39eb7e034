/** A row of the audit log as JSON says it. */
import { type CoderState } from '../state/state';
import { NIL_UUID } from '../state/names';
import { actorView } from '../state/views';
import { type AuditRow } from './audit-log';
import { type AuditAction } from './subject';

const VERBS: Readonly<Record<AuditAction, string>> = {
  create: 'created',
  write: 'updated',
  delete: 'deleted',
  start: 'started',
  stop: 'stopped',
  login: 'logged in',
  register: 'registered',
};

function nounOf(type: string): string {
  if (type.startsWith('idp_sync_settings')) return 'settings';
  return type === 'api_key' ? 'token' : type.replaceAll('_', ' ');
}

function descriptionOf({ type, action, status = 200 }: AuditRow): string {
  if (action === 'login' || action === 'register') return `{user} ${VERBS[action]}`;
  const did = status < 400 ? VERBS[action] : `unsuccessfully attempted to ${action}`;
  return `{user} ${did} ${nounOf(type)} {target}`;
}

export function auditRowView(row: AuditRow, state: CoderState): Record<string, unknown> {
  const { organization, type } = row;
  const subject = type === 'user' ? state.users.get(row.id) : undefined;
  const isDeleted = subject?.deleted ?? false;
  const diff = Object.entries(row.diff ?? {}).map(([field, { secret = false, ...entry }]) => [
    field,
    { ...entry, secret },
  ]);
  return {
    id: row.rowId,
    request_id: row.requestId,
    time: row.time,
    ip: row.ip,
    user_agent: row.userAgent,
    resource_type: type,
    resource_id: row.id,
    resource_target: row.target,
    resource_icon: '',
    action: row.action,
    diff: Object.fromEntries(diff),
    status_code: row.status ?? 200,
    additional_fields: row.more ?? {},
    description: descriptionOf(row),
    resource_link: isDeleted ? '' : subject ? `/users?filter=${row.target}` : (row.link ?? ''),
    is_deleted: isDeleted,
    organization_id: organization?.id ?? NIL_UUID,
    ...(organization && {
      organization: {
        id: organization.id,
        name: organization.name,
        display_name: organization.displayName,
        icon: organization.icon,
      },
    }),
    user: actorView(row.actor),
  };
}
