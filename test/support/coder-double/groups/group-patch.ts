/** `PATCH /groups/{id}`: name, look and members in one transaction. */
import { Refusal, notFound, type Answer } from '../http/answer';
import { type Subject } from '../audit/subject';
import { differences, watchMembers, type Diff } from '../audit/diff';
import { hasNul, NUL_REFUSED } from '../state/letters';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Group, type User } from '../state/entities';
import { findGroup } from '../state/find';
import { isDisplayName, isGroupName, parseUuid } from '../state/names';
import { groupJson } from '../state/views';
import { type World } from '../world';

const BODY = {
  add_users: 'strings',
  remove_users: 'strings',
  name: 'string',
  display_name: 'string',
  avatar_url: 'string',
  quota_allowance: 'integer',
} as const;

/** The server names the group where it means the organization. */
function findMembers(world: World, group: Group, ids: readonly string[]): User[] {
  return ids.map(reference => {
    const id = parseUuid(reference);
    if (id === undefined) throw new Refusal(400, `ID "${reference}" must be a valid user UUID.`);
    const user = world.state.users.get(id);
    if (user?.memberships.has(group.organization.id)) return user;
    throw new Refusal(400, `User must be a member of organization "${group.name}"`);
  });
}

function refuseDuplicates(group: Group, added: readonly User[]): void {
  const seen = new Set<User>();
  for (const user of added) {
    if (seen.has(user) || group.members.has(user)) {
      throw new Refusal(400, 'Cannot add the same user to a group twice!', {
        detail: `execute transaction: insert group member "${user.id}": pq: duplicate key value violates unique constraint "group_members_user_id_group_id_key"`,
      });
    }
    seen.add(user);
  }
}

function subjectOf(group: Group): Subject {
  const { id, name, organization } = group;
  return { type: 'group', id, target: name, action: 'write', organization };
}

function differencesTo(before: Group, after: Group): Diff {
  return differences({
    name: [before.name, after.name],
    display_name: [before.displayName, after.displayName],
    avatar_url: [before.avatarUrl, after.avatarUrl],
    quota_allowance: [before.quotaAllowance, after.quotaAllowance],
  });
}

export function patchGroupRoute(world: World): Route {
  const { state, settings, flights, audit } = world;

  const readChange = (call: Call, group: Group) => {
    const body = readBody(call.body, BODY);
    const { name = '', display_name: displayName = '' } = body;
    validate([
      { field: 'name', value: name, tag: 'group_name', holds: name === '' || isGroupName(name) },
      { field: 'display_name', value: displayName, tag: 'group_display_name', holds: isDisplayName(displayName) },
    ]);
    const everyone = group === group.organization.everyone;
    const newName = name === group.name ? '' : name;
    if (everyone && newName !== '') throw new Refusal(400, 'Cannot rename the "Everyone" group!');
    if (everyone && displayName !== '')
      throw new Refusal(400, 'Cannot update the Display Name for the "Everyone" group!');
    if (newName === 'Everyone') throw new Refusal(400, '"Everyone" is a reserved group name!');
    const adds = body.add_users ?? [];
    const removes = body.remove_users ?? [];
    if (everyone && adds.length + removes.length > 0) {
      throw new Refusal(403, 'Cannot add or remove users from the "Everyone" group!');
    }
    return { ...body, newName, adds, removes };
  };

  const patch = async (call: Call): Promise<Answer> => {
    const group = findGroup(state, call);
    const change = readChange(call, group);
    audit.concerns(call, subjectOf(group));
    if (!call.access.can('group', 'update', group.organization)) throw notFound();
    const size = { added: change.adds.length, present: group.members.size };
    call.size = size;

    const write = (lost: boolean): void => {
      const added = findMembers(world, group, change.adds);
      const removed = findMembers(world, group, change.removes);
      if (change.newName !== '' && group.organization.groups.has(change.newName)) {
        throw new Refusal(409, `A group with name "${change.newName}" already exists.`);
      }
      if (lost) throw new Refusal(400, 'Failed to add or remove non-existent group member');
      refuseDuplicates(group, added);
      if (hasNul(change.display_name ?? '')) {
        throw new Refusal(500, 'An internal server error occurred.', {
          detail: `execute transaction: update group by ID: ${NUL_REFUSED}`,
        });
      }
      const before = { ...group };
      if (change.newName !== '') state.renameGroup(group, change.newName);
      if (change.display_name !== undefined) group.displayName = change.display_name;
      if (change.avatar_url !== undefined) group.avatarUrl = change.avatar_url;
      if (change.quota_allowance !== undefined) group.quotaAllowance = change.quota_allowance | 0;
      const membersDiff = watchMembers(group, [...added, ...removed]);
      for (const user of added) state.addToGroup(user, group);
      for (const user of removed) state.removeFromGroup(user, group);
      audit.record(call, { ...subjectOf(group), diff: { ...differencesTo(before, group), ...membersDiff() } });
    };

    if (change.adds.length + change.removes.length === 0) write(false);
    else {
      const time = settings.latency(call.route, size);
      call.size = undefined;
      await flights.patchGroup(group.id, change.adds, time, verdict => write(verdict === 'lost'));
    }
    return { status: 200, raw: groupJson(group, call.access) };
  };

  return { method: 'PATCH', path: '/groups/:group', feature: 'Template RBAC', handle: patch };
}
