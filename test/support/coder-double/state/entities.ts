/** What a Coder deployment consists of. */
import { type UserIndex } from '../users/user-index';

export const PREBUILDS_USER_ID = 'c42fdf75-3097-471c-8c33-fb52454d81c0';

export type UserStatus = 'active' | 'dormant' | 'suspended';
export type LoginType = 'password' | 'oidc' | 'github' | 'none';
export type Claims = Readonly<Record<string, unknown>>;

export interface Membership {
  readonly organization: Organization;
  readonly createdAt: string;
  updatedAt: string;
  roles: string[];
}

export interface User {
  readonly id: string;
  username: string;
  /** In lower case, as it is compared and ordered by. */
  usernameKey: string;
  name: string;
  email: string;
  /** In lower case, as it is compared. */
  emailKey: string;
  avatarUrl: string;
  readonly createdAt: string;
  updatedAt: string;
  lastSeenAt: string;
  status: UserStatus;
  readonly loginType: LoginType;
  readonly isServiceAccount: boolean;
  readonly isSystem: boolean;
  deleted: boolean;
  /** Site roles given explicitly. */
  roles: string[];
  readonly memberships: Map<string, Membership>;
  readonly groups: Set<Group>;
  /** Issuer and subject of the identity that signed in first. */
  subject?: string;
  /** What the last sign-in claimed. */
  claims?: Claims;
  /** The JSON of it inside a group, kept until the user changes. */
  memberJson?: string;
}

export interface Group {
  readonly id: string;
  readonly organization: Organization;
  name: string;
  displayName: string;
  avatarUrl: string;
  quotaAllowance: number;
  readonly source: 'user' | 'oidc';
  readonly members: UserIndex<User>;
}

export interface Permission {
  readonly negate: boolean;
  readonly resource_type: string;
  readonly action: string;
}

export interface CustomRole {
  readonly id: string;
  /** In small letters, as the server stores it; every look-up is exact. */
  readonly name: string;
  displayName: string;
  permissions: Permission[];
}

/** A claim with null is what the server makes of removing a mapping that isn't there. */
export type ClaimMapping = Record<string, string[] | null>;

export interface GroupSync {
  field: string;
  mapping: ClaimMapping;
  regexFilter: string | null;
  autoCreate: boolean;
  /** Names of groups by claim, from the environment that Coder was started with: until the settings are written. */
  legacyNames?: Readonly<Record<string, string>> | undefined;
}

export interface RoleSync {
  field: string;
  mapping: ClaimMapping;
}

export interface OrganizationSync {
  field: string;
  mapping: ClaimMapping;
  assignDefault: boolean;
}

export interface Organization {
  readonly id: string;
  name: string;
  displayName: string;
  icon: string;
  description: string;
  readonly createdAt: string;
  updatedAt: string;
  readonly isDefault: boolean;
  /** Found by its id still, with all that is in it; not by name and not in lists. */
  deleted: boolean;
  defaultMemberRoles: string[];
  readonly members: UserIndex<User>;
  readonly groups: Map<string, Group>;
  readonly everyone: Group;
  /** By name. */
  readonly customRoles: Map<string, CustomRole>;
  readonly groupSync: GroupSync;
  readonly roleSync: RoleSync;
}

export interface NewUser {
  readonly username: string;
  readonly email?: string;
  readonly name?: string;
  readonly loginType?: LoginType;
  readonly status?: UserStatus;
  readonly roles?: readonly string[];
  readonly isServiceAccount?: boolean;
  readonly isSystem?: boolean;
  readonly id?: string;
}
