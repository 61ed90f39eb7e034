/** A Postgres server of one suite alone, for what must not happen to the server that all suites share: it is restarted under load. */
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unprivileged } from './postgres-server';

const run = promisify(execFile);

export interface OwnPostgres {
  readonly url: string;
  /** `pg_ctl restart`: `immediate` as a power cut would, `fast` as an upgrade does. */
  restart(mode: 'immediate' | 'fast'): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** @param binaries folder with initdb and pg_ctl */
export async function startOwnPostgres(binaries: string): Promise<OwnPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'cscim-own-pg-'));
  const owner = unprivileged();
  if ('uid' in owner) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const settings = `-k ${directory} -c listen_addresses= -c fsync=off -c max_connections=100`;
  execFileSync(
    join(binaries, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...owner, cwd: directory, stdio: 'ignore' },
  );
  const control = (...more: string[]) =>
    run(join(binaries, 'pg_ctl'), ['-D', data, '-l', join(directory, 'log'), '-w', '-o', settings, ...more], {
      ...owner,
      cwd: directory,
    }).then(() => undefined);
  await control('start');
  return {
    url: `postgresql://postgres@/postgres?host=${encodeURIComponent(directory)}`,
    restart: mode => control('restart', '-m', mode),
    stop: () => control('stop', '-m', 'immediate'),
    start: () => control('start'),
    async remove() {
      await control('stop', '-m', 'immediate').catch(() => undefined);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
