/**
 * One bridge for a SQLite file: a lock of the operating system on a file beside it, which ends with its process however that ends. The
 * file tells whose lock it is.
 */
import { hostname } from 'node:os';
import type BetterSqlite3 from 'better-sqlite3';
import { DatabaseError } from './backend';
import { realPath } from './real-path';
import { makeFile } from './sqlite-connection';
import { sqliteEngine } from './sqlite-engine';

export interface Claim {
  release(): void;
}

/** @throws DatabaseError naming the process that has the file */
export function claimFile(path: string): Claim {
  if (path === ':memory:') return { release: () => undefined };
  const beside = `${realPath(path)}.lock`;
  const lock = open(path, beside);
  try {
    lock.exec('begin immediate; create table if not exists bridge (pid integer not null, host text not null)');
    lock.exec('delete from bridge');
    lock.prepare('insert into bridge values (?, ?)').run(process.pid, hostname());
    lock.exec('commit; begin immediate');
    return { release: () => lock.close() };
  } catch (cause) {
    const held = (cause as { code?: unknown }).code === 'SQLITE_BUSY';
    const whose = held ? holder(lock) : undefined;
    lock.close();
    throw new DatabaseError(
      held
        ? `SQLite database ${JSON.stringify(path)} is in use by another bridge${whose ?? ''}: stop that one first, or use Postgres for several`
        : `SQLite database ${JSON.stringify(path)} can not be locked by ${JSON.stringify(beside)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function open(path: string, beside: string): BetterSqlite3.Database {
  const Engine = sqliteEngine();
  try {
    makeFile(beside);
    return new Engine(beside, { timeout: 0 });
  } catch (cause) {
    throw new DatabaseError(
      `SQLite database ${JSON.stringify(path)} can not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function holder(lock: BetterSqlite3.Database): string | undefined {
  try {
    const row = lock.prepare<[], { pid: number; host: string }>('select pid, host from bridge').get();
    return row === undefined ? undefined : `, process ${row.pid} on ${row.host}`;
  } catch {
    // It has just begun and is writing its name.
    return undefined;
  }
}
