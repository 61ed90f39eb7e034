/** The SQLite file among other processes: their locks, a second bridge, its mode, damage. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { type Database, type Db, openDatabase } from '../../../bridge/store/database/database';
import { readSetting, writeSetting } from '../../../bridge/store/database/settings';
import { isUnavailable } from '../../../bridge/store/database/unavailable';
import { createDatabaseProbe } from '../../../bridge/process/database-probe';

const folder = mkdtempSync(join(tmpdir(), 'cscim-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let number = 0;
const freshPath = () => join(folder, `${(number += 1)}.db`);
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(resume => setTimeout(resume, 1));
};
const keys = async ({ db }: Database) =>
  (await db.selectFrom('settings').select('key').orderBy('key').execute()).map(row => row.key);

/** What another process does that holds the file: `begin immediate`, and nothing more. */
function lock(path: string): () => void {
  const other = new BetterSqlite3(path);
  other.exec('begin immediate');
  return () => {
    other.exec('rollback');
    other.close();
  };
}

describe('a lock of another process on the SQLite file', () => {
  it('does not stop the event loop: writes wait, reads go on, and all is written when it is gone', async () => {
    const path = freshPath();
    const database = await openDatabase(path);
    const release = lock(path);
    const writes = Promise.all([
      database.transact(db => writeSetting(db, 'a', '1')),
      database.transact(db => writeSetting(db, 'b', '1')),
    ]);
    await turns(100);
    expect(await keys(database)).toEqual([]);
    // Released by this very event loop: had it stood still, the lock would have outlasted every patience.
    release();
    await writes;
    expect(await keys(database)).toEqual(['a', 'b']);
    await database.close();
  });

  it('lets a single statement wait for a moment as well, and a transaction of kysely', async () => {
    const path = freshPath();
    const database = await openDatabase(path);
    const release = lock(path);
    const writes = Promise.all([
      writeSetting(database.db, 'a', '1'),
      database.db.transaction().execute(async db => {
        await db.selectFrom('settings').selectAll().execute();
        await writeSetting(db, 'b', '1');
      }),
    ]);
    await turns(20);
    release();
    await writes;
    expect(await keys(database)).toEqual(['a', 'b']);
    await database.close();
  });

  it('is what readiness blames, at once, and no longer when it is gone', async () => {
    const path = freshPath();
    const database = await openDatabase(path);
    let now = 0;
    const problem = createDatabaseProbe(database, () => now, { timeoutMs: 60_000 });
    expect(await problem()).toBeNull();
    const release = lock(path);
    const refused: unknown = await writeSetting(database.db, 'a', '1').catch((error: unknown) => error);
    expect(isUnavailable(refused)).toBe(true);
    now += 10_000;
    expect(await problem()).toMatch(/^can not be written: another process holds the file locked: .*SQLITE_BUSY/);
    release();
    await writeSetting(database.db, 'a', '1');
    now += 10_000;
    expect(await problem()).toBeNull();
    await database.close();
  });
});

it('what could not be written for a lock can be once it is gone', async () => {
  const path = freshPath();
  const database = await openDatabase(path);
  const unlock = lock(path);
  for (let time = 0; time < 3; time += 1)
    await expect(database.transact(db => writeSetting(db, 'a', '1'))).rejects.toThrow(/locked/);
  unlock();
  await database.transact(db => writeSetting(db, 'a', '1'));
  expect(await keys(database)).toEqual(['a']);
  await database.close();
});

