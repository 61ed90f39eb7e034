/** Coder's own OIDC sync settings: whole objects are read and written, never single entries. */
import { type AuthMethods, type GroupSync, type OrganizationSync, type RoleSync } from './types';

/** Site role sync is configured on the server alone; only owners and auditors may look. */
export type SiteRoleSync =
  { readonly state: 'on'; readonly field: string } | { readonly state: 'off' } | { readonly state: 'unknown' };

export interface IdpSyncCalls {
  getGroupSync(organizationId: string): Promise<GroupSync>;
  /** Replaces the settings; idempotent. @throws CoderError refused `reference-unknown`: Coder would take a wrong group id without a word */
  setGroupSync(organizationId: string, settings: Omit<GroupSync, 'legacyNames'>): Promise<GroupSync>;
  getRoleSync(organizationId: string): Promise<RoleSync>;
  /** Replaces the settings; idempotent. @throws CoderError refused `reference-unknown` for a role that is not there */
  setRoleSync(organizationId: string, settings: RoleSync): Promise<RoleSync>;
  getOrganizationSync(): Promise<OrganizationSync>;
  /** Replaces the settings; idempotent. @throws CoderError refused `reference-unknown` for an organization that is not there */
  setOrganizationSync(settings: OrganizationSync): Promise<OrganizationSync>;
  getSiteRoleSync(): Promise<SiteRoleSync>;
  getAuthMethods(): Promise<AuthMethods>;
}
