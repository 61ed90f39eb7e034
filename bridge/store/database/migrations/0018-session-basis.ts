import { type Kysely } from 'kysely';

/** Which configuration let somebody sign in by OpenID Connect: under another one the session is none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('page_sessions').addColumn('sign_in', 'text').execute();
}
