/** A test double of coder/coderd 0.0.23, NOT the real one: what stands beside this package's constructs in a stack. */
import { map, nested, nestedList, nestedSet, set } from '../../../provider/plugin';
import { amount, computed, data, flag, given, optional, required, resource, serveDouble, text } from './double';

const access = () => nestedSet({ id: required(), role: required() }, { description: 'who may use it', required: true });
const named = () => nestedSet({ name: required(), value: required() }, { description: 'optional', optional: true });
const texts = () => set('string', { description: 'optional', optional: true });

serveDouble('coderd', '0.0.23', {
  resources: {
    coderd_organization: resource(
      'coderd_organization',
      {
        name: required(),
        display_name: given(),
        description: given(),
        icon: given(),
        org_sync_idp_groups: texts(),
        workspace_sharing: given(),
        role_sync: nested(
          { field: required(), mapping: map('string', { description: 'optional', optional: true }) },
          { description: 'block', optional: true },
        ),
      },
      planned => ({
        id: `id-of-${text(planned['name'])}`,
        display_name: typeof planned['display_name'] === 'string' ? planned['display_name'] : (planned['name'] ?? ''),
        description: typeof planned['description'] === 'string' ? planned['description'] : '',
        icon: typeof planned['icon'] === 'string' ? planned['icon'] : '',
        workspace_sharing: 'everyone',
      }),
    ),
    coderd_group: resource('coderd_group', {
      name: required(),
      avatar_url: optional(),
      display_name: optional(),
      members: texts(),
      organization_id: optional(),
      quota_allowance: amount(),
    }),
    coderd_template: resource(
      'coderd_template',
      {
        name: required(),
        acl: nested({ groups: access(), users: access() }, { description: 'access', optional: true }),
        activity_bump_ms: amount(),
        agents_allowed: flag(),
        allow_user_auto_start: flag(),
        allow_user_auto_stop: flag(),
        allow_user_cancel_workspace_jobs: flag(),
        auto_start_permitted_days_of_week: texts(),
        auto_stop_requirement: nested(
          { days_of_week: texts(), weeks: amount() },
          { description: 'optional', optional: true },
        ),
        cors_behavior: optional(),
        default_ttl_ms: amount(),
        deprecation_message: optional(),
        description: optional(),
        display_name: optional(),
        failure_ttl_ms: amount(),
        icon: optional(),
        max_port_share_level: optional(),
        organization_id: optional(),
        require_active_version: flag(),
        time_til_dormant_autodelete_ms: amount(),
        time_til_dormant_ms: amount(),
        use_classic_parameter_flow: flag(),
        versions: nestedList(
          {
            directory: required(),
            active: flag(),
            message: optional(),
            name: optional(),
            provisioner_tags: named(),
            tf_vars: named(),
          },
          { description: 'versions', optional: true },
        ),
      },
      ({ name }) => ({ id: `id-of-${text(name)}` }),
    ),
  },
  dataSources: {
    coderd_organization: data(
      'coderd_organization',
      {
        id: given(),
        name: given(),
        is_default: flag(),
        workspace_sharing: computed(),
      },
      ({ name }) => ({ id: `id-of-${text(name, 'default')}`, workspace_sharing: 'everyone' }),
    ),
  },
});
