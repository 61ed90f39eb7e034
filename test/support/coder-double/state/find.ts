/** Path parameters to things: `{user}` is an id, a username or `me`; `{organization}` an id, a name or `default`. */
import { Refusal, notFound } from '../http/answer';
import { type Call } from '../http/call';
import { type Group, type Membership, type Organization, type User } from './entities';
import { parseUuid } from './names';
import { type CoderState } from './state';

/** Without regard to rights; ids find the deleted too, names never do. */
export function lookUpUser(state: CoderState, reference: string): User | undefined {
  const id = parseUuid(reference);
  return id === undefined ? state.userByName(reference) : state.users.get(id);
}

/** @throws Refusal 404, also when the caller may not know of the user */
export function findUser(state: CoderState, call: Call, reference = call.params.user ?? ''): User {
  if (reference === 'me') return call.access.user;
  const user = lookUpUser(state, reference);
  if (!user || !call.access.canRead(user)) throw notFound();
  return user;
}

export function lookUpOrganization(state: CoderState, reference: string): Organization | undefined {
  const id = parseUuid(reference);
  return id === undefined ? state.organizationByName(reference) : state.organizations.get(id);
}

/** @throws Refusal 404 */
export function findOrganization(state: CoderState, call: Call): Organization {
  const organization = lookUpOrganization(state, call.params.organization ?? '');
  if (!organization || !call.access.can('organization', 'read', organization)) throw notFound();
  return organization;
}

/** @throws Refusal 404 when the user is unknown or no member */
export function findMember(
  state: CoderState,
  call: Call,
): { user: User; organization: Organization; membership: Membership } {
  const organization = findOrganization(state, call);
  const reference = call.params.user ?? '';
  const user = reference === 'me' ? call.access.user : lookUpUser(state, reference);
  const membership = user?.memberships.get(organization.id);
  if (!user || !membership) throw notFound();
  if (user !== call.access.user && !call.access.can('organization_member', 'read', organization)) throw notFound();
  return { user, organization, membership };
}

/** @throws Refusal 400 when the id is no UUID, 404 */
export function findGroup(state: CoderState, call: Call): Group {
  const reference = call.params.group ?? '';
  const id = parseUuid(reference);
  if (id === undefined)
    throw new Refusal(400, `Invalid UUID "${reference}".`, { detail: `invalid UUID length: ${reference.length}` });
  const group = state.groups.get(id);
  if (!group || !call.access.can('group', 'read', group.organization)) throw notFound();
  return group;
}
