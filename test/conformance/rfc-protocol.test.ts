/** RFC 7644 and RFC 9865 beyond queries and whole resources: PATCH, versions, bulk, cursors, discovery, errors; strict, over HTTP. */
import { type ScimAnswer, type ScimServer, startScimServer } from '../support/scim-server';
import { createRfcClient, expectError, queryText } from './rfc-client';
import {
  BULK_REQUEST,
  BULK_RESPONSE,
  ENTERPRISE,
  ERROR,
  GROUP,
  LIST_RESPONSE,
  PATCH_OP,
  SEARCH_REQUEST,
  USER,
} from './rfc-directory';

let server: ScimServer;

beforeAll(async () => {
  server = await startScimServer();
});
afterAll(() => server.close());

const { call, patch, newUser, newGroup, newName } = createRfcClient(() => ({ server }));

const work = { value: 'w@example.com', type: 'work', primary: true };
const home = { value: 'h@example.com', type: 'home' };

describe('PATCH of a User, RFC 7644 §3.5.2', () => {
  test.each([
    // [what, before, operations, after: undefined stands for gone]
    [
      'add without a path, §3.5.2.1 example',
      {},
      [{ op: 'add', value: { emails: [home], nickName: 'Babs' } }],
      { emails: [home], nickName: 'Babs' },
    ],
    [
      'add appends to a list, §3.5.2.1',
      { emails: [work] },
      [{ op: 'add', path: 'emails', value: [home] }],
      { emails: [work, home] },
    ],
    [
      'add of one value of a list without brackets, §3.5.2.1',
      { emails: [work] },
      [{ op: 'add', path: 'emails', value: home }],
      { emails: [work, home] },
    ],
    [
      'add replaces a single value, §3.5.2.1',
      { title: 'A' },
      [{ op: 'add', path: 'title', value: 'B' }],
      { title: 'B' },
    ],
    [
      'add to a complex attribute adds sub-attributes, §3.5.2.1',
      { name: { givenName: 'A' } },
      [{ op: 'add', path: 'name', value: { familyName: 'B' } }],
      { name: { givenName: 'A', familyName: 'B' } },
    ],
    [
      'add of what is there changes nothing, §3.5.2.1',
      { emails: [work] },
      [{ op: 'add', path: 'emails', value: [work] }],
      { emails: [work], version: 1 },
    ],
    [
      'add to a valuePath merges into the element, §3.5.2.1',
      { emails: [work, home] },
      [{ op: 'add', path: 'emails[type eq "home"]', value: { display: 'H' } }],
      { emails: [work, { ...home, display: 'H' }] },
    ],
    [
      'add with primary true takes it from the other, §3.5.2',
      { emails: [work] },
      [{ op: 'add', path: 'emails', value: [{ ...home, primary: true }] }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'add of emails[type eq "work"].value where none is makes one',
      {},
      [{ op: 'add', path: 'emails[type eq "work"].value', value: 'n@example.com' }],
      { emails: [{ type: 'work', value: 'n@example.com' }] },
    ],
    [
      'three adds to one address that is not there make one address',
      {},
      [
        { op: 'add', path: 'addresses[type eq "work"].locality', value: 'Bonn' },
        { op: 'add', path: 'addresses[type eq "work"].country', value: 'DE' },
        { op: 'add', path: 'addresses[type eq "work"].postalCode', value: '53111' },
      ],
      { addresses: [{ type: 'work', locality: 'Bonn', country: 'DE', postalCode: '53111' }] },
    ],
    [
      'replace of a single value, §3.5.2.3',
      { title: 'A' },
      [{ op: 'replace', path: 'title', value: 'B' }],
      { title: 'B' },
    ],
    ['replace of what is absent adds it, §3.5.2.3', {}, [{ op: 'replace', path: 'title', value: 'B' }], { title: 'B' }],
    [
      'replace without a path, §3.5.2.3',
      { emails: [work], nickName: 'A' },
      [{ op: 'replace', value: { emails: [home], nickName: 'B' } }],
      { emails: [home], nickName: 'B' },
    ],
    [
      'replace of a complex attribute replaces the stated sub-attributes alone, §3.5.2.3',
      { name: { givenName: 'A', familyName: 'F' } },
      [{ op: 'replace', path: 'name', value: { givenName: 'B' } }],
      { name: { givenName: 'B', familyName: 'F' } },
    ],
    [
      'replace of a whole list, §3.5.2.3',
      { emails: [work, home] },
      [{ op: 'replace', path: 'emails', value: [home] }],
      { emails: [home] },
    ],
    [
      'replace of the values that match, §3.5.2.3 example',
      { emails: [work, home] },
      [{ op: 'replace', path: 'emails[type eq "home"]', value: { type: 'home', value: 'x@example.com' } }],
      { emails: [work, { type: 'home', value: 'x@example.com' }] },
    ],
    [
      'replace of a sub-attribute of the values that match, §3.5.2.3',
      { emails: [work, home] },
      [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'x@example.com' }],
      { emails: [work, { type: 'home', value: 'x@example.com' }] },
    ],
    [
      'replace of a sub-attribute of all values, §3.5.2.3',
      { emails: [home] },
      [{ op: 'replace', path: 'emails.type', value: 'other' }],
      { emails: [{ ...home, type: 'other' }] },
    ],
    [
      'replace of primary takes it from the other, §3.5.2',
      { emails: [work, home] },
      [{ op: 'replace', path: 'emails[type eq "home"].primary', value: true }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'replace with the same value changes nothing',
      { title: 'A' },
      [{ op: 'replace', path: 'title', value: 'A' }],
      { title: 'A', version: 1 },
    ],
    [
      'replace with null unassigns, RFC 7643 §2.5',
      { title: 'A' },
      [{ op: 'replace', path: 'title', value: null }],
      { title: undefined },
    ],
    ['remove, §3.5.2.2', { title: 'A' }, [{ op: 'remove', path: 'title' }], { title: undefined }],
    [
      'remove of a sub-attribute, §3.5.2.2',
      { name: { givenName: 'A', familyName: 'B' } },
      [{ op: 'remove', path: 'name.givenName' }],
      { name: { familyName: 'B' } },
    ],
    [
      'remove of the last sub-attribute unassigns the whole',
      { name: { givenName: 'A' } },
      [{ op: 'remove', path: 'name.givenName' }],
      { name: undefined },
    ],
    [
      'remove of the values that match, §3.5.2.2 example',
      { emails: [work, home] },
      [{ op: 'remove', path: 'emails[type eq "work" and value ew "example.com"]' }],
      { emails: [home] },
    ],
    [
      'remove of the last value unassigns the list, §3.5.2.2',
      { emails: [work] },
      [{ op: 'remove', path: 'emails[type eq "work"]' }],
      { emails: undefined },
    ],
    ['remove of what is absent is no error', {}, [{ op: 'remove', path: 'title' }], { title: undefined, version: 1 }],
    [
      'operations in order, §3.5.2',
      { title: 'A' },
      [
        { op: 'remove', path: 'title' },
        { op: 'add', path: 'title', value: 'B' },
        { op: 'replace', path: 'title', value: 'C' },
      ],
      { title: 'C' },
    ],
    ['op, path and keys in any case', { title: 'A' }, [{ OP: 'Replace', PATH: 'TITLE', Value: 'B' }], { title: 'B' }],
    [
      'a path with the core URN, RFC 7644 §3.10',
      {},
      [{ op: 'add', path: `${USER}:name.givenName`, value: 'A' }],
      { name: { givenName: 'A' } },
    ],
    [
      'a path into an extension adds its URN to schemas',
      {},
      [{ op: 'add', path: `${ENTERPRISE}:department`, value: 'D' }],
      { [ENTERPRISE]: { department: 'D' }, schemas: [USER, ENTERPRISE] },
    ],
    [
      'removing the last of an extension takes its URN away',
      { schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'D' } },
      [{ op: 'remove', path: `${ENTERPRISE}:department` }],
      { [ENTERPRISE]: undefined, schemas: [USER] },
    ],
    [
      'removing the extension itself',
      { schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'D', division: 'E' } },
      [{ op: 'remove', path: ENTERPRISE }],
      { [ENTERPRISE]: undefined, schemas: [USER] },
    ],
    [
      'an extension as a key without a path',
      {},
      [{ op: 'add', value: { [ENTERPRISE]: { department: 'D' } } }],
      { [ENTERPRISE]: { department: 'D' } },
    ],
    [
      'sub-attribute of a complex attribute of an extension',
      {},
      [{ op: 'add', path: `${ENTERPRISE}:manager.value`, value: 'boss' }],
      { [ENTERPRISE]: { manager: { value: 'boss', $ref: expect.stringMatching(/\/Users\/boss$/) } } },
    ],
    [
      'a read-only attribute repeated as it is, without a path',
      { title: 'A' },
      [{ op: 'replace', value: { title: 'B', groups: [] } }],
      { title: 'B' },
    ],
    [
      'a password leaves no trace',
      { title: 'A' },
      [{ op: 'replace', path: 'password', value: 'secret' }],
      { password: undefined, version: 1 },
    ],
    [
      'a filter with or',
      { emails: [work, home] },
      [{ op: 'remove', path: 'emails[type eq "work" or type eq "home"]' }],
      { emails: undefined },
    ],
    [
      'a string with a bracket in the filter',
      { emails: [{ value: 'a]b@example.com', type: 'other' }, home] },
      [{ op: 'remove', path: 'emails[value eq "a]b@example.com"]' }],
      { emails: [home] },
    ],
  ] as [string, object, object[], Record<string, unknown>][])('%s', async (_what, before, operations, after) => {
    const user = await newUser(before);
    const { status, body } = await patch(`/Users/${user.id}`, ...operations);
    const { version = 2, ...wanted } = after;
    expect({
      status,
      detail: body.detail,
      version: body.meta?.version,
      ...Object.fromEntries(Object.keys(wanted).map(key => [key, body[key]])),
    }).toEqual({
      status: 200,
      detail: undefined,
      version: `W/"${String(version)}"`,
      ...wanted,
    });
    expect((await call('GET', `/Users/${user.id}`)).body).toEqual(body);
    if (version === 1) expect(body.meta.lastModified).toBe(user.meta.lastModified);
  });

  test.each([
    ['remove without a path is noTarget, §3.5.2.2', [{ op: 'remove' }], 'noTarget'],
    [
      'replace where no value matches is noTarget, §3.5.2.3',
      [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'x' }],
      'noTarget',
    ],
    [
      'replace of a value that does not match is noTarget',
      [{ op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x' } }],
      'noTarget',
    ],
    ['remove of a required attribute is mutability, §3.5.2.2', [{ op: 'remove', path: 'userName' }], 'mutability'],
    ['unassigning a required attribute is refused', [{ op: 'replace', path: 'userName', value: null }], 'mutability'],
    ['a read-only attribute is mutability', [{ op: 'replace', path: 'id', value: 'x' }], 'mutability'],
    [
      'a read-only sub-attribute is mutability',
      [{ op: 'add', path: 'meta.created', value: '2001-01-01T00:00:00Z' }],
      'mutability',
    ],
    ['groups are read-only', [{ op: 'add', path: 'groups', value: [{ value: 'x' }] }], 'mutability'],
    ['another id without a path is mutability', [{ op: 'replace', value: { id: 'x' } }], 'mutability'],
    ['an unknown attribute is invalidPath', [{ op: 'add', path: 'shoeSize', value: 44 }], 'invalidPath'],
    ['an unknown sub-attribute is invalidPath', [{ op: 'add', path: 'name.shoeSize', value: 44 }], 'invalidPath'],
    ['an open bracket is refused', [{ op: 'remove', path: 'emails[type eq "work"' }], 'invalidFilter'],
    ['text after the path is invalidPath', [{ op: 'remove', path: 'emails[type eq "work"] x' }], 'invalidPath'],
    ['a filter on a single value is refused', [{ op: 'remove', path: 'title[value eq "x"]' }], 'invalidFilter'],
    ['an unknown attribute without a path is refused', [{ op: 'add', value: { shoeSize: 44 } }], 'invalidSyntax'],
    ['an unknown operation is invalidSyntax', [{ op: 'move', path: 'title', value: 'x' }], 'invalidSyntax'],
    ['no operation is invalidSyntax', [{ path: 'title', value: 'x' }], 'invalidSyntax'],
    ['add without a value is refused, §3.5.2.1', [{ op: 'add', path: 'title' }], 'invalidValue'],
    ['replace without a path with a text is refused', [{ op: 'replace', value: 'x' }], 'invalidValue'],
    ['a wrong type is invalidValue', [{ op: 'replace', path: 'active', value: 'true' }], 'invalidValue'],
    ['no operations are refused', [], 'invalidSyntax'],
    ['schemas can not be removed', [{ op: 'remove', path: 'schemas' }], 'mutability'],
  ] as [string, object[], string][])('%s', async (_what, operations, scimType) => {
    const user = await newUser({ title: 'Kept', emails: [work] });
    // The first operation is fine: all or nothing (§3.5.2).
    const all = operations.length === 0 ? [] : [{ op: 'replace', path: 'title', value: 'Lost' }, ...operations];
    expectError(await patch(`/Users/${user.id}`, ...all), 400, scimType);
    expect((await call('GET', `/Users/${user.id}`)).body).toEqual(user);
  });

  test('a message without its schema is refused', async () => {
    const user = await newUser();
    const answer = await call('PATCH', `/Users/${user.id}`, { Operations: [{ op: 'remove', path: 'title' }] });
    expectError(answer, 400, 'invalidValue');
  });

  test('to a userName of another is 409 uniqueness; of nobody 404', async () => {
    const [one, two] = [await newUser(), await newUser()];
    expectError(
      await patch(`/Users/${one.id}`, { op: 'replace', path: 'userName', value: two.userName }),
      409,
      'uniqueness',
    );
    expectError(await patch('/Users/nobody', { op: 'remove', path: 'title' }), 404);
  });
});

