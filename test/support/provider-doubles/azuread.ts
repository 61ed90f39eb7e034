/** A test double of hashicorp/azuread 3.9, NOT the real one: what provisioning uses of it. */
import { map, nestedList, set } from '../../../provider/plugin';
import {
  computed,
  data,
  fixed,
  flag,
  given,
  idsByName,
  optional,
  required,
  requiredSecret,
  resource,
  serveDouble,
  text,
} from './double';

const list = { description: 'blocks', required: true } as const;

serveDouble('azuread', '3.9.0', {
  resources: {
    azuread_application_from_template: resource(
      'azuread_application_from_template',
      {
        display_name: required(),
        template_id: fixed(),
        application_id: computed(),
        application_object_id: computed(),
        service_principal_id: computed(),
        service_principal_object_id: computed(),
      },
      () => ({
        application_id: 'application',
        application_object_id: 'application-object',
        service_principal_id: 'principal',
        service_principal_object_id: 'principal-object',
      }),
    ),
    azuread_synchronization_secret: resource('azuread_synchronization_secret', {
      service_principal_id: fixed(),
      credential: nestedList({ key: required(), value: requiredSecret() }, list),
    }),
    azuread_synchronization_job: resource('azuread_synchronization_job', {
      service_principal_id: fixed(),
      template_id: fixed(),
      enabled: flag(),
    }),
    azuread_synchronization_job_provision_on_demand: resource('azuread_synchronization_job_provision_on_demand', {
      service_principal_id: fixed(),
      synchronization_job_id: fixed(),
      parameter: nestedList(
        { rule_id: required(), subject: nestedList({ object_id: required(), object_type_name: required() }, list) },
        list,
      ),
      triggers: map('string', { description: 'optional', optional: true }),
    }),
    azuread_app_role_assignment: resource('azuread_app_role_assignment', {
      app_role_id: fixed(),
      principal_object_id: fixed(),
      resource_object_id: fixed(),
    }),
  },
  dataSources: {
    azuread_service_principal: data(
      'azuread_service_principal',
      {
        client_id: optional(),
        display_name: optional(),
        object_id: optional(),
        id: computed(),
        app_roles: nestedList(
          {
            id: computed(),
            display_name: computed(),
            allowed_member_types: set('string', { description: 'who', computed: true }),
          },
          { description: 'roles', computed: true },
        ),
      },
      ({ object_id }) => ({
        id: `/servicePrincipals/${text(object_id)}`,
        app_roles: [
          { id: 'role-msiam', display_name: 'msiam_access', allowed_member_types: ['User'] },
          { id: 'role-user', display_name: 'User', allowed_member_types: ['User'] },
        ],
      }),
    ),
    azuread_group: data(
      'azuread_group',
      {
        display_name: optional(),
        mail_enabled: flag(),
        mail_nickname: optional(),
        security_enabled: flag(),
        include_transitive_members: flag(),
        object_id: given(),
      },
      ({ display_name }) => ({
        object_id: idsByName('AZUREAD_DOUBLE_GROUPS')[text(display_name)] ?? `object-of-${text(display_name)}`,
      }),
    ),
  },
});
