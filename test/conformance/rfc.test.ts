/** RFC 7643, RFC 7644 and RFC 9865 line by line, against the strict endpoint over HTTP. What the RFCs say is what counts. */
import { type ScimAnswer, type ScimServer, startScimServer } from '../support/scim-server';
import { createRfcClient, expectError } from './rfc-client';
import {
  ENTERPRISE,
  GROUP,
  LIST_RESPONSE,
  PATCH_OP,
  type RfcDirectory,
  SEARCH_REQUEST,
  USER,
  babs,
  fillDirectory,
} from './rfc-directory';

let server: ScimServer;
/** The app that is only read. */
let ids: RfcDirectory['ids'];
/** Another app, to write in. */
let token: string;

beforeAll(async () => {
  server = await startScimServer();
  ({ ids } = await fillDirectory(server));
  ({ token } = await server.addApp('written'));
});
afterAll(() => server.close());

const reader = createRfcClient(() => ({ server }));
const read = (path: string) => reader.call('GET', path);
const { query } = reader;
const { call: write, newUser, newGroup, newName } = createRfcClient(() => ({ server, token }));

const names = ({ body }: ScimAnswer) => body.Resources.map(({ userName, displayName }) => userName ?? displayName);

describe('filters, RFC 7644 §3.4.2.2', () => {
  const [B, S, J] = ['bjensen@example.com', 'jsmith@example.com', 'juergen'];
  test.each([
    ['the examples: eq', 'userName eq "bjensen@example.com"', [B]],
    ['the examples: co with an apostrophe', `name.familyName co "O'Malley"`, [B]],
    ['the examples: sw', 'userName sw "J"', [S, J]],
    ['the examples: qualified by the core URN', 'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', [S, J]],
    ['the examples: pr', 'title pr', [B, S]],
    ['the examples: gt on a dateTime', 'meta.lastModified gt "2011-05-13T04:42:34Z"', [B, S, J]],
    ['the examples: le on a dateTime', 'meta.lastModified le "2011-05-13T04:42:34Z"', []],
    ['the examples: and', 'title pr and userType eq "Employee"', [B]],
    ['the examples: or', 'title pr or userType eq "Intern"', [B, S]],
    ['the examples: schemas', `schemas eq "${ENTERPRISE}"`, [B, S]],
    [
      'the examples: a multi-valued complex attribute stands for its value',
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
      [B],
    ],
    [
      'the examples: not',
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
      [J],
    ],
    ['the examples: sub-attribute', 'userType eq "Employee" and (emails.type eq "work")', [B]],
    ['the examples: valuePath', 'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', [B]],
    [
      'the examples: valuePath or valuePath',
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      [B],
    ],
    ['a valuePath binds one element', 'emails[type eq "home" and value ew "@example.com"]', [S]],
    ['two comparisons bind any elements', 'emails.type eq "work" and emails.value ew "@example.com"', [B, S]],
    ['and binds stronger than or', 'userName eq "juergen" or title pr and userType eq "Intern"', [S, J]],
    ['grouping changes that', '(userName eq "juergen" or title pr) and userType eq "Intern"', [S]],
    ['names in any case', 'USERNAME eq "juergen"', [J]],
    ['operators in any case', 'userName EQ "juergen" OR NOT (title PR)', [J]],
    ['names in any case with URN', 'URN:IETF:params:scim:schemas:CORE:2.0:User:NAME.familyname eq "smith"', [S]],
    ['an attribute of an extension', `${ENTERPRISE}:department eq "sales"`, [S]],
    ['pr of an extension', `${ENTERPRISE}:employeeNumber pr`, [B]],
    ['userName without case', 'userName eq "JUERGEN"', [J]],
    ['caseExact: externalId differs in case', 'externalId eq "emp-701984"', []],
    ['caseExact: externalId', 'externalId eq "Emp-701984"', [B]],
    ['case beyond ASCII', 'displayName eq "JÜRGEN ÄRGER"', [J]],
    ['JSON escapes in the value', 'displayName eq "Smith, \\"Jim\\" \\\\ James"', [S]],
    ['unicode escapes in the value', 'displayName sw "J\\u00fcrgen"', [J]],
    ['a boolean', 'active eq false', [S]],
    ['ne of what is absent: unassigned is not equal', 'userType ne "Employee"', [S, J]],
    ['pr is false for what is absent', 'not (emails pr)', [J]],
    ['pr of a complex attribute', 'name pr', [B, S]],
    ['eq null is the absence', 'title eq null', [J]],
    ['ew', 'userName ew "EXAMPLE.com"', [B, S]],
    ['gt on strings', 'userName gt "jt"', [J]],
    ['primary of a list', 'emails[primary eq true]', [B]],
    ['not within a valuePath', 'emails[not (type eq "work")]', [B, S]],
    ['white space around brackets', ' ( userName eq "juergen" ) ', [J]],
    ['instants, not texts, are compared', 'meta.created gt "2011-05-13T04:42:34+14:00"', [B, S, J]],
    ['co does not take a pattern', 'userName co "%"', []],
    ['the empty string is in every string', 'title co ""', [B, S]],
  ])('%s: %s', async (_what, filter, expected) => {
    const answer = await query('/Users', { filter, count: 100 });
    expect({
      status: answer.status,
      names: answer.body.Resources === undefined ? answer.body.detail : names(answer).sort(),
    }).toEqual({ status: 200, names: expected });
    expect(answer.body).toMatchObject({ totalResults: expected.length, itemsPerPage: expected.length });
  });

  test('id, meta.location, and membership of people and groups', async () => {
    for (const [path, filter, expected] of [
      ['/Users', `id eq "${ids.smith}"`, ['jsmith@example.com']],
      ['/Users', `meta.location ew "/Users/${ids.smith}"`, ['jsmith@example.com']],
      ['/Users', `groups.value eq "${ids.guides}"`, ['bjensen@example.com']],
      ['/Users', 'groups.display eq "tour guides"', ['bjensen@example.com']],
      ['/Users', 'groups[type eq "indirect"]', ['bjensen@example.com']],
      ['/Groups', `members.value eq "${ids.babs}"`, ['Tour Guides']],
      ['/Groups', `members eq "${ids.smith}"`, ['Everybody']],
      ['/Groups', `members[value eq "${ids.guides}" and type eq "Group"]`, ['Everybody']],
      ['/Groups', `members[value eq "${ids.guides}" and type eq "User"]`, []],
      ['/Groups', 'not (members pr)', ['Nobody']],
      ['/Groups', 'externalId eq "All" and displayName eq "EVERYBODY"', ['Everybody']],
      ['/Groups', 'externalId eq "all"', []],
    ] as const) {
      const answer = await query(path, { filter });
      expect([filter, answer.body.detail, answer.status === 200 ? names(answer) : []]).toEqual([
        filter,
        undefined,
        expected,
      ]);
    }
  });

  test.each([
    ['an unknown operator', 'userName regex "x"'],
    ['no operator', 'userName'],
    ['no value', 'userName eq'],
    ['a value without quotes', 'userName eq juergen'],
    ['single quotes', "userName eq 'juergen'"],
    ['an open string', 'userName eq "juergen'],
    ['not without brackets', 'not userName eq "x"'],
    ['an open bracket', '(userName eq "x"'],
    ['a closing bracket too many', 'userName eq "x")'],
    ['empty brackets', '()'],
    ['an open valuePath', 'emails[type eq "work"'],
    ['an empty valuePath', 'emails[]'],
    ['gt on a boolean', 'active gt false'],
    ['co on a boolean', 'active co true'],
    ['le on a binary', 'x509Certificates.value le "AAAA"'],
    ['a string for a boolean', 'active eq "true"'],
    ['a number for a string', 'userName eq 5'],
    ['no date for a dateTime', 'meta.created gt "yesterday"'],
    ['an unknown attribute', 'shoeSize eq "44"'],
    ['an unknown sub-attribute', 'name.shoeSize eq "44"'],
    ['an unknown sub-attribute in a valuePath', 'emails[shoeSize eq "44"]'],
    ['an unknown URN', 'urn:example:2.0:User:userName eq "x"'],
    ['a password', 'password eq "t1meMa$heen"'],
    ['two comparisons without an operator', 'userName eq "x" title pr'],
    ['an operator at the end', 'userName eq "x" and'],
    ['blanks', ' '],
    ['a valuePath in a valuePath', 'emails[type[value eq "x"]]'],
    ['a null byte outside of a string', 'userName eq\u0000"x"'],
    ['a wrong escape', 'userName eq "\\x41"'],
    ['comparing a complex attribute without value', 'name eq "Smith"'],
  ])('%s is refused as invalidFilter: %s', async (_what, filter) => {
    expectError(await query('/Users', { filter }), 400, 'invalidFilter');
  });

  test('over the root, an attribute of one type alone selects that type, §3.4.2.1', async () => {
    const answer = await query('/', { filter: 'userName eq "juergen" or displayName eq "Nobody"' });
    expect(answer.body.Resources.map(({ meta }) => meta.resourceType).sort()).toEqual(['Group', 'User']);
    const groups = await query('/', { filter: 'meta.resourceType eq "Group"' });
    expect(groups.body.totalResults).toBe(3);
    expectError(await query('/', { filter: 'shoeSize eq "44"' }), 400, 'invalidFilter');
  });
});