describe('PATCH of a Group, RFC 7644 §3.5.2', () => {
  const membersOf = async (id: string) =>
    (await call('GET', `/Groups/${id}`)).body.members.map(({ value }) => value).sort();

  test('members are added, removed by filter and by value, replaced and emptied', async () => {
    const [a, b, c] = [(await newUser()).id, (await newUser()).id, (await newUser()).id];
    const { id } = await newGroup({ members: [{ value: a }] });
    const steps: [object[], string[]][] = [
      [
        [
          {
            op: 'add',
            path: 'members',
            value: [{ value: b, $ref: `https://example.com/v2/Users/${b}` }, { value: c }],
          },
        ],
        [a, b, c],
      ],
      [[{ op: 'add', path: 'members', value: [{ value: b }] }], [a, b, c]],
      [[{ op: 'remove', path: `members[value eq "${a}"]` }], [b, c]],
      [[{ op: 'remove', path: `members[value eq "${a}"]` }], [b, c]],
      [[{ op: 'remove', path: 'members', value: [{ value: b }] }], [c]],
      [[{ op: 'remove', path: 'members', value: [] }], [c]],
      [[{ op: 'replace', path: 'members', value: [{ value: a }, { value: b }] }], [a, b]],
      [
        [
          { op: 'remove', path: `members[value eq "${a}"]` },
          { op: 'add', path: 'members', value: [{ value: c }] },
        ],
        [b, c],
      ],
      [[{ op: 'add', value: { members: [{ value: a }] } }], [a, b, c]],
      [[{ op: 'remove', path: 'members[type eq "Group"]' }], [a, b, c]],
      [[{ op: 'remove', path: `${GROUP}:members[value eq "${a}" or value eq "${b}"]` }], [c]],
      [[{ op: 'replace', path: 'members', value: [] }], []],
      [[{ op: 'add', path: 'members', value: { value: a } }], [a]],
      [[{ op: 'remove', path: 'members' }], []],
    ];
    for (const [index, [operations, expected]] of steps.entries()) {
      const { status } = await patch(`/Groups/${id}`, ...operations);
      expect([index, status, await membersOf(id)]).toEqual([index, 204, [...expected].sort()]);
    }
  });

  test('adding who is there and removing who is not makes no new version, §3.5.2.1', async () => {
    const user = await newUser();
    const group = await newGroup({ members: [{ value: user.id }] });
    await patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: user.id }] });
    await patch(`/Groups/${group.id}`, { op: 'remove', path: 'members[value eq "nobody"]' });
    expect((await call('GET', `/Groups/${group.id}`)).body.meta).toEqual(group.meta);
  });

  test.each([
    [
      'an unknown member is refused before anything is written',
      (id: string) => [{ op: 'add', path: 'members', value: [{ value: id }, { value: 'nobody' }] }],
      'invalidValue',
    ],
    [
      'replace with an unknown member empties nothing',
      () => [{ op: 'replace', path: 'members', value: [{ value: 'nobody' }] }],
      'invalidValue',
    ],
    [
      'a member without value is refused',
      () => [{ op: 'add', path: 'members', value: [{ display: 'x' }] }],
      'invalidValue',
    ],
    [
      'a member is immutable, RFC 7643 §4.2',
      () => [{ op: 'replace', path: 'members.value', value: 'x' }],
      'mutability',
    ],
    ['displayName is required, RFC 7643 §4.2', () => [{ op: 'remove', path: 'displayName' }], 'mutability'],
    [
      'a type that is none is refused',
      (id: string) => [{ op: 'add', path: 'members', value: [{ value: id, type: 'Robot' }] }],
      'invalidValue',
    ],
  ] as [string, (id: string) => object[], string][])('%s', async (_what, operations, scimType) => {
    const [inside, outside] = [await newUser(), await newUser()];
    const group = await newGroup({ members: [{ value: inside.id }] });
    expectError(await patch(`/Groups/${group.id}`, ...operations(outside.id)), 400, scimType);
    expect((await call('GET', `/Groups/${group.id}`)).body).toEqual(group);
  });

  test('groups in groups: people show them as indirect, a circle is refused', async () => {
    const user = await newUser();
    const inner = await newGroup({ members: [{ value: user.id }] });
    const outer = await newGroup({ members: [{ value: inner.id }] });
    expect(outer.members).toMatchObject([
      { value: inner.id, type: 'Group', $ref: expect.stringMatching(/\/Groups\//) },
    ]);
    const { groups } = (await call('GET', `/Users/${user.id}`)).body;
    expect(groups.map(({ value, type }) => [value, type]).sort()).toEqual(
      [
        [inner.id, 'direct'],
        [outer.id, 'indirect'],
      ].sort(),
    );
    expectError(
      await patch(`/Groups/${inner.id}`, { op: 'add', path: 'members', value: [{ value: outer.id }] }),
      400,
      'invalidValue',
    );
    expectError(
      await patch(`/Groups/${inner.id}`, { op: 'add', path: 'members', value: [{ value: inner.id }] }),
      400,
      'invalidValue',
    );
  });

  test('a deleted user is in no group any more, RFC 7644 §3.6', async () => {
    const user = await newUser();
    const group = await newGroup({ members: [{ value: user.id }] });
    expect((await call('DELETE', `/Users/${user.id}`)).status).toBe(204);
    expect(await membersOf(group.id)).toEqual([]);
  });
});

