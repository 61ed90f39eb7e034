import { type Kysely, sql } from 'kysely';
import { type Database, openDatabase, readJson } from '../../../bridge/store/database/database';
import { up as shareNames } from '../../../bridge/store/database/migrations/0005-group-namesakes';
import { up as stateActive } from '../../../bridge/store/database/migrations/0003-active-stated';
import { enqueue } from '../../../bridge/store/work/enqueue';
import { describeEachDatabase } from '../../support/databases';

const work = (database: Database) => database.db.selectFrom('work').selectAll().orderBy('key').execute();

describeEachDatabase('the database', (open, { backend, freshUrl }) => {
  it('keeps what a transaction wrote, and nothing of one that failed, when many are committed together', async () => {
    const database = await open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        database.transact(async db => {
          await db
            .insertInto('settings')
            .values({ key: `k${index}`, value: 'v' })
            .execute();
          if (index % 3 === 0) throw new Error(`no ${index}`);
          return index;
        }),
      ),
    );
    expect(outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason)))).toEqual(
      Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? `Error: no ${index}` : index)),
    );
    const { rows } = await sql<{ key: string }>`select key from settings`.execute(database.db);
    expect(rows.map(row => row.key).sort()).toEqual(
      Array.from({ length: 20 }, (_, index) => index)
        .filter(index => index % 3 !== 0)
        .map(index => `k${index}`)
        .sort(),
    );
  });

  it('undoes a piece of work that broke a constraint and carries on with the next', async () => {
    const database = await open();
    const insert = (key: string) =>
      database.transact(async db => {
        await db.insertInto('settings').values({ key, value: 'v' }).execute();
      });
    const outcomes = await Promise.allSettled([insert('a'), insert('a'), insert('b')]);
    // Which of the two was first is the database's choice.
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await database.db.selectFrom('settings').select('key').orderBy('key').execute()).toEqual([
      { key: 'a' },
      { key: 'b' },
    ]);
  });

  it('is the same database when it is opened again', async () => {
    const url = await freshUrl();
    const first = await openDatabase(url);
    await first.db.insertInto('settings').values({ key: 'a', value: 'b' }).execute();
    await first.close();
    const second = await openDatabase(url);
    expect(await second.db.selectFrom('settings').selectAll().execute()).toEqual([{ key: 'a', value: 'b' }]);
    await second.close();
  });

  it('states active for people who were made without it, and for nobody else', async () => {
    const database = await open();
    const row = { app: 'one', active: 1, version: 1, created_at: 1, modified_at: 1 } as const;
    const named = (id: string, document: object) => ({
      ...row,
      id,
      user_name: id,
      user_name_key: id,
      external_id: null,
      display_name_key: null,
      document: JSON.stringify(document),
    });
    await database.db
      .insertInto('users')
      .values([named('a', { userName: 'a' }), named('b', { userName: 'b', active: false })])
      .execute();
    await stateActive(database.db as unknown as Kysely<unknown>, database.backend);
    const rows = await database.db.selectFrom('users').select('document').orderBy('id').execute();
    expect(rows.map(({ document }) => readJson(document))).toEqual([
      { userName: 'a', active: true },
      { userName: 'b', active: false },
    ]);
  });

  it('keeps every group when names are made to be shared', async () => {
    const database = await open();
    const row = { app: 'one', document: '{}', version: 3, created_at: 1, modified_at: 2 } as const;
    const group = { ...row, id: 'g', display_name: 'Team', display_name_key: 'team', external_id: 'x' };
    await database.db
      .insertInto('groups')
      .values({ ...group, member_set: 'g' })
      .execute();
    // Postgres changes the table where it is.
    if (database.backend === 'sqlite') {
      // What came later.
      for (const later of [
        'drop view members',
        'drop index groups_member_set',
        'alter table groups drop column member_set',
      ])
        await sql.raw(later).execute(database.db);
      await shareNames(database.db as unknown as Kysely<unknown>, database.backend);
    }
    const rows = await database.db.selectFrom('groups').selectAll().execute();
    expect(rows.map(kept => ({ ...kept, document: readJson(kept.document) }))).toMatchObject([
      { ...group, document: {}, shares_name: 0 },
    ]);
  });

  it('refuses a database that a newer version wrote', async () => {
    const url = await freshUrl();
    const first = await openDatabase(url);
    await sql`update schema_version set version = 99`.execute(first.db);
    await first.close();
    await expect(openDatabase(url)).rejects.toThrow(/schema version 99.*start the newer coder-scim/);
  });

  it('refreshes a key that is enqueued again: the higher priority stays, tries start anew', async () => {
    const database = await open();
    const cause = { actor: 'scim', requestId: 'r1' } as const;
    await enqueue(
      database.db,
      [
        { key: 'person:a', app: 'one', priority: 0 },
        { key: 'person:b', app: 'one', priority: 2 },
      ],
      cause,
      1_000,
    );
    await database.db.updateTable('work').set({ attempts: 5, parked_at: 1_500 }).execute();
    await enqueue(
      database.db,
      [
        { key: 'person:b', app: 'one', priority: 1 },
        { key: 'person:a', app: 'one', priority: 3 },
      ],
      { actor: 'sweep' },
      2_000,
    );
    expect(await work(database)).toMatchObject([
      { key: 'person:a', priority: 0, seq: 2, attempts: 0, parked_at: null, due_at: 2_000, enqueued_at: 1_000 },
      { key: 'person:b', priority: 1, seq: 2, attempts: 0, parked_at: null },
    ]);
    // What it was queued for before is not forgotten: the newest cause comes first.
    expect((await work(database))[1]?.cause?.split('\n')).toEqual(['{"actor":"sweep"}', JSON.stringify(cause)]);
  });

  if (backend === 'sqlite') {
    it('answers each piece of work rightly when the disk is full, and goes on when it is not any more', async () => {
      const database = await open();
      const pages = async (limit: number) => {
        await sql`pragma max_page_count = ${sql.lit(limit)}`.execute(database.db);
      };
      const put = (key: string, size: number) =>
        database.transact(async db => {
          await db
            .insertInto('settings')
            .values({ key, value: 'x'.repeat(size) })
            .execute();
        });
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.db);
      await pages((rows[0]?.page_count ?? 0) + 5);
      const outcomes = await Promise.allSettled([put('a', 10), put('b', 1_000_000), put('c', 10)]);
      const present = await database.db.selectFrom('settings').select('key').orderBy('key').execute();
      const answered = ['a', 'b', 'c'].filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } });
      expect(present.map(({ key }) => key)).toEqual(answered);
      await pages(1_000_000);
      await put('d', 1_000_000);
      expect(await database.db.selectFrom('settings').select('key').where('key', '=', 'd').execute()).toHaveLength(1);
    });
  }
});
