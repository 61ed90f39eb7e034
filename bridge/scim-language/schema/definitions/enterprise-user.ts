/** The enterprise extension of User, RFC 7643 §4.3. */
import { type SchemaDefinition } from '../attribute';
import { complex, reference, text } from '../define';

export const ENTERPRISE_USER_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export const enterpriseUserSchema: SchemaDefinition = {
  id: ENTERPRISE_USER_SCHEMA,
  name: 'EnterpriseUser',
  description: 'What an enterprise knows about a user',
  attributes: [
    text('employeeNumber', 'Identifier that the organization gives to the person.'),
    text('costCenter', 'Name of a cost center.'),
    text('organization', 'Name of an organization.'),
    text('division', 'Name of a division.'),
    text('department', 'Name of a department.'),
    complex('manager', "The user's manager.", [
      text('value', 'Identifier of the User who is the manager.', { caseExact: true }),
      reference('$ref', 'URI of the User who is the manager.', ['User']),
      text('displayName', "The manager's display name.", { mutability: 'readOnly' }),
    ]),
  ],
};
