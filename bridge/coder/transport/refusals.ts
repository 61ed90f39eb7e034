/** Reads Coder's refusals: the texts that its releases use, made into reasons. Pure; one table, first match wins. */
import { type RefusalReason, type Validation } from './errors';

interface Rule {
  readonly reason: RefusalReason;
  readonly message?: RegExp;
  readonly field?: string;
  /** Part of the route that the rule is for. */
  readonly route?: RegExp;
}

const GROUPS = /\/groups/;
const RULES: readonly Rule[] = [
  { reason: 'user-exists', message: /^user already exists/i },
  { reason: 'username-taken', message: /user with this username already exists/i },
  { reason: 'oidc-not-configured', message: /must configure oidc/i },
  { reason: 'no-organization', message: /no organization specified|organization does not exist/i },
  { reason: 'owner-role-first', message: /cannot suspend a user with the "owner" role/i },
  {
    reason: 'own-account',
    message:
      /cannot suspend yourself|cannot delete yourself|change your own (organization )?roles|cannot remove self from/i,
  },
  { reason: 'has-workspaces', message: /user that has workspaces/i },
  { reason: 'build-active', message: /workspace build is already active/i },
  { reason: 'role-not-assignable', message: /not authorized to assign role/i },
  { reason: 'role-unknown', message: /is not a supported role|attempt to assign a role/i },
  {
    reason: 'organization-role-sync',
    message: /cannot modify roles for oidc users when role sync is enabled/i,
    route: /\/organizations\//,
  },
  { reason: 'site-role-sync', message: /cannot modify roles for oidc users when role sync is enabled/i },
  { reason: 'organization-sync', message: /organization sync is enabled for oidc users/i },
  { reason: 'already-member', message: /cannot add the same user to a group twice|already an organization member/i },
  { reason: 'not-in-organization', message: /user must be a member of organization/i },
  { reason: 'concurrent-change', message: /failed to add or remove non-existent group member/i },
  { reason: 'invalid-id', message: /must be a valid user uuid|invalid uuid/i },
  { reason: 'everyone-group', message: /"everyone" (group|is a reserved group and)/i, route: GROUPS },
  { reason: 'group-name-invalid', message: /reserved group name|invalid group name/i, route: GROUPS },
  { reason: 'group-exists', message: /group (named|with name) .* already exists/i },
  { reason: 'display-name-invalid', field: 'display_name' },
  { reason: 'group-name-invalid', field: 'name', route: GROUPS },
  { reason: 'role-name-reserved', message: /reserved role name|invalid role name/i },
  { reason: 'role-name-reserved', field: 'name', route: /\/members\/roles/ },
  {
    reason: 'permissions-invalid',
    message:
      /failed to update role permissions|not allowed to assign (site wide|user|organization member) permissions/i,
  },
  { reason: 'email-invalid', field: 'email' },
  { reason: 'username-invalid', field: 'username' },
  { reason: 'name-invalid', field: 'name' },
];

/** The reason behind a refusal; `other` when the text is not one of those known. */
export function reasonOf(route: string, message: string, validations: readonly Validation[]): RefusalReason {
  const found = RULES.find(
    rule =>
      (rule.route === undefined || rule.route.test(route)) &&
      (rule.message === undefined || rule.message.test(message)) &&
      (rule.field === undefined || validations.some(validation => validation.field === rule.field)),
  );
  return found?.reason ?? 'other';
}
