/**
 * What a group of 100,000 members does to everybody else: each request of one while `/healthz` is asked and people are deactivated all the
 * time. `npm run build && npx tsx test/bench/big-group.ts [--members 100000] [--dist FOLDER] [--mapped] [--only NAME,…]`. Told of each: how
 * long it took, how long the event loop was held at most (also in processor time, to which a busy machine adds nothing), and how much longer
 * than in idle times the others waited in 999 of 1,000 cases.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Agent, setGlobalDispatcher } from 'undici';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { putApp } from '../../bridge/store/apps/apps';
import { openDatabase } from '../../bridge/store/database/database';
import { bridgeEnvironment, ADMIN_TOKEN, scimToken } from '../support/bridge';
import { freshSqlite } from '../support/databases';
import { GROUP, startDoubleProcess } from './bridge-stage';
import { fillUsers } from './fill-directory';
import { ms, printTable } from './measure';
import { built } from './side-by-side/bridges';
import { startMeasured } from './side-by-side/server';

const APP = 'bench';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const HEALTH_EVERY_MS = 5;
const LEAVER_EVERY_MS = 25;

interface Request {
  readonly method: string;
  readonly url: string;
  readonly token: string;
  readonly body?: unknown;
}

interface Answer {
  readonly status: number;
  readonly milliseconds: number;
  readonly bytes: number;
  readonly id: string | undefined;
}

/** A thread of its own makes the large requests: writing and reading them holds its event loop, not that of the questions. */
function serveRequests(): void {
  const { token } = workerData as { token: string };
  parentPort?.on('message', ({ method, url, body }: Request) => {
    void (async () => {
      const text = body === undefined ? null : JSON.stringify(body);
      const started = performance.now();
      const answer = await fetch(url, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: text,
      });
      const got = await answer.text();
      const milliseconds = performance.now() - started;
      if (answer.status >= 300) console.log(method, url, answer.status, got.slice(0, 300));
      const id = /"id":"([^"]+)"/.exec(got.slice(0, 2_000))?.[1];
      parentPort?.postMessage({ status: answer.status, milliseconds, bytes: got.length, id } satisfies Answer);
    })();
  });
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '100000' },
      dist: { type: 'string', default: join(__dirname, '..', '..', 'dist') },
      mapped: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  setGlobalDispatcher(new Agent({ connections: 64 }));
  const count = Number(values.members);
  const fresh = freshSqlite();
  const { token, tokens } = scimToken();
  const database = await openDatabase(fresh.url);
  const state = parseMappingState({
    version: 1,
    app: APP,
    tokens,
    policies: { accounts: 'mapped', drift: 'report' },
    ...(values.mapped ? { roleMappings: { big: { idpGroup: 'big', role: 'auditor' } } } : {}),
  });
  await putApp(database, state, 'any', { actor: 'operator' }, Date.now());
  const ids = await fillUsers(database, APP, count + 5_000);
  await database.close();
  const members = ids.slice(0, count);
  const leavers = ids.slice(count);
  const double = await startDoubleProcess();
  const bridge = await startMeasured({
    args: [...built(values.dist), 'serve'],
    env: bridgeEnvironment({
      coderUrl: double.url,
      coderToken: 'session-token-of-the-double',
      databaseUrl: fresh.url,
      env: { CODER_SCIM_REQUEST_DEADLINE: '5s' },
    }),
    ready: /"url":"(http:[^"]+)".*"msg":"ready"/,
  });
  const worker = new Worker(__filename, { workerData: { token }, execArgv: process.execArgv });
  const big = (method: string, path: string, body?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage({ method, url: `${bridge.url}${path}`, body });
    });
  const scim = (method: string, path: string, body?: unknown) => big(method, `/scim/v2${path}`, body);

  let left = 0;
  const watch = () => {
    const [health, leaving]: [number[], number[]] = [[], []];
    let open = true;
    const every = async (pause: number, times: number[], ask: () => Promise<Response>): Promise<void> => {
      while (open) {
        const started = performance.now();
        await (await ask()).arrayBuffer();
        times.push(performance.now() - started);
        await sleep(pause);
      }
    };
    const running = Promise.all([
      every(HEALTH_EVERY_MS, health, () => fetch(`${bridge.url}/healthz`)),
      every(LEAVER_EVERY_MS, leaving, () =>
        fetch(`${bridge.url}/scim/v2/Users/${leavers[left++ % leavers.length]}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
          body: JSON.stringify({
            schemas: [PATCH],
            Operations: [{ op: 'replace', path: 'active', value: Math.floor(left / leavers.length) % 2 === 1 }],
          }),
        }),
      ),
    ]);
    return async () => {
      open = false;
      await running;
      return { health, leaving };
    };
  };

  const rows = [['what', 'took', 'held', 'computed', '/healthz 99.9 %', 'deactivation 99.9 %', 'most', 'memory']];
  const measure = async (name: string, work: () => Promise<Answer | undefined>): Promise<Answer | undefined> => {
    if (values.only !== undefined && !values.only.split(',').includes(name)) return await work();
    await sleep(300);
    await bridge.usage();
    const stop = watch();
    await sleep(200);
    const answer = await work();
    await sleep(200);
    const { health, leaving } = await stop();
    const { longestHoldMs, longestComputedMs, residentMb } = await bridge.usage();
    rows.push([
      `${name}${answer === undefined || answer.status < 300 ? '' : ` (${answer.status})`}`,
      answer === undefined ? '' : ms(answer.milliseconds),
      ms(longestHoldMs),
      ms(longestComputedMs),
      ms(quantile(health, 0.999)),
      ms(quantile(leaving, 0.999)),
      ms(Math.max(...leaving)),
      `${residentMb.toFixed(0)} MB`,
    ]);
    console.log(rows.at(-1)?.join(' | '));
    return answer;
  };

  const value = (list: readonly string[]) => list.map(id => ({ value: id }));
  const group = (displayName: string, list: readonly string[]) => ({
    schemas: [GROUP],
    displayName,
    members: value(list),
  });
  const half = Math.floor(count / 2);
  const patch = (op: string, who: readonly string[]) => ({
    schemas: [PATCH],
    Operations: [{ op, path: 'members', value: value(who) }],
  });
  await scim('POST', '/Groups', group('small', members.slice(0, 1_000)));
  await measure('idle', () => sleep(4_000).then(() => undefined));
  const made = await measure('POST', () => scim('POST', '/Groups', group('big', members.slice(0, half))));
  const path = `/Groups/${made?.id}`;
  await measure('PUT of all', () => scim('PUT', path, group('big', members)));
  await measure('GET', () => scim('GET', path));
  await measure('PUT of the same', () => scim('PUT', path, group('big', members)));
  await measure('PUT of a half', () => scim('PUT', path, group('big', members.slice(0, half))));
  await measure('PUT of the other half', () => scim('PUT', path, group('big', members.slice(half))));
  await measure('PATCH remove of 10,000', () =>
    scim('PATCH', `${path}?attributes=id`, patch('remove', members.slice(-10_000))),
  );
  await measure('PATCH add of 10,000', () =>
    scim('PATCH', `${path}?attributes=id`, patch('add', members.slice(-10_000))),
  );
  await measure('PATCH of one', () => scim('PATCH', `${path}?attributes=id`, patch('add', members.slice(0, 1))));
  await measure('PUT of another name', () =>
    scim('PUT', path, group(values.mapped ? 'other' : 'renamed', members.slice(half))),
  );
  await measure('list with members', () => scim('GET', '/Groups'));
  await measure('DELETE', () => scim('DELETE', path));
  await measure('Bulk', () =>
    scim('POST', '/Bulk', {
      schemas: [BULK],
      Operations: Array.from({ length: 1_000 }, (_, index) => ({
        method: 'POST',
        path: '/Users',
        bulkId: `b${index}`,
        data: {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: `bulk-${index}@example.com`,
          active: true,
        },
      })),
    }),
  );
  await measure('sweep', async () => {
    const started = performance.now();
    const answer = await fetch(`${bridge.url}/admin/v1/sweep`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: '{}',
    });
    await answer.text();
    return { status: answer.status, milliseconds: performance.now() - started, bytes: 0, id: undefined };
  });
  printTable(`A group of ${count} members${values.mapped ? ', mapped' : ''}`, rows);
  await worker.terminate();
  await bridge.close();
  await double.close();
  await fresh.drop();
}

if (isMainThread)
  void main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
else serveRequests();
