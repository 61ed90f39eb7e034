import { type Kysely, sql } from 'kysely';

/**
 * Whose the account of somebody is who became another object of the identity provider while they were inactive; and who left, by the object that
 * they were.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('people').addColumn('former_external_id', 'text').execute();
  await sql`create index people_left on people (app, external_id) where left_at is not null`.execute(db);
}
