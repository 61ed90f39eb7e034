import { target } from '../../../bridge/scim-language/schema/attribute';
import { findAttribute } from '../../../bridge/scim-language/schema/look-up';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { type Coercion } from '../../../bridge/scim-language/dialects/dialect';
import { lenient } from '../leniency';
import { ENTERPRISE, USER } from './documents';

const find = (name: string, ...coercions: Coercion[]) => {
  const path = findAttribute(userType, name, lenient(...coercions));
  return path === undefined ? undefined : target(path);
};

describe('finding attributes by name (RFC 7644 §3.10)', () => {
  test.each([
    ['userName', 'userName', ['userName']],
    ['USERNAME', 'userName', ['userName']],
    ['name.familyName', 'name.familyName', ['name', 'familyName']],
    ['Name.FAMILYNAME', 'name.familyName', ['name', 'familyName']],
    [`${USER}:userName`, 'userName', ['userName']],
    [`${USER.toUpperCase()}:Name.givenname`, 'name.givenName', ['name', 'givenName']],
    [`${USER}:id`, 'id', ['id']],
    ['meta.lastModified', 'meta.lastModified', ['meta', 'lastModified']],
    ['emails.value', 'emails.value', ['emails', 'value']],
    [ENTERPRISE, ENTERPRISE, [ENTERPRISE]],
    [`${ENTERPRISE}:department`, `${ENTERPRISE}:department`, [ENTERPRISE, 'department']],
    [
      `${ENTERPRISE.toLowerCase()}:MANAGER.displayname`,
      `${ENTERPRISE}:manager.displayName`,
      [ENTERPRISE, 'manager', 'displayName'],
    ],
    [`${ENTERPRISE}:manager.$ref`, `${ENTERPRISE}:manager.$ref`, [ENTERPRISE, 'manager', '$ref']],
  ])('%s', (name, path, location) => {
    expect(find(name)).toMatchObject({ path, location });
  });

  test.each([
    '',
    '.',
    'userName.',
    '.userName',
    'userName.value',
    'name.familyName.x',
    'shoeSize',
    'department',
    USER,
    `${USER}:department`,
    `${ENTERPRISE}:userName`,
    `${ENTERPRISE}:`,
    `${ENTERPRISE}.department`,
    'urn:ietf:params:scim:schemas:core:2.0:Group:displayName',
    '__proto__',
    'constructor',
    'toString',
  ])('%j names nothing', name => {
    expect(find(name)).toBeUndefined();
  });

  test.each<[string, Coercion]>([
    ['department', 'flatExtension'],
    [`${ENTERPRISE}.department`, 'misspeltUrns'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department', 'misspeltUrns'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0User.department', 'misspeltUrns'],
  ])('%s needs %s', (name, coercion) => {
    expect(find(name)).toBeUndefined();
    expect(find(name, coercion)).toMatchObject({ location: [ENTERPRISE, 'department'] });
  });

  test('every attribute is found by its own path', () => {
    for (const type of [userType, groupType]) {
      const tops = [
        ...type.attributes.values(),
        ...[...type.extensionAttributes.values()].flatMap(one => [one, ...one.children.values()]),
      ];
      for (const attribute of tops) {
        expect(findAttribute(type, attribute.path)?.attribute).toBe(attribute);
        if (attribute.extension) continue;
        for (const child of attribute.children.values())
          expect(findAttribute(type, child.path)?.subAttribute).toBe(child);
      }
    }
  });
});