it('a transaction that a full disk ends says that the disk is full', async () => {
  const database = await openDatabase(freshPath());
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.db);
  await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 0)}`.execute(database.db);
  const write = (db: Db) => writeSetting(db, 'a', 'x'.repeat(1_000_000));
  for (const refused of [() => database.db.transaction().execute(write), () => database.transact(write)])
    await expect(refused()).rejects.toMatchObject({ code: 'SQLITE_FULL' });
  await database.transact(db => writeSetting(db, 'b', '1'));
  expect(await keys(database)).toEqual(['b']);
  await database.close();
});

describe('the SQLite file', () => {
  it('is refused to a second bridge, with the process that has it, and free when that has ended', async () => {
    const path = freshPath();
    const first = await openDatabase(path, { alone: true });
    await expect(openDatabase(path, { alone: true })).rejects.toThrow(
      new RegExp(`is in use by another bridge, process ${process.pid} on .*: stop that one first, or use Postgres`),
    );
    // However it is named: a link to the file, and one to its folder.
    symlinkSync(path, `${path}.link`);
    symlinkSync(folder, join(folder, 'linked'));
    for (const other of [`${path}.link`, join(folder, 'linked', basename(path))])
      await expect(openDatabase(other, { alone: true })).rejects.toThrow(/is in use by another bridge/);
    await writeSetting(first.db, 'a', '1');
    await first.close();
    const second = await openDatabase(path, { alone: true });
    expect(await keys(second)).toEqual(['a']);
    await second.close();
  });

  it("is written to by whichever link names it, also one that leads to nothing yet, and is its owner's alone", async () => {
    const path = freshPath();
    const link = `${path}.link`;
    symlinkSync(basename(path), link);
    for (const value of ['1', '2']) {
      const database = await openDatabase(link, { alone: true });
      await database.transact(db => writeSetting(db, 'a', value));
      expect(await readSetting(database.db, 'a')).toBe(value);
      expect(['', '-wal', '.lock'].map(end => (statSync(`${path}${end}`).mode & 0o777).toString(8))).toEqual(
        Array(3).fill('600'),
      );
      await database.close();
    }
  });

  it('whose log can not be brought to the disk refuses what waits, says so, and goes on when it can', async () => {
    const path = freshPath();
    const database = await openDatabase(path);
    const problem = createDatabaseProbe(database, Date.now, { rememberMs: 0, rememberFailureMs: 0 });
    renameSync(`${path}-wal`, `${path}-away`);
    const writes = ['a', 'b'].map(key => database.transact(db => writeSetting(db, key, '1')));
    for (const write of writes) {
      const refused: unknown = await write.catch((error: unknown) => error);
      expect(refused).toMatchObject({ message: expect.stringMatching(/write-ahead log .*ENOENT/) });
      expect(isUnavailable(refused)).toBe(true);
    }
    expect(await problem()).toMatch(/^can not be written: its write-ahead log can not be brought to the disk/);
    renameSync(`${path}-away`, `${path}-wal`);
    await database.transact(db => writeSetting(db, 'c', '1'));
    expect(await problem()).toBeNull();
    await database.close();
  });

  it("is its owner's alone with all that lies beside it, whatever the umask and the mode it had", async () => {
    const modes = (path: string) =>
      ['', '-wal', '-shm', '.lock'].map(end => (statSync(`${path}${end}`).mode & 0o777).toString(8));
    const umask = process.umask(0);
    try {
      const path = freshPath();
      const first = await openDatabase(path, { alone: true });
      expect(modes(path)).toEqual(['600', '600', '600', '600']);
      await first.close();
      chmodSync(path, 0o666);
      const second = await openDatabase(path, { alone: true });
      expect(modes(path)).toEqual(['600', '600', '600', '600']);
      await second.close();
    } finally {
      process.umask(umask);
    }
  });

  it('that is no database is refused with its name', async () => {
    const path = freshPath();
    writeFileSync(path, 'this is a letter to a friend, and no database, however long it may be read'.repeat(100));
    await expect(openDatabase(path)).rejects.toThrow(/can not be opened: .*file is not a database/);
  });

  it('that is damaged while it is open is said to be, until the bridge ends', async () => {
    const path = freshPath();
    const database = await openDatabase(path);
    await database.transact(db => writeSetting(db, 'a', 'x'.repeat(50_000)));
    const other = new BetterSqlite3(path);
    other.pragma('wal_checkpoint(truncate)');
    other.close();
    truncateSync(path, 8_192);
    const problem = createDatabaseProbe(database, Date.now, { rememberMs: 0 });
    const refused: unknown = await database.db
      .selectFrom('settings')
      .selectAll()
      .execute()
      .catch((error: unknown) => error);
    expect(isUnavailable(refused)).toBe(true);
    expect(await problem()).toMatch(/^can not be written: the file is damaged: stop the bridge and restore the backup/);
    await database.close().catch(() => undefined);
  });
});

it('can be read from one state again as soon as it can be opened, however often it could not be', async () => {
  const path = freshPath();
  const database = await openDatabase(path);
  await database.transact(db => writeSetting(db, 'a', '1'));
  const read = () => database.snapshot(db => readSetting(db, 'a'));
  renameSync(path, `${path}-away`);
  mkdirSync(path);
  for (let times = 0; times < 2; times += 1) await expect(read()).rejects.toThrow(/can not be opened/);
  rmSync(path, { recursive: true });
  renameSync(`${path}-away`, path);
  expect(await read()).toBe('1');
  // Others wait for a place, and get it.
  expect(await Promise.all(Array.from({ length: 5 }, read))).toEqual(['1', '1', '1', '1', '1']);
  await database.close();
});
