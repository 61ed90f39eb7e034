/** What an account may not do of what the mappings need, and which role would give it. Pure. */
import { type CoderRole, type CoderRoles } from '../types';

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

/** What was read of the account and of the roles it may assign. */
export interface RightsRead {
  readonly roles: CoderRoles;
  /** Scopes of its token; empty when unknown. */
  readonly scopes: readonly string[];
  /** Site roles with `assignable`; read when site roles are needed. */
  readonly siteRoles: readonly CoderRole[];
  /** By organization id; an organization that the account can't see has no roles. */
  readonly organizations: ReadonlyMap<
    string,
    { readonly roles: readonly CoderRole[]; readonly impliedRoles: readonly string[] }
  >;
}

const FULL_SCOPES = ['all', 'coder:all'];
const GRANTABLE_SITE_ROLES = ['auditor', 'template-admin', 'user-admin', 'owner'];

const inOrganization = (role: string, organization: string): string => `${role} in organization ${organization}`;

/** Everything that is missing, in a fixed order; empty when all is well. */
export function missingRights(needs: RightsNeeds, read: RightsRead): MissingRight[] {
  const missing: MissingRight[] = [];
  const site = new Set(read.roles.site);
  const userAdmin = site.has('owner') || site.has('user-admin');
  const here = (organization: string, ...roles: string[]): boolean =>
    (read.roles.organizations.get(organization) ?? []).some(role => roles.includes(role));

  if (read.scopes.length > 0 && !read.scopes.some(scope => FULL_SCOPES.includes(scope))) {
    missing.push({
      need: 'token-scope',
      detail: `the token is limited to ${read.scopes.join(', ')}: Coder has no scope for groups, members and roles, so it needs a token without scopes`,
      grantedBy: [],
    });
  }
  if (!userAdmin) {
    missing.push({
      need: 'accounts',
      detail: 'create, suspend and see the accounts of other people',
      grantedBy: ['user-admin', 'owner'],
    });
  }
  if (needs.siteRoles === true) {
    const assignable = new Set(read.siteRoles.filter(role => role.assignable).map(role => role.name));
    const refused = GRANTABLE_SITE_ROLES.filter(role => !assignable.has(role));
    if (refused.length > 0) {
      missing.push({ need: 'siteRoles', detail: `assign the site roles ${refused.join(', ')}`, grantedBy: ['owner'] });
    }
  }
  for (const organization of needs.organizationRoles ?? []) {
    const roles = read.organizations.get(organization)?.roles ?? [];
    const refused = roles.filter(role => !role.assignable).map(role => role.name);
    if (roles.length === 0 || refused.length > 0) {
      missing.push({
        need: 'organizationRoles',
        organization,
        detail: `assign ${refused.length === 0 ? 'roles' : `the roles ${refused.join(', ')}`} in organization ${organization}`,
        grantedBy: [inOrganization('organization-admin', organization), 'owner'],
      });
    }
  }
  for (const organization of needs.groups ?? []) {
    if (userAdmin || here(organization, 'organization-admin', 'organization-user-admin')) continue;
    missing.push({
      need: 'groups',
      organization,
      detail: `create groups and change their members in organization ${organization}`,
      grantedBy: [inOrganization('organization-user-admin', organization), 'user-admin', 'owner'],
    });
  }
  for (const organization of needs.organizations ?? []) {
    const may = userAdmin || here(organization, 'organization-admin', 'organization-user-admin');
    const { roles = [], impliedRoles = [] } = read.organizations.get(organization) ?? {};
    const assignable = new Set(roles.filter(role => role.assignable).map(role => role.name));
    // Adding a member counts as assigning every role that the organization gives its members.
    const refused = impliedRoles.filter(role => role !== 'organization-member' && !assignable.has(role));
    if (may && refused.length === 0) continue;
    missing.push({
      need: 'organizations',
      organization,
      detail: may
        ? `add members to organization ${organization}: it gives every member ${refused.join(', ')}, which the account may not assign`
        : `add and remove members of organization ${organization}`,
      grantedBy: may
        ? [inOrganization('organization-admin', organization), 'owner']
        : [inOrganization('organization-user-admin', organization), 'user-admin', 'owner'],
    });
  }
  for (const organization of needs.customRoles ?? []) {
    if (site.has('owner') || here(organization, 'organization-admin')) continue;
    missing.push({
      need: 'customRoles',
      organization,
      detail: `create and change custom roles of organization ${organization}`,
      grantedBy: [inOrganization('organization-admin', organization), 'owner'],
    });
  }
  for (const organization of needs.claims ?? []) {
    if (userAdmin || here(organization, 'organization-admin')) continue;
    missing.push({
      need: 'claims',
      organization,
      detail: `write the sync settings of organization ${organization}`,
      grantedBy: [inOrganization('organization-admin', organization), 'user-admin', 'owner'],
    });
  }
  if ((needs.claims ?? []).length > 0 && !userAdmin) {
    missing.push({
      need: 'claims',
      detail: 'write the organization sync settings of the deployment',
      grantedBy: ['user-admin', 'owner'],
    });
  }
  return missing;
}
