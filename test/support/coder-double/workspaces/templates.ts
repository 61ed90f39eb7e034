/** Templates, as far as people and groups may use them. */
import { Refusal, notFound, ok, type Answer } from '../http/answer';
import { readBody } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Group, type User } from '../state/entities';
import { findOrganization } from '../state/find';
import { parseUuid } from '../state/names';
import { groupJson, userView } from '../state/views';
import { type World } from '../world';
import { mayRead } from './rights';
import { templateView } from './views';
import { type Template, type TemplateRole } from './workspaces';

const UPDATED = { message: 'Successfully updated template ACL list.' };

function invalid(field: string, detail: string): Refusal {
  return new Refusal(400, 'Invalid request to update template ACL', { validations: [{ field, detail }] });
}

export function templateRoutes({ state, workspaces, settings }: World): Route[] {
  const find = (call: Call): Template => {
    const template = workspaces.templates.get(parseUuid(call.params.template ?? '') ?? '');
    if (!template || !mayRead(call.access, template)) throw notFound();
    return template;
  };

  const mayAdminister = ({ access }: Call, template: Template): boolean => {
    if (access.can('template', 'update', template.organization)) return true;
    if (template.userRoles.get(access.user.id) === 'admin') return true;
    return [...access.user.groups].some(group => template.groupRoles.get(group.id) === 'admin');
  };

  const findToAdminister = (call: Call): Template => {
    const template = find(call);
    if (mayAdminister(call, template)) return template;
    throw new Refusal(500, 'An internal server error occurred.', { detail: 'unauthorized: rbac: forbidden' });
  };

  const list = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const all = workspaces.templatesIn(organization).filter(template => mayRead(call.access, template));
    return ok(all.map(templateView));
  };

  const remove = (call: Call): Answer => {
    const template = find(call);
    if (!mayAdminister(call, template)) throw notFound();
    const used = workspaces.in(template.organization).some(workspace => workspace.template === template);
    if (used) throw new Refusal(400, 'All workspaces must be deleted before a template can be removed.');
    workspaces.templates.delete(template.id);
    return ok({ message: 'Template has been deleted!' });
  };

  const groupOf = (id: string): Group | undefined => state.groups.get(id);
  const userOf = (id: string): User | undefined => state.users.get(id);

  /** What was deleted is not in the list, though its entry stays. */
  const readList = (call: Call): Answer => {
    const template = findToAdminister(call);
    const groups = [...template.groupRoles].flatMap(([id, role]) => {
      const group = groupOf(id);
      return group ? [{ ...(JSON.parse(groupJson(group, call.access)) as object), role }] : [];
    });
    const users = [...template.userRoles].flatMap(([id, role]) => {
      const user = userOf(id);
      return user && !user.deleted ? [{ ...userView(user, settings.old), role }] : [];
    });
    return ok({ users, group: groups });
  };

  const change = (
    field: string,
    roles: Map<string, TemplateRole>,
    wanted: Record<string, unknown>,
    exists: (id: string) => boolean,
  ): void => {
    const noun = field === 'group_perms' ? 'group' : 'user';
    for (const [id, role] of Object.entries(wanted)) {
      if (role !== '' && role !== 'use' && role !== 'admin') {
        throw invalid(field, `role "${String(role)}" is not a valid template role`);
      }
      if (role !== '' && !exists(id)) throw invalid(field, `${noun} with ID ${id} does not exist`);
    }
    for (const [id, role] of Object.entries(wanted)) {
      if (role === '') roles.delete(id);
      else roles.set(id, role as TemplateRole);
    }
  };

  const writeList = (call: Call): Answer => {
    const template = findToAdminister(call);
    const body = readBody(call.body, { group_perms: 'object', user_perms: 'object' });
    change('group_perms', template.groupRoles, body.group_perms ?? {}, id => groupOf(id) !== undefined);
    change('user_perms', template.userRoles, body.user_perms ?? {}, id => userOf(id) !== undefined);
    return ok(UPDATED);
  };

  const feature = 'Template RBAC';
  return [
    { method: 'GET', path: '/organizations/:organization/templates', handle: list },
    { method: 'GET', path: '/templates/:template', handle: call => ok(templateView(find(call))) },
    { method: 'DELETE', path: '/templates/:template', handle: remove },
    { method: 'GET', path: '/templates/:template/acl', feature, handle: readList },
    { method: 'PATCH', path: '/templates/:template/acl', feature, handle: writeList },
  ];
}
