import { type Kysely, sql } from 'kysely';

/**
 * A group that was made empty and is filled member by member says of nobody yet that they are not in it: its mappings take nothing
 * meanwhile. And who left is found by the object that they were.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('groups').addColumn('first_member_at', 'bigint').execute();
  await db.schema.alterTable('bindings').addColumn('filling', 'text').execute();
  await sql`create index people_former on people (app, former_external_id) where former_external_id is not null`.execute(
    db,
  );
}
