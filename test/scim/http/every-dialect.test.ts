/** What no dialect changes: each of these is the RFC's, or was decided once for all identity providers. */
import { IDENTITY_PROVIDERS } from '../../../bridge/contract/mapping-state';
import { dialectOf } from '../../../bridge/scim-language/dialects/registry';
import { type ScimBody, type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const patchOf = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

describe.each(IDENTITY_PROVIDERS)('in dialect %s', identityProvider => {
  let server: ScimServer;
  let serial = 0;
  const coerces = (coercion: string) =>
    dialectOf(identityProvider).coercions.some(entry => entry.coercion === coercion);
  beforeAll(async () => {
    server = await startScimServer({ state: { identityProvider }, forgetful: true });
  });
  afterAll(() => server.close());

  const create = async (more: object = {}): Promise<ScimBody> => {
    const body = { schemas: [USER, ENTERPRISE], userName: `user-${(serial += 1)}`, ...more };
    return (await server.call('POST', '/Users', { body })).body;
  };
  const patch = (id: string, ...operations: object[]) =>
    server.call('PATCH', `/Users/${id}`, { body: patchOf(...operations) });

  test('an address that is stated twice stays primary where one of the two says so', async () => {
    const { id, userName } = await create();
    const address = { value: 'ada@example.com', type: 'work' };
    const emails = [
      { ...address, primary: true },
      { ...address, primary: false },
    ];
    const answer = await server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], userName, emails } });
    expect([answer.status, answer.body['emails']]).toEqual([200, [{ ...address, primary: true }]]);
  });

  test('a client may send back what it read, id and meta of a while ago included, and nothing else of them', async () => {
    const read = await create({ displayName: 'Ada' });
    expect((await patch(read.id, { op: 'replace', path: 'id', value: read.id })).status).toBe(200);
    expect((await patch(read.id, { op: 'replace', path: 'meta', value: read.meta })).status).toBe(200);
    for (const title of ['first', 'second']) {
      const answer = await patch(read.id, { op: 'replace', value: { ...read, title } });
      expect([answer.status, answer.body['title'], answer.body.id]).toEqual([200, title, read.id]);
    }
    const other = await patch(read.id, { op: 'replace', path: 'id', value: 'another' });
    expect([other.status, other.body.scimType]).toEqual([400, 'mutability']);
  });

  test('a userName of blanks is 400', async () => {
    const { id, userName } = await create();
    const answers = [
      await server.call('POST', '/Users', { body: { schemas: [USER], userName: ' \t ' } }),
      await server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], userName: '  ' } }),
      await patch(id, { op: 'replace', path: 'userName', value: ' ' }),
    ];
    expect(answers.map(({ status, body }) => [status, body.scimType])).toEqual(Array(3).fill([400, 'invalidValue']));
    expect((await server.call('GET', `/Users/${id}`)).body.userName).toBe(userName);
  });

  test('the q of Accept counts, and empty parameters are none', async () => {
    const typeFor = async (accept: string) =>
      (await server.call('GET', '/Users?count=0', { headers: { accept } })).headers['content-type'];
    expect(await typeFor('application/scim+json;q=0.1, application/json')).toBe('application/json');
    expect(await typeFor('application/json;q=0.5, application/scim+json;q=0.6')).toBe('application/scim+json');
    const empty = await server.call('GET', '/Users?filter=&sortBy=&attributes=&count=&startIndex=');
    expect(empty.status).toBe(200);
  });

  test('a path behind the question mark of the base URL is 400, and says so', async () => {
    for (const path of ['/scim/v2?aadOptscim062020/Users', '/apps/main/scim/v2?flag=/Groups']) {
      const answer = await server.call('GET', path);
      expect([path, answer.status, answer.body.detail]).toEqual([
        path,
        path.includes('aadOptscim') ? 400 : 200,
        path.includes('aadOptscim')
          ? (expect.stringContaining('behind the question mark of the base URL') as string)
          : undefined,
      ]);
    }
  });

  test('groups of one name are taken where each has an externalId of its own', async () => {
    const displayName = `team-${(serial += 1)}`;
    const post = async (more: object) =>
      (await server.call('POST', '/Groups', { body: { schemas: [GROUP], displayName, ...more } })).status;
    expect([await post({ externalId: '1' }), await post({ externalId: '2' }), await post({})]).toEqual([201, 201, 409]);
  });

  test('a circle of groups in a Bulk is refused, and none of it is made', async () => {
    const group = (bulkId: string, other: string) => ({
      method: 'POST',
      path: '/Groups',
      bulkId,
      data: {
        schemas: [GROUP],
        displayName: `circle-${bulkId}`,
        members: [{ type: 'Group', value: `bulkId:${other}` }],
      },
    });
    const body = { schemas: [BULK], Operations: [group('a', 'b'), group('b', 'a')] };
    const answer = await server.call('POST', '/Bulk', { body });
    expect(answer.body.Operations.map(({ status, location }) => [status, location])).toEqual([
      ['409', undefined],
      ['409', undefined],
    ]);
    expect((await server.call('GET', '/Groups?filter=displayName%20sw%20%22circle%22')).body.totalResults).toBe(0);
  });

  test.each<[string, unknown]>([
    ['""', ''],
    ['{}', {}],
    ['[null]', [null]],
    ['[""]', ['']],
    ['[{}]', [{}]],
    ['{"value": ""}', { value: '' }],
  ])('%s for a list is 400, however it is stated, and the list stays', async (what, value) => {
    // Macros of a OneLogin template give empty texts for what somebody has not: named, and proven by its conversation.
    if (what === '{"value": ""}' && coerces('emptyElements')) return;
    const lists = {
      emails: [{ value: 'ada@example.com', type: 'work' }],
      phoneNumbers: [{ value: '+47 1', type: 'work' }],
      addresses: [{ country: 'NO', type: 'work' }],
      roles: [{ value: 'analyst' }],
    };
    const made = await create(lists);
    for (const name of Object.keys(lists)) {
      const { userName } = made;
      const answers = [
        await patch(made.id, { op: 'replace', path: name, value }),
        await patch(made.id, { op: 'add', path: name, value }),
        await patch(made.id, { op: 'remove', path: name, value }),
        await patch(made.id, { op: 'replace', value: { [name]: value } }),
        await server.call('PUT', `/Users/${made.id}`, { body: { schemas: [USER], userName, ...lists, [name]: value } }),
      ];
      expect([name, answers.map(({ status }) => status)]).toEqual([name, [400, 400, 400, 400, 400]]);
    }
    expect((await server.call('GET', `/Users/${made.id}`)).body).toMatchObject(lists);
  });

  test.each<[string, unknown]>([
    ['""', ''],
    ['{}', {}],
    ['[null]', [null]],
    ['[""]', ['']],
    ['[{}]', [{}]],
  ])('%s for an object is 400, and the object stays', async (_, value) => {
    const objects = { name: { givenName: 'Ada', familyName: 'Lovelace' }, [ENTERPRISE]: { department: 'Engines' } };
    const made = await create(objects);
    for (const name of Object.keys(objects)) {
      // PingOne sends an empty extension for somebody who has none of it: named, and proven by its conversation.
      if (name === ENTERPRISE && JSON.stringify(value) === '{}' && coerces('emptyObjects')) continue;
      const { userName } = made;
      const body = { schemas: [USER, ENTERPRISE], userName, ...objects, [name]: value };
      const answers = [
        await patch(made.id, { op: 'replace', path: name, value }),
        await patch(made.id, { op: 'replace', value: { [name]: value } }),
        await server.call('PUT', `/Users/${made.id}`, { body }),
        await server.call('POST', '/Users', { body: { ...body, userName: `new-${userName}` } }),
      ];
      expect([name, answers.map(answer => answer.status)]).toEqual([name, [400, 400, 400, 400]]);
    }
    expect((await server.call('GET', `/Users/${made.id}`)).body).toMatchObject(objects);
  });

  test('a success is what RFC 7643 §2.5 calls unassigned: null and []', async () => {
    const made = await create({ emails: [{ value: 'ada@example.com' }], name: { givenName: 'Ada' } });
    expect((await patch(made.id, { op: 'replace', path: 'emails', value: [] })).body).not.toHaveProperty('emails');
    expect((await patch(made.id, { op: 'replace', path: 'name', value: null })).body).not.toHaveProperty('name');
  });
});
