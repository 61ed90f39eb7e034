/** However a request says that somebody leaves: the person is out, or the request is refused and stands in the status. Never a success that changes nothing. */
import { IDENTITY_PROVIDERS } from '../../../bridge/contract/mapping-state';
import { listRefusedLeavings } from '../../../bridge/store/directory';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** `active` and `members` as somebody may write them: rightly, nearly, and in the manner of other notations. */
const spellingsOf = (name: string, schema: string) => [
  name,
  name.toUpperCase(),
  `${schema}:${name}`,
  `${schema}.${name}`,
  `${schema.replace(':2.0:', ':2.0')}:${name}`,
  `urn:scim:schemas:core:2.0:${name}`,
  `${ENTERPRISE}:${name}`,
  `urn:custom:2.0:User:${name}`,
  `user.${name}`,
  `User:${name}`,
  `${name}.value`,
  `${name} `,
  `/${name}`,
  `$.${name}`,
];
const wrappersOf = (schema: string) => [schema, 'urn:scim:schemas:core:2.0', 'user', 'Group', ENTERPRISE];

const patchOf = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

/** In camel case, in a dialect that drops what it does not know: nothing of it may be dropped. */
const CAMEL = {
  active: ['isActive', 'IsActive', 'isACTIVE', 'isactive', 'ISACTIVE', 'userActive', 'userIsActive', 'userIDActive'],
  members: ['groupMembers', 'groupMember', 'GroupMembers', 'groupmembers', 'currentMembers'],
};

