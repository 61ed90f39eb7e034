import { type JsonObject } from '../../../bridge/scim-language/json';
import { binary, complex, dateTime, decimal, integer, text } from '../../../bridge/scim-language/schema/define';
import { normalizeResource } from '../../../bridge/scim-language/schema/normalize';
import { withExtensions } from '../../../bridge/scim-language/schema/resource-type';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { containing, lenient, plain, refusal } from '../leniency';
import { ENTERPRISE, GROUP, USER, enterpriseUser, fullUser, group, minimalUser, renderedUser } from './documents';

const user = (input: object, options = {}) => normalizeResource(input as JsonObject, userType, options);
const documentOf = (input: object, options = {}) =>
  plain(user({ ...minimalUser, ...input }, options).resource) as typeof enterpriseUser;

describe('a stated resource becomes a document', () => {
  test.each([
    ['RFC 7643 §8.1 minimal user', minimalUser],
    ['RFC 7643 §8.2 full user', fullUser],
    ['RFC 7643 §8.3 enterprise user', enterpriseUser],
  ])('%s is kept whole', (_, stated) => {
    expect(plain(user(stated).resource)).toEqual(stated);
  });

  test('RFC 7643 §8.4 group: members come beside the document, their type from $ref', () => {
    const { resource, members } = normalizeResource(group, groupType);
    expect(plain(resource)).toEqual({ schemas: [GROUP], displayName: 'Engineers' });
    expect(members).toEqual([
      { value: '2819c223', type: 'User', display: 'Ada' },
      { value: '902c246b', type: 'Group', display: 'Charles' },
    ]);
  });

  test('RFC 7644 §3.3: readOnly attributes are ignored, whatever they hold', () => {
    expect(plain(user(renderedUser).resource)).toEqual(enterpriseUser);
    expect(documentOf({ id: 7, meta: 'x', groups: { a: 1 } })).toEqual(minimalUser);
  });

  test.each([
    ['26118915', 'https://idp.example/v2/Users/26118915'],
    ['26118915', 'https://idp.example/v2/Users/26118915//'],
    ['x y', '/Users/x%20y/'],
    ['x', 'x'],
    ['//', '//'],
    // An expression that looks for the slashes at the end goes through these from each of them: for hours.
    ['end', `${'/'.repeat(3_000_000)}end`],
  ])('a manager is kept by what the reference ends with: %s', (value, $ref) => {
    expect(documentOf({ [ENTERPRISE]: { manager: { $ref } } })[ENTERPRISE].manager).toEqual({ value });
  });

  test('RFC 7643 §2.1: names are read in any case and kept in the spelling of the schema', () => {
    const stated = {
      SCHEMAS: [USER.toUpperCase(), ENTERPRISE.toLowerCase()],
      USERNAME: 'ada',
      Name: { GIVENNAME: 'Ada' },
      eMails: [{ VALUE: 'ada@example.com', Type: 'work' }],
      [ENTERPRISE.toUpperCase()]: { DEPARTMENT: 'Notes' },
    };
    expect(plain(user(stated).resource)).toEqual({
      schemas: [USER, ENTERPRISE],
      userName: 'ada',
      name: { givenName: 'Ada' },
      emails: [{ value: 'ada@example.com', type: 'work' }],
      [ENTERPRISE]: { department: 'Notes' },
    });
  });

  test('RFC 7643 §2.5: null, an empty list and an empty text are unassigned, and so is what holds nothing else', () => {
    expect(
      documentOf({
        title: null,
        nickName: '',
        emails: [],
        roles: null,
        name: { givenName: null, familyName: '' },
        [ENTERPRISE]: { department: null },
      }),
    ).toEqual(minimalUser);
  });

  test('RFC 7643 §3: schemas name what has data, not what the client claims', () => {
    expect(documentOf({ schemas: [USER, ENTERPRISE] }).schemas).toEqual([USER]);
    expect(documentOf({ schemas: [USER], [ENTERPRISE]: { department: 'Notes' } }).schemas).toEqual([USER, ENTERPRISE]);
  });

  test('RFC 7643 §7: canonical values get their spelling, others are kept', () => {
    expect(
      documentOf({
        emails: [
          { value: 'a', type: 'WORK' },
          { value: 'b', type: 'Holiday' },
        ],
      }).emails,
    ).toEqual([
      { value: 'a', type: 'work' },
      { value: 'b', type: 'Holiday' },
    ]);
  });

  test('RFC 7643 §2.4: one value and type once, laid over each other', () => {
    expect(
      documentOf({
        emails: [{ value: 'A@x', type: 'work' }, { value: 'a@X', type: 'work', primary: true }, { value: 'a@x' }],
      }).emails,
    ).toEqual([{ value: 'a@X', type: 'work', primary: true }, { value: 'a@x' }]);
  });

  test('RFC 7643 §4.1.1: a password is taken and not kept, and never shown', () => {
    expect(documentOf({ password: 'correct horse' })).toEqual(minimalUser);
    const { detail } = refusal(() => documentOf({ password: ['correct horse'] }));
    expect(detail).toContain('password');
    expect(detail).not.toContain('horse');
  });

  test('RFC 7643 §4.3: a manager is kept by identifier; its display name is readOnly', () => {
    const manager = (stated: object) => documentOf({ [ENTERPRISE]: { manager: stated } })[ENTERPRISE]?.manager;
    expect(manager({ value: '26', $ref: 'https://elsewhere.example/Users/27', displayName: 'Mary' })).toEqual({
      value: '26',
    });
    expect(manager({ $ref: '../Users/26%2F1' })).toEqual({ value: '26/1' });
    expect(documentOf({ [ENTERPRISE]: { manager: { displayName: 'Mary' } } })).toEqual(minimalUser);
  });

  test('PUT keeps active when it is not stated, and null or an empty list is no statement', () => {
    const existing = { ...minimalUser, active: false, title: 'Analyst' };
    expect(documentOf({}, { existing })).toEqual({ ...minimalUser, active: false });
    expect(documentOf({ active: null }, { existing })).toEqual({ ...minimalUser, active: false });
    expect(documentOf({ active: [] }, { existing })).toEqual({ ...minimalUser, active: false });
    expect(documentOf({ active: true }, { existing })).toEqual({ ...minimalUser, active: true });
  });

  test('RFC 7643 §2.4: of an element that is stated twice, what is primary stays primary', () => {
    const value = 'ada@example.com';
    const twice = [
      { value, type: 'work', primary: true },
      { value, type: 'work', primary: false },
    ];
    for (const emails of [twice, [...twice].reverse(), [...twice, ...twice]]) {
      expect(documentOf({ emails })).toEqual({ ...minimalUser, emails: [{ value, type: 'work', primary: true }] });
    }
  });

  test('absent members and empty members differ', () => {
    const stated = { schemas: [GROUP], displayName: 'a' };
    expect(normalizeResource(stated, groupType).members).toBeUndefined();
    expect(normalizeResource({ ...stated, members: [] }, groupType).members).toEqual([]);
    expect(normalizeResource({ ...stated, members: null }, groupType).members).toEqual([]);
    expect(
      normalizeResource({ ...stated, members: [{ value: 'a' }, { value: 'a', type: 'user' }] }, groupType).members,
    ).toEqual([{ value: 'a', type: 'User' }]);
  });

  test('the input is left as it is', () => {
    const stated = Object.freeze({
      ...enterpriseUser,
      emails: Object.freeze(enterpriseUser.emails.map(email => Object.freeze(email))),
    });
    expect(() => user(stated)).not.toThrow();
  });
});

