/**
 * Hostile requests as arbitraries: SCIM messages that are almost right, and bytes that never were. Placeholders `#U7` and `#G2`
 * stand for ids of resources that are there, so that writes reach the directory.
 */
import fc from 'fast-check';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export const USERS = 40;
export const GROUPS = 8;

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const MESSAGE = 'urn:ietf:params:scim:api:messages:2.0:';

const userId = fc.nat(USERS - 1).map(index => `#U${index}`);
const groupId = fc.nat(GROUPS - 1).map(index => `#G${index}`);
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '"',
    '\\',
    "'; drop table users; --",
    '${x}',
    'ς',
    'İ',
    'ﬀ',
    '\u202e',
  ),
  fc.nat(17).map(power => 'x'.repeat(2 ** power)),
);
// Names come from a small pool, so that a long run does not fill the database.
const userName = fc.nat(60).map(index => `fuzz-${index}`);
const groupName = fc.nat(12).map(index => `fuzz group ${index}`);
const oneIn = <T, U>(share: number, rare: fc.Arbitrary<T>, common: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 1, arbitrary: rare }, { weight: share - 1, arbitrary: common });

const someText = oneIn(15, oddText, fc.string({ minLength: 1, maxLength: 12 }));
const json: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const attribute = fc.constantFrom(
  'userName',
  'USERNAME',
  'id',
  'externalId',
  'active',
  'name',
  'name.familyName',
  'displayName',
  'emails',
  'emails.value',
  'emails.primary',
  'members',
  'members.value',
  'members.type',
  'meta.created',
  'meta.lastModified',
  'meta.version',
  'schemas',
  'groups',
  'groups.value',
  'password',
  'x509Certificates',
  'x509Certificates.value',
  'addresses.country',
  'nickName',
  `${CORE}:userName`,
  `${ENTERPRISE}:department`,
  `${ENTERPRISE}:manager.value`,
  ENTERPRISE,
  `${GROUP}:displayName`,
  'nothing',
  'name.nothing',
  'a.b.c',
  '__proto__',
  'constructor',
  '$ref',
  'members.$ref',
  '',
  '.',
);
const literal = fc.oneof(
  oneIn(4, oddText, fc.oneof(userName, groupName, userId, groupId)).map(text => JSON.stringify(text)),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '1',
    '-1.5e3',
    '1e999',
    '"2024-01-01T00:00:00Z"',
    '"0001-01-01T00:00:00.0000000Z"',
    '"aGVsbG8="',
    '"\\ud83d\\ude00"',
    '"',
    "'x'",
    'O',
    '2011-05-13T04:42:34-07:00',
  ),
);
const operator = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ', 'pr', 'xx');
const { filter } = fc.letrec<{ filter: string; inner: string }>(tie => ({
  inner: fc
    .tuple(fc.constantFrom('value', 'type', 'primary', 'display', 'country'), operator, literal)
    .map(parts => parts.join(' ')),
  filter: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'filter' },
    fc
      .tuple(attribute, operator, literal)
      .map(([name, op, value]) => (op === 'pr' ? `${name} pr` : `${name} ${op} ${value}`)),
    fc.tuple(attribute, tie('inner')).map(([name, inner]) => `${name}[${inner}]`),
    fc
      .tuple(attribute, tie('inner'), operator, literal)
      .map(([name, inner, op, value]) => `${name}[${inner}].value ${op} ${value}`),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or', 'AND'), tie('filter')).map(parts => parts.join(' ')),
    tie('filter').map(inner => `not (${inner})`),
    tie('filter').map(inner => `(${inner})`),
  ),
}));
const hostileFilter = fc.oneof(
  fc.nat(5_000).map(depth => `${'('.repeat(depth)}userName pr${')'.repeat(depth)}`),
  fc.nat(2_000).map(depth => 'not ('.repeat(depth)),
  fc.nat(3_000).map(terms => Array.from({ length: terms + 1 }, () => 'userName eq "a"').join(' or ')),
  fc.nat(3_000).map(depth => `${'emails['.repeat(depth)}value pr`),
  oddText,
  fc
    .tuple(filter, fc.nat(), oddText)
    .map(([text, at, odd]) => text.slice(0, at % (text.length + 1)) + odd + text.slice(at % (text.length + 1))),
);
const anyFilter = oneIn(4, hostileFilter, filter);
const target = fc.oneof(
  attribute,
  fc
    .tuple(attribute, filter, fc.constantFrom('', '.value', '.type', '.nothing'))
    .map(([name, inner, sub]) => `${name}[${inner}]${sub}`),
  fc
    .tuple(
      fc.constantFrom('emails', 'addresses', 'members'),
      fc.constantFrom('type eq "work"', 'value eq "#U1"', 'primary eq true', 'primary eq "True"'),
      fc.constantFrom('', '.value', '.locality'),
    )
    .map(([name, inner, sub]) => `${name}[${inner}]${sub}`),
  hostileFilter,
);

