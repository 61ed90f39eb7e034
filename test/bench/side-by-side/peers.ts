/** Servers of others, and the floor: each a program that prints where it listens. */
import { join } from 'node:path';
import { type MeasuredServer, startMeasured } from './server';

const READY = /listening at (http:\S+)/;

/** Bare `node:http` and two durable rows of SQLite. */
export async function startFloor(): Promise<MeasuredServer> {
  const program = await startMeasured({ args: [join(__dirname, 'floor.mjs')], env: {}, ready: READY });
  return { ...program, baseUrl: program.url, token: 'none' };
}

/**
 * Another SCIM server of Node: `start.mjs` of its folder serves SCIM to whoever shows the bearer token `PEER_TOKEN`, and prints
 * `listening at <base URL>`. An empty directory at each start, without anything that slows it down.
 */
export async function startPeer(folder: string): Promise<MeasuredServer> {
  const token = 'token-of-the-bench-0123456789';
  const program = await startMeasured({
    args: [join(folder, 'start.mjs')],
    env: { PEER_TOKEN: token },
    cwd: folder,
    ready: READY,
  });
  return { ...program, baseUrl: program.url, token };
}
