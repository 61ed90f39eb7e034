/** Bridges for tests: in this process, or as a process of their own that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { createBridge } from '../../bridge/process/bridge';
import { readConfig } from '../../bridge/process/config';
import { createLog } from '../../bridge/process/log';
import { mintToken } from '../../bridge/scim/access/token';
import { type PostgresPatience } from '../../bridge/store/database/postgres-patience';
import { freshSqlite } from './databases';

export interface BridgeSetup {
  readonly coderUrl: string;
  readonly coderToken: string;
  /** @default a fresh SQLite file, removed at the end */
  readonly databaseUrl?: string;
  /** @default ADMIN_TOKEN */
  readonly adminToken?: string;
  /** Further variables, by name; they win. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningBridge {
  readonly url: string;
  readonly adminToken: string;
  readonly admin: AdminClient;
  /** Everything it logged so far. */
  log(): string;
  /** Ends it as SIGTERM would. */
  stop(): Promise<void>;
}

export interface SpawnedBridge extends RunningBridge {
  readonly pid: number;
  /** Milliseconds from the start of the process to the ready line. */
  readonly readyAfterMs: number;
  /** Ends it as a power cut would (SIGKILL). */
  kill(): Promise<void>;
  /** Ends reading what it writes on standard output, as a reader that goes away does. */
  closeOutput(): void;
  /** Exit code once it has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

export const ADMIN_TOKEN = 'admin-token-for-tests-0123456789';

/** The environment of a bridge for tests: quick to notice, quiet, on a free port. */
export function bridgeEnvironment(setup: BridgeSetup & { readonly databaseUrl: string }): Record<string, string> {
  return {
    CODER_URL: setup.coderUrl,
    CODER_SESSION_TOKEN: setup.coderToken,
    CODER_SCIM_ADMIN_TOKEN: setup.adminToken ?? ADMIN_TOKEN,
    CODER_SCIM_DATABASE_URL: setup.databaseUrl,
    CODER_SCIM_LISTEN: '127.0.0.1:0',
    CODER_SCIM_LOG_FORMAT: 'json',
    CODER_SCIM_SWEEP_INTERVAL: 'off',
    // What is answered is done, on a busy machine too.
    CODER_SCIM_REQUEST_DEADLINE: '25s',
    CODER_SCIM_SHUTDOWN_TIMEOUT: '5s',
    ...setup.env,
  };
}

/** A bridge in this process. */
export async function startBridge(
  setup: BridgeSetup & { readonly patience?: PostgresPatience },
): Promise<RunningBridge> {
  const fresh = setup.databaseUrl === undefined ? freshSqlite() : undefined;
  const environment = bridgeEnvironment({ ...setup, databaseUrl: setup.databaseUrl ?? fresh?.url ?? '' });
  const config = readConfig(environment);
  let written = '';
  const log = createLog({
    level: config.logLevel,
    format: 'json',
    secrets: [config.coderToken, setup.adminToken ?? ADMIN_TOKEN],
    destination: { write: line => void (written += line) },
  });
  const bridge = await createBridge(config, { log, patience: setup.patience });
  return {
    url: bridge.url,
    adminToken: setup.adminToken ?? ADMIN_TOKEN,
    admin: new AdminClient({ url: bridge.url, token: setup.adminToken ?? ADMIN_TOKEN }),
    log: () => written,
    stop: async () => {
      await bridge.stop();
      await fresh?.drop();
    },
  };
}

const ROOT = join(__dirname, '..', '..');

/** The command line of `coder-scim`: the built program when `CODER_SCIM_TEST_DIST` is set, else the sources by tsx. */
export function coderScim(): readonly [command: string, ...before: string[]] {
  const built = join(ROOT, 'dist', 'bridge', 'main.js');
  if (process.env['CODER_SCIM_TEST_DIST'] !== undefined && existsSync(built)) return [process.execPath, built];
  return [process.execPath, '--import', 'tsx', join(ROOT, 'bridge', 'main.ts')];
}

/** A bridge as a process of its own. Resolves at its ready line; rejects with what it said when it ends before that. */
export async function spawnBridge(setup: BridgeSetup): Promise<SpawnedBridge> {
  const fresh = setup.databaseUrl === undefined ? freshSqlite() : undefined;
  const environment = bridgeEnvironment({ ...setup, databaseUrl: setup.databaseUrl ?? fresh?.url ?? '' });
  const [command, ...before] = coderScim();
  const started = performance.now();
  const child = spawn(command, [...before, 'serve'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const exited = new Promise<number | null>(resolve => child.once('close', resolve));
  const url = await readyUrl(child, exited, () => written);
  const readyAfterMs = performance.now() - started;
  const adminToken = environment['CODER_SCIM_ADMIN_TOKEN'] ?? ADMIN_TOKEN;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    await fresh?.drop();
  };
  return {
    url,
    pid: child.pid ?? 0,
    readyAfterMs,
    adminToken,
    admin: new AdminClient({ url, token: adminToken }),
    log: () => written,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    closeOutput: () => void child.stdout.destroy(),
    exited,
  };
}

/** The address in the ready line. */
function readyUrl(child: ChildProcess, exited: Promise<number | null>, written: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      for (const line of written().split('\n')) {
        if (!line.includes('"msg":"ready"')) continue;
        child.stdout?.off('data', look);
        resolve((JSON.parse(line) as { url: string }).url);
        return;
      }
    };
    child.stdout?.on('data', look);
    void exited.then(code => reject(new Error(`the bridge ended with ${code} before it was ready:\n${written()}`)));
  });
}

/** A token of a SCIM app: the secret, and its declaration for a mapping state. */
export function scimToken(name = 'test', expiresAt = '2099-01-01T00:00:00Z') {
  const { token, digest } = mintToken();
  return { token, tokens: { [name]: { digest, expiresAt } } };
}
