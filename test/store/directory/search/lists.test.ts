/** Lists: what a page holds, what totals count, and what a cursor is bound to (RFC 7644 §3.4.2, RFC 9865). */
import { parseFilter } from '../../../../bridge/scim-language/filter/parser';
import { findAttribute } from '../../../../bridge/scim-language/schema/look-up';
import { groupType, userType } from '../../../../bridge/scim-language/schema/resource-types';
import { type Database } from '../../../../bridge/store/database/database';
import { type CursorQuery, type Directory, type Selection, createDirectory } from '../../../../bridge/store/directory';
import { fillUsers } from '../../../bench/fill-directory';
import { describeEachDatabase } from '../../../support/databases';

const baseUrl = 'https://scim.test/v2';
const HOUR = 3_600_000;

describeEachDatabase('lists', open => {
  let database: Database;
  let directory: Directory;
  const clock = { now: 1_700_000_000_000 };
  const names: string[] = [];

  beforeAll(async () => {
    database = await open();
    directory = createDirectory(database, { clock: () => clock.now, cursorLifetimeMs: HOUR });
    for (const app of ['one', 'two']) {
      const context = { app, cause: { actor: 'scim' } } as const;
      const users: string[] = [];
      for (let index = 0; index < 25; index += 1) {
        const name = `user-${String((index * 7) % 25).padStart(2, '0')}`;
        if (app === 'one') names.push(name);
        users.push(
          (await directory.createUser(context, { userName: name, title: index % 2 === 0 ? 'even' : 'odd' })).resource
            .id,
        );
      }
      for (let index = 0; index < 3; index += 1)
        await directory.createGroup(
          context,
          { displayName: `group-${index}` },
          users.slice(index * 5).map(value => ({ value })),
        );
    }
  });

  const users = (filter?: string): Selection => ({
    type: 'User',
    ...(filter === undefined ? {} : { filter: parseFilter(filter, userType) }),
  });
  const nameOf = ({ document }: { document: Record<string, unknown> }) =>
    String(document['userName'] ?? document['displayName']);

  it.each([
    { startIndex: 1, count: 10, from: 0, to: 10 },
    { startIndex: 11, count: 10, from: 10, to: 20 },
    { startIndex: 21, count: 10, from: 20, to: 25 },
    { startIndex: 26, count: 10, from: 0, to: 0 },
    { startIndex: 1_000_000, count: 10, from: 0, to: 0 },
    { startIndex: 1, count: 0, from: 0, to: 0 },
    { startIndex: 0, count: 2, from: 0, to: 2 },
    { startIndex: 25, count: 1, from: 24, to: 25 },
  ])(
    'of $count from $startIndex are a part of all in order of age, with the total',
    async ({ from, to, ...bounds }) => {
      const page = await directory.list('one', { selections: [users()], baseUrl, ...bounds });
      expect({ total: page.totalResults, names: page.resources.map(nameOf) }).toEqual({
        total: 25,
        names: names.slice(from, to),
      });
    },
  );

  it.each([
    ['title eq "EVEN"', 13],
    ['title eq "even" and userName sw "user-0"', undefined],
    ['not (title eq "even")', 12],
    ['userName eq "USER-07"', 1],
    ['userName eq "nobody"', 0],
    ['meta.created gt "2030-01-01T00:00:00Z"', 0],
  ])('count with the very filter of the page: %s', async (filter, wanted) => {
    const all = await directory.list('one', { selections: [users(filter)], baseUrl, count: 1_000 });
    const few = await directory.list('one', { selections: [users(filter)], baseUrl, count: 1 });
    const none = await directory.list('one', { selections: [users(filter)], baseUrl, count: 0 });
    expect([few.totalResults, none.totalResults]).toEqual([all.resources.length, all.resources.length]);
    if (wanted !== undefined) expect(all.totalResults).toBe(wanted);
  });

  it('of the root hold users and groups, sorted together', async () => {
    const selections: Selection[] = [
      { type: 'User', filter: parseFilter('displayName pr or userName ew "-24"', userType, { otherTypes: [groupType] }), sortBy: findAttribute(userType, 'displayName') },
      { type: 'Group', filter: parseFilter('displayName pr or userName ew "-24"', groupType, { otherTypes: [userType] }), sortBy: findAttribute(groupType, 'displayName') },
    ]; // prettier-ignore
    const ascending = await directory.list('one', { selections, baseUrl, count: 10 });
    expect(ascending.resources.map(nameOf)).toEqual(['group-0', 'group-1', 'group-2', 'user-24']);
    const descending = await directory.list('one', { selections, baseUrl, count: 2, sortOrder: 'descending' });
    expect([descending.totalResults, descending.resources.map(nameOf)]).toEqual([4, ['user-24', 'group-2']]);
    const rest = await directory.list('one', { selections: [users(), { type: 'Group' }], baseUrl, count: 100 });
    expect([rest.totalResults, rest.resources.length]).toEqual([28, 28]);
  });

  it('give members of several groups in chunks, ordered by group', async () => {
    const page = await directory.list('one', { selections: [{ type: 'Group' }], baseUrl, count: 100 });
    const ids = page.resources.map(({ id }) => id);
    const sizes = new Map<string, number>();
    let last = '';
    for await (const chunk of directory.membersOf('one', ids.toReversed()))
      for (const { groupId, value } of chunk) {
        expect(groupId + value > last).toBe(true);
        last = groupId + value;
        sizes.set(groupId, (sizes.get(groupId) ?? 0) + 1);
      }
    expect(ids.map(id => sizes.get(id))).toEqual([25, 20, 15]);
    for await (const chunk of directory.membersOf('two', ids))
      throw new Error(`members of another app: ${chunk.length}`);
    for await (const chunk of directory.membersOf('two', ids.slice(0, 1)))
      throw new Error(`members of another app: ${chunk.length}`);
  });

  describe('over more resources than are searched at once', () => {
    const count = 1_800;
    let all: string[];

    beforeAll(async () => {
      all = await fillUsers(database, 'many', count);
    });

    it.each([
      ['title eq "staff engineer"', (index: number) => index % 10 === 0],
      ['userName co ".17"', (index: number) => String(index).startsWith('17')],
      ['not (title pr)', () => false],
      ['emails[type eq "home" and value ew "9@home.example"]', (index: number) => index % 10 === 9],
    ])('find and count the same as one by one: %s', async (filter, meets) => {
      const wanted = all.filter((_, index) => meets(index));
      const query = { selections: [users(filter)], baseUrl } as const;
      const ids = (page: { resources: readonly { id: string }[] }) => page.resources.map(({ id }) => id);
      const whole = await directory.list('many', { ...query, count: 2_000 });
      expect([whole.totalResults, ids(whole)]).toEqual([wanted.length, wanted]);
      const middle = await directory.list('many', { ...query, count: 7, startIndex: 12 });
      expect([middle.totalResults, ids(middle)]).toEqual([wanted.length, wanted.slice(11, 18)]);
      const read: string[] = [];
      const cursorQuery: CursorQuery = { ...query, count: 50, subject: 's', queryText: filter };
      let page = await directory.listByCursor('many', cursorQuery);
      read.push(...ids(page));
      while (page.nextCursor !== undefined) {
        page = await directory.listByCursor('many', { ...cursorQuery, cursor: page.nextCursor });
        read.push(...ids(page));
      }
      expect(read).toEqual(wanted);
      while (page.previousCursor !== undefined) {
        page = await directory.listByCursor('many', { ...cursorQuery, cursor: page.previousCursor });
        read.splice(0, read.length, ...ids(page));
      }
      expect(read).toEqual(wanted.slice(0, 50));
    });

    it.each(['ascending', 'descending'] as const)('are sorted as a whole, %s', async sortOrder => {
      const title = findAttribute(userType, 'title');
      const query = { selections: [{ type: 'User', sortBy: title }], sortOrder, baseUrl } as const;
      const engineers = all.filter((_, index) => index % 10 !== 0);
      const staff = all.filter((_, index) => index % 10 === 0);
      const wanted = [...engineers, ...staff];
      if (sortOrder === 'descending') wanted.reverse();
      const page = await directory.list('many', { ...query, count: 500, startIndex: 1_301 });
      expect([page.totalResults, page.resources.map(({ id }) => id)]).toEqual([count, wanted.slice(1_300, 1_800)]);
    });
  });

  describe('by cursor', () => {
    const query: CursorQuery = {
      selections: [{ type: 'User' }],
      baseUrl,
      count: 10,
      subject: 'token-1',
      queryText: 'users',
    };

    it('have a next cursor on every page but the last, a previous one on every page but the first, and one total', async () => {
      const first = await directory.listByCursor('one', query);
      const second = await directory.listByCursor('one', { ...query, cursor: first.nextCursor });
      const third = await directory.listByCursor('one', { ...query, cursor: second.nextCursor });
      const shape = [first, second, third].map(page => [
        page.resources.length,
        page.totalResults,
        page.previousCursor !== undefined,
        page.nextCursor !== undefined,
      ]);
      expect(shape).toEqual([[10, 25, false, true], [10, 25, true, true], [5, 25, true, false]]); // prettier-ignore
      expect([first, second, third].flatMap(page => page.resources.map(nameOf))).toEqual(names);
      const back = await directory.listByCursor('one', { ...query, cursor: third.previousCursor });
      expect(back.resources.map(nameOf)).toEqual(names.slice(10, 20));
      const start = await directory.listByCursor('one', { ...query, cursor: back.previousCursor });
      expect([start.resources.map(nameOf), start.previousCursor]).toEqual([names.slice(0, 10), undefined]);
      expect(first.nextCursor).toMatch(/^[A-Za-z0-9._~-]+$/);
      expect(Buffer.from(first.nextCursor ?? '', 'base64url').toString('latin1')).not.toContain(first.resources[9]?.id);
    });

    it('are whole when everything fits on a page', async () => {
      expect(await directory.listByCursor('one', { ...query, count: 25 })).toMatchObject({
        totalResults: 25,
        nextCursor: undefined,
        previousCursor: undefined,
      });
      expect(await directory.listByCursor('one', { ...query, count: 0 })).toMatchObject({
        totalResults: 25,
        resources: [],
        nextCursor: undefined,
      });
    });

    it.each<[string, { sortBy?: string; sortOrder?: 'descending' }]>([
      ['without an order', {}],
      ['sorted', { sortBy: 'userName' }],
      ['sorted downwards', { sortBy: 'userName', sortOrder: 'descending' }],
      ['searched in slices', { sortBy: 'title' }],
    ])('lose nothing at a page that others left empty: %s', async (name, { sortBy, ...rest }) => {
      const app = `empty-${name.replaceAll(' ', '-')}`;
      const context = { app, cause: { actor: 'scim' } } as const;
      const sort = sortBy === undefined ? {} : { sortBy: findAttribute(userType, sortBy) };
      const asked = { ...query, ...rest, selections: [{ type: 'User', ...sort }], count: 2 } as const;
      for (let index = 0; index < 5; index += 1)
        await directory.createUser(context, { userName: `u${index}`, title: `t${index}` });
      const read = (cursor?: string) => directory.listByCursor(app, { ...asked, cursor });
      const remove = async (page: { resources: readonly { id: string }[] }) => {
        for (const { id } of page.resources) await directory.deleteUser(context, id);
      };
      const first = await read();
      const second = await read(first.nextCursor);
      const third = await read(second.nextCursor);
      // What came before is gone: back, and forward again, is the second page from its first one on.
      await remove(first);
      const before = await read(second.previousCursor);
      expect([before.resources, before.previousCursor]).toEqual([[], undefined]);
      const again = await read(before.nextCursor);
      expect([again.resources, again.previousCursor]).toEqual([second.resources, undefined]);
      expect((await read(again.nextCursor)).resources).toEqual(third.resources);
      // What comes after is gone: forward, and back again, is the second page to its last one.
      await remove(third);
      const after = await read(again.nextCursor);
      expect([after.resources, after.nextCursor]).toEqual([[], undefined]);
      const last = await read(after.previousCursor);
      expect([last.resources, last.nextCursor]).toEqual([second.resources, undefined]);
      expect(last.previousCursor).toBeUndefined();
    });

    it('neither skip nor repeat what stays when others come and go in between', async () => {
      const context = { app: 'three', cause: { actor: 'scim' } } as const;
      const ids: string[] = [];
      for (let index = 0; index < 10; index += 1)
        ids.push((await directory.createUser(context, { userName: `u${index}` })).resource.id);
      const first = await directory.listByCursor('three', { ...query, count: 4 });
      await directory.deleteUser(context, ids[3] ?? '');
      await directory.deleteUser(context, ids[5] ?? '');
      const second = await directory.listByCursor('three', { ...query, count: 4, cursor: first.nextCursor });
      expect(second.resources.map(({ id }) => id)).toEqual([ids[4], ids[6], ids[7], ids[8]]);
    });

    it.each([
      ['of another app', 'two', {}, 'InvalidCursor'],
      ['of another token', 'one', { subject: 'token-2' }, 'InvalidCursor'],
      ['of another query', 'one', { queryText: 'users sorted' }, 'InvalidCursor'],
      ['with another count', 'one', { count: 11 }, 'InvalidCount'],
    ])('refuse a cursor %s', async (_, app, differs, name) => {
      const first = await directory.listByCursor('one', query);
      await expect(
        directory.listByCursor(app, { ...query, ...differs, cursor: first.nextCursor }),
      ).rejects.toMatchObject({ name });
    });

    it('take the count of the first page where none is stated', async () => {
      const first = await directory.listByCursor('one', query);
      const second = await directory.listByCursor('one', {
        ...query,
        count: 100,
        countStated: false,
        cursor: first.nextCursor,
      });
      expect(second.resources).toHaveLength(10);
    });

    it('refuse a cursor that is made up, cut, or changed in any character', async () => {
      const { nextCursor: cursor = '' } = await directory.listByCursor('one', query);
      const changed = Array.from(
        { length: cursor.length },
        (_, at) => cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
      );
      // The last character may carry bits that stand for nothing.
      for (const wrong of ['x', '!', 'a'.repeat(1_000), cursor.slice(0, 20), `${cursor}AAAA`, ...changed.slice(0, -1)])
        await expect(directory.listByCursor('one', { ...query, cursor: wrong })).rejects.toMatchObject({
          name: 'InvalidCursor',
        });
    });

    it('refuse a cursor after its time', async () => {
      const first = await directory.listByCursor('one', query);
      clock.now += HOUR - 1;
      expect((await directory.listByCursor('one', { ...query, cursor: first.nextCursor })).resources).toHaveLength(10);
      clock.now += 1;
      await expect(directory.listByCursor('one', { ...query, cursor: first.nextCursor })).rejects.toMatchObject({
        name: 'ExpiredCursor',
      });
    });
  });
});