const memberList = fc.array(oneIn(40, json, fc.record({ value: oneIn(40, oddText, fc.oneof(userId, groupId)) })), {
  maxLength: 12,
});
const email = fc.record(
  {
    value: oneIn(30, oddText, fc.constant('a@example.com')),
    type: fc.constantFrom('work', 'home', 'WORK'),
    primary: fc.boolean(),
  },
  { requiredKeys: ['value'] },
);
const user = fc.record(
  {
    schemas: oneIn(40, json, fc.constantFrom([CORE], [CORE, ENTERPRISE])),
    userName: oneIn(30, oddText, userName),
    active: oneIn(40, json, fc.boolean()),
    name: oneIn(40, json, fc.record({ familyName: someText, givenName: someText }, { requiredKeys: [] })),
    displayName: oneIn(40, json, fc.string({ maxLength: 12 })),
    emails: oneIn(40, json, fc.array(email, { maxLength: 4 })),
    password: someText,
    id: userId,
    groups: oneIn(20, json, fc.constant([])),
    meta: oneIn(20, json, fc.constant({ resourceType: 'User' })),
    x509Certificates: fc.array(fc.record({ value: oneIn(6, oddText, fc.constant('aGVsbG8=')) }), { maxLength: 2 }),
    [ENTERPRISE]: oneIn(
      5,
      json,
      fc.record({ department: someText, manager: oneIn(3, json, fc.record({ value: userId })) }, { requiredKeys: [] }),
    ),
  },
  { requiredKeys: ['schemas', 'userName'] },
);
const group = fc.record(
  {
    schemas: oneIn(20, json, fc.constant([GROUP])),
    displayName: oneIn(30, oddText, groupName),
    members: oneIn(40, json, memberList),
    externalId: someText,
  },
  { requiredKeys: ['schemas', 'displayName'] },
);
const wildOperation = fc.record(
  {
    op: oneIn(40, json, fc.constantFrom('add', 'remove', 'replace', 'Add', 'Remove', 'Replace')),
    path: target,
    value: fc.oneof(
      json,
      memberList,
      oddText,
      user,
      fc.boolean(),
      fc.constantFrom('True', 'False'),
      fc.array(email, { maxLength: 3 }),
    ),
  },
  { requiredKeys: ['op'] },
);
const sensibleOperation = fc.oneof(
  fc.record({
    op: fc.constantFrom('add', 'replace'),
    path: fc.constantFrom('displayName', 'externalId', 'emails[type eq "work"].value'),
    value: someText,
  }),
  fc.record({ op: fc.constant('replace'), path: fc.constantFrom('active', 'ACTIVE'), value: fc.boolean() }),
  fc.record({
    op: fc.constantFrom('add', 'replace'),
    path: fc.constant('emails'),
    value: fc.array(email, { maxLength: 2 }),
  }),
  fc.record({ op: fc.constant('replace'), value: fc.record({ displayName: fc.oneof(groupName, someText) }) }),
  fc.record({
    op: fc.constantFrom('add', 'remove', 'replace'),
    path: fc.constant('members'),
    value: fc.array(fc.record({ value: fc.oneof(userId, groupId) }), { maxLength: 10 }),
  }),
  fc.record({ op: fc.constant('remove'), path: userId.map(id => `members[value eq "${id}"]`) }),
);
const operation = oneIn(4, wildOperation, sensibleOperation);
const patch = fc.record({
  schemas: oneIn(20, json, fc.constant([`${MESSAGE}PatchOp`])),
  Operations: oneIn(40, json, fc.array(operation, { minLength: 1, maxLength: 4 })),
});
const search = fc.record(
  {
    schemas: fc.constant([`${MESSAGE}SearchRequest`]),
    filter: anyFilter,
    sortBy: attribute,
    sortOrder: fc.constantFrom('ascending', 'descending'),
    startIndex: fc.oneof(fc.integer(), json),
    count: fc.oneof(fc.integer(), json),
    attributes: fc.oneof(fc.array(attribute, { maxLength: 4 }), json),
    excludedAttributes: fc.array(attribute, { maxLength: 3 }),
    cursor: oneIn(3, fc.constant(''), oddText),
  },
  { requiredKeys: ['schemas'] },
);
const bulk = fc.record({
  schemas: fc.constant([`${MESSAGE}BulkRequest`]),
  failOnErrors: oneIn(40, json, fc.nat(3)),
  Operations: fc.array(
    fc.record(
      {
        method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'GET'),
        path: fc.oneof(
          fc.constantFrom('/Users', '/Groups', '/Users/bulkId:a', '/Groups/bulkId:b', '/Users/nobody', '/Me', ''),
          oddText,
        ),
        bulkId: fc.constantFrom('a', 'b', 'c', ''),
        version: fc.constantFrom('W/"1"', '*', 'x'),
        data: fc.oneof(
          user,
          group,
          patch,
          json,
          fc.constant({
            schemas: [GROUP],
            displayName: 'fuzz group 1',
            members: [{ value: 'bulkId:a' }, { value: 'bulkId:b' }],
          }),
        ),
      },
      { requiredKeys: ['method'] },
    ),
    { maxLength: 8 },
  ),
});

