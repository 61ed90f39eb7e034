/** What a filter costs is bounded by work: how often texts are looked at, and how much of them. */
import { sql } from 'kysely';
import { parseFilter } from '../../../../bridge/scim-language/filter/parser';
import { groupType, userType } from '../../../../bridge/scim-language/schema/resource-types';
import { type Database } from '../../../../bridge/store/database/database';
import { CostlyFilter, type Directory, createDirectory } from '../../../../bridge/store/directory';
import { SEARCH_BOUNDS } from '../../../../bridge/store/directory/search/cost';
import { filterSql } from '../../../../bridge/store/directory/search/filter-sql';
import { mergeComparisons } from '../../../../bridge/store/directory/search/merge-comparisons';
import { createBudget, inSlices } from '../../../../bridge/store/directory/search/scan';
import { describeEachDatabase } from '../../../support/databases';

const baseUrl = 'https://scim.test/v2';
const series = (count: number, term: (index: number) => string, by = ' or ') =>
  Array.from({ length: count }, (_, index) => term(index)).join(by);

describeEachDatabase('the cost of a filter', (open, { backend }) => {
  const app = 'one';
  const context = { app, cause: { actor: 'scim' } } as const;
  let database: Database;
  let directory: Directory;
  const long = 'Ü'.repeat(30_000);

  beforeAll(async () => {
    database = await open();
    directory = createDirectory(database);
    await directory.createUser(context, { userName: 'long', title: long, emails: [{ value: 'a@b.c', display: long }] });
    for (let index = 0; index < 9; index += 1)
      await directory.createUser(context, { userName: `short-${index}`, title: `${index}` });
  });

  const search = (text: string, on = directory) =>
    on.list(app, { selections: [{ type: 'User', filter: parseFilter(text, userType) }], baseUrl, count: 100 });

  it.each([
    ['eq', series(280, index => `title eq "${index}"`), 1],
    [
      'eq beside something else',
      `active eq true and (nickName pr or ${series(280, index => `title eq "${index}"`)})`,
      1,
    ],
    ['eq of a list', series(280, index => `emails.display eq "${index}"`), 1],
    ['eq in a value path', `emails[type eq "work" and (${series(280, index => `display eq "${index}"`)})]`, 2],
    ['value paths', series(95, index => `emails[type eq "${index}" and display sw "${index}"]`), 2],
    ['ne', series(280, index => `title ne "${index}"`, ' and '), 1],
    ['co', series(280, index => `title co "${index}"`), 1],
    ['ne, sw and not', series(100, index => `title ne "a${index}" or not (title sw "b${index}") or title gt "c"`), 1],
    ['two attributes', series(150, index => `title co "${index}" and nickName ew "${index}"`), 2],
    ['a part of a complex attribute', series(280, index => `name.familyName co "${index}"`), 1],
    ['a value path of a complex attribute', `name[${series(280, index => `familyName co "${index}"`)}]`, 1],
    ['beside a look-up', `userName eq "long" and (${series(280, index => `title co "${index}"`)})`, 1],
  ])('folds the texts of a row once for hundreds of terms: %s', (_name, text, folds) => {
    const scope = { backend, type: 'User', app, baseUrl } as const;
    const condition = filterSql(scope, mergeComparisons(parseFilter(text, userType)));
    const statement = sql`select id from users where ${condition}`.compile(database.db).sql;
    expect(statement.split(backend === 'sqlite' ? 'fold(' : '"und-x-icu"').length - 1).toBe(folds);
    // Nor is the document read again for each of them.
    expect(statement.split('document').length - 1).toBeLessThanOrEqual(8);
  });

  it.each([
    ['look-ups of one attribute', series(290, index => `userName eq "short-${index}"`), 9],
    ['a series of eq', series(280, index => `title eq "${index}"`), 9],
    ['a series of ne', series(280, index => `title ne "${index}"`, ' and '), 1],
    ['a series of eq that all are of a long text', `title eq "1" or ${series(100, () => `title eq "x"`)}`, 1],
  ])('finds with hundreds of terms what each of them says: %s', async (_name, text, total) => {
    expect((await search(text)).totalResults).toBe(total);
  });

  it('stays below the bounds with what identity providers ask for', async () => {
    const bounds = { ...SEARCH_BOUNDS, work: 2_000_000, workOfOne: 1_000_000 };
    const bounded = createDirectory(database, { searchBounds: bounds });
    expect((await search('title co "1" and not (active eq false)', bounded)).totalResults).toBe(1);
  });

  it.each([
    ['groups of users, all of them', 'User', (index: number) => `groups.value eq "${index}"`, ' and ', 20],
    ['groups of users, none of them', 'User', (index: number) => `not (groups.value eq "${index}")`, ' and ', 20],
    ['members', 'Group', (index: number) => `members.display co "${index}"`, ' or ', 20],
    ['groups of users, any of them', 'User', (index: number) => `groups.value eq "${index}"`, ' or ', 300],
    ['ids of members', 'Group', (index: number) => `not (members.value eq "${index}")`, ' and ', 300],
  ] as const)('rows are compared with a few, unless they are looked up or compared at once: %s', async (...given) => {
    const [, type, term, by, most] = given;
    const list = (count: number) => {
      const filter = parseFilter(series(count, term, by), type === 'User' ? userType : groupType);
      return directory.list(app, { selections: [{ type, filter }], baseUrl, count: 0 });
    };
    await list(1);
    await list(most);
    if (most < 300) await expect(list(most + 1)).rejects.toThrow(/has 21 comparisons.*at most 20/);
  });

  it('is refused when the search would be more work than it may', async () => {
    const costly = series(200, index => `title co "${index}x"`);
    const bounds = backend === 'sqlite' ? { work: 10_000_000, workOfOne: 1e9 } : { statementMs: 1 };
    const bounded = createDirectory(database, { searchBounds: { ...SEARCH_BOUNDS, ...bounds } });
    const refused = search(costly, bounded);
    await expect(refused).rejects.toThrow(CostlyFilter);
    await expect(refused).rejects.toThrow(/use fewer comparisons/);
    // The bound was that of the search alone: what uses the same connection next has its own.
    if (backend === 'postgres') {
      const { rows } = await sql`select current_setting('statement_timeout') as timeout`.execute(database.db);
      expect(rows).toEqual([{ timeout: '0' }]);
    }
    expect((await search('userName eq "long"', bounded)).totalResults).toBe(1);
  });
});

