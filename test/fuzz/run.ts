/** Sends hostile requests to a SCIM endpoint over HTTP, and watches answers, time and memory. */
import { Agent, request as httpRequest } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { openDatabase } from '../../bridge/store/database/database';
import { startScimServer } from '../support/scim-server';
import { type FuzzRequest, GROUPS, USERS, fuzzRequest } from './requests';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** @default generic */
  readonly identityProvider?: MappingStateInput['identityProvider'];
  /** Requests at a time. @default 8 */
  readonly parallel?: number;
  /** Longest answer in milliseconds that is no failure; for a machine that does nothing else. @default any */
  readonly slowestMs?: number;
  /** Told now and then. */
  readonly progress?: (facts: { done: number; heapMb: number; rssMb: number }) => void;
}

export interface FuzzReport {
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers of 500 and more other than 501, in another form than SCIM's, or slower than allowed, each as the request that got it. */
  readonly failures: readonly string[];
  /** Live heap after a collection, in MB: after the first tenth, and at the end. */
  readonly heapMb: readonly [number, number];
  readonly milliseconds: { readonly median: number; readonly p99: number; readonly max: number };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly milliseconds: number;
}

const BATCH = 1_000;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const folder = mkdtempSync(join(tmpdir(), 'cscim-fuzz-'));
  const database = await openDatabase(`sqlite:${join(folder, 'fuzz.db')}`);
  const server = await startScimServer({
    database,
    forgetful: true,
    state: { identityProvider: options.identityProvider ?? 'generic' },
    // Bounds small enough that a fuzzer reaches them.
    deps: { limits: { maxBodyBytes: 100_000, maxBulkOperations: 6 }, throttle: { failures: 5 } },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: options.parallel ?? 8 });
  const { port, token } = server;
  try {
    const ids = await seedDirectory(server.call);
    const send = (request: FuzzRequest) => sendTo({ port, token, agent }, withIds(request, ids));
    const statuses = new Map<number, number>();
    const failures: string[] = [];
    const times: number[] = [];
    let early = 0;
    for (let done = 0; done < options.requests && failures.length < 10; done += BATCH) {
      const batch = fc.sample(fuzzRequest, {
        numRuns: Math.min(BATCH, options.requests - done),
        seed: options.seed + done,
      });
      await inParallel(batch, options.parallel ?? 8, async request => {
        const answer = await send(request);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (times.length < 2_000_000) times.push(answer.milliseconds);
        const problem = problemOf(answer) ?? slowness(answer, options.slowestMs);
        if (problem !== undefined) failures.push(`${problem}: ${JSON.stringify(request).slice(0, 400)}`);
      });
      const tenth = done < options.requests / 10;
      if (tenth) early = collectedHeapMb();
      if (done % (BATCH * 10) === 0)
        options.progress?.({ done, heapMb: collectedHeapMb(), rssMb: process.memoryUsage().rss / 1e6 });
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return {
      statuses,
      failures,
      heapMb: [early, collectedHeapMb()],
      milliseconds: { median: at(0.5), p99: at(0.99), max: at(1) },
    };
  } finally {
    agent.destroy();
    await server.close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Call = Awaited<ReturnType<typeof startScimServer>>['call'];

async function seedDirectory(call: Call): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for (let index = 0; index < USERS; index += 1) {
    const { body } = await call('POST', '/Users', {
      body: {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: `seeded-${index}`,
        emails: [{ value: 'a@example.com', type: 'work' }],
      },
    });
    ids.set(`#U${index}`, body.id);
  }
  for (let index = 0; index < GROUPS; index += 1) {
    const { body } = await call('POST', '/Groups', {
      body: {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: `seeded ${index}`,
        members: [{ value: ids.get(`#U${index}`) }],
      },
    });
    ids.set(`#G${index}`, body.id);
  }
  return ids;
}

function withIds(request: FuzzRequest, ids: ReadonlyMap<string, string>): FuzzRequest {
  const put = (text: string) =>
    text.replace(/(?:#|%23)([UG]\d+)/g, (whole, name: string) => ids.get(`#${name}`) ?? whole);
  return { ...request, path: put(request.path), body: request.body === undefined ? undefined : put(request.body) };
}

function sendTo(
  to: { port: number; token: string; agent: Agent },
  { method, path, headers, body }: FuzzRequest,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const payload = body === undefined ? undefined : Buffer.from(body, 'utf8');
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port: to.port,
        agent: to.agent,
        method,
        path: `/scim/v2${path}`,
        headers: {
          authorization: `Bearer ${to.token}`,
          ...headers,
          ...(payload === undefined ? {} : { 'content-length': payload.length }),
        },
      },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            text: method === 'HEAD' ? '' : Buffer.concat(chunks).toString('utf8'),
            milliseconds: performance.now() - start,
          }),
        );
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // Headers that are too large are answered before the method is known, so the answer to a HEAD has a body.
      if (method === 'HEAD' && error.code === 'HPE_CLOSED_CONNECTION') {
        resolve({ status: 431, type: '', text: '', milliseconds: performance.now() - start });
      } else if (error.code === 'ECONNRESET' && outgoing.reusedSocket) {
        // The server ended an idle connection just when it was taken again, as HTTP allows: a client sends anew.
        sendTo(to, { method, path, headers, body }).then(resolve, reject);
      } else reject(error);
    });
    outgoing.end(payload);
  });
}

function problemOf({ status, type, text }: Answer): string | undefined {
  if (status >= 500 && status !== 501) return `status ${status}`;
  if (status >= 400 && text !== '') {
    const body = JSON.parse(text) as { status?: unknown; detail?: unknown };
    if (body.status !== String(status) || typeof body.detail !== 'string' || body.detail === '')
      return 'error without SCIM form';
    if (body.detail.length > 2_000) return `detail of ${body.detail.length} characters`;
  }
  if (text !== '' && !/^application\/(scim\+)?json$/.test(type)) return `content type ${type}`;
  return undefined;
}

function slowness({ milliseconds }: Answer, slowestMs = Infinity): string | undefined {
  return milliseconds > slowestMs ? `${Math.round(milliseconds)} ms` : undefined;
}

async function inParallel<T>(items: readonly T[], parallel: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
    }),
  );
}

let collect: (() => void) | undefined;

function collectedHeapMb(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}