const rawBody = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.nat(20_000).map(depth => '['.repeat(depth)),
  fc.nat(20_000).map(depth => '{"a":'.repeat(depth)),
  fc.constantFrom(
    '',
    'null',
    '0',
    '""',
    '{"a":1,"a":2}',
    '{"__proto__":{"admin":true}}',
    '{"schemas":["\\ud800"]}',
    '1e999',
    '{"schemas":[],}',
    '\ufeff{}',
  ),
  json.map(value => JSON.stringify(value)),
);
const body = oneIn(
  5,
  rawBody,
  fc.oneof(user, group, patch, search, bulk).map(value => JSON.stringify(value)),
);

const query = fc
  .record(
    {
      filter: anyFilter,
      sortBy: attribute,
      sortOrder: fc.constantFrom('ascending', 'descending', 'up'),
      startIndex: fc.oneof(fc.integer().map(String), oddText),
      count: fc.oneof(fc.integer().map(String), oddText),
      attributes: fc.oneof(attribute, oddText),
      excludedAttributes: fc.oneof(attribute, fc.constant('members')),
      cursor: fc.constantFrom('', 'abc', 'AAAA'.repeat(30)),
      aadOptscim062020: fc.constant(''),
    },
    { requiredKeys: [] },
  )
  .map(parts =>
    Object.entries(parts)
      .map(([key, value]) => `${key}=${percentEncoded(String(value))}`)
      .join('&'),
  );

