/**
 * One throw-away Postgres server for a whole test run, reached by a unix socket. The first suite that needs it starts it; it ends with
 * the run, also when the run is killed. Taken from CODER_SCIM_TEST_POSTGRES_URL when that names a server to use instead.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Environment of the run: where the server of the run lives, and whose end ends it. */
const DIRECTORY = 'CODER_SCIM_TEST_POSTGRES_DIRECTORY';
const RUN = 'CODER_SCIM_TEST_RUN_PID';
const DURABLE = 'CODER_SCIM_TEST_POSTGRES_DURABLE';

const START_TIMEOUT_MS = 120_000;

/** Where a server may come from; undefined when there is none on this machine. */
export function findPostgres(): { url: string } | { binaries: string } | undefined {
  const url = process.env['CODER_SCIM_TEST_POSTGRES_URL'];
  if (url !== undefined && url !== '') return { url };
  const installed = '/usr/lib/postgresql';
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map(version => join(installed, version, 'bin')),
  ];
  for (const folder of candidates) {
    if (!isExecutable(join(folder, 'postgres'))) continue;
    // A link in PATH leads to the folder that has initdb too.
    const binaries = join(realpathSync(join(folder, 'postgres')), '..');
    if (isExecutable(join(binaries, 'initdb'))) return { binaries };
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The URL of the run's server, started when it is not; the database in it is `postgres`. */
export async function postgresUrl(): Promise<string> {
  const found = findPostgres();
  if (found === undefined)
    throw new Error('no Postgres on this machine: install postgresql, or set CODER_SCIM_TEST_POSTGRES_URL');
  if ('url' in found) return found.url;
  const directory = process.env[DIRECTORY] ?? prepareRun();
  const ready = join(directory, 'ready');
  const failed = join(directory, 'failed');
  if (claim(join(directory, 'claimed'))) {
    try {
      start(found.binaries, directory);
    } catch (error) {
      writeFileSync(failed, String(error));
    }
  }
  for (const end = Date.now() + START_TIMEOUT_MS; !existsSync(ready);) {
    if (existsSync(failed)) throw new Error(`Postgres for tests did not start: ${readFileSync(failed, 'utf8')}`);
    if (Date.now() > end) throw new Error(`Postgres for tests did not start: see ${join(directory, 'log')}`);
    await new Promise(resume => setTimeout(resume, 25));
  }
  return `postgresql://postgres@/postgres?host=${encodeURIComponent(directory)}`;
}

/** Whoever makes the folder starts the server; the others wait. */
function claim(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function start(binaries: string, directory: string): void {
  const data = join(directory, 'data');
  const owner = unprivileged();
  if ('uid' in owner) chownSync(directory, owner.uid, owner.gid);
  execFileSync(
    join(binaries, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...owner, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Nothing in it outlives the run, so nothing has to reach the disk or be kept tidy, unless that is what is measured.
  const careless = [
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'autovacuum=off',
    'wal_level=minimal',
    'max_wal_senders=0',
  ];
  const settings = [
    ...(process.env[DURABLE] === undefined ? careless : []),
    'listen_addresses=',
    'max_connections=300',
  ];
  const server = [
    join(binaries, 'postgres'),
    '-D',
    data,
    '-k',
    directory,
    ...settings.flatMap(setting => ['-c', setting]),
  ];
  // The shell ends the server when the run is gone, however it went.
  const script = `
    "$@" >log 2>&1 &
    server=$!
    until '${join(binaries, 'pg_isready')}' -q -h '${directory}' || ! kill -0 $server; do sleep 0.02; done
    kill -0 $server && : >ready || cp log failed
    while [ -e ready ] && [ -e /proc/${process.env[RUN]} -o ! -d /proc/self ]; do sleep 0.3; done
    kill -INT $server; wait $server`;
  spawn('sh', ['-c', script, 'sh', ...server], { ...owner, cwd: directory, stdio: 'ignore', detached: true }).unref();
}

/** Postgres refuses to run as root: then it is run as its own user, or as nobody. */
export function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) };
}

/** The folder of the run's server; undefined when there is none, or it is another one. */
export function ownPostgres(): string | undefined {
  return process.env[DIRECTORY];
}

/**
 * Makes the folder of this run's server, which is started when somebody asks for it.
 * @param durable what is committed is on the disk, as on a server that is there to stay. @default false
 */
export function prepareRun({ durable = false } = {}): string {
  if (durable) process.env[DURABLE] = '1';
  const directory = mkdtempSync(join(tmpdir(), 'cscim-pg-'));
  chmodSync(directory, 0o755);
  process.env[DIRECTORY] = directory;
  process.env[RUN] = String(process.pid);
  return directory;
}

/** Ends the server of the run, if it was started, and removes its folder. */
export async function endRun(): Promise<void> {
  const directory = process.env[DIRECTORY];
  if (directory === undefined) return;
  const data = join(directory, 'data', 'postmaster.pid');
  if (existsSync(join(directory, 'ready'))) renameSync(join(directory, 'ready'), join(directory, 'ended'));
  for (const end = Date.now() + 5_000; existsSync(data) && Date.now() < end;)
    await new Promise(resume => setTimeout(resume, 25));
  rmSync(directory, { recursive: true, force: true });
}
