/** The Group schema of RFC 7643 §4.2. */
import { type SchemaDefinition } from '../attribute';
import { complex, reference, text } from '../define';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export const groupSchema: SchemaDefinition = {
  id: GROUP_SCHEMA,
  name: 'Group',
  description: 'A group of users',
  attributes: [
    text(
      'displayName',
      'Name of the group as people are to see it. Two groups may share one where each has an externalId of its own.',
      { required: true },
    ),
    complex(
      'members',
      'Members of the group.',
      [
        text('value', 'Identifier of the member.', { required: true, caseExact: true, mutability: 'immutable' }),
        reference('$ref', 'URI of the member.', ['User', 'Group'], { mutability: 'immutable' }),
        text('display', "The member's name, for people.", { mutability: 'immutable' }),
        text('type', 'Resource type of the member.', { canonicalValues: ['User', 'Group'], mutability: 'immutable' }),
      ],
      { multiValued: true },
    ),
  ],
};
