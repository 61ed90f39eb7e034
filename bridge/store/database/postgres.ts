/** Postgres: a pool, and transactions that are run again when the server had to break a deadlock. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import type * as Pg from 'pg';
import { DatabaseError } from './backend';
import { askOf, giveUp, patienceSetting, type PostgresPatience } from './postgres-patience';
import { PLANNER_SETTINGS } from './postgres-planner';
import { isLostPlan, withPlans } from './postgres-statements';
import { type Tables } from './tables';

/** Deadlock and serialization failure: the transaction is undone and may simply be tried again. */
export const AGAIN: ReadonlySet<string> = new Set(['40P01', '40001']);
const TRIES = 5;

/** Of a connection that is used by nobody: a peer that vanished is noticed some ten seconds later. */
const KEEP_ALIVE_MS = 10_000;

/** A server that is there closes at once what is no longer used. */
const CLOSE_MS = 2_000;

/** @param patience without it nobody is waited for less than the operating system and the server do */
export function openPostgres(url: string, patience?: PostgresPatience) {
  // Loaded when it is used: a bridge on SQLite starts without it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { Pool, types } = require('pg') as typeof Pg;
  // int8 arrives as text by default, for fear of 2^53; counters and milliseconds stay far below it.
  types.setTypeParser(types.builtins.INT8, Number);
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // The pool waits for it, which its types do not say.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: client => setUp(client, patience),
  });
  // A dropped idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // So is one that was lent out: the query that used it fails, and the next one that wants to.
  pool.on('connect', client => void client.on('error', () => undefined));
  const unused = new Set<Pg.PoolClient>();
  pool.on('release', (_, client) => void unused.add(client));
  pool.on('acquire', client => void unused.delete(client));
  pool.on('remove', client => void unused.delete(client));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: withPlans(pool, patience) }) });
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
  const close = async (): Promise<void> => {
    const alarm = setInterval(() => unused.forEach(giveUp), CLOSE_MS);
    await db.destroy().finally(() => clearInterval(alarm));
  };
  return {
    db,
    backend: 'postgres' as const,
    transact,
    commit,
    changes: undefined,
    snapshot,
    trouble: () => undefined,
    close,
  };
}

/** Said once it is connected: a pooler in between refuses what it does not know at the start. */
async function setUp(client: Pg.ClientBase, patience: PostgresPatience | undefined): Promise<void> {
  const settings = [...PLANNER_SETTINGS, ...(patience === undefined ? [] : [patienceSetting(patience)])];
  await askOf(client, patience)(settings.join('; '));
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
