/** The connection to a SQLite file: how it is opened, whose file it is, and its statements, prepared once. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { type SqliteDatabase } from 'kysely';
import { fold } from '../../scim-language/schema/fold';
import { DatabaseError } from './backend';
import { sqliteEngine } from './sqlite-engine';

/** Statements kept prepared; texts longer than this are not kept. */
const MOST_STATEMENTS = 500;
const LONGEST_STATEMENT = 8_192;

/** How long SQLite itself waits for a lock: the event loop stands still meanwhile. Longer waits are made outside. */
const BUSY_MS = 5;

const OWNER_ONLY = 0o600;

export interface SqliteConnection extends SqliteDatabase {
  readonly inTransaction: boolean;
  /** Counts up with each statement that may write what apps declare, their tokens, or what rules are made of. */
  readonly declarationsWritten: number;
}

/** Told by the text, so that no such statement can be forgotten: the tables' names, and the key of the version of rules. */
const WRITES_DECLARATIONS = /^\s*(?:insert|update|delete|with)\b.*(?:\bapps\b|\btokens\b|rules-version)/is;

/** @throws DatabaseError when the file can't be opened */
export function connectSqlite(path: string): SqliteConnection {
  const Engine = sqliteEngine();
  try {
    if (path !== ':memory:') makeFile(path);
    const connection = new Engine(path, { timeout: BUSY_MS });
    connection.pragma('journal_mode = WAL');
    // A commit is whole or not at all, also after a power cut; `transact` waits until it has reached the disk.
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    connection.pragma('cache_size = -8192');
    // SQLite folds ASCII only. The same function makes the *_key columns, so that both agree.
    connection.function('fold', { deterministic: true }, (text: unknown) =>
      typeof text === 'string' ? fold(text) : text,
    );
    connection.function('encode_uri_component', { deterministic: true }, (text: unknown) =>
      typeof text === 'string' ? encodeURIComponent(text) : text,
    );
    return withStatementCache(connection);
  } catch (cause) {
    throw new DatabaseError(
      `SQLite database ${JSON.stringify(path)} can not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The file is its owner's alone, whatever the umask; SQLite gives its companions the same mode. */
export function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'ax', OWNER_ONLY));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Not opened: closing it would drop the locks that this process has on it.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, OWNER_ONLY);
  }
}

/** Kysely prepares each statement anew; preparing costs more than running most of ours. Least recently used ones go first. */
function withStatementCache(connection: BetterSqlite3.Database): SqliteConnection {
  const statements = new Map<string, BetterSqlite3.Statement<unknown[]>>();
  let declarationsWritten = 0;
  const counted = (statement: BetterSqlite3.Statement<unknown[]>): BetterSqlite3.Statement<unknown[]> => {
    const [all, run] = [statement.all.bind(statement), statement.run.bind(statement)];
    statement.all = (...values) => {
      declarationsWritten += 1;
      return all(...values);
    };
    statement.run = (...values) => {
      declarationsWritten += 1;
      return run(...values);
    };
    return statement;
  };
  return {
    get inTransaction() {
      return connection.inTransaction;
    },
    get declarationsWritten() {
      return declarationsWritten;
    },
    close: () => {
      statements.clear();
      connection.close();
    },
    prepare: (text: string) => {
      const known = statements.get(text);
      if (known !== undefined) {
        statements.delete(text);
        statements.set(text, known);
        return known;
      }
      const prepared = connection.prepare<unknown[]>(text);
      const statement = WRITES_DECLARATIONS.test(text) ? counted(prepared) : prepared;
      if (text.length <= LONGEST_STATEMENT) {
        const [oldest] = statements.keys();
        if (statements.size >= MOST_STATEMENTS && oldest !== undefined) statements.delete(oldest);
        statements.set(text, statement);
      }
      return statement;
    },
  };
}
