/**
 * SQLite: one connection, statements prepared once, and one way to the disk for all writes that wait together. Reaching the disk is what
 * a commit costs: it is left to another thread, and what is committed meanwhile goes with the next.
 */
import { fdatasync, mkdirSync, openSync, closeSync, fsyncSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { fold } from '../../scim-language/schema/fold';
import { DatabaseError } from './backend';
import { type Tables } from './tables';

/** Statements kept prepared; texts longer than this are not kept. */
const MOST_STATEMENTS = 500;
const LONGEST_STATEMENT = 8_192;

/** Writes that share one commit at most: bounds how long other work waits for the event loop. */
const MOST_TOGETHER = 32;

/** @throws DatabaseError when the file can't be opened */
export function openSqlite(path: string) {
  const connection = connect(path);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: withStatementCache(connection) }) });
  const disk = syncTogether(path);
  const close = async () => {
    await disk.end();
    await db.destroy();
  };
  return { db, backend: 'sqlite' as const, transact: commitTogether(db, disk.reached), close };
}

function connect(path: string): BetterSqlite3.Database {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const connection = new BetterSqlite3(path, { timeout: 5_000 });
    connection.pragma('journal_mode = WAL');
    // A commit is whole or not at all, also after a power cut; `transact` waits until it has reached the disk.
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    connection.pragma('cache_size = -16384');
    // SQLite folds ASCII only. The same function makes the *_key columns, so that both agree.
    connection.function('fold', { deterministic: true }, (text: unknown) =>
      typeof text === 'string' ? fold(text) : text,
    );
    connection.function('encode_uri_component', { deterministic: true }, (text: unknown) =>
      typeof text === 'string' ? encodeURIComponent(text) : text,
    );
    return connection;
  } catch (cause) {
    throw new DatabaseError(
      `SQLite database ${JSON.stringify(path)} can not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Kysely prepares each statement anew; preparing costs more than running most of ours. Least recently used ones go first. */
function withStatementCache(connection: BetterSqlite3.Database) {
  const statements = new Map<string, BetterSqlite3.Statement<unknown[]>>();
  return {
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
      const statement = connection.prepare<unknown[]>(text);
      if (text.length <= LONGEST_STATEMENT) {
        const [oldest] = statements.keys();
        if (statements.size >= MOST_STATEMENTS && oldest !== undefined) statements.delete(oldest);
        statements.set(text, statement);
      }
      return statement;
    },
  };
}

interface Waiting {
  readonly run: (db: Kysely<Tables>) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs each piece of work in a savepoint of a shared transaction: one that fails is undone alone, and none is answered before the
 * commit of all has reached the disk.
 */
function commitTogether(db: Kysely<Tables>, reachedDisk: () => Promise<void>) {
  let waiting: Waiting[] = [];
  let busy = false;

  const commit = async (batch: readonly Waiting[]): Promise<(() => void)[]> =>
    db.connection().execute(async connection => {
      const settle: (() => void)[] = [];
      try {
        await sql`begin immediate`.execute(connection);
        for (const { run, reject } of batch) {
          await sql`savepoint one`.execute(connection);
          try {
            settle.push(await run(connection));
          } catch (error) {
            // Fails when SQLite has ended the whole transaction by itself, as for a full disk: then all are undone.
            await sql`rollback to one`.execute(connection).catch(() => {
              throw error;
            });
            settle.push(() => reject(error));
          }
          await sql`release one`.execute(connection);
        }
        await sql`commit`.execute(connection);
      } catch (error) {
        await sql`rollback`.execute(connection).catch(() => undefined);
        throw error;
      }
      return settle;
    });

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_TOGETHER);
      waiting = waiting.slice(MOST_TOGETHER);
      const fail = (error: unknown) => batch.forEach(({ reject }) => reject(error));
      try {
        const settle = await commit(batch);
        // The next batch need not wait for the disk.
        reachedDisk().then(() => settle.forEach(one => one()), fail);
      } catch (error) {
        fail(error);
      }
      // Lets the requests in that arrived meanwhile, so that they share the next commit.
      await new Promise(setImmediate);
    }
    busy = false;
  };

  return <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({
        reject,
        run: async connection => {
          const value = await work(connection);
          return () => resolve(value);
        },
      });
      if (busy) return;
      busy = true;
      setImmediate(() => void drain());
    });
}

/**
 * Waits until everything that is committed has reached the disk. Commits are appended to the write-ahead log, so that one
 * synchronisation of that file, off the event loop, does for all that were made before it began.
 */
function syncTogether(path: string) {
  if (path === ':memory:') return { reached: () => Promise.resolve(), end: () => Promise.resolve() };
  let file: number | undefined;
  let waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let syncing = false;

  const sync = (log: number) => {
    const these = waiting;
    waiting = [];
    if (these.length === 0) {
      syncing = false;
      return;
    }
    fdatasync(log, error => {
      for (const { resolve, reject } of these) {
        if (error === null) resolve();
        else reject(error);
      }
      sync(log);
    });
  };

  const reached = () =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ resolve, reject });
      if (syncing) return;
      syncing = true;
      // The log exists from the first commit on, and stays the same file while the database is open.
      file ??= openLog(path);
      sync(file);
    });

  return {
    reached,
    end: async () => {
      if (syncing) await reached();
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function openLog(path: string): number {
  const log = openSync(`${path}-wal`, 'r+');
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return log;
}
