/** Coder's audit log, read as far as the bridge asks for it: the rows of one account, or about one kind of thing, newest first. */
import * as z from 'zod';
import { type Transport } from './transport/transport';

const DiffEntry = z.object({ old: z.unknown().optional(), new: z.unknown().optional() });

const Row = z
  .object({
    id: z.string(),
    time: z.string(),
    user_agent: z.string().nullish(),
    resource_type: z.string(),
    resource_id: z.string(),
    resource_target: z.string().nullish(),
    action: z.string(),
    diff: z.record(z.string(), DiffEntry).nullish(),
    status_code: z.number(),
    organization_id: z.string().nullish(),
    organization: z.object({ name: z.string() }).nullish(),
  })
  .transform(row => ({
    id: row.id,
    /** RFC 3339, with the offset of Coder's database. */
    time: row.time,
    userAgent: row.user_agent ?? '',
    resourceType: row.resource_type,
    /** Of a membership, the account. */
    resourceId: row.resource_id,
    target: row.resource_target ?? '',
    action: row.action,
    /** Fields that changed; empty for what was refused or changed nothing. */
    diff: row.diff ?? {},
    status: row.status_code,
    organization: row.organization?.name ?? row.organization_id ?? '',
  }));

/** One row of Coder's audit log. */
export type CoderAuditRow = z.output<typeof Row>;

const Rows = z.object({ audit_logs: z.array(Row).nullish() });

/** Rows of what one account did, by its present name (exact), of that the making of one user, or of what was done to one type of resource by anybody. */
export type AuditQuery =
  | {
      readonly username: string;
      /** The id of a user whom the account may have made. */
      readonly made?: string | undefined;
    }
  | {
      readonly resourceType: string;
      /** The first day, in UTC: `2026-03-01`. */
      readonly from?: string | undefined;
    };

export interface AuditLogCalls {
  /**
   * Rows, newest first. Owners and auditors read all.
   * @throws CoderError `forbidden` for accounts that may not read it
   */
  listAuditRows(query: AuditQuery, page: { readonly limit: number; readonly offset: number }): Promise<CoderAuditRow[]>;
}

function searchText(query: AuditQuery): string {
  if ('username' in query) {
    const made = query.made === undefined ? '' : ` resource_type:user action:create resource_id:${query.made}`;
    return `username:${query.username}${made}`;
  }
  return `resource_type:${query.resourceType}${query.from === undefined ? '' : ` date_from:${query.from}`}`;
}

export function auditLogCalls(transport: Transport): AuditLogCalls {
  return {
    async listAuditRows(wanted, { limit, offset }) {
      const query = { q: searchText(wanted), limit, offset };
      return (await transport.send({ method: 'GET', path: '/audit', query, read: Rows })).audit_logs ?? [];
    },
  };
}
