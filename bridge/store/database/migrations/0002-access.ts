import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** The journal, the addresses of people, and the ledger that takes the place of `removals`; see tables.ts for what each column means. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  const serial = backend === 'postgres' ? sql`bigserial primary key` : sql`integer primary key autoincrement`;
  const table = (name: string, columns: ReturnType<typeof sql>) =>
    sql`create table ${sql.id(name)} (${columns})`.execute(db);
  const index = (name: string, on: string) => sql`create index ${sql.id(name)} on ${sql.raw(on)}`.execute(db);

  await table(
    'journal',
    sql`id ${serial}, kind text not null, key ${key} not null, app ${key}, subject ${key}, note text not null, since bigint not null, unique (kind, key)`,
  );
  await index('journal_subject', 'journal (subject)');
  await table(
    'addresses',
    sql`user_id ${key} not null, address_key ${key} not null, address text not null, app ${key} not null, since bigint not null,
      primary key (user_id, address_key)`,
  );
  await index('addresses_address', 'addresses (address_key)');
  await table(
    'ledger',
    sql`app ${key} not null, kind text not null, subject ${key} not null, at bigint not null, released integer not null default 0,
      primary key (app, kind, subject)`,
  );
  await index('ledger_at', 'ledger (app, kind, at)');
  await sql`insert into ledger (app, kind, subject, at) select app, 'removal', subject, at from removals`.execute(db);
  await sql`drop table removals`.execute(db);
  await sql`alter table holds add column cause text`.execute(db);
  await sql`alter table work drop column intent`.execute(db);
  await sql`alter table people add column former_owner integer`.execute(db);
}
