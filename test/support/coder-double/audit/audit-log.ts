/** The audit log: rows of what was changed by whom, newest first. */
import { randomUUID } from 'node:crypto';
import { type Call } from '../http/call';
import { type Clock } from '../state/clock';
import { type Organization, type User } from '../state/entities';
import { NIL_UUID } from '../state/names';
import { actorView } from '../state/views';

export interface Change {
  readonly type: string;
  readonly id: string;
  readonly target: string;
  readonly action: 'create' | 'write' | 'delete' | 'login';
  readonly diff?: Readonly<Record<string, { old?: unknown; new?: unknown; secret?: boolean }>>;
  readonly organization?: Organization;
  readonly status?: number;
  readonly link?: string;
}

export interface AuditRow extends Change {
  readonly rowId: string;
  readonly requestId: string;
  readonly time: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly actor: User;
  /** What did it without being asked, such as `dormancy`. */
  readonly subsystem?: string;
}

const VERBS = { create: 'created', write: 'updated', delete: 'deleted', login: 'logged in' };

export class AuditLog {
  private readonly rows: AuditRow[] = [];

  constructor(private readonly clock: Clock) {}

  /** A change made by a call. */
  record(call: Call, change: Change): void {
    this.push({ ...change, requestId: randomUUID(), ip: call.ip, userAgent: call.userAgent, actor: call.access.user });
  }

  /** A change the server made itself. */
  recordAutomatic(actor: User, subsystem: string, change: Change): void {
    this.push({ ...change, requestId: NIL_UUID, ip: '', userAgent: '', actor, subsystem });
  }

  private push(row: Omit<AuditRow, 'rowId' | 'time'>): void {
    this.rows.push({ ...row, rowId: randomUUID(), time: new Date(this.clock.now()).toISOString() });
  }

  /** Rows that pass, newest first. */
  find(passes: (row: AuditRow) => boolean): AuditRow[] {
    return this.rows.filter(passes).reverse();
  }
}

function nounOf(type: string): string {
  return type.startsWith('idp_sync_settings') ? 'settings' : type.replaceAll('_', ' ');
}

export function auditRowView(row: AuditRow): Record<string, unknown> {
  const { organization } = row;
  const diff = Object.entries(row.diff ?? {}).map(([field, entry]) => [
    field,
    { ...entry, secret: entry.secret ?? false },
  ]);
  return {
    id: row.rowId,
    request_id: row.requestId,
    time: row.time,
    ip: row.ip,
    user_agent: row.userAgent,
    resource_type: row.type,
    resource_id: row.id,
    resource_target: row.target,
    resource_icon: '',
    action: row.action,
    diff: Object.fromEntries(diff),
    status_code: row.status ?? 200,
    additional_fields: row.subsystem ? { automatic_actor: 'coder', automatic_subsystem: row.subsystem } : {},
    description: `{user} ${VERBS[row.action]} ${nounOf(row.type)} {target}`,
    resource_link: row.link ?? '',
    is_deleted: false,
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
