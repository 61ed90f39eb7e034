/** A refused request that would have locked somebody out is an entry in the status, by name and with the reason, until it went through. */
import { readStatus } from '../../../bridge/reconcile/report/status';
import { countRefusedLeavings, createDirectory, listRefusedLeavings } from '../../../bridge/store/directory';
import { createNoteRefused } from '../../../bridge/scim/resources/note-refused';
import { type RequestContext } from '../../../bridge/scim/http/request-context';
import { ScimError } from '../../../bridge/scim-language/errors';
import { type Json } from '../../../bridge/scim-language/json';
import { type ScimDeps } from '../../../bridge/scim/http/deps';
import { describeEachDatabase } from '../../support/databases';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
/** One byte more than is read of a body here. */
const MUCH = 100_001;
const patchOf = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

describe('a refused request that would have locked somebody out', () => {
  let server: ScimServer;
  let ada: string;
  let bea: string;
  let group: string;
  beforeEach(async () => {
    server = await startScimServer({ deps: { limits: { maxBodyBytes: MUCH - 1 } } });
    const create = async (path: string, body: object) => (await server.call('POST', path, { body })).body.id;
    ada = await create('/Users', { schemas: [USER], userName: 'ada' });
    bea = await create('/Users', { schemas: [USER], userName: 'bea' });
    group = await create('/Groups', {
      schemas: [GROUP],
      displayName: 'devs',
      members: [{ value: ada }, { value: bea }],
    });
  });
  afterEach(() => server.close());

  async function entries() {
    const { apps, pending } = await readStatus(server.database.db, Date.now());
    const refused = pending.filter(({ state }) => state === 'refused');
    expect(apps[0]?.refused).toBe(refused.length);
    if (refused.length > 0) expect(apps[0]?.converged).toBe(false);
    return refused.map(({ subject, reason }) => [subject, reason]);
  }
  const names = async () => (await entries()).map(([name]) => name).sort();
  const user = (body: object) => server.call('PATCH', `/Users/${ada}`, { body });
  const members = (body: object) => server.call('PATCH', `/Groups/${group}`, { body });

  test.each<[string, (id: string) => Promise<unknown>]>([
    [
      'PATCH with an attribute that is unknown',
      () => user(patchOf({ op: 'replace', value: { active: false, shoeSize: 4 } })),
    ],
    ['PATCH with a text', () => user(patchOf({ op: 'Replace', path: 'active', value: 'False' }))],
    ['PATCH without schemas', () => user({ Operations: [{ op: 'replace', path: 'active', value: false }] })],
    ['PATCH of an empty text', () => user(patchOf({ op: 'replace', path: 'active', value: '' }))],
    ['PATCH that removes active', () => user(patchOf({ op: 'remove', path: `${USER}:active` }))],
    ['PATCH with an unknown operation', () => user(patchOf({ op: 'disable', path: 'active', value: 0 }))],
    ['PUT without userName', id => server.call('PUT', `/Users/${id}`, { body: { schemas: [USER], active: false } })],
    ['PUT that is no JSON', id => server.call('PUT', `/Users/${id}`, { raw: `{"active": false, "userName": "ada"` })],
    [
      'PATCH that removes active and is no JSON',
      id => server.call('PATCH', `/Users/${id}`, { raw: `{"Operations": [{"op": "remove", "path": "active"}` }),
    ],
    [
      'PUT of another media type',
      id =>
        server.call('PUT', `/Users/${id}`, {
          raw: `{"schemas":["${USER}"],"userName":"ada","active":false}`,
          headers: { 'content-type': 'text/plain' },
        }),
    ],
    ['PATCH that is too long to be read', id => server.call('PATCH', `/Users/${id}`, { raw: ' '.repeat(MUCH) })],
    ['DELETE of another version', id => server.call('DELETE', `/Users/${id}`, { headers: { 'if-match': 'W/"9"' } })],
    [
      'POST of the same name',
      () => server.call('POST', '/Users', { body: { schemas: [USER], userName: 'ADA', active: false } }),
    ],
    [
      'Bulk operation',
      id =>
        server.call('POST', '/Bulk', {
          body: { schemas: [BULK], Operations: [{ method: 'PUT', path: `/Users/${id}`, data: { active: false } }] },
        }),
    ],
    [
      'Bulk that ended before it was reached (failOnErrors)',
      id =>
        server.call('POST', '/Bulk', {
          body: {
            schemas: [BULK],
            failOnErrors: 1,
            Operations: [
              { method: 'POST', path: '/Users', bulkId: 'x', data: {} },
              { method: 'DELETE', path: `/Users/${id}` },
            ],
          },
        }),
    ],
    ['PATCH of a list', () => user(patchOf({ op: 'replace', value: [{ active: false }] }))],
    ['PATCH of a text that holds JSON', () => user(patchOf({ op: 'replace', value: '{"active":false}' }))],
    [
      'PATCH with a list in its list',
      () => user({ schemas: [PATCH], Operations: [[{ op: 'replace', path: 'active', value: false }]] }),
    ],
    [
      'JSON Patch',
      id => server.call('PATCH', `/Users/${id}`, { raw: '[{"op":"replace","path":"/active","value":false}]' }),
    ],
    [
      'PUT of a list',
      id => server.call('PUT', `/Users/${id}`, { raw: `[{"schemas":["${USER}"],"userName":"ada","active":false}]` }),
    ],
    ...['/scim/v2', 'https://bridge.example/scim/v2'].map((base): [string, (id: string) => Promise<unknown>] => [
      `Bulk operation with a path below ${base}`,
      id =>
        server.call('POST', '/Bulk', {
          body: { schemas: [BULK], Operations: [{ method: 'DELETE', path: `${base}/Users/${id}` }] },
        }),
    ]),
    [
      'Bulk operation with an id in percent signs, and another version',
      id =>
        server.call('POST', '/Bulk', {
          body: {
            schemas: [BULK],
            Operations: [{ method: 'DELETE', path: `/Users/${id.replaceAll('-', '%2D')}`, version: 'W/"99"' }],
          },
        }),
    ],
    [
      'JSON Patch in a Bulk',
      id =>
        server.call('POST', '/Bulk', {
          body: {
            schemas: [BULK],
            Operations: [
              { method: 'PATCH', path: `/Users/${id}`, data: [{ op: 'replace', path: '/active', value: false }] },
            ],
          },
        }),
    ],
    [
      'Bulk that is refused as a whole',
      id => server.call('POST', '/Bulk', { body: { Operations: [{ method: 'DELETE', path: `/Users/${id}` }] } }),
    ],
    [
      'Bulk that is no JSON',
      id =>
        server.call('POST', '/Bulk', {
          raw: `{"schemas":["${BULK}"],"Operations":[{"method":"DELETE","path":"/Users/${id}"},]}`,
        }),
    ],
    [
      'Bulk with a name that stands there twice',
      id =>
        server.call('POST', '/Bulk', {
          raw: `{"schemas":["${BULK}"],"Operations":[{"method":"PATCH","path":"/Users/${id}","data":{"active":false,"active":false}}]}`,
        }),
    ],
    [
      'Bulk of another media type',
      id =>
        server.call('POST', '/Bulk', {
          raw: JSON.stringify({ schemas: [BULK], Operations: [{ method: 'DELETE', path: `/Users/${id}` }] }),
          headers: { 'content-type': 'text/plain' },
        }),
    ],
    [
      'PATCH that is compressed',
      id =>
        server.call('PATCH', `/Users/${id}`, {
          body: patchOf({ op: 'replace', path: 'title', value: 'x' }),
          headers: { 'content-encoding': 'gzip' },
        }),
    ],
    [
      'PATCH in another character set',
      id =>
        server.call('PATCH', `/Users/${id}`, {
          body: patchOf({ op: 'replace', path: 'title', value: 'x' }),
          headers: { 'content-type': 'application/scim+json; charset=utf-16' },
        }),
    ],
  ])('is an entry by name: %s', async (_, send) => {
    await send(ada);
    expect(await names()).toEqual(['ada']);
    expect((await entries())[0]?.[1]).toMatch(/was refused with 4\d\d.*: .+ \(request .+\)$/);
  });

  test.each([
    ['refused', 0, { method: 'DELETE', path: '/Users/bulkId:c', version: 'W/"99"' }],
    ['not reached', 1, { method: 'DELETE', path: '/Users/bulkId:c' }],
  ])('is an entry of whoever the same Bulk has made (%s)', async (_, failOnErrors, operation) => {
    const made = { method: 'POST', path: '/Users', bulkId: 'c', data: { schemas: [USER], userName: 'cyd' } };
    const fails = { method: 'DELETE', path: `/Users/${ada}`, version: 'W/"99"' };
    await server.call('POST', '/Bulk', {
      body: { schemas: [BULK], failOnErrors, Operations: [made, fails, operation] },
    });
    expect(await names()).toEqual(['ada', 'cyd']);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['too long', () => server.call('POST', '/Bulk', { raw: ' '.repeat(MUCH) })],
    ['compressed', () => server.call('POST', '/Bulk', { body: {}, headers: { 'content-encoding': 'gzip' } })],
  ])('is an entry of nobody in particular where a Bulk is %s', async (_, send) => {
    await send();
    await send();
    expect(await names()).toEqual(['whoever a Bulk was about that could not be read']);
  });

  test('is none for a Bulk that is no JSON and locks nobody out', async () => {
    await server.call('POST', '/Bulk', {
      raw: `{"Operations":[{"method":"PATCH","path":"/Users/${ada}","data":{"title":"x"}},]}`,
    });
    expect(await names()).toEqual([]);
  });

  test.each([
    'value eq "ada@corp.example" and type eq "User"',
    'value eq "ada" or display eq "ada"',
    'display eq "Ada Lovelace"',
    'type eq "User" and display eq "ada"',
    '$ref eq "https://elsewhere.example/scim/v2/Users/ada"',
  ])('is one for the group where a member is named by what is no id: %s', async filter => {
    expect((await members(patchOf({ op: 'remove', path: `members[${filter}]` }))).status).toBe(400);
    expect(await names()).toEqual(['members of group devs']);
    const { body } = await server.call('GET', `/Groups/${group}`);
    expect(body.members).toHaveLength(2);
  });

  test('is none where whoever a member is named by is out already, or nobody in particular', async () => {
    const { body } = await server.call('GET', `/Groups/${group}`);
    const [first] = body.members as { value: string; $ref: string }[];
    for (const filter of [
      `$ref eq "${first?.$ref}"`,
      `$ref eq "${first?.$ref}"`,
      `value eq "${first?.value}" and type eq "User"`,
      'type eq "Group"',
    ])
      expect((await members(patchOf({ op: 'remove', path: `members[${filter}]` }))).status).toBeLessThan(300);
    expect((await server.call('GET', `/Groups/${group}`)).body.members).toHaveLength(1);
    expect(await names()).toEqual([]);
  });

  test('says why, once for however many tries, and goes when the person is inactive', async () => {
    for (let tries = 0; tries < 3; tries += 1)
      await user(patchOf({ op: 'replace', value: { active: false, shoeSize: 4 } }));
    expect(await entries()).toEqual([
      ['ada', expect.stringContaining('PATCH was refused with 400 invalidSyntax: attribute "shoeSize"')],
    ]);
    await user(patchOf({ op: 'replace', path: 'title', value: 'x' }));
    await user(patchOf({ op: 'replace', path: 'active', value: null }));
    expect(await names()).toEqual(['ada']);
    expect((await user(patchOf({ op: 'replace', path: 'active', value: false }))).status).toBe(200);
    expect(await names()).toEqual([]);
  });

  test.each<[string, () => Promise<{ status: number }>]>([
    ['the person is deleted', () => server.call('DELETE', `/Users/${ada}`)],
    ['the person is stated to be active', () => user(patchOf({ op: 'replace', path: 'active', value: true }))],
  ])('goes when %s', async (_, send) => {
    await user(patchOf({ op: 'replace', path: 'active', value: '' }));
    expect(await names()).toEqual(['ada']);
    expect((await send()).status).toBeLessThan(300);
    expect(await names()).toEqual([]);
  });

  test('is none for somebody who is out already, for one who is not there, and for other mistakes', async () => {
    await user(patchOf({ op: 'replace', path: 'active', value: false }));
    await user(patchOf({ op: 'replace', path: 'active', value: 'False' }));
    await server.call('DELETE', `/Users/00000000-0000-7000-8000-000000000000`);
    await server.call('PATCH', `/Users/${bea}`, {
      body: patchOf({ op: 'replace', value: { active: true, shoeSize: 4 } }),
    });
    await server.call('PATCH', `/Users/${bea}`, { body: patchOf({ op: 'replace', path: 'title', value: 4 }) });
    await members(patchOf({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }));
    expect(await names()).toEqual([]);
  });

  test('names the members who were to leave a group, each until he or she did', async () => {
    const remove = (value: unknown, extra: object = {}) =>
      patchOf({ op: 'remove', path: 'members', value }, { op: 'replace', path: 'shoeSize', value: 4, ...extra });
    await members(remove([{ value: ada }, { value: bea }]));
    expect(await names()).toEqual(['ada in group devs', 'bea in group devs']);
    await members(patchOf({ op: 'remove', path: `members[value eq "${ada}"]` }));
    expect(await names()).toEqual(['bea in group devs']);
    await members(patchOf({ op: 'add', path: 'members', value: [{ value: bea }] }));
    expect(await names()).toEqual([]);
  });

  describe('of a user, whose groups are readOnly', () => {
    const UNKNOWN = '00000000-0000-7000-8000-000000000000';
    let other: string;
    beforeEach(async () => {
      const body = { schemas: [GROUP], displayName: 'ops', members: [{ value: ada }] };
      other = (await server.call('POST', '/Groups', { body })).body.id;
    });

    test('names the groups that the user was to leave, each until he or she did', async () => {
      const { status } = await user(
        patchOf(
          { op: 'remove', path: `groups[value eq "${group}"]` },
          { op: 'remove', path: `${USER}:groups`, value: [{ value: other }, { value: UNKNOWN }] },
        ),
      );
      expect(status).toBe(400);
      expect(await names()).toEqual(['ada in group devs', 'ada in group ops']);
      expect((await entries())[0]?.[1]).toMatch(/PATCH was refused with 400 mutability: groups/);
      await members(patchOf({ op: 'remove', path: `members[value eq "${ada}"]` }));
      expect(await names()).toEqual(['ada in group ops']);
      await server.call('DELETE', `/Groups/${other}`);
      expect(await names()).toEqual([]);
    });

    test.each<[string, object]>([
      ['all of them', { op: 'remove', path: 'groups' }],
      ['by name', { op: 'remove', path: 'groups[display eq "devs"]' }],
      ['by what is no id', { op: 'remove', path: 'groups[value eq "devs"]' }],
      ['replaced', { op: 'replace', path: 'groups', value: [] }],
      ['replaced without a path', { op: 'replace', value: { groups: [] } }],
      ['as JSON Patch', { op: 'remove', path: '/groups/0' }],
    ])(
      'is an entry for each group of the user where none is named, which a profile settles not: %s',
      async (_, operation) => {
        expect((await user(patchOf(operation))).status).toBe(400);
        expect(await names()).toEqual(['ada in group devs', 'ada in group ops']);
        await user(patchOf({ op: 'replace', path: 'active', value: true }));
        expect(await names()).toEqual(['ada in group devs', 'ada in group ops']);
        await members(patchOf({ op: 'remove', path: `members[value eq "${ada}"]` }));
        expect(await names()).toEqual(['ada in group ops']);
      },
    );

    test('is none where the user stays in all groups, or was in none of those', async () => {
      await user(patchOf({ op: 'add', path: 'groups', value: [{ value: UNKNOWN }] }));
      await user(patchOf({ op: 'remove', path: `groups[value eq "${UNKNOWN}"]` }));
      await user(patchOf({ op: 'replace', path: 'title', value: 4 }, { op: 'replace', path: 'groupsize', value: 4 }));
      const { body } = await server.call('GET', `/Users/${ada}`);
      expect((await user(patchOf({ op: 'replace', value: { groups: body.groups } }))).status).toBe(200);
      expect(await names()).toEqual([]);
    });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['remove with nothing in particular', () => members(patchOf({ op: 'remove', path: 'members', value: '' }))],
    [
      'replace with nobody that is',
      () => members(patchOf({ op: 'replace', path: 'members', value: [{ value: 'x' }] })),
    ],
    ['replace without a path', () => members(patchOf({ op: 'replace', value: { members: [null] } }))],
    ['PUT', () => server.call('PUT', `/Groups/${group}`, { body: { schemas: [GROUP], displayName: '', members: [] } })],
    ['PATCH that is too long to be read', () => server.call('PATCH', `/Groups/${group}`, { raw: ' '.repeat(MUCH) })],
    ['DELETE', () => server.call('DELETE', `/Groups/${group}`, { headers: { 'if-match': 'W/"9"' } })],
  ])('is one entry for the group where members are not named: %s', async (_, send) => {
    await send();
    expect(await names()).toEqual(['members of group devs']);
    await members(patchOf({ op: 'add', path: 'members', value: [{ value: ada }] }));
    expect(await names()).toEqual(['members of group devs']);
    await members(patchOf({ op: 'replace', path: 'members', value: [{ value: ada }] }));
    expect(await names()).toEqual([]);
  });
});

