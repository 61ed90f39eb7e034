/** Bridges as processes that are killed and come back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { ADMIN_TOKEN, bridgeEnvironment, coderScim } from '../support/bridge';
import { type Random } from './random';

const ROOT = join(__dirname, '..', '..');

interface Bridge {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  url: string | undefined;
  said: string;
}

export interface FleetSetup {
  readonly coderUrl: string;
  readonly coderToken: string;
  readonly databaseUrl: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Fleet {
  private readonly bridges: (Bridge | undefined)[];
  /** Distinct messages that bridges logged as errors, with how often. */
  readonly errors = new Map<string, number>();
  /** Milliseconds from start to ready, for each start that got so far. */
  readonly starts: number[] = [];
  /** A bridge that ended by itself, with what it said. */
  failure: Error | undefined;
  /** Rejects with `failure` as soon as there is one. */
  readonly failed: Promise<never>;
  private fail: (reason: Error) => void = () => undefined;

  constructor(
    private readonly setup: FleetSetup,
    size: number,
    private readonly random: Random,
  ) {
    this.bridges = new Array<undefined>(size).fill(undefined);
    this.failed = new Promise((_, reject) => {
      this.fail = reason => {
        this.failure ??= reason;
        reject(reason);
      };
    });
    // Who is not waiting just then reads `failure`.
    this.failed.catch(() => undefined);
  }

  get size(): number {
    return this.bridges.length;
  }

  /** URL of one that is up. */
  url(): string | undefined {
    const up = this.bridges.flatMap(bridge => bridge?.url ?? []);
    return up.length === 0 ? undefined : this.random.pick(up);
  }

  admin(): AdminClient | undefined {
    const url = this.url();
    return url === undefined ? undefined : new AdminClient({ url, token: ADMIN_TOKEN });
  }

  /** Starts one and does not wait. */
  start(index: number): void {
    const [command, ...before] = coderScim();
    const started = performance.now();
    const child = spawn(command, [...before, 'serve'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...bridgeEnvironment(this.setup) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
    const bridge: Bridge = { child, ended, url: undefined, said: '' };
    this.bridges[index] = bridge;
    let rest = '';
    const hear = (chunk: Buffer): void => {
      bridge.said = (bridge.said + chunk.toString()).slice(-20_000);
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.note(bridge, line, started);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => {
      const url = bridge.url;
      bridge.url = undefined;
      if (child.signalCode === null && this.bridges[index] === bridge)
        this.fail(new Error(`the bridge at ${url} ended by itself with ${child.exitCode}:\n${bridge.said}`));
    });
  }

  /** Ends one as a power cut would; nothing when it is not running. */
  async kill(index: number): Promise<void> {
    const bridge = this.bridges[index];
    if (bridge === undefined) return;
    bridge.url = undefined;
    bridge.child.kill('SIGKILL');
    await bridge.ended;
    this.bridges[index] = undefined;
  }

  /** However long that takes on a busy machine. @throws Error when it ends instead, or another bridge failed */
  async ready(index: number): Promise<void> {
    while (this.bridges[index]?.url === undefined) {
      if (this.failure !== undefined) throw this.failure;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.bridges.map(async (bridge, index) => {
        this.bridges[index] = undefined;
        bridge?.child.kill('SIGKILL');
        await bridge?.ended;
      }),
    );
  }

  private note(bridge: Bridge, line: string, started: number): void {
    let entry: { level?: unknown; msg?: unknown; url?: unknown; err?: { message?: string } };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      this.count(line.slice(0, 200));
      return;
    }
    if (entry.msg === 'ready' && typeof entry.url === 'string') {
      bridge.url = entry.url;
      this.starts.push(performance.now() - started);
    }
    if (entry.level === 'error' || entry.level === 'fatal' || Number(entry.level) >= 50)
      this.count(`${String(entry.msg)}${entry.err?.message === undefined ? '' : `: ${entry.err.message}`}`);
  }

  private count(message: string): void {
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
  }
}
