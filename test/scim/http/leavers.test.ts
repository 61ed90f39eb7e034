/** Nothing that says no value lets a leaver in again, and nothing that is no value empties a group or passes for a removal. */
import { IDENTITY_PROVIDERS } from '../../../bridge/contract/mapping-state';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const patchOf = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

describe.each(IDENTITY_PROVIDERS)('in dialect %s', identityProvider => {
  let server: ScimServer;
  let id: string;
  let groupId: string;
  beforeEach(async () => {
    server = await startScimServer({ state: { identityProvider } });
    const emails = [{ value: 'ada@example.com', type: 'work', primary: true }];
    const made = await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'ada', emails } });
    id = made.body.id;
    const group = { schemas: [GROUP], displayName: 'devs', members: [{ value: id }] };
    groupId = (await server.call('POST', '/Groups', { body: group })).body.id;
  });
  afterEach(() => server.close());

  const read = async () => (await server.call('GET', `/Users/${id}`)).body;
  const members = async () => (await server.call('GET', `/Groups/${groupId}`)).body.members.map(({ value }) => value);
  const storedActive = async () =>
    (await server.database.db.selectFrom('users').select('active').where('id', '=', id).executeTakeFirstOrThrow())
      .active;

  test.each<[string, 'PUT' | 'PATCH', object, number]>([
    ['replace with null', 'PATCH', patchOf({ op: 'replace', path: 'active', value: null }), 200],
    ['replace with an empty list', 'PATCH', patchOf({ op: 'replace', path: 'active', value: [] }), 200],
    ['replace with ""', 'PATCH', patchOf({ op: 'replace', path: 'active', value: '' }), 400],
    ['replace with {}', 'PATCH', patchOf({ op: 'replace', path: 'active', value: {} }), 400],
    ['replace with [null]', 'PATCH', patchOf({ op: 'replace', path: 'active', value: [null] }), 400],
    ['replace with [""]', 'PATCH', patchOf({ op: 'replace', path: 'active', value: [''] }), 400],
    ['replace by its full name with null', 'PATCH', patchOf({ op: 'add', path: `${USER}:active`, value: null }), 200],
    ['null without a path', 'PATCH', patchOf({ op: 'replace', value: { active: null } }), 200],
    ['"" without a path', 'PATCH', patchOf({ op: 'replace', value: { active: '' } }), 400],
    ['add of null without a path', 'PATCH', patchOf({ op: 'add', value: { active: null } }), 200],
    ['remove', 'PATCH', patchOf({ op: 'remove', path: 'active' }), 400],
    ['remove with a value', 'PATCH', patchOf({ op: 'remove', path: 'active', value: false }), 400],
    ['a PUT without it', 'PUT', { schemas: [USER], userName: 'ada' }, 200],
    ['a PUT of null', 'PUT', { schemas: [USER], userName: 'ada', active: null }, 200],
    ['a PUT of an empty list', 'PUT', { schemas: [USER], userName: 'ada', active: [] }, 200],
    ['a PUT of ""', 'PUT', { schemas: [USER], userName: 'ada', active: '' }, 400],
    ['a PUT of {}', 'PUT', { schemas: [USER], userName: 'ada', active: {} }, 400],
  ])('somebody inactive stays so after %s', async (_, method, body, status) => {
    await server.call('PATCH', `/Users/${id}`, { body: patchOf({ op: 'replace', path: 'active', value: false }) });
    const answer = await server.call(method, `/Users/${id}`, { body });
    expect(answer.status).toBe(status);
    expect([(await read()).active, await storedActive()]).toEqual([false, 0]);
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['null', { active: null }],
    ['an empty list', { active: [] }],
  ])('somebody made with %s for active is active, is shown so and is found so', async (_, active) => {
    const made = await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'bea', ...active } });
    expect([made.status, made.body.active]).toEqual([201, true]);
    const found = await server.call('GET', '/Users?filter=active%20eq%20true%20and%20userName%20eq%20%22bea%22');
    expect(found.body.totalResults).toBe(1);
  });

  test.each<[string, unknown]>([
    ['""', ''],
    ['{}', {}],
    ['[null]', [null]],
    ['[""]', ['']],
    ['[{}]', [{}]],
    ['a list with one that says nothing', [{ value: null }]],
  ])('%s is nobody in particular: no member is replaced, removed or emptied by it', async (_, value) => {
    const bodies: ['PATCH' | 'PUT', object][] = [
      ['PATCH', patchOf({ op: 'remove', path: 'members', value })],
      ['PATCH', patchOf({ op: 'replace', path: 'members', value })],
      ['PATCH', patchOf({ op: 'add', path: 'members', value })],
      ['PATCH', patchOf({ op: 'replace', value: { members: value } })],
      ['PUT', { schemas: [GROUP], displayName: 'devs', members: value }],
    ];
    for (const [method, body] of bodies) {
      const answer = await server.call(method, `/Groups/${groupId}`, { body });
      expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
      expect(await members()).toEqual([id]);
    }
  });

  test('an empty list names nobody to remove; null and no value at all are everybody', async () => {
    const remove = (value: object) =>
      server.call('PATCH', `/Groups/${groupId}`, { body: patchOf({ op: 'remove', path: 'members', ...value }) });
    expect((await remove({ value: [] })).status).toBeLessThan(300);
    expect(await members()).toEqual([id]);
    expect((await remove({ value: null })).status).toBeLessThan(300);
    expect(await members()).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['{}', {}],
    ['[null]', [null]],
    ['[{}]', [{}]],
  ])('%s for e-mails is refused and takes none away', async (_, value) => {
    const bodies: ['PATCH' | 'PUT', object][] = [
      ['PATCH', patchOf({ op: 'replace', path: 'emails', value })],
      ['PATCH', patchOf({ op: 'remove', path: 'emails', value })],
      ['PATCH', patchOf({ op: 'replace', value: { emails: value } })],
      ['PUT', { schemas: [USER], userName: 'ada', emails: value }],
    ];
    for (const [method, body] of bodies) {
      const answer = await server.call(method, `/Users/${id}`, { body });
      expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
    }
    expect((await read())['emails']).toHaveLength(1);
  });
});
