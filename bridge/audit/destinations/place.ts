/** Places that lines of the audit trail are sent to, as configured, and what each is called. */
import { createHash } from 'node:crypto';

export interface SyslogAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** One place that lines are sent to. */
export type ExportTo =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | ({ readonly kind: 'syslog' } & SyslogAddress)
  | { readonly kind: 'http'; readonly url: string };

/** Kind and address, without credentials: what the cursor is kept under, and metrics and the log show. No two places have one. */
export function nameOf(to: ExportTo): string {
  switch (to.kind) {
    case 'stdout':
      return 'stdout';
    case 'file':
      return `file:${to.path}`;
    case 'syslog':
      return `syslog${to.tls ? '+tls' : ''}://${to.host}:${to.port}`;
    case 'http':
      return `http:${originOf(to.url)}#${digestOf(to.url)}`;
  }
}

/** The address as it may be shown: a path or query may be a credential. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/** Tells two places on one host apart, and not what path and query are. */
function digestOf(url: string): string {
  const { pathname, search } = new URL(url);
  return createHash('sha256').update(`${pathname}${search}`).digest('hex').slice(0, 8);
}
