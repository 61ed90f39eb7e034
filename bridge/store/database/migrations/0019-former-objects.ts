import { type Kysely } from 'kysely';

/** Whose the account of somebody is who became another object of the identity provider while they were inactive. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('people').addColumn('former_external_id', 'text').execute();
}
