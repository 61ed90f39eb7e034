/** Who may see a template or a workspace, and do what to it. */
import { type Access } from '../roles/access';
import { type Template, type Transition, type Workspace } from './workspaces';

/** By a role, or as a member of the template's organization who is named in its access list, alone or in a group. */
export function mayRead(access: Access, template: Template): boolean {
  const { user } = access;
  if (access.can('template', 'read', template.organization)) return true;
  if (!user.memberships.has(template.organization.id)) return false;
  if (template.userRoles.has(user.id)) return true;
  return [...template.groupRoles.keys()].some(
    id => id === template.organization.id || [...user.groups].some(group => group.id === id),
  );
}

/** A workspace in an organization that its owner has left is nobody's but those with a role there. */
export function mayDo(access: Access, workspace: Workspace, action: Transition | 'read' | 'update'): boolean {
  const { owner, organization } = workspace;
  if (owner === access.user && organization !== undefined && owner.memberships.has(organization.id)) return true;
  return access.can(workspace.dormantAt === null ? 'workspace' : 'workspace_dormant', action, organization);
}
