import { type JsonObject } from '../../../bridge/scim-language/json';
import {
  projectResource,
  projectRow,
  readProjection,
  wantsAttribute,
} from '../../../bridge/scim-language/schema/projection';
import { type Attribute } from '../../../bridge/scim-language/schema/attribute';
import { text } from '../../../bridge/scim-language/schema/define';
import { withExtensions } from '../../../bridge/scim-language/schema/resource-type';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { plain } from '../leniency';
import { ENTERPRISE, USER, renderedUser } from './documents';

const user = renderedUser as unknown as JsonObject;
const { schemas, id } = renderedUser;

function project(names: { attributes?: string[]; excludedAttributes?: string[] }) {
  const before = JSON.stringify(user);
  const result = plain(projectResource(user, userType, readProjection(userType, names)));
  expect(JSON.stringify(user)).toBe(before);
  return result;
}

const without = (...keys: string[]) =>
  Object.fromEntries(Object.entries(renderedUser).filter(([key]) => !keys.includes(key)));

describe('attributes (RFC 7644 §3.9)', () => {
  test.each<[string[], object]>([
    [['userName'], { schemas, id, userName: renderedUser.userName }],
    [['USERNAME', 'title'], { schemas, id, userName: renderedUser.userName, title: renderedUser.title }],
    [['id'], { schemas, id }],
    [['name'], { schemas, id, name: renderedUser.name }],
    [['name.familyName', 'name.givenName'], { schemas, id, name: { familyName: 'Lovelace', givenName: 'Ada' } }],
    [['name', 'name.givenName'], { schemas, id, name: renderedUser.name }],
    [['emails.type'], { schemas, id, emails: [{ type: 'work' }, { type: 'home' }] }],
    [['emails.primary'], { schemas, id, emails: [{ primary: true }] }],
    [['emails.display'], { schemas, id }],
    [[`${USER}:userName`], { schemas, id, userName: renderedUser.userName }],
    [[ENTERPRISE], { schemas, id, [ENTERPRISE]: renderedUser[ENTERPRISE] }],
    [[`${ENTERPRISE}:department`], { schemas, id, [ENTERPRISE]: { department: 'Notes' } }],
    [[`${ENTERPRISE}:manager.value`], { schemas, id, [ENTERPRISE]: { manager: renderedUser[ENTERPRISE].manager } }],
    [
      ['meta.version', 'groups.display'],
      {
        schemas,
        id,
        meta: { version: renderedUser.meta.version },
        groups: [{ display: 'Engineers' }, { display: 'Staff' }],
      },
    ],
    [['password'], { schemas, id }],
  ])('%j', (attributes, wanted) => {
    expect(project({ attributes })).toEqual(wanted);
  });
});

describe('excludedAttributes (RFC 7644 §3.9)', () => {
  test.each<[string[], object]>([
    [['emails', 'addresses'], without('emails', 'addresses')],
    [['id', 'schemas'], renderedUser],
    [[ENTERPRISE], without(ENTERPRISE)],
    [
      [`${ENTERPRISE}:manager`],
      {
        ...renderedUser,
        [ENTERPRISE]: Object.fromEntries(Object.entries(renderedUser[ENTERPRISE]).filter(([key]) => key !== 'manager')),
      },
    ],
    [
      ['name.formatted', 'name.middleName', 'name.honorificPrefix', 'name.honorificSuffix'],
      { ...renderedUser, name: { familyName: 'Lovelace', givenName: 'Ada' } },
    ],
    [['roles.value', 'roles.display', 'roles.primary'], without('roles')],
  ])('%j', (excludedAttributes, wanted) => {
    expect(project({ excludedAttributes })).toEqual(wanted);
  });

  test('neither: all that is returned by default', () => {
    expect(project({})).toEqual(renderedUser);
    expect(project({ attributes: [], excludedAttributes: [] })).toEqual(renderedUser);
  });
});

