/** Postgres: whoever declares an app anew waits for the writes of its directory that are under way, and they wait for it. */
import { sql } from 'kysely';
import { type Db } from '../database/database';

/** Until the transaction ends. Writes of a directory share it; SQLite has one transaction at a time anyway. */
export async function lockDeclaration(db: Db, app: string, how: 'shared' | 'alone'): Promise<void> {
  const take = sql.raw(how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock');
  await sql`select ${take}(hashtextextended(${`declaration of ${app}`}, 0))`.execute(db);
}