describeEachDatabase('slices of a search', (open, { backend }) => {
  const onSqlite = backend === 'sqlite' ? it : it.skip;

  onSqlite('have as much work as may be done in one go, whatever the rows hold', async () => {
    const database = await open();
    const directory = createDirectory(database);
    const context = { app: 'one', cause: { actor: 'scim' } } as const;
    for (let index = 0; index < 60; index += 1)
      await directory.createUser(context, {
        userName: `user-${index}`,
        title: 'x'.repeat(index % 20 === 19 ? 60_000 : 10),
      });
    const slices: number[] = [];
    let rows = 0;
    await inSlices(
      database.db,
      { app: 'one', table: 'users', after: '', comparisons: 100 },
      createBudget(SEARCH_BOUNDS),
      async ids => {
        const found = await sql<{ rows: number; bytes: number }>`
          select count(*) as rows, sum(octet_length(document)) as bytes from users where ${ids}`.execute(database.db);
        rows += found.rows[0]?.rows ?? 0;
        slices.push((found.rows[0]?.bytes ?? 0) * 100);
        return true;
      },
    );
    expect(rows).toBe(60);
    expect(Math.max(...slices)).toBeLessThan(8_000_000);
    expect(slices.length).toBeGreaterThan(2);
  });

  onSqlite('have few groups where each of their members is compared, and begin with one', async () => {
    const database = await open();
    const directory = createDirectory(database);
    const context = { app: 'one', cause: { actor: 'scim' } } as const;
    const members: { value: string }[] = [];
    for (let index = 0; index < 40; index += 1)
      members.push({ value: (await directory.createUser(context, { userName: `u${index}` })).resource.id });
    for (let index = 0; index < 60; index += 1)
      await directory.createGroup(context, { displayName: `group ${index}` }, members);
    const slices: number[] = [];
    await inSlices(
      database.db,
      { app: 'one', table: 'groups', after: '', comparisons: 20, rowComparisons: 20 },
      createBudget(SEARCH_BOUNDS),
      async ids => {
        const found = await sql<{ groups: number }>`select count(*) as groups from groups where ${ids}`.execute(
          database.db,
        );
        slices.push(found.rows[0]?.groups ?? 0);
        return true;
      },
    );
    expect(slices[0]).toBe(1);
    expect(slices.reduce((sum, groups) => sum + groups, 0)).toBe(60);
    // 20 comparisons of 40 members are 400,000 of the 8,000,000 that a slice may have.
    expect(Math.max(...slices)).toBeLessThanOrEqual(20);
  });

  onSqlite('refuse one resource that is too much by itself', async () => {
    const database = await open();
    const directory = createDirectory(database);
    const context = { app: 'one', cause: { actor: 'scim' } } as const;
    await directory.createUser(context, {
      userName: 'long',
      title: 'x'.repeat(60_000),
      nickName: 'x'.repeat(40_000),
    });
    const filter = (count: number) =>
      parseFilter(
        series(count, index => `title co "${index}"`),
        userType,
      );
    const list = (count: number) =>
      directory.list('one', { selections: [{ type: 'User', filter: filter(count) }], baseUrl, count: 10 });
    expect((await list(200)).totalResults).toBe(0);
    await expect(list(300)).rejects.toThrow(/with one resource/);
  });
});
