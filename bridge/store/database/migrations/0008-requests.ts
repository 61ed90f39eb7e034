import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** The last SCIM requests of each app: see `RequestTable`. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  const serial = backend === 'postgres' ? sql`bigserial primary key` : sql`integer primary key autoincrement`;
  await sql`create table requests (id ${serial}, at bigint not null, app ${key} not null, request_id text not null, token text not null,
    method text not null, path text not null, status integer not null, scim_type text, detail text, coercions text not null,
    changes text not null, milliseconds bigint not null, body text)`.execute(db);
  await sql`create index requests_app on requests (app, id)`.execute(db);
}
