import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Groups of one name are told apart by their `externalId`, where each has one; `shares_name` marks them. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  if (backend === 'postgres') {
    await sql`alter table groups drop constraint groups_app_display_name_key_key`.execute(db);
    await sql`alter table groups add column shares_name integer not null default 0`.execute(db);
  } else {
    // SQLite can't drop a constraint of a table: the table is made anew, with what is in it.
    await sql`create table groups_anew (id text primary key, app text not null, display_name text not null, display_name_key text not null,
      external_id text, document text not null, version bigint not null, created_at bigint not null, modified_at bigint not null,
      shares_name integer not null default 0)`.execute(db);
    await sql`insert into groups_anew select id, app, display_name, display_name_key, external_id, document, version, created_at, modified_at, 0
      from groups`.execute(db);
    await sql`drop table groups`.execute(db);
    await sql`alter table groups_anew rename to groups`.execute(db);
    await sql`create index groups_page on groups (app, id)`.execute(db);
    await sql`create index groups_external_id on groups (app, external_id, id)`.execute(db);
  }
  await sql`create unique index groups_name on groups (app, display_name_key, coalesce(external_id, ''))`.execute(db);
  await sql`create index groups_display_name on groups (app, display_name_key, id)`.execute(db);
  await sql`create index groups_namesakes on groups (app) where shares_name = 1`.execute(db);
}
