/**
 * A test double of hashicorp/azuread, NOT the real one: the resources and data sources that provisioning uses, with the
 * attributes that the real one documents, through this project's own plugin library. It keeps what was made in a file
 * (AZUREAD_DOUBLE_LOG), a line each, so that tests see the order.
 */
import { appendFileSync } from 'node:fs';
import {
  type Attributes,
  bool,
  defineDataSource,
  defineProvider,
  defineResource,
  nestedList,
  serve,
  set,
  string,
  type ObjectValue,
} from '../../../provider/plugin';

const text = (description: string) => string({ description, required: true, replace: true });
const computed = (description: string) => string({ description, computed: true, stable: true });

function note(line: string): void {
  const file = process.env['AZUREAD_DOUBLE_LOG'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

/** A resource that has what it was given, and what `made` adds. */
function resource(name: string, attributes: Attributes, made: (planned: ObjectValue) => ObjectValue) {
  return defineResource<Attributes, unknown>({
    schema: { attributes: { ...attributes, id: computed('id') }, description: `Test double of azuread_${name}.` },
    read: state => Promise.resolve({ state }),
    create: planned => {
      const values = planned as ObjectValue;
      note(`create ${name} ${JSON.stringify(values)}`);
      return Promise.resolve({ state: { ...values, id: `${name}-id`, ...made(values) } as never });
    },
    update: planned => {
      note(`update ${name}`);
      return Promise.resolve({ state: planned as never });
    },
    delete: () => {
      note(`delete ${name}`);
      return Promise.resolve();
    },
  });
}

const principal = {
  object_id: string({ description: 'object id', required: true }),
  id: computed('id'),
  app_roles: nestedList(
    {
      id: computed('id'),
      display_name: computed('name'),
      allowed_member_types: set('string', { description: 'who', computed: true }),
    },
    { description: 'roles', computed: true },
  ),
};
const group = {
  display_name: string({ description: 'name', required: true }),
  security_enabled: bool({ description: 'security group', optional: true }),
  object_id: computed('object id'),
};

void serve(
  defineProvider({
    name: 'azuread (test double)',
    version: '3.7.0',
    schema: { attributes: {}, description: 'test double of hashicorp/azuread' },
    configure: () => null,
    resources: {
      azuread_application_from_template: resource(
        'application_from_template',
        {
          display_name: string({ description: 'name', required: true }),
          template_id: text('template'),
          service_principal_object_id: computed('object id'),
        },
        () => ({ service_principal_object_id: 'principal-object' }),
      ),
      azuread_synchronization_secret: resource(
        'synchronization_secret',
        {
          service_principal_id: text('principal'),
          credential: nestedList(
            {
              key: string({ description: 'key', required: true }),
              value: string({ description: 'value', required: true, sensitive: true }),
            },
            { description: 'credentials', optional: true },
          ),
        },
        () => ({}),
      ),
      azuread_synchronization_job: resource(
        'synchronization_job',
        {
          service_principal_id: text('principal'),
          template_id: text('template'),
          enabled: bool({ description: 'on', optional: true }),
        },
        () => ({}),
      ),
      azuread_app_role_assignment: resource(
        'app_role_assignment',
        { app_role_id: text('role'), principal_object_id: text('who'), resource_object_id: text('application') },
        () => ({}),
      ),
    },
    dataSources: {
      azuread_service_principal: defineDataSource<typeof principal, unknown>({
        schema: { attributes: principal, description: 'Test double.' },
        read: ({ object_id }) =>
          Promise.resolve({
            object_id,
            id: `/servicePrincipals/${object_id}`,
            app_roles: [
              { id: 'role-msiam', display_name: 'msiam_access', allowed_member_types: ['User'] },
              { id: 'role-user', display_name: 'User', allowed_member_types: ['User'] },
            ],
          }),
      }),
      azuread_group: defineDataSource<typeof group, unknown>({
        schema: { attributes: group, description: 'Test double.' },
        read: ({ display_name, security_enabled }) =>
          Promise.resolve({ display_name, security_enabled, object_id: `object-of-${display_name}` }),
      }),
    },
  }),
);