describe('a refused request of great length', () => {
  let server: ScimServer;
  let ada: string;
  let group: string;
  beforeEach(async () => {
    server = await startScimServer();
    const create = async (path: string, body: object) => (await server.call('POST', path, { body })).body.id;
    ada = await create('/Users', { schemas: [USER], userName: 'ada' });
    group = await create('/Groups', { schemas: [GROUP], displayName: 'devs', members: [{ value: ada }] });
  });
  afterEach(() => server.close());

  async function names() {
    const { pending } = await readStatus(server.database.db, Date.now());
    return pending.flatMap(({ state, subject }) => (state === 'refused' ? [subject] : [])).sort();
  }
  const members = (body: object) => server.call('PATCH', `/Groups/${group}`, { body });

  // An expression that goes back and forth in these is at it for hours.
  test('is looked at once: a path of brackets', async () => {
    const { status } = await members(patchOf({ op: 'remove', path: `members${'['.repeat(2_000_000)}` }));
    expect(status).toBe(400);
    expect(await names()).toEqual(['members of group devs']);
  });

  test('is looked at once: a path of a Bulk that asks again and again', async () => {
    const { status } = await server.call('POST', '/Bulk', {
      body: {
        schemas: [BULK],
        Operations: [
          { method: 'DELETE', path: `${'/users?'.repeat(700_000)}\nx` },
          { method: 'DELETE', path: `/Users/${ada}?${'/users?'.repeat(100)}`, version: 'W/"99"' },
        ],
      },
    });
    expect(status).toBe(200);
    expect(await names()).toEqual(['ada']);
  });
});

