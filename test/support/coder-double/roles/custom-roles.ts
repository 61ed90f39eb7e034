/** Roles of an organization: the catalogue, and custom roles by name. */
import { type AuditAction } from '../audit/subject';
import { differences, type Diff } from '../audit/diff';
import { Refusal, forbidden, noContent, notFound, ok, type Answer } from '../http/answer';
import { pick, readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type CustomRole, type Organization, type Permission } from '../state/entities';
import { findOrganization } from '../state/find';
import { isUsername } from '../state/names';
import { problemOf, prohibitionOf } from './permissions';
import { isReservedRoleName, ORGANIZATION_ROLES, permissionsOf } from './roles';
import { type World } from '../world';

const BODY = {
  name: 'string',
  display_name: 'string',
  site_permissions: 'objects',
  user_permissions: 'objects',
  organization_permissions: 'objects',
  organization_member_permissions: 'objects',
} as const;

/** Roles that came after v2.29. */
const NEWER = ['agents-access', 'organization-workspace-access'];

function view(role: CustomRole, organization: Organization): Record<string, unknown> {
  return {
    name: role.name,
    organization_id: organization.id,
    display_name: role.displayName,
    site_permissions: [],
    user_permissions: [],
    organization_permissions: role.permissions,
    organization_member_permissions: null,
  };
}

function refuseReserved(name: string): void {
  if (!isReservedRoleName(name)) return;
  throw new Refusal(400, 'Reserved role name', {
    detail: `"${name}" is a reserved role name, and not allowed to be used`,
  });
}

function refusePermissions(kind: string, permissions: readonly unknown[] | undefined): void {
  if (!permissions?.length) return;
  throw new Refusal(400, `Invalid request, not allowed to assign ${kind} permissions for an organization role.`, {
    detail: `organization scoped roles may not contain ${kind} permissions`,
  });
}

interface WantedRole {
  readonly name: string;
  readonly displayName: string;
  readonly permissions: Permission[];
}

function readRole(call: Call): WantedRole {
  const body = readBody(call.body, BODY);
  const { name = '', display_name: displayName = '' } = body;
  validate([{ field: 'name', value: name, tag: 'username', holds: isUsername(name) }]);
  refuseReserved(name);
  refusePermissions('site wide', body.site_permissions);
  refusePermissions('user', body.user_permissions);
  refusePermissions('organization member', body.organization_member_permissions);
  const permissions = (body.organization_permissions ?? []).map(source => {
    const permission = pick(source, { negate: 'boolean', resource_type: 'string', action: 'string' });
    return {
      negate: permission.negate ?? false,
      resource_type: permission.resource_type ?? '',
      action: permission.action ?? '',
    };
  });
  return { name, displayName, permissions };
}

function differencesTo(before: CustomRole | undefined, after: CustomRole): Diff {
  const said = (role: CustomRole | undefined) =>
    (role?.permissions ?? []).map(({ resource_type: resource, action }) => `${resource}.${action}`);
  return differences({
    name: [before?.name ?? '', after.name],
    display_name: [before?.displayName ?? '', after.displayName],
    org_permissions: [said(before), said(after)],
  });
}

export function customRoleRoutes({ state, settings, audit }: World): Route[] {
  const writable = (call: Call): Organization => {
    const organization = findOrganization(state, call);
    if (!call.access.can('assign_org_role', 'create', organization)) throw notFound();
    return organization;
  };
  const subjectOf = (role: CustomRole, organization: Organization, action: AuditAction) =>
    ({ type: 'custom_role', id: role.id, target: role.name, action, organization }) as const;
  const fail = (detail: string) => new Refusal(400, 'Failed to update role permissions', { detail });
  const firstProblem = (wanted: WantedRole, organization: Organization, find: typeof problemOf): string | undefined =>
    wanted.permissions.map(permission => find(permission, organization.id)).find(Boolean);

  const catalogue = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const assignable = (name: string) => call.access.mayAssignOrganizationRole(organization, name);
    const builtIn = ORGANIZATION_ROLES.filter(role => !settings.old || !NEWER.includes(role.name)).map(role => ({
      name: role.name,
      organization_id: organization.id,
      display_name: role.displayName,
      site_permissions: [],
      user_permissions: [],
      organization_permissions: permissionsOf(role),
      organization_member_permissions: [],
      assignable: assignable(role.name),
      built_in: true,
    }));
    const custom = [...organization.customRoles.values()].map(role => ({
      ...view(role, organization),
      assignable: assignable(role.name),
      built_in: false,
    }));
    return ok([...builtIn, ...custom]);
  };

  const create = (call: Call): Answer => {
    const organization = writable(call);
    const wanted = readRole(call);
    const problem = firstProblem(wanted, organization, prohibitionOf) ?? firstProblem(wanted, organization, problemOf);
    if (problem !== undefined) throw fail(problem);
    const name = wanted.name.toLowerCase();
    if (organization.customRoles.has(name))
      throw fail('pq: duplicate key value violates unique constraint "custom_roles_unique_key"');
    const role: CustomRole = { ...wanted, id: settings.chance.uuid(), name };
    organization.customRoles.set(name, role);
    const diff = differencesTo(undefined, role);
    audit.record(call, { ...subjectOf(role, organization, 'create'), diff });
    return ok(view(role, organization));
  };

  const change = (call: Call): Answer => {
    const organization = writable(call);
    const wanted = readRole(call);
    const role = organization.customRoles.get(wanted.name);
    if (!role) throw notFound();
    audit.concerns(call, subjectOf(role, organization, 'write'));
    const problem = firstProblem(wanted, organization, prohibitionOf);
    if (problem !== undefined) throw fail(problem);
    const before = { ...role };
    role.displayName = wanted.displayName;
    role.permissions = wanted.permissions.filter(permission => problemOf(permission, organization.id) === undefined);
    const diff = differencesTo(before, role);
    audit.record(call, { ...subjectOf(role, organization, 'write'), diff });
    return ok(view(role, organization));
  };

  const remove = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    if (!call.access.can('assign_org_role', 'delete', organization)) throw forbidden();
    const name = call.params.role ?? '';
    refuseReserved(name);
    const role = organization.customRoles.get(name);
    if (!role) throw new Refusal(404, `No custom role with the name ${name} found`, { detail: 'no role found' });
    audit.concerns(call, subjectOf(role, organization, 'delete'));
    organization.customRoles.delete(name);
    for (const user of organization.members.withHidden()) {
      const membership = user.memberships.get(organization.id);
      if (membership?.roles.includes(role.name)) {
        state.setMemberRoles(
          membership,
          membership.roles.filter(held => held !== role.name),
        );
      }
    }
    // The row says nothing of the permissions that went.
    const diff = differences({ name: [role.name, ''], display_name: [role.displayName, ''] });
    audit.record(call, { ...subjectOf(role, organization, 'delete'), status: 204, diff });
    return noContent;
  };

  const path = '/organizations/:organization/members/roles';
  return [
    { method: 'GET', path, handle: catalogue },
    { method: 'POST', path, feature: 'Custom Roles', handle: create },
    { method: 'PUT', path, feature: 'Custom Roles', handle: change },
    { method: 'DELETE', path: `${path}/:role`, feature: 'Custom Roles', handle: remove },
  ];
}
