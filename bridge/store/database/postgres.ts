/** Postgres: a pool, and transactions that are run again when the server had to break a deadlock. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import type * as Pg from 'pg';
import { DatabaseError } from './backend';
import { isLostPlan, withPlans } from './postgres-statements';
import { type Tables } from './tables';

/** Deadlock and serialization failure: the transaction is undone and may simply be tried again. */
export const AGAIN: ReadonlySet<string> = new Set(['40P01', '40001']);
const TRIES = 5;

export function openPostgres(url: string) {
  // Loaded when it is used: a bridge on SQLite starts without it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { Pool, types } = require('pg') as typeof Pg;
  // int8 arrives as text by default, for fear of 2^53; counters and milliseconds stay far below it.
  types.setTypeParser(types.builtins.INT8, Number);
  const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, keepAlive: true });
  // A dropped idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // So is one that was lent out: the query that used it fails, and the next one that wants to.
  pool.on('connect', client => void client.on('error', () => undefined));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: withPlans(pool) }) });
  const transact = async <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await db.transaction().execute(work);
      } catch (error) {
        const code = (error as { code?: unknown }).code;
        if (tries === TRIES || typeof code !== 'string' || !(AGAIN.has(code) || isLostPlan(code))) throw error;
        await new Promise(resume => setTimeout(resume, Math.random() * 20 * 2 ** tries));
      }
    }
  };
  const snapshot = <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work);
  const commit = async <T>(work: (db: Kysely<Tables>) => Promise<T>) => ({
    value: await transact(work),
    durable: () => Promise.resolve(),
  });
  return {
    db,
    backend: 'postgres' as const,
    transact,
    commit,
    changes: undefined,
    snapshot,
    trouble: () => undefined,
    close: () => db.destroy(),
  };
}

/** @throws DatabaseError when the server lacks what comparison without case needs */
export async function checkPostgres(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ encoding: string; icu: boolean }>`
    select current_setting('server_encoding') as encoding,
      exists (select 1 from pg_collation where collname = 'und-x-icu') as icu`.execute(db);
  const found = rows[0];
  if (found?.encoding !== 'UTF8')
    throw new DatabaseError(
      `database has encoding ${found?.encoding}, wanted UTF8: create it with \`create database … encoding 'UTF8' template template0\``,
    );
  if (!found.icu)
    throw new DatabaseError(
      'Postgres has no ICU collations, which comparison without case needs: wanted a server built with ICU, as the official packages are',
    );
}
