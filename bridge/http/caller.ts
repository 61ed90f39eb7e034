/** Who calls, once that is known: a name for the audit trail and what it may do. */
import { createHash } from 'node:crypto';
import { type Response } from 'express';
import { type AdminScope } from '../contract/admin-api';

export interface Caller {
  readonly name: string;
  readonly scopes: ReadonlySet<AdminScope>;
}

/** What a route asks for: one of these scopes, or every scope that there is. */
export type NeededScopes = readonly AdminScope[] | 'all';

/** Whether the caller may. */
export function mayCall({ scopes }: Caller, needed: NeededScopes, all: readonly AdminScope[]): boolean {
  return needed === 'all' ? all.every(scope => scopes.has(scope)) : needed.some(scope => scopes.has(scope));
}

/** SHA-256 of a secret in 64 hex digits: all that is kept of one. */
export function digestHex(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

export function setCaller(response: Response, caller: Caller): void {
  response.locals['caller'] = caller;
}

/** The caller of a request that was let in. */
export function callerOf(response: Response): Caller {
  const caller = response.locals['caller'] as Caller | undefined;
  if (caller === undefined) throw new Error('a route without authentication asks who calls');
  return caller;
}
