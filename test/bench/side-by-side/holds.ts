/**
 * What a group of very many people does to everybody else: one request at a time about all of it, and meanwhile others that ask for
 * little. What is prepared here is prepared before, and what comes is not looked at, so that it is the server that is waited for.
 */
import { Pool } from 'undici';
import { GROUP } from '../bridge-stage';
import { summary } from '../measure';
import { type MeasuredServer, type Usage } from './server';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface Hold {
  readonly operation: string;
  /** Of the request itself: the median. */
  readonly ms: number;
  /** Processor seconds of the server: the median. */
  readonly cpuSeconds: number;
  /** How long the event loop stood still at most. */
  readonly longestMs: number;
  /** What it computed at most between two turns, in processor time: what a busy machine adds is no hold of the program's. */
  readonly computedMs: number;
  /** How long `/healthz` took at most meanwhile. */
  readonly healthMs: number;
  /** How long somebody's deactivation took at most meanwhile. */
  readonly deactivationMs: number;
}

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string;
}

/** @param start of a server whose directory has the people; @param rounds of all operations, each on a group of its own */
export async function holdsOf(
  start: () => Promise<MeasuredServer>,
  rounds: number,
  told: (line: string) => void,
): Promise<readonly Hold[]> {
  const server = await start();
  const scene = new Scene(server);
  const seen = new Map<string, Omit<Hold, 'operation'>[]>();
  try {
    // What is asked for little is asked for before, too: compiling it is no hold.
    await scene.others(() => new Promise(resolve => setTimeout(resolve, 1_000)));
    for (let round = 1; round <= rounds; round += 1)
      for (const [operation, request] of scene.operations(`Everybody ${round}`)) {
        const one = await scene.measure(request());
        told(`${operation}: ${one.ms.toFixed(0)} ms, held for ${one.longestMs.toFixed(0)} ms`);
        seen.set(operation, [...(seen.get(operation) ?? []), one]);
      }
  } finally {
    await scene.close();
    await server.close();
  }
  return [...seen].map(([operation, all]) => ({
    operation,
    ms: summary(all.map(({ ms }) => ms)).median,
    cpuSeconds: summary(all.map(({ cpuSeconds }) => cpuSeconds)).median,
    longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
    computedMs: Math.max(...all.map(({ computedMs }) => computedMs)),
    healthMs: Math.max(...all.map(({ healthMs }) => healthMs)),
    deactivationMs: Math.max(...all.map(({ deactivationMs }) => deactivationMs)),
  }));
}

class Scene {
  private readonly pool: Pool;
  private readonly prefix: string;
  private readonly people: readonly string[];
  private group = '';

  constructor(private readonly server: MeasuredServer) {
    const url = new URL(server.baseUrl);
    this.pool = new Pool(url.origin, { connections: 4 });
    this.prefix = url.pathname.replace(/\/$/, '');
    this.people = server.directory?.people ?? [];
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  /** One after the other; each is made when it is its turn, since the group has to be there. The last person is nobody's member. */
  operations(displayName: string): readonly (readonly [string, () => Request])[] {
    const members = this.people.slice(0, -1).map(value => ({ value }));
    const last = this.people.at(-1) ?? '';
    const group = (of: readonly object[]) => JSON.stringify({ schemas: [GROUP], displayName, members: of });
    const [all, half] = [group(members), group(members.slice(0, members.length / 2))];
    const change = (operation: object) => JSON.stringify({ schemas: [PATCH], Operations: [operation] });
    const path = () => `/Groups/${this.group}`;
    const add = change({ op: 'add', path: 'members', value: [{ value: last }] });
    const remove = change({ op: 'remove', path: `members[value eq "${last}"]` });
    return [
      ['made, with everybody', () => ({ method: 'POST', path: '/Groups', body: all })],
      ['read, with everybody', () => ({ method: 'GET', path: path() })],
      ['one person added', () => ({ method: 'PATCH', path: path(), body: add })],
      ['one person removed', () => ({ method: 'PATCH', path: path(), body: remove })],
      ['replaced by half of it', () => ({ method: 'PUT', path: path(), body: half })],
      ['deleted', () => ({ method: 'DELETE', path: path() })],
    ];
  }

  async measure(request: Request): Promise<Omit<Hold, 'operation'>> {
    let ms = 0;
    const before = await this.server.usage();
    let after: Usage = before;
    const slowest = await this.others(async () => {
      const started = performance.now();
      const location = await this.ask(request);
      ms = performance.now() - started;
      after = await this.server.usage();
      if (request.method === 'POST') this.group = location?.split('/').at(-1) ?? '';
    });
    return {
      ms,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      longestMs: after.longestHoldMs,
      computedMs: after.longestComputedMs,
      ...slowest,
    };
  }

  /** Asks for little, again and again, until the work is done. @returns how long that took at most */
  async others(work: () => Promise<void>): Promise<Pick<Hold, 'healthMs' | 'deactivationMs'>> {
    const slowest = { healthMs: 0, deactivationMs: 0 };
    let done = false;
    const repeat = async (name: keyof typeof slowest, ask: (turn: number) => Promise<unknown>) => {
      for (let turn = 0; !done; turn += 1) {
        const started = performance.now();
        await ask(turn);
        slowest[name] = Math.max(slowest[name], performance.now() - started);
        await new Promise(resolve => setTimeout(resolve, 2));
      }
    };
    const asking = [
      repeat('healthMs', () => this.send('/healthz', { method: 'GET' })),
      repeat('deactivationMs', turn => {
        const body = JSON.stringify({
          schemas: [PATCH],
          Operations: [{ op: 'replace', path: 'active', value: turn % 2 === 1 }],
        });
        return this.ask({ method: 'PATCH', path: `/Users/${this.people.at(-1) ?? ''}`, body });
      }),
    ];
    try {
      await work();
    } finally {
      done = true;
      await Promise.all(asking);
    }
    return slowest;
  }

  private ask(request: Request): Promise<string | undefined> {
    return this.send(`${this.prefix}${request.path}`, request);
  }

  /** @returns where what was made is */
  private async send(path: string, { method, body }: Pick<Request, 'method' | 'body'>): Promise<string | undefined> {
    const answer = await this.pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${this.server.token}`, 'content-type': 'application/scim+json' },
      body: body ?? null,
    });
    let bytes = 0;
    for await (const part of answer.body) bytes += (part as Buffer).length;
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path} was answered with ${answer.statusCode}, ${bytes} bytes`);
    return answer.headers['location']?.toString();
  }
}