describe('a refused removal of very many members', () => {
  const ids = Array.from({ length: 150_000 }, (_, index) => String(index).padStart(12, '0'));
  const body = patchOf(
    { op: 'remove', path: 'members', value: ids.map(id => ({ value: `00000000-0000-7000-8000-${id}` })) },
    { op: 'replace', path: 'shoeSize', value: 4 },
  );
  test.each<[string, (server: ScimServer, path: string) => Promise<{ status: number; text: string }>]>([
    ['by itself', (server, path) => server.call('PATCH', path, { body })],
    [
      'in a Bulk',
      async (server, path) => {
        const Operations = [{ method: 'PATCH', path, data: body }];
        const answer = await server.call('POST', '/Bulk', { body: { schemas: [BULK], Operations } });
        expect(answer.status).toBe(200);
        return { status: Number((answer.body['Operations'] as { status: string }[])[0]?.status), text: answer.text };
      },
    ],
  ])('is refused in words, and an entry: %s', async (_, send) => {
    const server = await startScimServer();
    try {
      const ada = await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'ada' } });
      const group = await server.call('POST', '/Groups', {
        body: { schemas: [GROUP], displayName: 'devs', members: [{ value: ada.body.id }] },
      });
      const { status, text } = await send(server, `/Groups/${group.body.id}`);
      expect([status, text]).toEqual([400, expect.stringContaining('shoeSize')]);
      expect((await listRefusedLeavings(server.database.db, 9)).map(({ name }) => name)).toEqual([
        'members of group devs',
      ]);
    } finally {
      await server.close();
    }
  });

  test('is an entry even when nobody can read what it says', async () => {
    const server = await startScimServer();
    try {
      const { id } = (await server.call('POST', '/Users', { body: { schemas: [USER], userName: 'ada' } })).body;
      const said: unknown[] = [];
      const log = {
        error: (_fields: object, text: string) => said.push(text),
        warn: () => {},
      } as unknown as ScimDeps['log'];
      let deep: Json = [];
      for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
      const noteRefused = createNoteRefused({ directory: createDirectory(server.database), log });
      await noteRefused(
        { app: 'main', requestId: 'r' } as RequestContext,
        { method: 'PATCH', type: 'User', id, body: { operations: deep } },
        new ScimError(400, 'invalidSyntax', 'what it says'),
      );
      expect(said).toEqual([expect.stringContaining('could not be read')]);
      expect((await listRefusedLeavings(server.database.db, 9)).map(({ name }) => name)).toEqual(['ada']);
    } finally {
      await server.close();
    }
  });
});

