/** A test double of okta/okta 6.12, NOT the real one: what provisioning uses of it. */
import { nested, set } from '../../../provider/plugin';
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

const block = { description: 'block', optional: true } as const;
const status = nested({ status: optional() }, block);

serveDouble('okta', '6.12.0', {
  resources: {
    okta_app_connection: resource(
      'okta_app_connection',
      {
        id: fixed(),
        base_url: required(),
        action: required(),
        status: computed(),
        profile: nested(
          {
            auth_scheme: required(),
            token: secret(),
            client_id: optional(),
            signing: nested({ rotation_mode: optional() }, block),
            settings: nested({ admin_username: optional(), admin_password: secret() }, block),
          },
          block,
        ),
      },
      () => ({ status: 'ENABLED' }),
    ),
    okta_app_features: resource('okta_app_features', {
      app_id: required(),
      name: required(),
      description: optional(),
      status: optional(),
      capabilities: nested(
        {
          create: nested({ lifecycle_create: status }, block),
          update: nested(
            {
              lifecycle_deactivate: status,
              password: nested({ change: optional(), seed: optional(), status: optional() }, block),
              profile: status,
            },
            block,
          ),
        },
        block,
      ),
    }),
    okta_app_group_assignment: resource('okta_app_group_assignment', {
      app_id: fixed(),
      group_id: fixed(),
      priority: amount(),
      profile: optional(),
      retain_assignment: flag(),
    }),
    okta_push_group: resource(
      'okta_push_group',
      {
        app_id: fixed(),
        source_group_id: fixed(),
        target_group_name: optional(),
        target_group_id: given(),
        status: optional(),
        delete_target_group_on_destroy: flag(),
      },
      ({ source_group_id }) => ({ target_group_id: `target-of-${text(source_group_id)}` }),
    ),
  },
  dataSources: {
    okta_group: data(
      'okta_group',
      {
        id: given(),
        name: optional(),
        type: optional(),
        include_users: flag(),
        delay_read_seconds: optional(),
        description: computed(),
        users: set('string', { description: 'users', computed: true }),
      },
      // The real one takes the only group whose name begins so, where none has exactly that name.
      ({ name }) => {
        const ids = idsByName('OKTA_DOUBLE_GROUPS');
        const groups = Object.keys(ids);
        const found = groups.find(one => one === name) ?? groups.find(one => one.startsWith(text(name)));
        if (found === undefined) throw new Error(`group with name ${JSON.stringify(name)} does not exist`);
        return { id: ids[found] ?? `id-of-${found}`, name: found, description: '', users: [] };
      },
    ),
  },
});
