import { type Kysely, sql } from 'kysely';

/** Which SCIM attributes give an account its e-mail, username and name: null while they are the usual ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table apps add column attributes text`.execute(db);
}
