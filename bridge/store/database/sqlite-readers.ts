/**
 * Reading that takes many turns of the event loop, from one state of a SQLite file: connections of their own, which see what was committed
 * when they began, while the one that writes goes on.
 */
import { Kysely, sql } from 'kysely';
import { PlannedOnceDialect } from './sqlite-compiler';
import { connectSqlite } from './sqlite-connection';
import { type Tables } from './tables';

/** So many read at the same time; each has what it reads in memory. */
const MOST_READERS = 2;

export interface Readers {
  snapshot<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** @param db what is read where there is no file that others could open as well */
export function createReaders(path: string, db: Kysely<Tables>): Readers {
  const idle: Kysely<Tables>[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;

  const take = async (): Promise<Kysely<Tables>> => {
    if (busy >= MOST_READERS) await new Promise<void>(resolve => waiting.push(resolve));
    else busy += 1;
    try {
      return idle.pop() ?? new Kysely<Tables>({ dialect: new PlannedOnceDialect({ database: connectSqlite(path) }) });
    } catch (error) {
      leave();
      throw error;
    }
  };

  /** The place is the next one's, also of whoever could not open the file. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  };

  return {
    async snapshot(work) {
      if (path === ':memory:') return await work(db);
      const reader = await take();
      try {
        return await reader.connection().execute(async on => {
          await sql`begin`.execute(on);
          try {
            return await work(on);
          } finally {
            await sql`commit`.execute(on);
          }
        });
      } finally {
        idle.push(reader);
        leave();
      }
    },
    async close() {
      for (const reader of idle.splice(0)) await reader.destroy();
    },
  };
}
