/** What an account may do with the workspaces of other people. Pure. */
import { type CoderRole, type CoderRoles } from '../types';

/** What it takes to stop a leaver's workspaces; a dormant workspace is a resource of its own in Coder. */
export const WORKSPACE_PERMISSIONS = [
  'workspace: read',
  'workspace: stop',
  'workspace_dormant: read',
  'workspace_dormant: stop',
  'template: read',
] as const;
export type WorkspacePermission = (typeof WORKSPACE_PERMISSIONS)[number];

/** What is missing of it, by organization id; an empty list where nothing is. */
export type WorkspaceRights = ReadonlyMap<string, readonly WorkspacePermission[]>;

const TEMPLATE_ADMIN: readonly WorkspacePermission[] = ['workspace: read', 'workspace_dormant: read', 'template: read'];

/**
 * @param roles of the account
 * @param organizations every organization, by id
 * @param custom custom roles of the organizations in which the account holds one
 */
export function workspaceRights(
  roles: CoderRoles,
  organizations: readonly string[],
  custom: ReadonlyMap<string, readonly CoderRole[]>,
): WorkspaceRights {
  const site = new Set(roles.site);
  return new Map(
    organizations.map(organization => {
      const here = roles.organizations.get(organization) ?? [];
      if (site.has('owner') || here.includes('organization-admin')) return [organization, []];
      const given = new Set<string>(site.has('template-admin') ? TEMPLATE_ADMIN : []);
      if (here.includes('organization-template-admin')) given.add('template: read');
      for (const role of custom.get(organization) ?? [])
        if (here.includes(role.name))
          for (const { resourceType, action, negate } of role.permissions)
            if (!negate) given.add(`${resourceType}: ${action}`);
      return [organization, WORKSPACE_PERMISSIONS.filter(permission => !given.has(permission))];
    }),
  );
}

const lacks = (rights: WorkspaceRights, ...permissions: WorkspacePermission[]): boolean =>
  [...rights.values()].some(missing => permissions.some(permission => missing.includes(permission)));

/** Whether an empty list of workspaces is the truth, whatever organization they would be in. */
export function seesEveryWorkspace(rights: WorkspaceRights): boolean {
  return rights.size > 0 && !lacks(rights, 'workspace: read', 'workspace_dormant: read');
}

/** Whether it is of any use to ask for workspaces. */
export function seesSomeWorkspaces(rights: WorkspaceRights): boolean {
  return [...rights.values()].some(
    missing => !missing.includes('workspace: read') || !missing.includes('workspace_dormant: read'),
  );
}