describe('lists, RFC 7644 §3.4.2', () => {
  test.each([
    [{}, [3, 1, 3, 3]],
    [{ startIndex: 1, count: 2 }, [3, 1, 2, 2]],
    [{ startIndex: 3, count: 2 }, [3, 3, 1, 1]],
    [{ startIndex: 99 }, [3, 99, 0, 0]],
    [{ startIndex: 0 }, [3, 1, 3, 3]],
    [{ startIndex: -5, count: 1 }, [3, 1, 1, 1]],
    [{ count: 0 }, [3, 1, 0, 0]],
    [{ count: -1 }, [3, 1, 0, 0]],
    [{ filter: 'userName eq "nobody"' }, [0, 1, 0, 0]],
    [{ filter: 'title pr', count: 1 }, [2, 1, 1, 1]],
  ] as [Record<string, string | number>, number[]][])('%j', async (parameters, expected) => {
    const { status, body } = await query('/Users', parameters);
    expect(status).toBe(200);
    expect(body.schemas).toEqual([LIST_RESPONSE]);
    expect([body.totalResults, body.startIndex, body.itemsPerPage, (body.Resources ?? []).length]).toEqual(expected);
  });

  test('pages in a row hold each resource once', async () => {
    const seen = [];
    for (const startIndex of [1, 2, 3]) seen.push(...names(await query('/Users', { startIndex, count: 1 })));
    expect(new Set(seen).size).toBe(3);
  });

  test.each([
    ['userName', 'ascending', ['bjensen@example.com', 'jsmith@example.com', 'juergen']],
    ['userName', 'descending', ['juergen', 'jsmith@example.com', 'bjensen@example.com']],
    ['name.familyName', 'ascending', ['bjensen@example.com', 'jsmith@example.com', 'juergen']],
    ['name.familyName', 'descending', ['juergen', 'jsmith@example.com', 'bjensen@example.com']],
    ['emails', 'ascending', ['bjensen@example.com', 'jsmith@example.com', 'juergen']],
    [`${ENTERPRISE}:department`, 'ascending', ['jsmith@example.com', 'bjensen@example.com', 'juergen']],
    [
      'URN:ietf:params:scim:schemas:core:2.0:User:DISPLAYNAME',
      'descending',
      ['jsmith@example.com', 'juergen', 'bjensen@example.com'],
    ],
  ])('sortBy %s %s, what has no value last in ascending order, §3.4.2.3', async (sortBy, sortOrder, expected) => {
    expect(names(await query('/Users', { sortBy, sortOrder }))).toEqual(expected);
  });

  test('without sortOrder the order is ascending, and case does not count where caseExact is false, §3.4.2.3', async () => {
    const sorted = await query('/Groups', { sortBy: 'displayName' });
    expect(names(sorted)).toEqual(['Everybody', 'Nobody', 'Tour Guides']);
  });

  test('a POST to .search answers as the GET does, §3.4.3', async () => {
    const parameters = { filter: 'title pr', sortBy: 'title', sortOrder: 'descending', startIndex: 1, count: 1 };
    const get = await query('/Users', { ...parameters, attributes: 'title,name.givenName' });
    const search = await server.call('POST', '/Users/.search', {
      body: { schemas: [SEARCH_REQUEST], attributes: ['title', 'name.givenName'], ...parameters },
    });
    expect([search.status, search.body]).toEqual([200, get.body]);
    expect(search.body.Resources).toEqual([
      { schemas: [USER, ENTERPRISE], id: ids.smith, title: 'Vice President', name: { givenName: 'James' } },
    ]);
  });

  test('a POST to .search at the root finds users and groups, §3.4.3', async () => {
    const { status, body } = await server.call('POST', '/.search', {
      body: {
        schemas: [SEARCH_REQUEST],
        attributes: ['displayName', 'userName'],
        filter: 'displayName co "e"',
        count: 10,
      },
    });
    expect([status, body.schemas]).toEqual([200, [LIST_RESPONSE]]);
    expect(body.Resources.map(({ displayName }) => displayName).sort()).toEqual(
      ['Babs Jensen', 'Everybody', 'Jürgen Ärger', 'Smith, "Jim" \\ James', 'Tour Guides'].sort(),
    );
  });

  test.each([
    ['.search without its schema', '/Users/.search', { filter: 'title pr' }, 'invalidSyntax'],
    [
      '.search with a filter that is none',
      '/Users/.search',
      { schemas: [SEARCH_REQUEST], filter: 'x' },
      'invalidFilter',
    ],
    [
      '.search with a count that is none',
      '/Groups/.search',
      { schemas: [SEARCH_REQUEST], count: 'many' },
      'invalidValue',
    ],
  ])('%s is refused, §3.4.3', async (_what, path, body, scimType) => {
    expectError(await server.call('POST', path, { body }), 400, scimType);
  });

  test.each(['startIndex=one', 'count=1.5', 'sortOrder=up', 'sortBy=shoeSize', 'sortBy=name'])(
    '%s is refused, §3.4.2',
    async text => expectError(await read(`/Users?${text}`), 400, 'invalidValue'),
  );

  test('parameters that SCIM does not know are ignored', async () => {
    expect((await read('/Users?aadOptscim062020&x=1&count=1')).body.itemsPerPage).toBe(1);
  });
});

