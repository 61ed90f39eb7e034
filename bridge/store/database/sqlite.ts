/**
 * SQLite: one connection, and one way to the disk for all writes that wait together. Reaching the disk is what a commit costs: it is left
 * to another thread, and what is committed meanwhile goes with the next.
 */
import { fdatasync, openSync, closeSync, fsyncSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely } from 'kysely';
import { claimFile } from './one-bridge';
import { connectSqlite } from './sqlite-connection';
import { DirectConnection } from './sqlite-direct';
import { isLocked } from './sqlite-locks';
import { PatientDialect } from './sqlite-patience';
import { LockPatience } from './lock-patience';
import { realPath } from './real-path';
import { createReaders } from './sqlite-readers';
import { type Committed } from './committed';
import { type Tables } from './tables';
import { Trouble } from './trouble';
import { isUnavailable } from './unavailable';

/** Writes that share one commit at most: bounds how long other work waits for the event loop. */
const MOST_TOGETHER = 32;

/** Between two tries whoever only reads has its turn. */
const PAUSE_MS = 50;

/**
 * @param alone no other bridge may have the file meanwhile
 * @throws DatabaseError when the file can't be opened, or another bridge has it
 */
export function openSqlite(named: string, { alone }: { readonly alone: boolean }) {
  const path = named === ':memory:' ? named : realPath(named);
  const claim = alone ? claimFile(path) : undefined;
  try {
    const trouble = new Trouble();
    const connection = connectSqlite(path);
    const direct = new DirectConnection(connection, trouble);
    const db = new Kysely<Tables>({ dialect: new PatientDialect(connection, direct, trouble) });
    const disk = syncTogether(path, trouble);
    const { transact, commit } = commitTogether(db, direct, disk);
    const readers = createReaders(path, db);
    const close = async () => {
      await readers.close();
      await disk.end();
      await db.destroy();
      claim?.release();
    };
    return {
      db,
      backend: 'sqlite' as const,
      transact,
      commit,
      changes: () => connection.declarationsWritten,
      snapshot: <T>(work: (db: Kysely<Tables>) => Promise<T>) => readers.snapshot(work),
      trouble: () => trouble.say(),
      close,
    };
  } catch (error) {
    claim?.release();
    throw error;
  }
}

/** Nothing of the batch was tried: it may be tried as it is. */
class NotBegun extends Error {}

/** Told of the commit, and how to wait until that has reached the disk. */
type Settle = (durable: () => Promise<void>) => void;

interface Waiting {
  readonly run: (db: Kysely<Tables>) => Promise<Settle>;
  readonly reject: (error: unknown) => void;
}

