/** What organization, group and role sync make of the claims of a sign-in. */
import { type Claims, type Group, type Organization, type User } from '../state/entities';
import { organizationRole, siteRole } from '../roles/roles';
import { type World } from '../world';

function valuesOf(claims: Claims, field: string): string[] {
  const value = claims[field];
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Why the server gives up on the claims before anything is synced; the person doesn't get in then. */
export function syncProblem(world: World, claims: Claims): string | undefined {
  const { field } = world.state.organizationSync;
  const value = field === '' ? undefined : claims[field];
  if (value === undefined || value === null || typeof value === 'string' || Array.isArray(value)) return undefined;
  const kind = typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'map[string]interface {}';
  return `sync organizations: organization claims: failed to parese organizations OIDC claims: invalid claim type. Expected an array of strings, got: ${kind}`;
}

/** In this order, because groups and roles of an organization go with its membership. */
export function syncByClaims(world: World, user: User, claims: Claims): void {
  syncOrganizations(world, user, claims);
  for (const { organization } of [...user.memberships.values()]) {
    if (organization.deleted) continue;
    syncGroups(world, user, organization, claims);
    syncOrganizationRoles(world, user, organization, claims);
  }
  const field = world.settings.oidcUserRoleField;
  if (field !== '') {
    const roles = valuesOf(claims, field).filter(name => siteRole(name));
    world.state.changeUser(user, { roles: [...new Set(roles)] });
  }
}

function syncOrganizations({ state }: World, user: User, claims: Claims): void {
  const { field, mapping, assignDefault } = state.organizationSync;
  if (field === '') return;
  const wanted = new Set(valuesOf(claims, field).flatMap(value => mapping[value] ?? []));
  if (assignDefault) wanted.add(state.defaultOrganization.id);
  for (const { organization } of [...user.memberships.values()]) {
    if (!wanted.has(organization.id) && !organization.deleted) state.leave(user, organization);
  }
  for (const id of wanted) {
    const organization = state.organizations.get(id);
    if (organization && !organization.deleted) state.join(user, organization);
  }
}

/** All groups of the organization are compared, whoever put the person there. */
function syncGroups({ state, settings }: World, user: User, organization: Organization, claims: Claims): void {
  const { field, mapping, regexFilter, autoCreate, legacyNames = {} } = organization.groupSync;
  if (field === '' || !settings.licence) return;
  const filter = regexFilter === null ? undefined : new RegExp(regexFilter, 'u');
  const wanted = new Set<Group>();
  for (const claimed of valuesOf(claims, field)) {
    const value = Object.hasOwn(legacyNames, claimed) ? (legacyNames[claimed] ?? '') : claimed;
    if (filter && !filter.test(value)) continue;
    if (Object.hasOwn(mapping, value)) {
      for (const id of mapping[value] ?? []) {
        const group = state.groups.get(id);
        // A group of another organization too: nobody looks, and a later sign-in takes nobody out of it.
        if (group && group !== group.organization.everyone) wanted.add(group);
      }
      continue;
    }
    const group =
      organization.groups.get(value) ??
      (autoCreate ? state.addGroup(organization, value, { source: 'oidc' }) : undefined);
    if (group) wanted.add(group);
  }
  for (const group of [...user.groups]) {
    if (group.organization === organization && !wanted.has(group)) state.removeFromGroup(user, group);
  }
  for (const group of wanted) state.addToGroup(user, group);
}

function syncOrganizationRoles({ state }: World, user: User, organization: Organization, claims: Claims): void {
  const { field, mapping } = organization.roleSync;
  const membership = user.memberships.get(organization.id);
  if (field === '' || !membership) return;
  const names = valuesOf(claims, field).flatMap(value =>
    Object.hasOwn(mapping, value) ? (mapping[value] ?? []) : [value],
  );
  const known = names.filter(name => organizationRole(name) ?? organization.customRoles.has(name));
  state.setMemberRoles(membership, known);
}
