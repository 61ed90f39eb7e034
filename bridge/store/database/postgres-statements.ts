/**
 * Statements that Postgres is to plan once for each connection: those of the program that run all the time, by a name made of their text, so
 * that no two texts ever share one. Where that can not be, as behind a pooler that hands each transaction another connection, or when another
 * version of the bridge has changed a table meanwhile, they are sent as they are from then on.
 */
import { createHash } from 'node:crypto';
import { type PostgresPool, type PostgresPoolClient } from 'kysely';
import type * as Pg from 'pg';
import { askOf, type PostgresPatience } from './postgres-patience';
import { PlansInTime, type TableSize } from './postgres-planner';

const names = new Map<string, string>();

/** Has Postgres plan this text once. */
export function keepPlanned(text: string): void {
  if (!names.has(text)) names.set(text, `cs_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`);
}

/** No such statement, one of that name already, another shape of its rows by now. */
const LOST = new Set(['26000', '42P05', '0A000']);

/** Whether a transaction failed because of that, and may be run again. */
export function isLostPlan(code: string): boolean {
  return LOST.has(code);
}

/**
 * The pool as Kysely wants it, with such statements sent by name.
 * @param plans that are made anew in time. @default of this pool
 */
export function withPlans(
  pool: Pg.Pool,
  patience?: PostgresPatience,
  plans: Pick<PlansInTime, 'use'> = new PlansInTime(statement => sizesOf(pool, patience, statement)),
): PostgresPool {
  const clients = new WeakMap<Pg.PoolClient, PostgresPoolClient>();
  let planned = true;

  const wrap = (client: Pg.PoolClient): PostgresPoolClient => {
    const ask = askOf(client, patience);
    const send = async (text: string, values: readonly unknown[] = []): Promise<Pg.QueryResult> => {
      const name = planned ? names.get(text) : undefined;
      if (name === undefined) return await ask(text, [...values]);
      try {
        return await ask({ name, text, values: [...values] });
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (typeof code !== 'string' || !isLostPlan(code)) throw error;
        planned = false;
        // Within a transaction nothing can be done any more: the transaction is run again.
        return await ask(text, [...values]).catch(() => {
          throw error;
        });
      }
    };
    // Kysely asks by cursor only where it is given a way to make one.
    const query: unknown = send;
    return { query: query as PostgresPoolClient['query'], release: () => client.release() };
  };

  return {
    async connect() {
      const client = await pool.connect();
      const known = clients.get(client) ?? wrap(client);
      clients.set(client, known);
      try {
        if (planned) await plans.use(client, askOf(client, patience));
      } catch (cause) {
        client.release(true);
        throw cause;
      }
      return known;
    },
    end: () => pool.end(),
  };
}

/** How large the tables are, asked on a connection of its own, for whose answer is waited as for any other. */
async function sizesOf(
  pool: Pg.Pool,
  patience: PostgresPatience | undefined,
  statement: string,
): Promise<readonly TableSize[]> {
  const client = await pool.connect();
  try {
    return (await askOf(client, patience)(statement)).rows as TableSize[];
  } finally {
    client.release();
  }
}
