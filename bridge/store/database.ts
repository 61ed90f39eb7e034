/**
 * Opens the database, SQLite or Postgres, and brings its tables up to date. All access goes through one Kysely instance;
 * queries are the same on both backends unless they say otherwise.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Kysely, PostgresDialect, SqliteDialect, type Transaction } from 'kysely';
import { Pool, types } from 'pg';
import { type Backend, DatabaseError } from './backend';
import { migrate } from './migrations';
import { type Tables } from './tables';

/** The database or a transaction on it: what every query function takes. */
export type Db = Kysely<Tables> | Transaction<Tables>;

export interface Database {
  readonly db: Kysely<Tables>;
  readonly backend: Backend;
  close(): Promise<void>;
}

// int8 arrives as text by default, for fear of 2^53; counters and milliseconds stay far below it.
types.setTypeParser(types.builtins.INT8, Number);

/**
 * Opens and migrates.
 * @param url `sqlite:<path>`, a plain path, `:memory:`, or `postgres://…`
 * @throws DatabaseError when it can't be opened, or was written by a newer version
 */
export async function openDatabase(url: string): Promise<Database> {
  const database = /^postgres(ql)?:\/\//.test(url) ? openPostgres(url) : openSqlite(url.replace(/^sqlite:(\/\/)?/, ''));
  try {
    await migrate(database.db, database.backend);
  } catch (cause) {
    await database.close().catch(() => undefined);
    throw cause instanceof DatabaseError
      ? cause
      : new DatabaseError(`database can not be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
  }
  return database;
}

function openSqlite(path: string): Database {
  let connection: BetterSqlite3.Database;
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    connection = new BetterSqlite3(path, { timeout: 5_000 });
    connection.pragma('journal_mode = WAL');
    // Every commit reaches the disk: a request that was answered survives a power cut.
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma('cache_size = -16384');
  } catch (cause) {
    throw new DatabaseError(
      `SQLite database ${JSON.stringify(path)} can not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  return { db, backend: 'sqlite', close: () => db.destroy() };
}

function openPostgres(url: string): Database {
  const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, keepAlive: true });
  // A dropped idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, backend: 'postgres', close: () => db.destroy() };
}

/** Reads a JSON column, which Postgres hands over parsed and SQLite as text. */
export function readJson(column: unknown): unknown {
  return typeof column === 'string' ? JSON.parse(column) : column;
}
