/** The audit log: a row for each call about something that exists, refused and idle ones included, newest first. */
import { type Chance } from '../state/chance';
import { type Clock } from '../state/clock';
import { type User } from '../state/entities';
import { NIL_UUID } from '../state/names';
import { type Call } from '../http/call';
import { type Diff } from './diff';
import { type Subject } from './subject';

export interface Change extends Subject {
  readonly diff?: Diff;
  /** @default 200 */
  readonly status?: number;
}

export interface AuditRow extends Change {
  readonly rowId: string;
  readonly requestId: string;
  readonly time: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly actor: User;
}

export class AuditLog {
  private readonly rows: AuditRow[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {}

  /** Says what a call is about; when it is refused from now on, the refusal has a row. */
  concerns(call: Call, subject: Subject): void {
    call.subject = subject;
  }

  /** A change made by a call, or a call that changed nothing: its diff is empty. */
  record(call: Call, change: Change): void {
    const { ip, userAgent } = call;
    this.push({ ...change, requestId: this.chance.uuid(), ip, userAgent, actor: call.access.user });
  }

  recordRefusal(call: Call, status: number): void {
    if (call.subject) this.record(call, { ...call.subject, status });
  }

  /** What the server did by itself, such as making a dormant account active. */
  recordAutomatic(actor: User, subsystem: string, change: Change): void {
    const more = { ...change.more, automatic_actor: 'coder', automatic_subsystem: subsystem };
    this.push({ ...change, more, requestId: NIL_UUID, ip: '', userAgent: '', actor });
  }

  /** A sign-in in a browser. */
  recordSignIn(user: User, action: 'login' | 'register'): void {
    const change = { type: 'api_key', id: user.id, target: '', action, status: 307 };
    this.push({
      ...change,
      requestId: this.chance.uuid(),
      ip: '127.0.0.1',
      userAgent: 'Go-http-client/1.1',
      actor: user,
    });
  }

  private push(row: Omit<AuditRow, 'rowId' | 'time'>): void {
    this.rows.push({ ...row, rowId: this.chance.uuid(), time: new Date(this.clock.now()).toISOString() });
  }

  /** Rows that pass, newest first. */
  find(passes: (row: AuditRow) => boolean): AuditRow[] {
    return this.rows.filter(passes).reverse();
  }
}