describe.each(IDENTITY_PROVIDERS)('in dialect %s', identityProvider => {
  let server: ScimServer;
  let serial = 0;
  beforeAll(async () => {
    server = await startScimServer({ state: { identityProvider }, forgetful: true });
  });
  afterAll(() => server.close());

  const isNoted = async (subject: string) =>
    (await listRefusedLeavings(server.database.db, 1_000)).some(entry => entry.subject === subject);

  /** What is wrong with what the request came to; undefined when nothing is. */
  async function fault(accepted: boolean, isOut: boolean, noted: () => Promise<boolean>): Promise<string | undefined> {
    if (accepted) return isOut ? undefined : 'a success, and still in';
    return (await noted()) ? undefined : 'refused, and not in the status';
  }

  async function deactivate(method: 'PATCH' | 'PUT', body: object): Promise<string | undefined> {
    const userName = `user-${(serial += 1)}`;
    const made = await server.call('POST', '/Users', { body: { schemas: [USER], userName, active: true } });
    const { id } = made.body;
    const stated = method === 'PUT' ? { schemas: [USER], userName, ...body } : body;
    const { status } = await server.call(method, `/Users/${id}`, { body: stated });
    const isOut = !(await server.call('GET', `/Users/${id}`)).body.active;
    return fault(status < 300, isOut, () => isNoted(`user:${id}`));
  }

  async function remove(body: (ada: string, bea: string) => object): Promise<string | undefined> {
    const named = async (userName: string) =>
      (await server.call('POST', '/Users', { body: { schemas: [USER], userName } })).body.id;
    const [ada, bea] = [await named(`ada-${(serial += 1)}`), await named(`bea-${serial}`)];
    const group = { schemas: [GROUP], displayName: `group-${serial}`, members: [{ value: ada }, { value: bea }] };
    const { id } = (await server.call('POST', '/Groups', { body: group })).body;
    const { status } = await server.call('PATCH', `/Groups/${id}`, { body: body(ada, bea) });
    const left = (await server.call('GET', `/Groups/${id}`)).body.members.map(({ value }) => value);
    const noted = async () => (await isNoted(`group:${id}`)) || (await isNoted(`member:${id}/${ada}`));
    return fault(status < 300, !left.includes(ada), noted);
  }

  test.each([...CAMEL.active, `${USER}:isActive`, 'user.isActive', '/isActive'])(
    'active false as %j, as path, as key and inside',
    async name => {
      expect(await deactivate('PATCH', patchOf({ op: 'replace', path: name, value: false }))).toBeUndefined();
      expect(await deactivate('PATCH', patchOf({ op: 'replace', value: { [name]: false } }))).toBeUndefined();
      expect(
        await deactivate('PATCH', patchOf({ op: 'replace', value: { profile: { [name]: false } } })),
      ).toBeUndefined();
      expect(await deactivate('PATCH', patchOf({ op: 'replace', value: { name: { [name]: false } } }))).toBeUndefined();
      const title = { op: 'replace', path: 'title', value: 'Dr' };
      expect(await deactivate('PATCH', patchOf({ ...title, [name]: false }))).toBeUndefined();
      expect(await deactivate('PUT', { [name]: false })).toBeUndefined();
    },
  );

  test.each([...CAMEL.members, `${GROUP}:groupMembers`])(
    'a member removed at %j, and members stated under it',
    async name => {
      const at = (ada: string) => patchOf({ op: 'remove', path: name, value: [{ value: ada }] });
      expect(await remove(at)).toBeUndefined();
      expect(await remove(ada => patchOf({ op: 'remove', path: `${name}[value eq "${ada}"]` }))).toBeUndefined();
      expect(
        await remove((_ada, bea) => patchOf({ op: 'replace', value: { [name]: [{ value: bea }] } })),
      ).toBeUndefined();
    },
  );

  test.each(spellingsOf('active', USER))('active false as the path %j', async path => {
    for (const [op, value] of [
      ['replace', false],
      ['Add', 'False'],
      ['replace', '0'],
      ['replace', [false]],
      ['replace', { active: false }],
    ])
      expect([op, value, await deactivate('PATCH', patchOf({ op, path, value }))]).toEqual([op, value, undefined]);
  });

  test.each(spellingsOf('active', USER))(
    'active false as the key %j, in PATCH without a path and in PUT',
    async key => {
      for (const value of [false, 'False']) {
        const operation = { op: 'replace', value: { [key]: value } };
        expect([value, await deactivate('PATCH', patchOf(operation))]).toEqual([value, undefined]);
      }
      expect(await deactivate('PUT', { [key]: false })).toBeUndefined();
    },
  );

  test.each(wrappersOf(USER))('active false within %j', async key => {
    const value = { active: false };
    expect(await deactivate('PATCH', patchOf({ op: 'replace', value: { [key]: value } }))).toBeUndefined();
    expect(await deactivate('PATCH', patchOf({ op: 'replace', path: key, value }))).toBeUndefined();
    expect(await deactivate('PUT', { [key]: value })).toBeUndefined();
  });

  test('active false beside the operations, or beside op and path', async () => {
    const title = { op: 'replace', path: 'title', value: 'x' };
    expect(await deactivate('PATCH', { ...patchOf(title), active: false })).toBeUndefined();
    expect(await deactivate('PATCH', patchOf({ ...title, active: false }))).toBeUndefined();
    expect(await deactivate('PATCH', { schemas: [USER], active: false })).toBeUndefined();
  });

  test.each(spellingsOf('members', GROUP))('a member removed at the path %j', async path => {
    for (const valueOf of [
      () => undefined,
      (ada: string) => ada,
      (ada: string) => [{ value: ada }],
      (ada: string) => [{ value: ada.toUpperCase() }],
      (ada: string) => [{ id: ada }],
    ]) {
      const found = await remove(ada => patchOf({ op: 'remove', path, value: valueOf(ada) }));
      expect([valueOf('ADA'), found]).toEqual([valueOf('ADA'), undefined]);
    }
    expect(await remove(ada => patchOf({ op: 'remove', path: `${path}[value eq "${ada}"]` }))).toBeUndefined();
    expect(await remove((_, bea) => patchOf({ op: 'replace', path, value: [{ value: bea }] }))).toBeUndefined();
  });

  test.each([
    ...spellingsOf('members', GROUP).map(key => [key, (value: unknown) => ({ [key]: value })] as const),
    ...wrappersOf(GROUP).map(key => [key, (members: unknown) => ({ [key]: { members } })] as const),
  ])('members stated anew under %j, without a path', async (_key, stated) => {
    for (const op of ['replace', 'remove']) {
      const found = await remove((_, bea) => patchOf({ op, value: stated([{ value: bea }]) }));
      expect([op, found]).toEqual([op, undefined]);
    }
  });
});
