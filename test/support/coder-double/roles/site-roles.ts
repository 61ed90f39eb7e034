/** Site roles: the catalogue, and the full list of a user's. */
import { Refusal, forbidden, ok, type Answer } from '../http/answer';
import { differences } from '../audit/diff';
import { readBody } from '../http/body';
import { type Call, type Route } from '../http/call';
import { findUser } from '../state/find';
import { permissionsOf, siteRole, SITE_ROLES } from './roles';
import { userView } from '../state/views';
import { type World } from '../world';

export function siteRoleRoutes({ state, settings, audit }: World): Route[] {
  const catalogue = (call: Call): Answer =>
    ok(
      SITE_ROLES.map(role => ({
        name: role.name,
        display_name: role.displayName,
        site_permissions: permissionsOf(role),
        user_permissions: [],
        organization_permissions: [],
        ...(!settings.old && { organization_member_permissions: [] }),
        assignable: call.access.mayAssignSiteRole(role.name),
        built_in: true,
      })),
    );

  const read = (call: Call): Answer => {
    const user = findUser(state, call);
    const byOrganization = [...user.memberships.values()].map(({ organization, roles }): [string, string[]] => [
      organization.id,
      [...roles].sort(),
    ]);
    return ok({ roles: [...user.roles].sort(), organization_roles: Object.fromEntries(byOrganization) });
  };

  const write = (call: Call): Answer => {
    const user = findUser(state, call);
    const subject = { type: 'user', id: user.id, target: user.username, action: 'write' } as const;
    audit.concerns(call, subject);
    if (settings.oidc && settings.oidcUserRoleField !== '' && user.loginType === 'oidc') {
      throw new Refusal(400, 'Cannot modify roles for OIDC users when role sync is enabled.', {
        detail:
          "'User Role Field' is set in the OIDC configuration. All role changes must come from the oidc identity provider.",
      });
    }
    if (user === call.access.user) throw new Refusal(400, 'You cannot change your own roles.');
    const roles = [...new Set(readBody(call.body, { roles: 'strings' }).roles ?? [])];
    const unknown = roles.find(role => !siteRole(role));
    if (unknown !== undefined) throw new Refusal(400, `"${unknown}" is not a supported role`);
    if (!call.access.can('assign_role', 'assign')) throw forbidden();
    call.access.requireSiteRoles(user.roles, roles);
    const old = [...user.roles].sort();
    state.changeUser(user, { roles });
    audit.record(call, { ...subject, diff: differences({ rbac_roles: [old, [...roles].sort()] }) });
    return ok(userView(user, settings.old));
  };

  return [
    { method: 'GET', path: '/users/roles', handle: catalogue },
    { method: 'GET', path: '/users/:user/roles', handle: read },
    { method: 'PUT', path: '/users/:user/roles', handle: write },
  ];
}
