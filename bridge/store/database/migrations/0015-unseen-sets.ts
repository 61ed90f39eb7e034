import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/**
 * Of which sets there are rows Postgres knows nothing any more: of a large one that came after it had counted it believed that it was empty, and
 * compared each of its rows with each of a list, for minutes. What it knew goes with the column's type, which stays what it is.
 */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  if (backend !== 'postgres') return;
  await sql`drop view members`.execute(db);
  await sql`alter table member_rows alter column set_id set statistics 0`.execute(db);
  await sql`alter table member_rows alter column set_id type text collate "C"`.execute(db);
  await sql`create view members as
    select groups.id as group_id, member_rows.member_id, member_rows.member_type, member_rows.display
    from groups join member_rows on member_rows.set_id = groups.member_set`.execute(db);
}
