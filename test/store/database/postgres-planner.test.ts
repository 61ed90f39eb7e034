/** What Postgres planned when there was little is planned anew when there is much, on every connection of the bridge. */
import { sql } from 'kysely';
import { Client, Pool } from 'pg';
import { openDatabase } from '../../../bridge/store/database/database';
import { PLANNER_SETTINGS, PlansInTime, type TableSize } from '../../../bridge/store/database/postgres-planner';
import { keepPlanned, withPlans } from '../../../bridge/store/database/postgres-statements';
import { createDirectory } from '../../../bridge/store/directory';
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
    const look = async (text: string): Promise<TableSize[]> => {
      const { rows } = await looking.query<TableSize>(text);
      looks += 1;
      return rows;
    };
    const planned = withPlans(pool, undefined, new PlansInTime(look, () => now));
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
    const look = () => Promise.resolve(Object.entries(pages).map(([name, count]) => ({ name, pages: count })));
    let now = 0;
    const plans = new PlansInTime(look, () => now);
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

  it('wait for a locked table with one connection, and nobody else does', async () => {
    const looks: (() => void)[] = [];
    let now = 0;
    const plans = new PlansInTime(
      () => new Promise(resolve => looks.push(() => resolve([]))),
      () => now,
    );
    const use = () => plans.use({} as Client, () => Promise.reject(new Error('nothing is to be asked')));
    for (; now < 20_000; now += 1_000) await use();
    expect(looks).toHaveLength(1);
    looks[0]?.();
    await new Promise(resolve => setImmediate(resolve));
    await use();
    expect(looks).toHaveLength(2);
  });

  it('look a list up for each member of a group that is stated anew, and compare it with none', async () => {
    const database = await openDatabase(fresh.url);
    const asked = jest.spyOn(Client.prototype, 'query') as unknown as jest.SpyInstance<unknown, [string, string[]]>;
    try {
      const directory = createDirectory(database);
      const context = { app: 'okta', cause: { actor: 'scim' } } as const;
      const hired = ['ada', 'ben'].map(userName => directory.createUser(context, { userName }));
      const members = (await Promise.all(hired)).map(({ resource }) => ({ value: resource.id }));
      const group = (await directory.createGroup(context, { displayName: 'everybody' }, members)).resource.id;
      await directory.updateGroup(context, group, () => ({
        memberChanges: [{ kind: 'replaceAll', members: members.slice(1) }],
      }));
      const [statement, values] =
        asked.mock.calls.find(([text]) => /delete from member_rows as/.test(String(text))) ?? [];
      asked.mockRestore();
      const client = new Client({ connectionString: fresh.url });
      await client.connect();
      await client.query(PLANNER_SETTINGS.join('; '));
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${statement}`, values);
      await client.end();
      const plan = rows.map(row => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('hashed SubPlan');
      expect(plan).not.toContain('Nested Loop');
    } finally {
      asked.mockRestore();
      await database.close();
    }
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
