/**
 * What the bridge reads of Coder's answers, in its own words. Shapes are tolerant: fields that only newer servers send
 * are optional, fields that nobody reads are ignored, and `null` for an empty list is an empty list.
 */
import * as z from 'zod';

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform(items => items ?? []);

const RoleReference = z.object({ name: z.string(), organization_id: z.string().nullish() });

/** Names of the site roles in a list of roles; roles of organizations are left out. */
const siteRoleNames = list(RoleReference).transform(roles =>
  roles.filter(role => !role.organization_id).map(role => role.name),
);
const roleNames = list(RoleReference).transform(roles => roles.map(role => role.name));

/** `active` holds a seat, `dormant` is an account that never signed in (no seat), `suspended` is locked out. */
export type UserStatus = 'active' | 'dormant' | 'suspended';

/** An account. Coder never says in it whether the account is deleted: see `getUser`. */
export const CoderUser = z
  .object({
    id: z.string(),
    username: z.string(),
    name: z.string().nullish(),
    email: z.string().nullish(),
    avatar_url: z.string().nullish(),
    status: z.enum(['active', 'dormant', 'suspended']),
    login_type: z.string().nullish(),
    is_service_account: z.boolean().nullish(),
    created_at: z.string().nullish(),
    last_seen_at: z.string().nullish(),
    organization_ids: list(z.string()),
    roles: siteRoleNames,
  })
  .transform(user => ({
    id: user.id,
    username: user.username,
    name: user.name ?? '',
    /** Empty for service accounts. */
    email: user.email ?? '',
    avatarUrl: user.avatar_url ?? '',
    status: user.status satisfies UserStatus,
    /** `oidc`, `password`, `github`, `none`; text, because servers add kinds. */
    loginType: user.login_type ?? '',
    serviceAccount: user.is_service_account ?? false,
    createdAt: user.created_at ?? undefined,
    lastSeenAt: user.last_seen_at ?? undefined,
    organizationIds: user.organization_ids,
    /** Explicit site roles; `member` is there only if somebody assigned it by name. */
    roles: user.roles,
  }));
export type CoderUser = Readonly<z.output<typeof CoderUser>>;

export const UserPage = z.object({ users: list(CoderUser), count: z.number() });

/** Explicit roles of one account: site roles, and organization roles by organization id. */
export const CoderRoles = z
  .object({
    roles: list(z.string()),
    organization_roles: z
      .record(z.string(), list(z.string()))
      .nullish()
      .transform(roles => roles ?? {}),
  })
  .transform(({ roles, organization_roles }) => ({
    site: roles,
    /** A key for each organization that the account is a member of. */
    organizations: new Map<string, readonly string[]>(Object.entries(organization_roles)),
  }));
export type CoderRoles = Readonly<z.output<typeof CoderRoles>>;

export const CoderOrganization = z
  .object({
    id: z.string(),
    name: z.string(),
    display_name: z.string().nullish(),
    is_default: z.boolean().nullish(),
    default_org_member_roles: list(z.string()),
  })
  .transform(organization => ({
    id: organization.id,
    name: organization.name,
    displayName: organization.display_name ?? '',
    isDefault: organization.is_default ?? false,
    /** Roles that every member has without being given them; never sent, never drift (v2.35 on). */
    impliedRoles: organization.default_org_member_roles,
  }));
export type CoderOrganization = Readonly<z.output<typeof CoderOrganization>>;

export const OrganizationMember = z
  .object({
    user_id: z.string(),
    organization_id: z.string(),
    username: z.string().nullish(),
    roles: roleNames,
  })
  .transform(member => ({
    userId: member.user_id,
    organizationId: member.organization_id,
    /** Empty where the server does not say it. */
    username: member.username ?? '',
    roles: member.roles,
  }));
export type OrganizationMember = Readonly<z.output<typeof OrganizationMember>>;

/** All of them, from versions that have no cursor. */
export const OrganizationMembers = list(OrganizationMember);

