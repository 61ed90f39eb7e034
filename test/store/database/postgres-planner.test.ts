/** What Postgres planned when there was little is planned anew when there is much, on every connection of the bridge. */
import { sql } from 'kysely';
import { Pool } from 'pg';
import { openDatabase } from '../../../bridge/store/database/database';
import { PlansInTime } from '../../../bridge/store/database/postgres-planner';
import { keepPlanned, withPlans } from '../../../bridge/store/database/postgres-statements';
import { type FreshDatabase, freshPostgres } from '../../support/databases';
import { findPostgres } from '../../support/postgres-server';
import { until } from '../../support/until';

(findPostgres() === undefined ? describe.skip : describe)('plans of Postgres', () => {
  let fresh: FreshDatabase;
  beforeEach(async () => (fresh = await freshPostgres()));
  afterEach(() => fresh.drop());

  const LOOK = 'select owners.name from things join owners on owners.id = things.owner where things.id = $1';

  it('follow a table that was empty when they were made, with rows that nobody else sees yet', async () => {
    // The writer's connection, and one that has the plan; the sizes are looked at by another.
    const pool = new Pool({ connectionString: fresh.url, max: 2 });
    const looking = new Pool({ connectionString: fresh.url, max: 1 });
    let now = 0;
    let looks = 0;
    const sizes = {
      query: async (text: string) => {
        const answer = await looking.query<never>(text);
        looks += 1;
        return answer;
      },
    };
    const planned = withPlans(pool, undefined, new PlansInTime(sizes as unknown as Pool, () => now));
    const writer = await pool.connect();
    try {
      await pool.query('create table things (id text primary key, owner text)');
      await pool.query('create table owners (id text primary key, name text)');
      await pool.query('analyze things, owners');
      keepPlanned(LOOK);
      const ask = async <Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> => {
        const connection = await planned.connect();
        try {
          return (await connection.query<Row>(text, values)).rows;
        } finally {
          connection.release();
        }
      };
      // After five times Postgres keeps to what it has.
      for (let time = 0; time < 8; time += 1) await ask(LOOK, ['one']);
      const [statement] = await ask<{ name: string }>('select name from pg_prepared_statements where statement = $1', [
        LOOK,
      ]);
      const plan = async (): Promise<string> =>
        JSON.stringify(await ask(`explain execute ${statement?.name}('one')`, []));
      expect(await plan()).toMatch(/Seq Scan on things/);

      await writer.query('begin');
      for (const table of ['owners', 'things'])
        await writer.query(`insert into ${table} select n::text, n::text from generate_series(1, 20000) as n`);
      expect(await plan()).toMatch(/Seq Scan on things/);

      now += 1_000;
      const before = looks;
      await ask('select 1', []);
      await until('a look at the sizes', () => looks > before);
      expect(await plan()).toMatch(/Index Scan using things_pkey/);
    } finally {
      writer.release(true);
      await Promise.all([pool.end(), looking.end()]);
    }
  });

  it('are made anew once for each time that a table has grown fourfold, and for no other', async () => {
    let pages: Record<string, number> = { members: 3 };
    const pool = {
      query: () => Promise.resolve({ rows: Object.entries(pages).map(([name, count]) => ({ name, pages: count })) }),
    };
    let now = 0;
    const plans = new PlansInTime(pool as unknown as Pool, () => now);
    const asked: string[] = [];
    const [one, other] = [{}, {}] as [never, never];
    const ask = (what: unknown) => Promise.resolve(void asked.push(String(what))) as Promise<never>;
    const looked = async (...clients: readonly never[]): Promise<number> => {
      asked.length = 0;
      now += 1_000;
      await plans.use(one, ask);
      await new Promise(resolve => setImmediate(resolve));
      for (const client of clients) await plans.use(client, ask);
      return asked.length;
    };
    expect(await looked(one, other)).toBe(0);
    pages = { members: 31, users: 32 };
    expect(await looked(one, other)).toBe(0);
    pages = { members: 33, users: 32 };
    expect(await looked(one, one, other, other)).toBe(2);
    pages = { members: 132, users: 33 };
    expect(await looked(one, other)).toBe(2);
    pages = { members: 132, users: 33 };
    expect(await looked(one, other)).toBe(0);
    pages = { members: 133, users: 33 };
    expect(await looked(one, one)).toBe(1);
    // Once more from the beginning, when it was emptied.
    pages = { members: 0, users: 33 };
    expect(await looked(one)).toBe(0);
    pages = { members: 40, users: 33 };
    expect(await looked(one)).toBe(1);
  });

  it('go by rows and indexes on each connection of a bridge, and are never compiled', async () => {
    const database = await openDatabase(fresh.url, { patience: { answerMs: 10_000, idleMs: 20_000 } });
    const settings = ['jit', 'enable_hashjoin', 'enable_mergejoin', 'idle_in_transaction_session_timeout'];
    try {
      const all = await Promise.all(
        [1, 2, 3].map(() =>
          database.transact(async db => {
            const { rows } = await sql<{ value: string }>`
              select string_agg(current_setting(name), ' ') as value from unnest(${settings}::text[]) as name`.execute(
              db,
            );
            return rows[0]?.value;
          }),
        ),
      );
      expect(all).toEqual(['off off off 20s', 'off off off 20s', 'off off off 20s']);
    } finally {
      await database.close();
    }
  });
});
