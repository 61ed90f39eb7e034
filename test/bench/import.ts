/**
 * A first import through SCIM, as an identity provider does it, into an empty Coder: how it grows with the number of people, and how
 * much memory the bridge takes. `npm run build && npx tsx test/bench/import.ts [--sizes 5000,10000,20000,50000] [--parallel 16]`.
 * Each size starts anew; a group for every 25 people, pushed with its members. Limits: linear, 256 MB.
 */
import { parseArgs } from 'node:util';
import { inParallel, memoryOf, startStage, userBody } from './bridge-stage';
import { printTable } from './measure';

const PER_GROUP = 25;
const MEMORY_LIMIT_MB = 256;

interface Imported {
  readonly users: number;
  readonly usersSeconds: number;
  readonly groupsSeconds: number;
  readonly restSeconds: number;
  readonly peakMb: number;
  readonly sweepSeconds: number;
}

async function importOf(users: number, parallel: number): Promise<Imported> {
  const stage = await startStage({
    state: { pushedGroups: { prefix: 'team-' } },
    connections: parallel,
    env: { CODER_SCIM_LOG_LEVEL: 'info' },
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
    await inParallel(
      Array.from({ length: users }, (_, index) => index),
      parallel,
      async index => {
        const { body } = await stage.scim('POST', '/Users', userBody(`p${index}`));
        ids[index] = String(body['id']);
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
    await stage.bridge.admin.sweep(undefined, AbortSignal.timeout(600_000)).catch(() => undefined);
    await stage.converged(waiting => progress(`${waiting} waiting`));
    return {
      users,
      usersSeconds: (peopleDone - started) / 1_000,
      groupsSeconds: (groupsDone - peopleDone) / 1_000,
      restSeconds: (done - groupsDone) / 1_000,
      peakMb: memoryOf(stage.bridge.pid).peakMb,
      sweepSeconds: (performance.now() - done) / 1_000,
    };
  } finally {
    await stage.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '5000,10000,20000,50000' },
      parallel: { type: 'string', default: '16' },
    },
  });
  const rows = [['people', 'groups', 'people in', 'groups in', 'rest', 'ms each', 'ratio', 'sweep', 'most memory']];
  let first: number | undefined;
  for (const size of values.sizes.split(',').map(Number)) {
    const { users, usersSeconds, groupsSeconds, restSeconds, peakMb, sweepSeconds } = await importOf(
      size,
      Number(values.parallel),
    );
    const each = ((usersSeconds + groupsSeconds + restSeconds) * 1_000) / users;
    first ??= each;
    rows.push([
      String(users),
      String(Math.ceil(users / PER_GROUP)),
      `${usersSeconds.toFixed(1)} s`,
      `${groupsSeconds.toFixed(1)} s`,
      `${restSeconds.toFixed(1)} s`,
      each.toFixed(2),
      (each / first).toFixed(2),
      `${sweepSeconds.toFixed(1)} s`,
      `${peakMb.toFixed(0)} MB${peakMb > MEMORY_LIMIT_MB ? ` (limit ${MEMORY_LIMIT_MB})` : ''}`,
    ]);
    printTable(
      `First import through SCIM, ${values.parallel} requests at a time; ratio of ms each, wanted about 1`,
      rows,
    );
  }
}

void main();
