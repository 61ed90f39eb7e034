/** Organizations, who is a member of them and with which roles. */
import { type CoderOrganization, type OrganizationMember } from './types';

export interface OrganizationCalls {
  listOrganizations(): Promise<readonly CoderOrganization[]>;
  /** By id, by name (without case), or `default`; undefined when there is none or the account may not see it. */
  getOrganization(organization: string): Promise<CoderOrganization | undefined>;
  /** Idempotent here. @throws CoderError refused `organization-sync` */
  addMember(organizationId: string, userId: string): Promise<'added' | 'already'>;
  /** Takes the membership, and with it the roles and groups in that organization. Idempotent here. */
  removeMember(organizationId: string, userId: string): Promise<'removed' | 'absent'>;
  /**
   * Replaces the explicit roles in the organization by exactly this list; idempotent.
   * @throws TypeError when the list is not an array: Coder would take every role away
   * @throws CoderError refused `organization-role-sync`, `role-not-assignable`, `role-unknown`, `own-account`
   */
  setMemberRoles(organizationId: string, userId: string, roles: readonly string[]): Promise<OrganizationMember>;
  /** Every member, in pages; not fooled by a page that ends early. @throws CoderError `incomplete_listing` */
  listMembers(organizationId: string): AsyncIterable<OrganizationMember>;
  /** One member; undefined when the account is not in the organization. Works on all versions. */
  getMember(organizationId: string, userId: string): Promise<OrganizationMember | undefined>;
}
