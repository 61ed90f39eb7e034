import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Admin credentials that were made by command, and who is signed in to the page: digests alone. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`create table admin_credentials (digest ${key} primary key, name ${key} not null, scopes text not null,
    created_at bigint not null, created_by text not null, expires_at bigint not null, last_used_at bigint)`.execute(db);
  await sql`create index admin_credentials_name on admin_credentials (name)`.execute(db);
  await sql`create table page_sessions (digest ${key} primary key, name text not null, scopes text not null, credential text,
    created_at bigint not null, expires_at bigint not null)`.execute(db);
}
