/** `GET /audit` with its search keys. */
import { Refusal, forbidden, ok, type Answer } from '../http/answer';
import { auditRowView, type AuditRow } from './audit-log';
import { type Call, type Route } from '../http/call';
import { readPage, readSearch } from '../http/query';
import { type World } from '../world';

const KEYS = [
  'resource_type',
  'resource_id',
  'resource_target',
  'username',
  'email',
  'action',
  'date_from',
  'date_to',
  'organization',
  'request_id',
  'build_reason',
];

function passes(row: AuditRow, key: string, value: string): boolean {
  switch (key) {
    case 'resource_type':
      return row.type === value;
    case 'resource_id':
      return row.id === value;
    case 'resource_target':
      return row.target.toLowerCase() === value;
    case 'username':
      return row.actor.username.toLowerCase() === value;
    case 'email':
      return row.actor.email.toLowerCase() === value;
    case 'action':
      return row.action === value;
    case 'date_from':
      return row.time.slice(0, value.length) >= value;
    case 'date_to':
      return row.time.slice(0, value.length) <= value;
    case 'organization':
      return row.organization?.id === value || row.organization?.name.toLowerCase() === value;
    case 'request_id':
      return row.requestId === value;
    default:
      return false;
  }
}

export function auditRoutes({ audit, settings }: World): Route[] {
  const list = (call: Call): Answer => {
    const page = readPage(call.query);
    if (!call.access.can('audit_log', 'read')) throw forbidden();
    const search = readSearch(
      call.query.get('q') ?? '',
      KEYS,
      validations => new Refusal(400, 'Invalid audit search query.', { validations }),
    );
    const rows = audit.find(row => [...search.keys].every(([key, value]) => passes(row, key, value)));
    const end = page.limit === 0 ? undefined : page.offset + page.limit;
    return ok({
      audit_logs: rows.slice(page.offset, end).map(auditRowView),
      count: settings.old ? rows.length : Math.min(rows.length, 2000),
      ...(!settings.old && { count_cap: 2000 }),
    });
  };
  return [{ method: 'GET', path: '/audit', handle: list }];
}