describeEachDatabase('refused leavings', open => {
  it('are noted, counted once each, and settled by what goes through', async () => {
    const database = await open();
    const directory = createDirectory(database);
    const context = { app: 'one', cause: { actor: 'scim', requestId: 'r' } } as const;
    const named = async (userName: string) =>
      (await directory.createUser(context, { schemas: [USER], userName, active: true })).resource.id;
    const [cleo, dan] = [await named('cleo'), await named('dan')];
    const members = [{ value: cleo }, { value: dan }];
    const team = (await directory.createGroup(context, { schemas: [GROUP], displayName: 'team' }, members)).resource.id;
    const refused = { reason: 'refused', requestId: 'r' };
    for (let tries = 0; tries < 2; tries += 1) {
      await directory.noteRefusedLeaving('one', { kind: 'userName', userName: 'CLEO' }, refused);
      await directory.noteRefusedLeaving('one', { kind: 'group', id: team, members: [cleo, dan] }, refused);
      await directory.noteRefusedLeaving('one', { kind: 'group', id: team, members: undefined }, refused);
    }
    await directory.noteRefusedLeaving('two', { kind: 'user', id: cleo }, refused);
    const left = async () =>
      (await listRefusedLeavings(database.db, 10)).map(({ name, times }) => `${name} ${times}`).sort();
    expect(await countRefusedLeavings(database.db)).toEqual(new Map([['one', 4]]));
    expect(await left()).toEqual(['cleo 2', 'cleo in group team 2', 'dan in group team 2', 'members of group team 2']);
    await directory.updateUser(context, cleo, ({ document }) => ({ ...document, active: false }));
    expect(await left()).toEqual(['cleo in group team 2', 'dan in group team 2', 'members of group team 2']);
    await directory.deleteUser(context, cleo);
    await directory.updateGroup(context, team, () => ({ memberChanges: [{ kind: 'remove', values: [dan] }] }));
    expect(await left()).toEqual(['members of group team 2']);
    await directory.updateGroup(context, team, () => ({ memberChanges: [{ kind: 'removeAll' }] }));
    expect(await left()).toEqual([]);
  });
});
