/** Servers of others, and the floors: each a program that prints where it listens. */
import { join } from 'node:path';
import { type MeasuredServer, startMeasured } from './server';

const READY = /listening at (http:\S+)/;

/** Bare `node:http`: with a map, or with two durable rows of SQLite for each write. It knows no SCIM, and needs no directory. */
export function floor(store: 'memory' | 'sqlite') {
  return async (): Promise<MeasuredServer> => {
    const program = await startMeasured({ args: [join(__dirname, 'floor.mjs'), store], env: {}, ready: READY });
    const directory = { groups: ['one', 'two', 'three', 'four'], people: [] };
    return { ...program, baseUrl: program.url, token: 'none', directory };
  };
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
