import { type Kysely } from 'kysely';

/** A group that was made empty and is filled member by member says of nobody yet that they are not in it: its mappings take nothing meanwhile. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('groups').addColumn('first_member_at', 'bigint').execute();
  await db.schema.alterTable('bindings').addColumn('filling', 'text').execute();
}
