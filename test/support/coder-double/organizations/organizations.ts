/** Organizations: read, create, change, delete. */
import { Refusal, notFound, ok, type Answer } from '../http/answer';
import { type AuditAction } from '../audit/subject';
import { differences, type Diff } from '../audit/diff';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Organization } from '../state/entities';
import { findOrganization } from '../state/find';
import { isDisplayName, isUsername } from '../state/names';
import { organizationView } from '../state/views';
import { type Workspaces } from '../workspaces/workspaces';
import { type World } from '../world';

const BODY = {
  name: 'string',
  display_name: 'string',
  description: 'string',
  icon: 'string',
  default_org_member_roles: 'strings',
} as const;

export function organizationRoutes({ state, settings, audit, workspaces }: World): Route[] {
  const view = (organization: Organization) => organizationView(organization, settings.old);
  const subjectOf = (organization: Organization, action: AuditAction) =>
    ({ type: 'organization', id: organization.id, target: organization.name, action, organization }) as const;

  const list = (call: Call): Answer => {
    const visible = state
      .livingOrganizations()
      .filter(organization => call.access.can('organization', 'read', organization));
    return ok(visible.map(view));
  };

  const readName = (call: Call, required: boolean) => {
    const body = readBody(call.body, BODY);
    const { name = '', display_name: displayName = '' } = body;
    validate([
      { field: 'name', value: name, tag: 'required', holds: name !== '' || !required },
      { field: 'name', value: name, tag: 'organization_name', holds: name === '' || isUsername(name) },
      {
        field: 'display_name',
        value: displayName,
        tag: 'organization_display_name',
        holds: isDisplayName(displayName),
      },
    ]);
    return { ...body, name, displayName };
  };

  const create = (call: Call): Answer => {
    const body = readName(call, true);
    refuseDefault(body.name);
    if (state.organizationByName(body.name)) throw new Refusal(409, 'Organization already exists with that name.');
    if (!call.access.can('organization', 'create')) {
      throw new Refusal(500, 'Internal error inserting organization member.', {
        detail: 'execute transaction: create organization: unauthorized: rbac: forbidden',
      });
    }
    const organization = state.addOrganization(body);
    state.join(call.access.user, organization);
    const diff = differencesTo(undefined, organization);
    audit.record(call, { ...subjectOf(organization, 'create'), status: 201, diff });
    return ok(view(organization), 201);
  };

  const change = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    audit.concerns(call, subjectOf(organization, 'write'));
    const body = readName(call, false);
    refuseDefault(body.name);
    const roles = body.default_org_member_roles;
    if (roles !== undefined && !settings.old && roles.join() !== organization.defaultMemberRoles.join()) {
      throw new Refusal(403, 'Changing default organization roles is not enabled on this deployment.', {
        detail:
          'Setting default_org_member_roles to anything other than [organization-workspace-access] requires the "minimum-implicit-member" experiment.',
      });
    }
    if (!call.access.can('organization', 'update', organization)) throw notFound();
    const holder = body.name === '' ? undefined : state.organizationByName(body.name);
    if (holder && holder !== organization)
      throw new Refusal(409, `Organization already exists with the name "${body.name}".`, {
        validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
      });
    const before = { ...organization };
    if (body.name !== '') state.renameOrganization(organization, body.name);
    if (body.displayName !== '') organization.displayName = body.displayName;
    if (body.description !== undefined) organization.description = body.description;
    if (body.icon !== undefined) organization.icon = body.icon;
    organization.updatedAt = state.time();
    audit.record(call, { ...subjectOf(organization, 'write'), diff: differencesTo(before, organization) });
    return ok(view(organization));
  };

  const remove = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    audit.concerns(call, subjectOf(organization, 'delete'));
    if (organization.isDefault) throw new Refusal(400, 'Default organization cannot be deleted.');
    if (!call.access.can('organization', 'delete', organization)) {
      throw new Refusal(500, 'Internal error deleting organization.', {
        detail: 'delete organization: execute transaction: delete organization: unauthorized: rbac: forbidden',
      });
    }
    const held = organization.deleted ? [] : contentsOf(organization, workspaces);
    if (held.length > 0) {
      throw new Refusal(500, 'Error deleting organization.', {
        detail: `This organization has ${held.join(', ')} that must be deleted first.`,
      });
    }
    const diff = differencesTo(organization, undefined);
    state.deleteOrganization(organization);
    audit.record(call, { ...subjectOf(organization, 'delete'), diff });
    return ok({ message: 'Organization has been deleted.' });
  };

  return [
    { method: 'GET', path: '/organizations', handle: list },
    { method: 'POST', path: '/organizations', feature: 'Multiple Organizations', handle: create },
    { method: 'GET', path: '/organizations/:organization', handle: call => ok(view(findOrganization(state, call))) },
    { method: 'PATCH', path: '/organizations/:organization', feature: 'Multiple Organizations', handle: change },
    { method: 'DELETE', path: '/organizations/:organization', feature: 'Multiple Organizations', handle: remove },
  ];
}

function refuseDefault(name: string): void {
  if (name === 'default') throw new Refusal(400, 'Organization name "default" is reserved.');
}

/** What stands in the way of its deletion; one member, usually its maker, doesn't. */
function contentsOf(organization: Organization, workspaces: Workspaces): string[] {
  const counts: [count: number, noun: string][] = [
    [workspaces.in(organization).length, 'workspace'],
    [workspaces.templatesIn(organization).length, 'template'],
    [organization.members.total - 1, 'member'],
    [organization.groups.size, 'group'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
}

function differencesTo(before: Organization | undefined, after: Organization | undefined): Diff {
  return differences({
    id: [before?.id ?? '', after?.id ?? ''],
    name: [before?.name ?? '', after?.name ?? ''],
    display_name: [before?.displayName ?? '', after?.displayName ?? ''],
    description: [before?.description ?? '', after?.description ?? ''],
    icon: [before?.icon ?? '', after?.icon ?? ''],
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
