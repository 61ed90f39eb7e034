/** A database is brought up to date while others work in it: it is the migration that waits, and nobody is kept waiting by it for long. */
import { sql } from 'kysely';
import { openDatabase } from '../../../bridge/store/database/database';
import { schemaVersion } from '../../../bridge/store/database/migrations';
import { findPostgres } from '../../support/postgres-server';
import { freshPostgres } from '../../support/databases';
import { until } from '../../support/until';

(findPostgres() === undefined ? describe.skip : describe)('a migration on postgres', () => {
  it('waits for a transaction that uses what it changes, and lets others read and write meanwhile', async () => {
    const fresh = await freshPostgres();
    const replica = await openDatabase(fresh.url);
    const newest = await schemaVersion(replica.db);
    await sql`alter table coder_groups drop column unheard_at`.execute(replica.db);
    await sql`drop index people_left`.execute(replica.db);
    await sql`alter table people drop column out_since, drop column former_external_id`.execute(replica.db);
    await sql`alter table page_sessions drop column sign_in`.execute(replica.db);
    await sql`alter table groups drop column first_member_at`.execute(replica.db);
    await sql`alter table bindings drop column filling`.execute(replica.db);
    await sql`update schema_version set version = ${14}`.execute(replica.db);

    let end = (): void => undefined;
    const isEnding = new Promise<void>(resolve => (end = resolve));
    let begun = (): void => undefined;
    const isBegun = new Promise<void>(resolve => (begun = resolve));
    const long = replica.transact(async trx => {
      await sql`select count(*) from members`.execute(trx);
      begun();
      await isEnding;
      await sql`delete from member_rows where set_id = 'none'`.execute(trx);
      await sql`select count(*) from members`.execute(trx);
    });
    await isBegun;
    const upgraded = openDatabase(fresh.url);
    const waits = async () => {
      const { rows } = await sql`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        replica.db,
      );
      return rows.length > 0;
    };
    await until('the migration to wait', waits);
    // Behind it, until it gives way.
    await sql`select count(*) from members`.execute(replica.db);
    await replica.transact(async trx => {
      await sql`delete from member_rows where set_id = 'none'`.execute(trx);
      await sql`select count(*) from members`.execute(trx);
    });
    end();
    await long;
    const database = await upgraded;
    expect(await schemaVersion(database.db)).toBe(newest);
    await database.close();
    await replica.close();
    await fresh.drop();
  });
});