describe('a stated resource is refused', () => {
  test.each<[string, object, string, string]>([
    ['no user name', { userName: undefined }, 'invalidValue', 'userName is required'],
    ['RFC 7643 §2.5: an empty user name', { userName: '' }, 'invalidValue', 'userName is required'],
    ['a number for a string', { userName: 5 }, 'invalidValue', 'userName: got 5, wanted a string'],
    ['a string for a boolean', { active: 'true' }, 'invalidValue', 'active: got "true", wanted true or false'],
    [
      'an object for a list',
      { emails: { value: 'a' } },
      'invalidValue',
      'emails: got an object with value, wanted a list',
    ],
    ['a list for a single value', { title: ['a', 'b'] }, 'invalidValue', 'title: got a list of 2, wanted a string'],
    ['a list of one for a single value', { title: ['a'] }, 'invalidValue', 'title'],
    [
      'a string for a complex value',
      { name: 'Ada' },
      'invalidValue',
      'name: got "Ada", wanted an object with formatted',
    ],
    ['a list in a list', { roles: [['a']] }, 'invalidValue', 'roles[0]'],
    ['an empty list in a list', { emails: [[]] }, 'invalidValue', 'emails[0]'],
    ['null in a list', { emails: [null] }, 'invalidValue', 'emails[0]'],
    ['an empty text in a list', { emails: [''] }, 'invalidValue', 'emails[0]'],
    ['an empty object in a list', { emails: [{}] }, 'invalidValue', 'emails[0]'],
    ['an element that holds nothing', { emails: [{ value: '', type: null }] }, 'invalidValue', 'emails[0]'],
    ['an empty text for a list', { emails: '' }, 'invalidValue', 'emails: got "", wanted a list'],
    ['an object for a list', { emails: {} }, 'invalidValue', 'emails: got an empty object, wanted a list'],
    ['a userName of blanks', { userName: ' \u00a0\t' }, 'invalidValue', 'userName: got'],
    ['an empty text for an object', { name: '' }, 'invalidValue', 'name: got ""'],
    ['an empty text for true or false', { active: '' }, 'invalidValue', 'active: got "", wanted true or false'],
    ['a string for an element', { emails: ['a@x'] }, 'invalidValue', 'emails[0]'],
    [
      'RFC 7643 §2.4: two primaries',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'invalidValue',
      'emails[1].primary',
    ],
    ['not base64', { x509Certificates: [{ value: 'a b' }] }, 'invalidValue', 'x509Certificates[0].value'],
    ['not a URI', { profileUrl: 'not a uri' }, 'invalidValue', 'profileUrl'],
    ['an unknown attribute', { shoeSize: 42 }, 'invalidSyntax', 'attribute "shoeSize"'],
    ['an unknown sub-attribute', { name: { maidenName: 'Byron' } }, 'invalidSyntax', 'attribute "name.maidenName"'],
    ['an unknown extension', { 'urn:example:x': {} }, 'invalidSyntax', 'attribute "urn:example:x"'],
    ['an attribute twice', { title: 'a', TITLE: 'b' }, 'invalidSyntax', 'title: got it twice'],
    ['a sub-attribute twice', { name: { givenName: 'a', GivenName: 'b' } }, 'invalidSyntax', 'givenName twice'],
    ['an extension attribute without its URN', { department: 'Notes' }, 'invalidSyntax', 'attribute "department"'],
    ['a path as a key', { 'name.givenName': 'Ada' }, 'invalidSyntax', 'attribute "name.givenName"'],
    ['no schemas', { schemas: undefined }, 'invalidValue', 'schemas is required'],
    ['schemas without the core', { schemas: [ENTERPRISE] }, 'invalidValue', 'schemas'],
    ['an unknown schema', { schemas: [USER, 'urn:example:x'] }, 'invalidValue', 'schemas[1]: got "urn:example:x"'],
    ['schemas as a string', { schemas: USER }, 'invalidValue', 'schemas'],
    ['a null prototype key as data', { toString: 'x' }, 'invalidSyntax', 'attribute "toString"'],
  ])('%s', (_, stated, scimType, detail) => {
    const input = Object.fromEntries(
      Object.entries({ ...minimalUser, ...stated }).filter(([, value]) => value !== undefined),
    );
    expect(refusal(() => user(input))).toMatchObject({
      status: 400,
      scimType,
      detail: containing(detail),
    });
  });

  test.each([null, [], 'x', 5])('a body that is %j', body => {
    expect(refusal(() => normalizeResource(body as never, userType))).toMatchObject({
      status: 400,
      scimType: 'invalidSyntax',
    });
  });

  test.each<[string, unknown, string]>([
    ['a member without value', [{ display: 'a' }], 'members[0].value is required'],
    ['a member of an unknown type', [{ value: 'a', type: 'Device' }], 'members[0].type'],
    ['a bare identifier', ['a'], 'members[0]'],
    ['a single object', { value: 'a' }, 'members: got an object with value, wanted a list'],
  ])('%s', (_, members, detail) => {
    const stated = { schemas: [GROUP], displayName: 'a', members } as JsonObject;
    expect(refusal(() => normalizeResource(stated, groupType))).toMatchObject({
      status: 400,
      scimType: 'invalidValue',
      detail: containing(detail),
    });
  });
});