/** Runs each piece of work in a savepoint of a shared transaction: one that fails is undone alone. */
function commitTogether(db: Kysely<Tables>, direct: DirectConnection, disk: ReturnType<typeof syncTogether>) {
  let waiting: Waiting[] = [];
  let busy = false;
  const patience = new LockPatience();

  // A lock of somebody else is waited for without the connection.
  const commitPatiently = async (batch: readonly Waiting[]): Promise<Settle[]> => {
    for (;;) {
      try {
        const settle = await commitOnce(batch);
        patience.begun();
        return settle;
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error;
        if (!isLocked(error.cause) || patience.isOver()) throw error.cause;
      }
      await sleep(PAUSE_MS);
    }
  };

  const commitOnce = async (batch: readonly Waiting[]): Promise<Settle[]> =>
    db.connection().execute(async connection => {
      try {
        direct.run('begin immediate');
      } catch (cause) {
        throw new NotBegun('transaction could not begin', { cause });
      }
      direct.holder = connection;
      try {
        const settle = batch.length === 1 ? await runAlone(connection, batch) : await runTogether(connection, batch);
        direct.run('commit');
        return settle;
      } catch (error) {
        undo('rollback');
        throw error;
      } finally {
        direct.holder = undefined;
      }
    });

  const runAlone = async (connection: Kysely<Tables>, batch: readonly Waiting[]): Promise<Settle[]> => {
    const settle: Settle[] = [];
    for (const { run } of batch) settle.push(await run(connection));
    return settle;
  };

  const runTogether = async (connection: Kysely<Tables>, batch: readonly Waiting[]): Promise<Settle[]> => {
    const settle: Settle[] = [];
    for (const { run, reject } of batch) {
      direct.run('savepoint one');
      try {
        settle.push(await run(connection));
      } catch (error) {
        // Fails when SQLite has ended the whole transaction by itself, as for a full disk: then all are undone.
        if (!undo('rollback to one')) throw error;
        settle.push(() => reject(error));
      }
      direct.run('release one');
    }
    return settle;
  };

  const undo = (how: 'rollback' | 'rollback to one'): boolean => {
    try {
      direct.run(how);
      return true;
    } catch {
      return false;
    }
  };

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_TOGETHER);
      waiting = waiting.slice(MOST_TOGETHER);
      try {
        const settle = await commitPatiently(batch);
        const durable = disk.committed();
        // The next batch need not wait for the disk.
        for (const one of settle) one(durable);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      // Lets the requests in that arrived meanwhile, so that they share the next commit.
      await new Promise(setImmediate);
    }
    busy = false;
  };

  const commit = <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<Committed<T>> =>
    new Promise((resolve, reject) => {
      waiting.push({
        reject,
        run: async connection => {
          const value = await work(connection);
          return durable => resolve({ value, durable });
        },
      });
      if (busy) return;
      busy = true;
      setImmediate(() => void drain());
    });

  const transact = async <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> => {
    const { value, durable } = await commit(work);
    await durable();
    return value;
  };

  return { commit, transact };
}

/**
 * Waits until everything that is committed has reached the disk. Commits are appended to the write-ahead log, so that one
 * synchronisation of that file, off the event loop, does for all that were made before it began; and nothing that is there has to
 * be waited for once more.
 */
function syncTogether(path: string, trouble: Trouble) {
  if (path === ':memory:') return { committed: () => () => Promise.resolve(), end: () => Promise.resolve() };
  let file: number | undefined;
  let commits = 0;
  let onDisk = 0;
  let waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let syncing = false;

  const sync = (log: number) => {
    const these = waiting;
    const upTo = commits;
    waiting = [];
    if (these.length === 0) {
      syncing = false;
      return;
    }
    fdatasync(log, error => {
      if (error === null) onDisk = upTo;
      const failure = error === null ? undefined : logFailure(error, trouble);
      for (const { resolve, reject } of these) {
        if (failure === undefined) resolve();
        else reject(failure);
      }
      sync(log);
    });
  };

  const begin = () => {
    try {
      // The log exists from the first commit on, and stays the same file while the database is open.
      file ??= openLog(path);
    } catch (error) {
      // Whoever comes next tries again.
      const failure = logFailure(error, trouble);
      for (const { reject } of waiting) reject(failure);
      waiting = [];
      return;
    }
    syncing = true;
    sync(file);
  };

  const reached = () =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ resolve, reject });
      if (!syncing) begin();
    });

  return {
    /** Called after a commit. @returns how to wait for it */
    committed: () => {
      commits += 1;
      const own = commits;
      return () => (onDisk >= own ? Promise.resolve() : reached());
    },
    end: async () => {
      if (syncing) await reached();
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** What the operating system said, as what it is to those who write. */
function logFailure(error: unknown, trouble: Trouble): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const failure = isUnavailable(error)
    ? error
    : Object.assign(new Error(`the write-ahead log can not be brought to the disk: ${text}`, { cause: error }), {
        code: 'SQLITE_IOERR_LOG',
      });
  trouble.failed(failure);
  return failure;
}

function openLog(path: string): number {
  const log = openSync(`${path}-wal`, 'r+');
  try {
    const folder = openSync(dirname(path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    return log;
  } catch (error) {
    closeSync(log);
    throw error;
  }
}
