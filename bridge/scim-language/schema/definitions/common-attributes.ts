/** Attributes that each resource has without its schema naming them (RFC 7643 §3 and §3.1). */
import { type AttributeDefinition } from '../attribute';
import { complex, dateTime, reference, text } from '../define';

export const commonAttributes: readonly AttributeDefinition[] = [
  reference('schemas', 'URNs of the schemas whose attributes the resource holds.', ['uri'], {
    multiValued: true,
    required: true,
    caseExact: false,
    returned: 'always',
  }),
  text('id', 'Identifier that the service gives; never reused and never changed.', {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  text('externalId', 'Identifier that the provisioning client gives.', { caseExact: true }),
  complex(
    'meta',
    'Facts about the resource itself.',
    [
      text('resourceType', 'Name of the resource type.', { caseExact: true, mutability: 'readOnly' }),
      dateTime('created', 'When the resource was added.', { mutability: 'readOnly' }),
      dateTime('lastModified', 'When the resource last changed.', { mutability: 'readOnly' }),
      reference('location', 'URI of the resource.', ['uri'], { mutability: 'readOnly' }),
      text('version', 'Entity tag of the present state.', { caseExact: true, mutability: 'readOnly' }),
    ],
    { mutability: 'readOnly' },
  ),
];
