/** Members of organizations and their organization roles. */
import { Refusal, noContent, notFound, ok, type Answer } from '../http/answer';
import { type AuditAction } from '../audit/subject';
import { differences, membershipDiff } from '../audit/diff';
import { readBody } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type Membership, type Organization, type User } from '../state/entities';
import { findMember, findOrganization, findUser } from '../state/find';
import { readPage } from '../http/query';
import { organizationRole } from '../roles/roles';
import { pageOf } from '../users/user-page';
import { userTest } from '../users/user-search';
import { membershipView, memberView } from '../state/views';
import { type World } from '../world';

export function memberRoutes({ state, settings, audit }: World): Route[] {
  const subjectOf = (user: User, organization: Organization, action: AuditAction) =>
    ({ type: 'organization_member', id: user.id, target: user.username, action, organization }) as const;

  const visibleOrganization = (call: Call): Organization => {
    const organization = findOrganization(state, call);
    if (!call.access.can('organization_member', 'read', organization)) throw notFound();
    return organization;
  };

  const view = (user: User, organization: Organization) =>
    memberView(user, user.memberships.get(organization.id) as Membership, settings.old);

  const list = (call: Call): Answer => {
    const organization = visibleOrganization(call);
    return ok([...organization.members].map(user => view(user, organization)));
  };

  const page = (call: Call): Answer => {
    const organization = visibleOrganization(call);
    const test = settings.old ? undefined : userTest(call.query.get('q') ?? '', settings);
    const wanted = readPage(call.query);
    // An old one has no such cursor: by its source, nobody has recorded it.
    const { afterId, ...rest } = wanted;
    const after = settings.old || afterId === undefined ? undefined : state.users.get(afterId);
    const { users, count } = pageOf(organization.members, settings.old ? rest : wanted, after, test);
    return ok({ members: users.map(user => view(user, organization)), count });
  };

  const read = (call: Call): Answer => {
    const { user, organization } = findMember(state, call);
    return ok(view(user, organization));
  };

  const add = (call: Call): Answer => {
    const organization = findOrganization(state, call);
    const user = findUser(state, call);
    if (state.organizationSync.field !== '' && settings.oidc && user.loginType === 'oidc') {
      throw new Refusal(
        400,
        'Organization sync is enabled for OIDC users, meaning manual organization assignment is not allowed for this user. Have the user re-login to refresh their organizations.',
        {
          detail: `User ${user.username} is an OIDC user and organization sync is enabled. Ask an administrator to resolve the membership in your external IDP.`,
        },
      );
    }
    if (user.memberships.has(organization.id)) {
      throw new Refusal(400, 'User is already an organization member', {
        detail: `${user.username} is already a member of ${organization.displayName}`,
      });
    }
    if (!call.access.can('organization_member', 'create', organization)) throw notFound();
    const foreign = organization.defaultMemberRoles.find(
      role => !call.access.mayAssignOrganizationRole(organization, role),
    );
    if (foreign !== undefined) {
      throw new Refusal(500, 'Internal error adding the user to the organization.', {
        detail: `not authorized to assign role "${foreign}:${organization.id}"`,
      });
    }
    const membership = state.join(user, organization);
    const diff = membershipDiff(user, membership, 'came');
    audit.record(call, { ...subjectOf(user, organization, 'create'), diff });
    return ok(membershipView(user, membership));
  };

  const remove = (call: Call): Answer => {
    const { user, organization, membership } = findMember(state, call);
    const subject = subjectOf(user, organization, 'delete');
    audit.concerns(call, subject);
    if (user === call.access.user) throw new Refusal(400, 'cannot remove self from an organization');
    if (!call.access.can('organization_member', 'delete', organization)) throw notFound();
    state.leave(user, organization);
    audit.record(call, { ...subject, status: 204, diff: membershipDiff(user, membership, 'went') });
    return noContent;
  };

  const setRoles = (call: Call): Answer => {
    const { user, organization, membership } = findMember(state, call);
    const subject = subjectOf(user, organization, 'write');
    audit.concerns(call, subject);
    if (organization.roleSync.field !== '' && settings.oidc && user.loginType === 'oidc') {
      throw new Refusal(
        400,
        "Cannot modify roles for OIDC users when role sync is enabled. This organization member's roles are managed by the identity provider. Have the user re-login to refresh their roles.",
        {
          detail:
            "'User Role Field' is set in the organization settings. Ask an administrator to adjust or disable these settings.",
        },
      );
    }
    if (user === call.access.user) {
      throw new Refusal(400, 'You cannot change your own organization roles.', {
        detail: 'Another user with the appropriate permissions must change your roles.',
      });
    }
    const wanted = [...new Set(readBody(call.body, { roles: 'strings' }).roles ?? [])];
    const roles = wanted.map(role => checkedRole(organization, role));
    if (!call.access.can('assign_org_role', 'assign', organization)) throw notFound();
    call.access.requireOrganizationRoles(organization, membership.roles, roles);
    const old = [...membership.roles].sort();
    state.setMemberRoles(membership, roles);
    audit.record(call, { ...subject, diff: differences({ roles: [old, [...membership.roles].sort()] }) });
    return ok(membershipView(user, membership));
  };

  const path = '/organizations/:organization/members';
  const routes: Route[] = [
    { method: 'GET', path, handle: list },
    { method: 'GET', path: '/organizations/:organization/paginated-members', handle: page },
    { method: 'POST', path: `${path}/:user`, handle: add },
    { method: 'DELETE', path: `${path}/:user`, handle: remove },
    { method: 'PUT', path: `${path}/:user/roles`, handle: setRoles },
  ];
  return settings.old ? routes : [...routes, { method: 'GET', path: `${path}/:user`, handle: read }];
}

/** The role by its own spelling. @throws Refusal 400 for what isn't a role of the organization */
function checkedRole(organization: Organization, role: string): string {
  if (role.includes(':')) {
    throw new Refusal(400, `attempt to assign a role "${role}", remove the ':<organization_id> suffix`);
  }
  const known = organizationRole(role)?.name ?? organization.customRoles.get(role)?.name;
  if (known === undefined) throw new Refusal(400, `"${role}:${organization.id}" is not a supported role`);
  return known;
}
