import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** The audit trail as a chain (see `AuditTable`), and how far each destination has been told of it. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  await sql`alter table audit add column seq bigint`.execute(db);
  await sql`alter table audit add column hash text`.execute(db);
  await sql`create unique index audit_seq on audit (seq)`.execute(db);
  // Small: a line is in it for a second or so.
  await sql`create index audit_unsealed on audit (id) where seq is null`.execute(db);
  await sql`create table audit_cursors (destination ${key} primary key, seq bigint not null, updated_at bigint not null)`.execute(
    db,
  );
}