describe('projection, RFC 7644 §3.9', () => {
  const keys = async (parameters: string) => Object.keys((await read(`/Users/${ids.babs}?${parameters}`)).body).sort();

  test.each([
    ['attributes=userName', ['id', 'schemas', 'userName']],
    ['attributes=USERNAME', ['id', 'schemas', 'userName']],
    [`attributes=${USER}:userName`, ['id', 'schemas', 'userName']],
    ['attributes=name.familyName', ['id', 'name', 'schemas']],
    [`attributes=${ENTERPRISE}:department`, ['id', 'schemas', ENTERPRISE].sort()],
    [`attributes=${ENTERPRISE}`, ['id', 'schemas', ENTERPRISE].sort()],
    ['attributes=meta.version', ['id', 'meta', 'schemas']],
    ['attributes=groups', ['groups', 'id', 'schemas']],
    ['attributes=password', ['id', 'schemas']],
    ['attributes=emails.value,title', ['emails', 'id', 'schemas', 'title']],
  ])('%s', async (parameters, expected) => {
    expect(await keys(parameters)).toEqual(expected);
  });

  test('a sub-attribute shows itself alone', async () => {
    const { body } = await read(`/Users/${ids.babs}?attributes=name.familyName,emails.type`);
    expect([body['name'], body['emails']]).toEqual([{ familyName: "O'Malley" }, [{ type: 'work' }, { type: 'home' }]]);
  });

  test.each([
    ['excludedAttributes=emails,meta,groups', ['emails', 'meta', 'groups']],
    ['excludedAttributes=name.familyName', []],
    ['excludedAttributes=id,schemas', []],
    [`excludedAttributes=${ENTERPRISE}`, [ENTERPRISE]],
    [`excludedAttributes=${ENTERPRISE}:department`, []],
  ])('%s', async (parameters, gone) => {
    const whole = Object.keys((await read(`/Users/${ids.babs}`)).body).sort();
    expect(await keys(parameters)).toEqual(whole.filter(key => !gone.includes(key)));
  });

  test('an excluded sub-attribute leaves the others', async () => {
    const { body } = await read(`/Users/${ids.babs}?excludedAttributes=name.familyName,emails.value`);
    expect(body['name']).not.toHaveProperty('familyName');
    expect(body['name']).toHaveProperty('givenName', 'Barbara');
    expect(body['emails']).toEqual([{ type: 'work', primary: true }, { type: 'home' }]);
  });

  test('it holds for lists, POST, PUT and PATCH', async () => {
    const body = { schemas: [USER], userName: 'projected', displayName: 'Projected', title: 'X' };
    const created = await write('POST', '/Users?attributes=title', body);
    expect([created.status, created.body]).toEqual([201, { schemas: [USER], id: created.body.id, title: 'X' }]);
    const { id } = created.body;
    const replaced = await write('PUT', `/Users/${id}?excludedAttributes=title,meta`, body);
    expect(replaced.body).toEqual({
      schemas: [USER],
      id,
      userName: 'projected',
      displayName: 'Projected',
      active: true,
    });
    const patched = await write('PATCH', `/Users/${id}?attributes=displayName`, {
      schemas: [PATCH_OP],
      Operations: [{ op: 'replace', path: 'displayName', value: 'Other' }],
    });
    expect([patched.status, patched.body]).toEqual([200, { schemas: [USER], id, displayName: 'Other' }]);
    const list = await query('/Groups', { excludedAttributes: 'members,meta', filter: 'displayName eq "Nobody"' });
    expect(list.body.Resources).toEqual([{ schemas: [GROUP], id: ids.empty, displayName: 'Nobody' }]);
  });

  test('both parameters at once are refused', async () => {
    expectError(await read('/Users?attributes=userName&excludedAttributes=title'), 400, 'invalidValue');
  });
});

