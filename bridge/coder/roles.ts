/** Which roles there are, which of them the bridge may assign, and the custom roles it keeps. */
import { type CoderRole, type Permission } from './types';

export interface CustomRoleShape {
  readonly name: string;
  readonly displayName: string;
  readonly permissions: readonly Permission[];
}

export interface RoleCalls {
  /** Site roles, with `assignable` for this account. */
  listSiteRoles(): Promise<readonly CoderRole[]>;
  /** Roles of an organization, built in and custom, with `assignable` for this account. */
  listOrganizationRoles(organizationId: string): Promise<readonly CoderRole[]>;
  /** After a refusal or no answer it looks again. @throws CoderError refused `permissions-invalid`, `role-name-reserved`; `licence` */
  createCustomRole(
    organizationId: string,
    role: CustomRoleShape,
  ): Promise<{ outcome: 'created' | 'existed'; role: CoderRole }>;
  /**
   * Replaces the permissions of a custom role. Coder drops invalid ones without a word, so what came back is compared;
   * when some are missing, the role is put back as it was. Idempotent.
   * @throws CoderError refused `permissions-invalid`
   */
  updateCustomRole(organizationId: string, role: CustomRoleShape): Promise<CoderRole>;
  /** Takes the role from everybody who has it. Idempotent here. */
  deleteCustomRole(organizationId: string, name: string): Promise<'deleted' | 'absent'>;
}
