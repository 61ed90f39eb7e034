import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Leavers whose workspaces are not known to be stopped; see tables.ts for what each column means. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`create table leaver_workspaces (coder_user_id ${key} not null primary key, app ${key} not null, user_id ${key} not null,
    user_name text not null, state text not null, running text not null, since bigint not null)`.execute(db);
}
