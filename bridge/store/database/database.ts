/**
 * Opens the database, SQLite or Postgres, and brings its tables up to date. All access goes through one Kysely instance;
 * queries are the same on both backends unless they say otherwise.
 */
import { type Kysely, SqliteAdapter, type Transaction } from 'kysely';
import { type Backend, DatabaseError } from './backend';
import { migrate } from './migrations';
import { checkPostgres, openPostgres } from './postgres';
import { type PostgresPatience } from './postgres-patience';
import { openSqlite } from './sqlite';
import { type Committed } from './committed';
import { type Tables } from './tables';

/** The database or a transaction on it: what every query function takes. */
export type Db = Kysely<Tables> | Transaction<Tables>;

export type { Committed } from './committed';

export interface Database {
  readonly db: Kysely<Tables>;
  readonly backend: Backend;
  /**
   * Runs `work` in one transaction and resolves once that is durable. Prefer it to `db.transaction()`: on SQLite, writes that wait
   * at the same time share one commit to disk; on Postgres, a broken deadlock is tried again, so `work` may run more than once.
   * Within `work` use the given database only, and await nothing else than queries on it.
   */
  transact<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /**
   * As `transact`, but resolves with the commit: others see it, and a power cut may still undo it. For what notes an outcome that would be
   * found again, and for what `durable` or a later transaction is waited for before somebody is answered or Coder is asked.
   */
  commit<T>(work: (db: Db) => Promise<T>): Promise<Committed<T>>;
  /**
   * Counts up with whatever is written to apps, their tokens and what rules are made of; undefined where other processes write as well,
   * and the database has to be asked.
   */
  readonly changes: (() => number) | undefined;
  /**
   * Reads from one state of the database, however many turns of the event loop `work` takes: others write meanwhile, and are not seen.
   * For what is long; a database in memory has no such state to offer.
   */
  snapshot<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** What keeps it from being written, as far as that is known without asking; undefined when nothing does. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

/**
 * Opens and migrates.
 * @param url `sqlite:<path>`, a plain path, `:memory:`, or `postgres://…`
 * @param options.alone no other bridge may have a SQLite file meanwhile. @default false
 * @param options.patience for how long Postgres is waited for, and waits, once its tables are up to date. @default as long as it takes
 * @throws DatabaseError when it can't be opened, was written by a newer version, or another bridge has it
 */
export async function openDatabase(
  url: string,
  { alone = false, patience }: { readonly alone?: boolean; readonly patience?: PostgresPatience | undefined } = {},
): Promise<Database> {
  const database = /^postgres(ql)?:\/\//.test(url)
    ? openPostgres(url)
    : openSqlite(url.replace(/^sqlite:(\/\/)?/, ''), { alone });
  try {
    if (database.backend === 'postgres') await checkPostgres(database.db);
    await migrate(database.db, database.backend);
  } catch (cause) {
    await database.close().catch(() => undefined);
    throw cause instanceof DatabaseError
      ? cause
      : new DatabaseError(`database can not be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
  }
  if (database.backend === 'sqlite' || patience === undefined) return database;
  // A migration takes the time that it takes.
  await database.close();
  return openPostgres(url, patience);
}

/** Which backend a database or a transaction is of. */
export function backendOf(db: Db): Backend {
  return db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres';
}

/** Reads a JSON column, which Postgres hands over parsed and SQLite as text. */
export function readJson(column: unknown): unknown {
  return typeof column === 'string' ? JSON.parse(column) : column;
}
