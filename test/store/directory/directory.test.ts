/** The directory's verbs: what is stored, what is refused before anything is written, and what the reconciler is told of. */
import { sql } from 'kysely';
import { parseFilter, parsePath } from '../../../bridge/scim-language/filter/parser';
import { type JsonObject } from '../../../bridge/scim-language/json';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { type Database } from '../../../bridge/store/database/database';
import {
  CostlyFilter,
  type Directory,
  GroupCycle,
  type Member,
  NestedGroupsRefused,
  UniquenessError,
  UnknownMembers,
  VersionMismatch,
  countDirectory,
  createDirectory,
  groupsOfUser,
  readGroup,
  readGroups,
  readUser,
  readUsers,
  usersOfGroup,
} from '../../../bridge/store/directory';
import { describeEachDatabase } from '../../support/databases';

const nobody = '00000000-0000-7000-8000-000000000000';
const baseUrl = 'https://scim.test/v2';

describeEachDatabase('the directory', open => {
  let database: Database;
  let directory: Directory;
  let apps = 0;
  let app: string;
  let context: { app: string; cause: { actor: 'scim'; requestId: string } };
  let now = 1_700_000_000_000;

  beforeAll(async () => {
    database = await open();
    directory = createDirectory(database, { clock: () => now });
  });

  // Each test has an app of its own, which is also a test that apps do not see each other.
  beforeEach(() => {
    apps += 1;
    app = `app-${apps}`;
    context = { app, cause: { actor: 'scim', requestId: 'r1' } };
    now += 60_000;
  });

  const user = async (userName: string, more: JsonObject = {}) =>
    (await directory.createUser(context, { userName, ...more })).resource;
  const group = async (displayName: string, members: string[] = [], more: JsonObject = {}) =>
    (
      await directory.createGroup(
        context,
        { displayName, ...more },
        members.map(value => ({ value })),
      )
    ).resource;
  const members = async (id: string): Promise<string[]> => {
    const found: Member[] = [];
    for await (const chunk of directory.membersOf(app, [id])) found.push(...chunk);
    return found.map(({ value }) => value);
  };
  const addTo = (id: string, ...values: string[]) =>
    directory.updateGroup(context, id, () => ({
      memberChanges: [{ kind: 'add', members: values.map(value => ({ value })) }],
    }));
  const removeFrom = (id: string, ...values: string[]) =>
    directory.updateGroup(context, id, () => ({ memberChanges: [{ kind: 'remove', values }] }));
  const emptyQueue = () => database.db.deleteFrom('work').execute();
  const queue = async () =>
    Object.fromEntries(
      (await database.db.selectFrom('work').select(['key', 'priority']).where('app', '=', app).execute()).map(
        ({ key, priority }) => [key, priority],
      ),
    );

  describe('users', () => {
    it('are created at version 1, found by id, and told to the reconciler', async () => {
      const { resource, touched } = await directory.createUser(context, {
        userName: 'Ada',
        emails: [{ value: 'Ada@Example.com' }],
      });
      expect(await directory.getUser(app, resource.id)).toEqual({
        type: 'User', id: resource.id, app, document: { userName: 'Ada', emails: [{ value: 'Ada@Example.com' }] }, version: 1, createdAt: now, modifiedAt: now,
      }); // prettier-ignore
      expect(touched).toEqual([`person:${resource.id}`]);
      expect(await queue()).toEqual({ [`person:${resource.id}`]: 1 });
      expect(await database.db.selectFrom('people').selectAll().where('user_id', '=', resource.id).executeTakeFirst()).toMatchObject({
        app, user_name: 'Ada', email: 'Ada@Example.com', external_id: null, left_at: null,
      }); // prettier-ignore
    });

    it.each(['ada', 'ADA', 'Ada'])('of one app have different names without case: %s', async name => {
      const first = await user('ada');
      await expect(user(name)).rejects.toThrow(UniquenessError);
      const second = await user('grace');
      await expect(directory.updateUser(context, second.id, () => ({ userName: name }))).rejects.toMatchObject({
        attribute: 'userName',
        value: name,
      });
      expect((await directory.getUser(app, second.id))?.version).toBe(1);
      context = { ...context, app: `${app}-other` };
      expect((await user(name)).id).not.toBe(first.id);
    });

    it.each([
      ['an id of another app', undefined],
      ['an id that is none', "x'\u0000--"],
      ['an unknown id', nobody],
    ])('are not found by %s', async (_, id) => {
      const other = { ...context, app: `${app}-other` };
      const asked = id ?? (await directory.createUser(other, { userName: 'ada' })).resource.id;
      expect(await directory.getUser(app, asked)).toBeUndefined();
      expect(await directory.updateUser(context, asked, () => ({ userName: 'x' }))).toBeUndefined();
      expect(await directory.deleteUser(context, asked)).toBeUndefined();
      expect(await directory.getGroup(app, asked)).toBeUndefined();
      expect(await directory.deleteGroup(context, asked)).toBeUndefined();
    });

    it('change version, times, look-up keys and person together, and not at all when nothing differs', async () => {
      const { id } = await user('ada', { emails: [{ value: 'old@example.com' }], externalId: 'e1' });
      await emptyQueue();
      now += 5;
      const same = await directory.updateUser(context, id, () => undefined);
      expect(same).toMatchObject({ changed: false, touched: [], resource: { version: 1 } });
      expect(await queue()).toEqual({});
      const written = await directory.updateUser(context, id, ({ document }) => ({
        ...document,
        userName: 'lovelace',
        emails: [{ value: 'new@example.com' }],
        externalId: 'e2',
      }));
      expect(written).toMatchObject({
        changed: true,
        touched: [`person:${id}`],
        resource: { version: 2, modifiedAt: now },
      });
      const found = async (filter: string) =>
        (
          await directory.list(app, {
            selections: [{ type: 'User', filter: parseFilter(filter, userType) }],
            baseUrl,
            count: 10,
          })
        ).totalResults;
      expect(
        await Promise.all(['userName eq "ADA"', 'emails eq "old@example.com"', 'externalId eq "e1"'].map(found)),
      ).toEqual([0, 0, 0]);
      expect(
        await Promise.all(
          ['userName eq "LoveLace"', 'emails.value eq "NEW@example.com"', 'externalId eq "e2"'].map(found),
        ),
      ).toEqual([1, 1, 1]);
      expect(await readUser(database.db, id)).toMatchObject({
        userName: 'lovelace',
        email: 'new@example.com',
        externalId: 'e2',
        active: true,
      });
      expect(
        await database.db
          .selectFrom('people')
          .select(['user_name', 'email', 'external_id'])
          .where('user_id', '=', id)
          .execute(),
      ).toEqual([{ user_name: 'lovelace', email: 'new@example.com', external_id: 'e2' }]);
    });

    it('who become inactive go to the front of the queue, and keep their groups', async () => {
      const { id } = await user('ada', { active: true });
      const team = await group('team', [id]);
      await emptyQueue();
      await directory.updateUser(context, id, ({ document }) => ({ ...document, active: false }));
      expect(await queue()).toEqual({ [`person:${id}`]: 0 });
      expect(await members(team.id)).toEqual([id]);
      await emptyQueue();
      await directory.updateUser(context, id, ({ document }) => ({ ...document, active: true }));
      expect(await queue()).toEqual({ [`person:${id}`]: 1 });
    });

    it('who are deleted leave their groups, whose versions change, and are remembered until they are gone from Coder', async () => {
      const [ada, grace] = [await user('ada'), await user('grace')];
      const both = await group('both', [ada.id, grace.id]);
      const without = await group('without', [grace.id]);
      await emptyQueue();
      now += 5;
      const deleted = await directory.deleteUser(context, ada.id);
      expect(deleted).toMatchObject({ resource: { document: { userName: 'ada' } }, touched: [`person:${ada.id}`] });
      expect(await queue()).toEqual({ [`person:${ada.id}`]: 0 });
      expect(await members(both.id)).toEqual([grace.id]);
      expect(await directory.getGroup(app, both.id)).toMatchObject({ version: 2, modifiedAt: now });
      expect(await directory.getGroup(app, without.id)).toMatchObject({ version: 1 });
      expect(
        await database.db.selectFrom('people').select(['user_name', 'left_at']).where('user_id', '=', ada.id).execute(),
      ).toEqual([{ user_name: 'ada', left_at: now }]);
      expect(await directory.getUser(app, ada.id)).toBeUndefined();
      expect((await user('ada')).id).not.toBe(ada.id);
    });

    it.each([
      { expected: [1], result: 'written' },
      { expected: [7, 1], result: 'written' },
      { expected: [2], result: 'refused' },
      { expected: [], result: 'refused' },
    ])('with the precondition that the version is one of $expected: $result', async ({ expected, result }) => {
      const { id } = await user('ada');
      const team = await group('team');
      const options = { expectedVersions: expected };
      const attempts = [
        () => directory.updateUser(context, id, ({ document }) => ({ ...document, title: 'Sir' }), options),
        () => directory.updateGroup(context, team.id, () => ({ document: { displayName: 'crew' } }), options),
        () =>
          directory.deleteGroup(context, (team as { id: string }).id, {
            expectedVersions: expected.map(version => version + 1),
          }),
      ];
      for (const attempt of attempts) {
        if (result === 'written') expect(await attempt()).toBeDefined();
        else await expect(attempt()).rejects.toThrow(VersionMismatch);
      }
    });

    it('roll back when the caller throws, and pass the error on', async () => {
      const { id } = await user('ada');
      await emptyQueue();
      await expect(
        directory.updateUser(context, id, () => {
          throw new RangeError('no');
        }),
      ).rejects.toThrow(RangeError);
      expect(await directory.getUser(app, id)).toMatchObject({ version: 1 });
      expect(await queue()).toEqual({});
    });
  });

  describe('groups', () => {
    it('are created with their members, and named to the reconciler with them', async () => {
      const ada = await user('ada');
      await emptyQueue();
      const { resource, touched } = await directory.createGroup(context, { displayName: 'Team' }, [
        { value: ada.id, display: 'Ada L.' },
      ]);
      expect(touched.toSorted()).toEqual([`person:${ada.id}`, `scim-group:${resource.id}`]);
      expect(await queue()).toEqual({ [`person:${ada.id}`]: 1, [`scim-group:${resource.id}`]: 1 });
      const found: Member[] = [];
      for await (const chunk of directory.membersOf(app, [resource.id])) found.push(...chunk);
      expect(found).toEqual([{ groupId: resource.id, value: ada.id, type: 'User', display: 'Ada L.' }]);
    });

    it('of one app have different names without case', async () => {
      await group('Team');
      const crew = await group('Crew');
      await expect(group('tEAM')).rejects.toMatchObject({
        name: 'UniquenessError',
        attribute: 'displayName',
        resourceType: 'Group',
      });
      await expect(
        directory.updateGroup(context, crew.id, () => ({ document: { displayName: 'TEAM' } })),
      ).rejects.toThrow(UniquenessError);
    });

    it('change only when rows change: adding one who is there and removing one who is not is nothing', async () => {
      const [ada, grace] = [await user('ada'), await user('grace')];
      const team = await group('team', [ada.id]);
      await emptyQueue();
      for (const nothing of [
        () => addTo(team.id, ada.id),
        () => removeFrom(team.id, grace.id, nobody),
        () => directory.updateGroup(context, team.id, () => undefined),
        () => directory.updateGroup(context, team.id, () => ({ memberChanges: [] })),
        () =>
          directory.updateGroup(context, team.id, () => ({
            memberChanges: [{ kind: 'replaceAll', members: [{ value: ada.id }] }],
          })),
        // Out and in again within one request.
        () =>
          directory.updateGroup(context, team.id, () => ({
            memberChanges: [
              { kind: 'remove', values: [ada.id] },
              { kind: 'add', members: [{ value: ada.id }] },
            ],
          })),
        () =>
          directory.updateGroup(context, team.id, () => ({
            memberChanges: [{ kind: 'removeAll' }, { kind: 'add', members: [{ value: ada.id }] }],
          })),
        () =>
          directory.updateGroup(context, team.id, () => ({
            memberChanges: [
              { kind: 'add', members: [{ value: grace.id }] },
              { kind: 'remove', values: [grace.id] },
            ],
          })),
      ]) {
        expect(await nothing()).toMatchObject({ changed: false, touched: [], resource: { version: 1 } });
      }
      expect(await queue()).toEqual({});
      expect(await members(team.id)).toEqual([ada.id]);
    });

    it.each([
      ['add', 'remove', [0, 1, 2], [3, 0], { joined: [3], left: [1] }],
      ['replaceAll', undefined, [0, 1, 2], [1, 3], { joined: [3], left: [0, 2] }],
      ['removeAll', undefined, [0, 1], [], { joined: [], left: [0, 1] }],
      ['removeWhere', undefined, [0, 1, 2], [], { joined: [], left: [1] }],
    ] as const)(
      'change by %s: exactly who joins or leaves is told, leavers first',
      async (kind, _, before, stated, { joined, left }) => {
        const people = [await user('a'), await user('b'), await user('c'), await user('d')].map(({ id }) => id);
        const id = (index: number) => people[index] ?? nobody;
        const team = await group('team', before.map(id));
        await emptyQueue();
        const list = stated.map(index => ({ value: id(index) }));
        const written = await directory.updateGroup(context, team.id, () => ({
        memberChanges:
          kind === 'add'
            ? [{ kind: 'add', members: list }, { kind: 'remove', values: [id(1)] }]
            : kind === 'removeWhere'
              ? [{ kind: 'removeWhere', filter: parsePath(`members[value eq "${id(1)}" or display pr]`, groupType)?.filter ?? never() }]
              : kind === 'replaceAll'
                ? [{ kind, members: list }]
                : [{ kind }],
      })); // prettier-ignore
        expect(written).toMatchObject({ changed: true, resource: { version: 2 } });
        expect(await queue()).toEqual(
          Object.fromEntries([
            ...joined.map(index => [`person:${id(index)}`, 1]),
            ...left.map(index => [`person:${id(index)}`, 0]),
          ]),
        );
        const after = new Set([...before.map(id), ...joined.map(id)].filter(one => !left.map(id).includes(one)));
        expect(await members(team.id)).toEqual([...after].sort());
      },
    );

    it.each(['value', 'display', 'type', '$ref'])('lose the members that meet a filter on %s', async name => {
      const [ada, grace] = [await user('ada'), await user('grace')];
      const { resource: team } = await directory.createGroup(context, { displayName: 'team' }, [
        { value: ada.id, display: 'ADA' },
        { value: grace.id },
      ]);
      const inner = await group('inner');
      await addTo(team.id, inner.id);
      const filter = {
        value: `value eq "${ada.id}"`,
        display: 'display eq "ada"',
        type: 'type eq "group"',
        $ref: `$ref eq "${baseUrl}/Users/${ada.id}"`,
      }[name];
      await directory.updateGroup(
        context,
        team.id,
        () => ({
          memberChanges: [
            { kind: 'removeWhere', filter: parsePath(`members[${filter}]`, groupType)?.filter ?? never() },
          ],
        }),
        { baseUrl },
      );
      expect(await members(team.id)).toEqual((name === 'type' ? [ada.id, grace.id] : [grace.id, inner.id]).sort());
    });

    it('refuse filters of members that would compare each member again and again', async () => {
      const team = await group('team');
      const many = Array.from({ length: 30 }, (_, index) => `display co "${index}"`).join(' or ');
      const filter = parsePath(`members[${many}]`, groupType)?.filter ?? never();
      await expect(
        directory.updateGroup(context, team.id, () => ({ memberChanges: [{ kind: 'removeWhere', filter }] })),
      ).rejects.toThrow(CostlyFilter);
      const list = (text: string) =>
        directory.list(app, {
          selections: [{ type: 'Group', filter: parseFilter(text, groupType) }],
          baseUrl,
          count: 1,
        });
      await expect(list(`members[${many}]`)).rejects.toThrow(/has 30 comparisons.*at most 20/);
      const lookUps = Array.from({ length: 30 }, () => `members eq "${nobody}"`).join(' or ');
      expect((await list(lookUps)).totalResults).toBe(0);
    });

    it.each([
      ['an unknown id', () => [nobody]],
      ['what is no id', () => ['string id 1', '\u0000']],
      [
        'an id of another app',
        async () => [(await directory.createUser({ ...context, app: `${app}-other` }, { userName: 'x' })).resource.id],
      ],
    ])('refuse %s as a member before anything is written', async (_, ids) => {
      const ada = await user('ada');
      const team = await group('team', [ada.id]);
      await emptyQueue();
      const wrong = await ids();
      for (const kind of ['add', 'replaceAll'] as const) {
        const attempt = directory.updateGroup(context, team.id, () => ({
          document: { displayName: 'renamed' },
          memberChanges: [
            { kind: 'removeAll' },
            { kind, members: [{ value: ada.id }, ...wrong.map(value => ({ value }))] },
          ],
        }));
        await expect(attempt).rejects.toThrow(UnknownMembers);
        await expect(attempt).rejects.toMatchObject({ ids: wrong });
      }
      expect(await directory.getGroup(app, team.id)).toMatchObject({ version: 1, document: { displayName: 'team' } });
      expect(await members(team.id)).toEqual([ada.id]);
      await expect(
        directory.createGroup(
          context,
          { displayName: 'new' },
          wrong.map(value => ({ value })),
        ),
      ).rejects.toThrow(UnknownMembers);
      expect(await queue()).toEqual({});
    });

    it('refuse a member whose stated type is not its own', async () => {
      const ada = await user('ada');
      await expect(
        directory.createGroup(context, { displayName: 'team' }, [{ value: ada.id, type: 'Group' }]),
      ).rejects.toMatchObject({ ids: [ada.id] });
    });

    it('tell their people of a new name or externalId, and of nothing else', async () => {
      const ada = await user('ada');
      const team = await group('team', [ada.id], { externalId: 'e1' });
      const change = async (document: JsonObject) => {
        await emptyQueue();
        await directory.updateGroup(context, team.id, () => ({ document }));
        return Object.keys(await queue()).sort();
      };
      const everybody = [`person:${ada.id}`, `scim-group:${team.id}`];
      expect(await change({ displayName: 'Team', externalId: 'e1' })).toEqual(everybody);
      expect(await change({ displayName: 'Team', externalId: 'e2' })).toEqual(everybody);
      expect(await change({ displayName: 'Team', externalId: 'e2', schemas: ['x'] })).toEqual([]);
      expect(await readGroup(database.db, team.id)).toEqual({
        id: team.id,
        app,
        displayName: 'Team',
        externalId: 'e2',
      });
    });

    it('that are deleted send their people to the front of the queue and leave the groups that hold them', async () => {
      const ada = await user('ada');
      const inner = await group('inner', [ada.id]);
      const outer = await group('outer', [inner.id]);
      await emptyQueue();
      expect(await directory.deleteGroup(context, inner.id)).toMatchObject({
        touched: [`scim-group:${inner.id}`, `person:${ada.id}`],
      });
      expect(await queue()).toEqual({ [`scim-group:${inner.id}`]: 1, [`person:${ada.id}`]: 0 });
      expect(await members(outer.id)).toEqual([]);
      expect(await directory.getGroup(app, outer.id)).toMatchObject({ version: 2 });
      expect(await directory.getGroup(app, inner.id)).toBeUndefined();
    });
  });

  describe('groups in groups', () => {
    it('make their people members of the outer ones, and tell them when the nesting changes', async () => {
      const [ada, grace] = [await user('ada'), await user('grace')];
      const inner = await group('inner', [ada.id]);
      const middle = await group('middle', [inner.id, grace.id]);
      const outer = await group('outer');
      await emptyQueue();
      await addTo(outer.id, middle.id);
      // With its first member it is looked at which mappings read it.
      expect(await queue()).toEqual({
        [`person:${ada.id}`]: 1,
        [`person:${grace.id}`]: 1,
        [`scim-group:${outer.id}`]: 1,
      });
      expect(await directory.groupsOf(app, [ada.id, grace.id])).toEqual(
        new Map([
          [ada.id, [
            { value: inner.id, display: 'inner', type: 'direct' },
            { value: middle.id, display: 'middle', type: 'indirect' },
            { value: outer.id, display: 'outer', type: 'indirect' },
          ]],
          [grace.id, [
            { value: middle.id, display: 'middle', type: 'direct' },
            { value: outer.id, display: 'outer', type: 'indirect' },
          ]],
        ]),
      ); // prettier-ignore
      expect((await groupsOfUser(database.db, ada.id)).map(({ displayName }) => displayName)).toEqual([
        'inner',
        'middle',
        'outer',
      ]);
      expect((await usersOfGroup(database.db, outer.id, undefined, 10)).map(({ userName }) => userName)).toEqual([
        'ada',
        'grace',
      ]);
      expect((await usersOfGroup(database.db, outer.id, ada.id, 10)).map(({ userName }) => userName)).toEqual([
        'grace',
      ]);
      expect((await usersOfGroup(database.db, outer.id, undefined, 1)).map(({ userName }) => userName)).toEqual([
        'ada',
      ]);
      await emptyQueue();
      await removeFrom(outer.id, middle.id);
      expect(await queue()).toEqual({ [`person:${ada.id}`]: 0, [`person:${grace.id}`]: 0 });
    });

    it('say direct of a group that holds a person both ways', async () => {
      const ada = await user('ada');
      const inner = await group('inner', [ada.id]);
      const outer = await group('outer', [inner.id, ada.id]);
      expect((await directory.groupsOf(app, [ada.id])).get(ada.id)).toEqual([
        { value: inner.id, display: 'inner', type: 'direct' },
        { value: outer.id, display: 'outer', type: 'direct' },
      ]);
    });

    it('are refused where they would close a circle, and nothing is written', async () => {
      const a = await group('a');
      const b = await group('b', [a.id]);
      const c = await group('c', [b.id]);
      for (const [outer, inner] of [
        [a, a],
        [a, b],
        [a, c],
        [b, c],
      ] as const) {
        // prettier-ignore
        await expect(addTo(outer.id, inner.id)).rejects.toThrow(GroupCycle);
      }
      expect(await members(a.id)).toEqual([]);
      expect((await addTo(c.id, a.id))?.changed).toBe(true);
    });

    it('are refused as a whole where the policy of the app says so', async () => {
      const inner = await group('inner');
      const outer = await group('outer');
      const strict = { ...context, nestedGroups: 'refuse' } as const;
      const change = () => ({ memberChanges: [{ kind: 'add', members: [{ value: inner.id }] }] }) as const;
      await expect(directory.updateGroup(strict, outer.id, change)).rejects.toThrow(NestedGroupsRefused);
      await expect(directory.createGroup(strict, { displayName: 'new' }, [{ value: inner.id }])).rejects.toThrow(
        /nestedGroups/,
      );
    });
  });

  describe('under parallel requests', () => {
    it('lose no member, whoever adds and removes at the same time', async () => {
      const people = await Promise.all(Array.from({ length: 40 }, (_, index) => user(`p${index}`)));
      const ids = people.map(({ id }) => id);
      const team = await group('team', ids.slice(0, 20));
      await Promise.all([
        ...ids.slice(20).map(id => addTo(team.id, id)),
        ...ids.slice(0, 20).map(id => removeFrom(team.id, id)),
      ]);
      expect(await members(team.id)).toEqual(ids.slice(20).sort());
      expect(await directory.getGroup(app, team.id)).toMatchObject({ version: 41 });
    });

    it('leave no member behind of users that are deleted while groups take them in', async () => {
      const people = await Promise.all(Array.from({ length: 20 }, (_, index) => user(`p${index}`)));
      const team = await group('team');
      const outcomes = await Promise.allSettled(
        people.flatMap(({ id }) => [addTo(team.id, id), directory.deleteUser(context, id)]),
      );
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(UnknownMembers);
      expect(await members(team.id)).toEqual([]);
      const { rows } = await sql`select 1 from member_rows where set_id = ${team.id}`.execute(database.db);
      expect(rows).toEqual([]);
    });

    it('never close a circle between them', async () => {
      for (let round = 0; round < 5; round += 1) {
        const [a, b] = [await group(`a${round}`), await group(`b${round}`)];
        const outcomes = await Promise.allSettled([addTo(a.id, b.id), addTo(b.id, a.id)]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      }
    });

    it('give a name to one of those who ask for it', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => user('ada')));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(UniquenessError);
    });
  });

  describe('reading for the reconciler', () => {
    it('pages through users with all their groups, and counts them', async () => {
      const people = [
        await user('a'),
        await user('b', { active: false }),
        await user('c'),
        await user('d'),
        await user('e'),
      ];
      const [a, b, , d] = people.map(({ id }) => id) as [string, string, string, string, string];
      const inner = await group('inner', [a, b]);
      const outer = await group('outer', [inner.id, d]);
      const pages: [string, readonly string[]][][] = [];
      let after: string | undefined;
      for (;;) {
        const page = await readUsers(database.db, app, after, 2);
        pages.push(page.map(({ user: { userName }, groupIds }) => [userName, groupIds]));
        after = page.at(-1)?.user.id;
        if (page.length < 2) break;
      }
      const both = [inner.id, outer.id];
      expect(pages).toEqual([[['a', both], ['b', both]], [['c', []], ['d', [outer.id]]], [['e', []]]]); // prettier-ignore
      expect(await countDirectory(database.db, app)).toEqual({ users: 5, activeUsers: 4, groups: 2 });
      expect((await readGroups(database.db, app)).map(({ displayName }) => displayName)).toEqual(['inner', 'outer']);
      expect(await countDirectory(database.db, 'empty')).toEqual({ users: 0, activeUsers: 0, groups: 0 });
    });
  });
});

function never(): never {
  throw new Error('the path has no filter');
}
