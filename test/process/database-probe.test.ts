import { sql } from 'kysely';
import { createDatabaseProbe } from '../../bridge/process/database-probe';
import { openDatabase } from '../../bridge/store/database/database';
import { isUnavailable } from '../../bridge/store/database/unavailable';
import { freshSqlite } from '../support/databases';

describe('readiness of the database', () => {
  it('notices a disk that is full, though it reads, and that there is room again', async () => {
    const fresh = freshSqlite();
    const database = await openDatabase(fresh.url);
    let now = 0;
    const problem = createDatabaseProbe(database, () => now, { rememberMs: 1_000 });
    expect(await problem()).toBeNull();

    // As many pages as there are: what SQLite answers is what it answers on a full disk.
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.db);
    await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 1)}`.execute(database.db);
    const fill = sql`insert into settings (key, value) select 'fill-' || value, hex(randomblob(3000)) from json_each('[1,2,3,4,5,6,7,8,9]')`;
    const error: unknown = await fill.execute(database.db).catch((reason: unknown) => reason);
    expect(isUnavailable(error)).toBe(true);
    await sql`pragma query_only = on`.execute(database.db);
    expect(await problem()).toBeNull();
    now += 2_000;
    expect(await problem()).toMatch(/^can not be written: /);

    await sql`pragma query_only = off`.execute(database.db);
    now += 2_000;
    expect(await problem()).toBeNull();
    await database.close();
    await fresh.drop();
  });

  it.each([
    [{ code: 'SQLITE_FULL' }, true],
    [{ code: 'ECONNREFUSED' }, true],
    [{ code: '57P01' }, true],
    [{ message: 'timeout exceeded when trying to connect' }, true],
    [{ code: '23505' }, false],
    [new Error('a defect'), false],
    [undefined, false],
  ])('%o means that it is worth trying again: %s', (cause, wanted) => {
    expect(isUnavailable(cause)).toBe(wanted);
  });
});
