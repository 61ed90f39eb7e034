/** SQLite plans a statement anew for each value that it can look at: what is compiled for it shows it none. */
import { type Kysely, sql } from 'kysely';
import { type Database, openDatabase } from '../../../bridge/store/database/database';
import { statement } from '../../../bridge/store/database/statement';
import { type Tables } from '../../../bridge/store/database/tables';
import { freshSqlite } from '../../support/databases';

const file = freshSqlite();
let database: Database;
let db: Kysely<Tables>;
beforeAll(async () => {
  database = await openDatabase(file.url);
  db = database.db;
});
afterAll(async () => {
  await database.close();
  await file.drop();
});

it('keeps what is compared, joined on and counted to from the planner', () => {
  const { sql: text } = db
    .selectFrom('bindings')
    .leftJoin('groups', join => join.onRef('groups.id', '=', 'bindings.scim_group_id').on('groups.app', '=', 'acme'))
    .select('groups.id')
    .where('bindings.app', '=', 'acme')
    .where(sql<boolean>`bindings.mapping > ${'a'}`)
    .orderBy('bindings.mapping')
    .limit(5)
    .compile();
  expect(text.match(/coalesce\(\?, null\)/g)).toHaveLength(4);
  expect(text.replaceAll('coalesce(?, null)', '')).not.toContain('?');
});

it('writes values and lists as they are', () => {
  const { sql: text } = db
    .insertInto('settings')
    .values({ key: 'one', value: '1' })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value: '2' }))
    .compile();
  expect(text).not.toContain('coalesce');
  const list = db.selectFrom('settings').select('value').where('key', 'in', ['one', 'two']).compile();
  expect(list.sql).toContain('in (?, ?)');
  const update = db.updateTable('settings').set({ value: '3' }).where('key', '=', 'one').compile();
  expect(update.sql).toBe('update "settings" set "value" = ? where "key" = coalesce(?, null)');
});

it('finds by an index what it found by one, and nothing by null', async () => {
  await db.insertInto('settings').values({ key: '7', value: '8' }).execute();
  const find = statement<{ key: string }>()((on, { key }) =>
    on.selectFrom('settings').select('value').where('key', '=', key),
  );
  expect((await find(db, { key: '7' })).rows).toEqual([{ value: '8' }]);
  expect((await sql`select value from settings where key = ${null}`.execute(db)).rows).toEqual([]);
  const { rows } = await sql<{
    detail: string;
  }>`explain query plan select value from settings where key = ${'7'}`.execute(db);
  expect(rows.map(row => row.detail).join()).toMatch(/SEARCH settings USING INDEX/);
  // By the value of a plain parameter it would take the partial index of those where it is 1.
  const about = sql<{ detail: string }>`explain query plan select id from groups where shares_name = ${1}`;
  expect((await about.execute(db)).rows.map(row => row.detail).join()).not.toContain('groups_namesakes');
});
