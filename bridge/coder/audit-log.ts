/** Coder's audit log, read as far as the bridge asks for it: the rows of one account, newest first. */
import { z } from 'zod';
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

export interface AuditLogCalls {
  /**
   * Rows of what an account did, newest first. Owners and auditors read all.
   * @param username the account's present name, exact
   * @throws CoderError `forbidden` for accounts that may not read it
   */
  listAuditRows(username: string, page: { readonly limit: number; readonly offset: number }): Promise<CoderAuditRow[]>;
}

export function auditLogCalls(transport: Transport): AuditLogCalls {
  return {
    async listAuditRows(username, { limit, offset }) {
      const query = { q: `username:${username}`, limit, offset };
      return (await transport.send({ method: 'GET', path: '/audit', query, read: Rows })).audit_logs ?? [];
    },
  };
}
