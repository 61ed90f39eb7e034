/** The whole of a Coder by names, sorted, for assertions and for a person to read. */
import { type Organization, type OrganizationSync, type User } from './entities';
import { type CoderState } from './state';

export interface UserSnapshot {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly status: string;
  readonly loginType: string;
  readonly siteRoles: readonly string[];
  readonly organizations: Readonly<
    Record<string, { readonly roles: readonly string[]; readonly groups: readonly string[] }>
  >;
}

export interface OrganizationSnapshot {
  readonly id: string;
  readonly displayName: string;
  readonly members: readonly string[];
  /** Usernames by group name; Everyone is left out, it is `members`. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly customRoles: readonly string[];
  readonly groupSync: Organization['groupSync'];
  readonly roleSync: Organization['roleSync'];
}

export interface Snapshot {
  readonly users: Readonly<Record<string, UserSnapshot>>;
  readonly organizations: Readonly<Record<string, OrganizationSnapshot>>;
  readonly organizationSync: OrganizationSync;
}

export function snapshotUser(user: User): UserSnapshot {
  const living = [...user.memberships.values()].filter(({ organization }) => !organization.deleted);
  const organizations = living.map(({ organization, roles }) => {
    const groups = [...user.groups].filter(group => group.organization === organization).map(group => group.name);
    return [organization.name, { roles: [...roles].sort(), groups: groups.sort() }] as const;
  });
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    status: user.status,
    loginType: user.loginType,
    siteRoles: [...user.roles].sort(),
    organizations: Object.fromEntries(organizations),
  };
}

function snapshotOrganization(organization: Organization): OrganizationSnapshot {
  const groups = [...organization.groups.values()].map(
    group => [group.name, [...group.members].map(user => user.username)] as const,
  );
  return {
    id: organization.id,
    displayName: organization.displayName,
    members: [...organization.members].map(user => user.username),
    groups: Object.fromEntries(groups),
    customRoles: [...organization.customRoles.values()].map(role => role.name),
    groupSync: organization.groupSync,
    roleSync: organization.roleSync,
  };
}

export function snapshot(state: CoderState): Snapshot {
  return {
    users: Object.fromEntries([...state.directory].map(user => [user.username, snapshotUser(user)])),
    organizations: Object.fromEntries(
      state.livingOrganizations().map(organization => [organization.name, snapshotOrganization(organization)]),
    ),
    organizationSync: state.organizationSync,
  };
}
