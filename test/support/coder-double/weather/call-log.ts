/** Every request that came in, for tests that count. Control calls aren't among them. */
import { type FaultMatch } from './faults';

export interface LoggedCall {
  readonly method: string;
  /** With `/api/v2`, without the query. */
  readonly path: string;
  readonly query: string;
  /** Username of the caller, or null. */
  readonly user: string | null;
  /** 0 when the connection was cut. */
  readonly status: number;
  readonly ms: number;
  /** Milliseconds since 1970 of its arrival. */
  readonly at: number;
  /** The header of that name: the trace that the call is part of. */
  readonly traceparent?: string | undefined;
}

export class CallLog {
  private calls: LoggedCall[] = [];

  add(call: LoggedCall): void {
    this.calls.push(call);
  }

  /** In the order in which they were answered. */
  all(match: FaultMatch = {}): LoggedCall[] {
    const path = match.path === undefined ? undefined : new RegExp(match.path);
    return this.calls.filter(
      call => (match.method === undefined || call.method === match.method) && (!path || path.test(call.path)),
    );
  }

  count(match?: FaultMatch): number {
    return this.all(match).length;
  }

  writes(match?: FaultMatch): LoggedCall[] {
    return this.all(match).filter(call => call.method !== 'GET' && call.method !== 'HEAD');
  }

  /** Requests that are no reads, whatever they were answered. */
  countWrites(match?: FaultMatch): number {
    return this.writes(match).length;
  }

  reset(): void {
    this.calls = [];
  }
}