describe('POST, RFC 7644 §3.3', () => {
  test('a full User comes back as it was sent, with id, meta, ETag and Location', async () => {
    const answer = await write('POST', '/Users', { ...babs, password: 't1meMa$heen' });
    const { id, meta, ...rest } = answer.body;
    expect([answer.status, rest]).toEqual([201, babs]);
    expect(answer.headers.location).toBe(`${server.url}/scim/v2/Users/${id}`);
    expect(meta).toEqual({
      resourceType: 'User',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/),
      lastModified: meta.created,
      location: answer.headers.location,
      version: answer.headers.etag,
    });
    expect((await write('GET', `/Users/${id}`)).body).toEqual(answer.body);
  });

  test('read-only attributes are ignored, §3.3; null, "" and [] are unassigned, RFC 7643 §2.5', async () => {
    const user = await newUser({
      id: 'mine',
      meta: { created: '2001-01-01T00:00:00Z', version: 'W/"9"' },
      groups: [{ value: 'x' }],
      title: null,
      nickName: '',
      emails: [],
      name: null,
    });
    expect(user.id).not.toBe('mine');
    expect(user.meta).toMatchObject({ version: 'W/"1"' });
    for (const key of ['groups', 'title', 'nickName', 'emails', 'name']) expect(user).not.toHaveProperty(key);
  });

  test('attribute names are read in any case and written in that of the schema, RFC 7643 §2.1', async () => {
    const userName = newName();
    const answer = await write('POST', '/Users', {
      SCHEMAS: [USER.toUpperCase().replace('URN:', 'urn:')],
      USERNAME: userName,
      Name: { GIVENNAME: 'Ann' },
      EMAILS: [{ VALUE: 'ann@example.com', TYPE: 'WORK' }],
    });
    expect(answer.body).toMatchObject({
      schemas: [USER],
      userName,
      name: { givenName: 'Ann' },
      emails: [{ value: 'ann@example.com', type: 'work' }],
    });
  });

  test.each([
    ['userName twice in different case, RFC 7643 §2.1', { userName: 'a1', USERNAME: 'a2' }, 'invalidSyntax'],
    ['no userName, RFC 7643 §4.1.1', { userName: undefined }, 'invalidValue'],
    ['an empty userName', { userName: '' }, 'invalidValue'],
    ['no schemas, RFC 7643 §3', { schemas: undefined }, 'invalidValue'],
    ['the schemas of another resource, RFC 7643 §3', { schemas: [GROUP] }, 'invalidValue'],
    ['a number for a string, RFC 7643 §2.3.1', { title: 5 }, 'invalidValue'],
    ['a string for a boolean, RFC 7643 §2.3.2', { active: 'true' }, 'invalidValue'],
    ['an object for a list, RFC 7643 §2.4', { emails: { value: 'a@example.com' } }, 'invalidValue'],
    [
      'two primaries, RFC 7643 §2.4',
      {
        emails: [
          { value: 'a@b.c', primary: true },
          { value: 'd@b.c', primary: true },
        ],
      },
      'invalidValue',
    ],
    ['no base64 for a binary, RFC 7643 §2.3.6', { x509Certificates: [{ value: '%%%' }] }, 'invalidValue'],
    ['an attribute that no schema has', { shoeSize: 44 }, 'invalidSyntax'],
    ['a sub-attribute that no schema has', { name: { shoeSize: 44 } }, 'invalidSyntax'],
  ])('%s is refused', async (_what, further, scimType) => {
    expectError(await write('POST', '/Users', { schemas: [USER], userName: newName(), ...further }), 400, scimType);
  });

  test('a taken userName is 409 uniqueness, in any case, §3.3.1 and RFC 7643 §4.1.1', async () => {
    const { userName } = await newUser();
    const answer = await write('POST', '/Users', { schemas: [USER], userName: userName.toUpperCase() });
    expectError(answer, 409, 'uniqueness');
  });

  test('a member that does not exist is refused and nothing is made', async () => {
    const body = { schemas: [GROUP], displayName: 'half made', members: [{ value: 'nobody' }] };
    expectError(await write('POST', '/Groups', body), 400, 'invalidValue');
    const { body: list } = await write('GET', '/Groups?filter=displayName%20eq%20%22half%20made%22');
    expect(list.totalResults).toBe(0);
  });

  test('members have value, $ref and type, and the person shows the group, RFC 7643 §4.2 and §4.1.2', async () => {
    const user = await newUser();
    const group = await newGroup({ members: [{ value: user.id, display: 'U' }] });
    const $ref = `${server.url}/scim/v2/Users/${user.id}`;
    expect(group.members).toEqual([{ value: user.id, $ref, type: 'User', display: 'U' }]);
    expect((await write('GET', `/Users/${user.id}`)).body.groups).toEqual([
      { value: group.id, $ref: `${server.url}/scim/v2/Groups/${group.id}`, display: group.displayName, type: 'direct' },
    ]);
  });
});

