/** A test double of goauthentik/authentik 2026.5, NOT the real one: what provisioning uses of it. */
import { list, number } from '../../../provider/plugin';
import {
  amount,
  computed,
  data,
  fixed,
  flag,
  given,
  idsByName,
  optional,
  required,
  resource,
  secret,
  serveDouble,
  text,
} from './double';

const texts = () => list('string', { description: 'optional', optional: true });

serveDouble('authentik', '2026.5.0', {
  resources: {
    authentik_provider_scim: resource(
      'authentik_provider_scim',
      {
        name: required(),
        url: required(),
        auth_mode: optional(),
        auth_oauth: optional(),
        auth_oauth_params: optional(),
        compatibility_mode: optional(),
        dry_run: flag(),
        exclude_users_service_account: flag(),
        group_filters: texts(),
        property_mappings: texts(),
        property_mappings_group: texts(),
        service_provider_config_cache_timeout: optional(),
        sync_page_size: amount(),
        sync_page_timeout: optional(),
        token: secret(),
      },
      // A number, as a text.
      () => ({ id: '7' }),
    ),
    authentik_application: resource(
      'authentik_application',
      {
        name: required(),
        slug: required(),
        backchannel_providers: list('number', { description: 'optional', optional: true }),
        group: optional(),
        meta_description: optional(),
        meta_hide: flag(),
        meta_icon: optional(),
        meta_launch_url: optional(),
        meta_publisher: optional(),
        open_in_new_tab: flag(),
        policy_engine_mode: optional(),
        protocol_provider: amount(),
        uuid: given(),
      },
      ({ slug }) => ({ id: text(slug), uuid: `uuid-of-${text(slug)}` }),
    ),
    authentik_policy_binding: resource('authentik_policy_binding', {
      target: fixed(),
      order: number({ description: 'required', required: true }),
      enabled: flag(),
      failure_result: flag(),
      group: optional(),
      negate: flag(),
      policy: optional(),
      timeout: amount(),
      user: amount(),
    }),
  },
  dataSources: {
    authentik_group: data(
      'authentik_group',
      { name: optional(), pk: optional(), include_users: flag(), id: computed() },
      ({ name }) => ({ id: idsByName('AUTHENTIK_DOUBLE_GROUPS')[text(name)] ?? `pk-of-${text(name)}` }),
    ),
    authentik_property_mapping_provider_scim: data(
      'authentik_property_mapping_provider_scim',
      {
        name: optional(),
        managed: optional(),
        managed_list: texts(),
        ids: list('string', { description: 'ids', optional: true, computed: true }),
        expression: computed(),
        id: computed(),
      },
      ({ managed }) => ({ id: `id-of-${text(managed)}`, ids: null, expression: '' }),
    ),
  },
});
