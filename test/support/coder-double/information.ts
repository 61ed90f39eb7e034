/** What the server says of itself: build, sign-in methods, entitlements, configuration. */
import { createHash } from 'node:crypto';
import { Refusal, forbidden, ok, type Answer } from './http/answer';
import { type Call, type Route } from './http/call';
import { HUNDRED_YEARS_SECONDS, WEEK_SECONDS } from './tokens/keys';
import { type World } from './world';

/** In a second: durations are told as Go counts them. */
const NANOSECONDS = 1e9;

/** Features of a Premium licence; the value says whether the server has them switched on. */
const FEATURES: Readonly<Record<string, boolean>> = {
  access_control: true,
  advanced_template_scheduling: true,
  aibridge: true,
  appearance: true,
  audit_log: true,
  boundary: true,
  browser_only: false,
  connection_log: false,
  control_shared_ports: true,
  custom_roles: true,
  external_provisioner_daemons: true,
  external_token_encryption: false,
  high_availability: true,
  multiple_external_auth: true,
  multiple_organizations: true,
  scim: true,
  service_accounts: true,
  task_batch_actions: true,
  template_rbac: true,
  user_role_management: true,
  workspace_batch_actions: true,
  workspace_external_agent: true,
  workspace_prebuilds: true,
  workspace_proxy: true,
};

const NEWER_FEATURES = new Set(['service_accounts', 'aibridge', 'boundary']);

export function informationRoutes(world: World): Route[] {
  const { settings, state } = world;

  const buildInfo = (): Answer =>
    ok({
      external_url: 'https://github.com/coder/coder',
      version: settings.version,
      dashboard_url: world.url,
      telemetry: false,
      workspace_proxy: false,
      agent_api_version: '1.0',
      provisioner_api_version: settings.old ? '1.11' : '1.18',
      upgrade_message: '',
      deployment_id: world.deploymentId,
      webpush_public_key: createHash('sha512').update(world.deploymentId).digest('base64url'),
    });

  const authMethods = (): Answer =>
    ok({
      password: { enabled: true },
      github: { enabled: false, default_provider_configured: false },
      oidc: { enabled: settings.oidc, signInText: '', iconUrl: '' },
    });

  const entitlements = (): Answer => {
    const licensed = settings.licence;
    const active = [...state.directory].filter(user => user.status === 'active' && !user.isServiceAccount).length;
    const limit = licensed ? settings.userLimit : undefined;
    const period = { issued_at: state.time(), start: state.time(), end: state.time() };
    const features: Record<string, unknown> = {
      ai_governance_user_limit: { entitlement: 'not_entitled', enabled: false },
      managed_agent_limit: licensed
        ? { entitlement: 'entitled', enabled: true, limit: 1000, actual: 0, usage_period: period }
        : { entitlement: 'not_entitled', enabled: false },
      user_limit:
        limit === undefined
          ? { entitlement: 'not_entitled', enabled: false, actual: active }
          : { entitlement: 'entitled', enabled: true, limit, actual: active },
    };
    for (const [name, enabled] of Object.entries(FEATURES)) {
      if (settings.old && NEWER_FEATURES.has(name)) continue;
      features[name] = licensed
        ? { entitlement: 'entitled', enabled }
        : { entitlement: 'not_entitled', enabled: false };
    }
    const warnings = [
      'Your license expires in 3 days.',
      ...(limit !== undefined && active > limit
        ? [`Your deployment has ${active} active users but is only licensed for ${limit}.`]
        : []),
      'The AI Governance add-on is required to use AI Gateway. Please reach out to your account team or sales@coder.com to learn more.',
    ];
    return ok({
      features,
      warnings: licensed ? warnings : [],
      errors: [],
      has_license: licensed,
      trial: false,
      require_telemetry: false,
      refreshed_at: state.time(),
    });
  };

  const configuration = (call: Call): Answer => {
    if (!call.access.can('deployment_config', 'read')) throw forbidden();
    return ok({
      config: {
        access_url: world.url,
        oidc: {
          allow_signups: settings.oidcAllowSignups,
          client_id: settings.oidc ? 'coder' : '',
          issuer_url: settings.oidc ? 'https://idp.invalid' : '',
          email_domain: null,
          username_field: 'preferred_username',
          email_field: 'email',
          group_auto_create: false,
          group_regex_filter: '.*',
          groups_field: '',
          group_mapping: {},
          group_allow_list: null,
          user_role_field: settings.oidcUserRoleField,
          user_role_mapping: {},
          user_roles_default: null,
          organization_field: '',
          organization_mapping: {},
          organization_assign_default: true,
          ignore_email_verified: false,
          ignore_user_info: false,
          source_user_info_from_access_token: false,
          skip_issuer_checks: false,
        },
        experiments: null,
        disable_password_auth: null,
        scim_api_key: null,
        scim_use_legacy: true,
        disable_workspace_sharing: null,
        rate_limit: { disable_all: settings.rateLimitPerMinute <= 0, api: settings.rateLimitPerMinute },
        session_lifetime: {
          default_duration: 86_400 * NANOSECONDS,
          refresh_default_duration: 2_592_000 * NANOSECONDS,
          default_token_lifetime: WEEK_SECONDS * NANOSECONDS,
          max_token_lifetime: HUNDRED_YEARS_SECONDS * NANOSECONDS,
          max_admin_token_lifetime: WEEK_SECONDS * NANOSECONDS,
        },
      },
      options: [],
    });
  };

  const scim = (): Answer => {
    if (!settings.licence) throw new Refusal(403, 'SCIM is a Premium feature. Contact sales!');
    throw new Refusal(404, 'SCIM is disabled, please contact your administrator if you believe this is an error', {
      detail: "SCIM endpoints are disabled if no SCIM is configured. Configure 'CODER_SCIM_AUTH_HEADER' to enable.",
    });
  };

  return [
    { method: 'GET', path: '/buildinfo', open: true, handle: buildInfo },
    { method: 'GET', path: '/users/authmethods', open: true, handle: authMethods },
    { method: 'GET', path: '/entitlements', handle: entitlements },
    { method: 'GET', path: '/experiments', handle: () => ok([]) },
    { method: 'GET', path: '/deployment/config', handle: configuration },
    { method: 'GET', path: '/scim/v2/Users', open: true, handle: scim },
    {
      method: 'GET',
      path: '/healthz',
      open: true,
      handle: () => ({ status: 200, raw: 'OK', contentType: 'text/plain' }),
    },
  ];
}
