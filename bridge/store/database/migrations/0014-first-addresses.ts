import { type Kysely, sql } from 'kysely';

/** Since when somebody had an address first, who has had it again since: see `AddressTable`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table addresses add column first_since bigint`.execute(db);
}
