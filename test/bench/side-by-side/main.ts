/**
 * The bridge beside others. `npm run bench` measures all of it and writes docs/performance.md; options measure one setting instead:
 * `npm run bench -- --mix okta [--users 1000] [--group-size 10] [--people 150] [--rounds 5] [--mapped] [--database postgres]
 * [--dist NAME=FOLDER …] [--peer NAME=FOLDER …]`. A `--dist` is `dist` of another checkout, a `--peer` another server (peers.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPostgres } from '../../support/postgres-server';
import { startDoubleProcess } from '../bridge-stage';
import { printTable } from '../measure';
import { built, startBridgeToMeasure } from './bridges';
import { MIXES, type MixName } from './identity-provider';
import { startFloor, startPeer } from './peers';
import { intoDocument, reportOf } from './report';
import { type Contestants, sideBySide } from './rounds';
import { partsOf, playSuite } from './suite';

const ROOT = join(__dirname, '..', '..', '..');
const DOCUMENT = join(ROOT, 'docs', 'performance.md');
const DOUBLE_TOKEN = 'session-token-of-the-double';

/** Nobody is to have anything in Coder: what SCIM itself costs. */
const UNMAPPED = { policies: { accounts: 'mapped' as const } };

/** Everybody has an account, and every group is a group of Coder. */
const MAPPED = { policies: { accounts: 'all' as const }, pushedGroups: {} };

const { values: options } = parseArgs({
  options: {
    mix: { type: 'string' },
    users: { type: 'string', default: '1000' },
    'group-size': { type: 'string', default: '10' },
    parallel: { type: 'string', default: '16' },
    people: { type: 'string', default: '150' },
    rounds: { type: 'string', default: '5' },
    dist: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string', multiple: true, default: [] },
    database: { type: 'string', default: 'sqlite' },
    mapped: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const double = await startDoubleProcess();
  const bridge = (dist: string, backend: 'sqlite' | 'postgres', mapped: boolean) => () =>
    startBridgeToMeasure({
      program: built(dist),
      coder: { url: double.url, token: DOUBLE_TOKEN },
      backend,
      declaration: mapped ? MAPPED : UNMAPPED,
    });
  const here = join(ROOT, 'dist');
  const peers = named(options.peer, folder => () => startPeer(folder));
  const floor = { 'bare node:http and SQLite': startFloor };
  try {
    if (options.mix === undefined) {
      const bridges = {
        unmapped: bridge(here, 'sqlite', false),
        mapped: bridge(here, 'sqlite', true),
        postgres: findPostgres() === undefined ? undefined : bridge(here, 'postgres', false),
      };
      await measureAll(partsOf(bridges, { ...peers, ...floor }, options.quick));
    } else {
      const backend = options.database === 'postgres' ? 'postgres' : 'sqlite';
      const builds = named([`this=${here}`, ...options.dist], dist => bridge(dist, backend, options.mapped));
      await measureOne({ ...builds, ...peers, ...floor }, mixOf(options.mix));
    }
  } finally {
    await double.close();
  }
}

async function measureAll(parts: ReturnType<typeof partsOf>): Promise<void> {
  const report = reportOf(await playSuite(parts, console.log), new Date());
  // Seconds of measuring tell nothing: they show that it works.
  if (options.quick) return;
  writeFileSync(DOCUMENT, intoDocument(readFileSync(DOCUMENT, 'utf8'), report));
  for (const [file, plot] of Object.entries(report.plots)) writeFileSync(join(ROOT, 'docs', file), plot);
}

async function measureOne(contestants: Contestants, mix: MixName): Promise<void> {
  const [users, groupSize] = [Number(options.users), Number(options['group-size'])];
  const setting = {
    mix,
    users,
    groups: Math.max(4, Math.min(100, Math.floor(users / groupSize))),
    groupSize,
    parallel: Number(options.parallel),
    rounds: Number(options.rounds),
    people: Number(options.people),
    peopleAtFirst: 143,
  };
  const figures = await sideBySide(contestants, setting, console.log);
  printTable(`${mix}, processor seconds of the server per 1,000 requests`, [
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
}

function named(texts: readonly string[], start: (folder: string) => Contestants[string]): Contestants {
  return Object.fromEntries(
    texts.map(text => {
      const [name = '', folder = ''] = text.split(/=(.*)/s);
      if (folder === '') throw new Error(`${JSON.stringify(text)}: wanted NAME=FOLDER`);
      return [name, start(folder)];
    }),
  );
}

function mixOf(text: string): MixName {
  if (text in MIXES) return text as MixName;
  throw new Error(`--mix is ${JSON.stringify(text)}: wanted one of ${Object.keys(MIXES).join(', ')}`);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
