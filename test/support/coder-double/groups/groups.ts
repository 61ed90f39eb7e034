/** Groups: read, create, delete. Everyone's id is its organization's, and its members are that organization's. */
import { Refusal, notFound, ok, type Answer } from '../http/answer';
import { differences, type Diff } from '../audit/diff';
import { hasNul, NUL_REFUSED } from '../state/letters';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Group, type Organization } from '../state/entities';
import { findGroup, findOrganization, lookUpOrganization, lookUpUser } from '../state/find';
import { patchGroupRoute } from './group-patch';
import { isDisplayName, isGroupName, parseUuid } from '../state/names';
import { readPage, refuseUnknown } from '../http/query';
import { pageOf } from '../users/user-page';
import { userTest } from '../users/user-search';
import { groupJson, memberJson } from '../state/views';
import { type World } from '../world';

/** What a row says of a group that came or went. */
function existence(group: Group, way: 'came' | 'went'): Diff {
  const turn = (there: unknown, absent: unknown): [unknown, unknown] =>
    way === 'came' ? [absent, there] : [there, absent];
  const members = [...group.members].map(user => ({ group_id: group.id, user_id: user.id }));
  return differences({
    id: turn(group.id, ''),
    name: turn(group.name, ''),
    display_name: turn(group.displayName, ''),
    avatar_url: turn(group.avatarUrl, ''),
    quota_allowance: turn(group.quotaAllowance, 0),
    members: turn(members, undefined),
  });
}

const FEATURE = 'Template RBAC';

export function groupRoutes(world: World): Route[] {
  const { state, settings, audit } = world;

  const answer = (call: Call, group: Group, withMembers: boolean, status = 200): Answer => {
    call.size = { added: 0, present: withMembers ? group.members.size : 0 };
    return { status, raw: groupJson(group, call.access, withMembers) };
  };

  const answerAll = (call: Call, groups: readonly Group[]): Answer => {
    call.size = { added: 0, present: groups.reduce((sum, group) => sum + group.members.size, 0) };
    return { status: 200, raw: `[${groups.map(group => groupJson(group, call.access)).join(',')}]` };
  };

  const groupsOf = (organization: Organization): Group[] => [organization.everyone, ...organization.groups.values()];

  const list = (call: Call): Answer => {
    refuseUnknown(call.query, ['organization', 'has_member', 'group_ids']);
    const wanted = call.query.get('organization') ?? '';
    const organization = wanted === '' ? undefined : lookUpOrganization(state, wanted);
    if (wanted !== '' && !organization) throw notFound();
    const member = call.query.get('has_member') ?? '';
    const user = member === '' ? undefined : member === 'me' ? call.access.user : lookUpUser(state, member);
    if (member !== '' && !user) throw notFound();
    const ids = call.query.get('group_ids');
    const only = ids ? new Set(ids.split(',').map(id => parseUuid(id))) : undefined;
    const organizations = organization ? [organization] : state.livingOrganizations();
    const groups = organizations.flatMap(groupsOf).filter(group => {
      if (user && !group.members.has(user)) return false;
      return (!only || only.has(group.id)) && call.access.can('group', 'read', group.organization);
    });
    return answerAll(call, groups);
  };

  const listOf = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    if (!call.access.can('group', 'read', organization)) throw notFound();
    return answerAll(call, groupsOf(organization));
  };

  const create = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const body = readBody(call.body, {
      name: 'string',
      display_name: 'string',
      avatar_url: 'string',
      quota_allowance: 'integer',
    });
    const { name = '', display_name: displayName = '' } = body;
    validate([
      { field: 'name', value: name, tag: 'required', holds: name !== '' },
      { field: 'name', value: name, tag: 'group_name', holds: isGroupName(name) },
      { field: 'display_name', value: displayName, tag: 'group_display_name', holds: isDisplayName(displayName) },
    ]);
    if (!call.access.can('group', 'create', organization)) throw notFound();
    if (name === 'Everyone') {
      throw new Refusal(400, 'Invalid group name.', {
        validations: [{ field: 'name', detail: `"${name}" is a reserved group name` }],
      });
    }
    if (organization.groups.has(name)) {
      throw new Refusal(409, `A group named "${name}" already exists.`, {
        validations: [{ field: 'name', detail: 'Group names must be unique' }],
      });
    }
    if (hasNul(displayName)) throw new Refusal(500, 'An internal server error occurred.', { detail: NUL_REFUSED });
    const more = { displayName, avatarUrl: body.avatar_url ?? '', quotaAllowance: (body.quota_allowance ?? 0) | 0 };
    const group = state.addGroup(organization, name, more);
    audit.record(call, {
      type: 'group',
      id: group.id,
      target: name,
      action: 'create',
      organization,
      status: 201,
      diff: existence(group, 'came'),
    });
    return answer(call, group, true, 201);
  };

  const byName = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const name = call.params.name ?? '';
    const group = name === 'Everyone' ? organization.everyone : organization.groups.get(name);
    if (!group || !call.access.can('group', 'read', organization)) throw notFound();
    return answer(call, group, true);
  };

  const read = (call: Call): Answer => {
    const group = findGroup(state, call);
    return answer(call, group, settings.old || call.query.get('exclude_members') !== 'true');
  };

  const members = (call: Call): Answer => {
    const group = findGroup(state, call);
    const test = userTest(call.query.get('q') ?? '', settings);
    const page = readPage(call.query);
    const after = page.afterId === undefined ? undefined : state.users.get(page.afterId);
    const all = call.access.can('group_member', 'read', group.organization);
    const own = test ?? (() => true);
    const { users, count } = pageOf(
      group.members,
      page,
      after,
      all ? test : user => user === call.access.user && own(user),
    );
    call.size = { added: 0, present: users.length };
    return { status: 200, raw: `{"users":[${users.map(memberJson).join(',')}],"count":${count}}` };
  };

  const remove = (call: Call): Answer => {
    const group = findGroup(state, call);
    if (group === group.organization.everyone) {
      throw new Refusal(400, '"Everyone" is a reserved group and cannot be deleted!');
    }
    if (!call.access.can('group', 'delete', group.organization)) throw notFound();
    const diff = existence(group, 'went');
    state.deleteGroup(group);
    audit.record(call, {
      type: 'group',
      id: group.id,
      target: group.name,
      action: 'delete',
      organization: group.organization,
      diff,
    });
    return ok({ message: 'Successfully deleted group!' });
  };

  const routes: Route[] = [
    { method: 'GET', path: '/groups', feature: FEATURE, handle: list },
    { method: 'GET', path: '/organizations/:organization/groups', feature: FEATURE, handle: listOf },
    { method: 'POST', path: '/organizations/:organization/groups', feature: FEATURE, handle: create },
    { method: 'GET', path: '/organizations/:organization/groups/:name', feature: FEATURE, handle: byName },
    { method: 'GET', path: '/groups/:group', feature: FEATURE, handle: read },
    { method: 'DELETE', path: '/groups/:group', feature: FEATURE, handle: remove },
    patchGroupRoute(world),
  ];
  return settings.old
    ? routes
    : [...routes, { method: 'GET', path: '/groups/:group/members', feature: FEATURE, handle: members }];
}
