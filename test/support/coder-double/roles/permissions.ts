/** Which permissions a custom role may name: every resource type with its actions. */
import { type Permission } from '../state/entities';

const CRUD = 'create read update delete';

const ACTIONS: Readonly<Record<string, string>> = {
  ai_gateway_key: 'create read delete',
  ai_model_price: 'read update',
  ai_provider: CRUD,
  aibridge_interception: 'create read update',
  api_key: CRUD,
  assign_org_role: `${CRUD} assign unassign`,
  assign_role: 'assign read unassign',
  audit_log: 'create read',
  boundary_log: 'create read delete',
  chat: CRUD,
  connection_log: 'read update',
  crypto_key: CRUD,
  debug_info: 'read',
  deployment_config: 'read update',
  deployment_stats: 'read',
  file: 'create read',
  group: CRUD,
  group_member: 'read',
  idpsync_settings: 'read update',
  inbox_notification: 'create read update',
  license: 'create read delete',
  notification_message: CRUD,
  notification_preference: 'read update',
  notification_template: 'read update',
  oauth2_app: CRUD,
  oauth2_app_code_token: 'create read delete',
  oauth2_app_secret: CRUD,
  organization: CRUD,
  organization_member: CRUD,
  prebuilt_workspace: 'update delete',
  provisioner_daemon: CRUD,
  provisioner_jobs: 'create read update',
  replicas: 'read',
  system: CRUD,
  tailnet_coordinator: CRUD,
  task: CRUD,
  template: `${CRUD} use view_insights`,
  usage_event: 'create read update',
  user: `${CRUD} read_personal update_personal`,
  user_secret: CRUD,
  user_skill: CRUD,
  webpush_subscription: 'create read delete',
  workspace: `${CRUD} application_connect create_agent delete_agent share ssh start stop update_agent`,
  workspace_agent_devcontainers: 'create',
  workspace_agent_resource_monitor: 'create read update',
  workspace_build_orchestration: 'create read update delete',
  workspace_dormant: `${CRUD} application_connect create_agent delete_agent share ssh start stop update_agent`,
  workspace_proxy: CRUD,
};

/** Why no custom role may have the permission, whichever call asks for it; undefined when it may. */
export function prohibitionOf(permission: Permission, organizationId: string): string | undefined {
  const { action, resource_type: resource, negate } = permission;
  const why = (reason: string) =>
    `org="${organizationId}": org: invalid permission for action="${action}" type="${resource}", ${reason}`;
  if (negate) return why('no negative permissions');
  return action === '*' || resource === '*' ? why('no wildcard symbols') : undefined;
}

/** Why there is no such permission, or undefined when there is. */
export function problemOf(permission: Permission, organizationId: string): string | undefined {
  const { action, resource_type: resource } = permission;
  const actions = ACTIONS[resource];
  if (actions === undefined) {
    return `invalid role: org="${organizationId}": org invalid resource type "${resource}": invalid resource type "${resource}"`;
  }
  if (!actions.split(' ').includes(action)) {
    const problem = `invalid action "${action}" for resource "${resource}"`;
    return `invalid role: org="${organizationId}": org ${problem}: ${problem}`;
  }
  return undefined;
}
