import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Members are rows of sets, of which each group has one: a large group changes by another set in its place. See `MemberRowTable`. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`alter table members rename to member_rows`.execute(db);
  await sql`alter table member_rows rename column group_id to set_id`.execute(db);
  await sql`alter table groups add column member_set ${key} not null default ''`.execute(db);
  await sql`update groups set member_set = id`.execute(db);
  await sql`create unique index groups_member_set on groups (member_set)`.execute(db);
  await sql`create view members as
    select groups.id as group_id, member_rows.member_id, member_rows.member_type, member_rows.display
    from groups join member_rows on member_rows.set_id = groups.member_set`.execute(db);
  await sql`create table loose_sets (id ${key} primary key, app ${key} not null, since bigint not null, next ${key}, cause text)`.execute(
    db,
  );
}