export const OrganizationMemberPage = z.object({ members: list(OrganizationMember), count: z.number() });

/** A member of a group. */
export const GroupMember = z.object({ id: z.string(), username: z.string().default('') });
export type GroupMember = Readonly<z.output<typeof GroupMember>>;

export const GroupMemberPage = z.object({ users: list(GroupMember), count: z.number() });

export const CoderGroup = z
  .object({
    id: z.string(),
    name: z.string(),
    display_name: z.string().nullish(),
    avatar_url: z.string().nullish(),
    quota_allowance: z.number().nullish(),
    organization_id: z.string(),
    members: list(GroupMember),
    total_member_count: z.number().nullish(),
    source: z.string().nullish(),
  })
  .transform(group => ({
    id: group.id,
    name: group.name,
    displayName: group.display_name ?? '',
    avatarUrl: group.avatar_url ?? '',
    quotaAllowance: group.quota_allowance ?? 0,
    organizationId: group.organization_id,
    /** As many as the answer held: none when it was asked without members, fewer than `memberCount` when rights are missing. */
    members: group.members,
    memberCount: group.total_member_count ?? group.members.length,
    /** `oidc` groups were made by Coder at a sign-in. */
    source: group.source ?? 'user',
    /** The group `Everyone` has the id of its organization and can not be managed. */
    isEveryone: group.id === group.organization_id,
  }));
export type CoderGroup = Readonly<z.output<typeof CoderGroup>>;

export const Permission = z
  .object({ negate: z.boolean().nullish(), resource_type: z.string(), action: z.string() })
  .transform(permission => ({
    negate: permission.negate ?? false,
    resourceType: permission.resource_type,
    action: permission.action,
  }));
export type Permission = Readonly<z.output<typeof Permission>>;

export const CoderWorkspace = z
  .object({
    id: z.string(),
    name: z.string(),
    owner_id: z.string(),
    organization_id: z.string(),
    organization_name: z.string().nullish(),
    dormant_at: z.string().nullish(),
    latest_build: z.object({ transition: z.string(), status: z.string() }),
  })
  .transform(workspace => ({
    id: workspace.id,
    name: workspace.name,
    ownerId: workspace.owner_id,
    organizationId: workspace.organization_id,
    organizationName: workspace.organization_name ?? workspace.organization_id,
    /** Put aside for lack of use; it may run all the same, and Coder's own executor leaves it alone. */
    dormant: Boolean(workspace.dormant_at),
    /** What was done last: `start`, `stop` or `delete`, and how far it is (`pending`, `running`, `failed`, …). */
    build: workspace.latest_build,
  }));
export type CoderWorkspace = Readonly<z.output<typeof CoderWorkspace>>;

export const WorkspacePage = z.object({ workspaces: list(CoderWorkspace), count: z.number() });

export const CoderRole = z
  .object({
    name: z.string(),
    display_name: z.string().nullish(),
    organization_id: z.string().nullish(),
    assignable: z.boolean().nullish(),
    built_in: z.boolean().nullish(),
    organization_permissions: list(Permission),
  })
  .transform(role => ({
    name: role.name,
    displayName: role.display_name ?? '',
    /** Whether the bridge's own account may give and take it. */
    assignable: role.assignable ?? false,
    builtIn: role.built_in ?? false,
    permissions: role.organization_permissions,
  }));
export type CoderRole = Readonly<z.output<typeof CoderRole>>;

const claimMapping = z
  .record(z.string(), list(z.string()))
  .nullish()
  .transform(mapping => mapping ?? {});

