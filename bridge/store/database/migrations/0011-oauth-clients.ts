import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** OAuth clients of apps and the access tokens that they got: see `OAuthClientTable` and `AccessTokenTable`. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`create table oauth_clients (app ${key} not null, name ${key} not null, digest ${key} not null, expires_at bigint not null,
    scopes text not null, last_used_at bigint, primary key (app, name))`.execute(db);
  await sql`create table access_tokens (digest ${key} primary key, app ${key} not null, client ${key} not null, client_digest ${key} not null,
    scopes text not null, issued_at bigint not null, expires_at bigint not null)`.execute(db);
  await sql`create index access_tokens_client on access_tokens (app, client, issued_at)`.execute(db);
}
