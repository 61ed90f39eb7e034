/**
 * The bridge beside others: `npm run build && npm run bench -- --peers npm` measures all of it and writes docs/performance.md, in ten to
 * twelve minutes. `--peers npm` installs the servers that npm has into a temporary folder; `--peer NAME=FOLDER` adds another one (peers.ts).
 * Options measure one setting instead: `npm run bench -- --help`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endRun, findPostgres, prepareRun } from '../../support/postgres-server';
import { startDoubleProcess } from '../bridge-stage';
import { printTable } from '../measure';
import { built, startBridgeToMeasure } from './bridges';
import { MIXES, type MixName } from './identity-provider';
import { installNpmPeers } from './npm-peers';
import { floor, startPeer } from './peers';
import { cellsOf, intoDocument, reportOf } from './report';
import { type Contestants, sideBySide } from './rounds';
import { type HoldsResult, partsOf, playHolds, playSuite, type StartBridge, type TakePart } from './suite';

const ROOT = join(__dirname, '..', '..', '..');
const DOCUMENT = join(ROOT, 'docs', 'performance.md');
const DOUBLE_TOKEN = 'session-token-of-the-double';

/** Nobody is to have anything in Coder: what SCIM itself costs. */
const UNMAPPED = { policies: { accounts: 'mapped' as const } };

/** Everybody has an account, and every group is a group of Coder. More leave than do anywhere in an hour: none of them is to be held for that. */
const MAPPED = { policies: { accounts: 'all' as const }, pushedGroups: {}, guard: { maxRemovalsPercent: 100 } };

const USAGE = `Usage: npm run bench -- [options]          (npm run build first)

Without --mix or --holds everything is measured, and docs/performance.md written: ten to twelve minutes on two quiet cores.

  --peers npm             beside the servers that npm has, installed into a temporary folder
  --peer NAME=FOLDER      beside another server: test/bench/side-by-side/peers.ts says what is in the folder
  --quick                 seconds, to see that it works; writes nothing

One setting, of which nothing is written:
  --mix okta|entra        requests of that identity provider
  --users N               people in the directory (1000)
  --group-size N          members of a group (10)
  --people N              people that one round is about (150)
  --warm-up N             rounds before those that are counted (3)
  --rounds N              rounds (5)
  --parallel N            requests at a time (16)
  --mapped                everybody has an account of Coder, and every group is one of Coder
  --database sqlite|postgres
  --dist NAME=FOLDER      beside a build of another commit

  --holds                 one group of 100,000 alone: how long everybody else waits
`;

const COUNTS = { users: 1, 'group-size': 1, people: 1, 'warm-up': 0, rounds: 1, parallel: 1 } as const;
/** What says something of one setting, and nothing without one. */
const OF_A_SETTING = [...Object.keys(COUNTS), 'database', 'mapped', 'dist'];

/** @throws Error that names the option, the value got and the values wanted */
function readOptions() {
  const { values, tokens } = parsed();
  for (const [name, least] of Object.entries(COUNTS)) {
    const text = values[name as keyof typeof COUNTS];
    if (!/^\d+$/.test(text) || Number(text) < least)
      throw new Error(`--${name} is ${JSON.stringify(text)}: wanted a whole number from ${least} on`);
  }
  wantOneOf('--mix', values.mix, Object.keys(MIXES));
  wantOneOf('--database', values.database, ['sqlite', 'postgres']);
  wantOneOf('--peers', values.peers, ['npm']);
  for (const text of [...values.dist, ...values.peer])
    if (!/^[^=]+=./.test(text)) throw new Error(`${JSON.stringify(text)} is no NAME=FOLDER`);
  const stray = tokens.find(token => token.kind === 'option' && OF_A_SETTING.includes(token.name));
  if (values.mix === undefined && stray?.kind === 'option')
    throw new Error(
      `${stray.rawName} is of one setting: wanted --mix ${Object.keys(MIXES).join(' or --mix ')} beside it`,
    );
  return values;
}

function wantOneOf(option: string, got: string | undefined, wanted: readonly string[]): void {
  if (got !== undefined && !wanted.includes(got))
    throw new Error(`${option} is ${JSON.stringify(got)}: wanted ${wanted.join(' or ')}`);
}

function parsed() {
  return parseArgs({
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      mix: { type: 'string' },
      users: { type: 'string', default: '1000' },
      'group-size': { type: 'string', default: '10' },
      parallel: { type: 'string', default: '16' },
      people: { type: 'string', default: '150' },
      'warm-up': { type: 'string', default: '3' },
      rounds: { type: 'string', default: '5' },
      dist: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      peers: { type: 'string' },
      holds: { type: 'boolean', default: false },
      database: { type: 'string', default: 'sqlite' },
      mapped: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  });
}

