/** On what it was measured: figures without that say nothing. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { findPostgres } from '../../support/postgres-server';

/** Processors, memory, system, and the versions of what takes part. */
export function machine(): string {
  const [cpu] = cpus();
  return [
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `SQLite ${sqliteVersion()}`,
    ...postgresVersion(),
  ].join(', ');
}

function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('select sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}

function postgresVersion(): readonly string[] {
  const found = findPostgres();
  if (found === undefined) return [];
  if ('url' in found) return ['a Postgres elsewhere'];
  const text = execFileSync(join(found.binaries, 'postgres'), ['--version'], { encoding: 'utf8' });
  return [`Postgres ${/\d+(\.\d+)*/.exec(text)?.[0] ?? 'of unknown version'}`];
}
