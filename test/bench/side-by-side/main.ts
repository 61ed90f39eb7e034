/**
 * The bridge beside others: `npx tsx test/bench/side-by-side/main.ts [--mix okta] [--users 1000] [--group-size 10] [--rounds 5]
 * [--dist NAME=FOLDER …] [--database sqlite] [--mapped]`. Each folder is a build of the bridge; `dist` is always among them.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDoubleProcess } from '../bridge-stage';
import { printTable } from '../measure';
import { startBridgeToMeasure } from './bridges';
import { type MixName } from './identity-provider';
import { sideBySide } from './rounds';

const ROOT = join(__dirname, '..', '..', '..');
const DOUBLE_TOKEN = 'session-token-of-the-double';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mix: { type: 'string', default: 'okta' },
      users: { type: 'string', default: '1000' },
      'group-size': { type: 'string', default: '10' },
      parallel: { type: 'string', default: '16' },
      people: { type: 'string', default: '150' },
      rounds: { type: 'string', default: '5' },
      dist: { type: 'string', multiple: true, default: [] },
      database: { type: 'string', default: 'sqlite' },
      mapped: { type: 'boolean', default: false },
    },
  });
  const groupSize = Number(values['group-size']);
  const builds = [['this', join(ROOT, 'dist')], ...values.dist.map(text => text.split('='))];
  const double = await startDoubleProcess();
  try {
    const start = (dist: string) => () =>
      startBridgeToMeasure({
        dist,
        coder: { url: double.url, token: DOUBLE_TOKEN },
        backend: values.database === 'postgres' ? 'postgres' : 'sqlite',
        declaration: values.mapped ? MAPPED : UNMAPPED,
      });
    const figures = await sideBySide(
      Object.fromEntries(builds.map(([name = '', dist = '']) => [name, start(dist)])),
      {
        mix: values.mix as MixName,
        users: Number(values.users),
        groups: Math.max(4, Math.min(100, Math.floor(Number(values.users) / groupSize))),
        groupSize,
        parallel: Number(values.parallel),
        rounds: Number(values.rounds),
        people: Number(values.people),
      },
      console.log,
    );
    printTable(`${values.mix}, CPU seconds of the server per 1,000 requests`, [
      ['', 'first 1,000', 'warm', 'requests/s', 'median', 'p99', 'longest hold', 'memory'],
      ...[...figures].map(([name, one]) => [
        name,
        one.cold.toFixed(2),
        one.warm.toFixed(2),
        one.requestsPerSecond.toFixed(0),
        `${one.medianMs.toFixed(1)} ms`,
        `${one.p99Ms.toFixed(1)} ms`,
        `${one.longestHoldMs.toFixed(0)} ms`,
        `${one.residentMb.toFixed(0)} MB`,
      ]),
    ]);
  } finally {
    await double.close();
  }
}

/** Nobody is to have anything in Coder: what SCIM itself costs. */
const UNMAPPED = { policies: { accounts: 'mapped' as const } };

/** Everybody has an account, and every group is a group of Coder. */
const MAPPED = { policies: { accounts: 'all' as const }, pushedGroups: {} };

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
