/** The bridge as a process of its own, the way it runs in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = resolve(__dirname, '../..');

export interface BridgeProcess {
  readonly url: string;
  /** From start to ready, in milliseconds. */
  readonly startedIn: number;
  /** Memory in MB, where the system tells. */
  stop(): Promise<void>;
}

/** A port of loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => found(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Starts `coder-scim serve` and waits until it says that it is ready. @throws Error with what it printed when it ends instead */
export async function startBridge(environment: Readonly<Record<string, string>>): Promise<BridgeProcess> {
  const program = join(ROOT, 'dist/bridge/main.js');
  if (!existsSync(program)) throw new Error('the bridge is not built: run `npm run build`');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      CODER_SCIM_LISTEN: `127.0.0.1:${port}`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
  await ready(url, child, () => said);
  return { url, startedIn: performance.now() - started, stop: () => stop(child) };
}

async function ready(url: string, child: ChildProcess, said: () => string): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(20)) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
  }
  child.kill('SIGKILL');
  throw new Error(`the bridge did not get ready:\n${said()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise(resume => child.once('exit', resume));
  child.kill('SIGTERM');
  await ended;
}
