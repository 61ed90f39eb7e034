/** The Coder client: every verb that the bridge has for Coder, over one transport. */
import { type AccountCalls, accountCalls } from './account/account';
import { type AiGatewayCalls, aiGatewayCalls } from './ai-gateway';
import { type AuditLogCalls, auditLogCalls } from './audit-log';
import { type Capabilities } from './capabilities';
import { type TransportOptions } from './transport/connection';
import { type RenewableCredential } from './transport/credential';
import { type GroupCalls, groupCalls } from './groups';
import { type IdpSyncCalls, idpSyncCalls } from './idp-sync';
import { type OrganizationCalls, organizationCalls } from './organizations';
import { type RoleCalls, roleCalls } from './roles';
import { createVisibility } from './visibility';
import { type Renewal, type TokenExpiry, readTokenExpiry, renewToken } from './account/token-renewal';
import { type SignInCalls, signInCalls } from './sign-in';
import { type CoderHealth, type Transport, createTransport } from './transport/transport';
import { type UserCalls, userCalls } from './users';
import { type WorkspaceCalls, workspaceCalls } from './workspaces';

export interface CoderClient
  extends
    UserCalls,
    OrganizationCalls,
    GroupCalls,
    RoleCalls,
    IdpSyncCalls,
    SignInCalls,
    AccountCalls,
    AuditLogCalls,
    AiGatewayCalls,
    WorkspaceCalls {
  /** The same client for work that may wait (sweeps, imports): its calls let those of requests go first. */
  readonly background: CoderClient;
  /** The same client for whoever is to be locked out: its calls go before all others that wait for their turn. */
  readonly first: CoderClient;
  /** What is known of the way to Coder, without a call. */
  readonly health: CoderHealth;
  /** How far Coder's clock is ahead of this one, to a second or so, in milliseconds; undefined where no answer has told. */
  readonly clockAheadMs: number | undefined;
  /** Where Coder is, as configured. */
  readonly url: string;
  /** How often the bridge's own token was replaced by another one, which may be another account's. */
  tokenChanges(): Promise<number>;
  /** When the bridge's own token ends. */
  getTokenExpiry(): Promise<TokenExpiry>;
  /** Renews the bridge's own token when it is due. Hold the lease `credential` while it runs. */
  renewToken(options?: { readonly force?: boolean | undefined }): Promise<Renewal>;
  /** Whether people wait to be locked out: then an open circuit looks for Coder's return soon and often. */
  hurry(on: boolean): void;
  /** Each call from now on says so as its user agent: Coder's audit log keeps it. */
  callAs(userAgent: string): void;
  /** Ends the connections; calls in flight fail. */
  close(): Promise<void>;
}

export interface CoderClientOptions extends Omit<TransportOptions, 'credential'> {
  /** See `createCredential`. */
  readonly credential: RenewableCredential;
}

function assemble(url: string, transport: Transport, credential: RenewableCredential): CoderClient {
  const visibility = createVisibility(transport);
  const capabilities = (): Promise<Capabilities> => account.capabilities();
  const users = userCalls(transport, visibility, capabilities);
  const organizations = organizationCalls(transport, visibility, capabilities, id => users.getRoles(id));
  const groups = groupCalls(transport, visibility, capabilities);
  const roles = roleCalls(transport);
  const account = accountCalls(transport, () => credential.token(), roles, organizations);
  let background: CoderClient | undefined;
  let first: CoderClient | undefined;
  return {
    ...users,
    ...organizations,
    ...groups,
    ...roles,
    ...account,
    ...auditLogCalls(transport),
    ...aiGatewayCalls(transport),
    ...workspaceCalls(transport),
    ...idpSyncCalls(transport, groups, roles, organizations),
    ...signInCalls(transport),
    get background(): CoderClient {
      background ??= transport.background === transport ? this : assemble(url, transport.background, credential);
      return background;
    },
    get first(): CoderClient {
      first ??= transport.first === transport ? this : assemble(url, transport.first, credential);
      return first;
    },
    url,
    get clockAheadMs(): number | undefined {
      return transport.clockAheadMs;
    },
    get health(): CoderHealth {
      return transport.health;
    },
    tokenChanges: () => credential.changes(),
    getTokenExpiry: () => readTokenExpiry(transport, credential),
    renewToken: options => renewToken(transport, credential, { now: Date.now(), ...options }),
    hurry: on => transport.hurry(on),
    callAs: userAgent => transport.callAs(userAgent),
    close: () => transport.close(),
  };
}

/** Whether the token would travel in the clear to another machine. */
export function isPlainToAnotherHost(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(127\.|localhost$|.*\.localhost$|\[::1\]$)/.test(hostname);
}

/**
 * @param options.url where Coder is, with or without a path
 * @param options.limits see `CoderLimits` for the defaults
 * @param options.observe called once per exchange, for metrics
 */
export function createCoderClient(options: CoderClientOptions): CoderClient {
  return assemble(options.url, createTransport(options), options.credential);
}
