/** The bridge's own account: who it is, what it may do, and what server it talks to. */
import { type Capabilities } from './capabilities';
import { type CoderRoles, type CoderUser, type Entitlements } from './types';

/** What the mappings need of the account; organizations by id. People's accounts are always needed. */
export interface RightsNeeds {
  readonly siteRoles?: boolean | undefined;
  readonly organizationRoles?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Memberships of these organizations are written. */
  readonly organizations?: readonly string[] | undefined;
  readonly customRoles?: readonly string[] | undefined;
  /** Sync settings of these organizations, and of the deployment, are written. */
  readonly claims?: readonly string[] | undefined;
}

/** One thing that the account may not do. */
export interface MissingRight {
  readonly need: 'accounts' | 'token-scope' | keyof RightsNeeds;
  /** Organization id, where it is about one. */
  readonly organization?: string | undefined;
  /** What can not be done, in words. */
  readonly detail: string;
  /** Roles of which one would give it, the least powerful first. */
  readonly grantedBy: readonly string[];
}

export interface Account {
  readonly user: CoderUser;
  readonly roles: CoderRoles;
}

export interface AccountCalls {
  /** Who the token belongs to, with all roles. */
  whoami(): Promise<Account>;
  /** Version and what it can do; needs no token. Cached, and refreshed when an answer shows another version. */
  capabilities(): Promise<Capabilities>;
  getEntitlements(): Promise<Entitlements>;
  /** What is missing for these needs; empty when all is well. */
  checkRights(needs: RightsNeeds): Promise<readonly MissingRight[]>;
}
