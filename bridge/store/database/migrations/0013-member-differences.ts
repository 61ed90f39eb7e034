import { type Kysely, sql } from 'kysely';

/** Whoever is wanted in a Coder group and is not, or the other way round: few, however large the group is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index coder_members_differing on coder_members (coder_group_id, coder_user_id)
    where wanted is not null and wanted != present`.execute(db);
}
