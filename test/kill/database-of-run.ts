/** The database of a run: a file, or a Postgres server of its own that is restarted under load. */
import { type FreshDatabase, freshPostgres, freshSqlite } from '../support/databases';
import { startOwnPostgres } from '../support/own-postgres';
import { findPostgres } from '../support/postgres-server';

export interface DatabaseOfRun extends FreshDatabase {
  /** Undefined where the server is not the run's own. */
  readonly restart?: (mode: 'immediate' | 'fast') => Promise<void>;
}

export function sqliteOfRun(): DatabaseOfRun {
  return freshSqlite();
}

export async function postgresOfRun(): Promise<DatabaseOfRun> {
  const found = findPostgres();
  if (found === undefined || !('binaries' in found)) return await freshPostgres();
  const server = await startOwnPostgres(found.binaries);
  return { url: server.url, restart: mode => server.restart(mode), drop: () => server.remove() };
}