describe('a dialect takes what the RFC refuses, and counts it', () => {
  test('booleanStrings', () => {
    const leniency = lenient('booleanStrings');
    expect(documentOf({ active: 'False', emails: [{ value: 'a', primary: 'true' }] }, leniency)).toMatchObject({
      active: false,
      emails: [{ value: 'a', primary: true }],
    });
    expect(leniency.count).toEqual([
      ['booleanStrings', 'active'],
      ['booleanStrings', 'emails.primary'],
    ]);
    expect(refusal(() => documentOf({ active: 'yes' }, leniency)).scimType).toBe('invalidValue');
  });

  test('unknownAttributes', () => {
    const leniency = lenient('unknownAttributes');
    expect(documentOf({ shoeSize: 42, name: { givenName: 'Ada', maidenName: 'Byron' } }, leniency)).toEqual({
      ...minimalUser,
      name: { givenName: 'Ada' },
    });
    expect(leniency.count).toEqual([
      ['unknownAttributes', 'shoeSize'],
      ['unknownAttributes', 'name.maidenName'],
    ]);
  });

  test('unknownAttributes: a text of brackets is looked into as deep as a body may be, and refused beyond', () => {
    const leniency = lenient('unknownAttributes');
    const nested = (depth: number, inner = '') => `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`;
    for (const notes of [nested(32), nested(3, `"x${'['.repeat(99)}"`), '[not JSON', `["\\"${'{'.repeat(99)}"]`])
      expect(documentOf({ notes }, leniency)).toEqual(minimalUser);
    for (const notes of [nested(33), nested(200_000), '['.repeat(3_000_000), nested(5, '{"active": false}')])
      expect(refusal(() => documentOf({ notes }, leniency))).toMatchObject({
        status: 400,
        detail: expect.stringContaining('attribute "notes"'),
      });
  });

  test('flatExtension', () => {
    const leniency = lenient('flatExtension', 'bareValues');
    const stated = { department: 'Notes', manager: '26', costCenter: null, [ENTERPRISE]: { division: 'Mathematics' } };
    expect(documentOf(stated, leniency)[ENTERPRISE]).toEqual({
      department: 'Notes',
      manager: { value: '26' },
      division: 'Mathematics',
    });
    expect(leniency.count.map(([name]) => name)).toContain('flatExtension');
    expect(
      refusal(() => documentOf({ department: 'a', [ENTERPRISE]: { Department: 'b' } }, leniency)).detail,
    ).toContain('twice');
  });

  test('misspeltUrns', () => {
    const leniency = lenient('misspeltUrns');
    const typo = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User';
    expect(documentOf({ schemas: [USER, typo], [typo]: { department: 'Notes' } }, leniency)).toEqual({
      schemas: [USER, ENTERPRISE],
      userName: 'ada@example.com',
      [ENTERPRISE]: { department: 'Notes' },
    });
    expect(leniency.count).toHaveLength(2);
  });

  test('unknownSchemas and missingSchemas', () => {
    const leniency = lenient('unknownSchemas', 'missingSchemas');
    const uri = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
    expect(plain(normalizeResource({ schemas: [uri], displayName: 'a' }, groupType, leniency).resource)).toEqual({
      schemas: [GROUP],
      displayName: 'a',
    });
    expect(leniency.count).toEqual([
      ['unknownSchemas', 'schemas'],
      ['missingSchemas', 'schemas'],
    ]);
  });

  test('managerId and listOfOne', () => {
    const leniency = lenient('managerId', 'listOfOne');
    const stated = { [ENTERPRISE]: { manager: [{ managerId: '26', displayName: 'Mary' }] } };
    expect(documentOf(stated, leniency)[ENTERPRISE]).toEqual({ manager: { value: '26' } });
    expect(leniency.count.map(([name]) => name).sort()).toEqual(['listOfOne', 'managerId']);
  });
});

