import { ScimError } from '../../../bridge/scim-language/errors';
import { readListQuery, readSearchRequest } from '../../../bridge/scim-language/messages/list-request';

const read = (query: string) => readListQuery(new URLSearchParams(query));

function refusal(run: () => unknown): Pick<ScimError, 'status' | 'scimType' | 'detail'> {
  try {
    run();
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('list queries', () => {
  test.each([
    ['', { sortOrder: 'ascending' }],
    ['startIndex=0&count=-5', { sortOrder: 'ascending', startIndex: 1, count: 0 }],
    ['startindex=3&COUNT=10', { sortOrder: 'ascending', startIndex: 3, count: 10 }],
    ['attributes=userName,%20name.familyName', { sortOrder: 'ascending', attributes: ['userName', 'name.familyName'] }],
    ['excludedAttributes=members', { sortOrder: 'ascending', excludedAttributes: ['members'] }],
    ['sortBy=userName&sortOrder=Descending', { sortOrder: 'descending', sortBy: 'userName' }],
    ['cursor', { sortOrder: 'ascending', cursor: '' }],
    ['cursor=&count=2', { sortOrder: 'ascending', cursor: '', count: 2 }],
    ['aadOptscim062020&filter=id+eq+%221%22', { sortOrder: 'ascending', filter: 'id eq "1"' }],
    ['attributes=', { sortOrder: 'ascending' }],
    ['filter=&sortBy=&startIndex=&count=', { sortOrder: 'ascending' }],
  ])('%j is read (RFC 7644 §3.4.2)', (query, expected) => {
    expect(read(query)).toEqual(expected);
  });

  test.each([
    ['count=ten', 400, 'invalidValue'],
    ['startIndex=1.5', 400, 'invalidValue'],
    ['startIndex=99999999999999999999', 400, 'invalidValue'],
    ['sortOrder=up', 400, 'invalidValue'],
    ['attributes=id&excludedAttributes=name', 400, 'invalidValue'],
    ['filter=id%20pr&filter=name%20pr', 400, 'invalidSyntax'],
    ['cursor=&startIndex=2', 400, 'invalidSyntax'],
    ['cursor=&count=ten', 400, 'invalidCount'],
  ])('%j is refused', (query, status, scimType) => {
    expect(refusal(() => read(query))).toMatchObject({ status, scimType });
  });
});

describe('search requests', () => {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];

  test('the example of RFC 7644 §3.4.3 is read', () => {
    expect(
      readSearchRequest({
        schemas,
        attributes: ['displayName', 'userName'],
        filter: 'displayName sw "smith"',
        startIndex: 1,
        count: 10,
      }),
    ).toEqual({
      attributes: ['displayName', 'userName'],
      filter: 'displayName sw "smith"',
      sortOrder: 'ascending',
      startIndex: 1,
      count: 10,
    });
  });

  test.each([
    [{}, 'invalidSyntax'],
    [{ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }, 'invalidSyntax'],
    [{ schemas, filter: 3 }, 'invalidValue'],
    [{ schemas, attributes: [1] }, 'invalidValue'],
    [{ schemas, count: '1e3' }, 'invalidValue'],
  ])('%j is refused', (body, scimType) => {
    expect(refusal(() => readSearchRequest(body))).toMatchObject({ status: 400, scimType });
  });
});
