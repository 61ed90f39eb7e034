import { type Kysely } from 'kysely';

/** Of a change of a group's members whose answer was lost nobody knows when it comes: the group is looked at once more when it can not any more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('coder_groups').addColumn('unheard_at', 'bigint').execute();
}
