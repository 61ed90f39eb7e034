/** What is done to the database of a bridge from outside: copied, restored, carried over to the other kind. */
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { DatabaseError } from '../store/database/backend';
import { openDatabase } from '../store/database/database';
import { exportDatabase } from '../store/transfer/export';
import { importDatabase } from '../store/transfer/import';
import {
  backupSqlite,
  type BackupFacts,
  type Restored,
  restoreSqlite,
  wantSqlite,
} from '../store/transfer/sqlite-file';

export type { BackupFacts, Restored };

const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url);
const fileOf = (url: string): string => url.replace(/^sqlite:(\/\/)?/, '');

/** @throws DatabaseError naming what to run instead, for Postgres */
export function backup(databaseUrl: string, file: string): BackupFacts {
  if (isPostgres(databaseUrl))
    throw new DatabaseError(
      `the database is Postgres, which has its own tools: run pg_dump --format=custom --file=${JSON.stringify(file)} "$CODER_SCIM_DATABASE_URL"`,
    );
  return backupSqlite(fileOf(databaseUrl), file);
}

/** @throws DatabaseError naming what to run instead, for Postgres */
export async function restore(databaseUrl: string, file: string, by: string): Promise<Restored> {
  if (isPostgres(databaseUrl))
    throw new DatabaseError(
      `the database is Postgres, which has its own tools: stop every bridge and run pg_restore --clean --if-exists --single-transaction --dbname="$CODER_SCIM_DATABASE_URL" ${JSON.stringify(file)}`,
    );
  return restoreSqlite(file, fileOf(databaseUrl), by, Date.now());
}

/** @returns how many rows. @throws DatabaseError also while a bridge has the SQLite file, and where there is none */
export async function exportTo(databaseUrl: string, file: string): Promise<number> {
  if (!isPostgres(databaseUrl)) wantSqlite(fileOf(databaseUrl));
  const database = await openDatabase(databaseUrl, { alone: true });
  try {
    const out = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    await once(out, 'open').catch((cause: unknown) => {
      throw new DatabaseError(`${JSON.stringify(file)} can not be written: ${String(cause)}`, { cause });
    });
    const rows = await exportDatabase(database, async text => {
      if (!out.write(text)) await once(out, 'drain');
    });
    out.end();
    await finished(out);
    return rows;
  } finally {
    await database.close();
  }
}

/** @returns how many rows. @throws DatabaseError */
export async function importFrom(databaseUrl: string, file: string): Promise<number> {
  const database = await openDatabase(databaseUrl, { alone: true });
  try {
    const input = await open(file).catch((cause: unknown) => {
      throw new DatabaseError(`${JSON.stringify(file)} can not be read: ${String(cause)}`, { cause });
    });
    try {
      return await importDatabase(database, linesOf(input));
    } finally {
      await input.close();
    }
  } finally {
    await database.close();
  }
}

// Reading begins when the first line is asked for: what is read before somebody listens is lost.
async function* linesOf(input: FileHandle): AsyncGenerator<string> {
  yield* input.readLines();
}
