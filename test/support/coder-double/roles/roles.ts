/** The built-in roles of Coder v2.36.0: their names, and what each permits. */
import { type Permission } from '../state/entities';

export interface BuiltInRole {
  readonly name: string;
  readonly displayName: string;
  /** `resource: 'action action'`; `*` is every action. */
  readonly permits: Readonly<Record<string, string>>;
}

const CRUD = 'create read update delete';
const WORKSPACE =
  'share delete_agent delete create update_agent application_connect update read start stop ssh create_agent';
const DORMANT_WORKSPACE = 'update read delete create update_agent stop create_agent delete_agent';
const EVERYTHING_OF = [
  'ai_model_price ai_provider aibridge_interception api_key assign_org_role assign_role audit_log chat connection_log',
  'crypto_key debug_info deployment_config deployment_stats file group group_member idpsync_settings',
  'inbox_notification license notification_message notification_preference notification_template oauth2_app',
  'oauth2_app_code_token oauth2_app_secret organization organization_member provisioner_daemon provisioner_jobs',
  'replicas system tailnet_coordinator task template user webpush_subscription workspace_agent_devcontainers',
  'workspace_agent_resource_monitor workspace_build_orchestration workspace_proxy',
]
  .join(' ')
  .split(' ');

export const SITE_ROLES: readonly BuiltInRole[] = [
  {
    name: 'owner',
    displayName: 'Owner',
    permits: {
      ...Object.fromEntries(EVERYTHING_OF.map(resource => [resource, '*'])),
      ai_gateway_key: 'delete read create',
      boundary_log: 'read',
      prebuilt_workspace: 'delete update',
      user_skill: 'read delete',
      workspace: WORKSPACE,
      workspace_dormant: DORMANT_WORKSPACE,
    },
  },
  {
    name: 'template-admin',
    displayName: 'Template Admin',
    permits: {
      assign_org_role: 'read',
      file: 'read create',
      group: 'read',
      group_member: 'read',
      organization: 'read',
      organization_member: 'read',
      prebuilt_workspace: 'delete update',
      provisioner_daemon: CRUD,
      template: `${CRUD} use view_insights`,
      user: 'read',
      workspace: 'read',
      workspace_dormant: 'read',
    },
  },
  {
    name: 'user-admin',
    displayName: 'User Admin',
    permits: {
      assign_org_role: 'read unassign assign',
      assign_role: 'assign read unassign',
      group: CRUD,
      group_member: 'read',
      idpsync_settings: 'update read',
      organization: 'read',
      organization_member: CRUD,
      user: `${CRUD} read_personal update_personal`,
    },
  },
  {
    name: 'auditor',
    displayName: 'Auditor',
    permits: {
      aibridge_interception: 'read',
      assign_org_role: 'read',
      audit_log: 'read',
      boundary_log: 'read',
      connection_log: 'read',
      deployment_config: 'read',
      deployment_stats: 'read',
      group: 'read',
      group_member: 'read',
      organization: 'read',
      organization_member: 'read',
      template: 'view_insights read',
      user: 'read',
    },
  },
];

const ORGANIZATION_USER_ADMIN = {
  assign_org_role: 'assign unassign read',
  group: CRUD,
  group_member: 'read',
  idpsync_settings: 'read update',
  organization: 'read',
  organization_member: CRUD,
};

export const ORGANIZATION_ROLES: readonly BuiltInRole[] = [
  {
    name: 'organization-admin',
    displayName: 'Organization Admin',
    permits: {
      ...ORGANIZATION_USER_ADMIN,
      assign_org_role: '*',
      audit_log: 'read',
      organization: 'read update delete',
      template: '*',
      workspace: WORKSPACE,
      workspace_dormant: DORMANT_WORKSPACE,
    },
  },
  { name: 'organization-user-admin', displayName: 'Organization User Admin', permits: ORGANIZATION_USER_ADMIN },
  {
    name: 'organization-template-admin',
    displayName: 'Organization Template Admin',
    permits: { group: 'read', group_member: 'read', organization: 'read', organization_member: 'read', template: '*' },
  },
  {
    name: 'organization-auditor',
    displayName: 'Organization Auditor',
    permits: {
      audit_log: 'read',
      group: 'read',
      group_member: 'read',
      organization: 'read',
      organization_member: 'read',
      template: 'read view_insights',
    },
  },
  { name: 'organization-workspace-creation-ban', displayName: 'Organization Workspace Creation Ban', permits: {} },
  { name: 'organization-workspace-access', displayName: 'Organization Workspace Access', permits: {} },
  { name: 'agents-access', displayName: 'Coder Agents User', permits: {} },
];

/** Implied for everybody, and yet assignable by name. */
export const IMPLIED_SITE_ROLE = 'member';
export const IMPLIED_ORGANIZATION_ROLE = 'organization-member';

/** What a plain membership of an organization lets a person see. */
export const MEMBER_PERMITS = {
  group: 'read',
  organization: 'read',
  organization_member: 'read',
  assign_org_role: 'read',
};

export function siteRole(name: string): BuiltInRole | undefined {
  if (name === IMPLIED_SITE_ROLE) return { name, displayName: 'Member', permits: {} };
  return SITE_ROLES.find(role => role.name === name);
}

export function organizationRole(name: string): BuiltInRole | undefined {
  if (name === IMPLIED_ORGANIZATION_ROLE) return { name, displayName: '', permits: {} };
  return ORGANIZATION_ROLES.find(role => role.name === name);
}

export function isReservedRoleName(name: string): boolean {
  const lower = name.toLowerCase();
  return siteRole(lower) !== undefined || organizationRole(lower) !== undefined;
}

export function permissionsOf(role: BuiltInRole): Permission[] {
  return Object.entries(role.permits).flatMap(([resource_type, actions]) =>
    actions.split(' ').map(action => ({ negate: false, resource_type, action })),
  );
}
