/** What a row of the audit log is about. */
import { type Organization } from '../state/entities';

export type AuditAction = 'create' | 'write' | 'delete' | 'start' | 'stop' | 'login' | 'register';

/** What a row is about. */
export interface Subject {
  readonly type: string;
  readonly id: string;
  readonly target: string;
  readonly action: AuditAction;
  readonly organization?: Organization;
  readonly link?: string;
  /** What the server adds of itself. */
  readonly more?: Readonly<Record<string, unknown>>;
}