describe('an extension registered as data', () => {
  const FLEET = 'urn:example:params:scim:schemas:extension:fleet:1.0:User';
  const type = withExtensions(userType, [
    {
      required: true,
      schema: {
        id: FLEET,
        name: 'Fleet',
        description: 'What a fleet knows about a driver',
        attributes: [
          text('licence', 'Number of the licence.', { required: true, mutability: 'immutable', caseExact: true }),
          integer('trips', 'Trips made.'),
          decimal('rating', 'Rating.'),
          dateTime('joined', 'When the driver joined.'),
          binary('scan', 'Scan of the licence.'),
          text('tags', 'Labels.', { multiValued: true }),
          complex('cars', 'Cars.', [text('plate', 'Number plate.', { required: true }), integer('seats', 'Seats.')], {
            multiValued: true,
          }),
        ],
      },
    },
  ]);
  const stated = (fleet: object | null) => ({ schemas: [USER, FLEET], userName: 'ada', [FLEET]: fleet }) as JsonObject;
  const fleet = {
    licence: 'L1',
    trips: 3,
    rating: 4.5,
    joined: '2011-05-13T04:42:34Z',
    scan: 'AAEC',
    tags: ['a', 'b', 'A'],
    cars: [{ plate: 'X 1', seats: 4 }],
  };

  test('is checked and kept like any other, dateTime in UTC', () => {
    expect(plain(normalizeResource(stated(fleet), type).resource[FLEET])).toEqual({
      ...fleet,
      joined: '2011-05-13T04:42:34.000Z',
      tags: ['A', 'b'],
    });
  });

  test.each<[object | null, string]>([
    [{ ...fleet, trips: 1.5 }, 'a whole number'],
    [{ ...fleet, trips: 2 ** 53 }, 'a whole number'],
    [{ ...fleet, trips: '3' }, 'a whole number'],
    [{ ...fleet, joined: 'yesterday' }, 'a date and time'],
    [{ ...fleet, scan: 'AAE!' }, 'base64'],
    [{ ...fleet, cars: [{ seats: 4 }] }, 'plate is required'],
    [{ ...fleet, tags: 'a' }, 'a list'],
    [{ trips: 3 }, 'licence is required'],
    [{}, `${FLEET}: got an empty object, wanted an object with licence`],
    [null, `${FLEET} is required`],
  ])('refuses %j', (data, detail) => {
    expect(refusal(() => normalizeResource(stated(data), type))).toMatchObject({
      scimType: 'invalidValue',
      detail: containing(detail),
    });
  });

  test('the same URN twice is a mistake of the one who registers it', () => {
    expect(() =>
      withExtensions(type, [{ schema: type.extensions[1]?.schema ?? userType.schema, required: false }]),
    ).toThrow('registered twice');
  });

  test('RFC 7644 §3.5.1: an immutable attribute must agree with what is there', () => {
    const existing = normalizeResource(stated(fleet), type).resource;
    expect(() => normalizeResource(stated({ ...fleet, trips: 4 }), type, { existing })).not.toThrow();
    expect(refusal(() => normalizeResource(stated({ ...fleet, licence: 'L2' }), type, { existing }))).toMatchObject({
      status: 400,
      scimType: 'mutability',
    });
  });
});