describe('PUT, RFC 7644 §3.5.1', () => {
  test('replaces; what is absent is unassigned, active stays, read-only is ignored', async () => {
    const user = await newUser({ title: 'X', displayName: 'Before', active: false });
    const { status, body } = await write('PUT', `/Users/${user.id}`, {
      schemas: [USER],
      id: 'other',
      userName: user.userName,
      displayName: 'After',
      meta: { version: 'W/"99"' },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: user.id, displayName: 'After', active: false, meta: { version: 'W/"2"' } });
    expect(body).not.toHaveProperty('title');
  });

  test('creates nothing', async () => {
    expectError(
      await write('PUT', '/Users/00000000-0000-7000-8000-000000000000', { schemas: [USER], userName: 'put' }),
      404,
    );
  });

  test('without a required attribute it is refused', async () => {
    const user = await newUser();
    expectError(await write('PUT', `/Users/${user.id}`, { schemas: [USER], title: 'X' }), 400, 'invalidValue');
  });

  test('to a userName of another is 409 uniqueness', async () => {
    const [one, two] = [await newUser(), await newUser()];
    expectError(await write('PUT', `/Users/${one.id}`, { schemas: [USER], userName: two.userName }), 409, 'uniqueness');
  });

  test('a group PUT without members empties the group; the same again changes nothing', async () => {
    const user = await newUser();
    const group = await newGroup({ members: [{ value: user.id }] });
    const body = { schemas: [GROUP], displayName: group.displayName };
    const emptied = await write('PUT', `/Groups/${group.id}`, body);
    expect(emptied.body).toMatchObject({ members: [], meta: { version: 'W/"2"' } });
    const again = await write('PUT', `/Groups/${group.id}`, body);
    expect(again.body.meta).toEqual(emptied.body.meta);
  });
});
