/** The Coder client: every verb that the bridge has for Coder, over one transport. */
import { type AccountCalls } from './account';
import { type GroupCalls } from './groups';
import { type IdpSyncCalls } from './idp-sync';
import { type OrganizationCalls } from './organizations';
import { type RoleCalls } from './roles';
import { type UserCalls } from './users';

export interface CoderClient extends UserCalls, OrganizationCalls, GroupCalls, RoleCalls, IdpSyncCalls, AccountCalls {
  /** The same client for work that may wait (sweeps, imports): its calls let those of requests go first. */
  readonly background: CoderClient;
  /** Ends the connections; calls in flight fail. */
  close(): Promise<void>;
}