const path = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('/Users', '/Groups') },
  { weight: 4, arbitrary: userId.map(id => `/Users/${id}`) },
  { weight: 4, arbitrary: groupId.map(id => `/Groups/${id}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '/.search',
      '/Users/.search',
      '/Groups/.search',
      '/Bulk',
      '/Me',
      '/Schemas',
      `/Schemas/${CORE}`,
      '/ResourceTypes',
      '/ResourceTypes/User',
      '/ServiceProviderConfig',
      '/',
      '',
    ),
  },
  { weight: 1, arbitrary: oddText.map(text => `/Users/${percentEncoded(text).slice(0, 8_000)}`) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 60 }).map(text => `/${text.replace(/[^\x21-\x7e]/g, '%')}`),
  },
);

const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/scim+json',
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'application/json; charset=utf-16',
      ';',
      'application/scim+json;charset',
    ),
    accept: fc.constantFrom('application/json', '*/*', 'text/html', ',;,'),
    'if-match': fc.constantFrom('W/"1"', '"2"', '*', 'x', `${'"1",'.repeat(500)}"3"`),
    'if-none-match': fc.constantFrom('W/"1"', '*', 'y'),
    'x-request-id': fc.string({ unit: 'binary-ascii', maxLength: 300 }).map(text => text.replace(/[^\x20-\x7e]/g, '.')),
    authorization: fc.constantFrom('Bearer x', 'Basic eDp5', 'Bearer', ''),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
  },
  { requiredKeys: ['content-type'] },
);

const methodOf = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE');
const text = (value: fc.Arbitrary<unknown>) =>
  oneIn(
    8,
    rawBody,
    value.map(part => JSON.stringify(part)),
  );
const nothing = fc.constant('');
const at = (method: string, where: fc.Arbitrary<string>, what: fc.Arbitrary<string>) =>
  fc.record({ method: fc.constant(method), path: where, body: what });

/** A method where it belongs with a body that is meant for it, seldom anything anywhere. */
const aimed = fc.oneof(
  { weight: 3, arbitrary: at('POST', fc.constant('/Users'), text(user)) },
  { weight: 2, arbitrary: at('POST', fc.constant('/Groups'), text(group)) },
  {
    weight: 3,
    arbitrary: at(
      'PUT',
      userId.map(id => `/Users/${id}`),
      text(user),
    ),
  },
  {
    weight: 3,
    arbitrary: at(
      'PUT',
      groupId.map(id => `/Groups/${id}`),
      text(group),
    ),
  },
  {
    weight: 6,
    arbitrary: at(
      'PATCH',
      userId.map(id => `/Users/${id}`),
      text(patch),
    ),
  },
  {
    weight: 6,
    arbitrary: at(
      'PATCH',
      groupId.map(id => `/Groups/${id}`),
      text(patch),
    ),
  },
  { weight: 6, arbitrary: at('GET', path, nothing) },
  { weight: 3, arbitrary: at('POST', fc.constantFrom('/.search', '/Users/.search', '/Groups/.search'), text(search)) },
  { weight: 3, arbitrary: at('POST', fc.constant('/Bulk'), text(bulk)) },
  { weight: 1, arbitrary: at('DELETE', fc.constantFrom('/Users/nobody', '/Groups/nobody'), nothing) },
  { weight: 2, arbitrary: fc.record({ method: methodOf, path, body }) },
);

/**
 * Any request. Few lack the token or have a wrong header, so that most reach the engine; what is there is never deleted, or a
 * long run would speak to an empty directory in the end.
 */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .record({
    aimed,
    query: oneIn(3, query, fc.constant('')),
    headers: oneIn(8, headers, fc.constant({ 'content-type': 'application/scim+json' })),
  })
  .map(({ aimed: { method, path: where, body: what }, query: asked, headers: stated }) => ({
    method,
    path: `${method === 'DELETE' ? where.replace('#', 'nobody') : where}${asked === '' ? '' : `?${asked}`}`,
    headers: stated,
    body: method === 'GET' || method === 'HEAD' || method === 'TRACE' ? undefined : what,
  }));

function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
