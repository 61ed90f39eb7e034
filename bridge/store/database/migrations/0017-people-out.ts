import { type Kysely } from 'kysely';

/** Since when nothing lets somebody in whom the directory has as active: they are none of those whom the guard's share is of. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('people').addColumn('out_since', 'bigint').execute();
}
