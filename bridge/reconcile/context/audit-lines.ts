/** The words of the audit trail, and a notebook that gathers its lines for one piece of work. */
import { type AuditResult, type AuditRow } from '../../store/audit/audit';
import { type Cause } from '../../store/work/enqueue';
import { type Because } from '../decide/entitlement';

/** Everything that the bridge does to Coder, or decides not to do. */
export type AuditAction =
  | 'account.create'
  | 'account.adopt'
  | 'account.activate'
  | 'account.suspend'
  | 'account.delete'
  | 'account.gone'
  | 'account.stranger'
  | 'workspace.stop'
  | 'profile.set'
  | 'site-roles.set'
  | 'organization.add'
  | 'organization.remove'
  | 'organization-roles.set'
  | 'group.create'
  | 'group.rename'
  | 'group.update'
  | 'group.delete'
  | 'group.add'
  | 'group.remove'
  | 'custom-role.create'
  | 'custom-role.update'
  | 'custom-role.delete'
  | 'sync-settings.set'
  | 'person.held'
  | 'guard.hold'
  | 'guard.release'
  | 'drift.found'
  | 'app.apply'
  | 'app.purge'
  | 're-hire.answer'
  | 'work.park'
  | 'work.retry'
  | 'recovery.begin'
  | 'recovery.end';

/** Who and what a line is about, beside the change itself. */
export interface Subject {
  readonly app: string | null;
  readonly subject?: string | undefined;
  readonly subjectName?: string | undefined;
  readonly coderUserId?: string | undefined;
}

export interface Change {
  readonly target?: string | undefined;
  readonly because?: readonly Because[] | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly detail?: string | undefined;
}

/** Joins distinct texts for one column; undefined when there are none. */
export function joined(texts: readonly string[]): string | undefined {
  const distinct = [...new Set(texts)];
  return distinct.length === 0 ? undefined : distinct.join(', ');
}

/** Lines of one piece of work, written with its outcome in one transaction. */
export class AuditLines {
  readonly rows: AuditRow[] = [];

  constructor(
    readonly cause: Cause,
    private readonly now: () => number,
  ) {}

  /** A notebook with the same lines, for what may have to be written again. */
  copy(): AuditLines {
    const lines = new AuditLines(this.cause, this.now);
    lines.rows.push(...this.rows);
    return lines;
  }

  note(subject: Subject, action: AuditAction, result: AuditResult, change: Change = {}): void {
    this.rows.push({
      at: this.now(),
      app: subject.app,
      actor: this.cause.actor,
      token: this.cause.token,
      requestId: this.cause.requestId,
      subject: subject.subject,
      subjectName: subject.subjectName,
      coderUserId: subject.coderUserId,
      action,
      target: change.target,
      idpGroup: joined((change.because ?? []).map(because => because.idpGroup)),
      mapping: joined((change.because ?? []).map(because => because.mapping)),
      before: change.before,
      after: change.after,
      result,
      detail: change.detail,
    });
  }
}
