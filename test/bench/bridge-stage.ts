/** For benchmarks of the whole: a Coder double and a bridge, each a process of its own, and a client that plays an identity provider. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { scimToken, type SpawnedBridge, spawnBridge } from '../support/bridge';
import { type LoggedCall } from '../support/coder-double';

const ROOT = join(__dirname, '..', '..');
const TOKEN = 'session-token-of-the-double';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface DoubleProcess {
  readonly url: string;
  /** What was asked of it since the last call of this. */
  takeCalls(): Promise<LoggedCall[]>;
  close(): Promise<void>;
}

/** Starts the double; `options` are those of its command line. */
export async function startDoubleProcess(options: readonly string[] = []): Promise<DoubleProcess> {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', join(ROOT, 'test/support/coder-double/main.ts')],
      ...['--token', TOKEN, '--rate-limit', '0', ...options],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await readUrl(child);
  return {
    url,
    async takeCalls() {
      const { calls } = (await (await fetch(`${url}/__double/calls`)).json()) as { calls: LoggedCall[] };
      await fetch(`${url}/__double/calls`, { method: 'DELETE' });
      return calls;
    },
    async close() {
      const ended = new Promise(resolve => child.once('close', resolve));
      child.kill();
      await ended;
    },
  };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      const found = /coder double at (\S+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', code => reject(new Error(`the double ended with ${code} before it was ready`)));
  });
}

export interface ScimAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

export interface Stage {
  readonly double: DoubleProcess;
  readonly bridge: SpawnedBridge;
  /** @throws Error when the answer is not one of success */
  scim(method: string, path: string, body?: unknown): Promise<ScimAnswer>;
  createUser(name: string): Promise<string>;
  createGroup(displayName: string, memberIds?: readonly string[]): Promise<string>;
  patch(path: string, ...operations: readonly object[]): Promise<ScimAnswer>;
  /** Waits until nothing is left to do. @returns milliseconds that it took */
  converged(told?: (waiting: number) => void): Promise<number>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly app?: string;
  readonly state?: Partial<MappingStateInput>;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of the double's command line. */
  readonly double?: readonly string[];
  /** Requests at a time. @default 8 */
  readonly connections?: number;
}

/** @throws Error when the bridge is not built */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  if (!existsSync(join(ROOT, 'dist', 'bridge', 'main.js')))
    throw new Error('dist/bridge/main.js is missing: npm run build');
  process.env['CODER_SCIM_TEST_DIST'] = '1';
  const double = await startDoubleProcess(options.double);
  const bridge = await spawnBridge({
    coderUrl: double.url,
    coderToken: TOKEN,
    ...(options.env && { env: options.env }),
  });
  const { token, tokens } = scimToken();
  const app = options.app ?? 'bench';
  await bridge.admin.putApp({ version: 1, app, tokens, ...options.state }, 'absent');
  // A connection that is idle for long may be closed by the other side at the moment at which it is used.
  const pool = new Pool(bridge.url, { connections: options.connections ?? 8, keepAliveMaxTimeout: 5_000 });
  const scim: Stage['scim'] = async (method, path, body) => {
    const started = performance.now();
    const answer = await pool.request({
      method: method,
      path: `/scim/v2${path}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const ms = performance.now() - started;
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return { status: answer.statusCode, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>), ms };
  };
  return {
    double,
    bridge,
    scim,
    async createUser(name) {
      return String((await scim('POST', '/Users', userBody(name))).body['id']);
    },
    async createGroup(displayName, memberIds = []) {
      const body = { schemas: [GROUP], displayName, members: memberIds.map(value => ({ value })) };
      return String((await scim('POST', '/Groups', body)).body['id']);
    },
    patch: (path, ...operations) => scim('PATCH', path, { schemas: [PATCH], Operations: operations }),
    async converged(told) {
      const started = performance.now();
      for (;;) {
        const { apps } = await bridge.admin.status();
        const [status] = apps;
        if (status?.parked) throw new Error(`${status.parked} pieces of work are parked: ${status.lastError}`);
        if (status?.waiting === 0 && status.converged) return performance.now() - started;
        told?.(status?.waiting ?? 0);
        await sleep(told === undefined ? 20 : 1_000);
      }
    },
    async close() {
      await pool.close();
      await bridge.stop();
      await double.close();
    },
  };
}

export function userBody(name: string): object {
  return {
    schemas: [USER],
    userName: `${name}@example.com`,
    externalId: `ext-${name}`,
    name: { formatted: `Person ${name}`, givenName: 'Person', familyName: name },
    displayName: `Person ${name}`,
    emails: [{ value: `${name}@example.com`, type: 'work', primary: true }],
    active: true,
  };
}

/** Megabytes of a process that are in memory: now, and at most since its start (Linux). */
export function memoryOf(pid: number): { readonly nowMb: number; readonly peakMb: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1] ?? Number.NaN) / 1024;
  return { nowMb: read('VmRSS'), peakMb: read('VmHWM') };
}

/** Runs tasks, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  parallel: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let index = next++; index < items.length; index = next++) await task(items[index] as T);
    }),
  );
}
