/** Coder's own OIDC sync settings: whole objects are read and written, never single entries. */
import * as z from 'zod';
import { CoderError } from './transport/errors';
import { type GroupCalls } from './groups';
import { type OrganizationCalls } from './organizations';
import { type RoleCalls } from './roles';
import { type Transport, type WriteWatch } from './transport/transport';
import { AuthMethods, GroupSync, OrganizationSync, RoleSync } from './types';

/** Site role sync is configured on the server alone; only owners and auditors may look. */
export type SiteRoleSync =
  { readonly state: 'on'; readonly field: string } | { readonly state: 'off' } | { readonly state: 'unknown' };

export interface IdpSyncCalls {
  getGroupSync(organizationId: string): Promise<GroupSync>;
  /**
   * Replaces the settings; idempotent. A group of another organization would have people put into it, whether or not they are
   * members there, and never taken out.
   * @param own the group ids that are checked: entries of others are kept as they are. Default: all
   * @throws CoderError refused `reference-unknown`: Coder would take a wrong group id without a word
   */
  setGroupSync(
    organizationId: string,
    settings: Omit<GroupSync, 'legacyNames'>,
    own?: readonly string[],
    watch?: WriteWatch,
  ): Promise<GroupSync>;
  getRoleSync(organizationId: string): Promise<RoleSync>;
  /**
   * Replaces the settings; idempotent.
   * @param own the roles that are checked: entries of others are kept as they are. Default: all
   * @throws CoderError refused `reference-unknown` for a role that is not there, in exactly this spelling
   */
  setRoleSync(
    organizationId: string,
    settings: RoleSync,
    own?: readonly string[],
    watch?: WriteWatch,
  ): Promise<RoleSync>;
  getOrganizationSync(): Promise<OrganizationSync>;
  /**
   * Replaces the settings; idempotent.
   * @param own the organization ids that are checked: entries of others are kept as they are. Default: all
   * @throws CoderError refused `reference-unknown` for an organization that is not there
   */
  setOrganizationSync(
    settings: OrganizationSync,
    own?: readonly string[],
    watch?: WriteWatch,
  ): Promise<OrganizationSync>;
  getSiteRoleSync(): Promise<SiteRoleSync>;
  getAuthMethods(): Promise<AuthMethods>;
}

const GROUPS = '/organizations/{organization}/settings/idpsync/groups';
const ROLES = '/organizations/{organization}/settings/idpsync/roles';
const ORGANIZATIONS = '/settings/idpsync/organization';
// From so many ids on, one large answer is cheaper than a call for each.
const ONE_BY_ONE = 50;

const DeploymentConfig = z.object({
  config: z.object({ oidc: z.object({ user_role_field: z.string().nullish() }).nullish() }),
});

function targetsOf(mapping: Readonly<Record<string, readonly string[]>>): string[] {
  return [...new Set(Object.values(mapping).flat())];
}

function refuseUnknown(route: string, what: string, unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  throw new CoderError(
    `${what} ${unknown.map(id => JSON.stringify(id)).join(', ')} named in the mapping ${unknown.length === 1 ? 'is' : 'are'} not there: Coder would accept the mapping and ignore the entry`,
    { kind: 'refused', route, reason: 'reference-unknown' },
  );
}

export function idpSyncCalls(
  transport: Transport,
  { getGroup, allGroups }: Pick<GroupCalls, 'getGroup' | 'allGroups'>,
  { listOrganizationRoles }: Pick<RoleCalls, 'listOrganizationRoles'>,
  { listOrganizations }: Pick<OrganizationCalls, 'listOrganizations'>,
): IdpSyncCalls {
  async function unknownGroups(organization: string, ids: readonly string[]): Promise<string[]> {
    if (ids.length > ONE_BY_ONE) {
      const known = new Set((await allGroups(organization)).map(group => group.id));
      return ids.filter(id => !known.has(id));
    }
    const groups = await Promise.all(ids.map(getGroup));
    return ids.filter((_, index) => groups[index]?.organizationId !== organization);
  }

  return {
    async getGroupSync(organization) {
      return transport.send({ method: 'GET', path: GROUPS, params: { organization }, read: GroupSync });
    },
    async setGroupSync(organization, settings, own, watch) {
      refuseUnknown(`PATCH ${GROUPS}`, 'group', await unknownGroups(organization, own ?? targetsOf(settings.mapping)));
      return transport.send({
        method: 'PATCH',
        path: GROUPS,
        params: { organization },
        body: {
          field: settings.field,
          mapping: settings.mapping,
          regex_filter: settings.regexFilter,
          auto_create_missing_groups: settings.autoCreateMissingGroups,
        },
        read: GroupSync,
        idempotent: true,
        watch,
      });
    },
    async getRoleSync(organization) {
      return transport.send({ method: 'GET', path: ROLES, params: { organization }, read: RoleSync });
    },
    async setRoleSync(organization, { field, mapping }, own, watch) {
      const targets = own ?? targetsOf(mapping);
      // Exactly: in another case a role gives nothing.
      const known = new Set(
        targets.length === 0 ? [] : (await listOrganizationRoles(organization)).map(role => role.name),
      );
      refuseUnknown(
        `PATCH ${ROLES}`,
        'role',
        targets.filter(role => !known.has(role)),
      );
      return transport.send({
        method: 'PATCH',
        path: ROLES,
        params: { organization },
        body: { field, mapping },
        read: RoleSync,
        idempotent: true,
        watch,
      });
    },
    async getOrganizationSync() {
      return transport.send({ method: 'GET', path: ORGANIZATIONS, read: OrganizationSync });
    },
    async setOrganizationSync({ field, mapping, assignDefault }, own, watch) {
      const targets = own ?? targetsOf(mapping);
      const known = new Set(
        targets.length === 0 ? [] : (await listOrganizations()).map(organization => organization.id),
      );
      refuseUnknown(
        `PATCH ${ORGANIZATIONS}`,
        'organization',
        targets.filter(id => !known.has(id)),
      );
      return transport.send({
        method: 'PATCH',
        path: ORGANIZATIONS,
        body: { field, mapping, organization_assign_default: assignDefault },
        read: OrganizationSync,
        idempotent: true,
        watch,
      });
    },
    async getSiteRoleSync() {
      try {
        const { config } = await transport.send({ method: 'GET', path: '/deployment/config', read: DeploymentConfig });
        const field = config.oidc?.user_role_field ?? '';
        return field === '' ? { state: 'off' } : { state: 'on', field };
      } catch (error) {
        const hidden = ['forbidden', 'not_found_or_forbidden', 'unsupported', 'unexpected'];
        if (error instanceof CoderError && hidden.includes(error.kind)) return { state: 'unknown' };
        throw error;
      }
    },
    async getAuthMethods() {
      return transport.send({ method: 'GET', path: '/users/authmethods', read: AuthMethods });
    },
  };
}
