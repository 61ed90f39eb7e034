/** Users, members and groups as JSON says them. */
import { type Access } from '../roles/access';
import { type Group, type Membership, type Organization, type User } from './entities';
import { organizationRole, siteRole } from '../roles/roles';

export interface RoleView {
  readonly name: string;
  readonly display_name: string;
  readonly organization_id?: string;
}

function siteRolesOf(user: User): RoleView[] {
  return [...user.roles].sort().map(name => ({ name, display_name: siteRole(name)?.displayName ?? name }));
}

export function memberRolesOf({ organization, roles }: Membership): RoleView[] {
  return [...roles].sort().map(name => ({
    name,
    display_name: organizationRole(name)?.displayName ?? organization.customRoles.get(name)?.displayName ?? '',
    organization_id: organization.id,
  }));
}

/** What a user looks like inside a group. */
function reducedUser(user: User): Record<string, unknown> {
  return {
    id: user.id,
    username: user.username,
    ...(user.avatarUrl && { avatar_url: user.avatarUrl }),
    ...(user.name && { name: user.name }),
    email: user.email,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    last_seen_at: user.lastSeenAt,
    status: user.status,
    login_type: user.loginType,
    ...(user.isServiceAccount && { is_service_account: true }),
  };
}

export function userView(user: User, old: boolean): Record<string, unknown> {
  return {
    ...reducedUser(user),
    organization_ids: user.deleted ? [] : [...user.memberships.keys()],
    roles: siteRolesOf(user),
    ...(!old && { has_ai_seat: false }),
  };
}

/** As an audit row says its actor. */
export function actorView(user: User): Record<string, unknown> {
  return {
    ...reducedUser(user),
    is_service_account: undefined,
    organization_ids: [],
    roles: siteRolesOf(user),
    has_ai_seat: false,
  };
}

/** A membership as the calls that change it answer. */
export function membershipView(user: User, membership: Membership): Record<string, unknown> {
  return {
    user_id: user.id,
    organization_id: membership.organization.id,
    created_at: membership.createdAt,
    updated_at: membership.updatedAt,
    roles: memberRolesOf(membership),
  };
}

/** A membership as reads answer, with what is known of the user. */
export function memberView(user: User, membership: Membership, old: boolean): Record<string, unknown> {
  return {
    username: user.username,
    ...(user.name && { name: user.name }),
    ...(user.avatarUrl && { avatar_url: user.avatarUrl }),
    email: user.email,
    ...(!old && {
      status: user.status,
      login_type: user.loginType,
      last_seen_at: user.lastSeenAt,
      user_created_at: user.createdAt,
      user_updated_at: user.updatedAt,
      ...(user.isServiceAccount && { is_service_account: true }),
    }),
    global_roles: siteRolesOf(user),
    ...(!old && { has_ai_seat: false }),
    ...membershipView(user, membership),
  };
}

export function organizationView(organization: Organization, old: boolean): Record<string, unknown> {
  return {
    id: organization.id,
    name: organization.name,
    display_name: organization.displayName,
    icon: organization.icon,
    description: organization.description,
    created_at: organization.createdAt,
    updated_at: organization.updatedAt,
    is_default: organization.isDefault,
    ...(!old && { default_org_member_roles: organization.defaultMemberRoles }),
  };
}

/** JSON of a member of a group; kept with the user, because groups of 10,000 are answered whole. */
export function memberJson(user: User): string {
  user.memberJson ??= JSON.stringify(reducedUser(user));
  return user.memberJson;
}

/** JSON of a group with the members that the caller may see. */
export function groupJson(group: Group, access: Access, withMembers = true): string {
  const members = withMembers ? visibleMembers(group, access) : [];
  const head = JSON.stringify({
    id: group.id,
    name: group.name,
    display_name: group.displayName,
    organization_id: group.organization.id,
  });
  const tail = JSON.stringify({
    total_member_count: group.members.size,
    avatar_url: group.avatarUrl,
    quota_allowance: group.quotaAllowance,
    source: group.source,
    organization_name: group.organization.name,
    organization_display_name: group.organization.displayName,
  });
  return `${head.slice(0, -1)},"members":[${members.map(memberJson).join(',')}],${tail.slice(1)}`;
}

export function visibleMembers(group: Group, access: Access): User[] {
  if (access.can('group_member', 'read', group.organization)) return [...group.members];
  return group.members.has(access.user) && !access.user.isSystem ? [access.user] : [];
}
