import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Refused requests that would have locked somebody out: see `RefusedLeavingTable`. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`create table refused_leavings (app ${key} not null, subject ${key} not null, user_id ${key}, group_id ${key}, name text not null,
    reason text not null, request_id text not null, times bigint not null, first_at bigint not null, last_at bigint not null,
    primary key (app, subject))`.execute(db);
  await sql`create index refused_leavings_user on refused_leavings (user_id)`.execute(db);
  await sql`create index refused_leavings_group on refused_leavings (group_id)`.execute(db);
}
