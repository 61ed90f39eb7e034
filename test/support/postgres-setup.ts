/** Jest's global set-up: a place for this run's Postgres server, and a clear word when there can be none. */
import { findPostgres, prepareRun } from './postgres-server';

export default function setUp(): void {
  prepareRun();
  if (findPostgres() === undefined) {
    process.stderr.write(
      '\nPostgres was not found: suites run on SQLite only. Install postgresql or set CODER_SCIM_TEST_POSTGRES_URL to run them on both.\n',
    );
  }
}