/** Group sync of an organization; `field` empty means off. Mapping: claim value to Coder group ids. */
export const GroupSync = z
  .object({
    field: z.string().nullish(),
    mapping: claimMapping,
    regex_filter: z.string().nullish(),
    auto_create_missing_groups: z.boolean().nullish(),
    legacy_group_name_mapping: z.record(z.string(), z.string()).nullish(),
  })
  .transform(sync => ({
    field: sync.field ?? '',
    mapping: sync.mapping,
    regexFilter: sync.regex_filter ?? null,
    autoCreateMissingGroups: sync.auto_create_missing_groups ?? false,
    /** Inherited from the server's environment; Coder refuses it in a write, so a write loses it. */
    legacyNames: sync.legacy_group_name_mapping ?? {},
  }));
export type GroupSync = Readonly<z.output<typeof GroupSync>>;

/** Role sync of an organization; `field` empty means off. Mapping: claim value to role names. */
export const RoleSync = z
  .object({ field: z.string().nullish(), mapping: claimMapping })
  .transform(sync => ({ field: sync.field ?? '', mapping: sync.mapping }));
export type RoleSync = Readonly<z.output<typeof RoleSync>>;

/** Organization sync of the deployment; `field` empty means off. Mapping: claim value to organization ids. */
export const OrganizationSync = z
  .object({ field: z.string().nullish(), mapping: claimMapping, organization_assign_default: z.boolean().nullish() })
  .transform(sync => ({
    field: sync.field ?? '',
    mapping: sync.mapping,
    assignDefault: sync.organization_assign_default ?? true,
  }));
export type OrganizationSync = Readonly<z.output<typeof OrganizationSync>>;

export const AuthMethods = z
  .object({
    password: z.object({ enabled: z.boolean() }).nullish(),
    oidc: z.object({ enabled: z.boolean() }).nullish(),
  })
  .transform(methods => ({ password: methods.password?.enabled ?? false, oidc: methods.oidc?.enabled ?? false }));
export type AuthMethods = Readonly<z.output<typeof AuthMethods>>;

/** Seats of the licence: people whose account is active have one. */
export interface Seats {
  readonly used: number;
  /** Undefined without a licence that has a limit. Above it Coder refuses nothing, and warns everybody. */
  readonly limit: number | undefined;
}

export const Entitlements = z
  .object({
    features: z
      .record(
        z.string(),
        z.object({
          entitlement: z.string().nullish(),
          enabled: z.boolean().nullish(),
          limit: z.number().nullish(),
          actual: z.number().nullish(),
        }),
      )
      .nullish(),
    has_license: z.boolean().nullish(),
    warnings: list(z.string()),
    errors: list(z.string()),
  })
  .transform(entitlements => ({
    hasLicence: entitlements.has_license ?? false,
    /** Features that are switched on, e.g. `template_rbac` (groups), `multiple_organizations`, `custom_roles`. */
    enabled: new Set(
      Object.entries(entitlements.features ?? {})
        .filter(([, feature]) => feature.enabled === true)
        .map(([name]) => name),
    ),
    seats: seatsOf(entitlements.features?.['user_limit']),
    warnings: entitlements.warnings,
    errors: entitlements.errors,
  }));

function seatsOf(
  feature: { readonly actual?: number | null | undefined; readonly limit?: number | null | undefined } | undefined,
): Seats | undefined {
  const { actual, limit } = feature ?? {};
  return typeof actual === 'number' ? { used: actual, limit: limit ?? undefined } : undefined;
}

export type Entitlements = Readonly<z.output<typeof Entitlements>>;

/** One API key of an account. */
export const ApiKey = z
  .object({
    id: z.string(),
    expires_at: z.string(),
    lifetime_seconds: z.number().nullish(),
    scope: z.string().nullish(),
    scopes: list(z.string()),
    token_name: z.string().nullish(),
  })
  .transform(key => ({
    id: key.id,
    expiresAt: key.expires_at,
    lifetimeSeconds: key.lifetime_seconds ?? undefined,
    scopes: key.scopes.length > 0 ? key.scopes : key.scope ? [key.scope] : [],
    name: key.token_name ?? '',
  }));
export type ApiKey = Readonly<z.output<typeof ApiKey>>;
