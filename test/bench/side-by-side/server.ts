/** Servers as processes that are measured from within: each is started with a probe, and says what it has used when it is asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const PROBE = join(__dirname, 'probe.mjs');

/** What a server has used since its start; the longest hold of its event loop since it was asked last. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The same of its database, where that is a server of its own whose time can be told. */
  readonly databaseSeconds?: number | undefined;
  readonly longestHoldMs: number;
  /** Processor time between two turns of the event loop at most, since it was asked last: what a busy machine does not add to. */
  readonly longestComputedMs: number;
  readonly residentMb: number;
}

/** A SCIM server that is being measured. */
export interface MeasuredServer {
  /** Base URL of SCIM: `http://127.0.0.1:1234/scim/v2`. */
  readonly baseUrl: string;
  readonly token: string;
  /** Ids of what is in its directory already; undefined for one that is empty. */
  readonly directory?: { readonly groups: readonly string[]; readonly people: readonly string[] };
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

export interface Program {
  /** Arguments of node, the script first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Finds in what the program prints where it listens; its first group is the URL. */
  readonly ready: RegExp;
}

export interface MeasuredProgram {
  readonly url: string;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

/** Starts a program of Node with the probe in it; resolves when it says where it listens. */
export async function startMeasured({ args, env, cwd, ready }: Program): Promise<MeasuredProgram> {
  const child = spawn(process.execPath, ['--import', PROBE, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await found(child, ready);
  return {
    url,
    usage: () =>
      new Promise<Usage>((resolve, reject) => {
        child.once('message', message => resolve(message as Usage));
        child.send('usage', error => {
          if (error) reject(error);
        });
      }),
    async close() {
      const ended = new Promise(resolve => child.once('close', resolve));
      child.kill();
      await ended;
    },
  };
}

function found(child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout?.on('data', (text: Buffer) => {
      // Read to the end of its life: a full pipe would hold the server up.
      if (printed.length > 100_000) return;
      printed += text.toString();
      const url = ready.exec(printed)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', code => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${printed}`)));
  });
}