describe('returned (RFC 7643 §7)', () => {
  const URN = 'urn:example:secrets';
  const type = withExtensions(userType, [
    {
      required: false,
      schema: {
        id: URN,
        name: 'Secrets',
        description: 'Secrets',
        attributes: [
          text('always', '', { returned: 'always' }),
          text('request', '', { returned: 'request' }),
          text('never', '', { returned: 'never' }),
          text('plain', ''),
        ],
      },
    },
  ]);
  const resource = {
    id: '1',
    userName: 'ada',
    password: 'leaked',
    [URN]: { always: 'a', request: 'r', never: 'n', plain: 'p' },
  };
  const shown = (names: object) => plain(projectResource(resource, type, readProjection(type, names)));

  test('never is never shown; request only when asked for; always cannot be excluded', () => {
    expect(shown({})).toEqual({ id: '1', userName: 'ada', [URN]: { always: 'a', plain: 'p' } });
    expect(shown({ attributes: [`${URN}:request`] })).toEqual({ id: '1', [URN]: { always: 'a', request: 'r' } });
    expect(shown({ attributes: [`${URN}:never`, 'password'] })).toEqual({ id: '1', [URN]: { always: 'a' } });
    expect(shown({ excludedAttributes: [`${URN}:always`, `${URN}:plain`] })).toEqual({
      id: '1',
      userName: 'ada',
      [URN]: { always: 'a' },
    });
  });
});

describe('whether members need to be read', () => {
  const members = groupType.rowsAttribute as Attribute;
  test.each<[object, boolean]>([
    [{}, true],
    [{ attributes: ['displayName'] }, false],
    [{ attributes: ['id'] }, false],
    [{ attributes: ['MEMBERS'] }, true],
    [{ attributes: ['members.value'] }, true],
    [{ attributes: ['urn:ietf:params:scim:schemas:core:2.0:Group:members'] }, true],
    [{ excludedAttributes: ['members'] }, false],
    [{ excludedAttributes: ['displayName', 'Members'] }, false],
    [{ excludedAttributes: ['members.display'] }, true],
  ])('%j: %s', (names, wanted) => {
    expect(wantsAttribute(readProjection(groupType, names), members)).toBe(wanted);
  });

  test('of an extension', () => {
    const department = [...(userType.extensionAttributes.values().next().value?.children.values() ?? [])].find(
      ({ name }) => name === 'department',
    ) as Attribute;
    expect(wantsAttribute(readProjection(userType, {}), department)).toBe(true);
    expect(wantsAttribute(readProjection(userType, { attributes: [ENTERPRISE] }), department)).toBe(true);
    expect(wantsAttribute(readProjection(userType, { attributes: [`${ENTERPRISE}:division`] }), department)).toBe(
      false,
    );
    expect(wantsAttribute(readProjection(userType, { attributes: ['title'] }), department)).toBe(false);
    expect(wantsAttribute(readProjection(userType, { excludedAttributes: [ENTERPRISE] }), department)).toBe(false);
    expect(
      wantsAttribute(readProjection(userType, { excludedAttributes: [`${ENTERPRISE}:department`] }), department),
    ).toBe(false);
  });

  test('a row shows what was asked for of it', () => {
    const row = { value: 'u1', type: 'User', display: 'Ada', $ref: 'x' };
    expect(projectRow(row, readProjection(groupType, { attributes: ['members'] }))).toEqual(row);
    expect(projectRow(row, readProjection(groupType, { attributes: ['members.value', 'members.$ref'] }))).toEqual({
      value: 'u1',
      $ref: 'x',
    });
    expect(projectRow(row, readProjection(groupType, { excludedAttributes: ['members.display'] }))).toEqual({
      value: 'u1',
      type: 'User',
      $ref: 'x',
    });
  });
});

describe('names that nothing has', () => {
  test.each([['shoeSize'], ['name.'], ['name.shoeSize'], ['urn:example:unknown:shoeSize']])(
    '%s selects nothing',
    name => {
      expect(plain(projectResource(user, userType, readProjection(userType, { attributes: [name] })))).toEqual({
        schemas,
        id,
      });
      expect(projectResource(user, userType, readProjection(userType, { excludedAttributes: [name] }))).toEqual(
        projectResource(user, userType, readProjection(userType, {})),
      );
    },
  );

  test('are bounded in number, however often each is repeated', () => {
    const different = (count: number) => Array.from({ length: count }, (_, n) => `x${n}`);
    expect(() => readProjection(userType, { attributes: different(501) })).toThrow(/501 names.*at most 500/);
    const repeated = Array.from({ length: 20_000 }, () => 'userName');
    expect(readProjection(userType, { attributes: repeated })).toEqual(
      readProjection(userType, { attributes: ['userName'] }),
    );
  });

  test('may be those of another type of the same query', () => {
    const group = { id: 'g', displayName: 'a' };
    expect(plain(projectResource(group, groupType, readProjection(groupType, { attributes: ['userName'] })))).toEqual({
      id: 'g',
    });
  });
});
