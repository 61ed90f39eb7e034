/** Who is asking, and what their roles and their token's scopes permit. */
import { Refusal } from '../http/answer';
import { type Group, type Organization, type User } from '../state/entities';
import { IMPLIED_ORGANIZATION_ROLE, IMPLIED_SITE_ROLE, MEMBER_PERMITS, organizationRole, siteRole } from './roles';

type Permits = Readonly<Record<string, string>>;

function allows(permits: Permits, resource: string, action: string): boolean {
  const actions = permits[resource];
  return actions !== undefined && (actions === '*' || actions.split(' ').includes(action));
}

export class Access {
  constructor(
    readonly user: User,
    private readonly scopes: readonly string[],
  ) {}

  get isOwner(): boolean {
    return this.user.roles.includes('owner');
  }

  /** Whether a role held site-wide or in the organization permits it, within the token's scopes. */
  can(resource: string, action: string, organization?: Organization): boolean {
    if (!this.scoped(resource, action)) return false;
    if (this.user.roles.some(name => allows(siteRole(name)?.permits ?? {}, resource, action))) return true;
    const membership = organization && this.user.memberships.get(organization.id);
    if (!organization || !membership) return false;
    if (allows(MEMBER_PERMITS, resource, action)) return true;
    return membership.roles.some(name => {
      const custom = organization.customRoles.get(name)?.permissions;
      const granted = custom?.some(permission => permission.resource_type === resource && permission.action === action);
      return granted || allows(organizationRole(name)?.permits ?? {}, resource, action);
    });
  }

  private scoped(resource: string, action: string): boolean {
    if (this.scopes.includes('coder:all')) return true;
    return this.scopes.includes(`${resource}:${action}`) || this.scopes.includes(`${resource}:*`);
  }

  canRead(user: User): boolean {
    return user === this.user || this.can('user', 'read');
  }

  canReadMember(group: Group, user: User): boolean {
    return user === this.user || this.can('group_member', 'read', group.organization);
  }

  /** @throws Refusal 400 when a site role that would be added or removed isn't this account's to give. */
  requireSiteRoles(before: readonly string[], after: readonly string[]): void {
    const taken = changed(before, after).find(role => !this.mayAssignSiteRole(role));
    if (taken !== undefined) throw notAuthorized(taken);
  }

  mayAssignSiteRole(role: string): boolean {
    return this.can('assign_role', 'assign') && (this.isOwner || role === IMPLIED_SITE_ROLE);
  }

  /** @throws Refusal 400, as `requireSiteRoles`, with the organization in the role's name. */
  requireOrganizationRoles(organization: Organization, before: readonly string[], after: readonly string[]): void {
    const wanted = [...changed(before, after), ...organization.defaultMemberRoles];
    const taken = wanted.find(role => !this.mayAssignOrganizationRole(organization, role));
    // Of a custom role the server doesn't say which one it is.
    const name = taken !== undefined && organization.customRoles.has(taken) ? 'custom-organization-role' : taken;
    if (name !== undefined) throw notAuthorized(`${name}:${organization.id}`);
  }

  mayAssignOrganizationRole(organization: Organization, role: string): boolean {
    const roles = this.user.memberships.get(organization.id)?.roles ?? [];
    if (!this.can('assign_org_role', 'assign', organization)) return false;
    const few = [IMPLIED_ORGANIZATION_ROLE, 'organization-workspace-access', 'agents-access'];
    return this.isOwner || roles.includes('organization-admin') || few.includes(role);
  }
}

function changed(before: readonly string[], after: readonly string[]): string[] {
  const added = after.filter(role => !before.includes(role));
  const removed = before.filter(role => !after.includes(role));
  return [...added, ...removed];
}

function notAuthorized(role: string): Refusal {
  return new Refusal(400, `not authorized to assign role "${role}"`);
}
