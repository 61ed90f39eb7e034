import { type JsonObject } from '../../../bridge/scim-language/json';
import { type AttributeDefinition } from '../../../bridge/scim-language/schema/attribute';
import { enterpriseUserSchema } from '../../../bridge/scim-language/schema/definitions/enterprise-user';
import { groupSchema } from '../../../bridge/scim-language/schema/definitions/group';
import { normalizeResource } from '../../../bridge/scim-language/schema/normalize';
import { renderResource, renderResourceType, renderSchema } from '../../../bridge/scim-language/schema/render';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { userSchema } from '../../../bridge/scim-language/schema/definitions/user';
import { matching, plain, some } from '../leniency';
import { ENTERPRISE, USER, enterpriseUser } from './documents';

const facts = {
  id: 'a/b',
  created: new Date('2010-01-23T04:56:22Z'),
  lastModified: new Date('2011-05-13T04:42:34Z'),
  version: 'W/"7"',
  baseUrl: 'https://x/scim/v2',
};

describe('rendering', () => {
  test('RFC 7643 §3.1: a resource has schemas, id and meta, and a manager its $ref', () => {
    const rendered = plain(
      renderResource(normalizeResource(enterpriseUser as JsonObject, userType).resource, userType, facts),
    );
    expect(rendered).toEqual({
      ...enterpriseUser,
      id: 'a/b',
      [ENTERPRISE]: {
        ...enterpriseUser[ENTERPRISE],
        manager: {
          value: '26118915-6090-4610-87e4-49d8ca9f808d',
          $ref: 'https://x/scim/v2/Users/26118915-6090-4610-87e4-49d8ca9f808d',
        },
      },
      meta: {
        resourceType: 'User',
        created: '2010-01-23T04:56:22.000Z',
        lastModified: '2011-05-13T04:42:34.000Z',
        location: 'https://x/scim/v2/Users/a%2Fb',
        version: 'W/"7"',
      },
    });
    expect(Object.keys(rendered as object).slice(0, 2)).toEqual(['schemas', 'id']);
  });

  test('RFC 7643 §6: a resource type names its schema and extensions', () => {
    expect(renderResourceType(userType, 'https://x')).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id: 'User',
      name: 'User',
      description: some(String),
      endpoint: '/Users',
      schema: USER,
      schemaExtensions: [{ schema: ENTERPRISE, required: false }],
      meta: { resourceType: 'ResourceType', location: 'https://x/ResourceTypes/User' },
    });
    expect(renderResourceType(groupType, '')).not.toHaveProperty('schemaExtensions');
  });

  test.each([userSchema, groupSchema, enterpriseUserSchema])(
    'RFC 7643 §7: schema $id states each characteristic',
    schema => {
      const rendered = renderSchema(schema, 'https://x');
      expect(rendered).toMatchObject({
        id: schema.id,
        meta: { resourceType: 'Schema', location: `https://x/Schemas/${schema.id}` },
      });
      const walk = (attribute: AttributeDefinition) => {
        expect(attribute).toMatchObject({
          name: matching(/^\$?[A-Za-z][A-Za-z0-9]*$/),
          description: matching(/\.$/),
          multiValued: some(Boolean),
          required: some(Boolean),
          mutability: matching(/^(readOnly|readWrite|immutable|writeOnly)$/),
          returned: matching(/^(always|never|default|request)$/),
        });
        if (attribute.type === 'complex') expect(attribute.subAttributes).not.toHaveLength(0);
        else expect(attribute.uniqueness).toMatch(/^(none|server|global)$/);
        if (attribute.type === 'reference') expect(attribute.referenceTypes).not.toHaveLength(0);
        if (attribute.type === 'string') expect(attribute).toHaveProperty('caseExact');
        attribute.subAttributes?.forEach(walk);
      };
      (rendered.attributes as unknown as AttributeDefinition[]).forEach(walk);
    },
  );

  test('RFC 7643 §4 and §8.7: the attributes are those of the standard', () => {
    const names = (schema: { attributes: readonly AttributeDefinition[] }) =>
      schema.attributes.map(({ name }) => name).sort();
    expect(names(userSchema)).toEqual(
      [
        'userName',
        'name',
        'displayName',
        'nickName',
        'profileUrl',
        'title',
        'userType',
        'preferredLanguage',
        'locale',
        'timezone',
        'active',
        'password',
        'emails',
        'phoneNumbers',
        'ims',
        'photos',
        'addresses',
        'groups',
        'entitlements',
        'roles',
        'x509Certificates',
      ].sort(),
    );
    expect(names(enterpriseUserSchema)).toEqual([
      'costCenter',
      'department',
      'division',
      'employeeNumber',
      'manager',
      'organization',
    ]);
    expect(names(groupSchema)).toEqual(['displayName', 'members']);
  });
});