describe('DELETE, RFC 7644 §3.6', () => {
  test('204 without a body, then 404 for every method, and the name is free', async () => {
    const user = await newUser();
    const deleted = await call('DELETE', `/Users/${user.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    for (const [method, body] of [['GET'], ['DELETE'], ['PUT', { schemas: [USER], userName: 'x' }]] as const) {
      expectError(await call(method, `/Users/${user.id}`, body), 404);
    }
    expect((await call('POST', '/Users', { schemas: [USER], userName: user.userName })).status).toBe(201);
  });
});

describe('versions, RFC 7644 §3.14', () => {
  test.each([
    ['PUT', 'W/"1"', 200],
    ['PUT', '"1"', 200],
    ['PUT', '*', 200],
    ['PUT', 'W/"7", W/"1"', 200],
    ['PUT', 'W/"7"', 412],
    ['PUT', 'nonsense', 412],
    ['PATCH', 'W/"1"', 200],
    ['PATCH', 'W/"7"', 412],
    ['DELETE', 'W/"7"', 412],
    ['DELETE', 'W/"1"', 204],
  ])('%s with If-Match %s answers %i', async (method, ifMatch, status) => {
    const user = await newUser();
    const body = {
      PUT: { schemas: [USER], userName: user.userName, title: 'New' },
      PATCH: { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'title', value: 'New' }] },
    }[method];
    const answer = await call(method, `/Users/${user.id}`, body, { 'if-match': ifMatch });
    if (status === 412) expectError(answer, 412);
    else expect(answer.status).toBe(status);
    const after = await call('GET', `/Users/${user.id}`);
    expect(after.status === 404 ? 'gone' : after.body.meta.version).toBe(
      status === 204 ? 'gone' : status === 200 ? 'W/"2"' : 'W/"1"',
    );
  });

  test('If-None-Match answers 304 to whoever knows the version, of users and groups', async () => {
    for (const [path, { id, meta }] of [
      ['/Users', await newUser()],
      ['/Groups', await newGroup()],
    ] as const) {
      for (const header of [meta.version, '*', `W/"99", ${meta.version}`]) {
        // Groups of a user change without a new version of the user.
        const answer = await call('GET', `${path}/${id}?excludedAttributes=groups`, undefined, {
          'if-none-match': header,
        });
        expect([header, answer.status, answer.text, answer.headers.etag]).toEqual([header, 304, '', meta.version]);
      }
      expect((await call('GET', `${path}/${id}`, undefined, { 'if-none-match': 'W/"99"' })).status).toBe(200);
    }
  });

  test('a change of members is a new version of the group', async () => {
    const [user, group] = [await newUser(), await newGroup()];
    const { headers } = await patch(`/Groups/${group.id}`, { op: 'add', path: 'members', value: [{ value: user.id }] });
    expect(headers.etag).toBe('W/"2"');
    expect((await call('GET', `/Groups/${group.id}`)).body.meta.version).toBe('W/"2"');
  });
});

describe('bulk, RFC 7644 §3.7', () => {
  const bulk = (Operations: unknown[], further: object = {}) =>
    call('POST', '/Bulk', { schemas: [BULK_REQUEST], ...further, Operations });
  const post = (bulkId: string, path: string, data: object) => ({ method: 'POST', path, bulkId, data });
  const user = (further: object = {}) => ({ schemas: [USER], userName: newName(), ...further });
  const group = (further: object = {}) => ({ schemas: [GROUP], displayName: newName(), ...further });

  test('all methods in one request; each answer has location, version and status as text, §3.7.3', async () => {
    const [put, patched, removed] = [await newUser(), await newUser(), await newUser()];
    const { status, body } = await bulk([
      post('qwerty', '/Users', user()),
      {
        method: 'PUT',
        path: `/Users/${put.id}`,
        version: put.meta.version,
        data: { schemas: [USER], userName: put.userName, title: 'T' },
      },
      {
        method: 'PATCH',
        path: `/Users/${patched.id}`,
        data: { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'title', value: 'T' }] },
      },
      { method: 'DELETE', path: `/Users/${removed.id}` },
    ]);
    expect([status, body.schemas]).toEqual([200, [BULK_RESPONSE]]);
    expect(body.Operations).toEqual([
      {
        method: 'POST',
        bulkId: 'qwerty',
        location: expect.stringContaining(`${server.url}/scim/v2/Users/`),
        version: 'W/"1"',
        status: '201',
      },
      { method: 'PUT', location: put.meta.location, version: 'W/"2"', status: '200' },
      { method: 'PATCH', location: patched.meta.location, version: 'W/"2"', status: '200' },
      { method: 'DELETE', location: removed.meta.location, status: '204' },
    ]);
  });

  test('a reference forwards and backwards, §3.7.2', async () => {
    const { body } = await bulk([
      post('g', '/Groups', group({ members: [{ value: 'bulkId:u' }] })),
      post('u', '/Users', user()),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'displayName', value: 'renamed by bulk' }] },
      },
    ]);
    expect(body.Operations.map(({ status }) => status)).toEqual(['201', '201', '200']);
    const id = body.Operations[1]?.location.split('/').at(-1);
    const made = await call('GET', (body.Operations[0]?.location ?? '').slice(server.url.length));
    expect(made.body).toMatchObject({ displayName: 'renamed by bulk', members: [{ value: id, type: 'User' }] });
  });

  test('a circle of references: manager of each other, §3.7.1', async () => {
    const { body } = await bulk([
      post('a', '/Users', user({ schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: 'bulkId:b' } } })),
      post('b', '/Users', user({ schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: 'bulkId:a' } } })),
    ]);
    expect(body.Operations.map(({ status }) => status)).toEqual(['201', '201']);
    const [a, b] = body.Operations.map(({ location }) => location.split('/').at(-1) ?? '');
    expect((await call('GET', `/Users/${a}`)).body[ENTERPRISE]).toMatchObject({ manager: { value: b } });
    expect((await call('GET', `/Users/${b}`)).body[ENTERPRISE]).toMatchObject({ manager: { value: a } });
  });

  test('failOnErrors stops at that many, without it all are tried, §3.7.3', async () => {
    const wrong = () => post(newName(), '/Users', { schemas: [USER] });
    const stopped = await bulk([wrong(), post('x', '/Users', user()), wrong(), post('y', '/Users', user())], {
      failOnErrors: 2,
    });
    expect(stopped.body.Operations.map(({ status }) => status)).toEqual(['400', '201', '400']);
    expect(stopped.body.Operations[0]?.response).toMatchObject({
      schemas: [ERROR],
      status: '400',
      scimType: 'invalidValue',
    });
    const all = await bulk([wrong(), wrong(), post('z', '/Users', user())]);
    expect(all.body.Operations.map(({ status }) => status)).toEqual(['400', '400', '201']);
  });

  test.each([
    [
      'a POST without bulkId',
      { method: 'POST', path: '/Users', data: { schemas: [USER], userName: 'no-bulk-id' } },
      '400',
    ],
    [
      'a reference to nothing',
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'n',
        data: { schemas: [GROUP], displayName: 'n', members: [{ value: 'bulkId:none' }] },
      },
      '400',
    ],
    ['another version', { method: 'DELETE', path: '/Users/$user', version: 'W/"9"' }, '412'],
    ['nobody', { method: 'DELETE', path: '/Users/nobody' }, '404'],
    ['an unknown endpoint', { method: 'POST', path: '/Robots', bulkId: 'r', data: {} }, '404'],
    ['an unknown method', { method: 'GET', path: '/Users/$user' }, '400'],
  ])('%s fails alone', async (_what, operation, status) => {
    const existing = await newUser();
    const { body } = await bulk([
      { ...operation, path: operation.path.replace('$user', existing.id) },
      post('fine', '/Users', user()),
    ]);
    expect(body.Operations.map(answer => answer.status)).toEqual([status, '201']);
    expect(body.Operations[0]?.response).toMatchObject({ status });
  });

  test('more operations than announced are 413, §3.7.4', async () => {
    const { maxOperations } = (await call('GET', '/ServiceProviderConfig')).body['bulk'] as { maxOperations: number };
    expectError(
      await bulk(Array.from({ length: maxOperations + 1 }, () => ({ method: 'DELETE', path: '/Users/x' }))),
      413,
    );
  });
});

describe('cursor pagination, RFC 9865', () => {
  let many: Awaited<ReturnType<ScimServer['addApp']>>;
  beforeAll(async () => {
    many = await server.addApp('many');
    for (let index = 1; index <= 7; index += 1) {
      await server.call('POST', '/Users', {
        token: many.token,
        body: { schemas: [USER], userName: `c${index}`, title: index % 2 === 0 ? 'even' : 'odd' },
      });
    }
  });
  const page = (parameters: Record<string, string | number>, token = many.token) =>
    server.call('GET', `/Users?${queryText(parameters)}`, { token });
  const namesOf = ({ body }: ScimAnswer) => body.Resources.map(({ userName }) => userName);

  test('an empty cursor starts; nextCursor on every page but the last, previousCursor on every page but the first', async () => {
    const pages: ScimAnswer[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; cursor = pages.at(-1)?.body.nextCursor) {
      pages.push(await page({ cursor, count: 3 }));
    }
    expect(pages.map(namesOf)).toEqual([['c1', 'c2', 'c3'], ['c4', 'c5', 'c6'], ['c7']]);
    expect(
      pages.map(({ body }) => [body.schemas, body.nextCursor !== undefined, body.previousCursor !== undefined]),
    ).toEqual([
      [[LIST_RESPONSE], true, false],
      [[LIST_RESPONSE], true, true],
      [[LIST_RESPONSE], false, true],
    ]);
    for (const { body } of pages) expect(body.totalResults ?? 7).toBe(7);
    expect(pages[0]?.body.nextCursor).toMatch(/^[A-Za-z0-9._~-]+$/);
    const back = await page({ cursor: pages[2]?.body.previousCursor ?? '', count: 3 });
    expect(namesOf(back)).toEqual(['c4', 'c5', 'c6']);
  });

  test('with a filter and a sort order; what is added in between shifts nothing', async () => {
    const parameters = { filter: 'title eq "odd"', sortBy: 'userName', sortOrder: 'descending', count: 2 };
    const first = await page({ ...parameters, cursor: '' });
    await server.call('POST', '/Users', { token: many.token, body: { schemas: [USER], userName: 'c9', title: 'odd' } });
    const second = await page({ ...parameters, cursor: first.body.nextCursor });
    expect([namesOf(first), namesOf(second), second.body.nextCursor]).toEqual([['c7', 'c5'], ['c3', 'c1'], undefined]);
  });

  test('by .search too', async () => {
    const search = (cursor: string) =>
      server.call('POST', '/Users/.search', {
        token: many.token,
        body: { schemas: [SEARCH_REQUEST], cursor, count: 4 },
      });
    const first = await search('');
    expect(namesOf(await search(first.body.nextCursor))).toContain('c5');
  });

  test.each([
    ['no cursor of ours', 'invalidCursor', (_: string) => ({ cursor: 'made-up', count: 2 })],
    [
      'one with a changed letter',
      'invalidCursor',
      (next: string) => ({ cursor: `${next.slice(0, -4)}AAAA`, count: 2 }),
    ],
    ['one of another filter', 'invalidCursor', (next: string) => ({ cursor: next, count: 2, filter: 'title pr' })],
    ['another count', 'invalidCount', (next: string) => ({ cursor: next, count: 5 })],
    ['a count that is none', 'invalidCount', (next: string) => ({ cursor: next, count: 'x' })],
  ])('%s is %s', async (_what, scimType, parameters) => {
    const { body } = await page({ cursor: '', count: 2 });
    expectError(await page(parameters(body.nextCursor)), 400, scimType);
  });

  test('a cursor of another app is invalidCursor, an old one expiredCursor', async () => {
    const { body } = await page({ cursor: '', count: 2 });
    const other = await server.addApp('other');
    expectError(await page({ cursor: body.nextCursor, count: 2 }, other.token), 400, 'invalidCursor');
    server.advance(24 * 3_600_000);
    expectError(await page({ cursor: body.nextCursor, count: 2 }), 400, 'expiredCursor');
    server.advance(-24 * 3_600_000);
  });
});

describe('discovery, RFC 7644 §4 and RFC 7643 §5 to §7', () => {
  test('ServiceProviderConfig has everything that RFC 7643 §5 and RFC 9865 §4 require, without a credential', async () => {
    const { status, body } = await server.call('GET', '/ServiceProviderConfig', { token: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: {
        supported: true,
        maxOperations: expect.any(Number) as number,
        maxPayloadSize: expect.any(Number) as number,
      },
      filter: { supported: true, maxResults: expect.any(Number) as number },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      authenticationSchemes: [{ type: 'oauthbearertoken', name: expect.any(String), description: expect.any(String) }],
      pagination: { cursor: true, index: true, defaultPaginationMethod: 'index' },
    });
  });

  test('ResourceTypes is a list, and each can be read where its meta says, §4 and RFC 7643 §6', async () => {
    const { body } = await call('GET', '/ResourceTypes');
    expect([body.schemas, body.totalResults]).toEqual([[LIST_RESPONSE], 2]);
    for (const type of body.Resources) {
      expect(type).toMatchObject({
        id: type['name'],
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
        meta: { resourceType: 'ResourceType' },
      });
      const single = await call('GET', type.meta.location.slice(server.url.length));
      expect(single.body).toEqual(type);
      expect((await call('GET', `${String(type['endpoint'])}?count=0`)).status).toBe(200);
    }
  });

  test('Schemas is a list, each can be read by its URN, and every attribute has all its characteristics, RFC 7643 §7', async () => {
    const { body } = await call('GET', '/Schemas');
    expect(body.Resources.map(({ id }) => id)).toEqual(expect.arrayContaining([USER, ENTERPRISE, GROUP]));
    interface Shown {
      name: string;
      type: string;
      subAttributes?: Shown[];
      [key: string]: unknown;
    }
    const check = (attribute: Shown) => {
      expect(attribute).toEqual(
        expect.objectContaining({
          name: expect.stringMatching(/^[A-Za-z$][\w$-]*$/),
          type: expect.stringMatching(/^(?:string|boolean|decimal|integer|dateTime|binary|reference|complex)$/),
          multiValued: expect.any(Boolean) as boolean,
          description: expect.any(String),
          required: expect.any(Boolean) as boolean,
          mutability: expect.stringMatching(/^(?:readOnly|readWrite|immutable|writeOnly)$/),
          returned: expect.stringMatching(/^(?:always|never|default|request)$/),
        }),
      );
      if (attribute.type === 'complex') attribute.subAttributes?.forEach(check);
      if (attribute.type === 'reference') expect(attribute).toHaveProperty('referenceTypes');
    };
    for (const schema of body.Resources) {
      expect((await call('GET', `/Schemas/${schema.id}`)).body).toEqual(schema);
      expect(schema.meta).toMatchObject({
        resourceType: 'Schema',
        location: `${server.url}/scim/v2/Schemas/${schema.id}`,
      });
      (schema['attributes'] as Shown[]).forEach(check);
    }
  });

  test.each(['/Schemas', '/ResourceTypes', '/ServiceProviderConfig'])(
    '%s refuses a filter with 403 and ignores paging, §4',
    async path => {
      const filtered = await call('GET', `${path}?filter=id%20pr`);
      if (path !== '/ServiceProviderConfig') expectError(filtered, 403);
      const plain = await call('GET', path);
      expect((await call('GET', `${path}?startIndex=2&count=1&attributes=id&sortBy=id`)).body).toEqual(plain.body);
    },
  );

  test.each([
    ['POST', '/Schemas', 405],
    ['DELETE', '/ResourceTypes/User', 405],
    ['PUT', '/ServiceProviderConfig', 405],
    ['GET', '/Schemas/urn:example:none', 404],
    ['GET', '/ResourceTypes/Robot', 404],
  ])('%s %s answers %i', async (method, path, status) => {
    expectError(await call(method, path), status);
  });
});

describe('errors and HTTP, RFC 7644 §3.12, §3.8 and §2', () => {
  test.each([
    ['DELETE', '/Users', 405],
    ['PUT', '/Groups', 405],
    ['POST', '/Users/x', 405],
    ['GET', '/Bulk', 405],
    ['GET', '/Users/.search', 405],
    ['GET', '/Robots', 404],
    ['GET', '/Users/x/y', 404],
    ['GET', '/users', 404],
    ['GET', '/Users/%zz', 400],
  ])('%s %s answers %i in SCIM form', async (method, path, status) => {
    const answer = await call(method, path);
    expectError(answer, status);
    if (status === 405) expect(answer.headers.allow).toMatch(/[A-Z]/);
  });

  test.each(['/scim/v2/', '/scim/v2//Users', '//Users/', '/apps/main/scim/v2//Users'])(
    'a base URL with a slash at its end finds what it would without: %s',
    async path => {
      const filter = encodeURIComponent('userName eq "a//b"');
      const answer = await call('GET', `${path}?filter=${filter}&count=1`);
      expect([answer.status, answer.body.totalResults]).toEqual([200, 0]);
    },
  );

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s /Me is 501, §3.11', async method => {
    expectError(await call(method, '/Me', method === 'GET' || method === 'DELETE' ? undefined : {}), 501);
  });

  test.each([
    ['no JSON', '{"schemas":', 'invalidSyntax'],
    ['nothing', '', 'invalidSyntax'],
    ['a list', '[]', 'invalidSyntax'],
    ['a text', '"x"', 'invalidSyntax'],
    ['a key twice', `{"schemas":["${USER}"],"userName":"a","userName":"b"}`, 'invalidSyntax'],
    ['__proto__', `{"schemas":["${USER}"],"userName":"a","__proto__":{"active":true}}`, 'invalidSyntax'],
    ['a lone surrogate', `{"schemas":["${USER}"],"userName":"\\ud800"}`, 'invalidSyntax'],
    ['something after the end', `{"schemas":["${USER}"],"userName":"a"} x`, 'invalidSyntax'],
    ['a comment', `{/* */"schemas":["${USER}"],"userName":"a"}`, 'invalidSyntax'],
  ])('a body of %s is 400 invalidSyntax', async (_what, raw, scimType) => {
    expectError(await server.call('POST', '/Users', { raw }), 400, scimType);
  });

  test('bytes that are not UTF-8 are refused, §3.8', async () => {
    const raw = Buffer.concat([
      Buffer.from(`{"schemas":["${USER}"],"userName":"`),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expectError(await server.call('POST', '/Users', { raw }), 400, 'invalidSyntax');
  });

  test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16'])(
    'content type %s is 415',
    async type =>
      expectError(await call('POST', '/Users', { schemas: [USER], userName: 'never' }, { 'content-type': type }), 415),
  );

  test.each([
    ['application/json', 'application/json'],
    ['application/scim+json', 'application/scim+json'],
    ['application/scim+json, application/json', 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['application/xml', 'application/scim+json'],
  ])('Accept: %s is answered with %s, §3.8', async (accept, type) => {
    const answer = await call('GET', '/Users?count=0', undefined, { accept });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
  });

  test('plain JSON with a character set is taken, §3.8', async () => {
    const answer = await call(
      'POST',
      '/Users',
      { schemas: [USER], userName: newName() },
      { 'content-type': 'application/json; charset="UTF-8"' },
    );
    expect(answer.status).toBe(201);
  });

  test.each([
    ['no credential', null, undefined],
    ['a token of nobody', 'nonsense', 'invalid_token'],
  ])('%s is 401 with a challenge, §2', async (_what, token, error) => {
    for (const path of ['/Users', '/Groups/x', '/Schemas', '/Robots', '/']) {
      const answer = await server.call('GET', path, { token });
      expectError(answer, 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
      if (error !== undefined) expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
    }
  });
});
