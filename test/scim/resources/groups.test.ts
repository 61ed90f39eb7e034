import { createDirectory } from '../../../bridge/store/directory';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

let server: ScimServer;
let people: string[] = [];
beforeAll(async () => {
  server = await startScimServer();
  for (let index = 0; index < 5; index += 1) {
    const { body } = await server.call('POST', '/Users', { body: { schemas: [USER], userName: `member${index}` } });
    people = [...people, body.id];
  }
});
afterAll(() => server.close());

const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
const person = (index: number) => people[index] ?? '';
const valuesOf = (members: readonly { value: string }[]) => members.map(({ value }) => value).sort();
let count = 0;
async function createGroup(members: string[] = [], further: object = {}) {
  count += 1;
  const { status, body } = await server.call('POST', '/Groups', {
    body: { schemas: [GROUP], displayName: `group ${count}`, members: members.map(value => ({ value })), ...further },
  });
  expect(status).toBe(201);
  return body;
}
const membersOf = async (id: string) => valuesOf((await server.call('GET', `/Groups/${id}`)).body.members);

describe('groups', () => {
  test('members are answered with value, $ref, type and, where stated, display', async () => {
    const answer = await server.call('POST', '/Groups', {
      body: {
        schemas: [GROUP],
        displayName: 'shown',
        members: [{ value: person(0), display: 'Nought' }, { value: person(1) }],
      },
    });
    expect(answer.status).toBe(201);
    const member = (id: string) => ({ value: id, $ref: `${server.url}/scim/v2/Users/${id}`, type: 'User' });
    expect(answer.body.members).toEqual([{ ...member(person(0)), display: 'Nought' }, member(person(1))]);
    expect((await server.call('GET', `/Groups/${answer.body.id}`)).body).toEqual(answer.body);
  });

  test('a group without members has an empty list', async () => {
    const group = await createGroup();
    expect(group.members).toEqual([]);
    const list = await server.call('GET', `/Groups?filter=${encodeURIComponent(`id eq "${group.id}"`)}`);
    expect(list.body.Resources[0]?.members).toEqual([]);
  });

  test('a group shows up read-only in the groups of its people, through other groups too', async () => {
    const inner = await createGroup([person(4)]);
    const outer = await createGroup([inner.id]);
    const { body } = await server.call('GET', `/Users/${person(4)}`);
    const groups = new Map(body.groups.map(group => [group.value, group]));
    expect(groups.get(inner.id)).toEqual({
      value: inner.id,
      $ref: `${server.url}/scim/v2/Groups/${inner.id}`,
      display: inner.displayName,
      type: 'direct',
    });
    expect(groups.get(outer.id)).toMatchObject({ type: 'indirect' });
    const without = await server.call('GET', `/Users/${person(4)}?excludedAttributes=groups`);
    expect(without.body.groups).toBeUndefined();
  });

  test.each([
    ['nobody', { value: 'nobody' }],
    ['an id that was never given', { value: '00000000-0000-7000-8000-000000000000' }],
  ])('%s as a member is 400 before anything is written', async (_what, member) => {
    const group = await createGroup([person(0)]);
    const answer = await server.call('PATCH', `/Groups/${group.id}`, {
      body: patchOf({ op: 'replace', path: 'members', value: [{ value: person(1) }, member] }),
    });
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
    expect((await server.call('GET', `/Groups/${group.id}`)).body).toEqual(group);
  });

  test('PATCH answers 204 with the new ETag, and 200 with the resource when attributes are asked for', async () => {
    const group = await createGroup();
    const body = (index: number) => patchOf({ op: 'add', path: 'members', value: [{ value: person(index) }] });
    const plain = await server.call('PATCH', `/Groups/${group.id}`, { body: body(0) });
    expect([plain.status, plain.text, plain.headers.etag]).toEqual([204, '', 'W/"2"']);
    const asked = await server.call('PATCH', `/Groups/${group.id}?attributes=displayName`, { body: body(1) });
    expect(asked.status).toBe(200);
    expect(asked.body).toEqual({ schemas: [GROUP], id: group.id, displayName: group.displayName });
    expect(await membersOf(group.id)).toEqual(valuesOf([{ value: person(0) }, { value: person(1) }]));
  });

  test.each([
    ['add of one who is there', { op: 'add', path: 'members', value: [{ value: 'PERSON' }] }],
    ['remove of one who is not', { op: 'remove', path: 'members[value eq "00000000-0000-7000-8000-000000000000"]' }],
    ['remove of an empty list', { op: 'remove', path: 'members', value: [] }],
    ['replace of the name by itself', { op: 'replace', value: { displayName: 'NAME' } }],
  ])('%s changes nothing: same version, same lastModified (RFC 7644 §3.5.2)', async (_what, operation) => {
    const group = await createGroup([person(0)]);
    const stated = JSON.parse(
      JSON.stringify(operation).replace('PERSON', person(0)).replace('NAME', group.displayName),
    ) as object;
    expect((await server.call('PATCH', `/Groups/${group.id}`, { body: patchOf(stated) })).status).toBe(204);
    expect((await server.call('GET', `/Groups/${group.id}`)).body).toEqual(group);
  });

  test.each([
    ['a filter', { op: 'remove', path: 'members[value eq "emp-77"]' }],
    ['a list', { op: 'remove', path: 'members', value: [{ value: 'PERSON' }, { value: 'emp-77' }] }],
    ['a URL', { op: 'remove', path: 'members', value: [{ value: 'https://scim.example.com/Users/PERSON' }] }],
  ])(
    'remove of what is no id, in %s, is 400 and removes nobody: a success would leave somebody in',
    async (_what, op) => {
      const group = await createGroup([person(0)]);
      const stated = JSON.parse(JSON.stringify(op).replace('PERSON', person(0))) as object;
      const answer = await server.call('PATCH', `/Groups/${group.id}`, { body: patchOf(stated) });
      expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
      expect((await server.call('GET', `/Groups/${group.id}`)).body).toEqual(group);
    },
  );

  test('a change of members is a new version of the group', async () => {
    const group = await createGroup([person(0)]);
    await server.call('PATCH', `/Groups/${group.id}`, {
      body: patchOf({ op: 'remove', path: `members[value eq "${person(0)}"]` }),
    });
    const after = await server.call('GET', `/Groups/${group.id}`, { headers: { 'if-none-match': group.meta.version } });
    expect([after.status, after.body.meta.version, after.body.members]).toEqual([200, 'W/"2"', []]);
  });

  test('remove with values takes only those', async () => {
    const group = await createGroup(people);
    await server.call('PATCH', `/Groups/${group.id}`, {
      body: patchOf({ op: 'remove', path: 'members', value: [{ value: person(0) }, { value: person(1) }] }),
    });
    expect(await membersOf(group.id)).toEqual([...people.slice(2)].sort());
  });

  test('PUT replaces the members, and empties the group when it has none', async () => {
    const group = await createGroup([person(0), person(1)]);
    const body = { schemas: [GROUP], displayName: group.displayName };
    const replaced = await server.call('PUT', `/Groups/${group.id}`, {
      body: { ...body, members: [{ value: person(2) }] },
    });
    expect([replaced.status, valuesOf(replaced.body.members)]).toEqual([200, [person(2)]]);
    const emptied = await server.call('PUT', `/Groups/${group.id}`, { body });
    expect([emptied.status, emptied.body.members]).toEqual([200, []]);
  });

  test('members of members can be projected', async () => {
    const group = await createGroup([person(0)]);
    const { body } = await server.call('GET', `/Groups/${group.id}?attributes=members.value`);
    expect(body).toEqual({ schemas: [GROUP], id: group.id, members: [{ value: person(0) }] });
  });

  test.each(['attributes=members.display', 'excludedAttributes=members.value,members.$ref,members.type'])(
    'members of whom nothing is shown are left out, and the list is where all are: %s',
    async query => {
      const [named, nameless, empty] = [
        await createGroup([person(0), person(1)]),
        await createGroup([person(0)]),
        await createGroup([]),
      ];
      const display = patchOf({
        op: 'replace',
        path: 'members',
        value: [{ value: person(0) }, { value: person(2), display: 'Grace' }],
      });
      await server.call('PATCH', `/Groups/${named.id}`, { body: display });
      const read = async ({ id }: { id: string }) => (await server.call('GET', `/Groups/${id}?${query}`)).body.members;
      expect(await read(named)).toEqual([{ display: 'Grace' }]);
      expect(await read(nameless)).toBeUndefined();
      expect(await read(empty)).toEqual([]);
      const ids = [named, nameless, empty].map(({ id }) => `id eq "${id}"`).join(' or ');
      const { body } = await server.call('GET', `/Groups?filter=${encodeURIComponent(ids)}&${query}`);
      expect(body.Resources.map(({ id, members }) => [id, members])).toEqual([
        [named.id, [{ display: 'Grace' }]],
        [nameless.id, undefined],
        [empty.id, []],
      ]);
    },
  );

  test('excludedAttributes=members reads no members', async () => {
    const group = await createGroup([person(0)]);
    const reads: string[] = [];
    const directory = createDirectory(server.database);
    const spied = await startScimServer({
      database: server.database,
      token: server.token,
      deps: {
        directory: {
          ...directory,
          membersOf: (app, ids) => {
            reads.push(...ids);
            return directory.membersOf(app, ids);
          },
        },
      },
    });
    const filter = encodeURIComponent(`displayName eq "${group.displayName}"`);
    for (const path of [
      `/Groups/${group.id}?excludedAttributes=members`,
      `/Groups?filter=${filter}&excludedAttributes=members`,
    ]) {
      const { text } = await spied.call('GET', path);
      expect(text).toContain(group.id);
      expect(text).not.toContain('members');
    }
    expect(reads).toEqual([]);
    await spied.call('GET', `/Groups/${group.id}`);
    expect(reads).toEqual([group.id]);
    await spied.close();
  });

  test('twenty parallel PATCHes with one member each lose nothing', async () => {
    const group = await createGroup();
    const crowd = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { body } = await server.call('POST', '/Users', { body: { schemas: [USER], userName: `crowd${index}` } });
        return body.id;
      }),
    );
    const answers = await Promise.all(
      crowd.map(value =>
        server.call('PATCH', `/Groups/${group.id}`, {
          body: patchOf({ op: 'add', path: 'members', value: [{ value }] }),
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(crowd.map(() => 204));
    expect(await membersOf(group.id)).toEqual([...crowd].sort());
  });

  test('the policy nestedGroups "refuse" refuses groups as members', async () => {
    const token = await server.addApp('flat', { policies: { nestedGroups: 'refuse' } });
    const call = (displayName: string, members: object[]) =>
      server.call('POST', '/Groups', { token: token.token, body: { schemas: [GROUP], displayName, members } });
    const inner = await call('inner', []);
    const outer = await call('outer', [{ value: inner.body.id }]);
    expect([outer.status, outer.body.scimType]).toEqual([400, 'invalidValue']);
    expect(outer.body.detail).toMatch(/nestedGroups/);
  });

  test('a taken displayName is 409, on PATCH too', async () => {
    const [first, second] = [await createGroup(), await createGroup()];
    const answer = await server.call('PATCH', `/Groups/${second.id}`, {
      body: patchOf({ op: 'replace', path: 'displayName', value: first.displayName.toUpperCase() }),
    });
    expect([answer.status, answer.body.scimType]).toEqual([409, 'uniqueness']);
  });

  test('DELETE removes the group from the groups of its people', async () => {
    const group = await createGroup([person(3)]);
    expect((await server.call('DELETE', `/Groups/${group.id}`)).status).toBe(204);
    const { body } = await server.call('GET', `/Users/${person(3)}`);
    expect(body.groups ?? []).not.toContainEqual(expect.objectContaining({ value: group.id }));
  });
});

test('a group of 20,000 members is streamed whole', async () => {
  const group = await createGroup();
  const rows = Array.from(
    { length: 20_000 },
    (_, index) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
  );
  await server.database.db.transaction().execute(async db => {
    for (let start = 0; start < rows.length; start += 1_000) {
      await db
        .insertInto('member_rows')
        .values(
          rows
            .slice(start, start + 1_000)
            .map(id => ({ set_id: group.id, member_id: id, member_type: 'User' as const, display: null })),
        )
        .execute();
    }
  });
  const answer = await server.call('GET', `/Groups/${group.id}`);
  expect(answer.headers['transfer-encoding']).toBe('chunked');
  expect(valuesOf(answer.body.members)).toEqual(rows);
});

describe('groups of one name (RFC 7643 §8.7.1)', () => {
  const post = (displayName: string, externalId?: string) =>
    server.call('POST', '/Groups', { body: { schemas: [GROUP], displayName, externalId } });

  test('are accepted where each has an externalId of its own, and found both', async () => {
    const made = [await post('Namesakes', 'n1'), await post('NAMESAKES', 'n2')];
    expect(made.map(({ status }) => status)).toEqual([201, 201]);
    const found = await server.call('GET', '/Groups?filter=displayName%20eq%20%22namesakes%22');
    expect(found.body.Resources.map(({ id }) => id)).toEqual(made.map(({ body }) => body.id));
  });

  test.each([
    ['neither has an externalId', undefined, undefined],
    ['the first has none', undefined, 'm2'],
    ['the second has none', 'm1', undefined],
    ['they have the same', 'm1', 'm1'],
  ])('are 409 where %s, and the answer says the way out', async (what, first, second) => {
    const name = `Namesakes where ${what}`;
    expect((await post(name, first)).status).toBe(201);
    const { status, body } = await post(name, second);
    expect([status, body.scimType]).toEqual([409, 'uniqueness']);
    expect(body.detail).toContain('an externalId on both groups, and not the same');
  });

  test('are 409 when one loses its externalId, or takes the name of another without one', async () => {
    const [first] = [await post('Twins', 't1'), await post('Twins', 't2')];
    const alone = await post('Alone');
    const put = (id: string, body: object) =>
      server.call('PUT', `/Groups/${id}`, { body: { schemas: [GROUP], ...body } });
    expect((await put(first.body.id, { displayName: 'Twins' })).status).toBe(409);
    expect((await put(first.body.id, { displayName: 'alone', externalId: 't1' })).status).toBe(409);
    expect((await put(alone.body.id, { displayName: 'twins' })).status).toBe(409);
    expect((await put(alone.body.id, { displayName: 'twins', externalId: 't3' })).status).toBe(200);
  });
});
