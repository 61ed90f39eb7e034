/** What is done to the database of a bridge from outside: copied, restored, carried over to the other kind. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { DatabaseError, FileRefused } from '../store/database/backend';
import { openDatabase } from '../store/database/database';
import { troubleOf } from '../store/database/trouble';
import { exportDatabase } from '../store/transfer/export';
import { importDatabase } from '../store/transfer/import';
import {
  backupSqlite,
  type BackupFacts,
  type Restored,
  restoreSqlite,
  wantSqlite,
} from '../store/transfer/sqlite-file';
import { reason } from './reason';

export type { BackupFacts, Restored };

const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url);
const fileOf = (url: string): string => url.replace(/^sqlite:(\/\/)?/, '');

/** @throws DatabaseError naming what to run instead, for Postgres */
export function backup(databaseUrl: string, file: string): BackupFacts {
  if (isPostgres(databaseUrl))
    throw new DatabaseError(
      `the database is Postgres, which has its own tools: run pg_dump --format=custom --file=${JSON.stringify(file)} "$CODER_SCIM_DATABASE_URL"`,
    );
  try {
    return backupSqlite(fileOf(databaseUrl), file);
  } catch (cause) {
    const trouble = troubleOf(cause);
    if (trouble === undefined) throw cause;
    throw new FileRefused(`${JSON.stringify(file)} can not be written: ${trouble}`, { cause });
  }
}

/** @throws DatabaseError naming what to run instead, for Postgres */
export async function restore(databaseUrl: string, file: string, by: string): Promise<Restored> {
  if (isPostgres(databaseUrl))
    throw new DatabaseError(
      `the database is Postgres, which has its own tools: stop every bridge and run pg_restore --clean --if-exists --single-transaction --dbname="$CODER_SCIM_DATABASE_URL" ${JSON.stringify(file)}`,
    );
  return restoreSqlite(file, fileOf(databaseUrl), by, Date.now()).catch(refuseTrouble);
}

/**
 * The file appears as a whole or not at all.
 * @returns how many rows. @throws DatabaseError also while a bridge has the SQLite file. @throws FileRefused also where there is none
 */
export async function exportTo(databaseUrl: string, file: string): Promise<number> {
  if (!isPostgres(databaseUrl)) wantSqlite(fileOf(databaseUrl));
  const database = await openDatabase(databaseUrl, { alone: true });
  try {
    const failed = unwritable(file);
    const out = await open(file, 'wx', 0o600).catch(failed);
    try {
      const rows = await exportDatabase(database, text => out.appendFile(text).catch(failed));
      await out.sync().catch(failed);
      return rows;
    } catch (cause) {
      await rm(file, { force: true });
      throw cause;
    } finally {
      await out.close();
    }
  } finally {
    await database.close();
  }
}

/** @returns how many rows. @throws DatabaseError. @throws FileRefused when the file is no whole export */
export async function importFrom(databaseUrl: string, file: string): Promise<number> {
  const failed = unreadable(file);
  const input = await open(file).catch(failed);
  try {
    if ((await input.stat()).isDirectory()) throw new FileRefused(`${JSON.stringify(file)} is a folder: wanted a file`);
    const database = await openDatabase(databaseUrl, { alone: true });
    try {
      return await importDatabase(database, linesOf(input, failed)).catch(refuseTrouble);
    } finally {
      await database.close();
    }
  } finally {
    await input.close();
  }
}

// Reading begins when the first line is asked for: what is read before somebody listens is lost.
async function* linesOf(input: FileHandle, failed: (cause: unknown) => never): AsyncGenerator<string> {
  try {
    yield* input.readLines();
  } catch (cause) {
    failed(cause);
  }
}

/** A disk that is full or fails is no defect of the program. */
function refuseTrouble(cause: unknown): never {
  const trouble = troubleOf(cause);
  if (trouble === undefined) throw cause;
  throw new DatabaseError(`database can not be written, and is as it was: ${trouble}`, { cause });
}

function unwritable(file: string): (cause: unknown) => never {
  return cause => {
    throw new FileRefused(`${JSON.stringify(file)} can not be written: ${reason(cause)}`, { cause });
  };
}

function unreadable(file: string): (cause: unknown) => never {
  return cause => {
    throw new FileRefused(`${JSON.stringify(file)} can not be read: ${reason(cause)}`, { cause });
  };
}