type Options = ReturnType<typeof readOptions>;

async function main(options: Options): Promise<void> {
  // What a bridge answered is on the disk, on Postgres as on SQLite.
  prepareRun({ durable: true });
  const npm = options.peers === 'npm' ? installNpmPeers() : undefined;
  const bridge =
    (dist: string, backend: 'sqlite' | 'postgres'): StartBridge =>
    ({ mapped = false, filled } = {}) => {
      const program = built(dist);
      return async () => {
        // With what another one has made in there, people of the same addresses would have accounts.
        const double = await startDoubleProcess();
        const server = await startBridgeToMeasure({
          program,
          coder: { url: double.url, token: DOUBLE_TOKEN },
          backend,
          declaration: mapped ? MAPPED : UNMAPPED,
          ...(filled && { filled }),
        }).catch(async (error: unknown) => {
          await double.close();
          throw error;
        });
        return {
          ...server,
          close: async () => {
            await server.close();
            await double.close();
          },
        };
      };
    };
  const here = join(ROOT, 'dist');
  const folders = Object.entries(npm?.folders ?? {}).map(([name, folder]) => `${name}=${folder}`);
  const takePart: TakePart = {
    sqlite: bridge(here, 'sqlite'),
    postgres: findPostgres() === undefined ? undefined : bridge(here, 'postgres'),
    peers: named([...folders, ...options.peer], folder => () => startPeer(folder)),
    floors: { 'bare node:http': floor('memory'), 'bare node:http and SQLite': floor('sqlite') },
  };
  try {
    if (options.holds) printHolds(await playHolds(takePart, options.quick, console.log));
    else if (options.mix === undefined) await measureAll(takePart, options.quick);
    else {
      const backend = options.database === 'postgres' ? 'postgres' : 'sqlite';
      const how = { mapped: options.mapped };
      const builds = named([`this=${here}`, ...options.dist], dist => bridge(dist, backend)(how));
      await measureOne({ ...builds, ...takePart.peers, ...takePart.floors }, options, options.mix as MixName);
    }
  } finally {
    npm?.remove();
    await endRun();
  }
}

async function measureAll(takePart: TakePart, quick: boolean): Promise<void> {
  const results = await playSuite(partsOf(takePart, quick), console.log);
  const report = reportOf(results, await playHolds(takePart, quick, console.log), new Date());
  // Seconds of measuring tell nothing: they show that it works.
  if (quick) return;
  writeFileSync(DOCUMENT, intoDocument(readFileSync(DOCUMENT, 'utf8'), report));
  for (const [file, plot] of Object.entries(report.plots)) writeFileSync(join(ROOT, 'docs', file), plot);
}

function printHolds({ title, holds }: HoldsResult): void {
  for (const [server, all] of holds)
    printTable(`${title}: ${server}`, [
      ['', 'median', 'longest hold', 'computed', 'slowest /healthz', 'slowest deactivation'],
      ...all.map(({ operation, ...one }) => [
        operation,
        ...[one.ms, one.longestMs, one.computedMs, one.healthMs, one.deactivationMs].map(
          value => `${value.toFixed(0)} ms`,
        ),
      ]),
    ]);
}

async function measureOne(contestants: Contestants, options: Options, mix: MixName): Promise<void> {
  const [users, groupSize] = [Number(options.users), Number(options['group-size'])];
  const setting = {
    mix,
    users,
    groups: Math.max(4, Math.min(100, Math.floor(users / groupSize))),
    groupSize,
    parallel: Number(options.parallel),
    warmUp: Number(options['warm-up']),
    rounds: Number(options.rounds),
    roundSeconds: 60,
    people: Number(options.people),
    peopleAtFirst: 143,
  };
  const figures = await sideBySide(contestants, setting, console.log);
  printTable(`${mix}, processor seconds of the server per 1,000 requests`, [
    ['', 'first 1,000', 'warm', 'database', 'requests/s', 'median', 'p99', 'longest hold', 'memory'],
    ...[...figures].map(([name, one]) => [name, ...cellsOf(one)]),
  ]);
}

function named(texts: readonly string[], start: (folder: string) => Contestants[string]): Contestants {
  return Object.fromEntries(
    texts.map(text => {
      const [name = '', folder = ''] = text.split(/=(.*)/s);
      return [name, start(folder)];
    }),
  );
}

function run(): Promise<void> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return Promise.resolve();
  }
  if (!options.help) return main(options);
  console.log(USAGE);
  return Promise.resolve();
}

void run().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
