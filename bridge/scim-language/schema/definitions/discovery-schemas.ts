/** The schemas of what discovery itself answers: ServiceProviderConfig, ResourceType and Schema (RFC 7643 §5 to §7, RFC 9865 §4). */
import { type AttributeDefinition, type SchemaDefinition } from '../attribute';
import { complex, flag, integer, reference, text } from '../define';

const readOnly = { mutability: 'readOnly' } as const;
const required = { mutability: 'readOnly', required: true } as const;

function feature(name: string, description: string, further: readonly AttributeDefinition[] = []): AttributeDefinition {
  return complex(name, description, [flag('supported', 'Whether the service has it.', required), ...further], required);
}

const serviceProviderConfigSchema: SchemaDefinition = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  name: 'ServiceProviderConfig',
  description: 'What the service can do',
  attributes: [
    reference('documentationUri', 'Documentation for people.', ['external'], readOnly),
    feature('patch', 'PATCH requests.'),
    feature('bulk', 'Bulk requests.', [
      integer('maxOperations', 'Operations in one request at most.', required),
      integer('maxPayloadSize', 'Bytes of one request body at most.', required),
    ]),
    feature('filter', 'Filters.', [integer('maxResults', 'Resources in one answer at most.', required)]),
    feature('changePassword', 'Changes of a password.'),
    feature('sort', 'Sorted lists.'),
    feature('etag', 'Entity tags.'),
    complex(
      'pagination',
      'Ways to read a list page by page.',
      [
        flag('cursor', 'Whether cursors are supported.', required),
        flag('index', 'Whether startIndex is supported.', required),
        text('defaultPaginationMethod', 'What a request that names none gets.', {
          ...readOnly,
          canonicalValues: ['cursor', 'index'],
        }),
        integer('defaultPageSize', 'Resources in an answer when the request states no count.', readOnly),
        integer('maxPageSize', 'Resources in one answer at most.', readOnly),
        integer('cursorTimeout', 'Seconds that a cursor stays valid.', readOnly),
      ],
      readOnly,
    ),
    complex(
      'authenticationSchemes',
      'Ways to sign in.',
      [
        text('type', 'The scheme.', {
          ...required,
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        text('name', 'Name for people.', required),
        text('description', 'What the scheme asks for.', required),
        reference('specUri', 'The specification of the scheme.', ['external'], readOnly),
        reference('documentationUri', 'Documentation for people.', ['external'], readOnly),
        flag('primary', 'Marks the preferred scheme.', readOnly),
      ],
      { ...required, multiValued: true },
    ),
  ],
};

const resourceTypeSchema: SchemaDefinition = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  name: 'ResourceType',
  description: 'A kind of resource and where it is',
  attributes: [
    text('id', 'Identifier, the same as the name.', readOnly),
    text('name', 'Name of the resource type.', required),
    text('description', 'Description for people.', readOnly),
    reference('endpoint', 'Path below the base URL.', ['uri'], required),
    reference('schema', 'URN of the core schema.', ['uri'], required),
    complex(
      'schemaExtensions',
      'Extensions of the resource type.',
      [
        reference('schema', 'URN of the extension.', ['uri'], required),
        flag('required', 'Whether each resource must hold the extension.', required),
      ],
      { ...readOnly, multiValued: true },
    ),
  ],
};

const attributeFacts: readonly AttributeDefinition[] = [
  text('name', 'Name of the attribute.', { ...required, caseExact: true }),
  text('type', 'Data type.', {
    ...required,
    canonicalValues: ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary', 'complex'],
  }),
  flag('multiValued', 'Whether there may be several values.', required),
  text('description', 'Description for people.', readOnly),
  flag('required', 'Whether a resource must have a value.', readOnly),
  text('canonicalValues', 'Suggested values.', { ...readOnly, multiValued: true }),
  flag('caseExact', 'Whether upper and lower case differ.', readOnly),
  text('mutability', 'Who may change it, and when.', {
    ...readOnly,
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  text('returned', 'When it is in an answer.', {
    ...readOnly,
    canonicalValues: ['always', 'never', 'default', 'request'],
  }),
  text('uniqueness', 'Among what the value is unique.', { ...readOnly, canonicalValues: ['none', 'server', 'global'] }),
  text('referenceTypes', 'What a reference may point at.', { ...readOnly, multiValued: true, caseExact: true }),
];

const schemaSchema: SchemaDefinition = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  name: 'Schema',
  description: 'The attributes of a kind of resource',
  attributes: [
    text('id', 'URN of the schema.', required),
    text('name', 'Name for people.', required),
    text('description', 'Description for people.', readOnly),
    complex(
      'attributes',
      'The attributes.',
      [
        ...attributeFacts,
        complex('subAttributes', 'Attributes of a complex one.', attributeFacts, { ...readOnly, multiValued: true }),
      ],
      { ...required, multiValued: true },
    ),
  ],
};

export const discoverySchemas: readonly SchemaDefinition[] = [
  serviceProviderConfigSchema,
  resourceTypeSchema,
  schemaSchema,
];
