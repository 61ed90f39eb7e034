/**
 * A first import through SCIM, as an identity provider does it, into an empty Coder: how it grows with the number of people, and how
 * much memory the bridge takes. `npm run build && npx tsx test/bench/import.ts [--sizes 5000,10000,20000,50000] [--parallel 16] [--bulk 1000]`.
 * Each size starts anew; a group for every 25 people, pushed with its members. With `--bulk`, people come by so many in a Bulk, and Coder
 * follows at its pace. Limits: linear, 256 MB; by Bulk 1,000 people a second and 200 MB.
 */
import { parseArgs } from 'node:util';
import { inParallel, memoryOf, type Stage, startStage, userBody } from './bridge-stage';
import { printTable } from './measure';

const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const PER_GROUP = 25;
const MEMORY_LIMIT_MB = { single: 256, bulk: 200 };

interface Imported {
  readonly users: number;
  readonly usersSeconds: number;
  readonly groupsSeconds: number;
  readonly restSeconds: number;
  readonly peakMb: number;
  readonly sweepSeconds: number;
  /** The sweep included, which reads all of Coder. */
  readonly sweptMb: number;
}

async function importOf(users: number, parallel: number, perBulk: number | undefined): Promise<Imported> {
  const stage = await startStage({
    state: { pushedGroups: { prefix: 'team-' } },
    connections: parallel,
    // As it is by default: a Bulk of 1,000 does not wait for whom it makes.
    env: { CODER_SCIM_LOG_LEVEL: 'info', CODER_SCIM_REQUEST_DEADLINE: '8s' },
  });
  try {
    const ids: string[] = [];
    let said = performance.now();
    const progress = (what: string): void => {
      if (performance.now() - said < 10_000) return;
      said = performance.now();
      console.log(`  ${users}: ${what}, ${memoryOf(stage.bridge.pid).nowMb.toFixed(0)} MB`);
    };
    const started = performance.now();
    const each = perBulk ?? 1;
    await inParallel(
      Array.from({ length: Math.ceil(users / each) }, (_, index) => index * each),
      parallel,
      async start => {
        const people = Array.from({ length: Math.min(each, users - start) }, (_, index) =>
          userBody(`p${start + index}`),
        );
        const made = perBulk === undefined ? await createOne(stage, people[0]) : await createTogether(stage, people);
        ids.splice(start, made.length, ...made);
        progress(`${ids.length} people`);
      },
    );
    const peopleDone = performance.now();
    await inParallel(
      Array.from({ length: Math.ceil(users / PER_GROUP) }, (_, index) => index),
      parallel,
      async index => {
        await stage.createGroup(`team-${index}`, ids.slice(index * PER_GROUP, (index + 1) * PER_GROUP));
        progress(`group ${index}`);
      },
    );
    const groupsDone = performance.now();
    await stage.converged(waiting => progress(`${waiting} waiting`));
    const done = performance.now();
    const { peakMb } = memoryOf(stage.bridge.pid);
    await stage.bridge.admin.sweep(undefined, AbortSignal.timeout(600_000)).catch(() => undefined);
    await stage.converged(waiting => progress(`${waiting} waiting`));
    return {
      users,
      usersSeconds: (peopleDone - started) / 1_000,
      groupsSeconds: (groupsDone - peopleDone) / 1_000,
      restSeconds: (done - groupsDone) / 1_000,
      peakMb,
      sweepSeconds: (performance.now() - done) / 1_000,
      sweptMb: memoryOf(stage.bridge.pid).peakMb,
    };
  } finally {
    await stage.close();
  }
}

async function createOne(stage: Stage, person: object | undefined): Promise<string[]> {
  return [String((await stage.scim('POST', '/Users', person)).body['id'])];
}

/** @returns SCIM ids, in order */
async function createTogether(stage: Stage, people: readonly object[]): Promise<string[]> {
  const { body } = await stage.scim('POST', '/Bulk', {
    schemas: [BULK],
    Operations: people.map((data, index) => ({ method: 'POST', path: '/Users', bulkId: `b${index}`, data })),
  });
  return (body['Operations'] as { readonly status: string; readonly location?: string }[]).map(
    ({ status, location }) => {
      if (status !== '201') throw new Error(`an operation of a Bulk answered ${status}`);
      return location?.split('/').at(-1) ?? '';
    },
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      bulk: { type: 'string' },
      sizes: { type: 'string', default: '5000,10000,20000,50000' },
      parallel: { type: 'string' },
    },
  });
  const perBulk = values.bulk === undefined ? undefined : Number(values.bulk);
  const parallel = Number(values.parallel ?? (perBulk === undefined ? 16 : 2));
  const limitMb = perBulk === undefined ? MEMORY_LIMIT_MB.single : MEMORY_LIMIT_MB.bulk;
  const rows = [
    ['people', 'groups', 'people in', 'groups in', 'rest', 'ms each', 'ratio', 'most memory', 'sweep', 'most memory'],
  ];
  let first: number | undefined;
  for (const size of values.sizes.split(',').map(Number)) {
    const { users, usersSeconds, groupsSeconds, restSeconds, peakMb, sweepSeconds, sweptMb } = await importOf(
      size,
      parallel,
      perBulk,
    );
    const each = ((usersSeconds + groupsSeconds + restSeconds) * 1_000) / users;
    first ??= each;
    rows.push([
      String(users),
      String(Math.ceil(users / PER_GROUP)),
      `${usersSeconds.toFixed(1)} s (${Math.round(users / usersSeconds)}/s)`,
      `${groupsSeconds.toFixed(1)} s`,
      `${restSeconds.toFixed(1)} s`,
      each.toFixed(2),
      (each / first).toFixed(2),
      `${peakMb.toFixed(0)} MB${peakMb > limitMb ? ` (limit ${limitMb})` : ''}`,
      `${sweepSeconds.toFixed(1)} s`,
      `${sweptMb.toFixed(0)} MB`,
    ]);
    printTable(
      `First import through SCIM${perBulk === undefined ? '' : `, ${perBulk} in a Bulk`}, ${parallel} requests at a time; ratio of ms each, wanted about 1`,
      rows,
    );
  }
}

void main();
