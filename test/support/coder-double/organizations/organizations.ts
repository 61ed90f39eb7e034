/** Organizations: read, create, change, delete. */
import { Refusal, notFound, ok, type Answer } from '../http/answer';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Organization } from '../state/entities';
import { findOrganization } from '../state/find';
import { isDisplayName, isUsername } from '../state/names';
import { organizationView } from '../state/views';
import { type World } from '../world';

const BODY = {
  name: 'string',
  display_name: 'string',
  description: 'string',
  icon: 'string',
  default_org_member_roles: 'strings',
} as const;

export function organizationRoutes({ state, settings, audit }: World): Route[] {
  const view = (organization: Organization) => organizationView(organization, settings.old);
  const record = (call: Call, organization: Organization, action: 'create' | 'write' | 'delete') =>
    audit.record(call, { type: 'organization', id: organization.id, target: organization.name, action, organization });

  const list = (call: Call): Answer => {
    const visible = [...state.organizations.values()].filter(organization =>
      call.access.can('organization', 'read', organization),
    );
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
    if (body.name === 'default') throw new Refusal(400, 'Organization name "default" is reserved.');
    if (state.organizationByName(body.name)) throw new Refusal(409, 'Organization already exists with that name.');
    if (!call.access.can('organization', 'create')) {
      throw new Refusal(500, 'Internal error inserting organization member.', {
        detail: 'execute transaction: create organization: unauthorized: rbac: forbidden',
      });
    }
    const organization = state.addOrganization(body);
    state.join(call.access.user, organization);
    record(call, organization, 'create');
    return ok(view(organization), 201);
  };

  const change = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const body = readName(call, false);
    if (!call.access.can('organization', 'update', organization)) throw notFound();
    const holder = body.name === '' ? undefined : state.organizationByName(body.name);
    if (holder && holder !== organization)
      throw new Refusal(409, `Organization already exists with the name "${body.name}".`);
    if (body.name !== '') state.renameOrganization(organization, body.name);
    if (body.displayName !== '') organization.displayName = body.displayName;
    if (body.description !== undefined) organization.description = body.description;
    if (body.icon !== undefined) organization.icon = body.icon;
    if (body.default_org_member_roles !== undefined && !settings.old)
      organization.defaultMemberRoles = body.default_org_member_roles;
    organization.updatedAt = state.time();
    record(call, organization, 'write');
    return ok(view(organization));
  };

  const remove = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    if (organization.isDefault) throw new Refusal(400, 'Default organization cannot be deleted.');
    if (!call.access.can('organization', 'delete', organization)) throw notFound();
    const others = organization.members.total - 1;
    const groups = organization.groups.size;
    if (others > 0 || groups > 0) {
      const held = [others > 0 && plural(others, 'member'), groups > 0 && plural(groups, 'group')]
        .filter(Boolean)
        .join(', ');
      throw new Refusal(500, 'Error deleting organization.', {
        detail: `This organization has ${held} that must be deleted first.`,
      });
    }
    state.deleteOrganization(organization);
    record(call, organization, 'delete');
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

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
