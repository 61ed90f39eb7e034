/**
 * Kills bridges under load and looks whether anything is lost: `npm run kill-test -- --kills N [--acknowledged N] [--seed S]
 * [--database sqlite|postgres] [--replicas N]`. The exit code is 0 only if Coder is as the directory and the mapping say.
 */
import { parseArgs } from 'node:util';
import { endRun, prepareRun } from '../support/postgres-server';
import { killRun, type KillReport } from './kill-run';

const HELP = `usage: npm run kill-test -- [options]

Kills bridges (SIGKILL) at random moments under load, before a Coder that fails, and compares the end with what was acknowledged.

  --kills N         how often (default: 20)
  --acknowledged N  requests to be acknowledged in between (default: 20 for each kill)
  --seed S          seed of all choices (default: a fresh one, printed)
  --database D      sqlite or postgres (default: sqlite)
  --replicas N      bridges on one database (default: 1; more need postgres)
  --help            this text
`;

function whole(text: string | undefined, option: string, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`${option} takes a whole number, got ${JSON.stringify(text)}; try --help`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      acknowledged: { type: 'string' },
      seed: { type: 'string' },
      database: { type: 'string', default: 'sqlite' },
      replicas: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { database } = values;
  if (database !== 'sqlite' && database !== 'postgres')
    throw new Error(`--database takes sqlite or postgres, got ${JSON.stringify(database)}; try --help`);
  const kills = whole(values.kills, '--kills', 20);
  const acknowledged = whole(values.acknowledged, '--acknowledged', kills * 20);
  const seed = whole(values.seed, '--seed', Math.floor(Math.random() * 1_000_000));
  const replicas = Math.max(1, whole(values.replicas, '--replicas', 1));
  if (replicas > 1 && database === 'sqlite')
    throw new Error('--replicas needs --database postgres: one bridge alone writes a SQLite file');
  process.env['CODER_SCIM_TEST_DIST'] ??= '1';
  if (database === 'postgres') prepareRun();
  console.log(
    `kill test: ${kills} kills, ${acknowledged} acknowledged requests, ${replicas} × ${database}, seed ${seed}`,
  );
  try {
    const progress = (line: string) => console.log(`  ${line}`);
    const report = await killRun({ kills, acknowledged, seed, database, replicas, progress });
    print(report);
    return isGood(report) ? 0 : 1;
  } finally {
    if (database === 'postgres') await endRun();
  }
}

/** Whether nothing was lost and Coder is as it should be. */
function isGood(report: KillReport): boolean {
  return [report.lost, report.differences, report.duplicates, report.pending].every(list => list.length === 0);
}

function print(report: KillReport): void {
  const { scim } = report;
  const rows: [string, string | number][] = [
    ['kills', `${report.kills}, ${report.killsInCalls} of them while Coder's answer was on its way`],
    ['SCIM requests sent', scim.requests],
    ['  acknowledged', scim.acknowledged],
    ['  given up without an answer', scim.givenUp],
    ['  answered 5xx', scim.serverErrors],
    ['calls to Coder', `${report.coderCalls}, ${report.coderWrites} writes`],
    ['directory at the end', `${report.people} people, ${report.groups} groups`],
    ['lost acknowledged requests', report.lost.length],
    ['differences in Coder', report.differences.length],
    ['accounts twice', report.duplicates.length],
    ['left waiting, held or parked', report.pending.length],
    ['parked under way', report.parked],
    ['writes of a sweep afterwards', report.writesAfterSweep],
    ['start of a bridge (median)', `${report.startMs.toFixed(0)} ms`],
    ['converged after the weather cleared', `${(report.convergedAfterMs / 1_000).toFixed(1)} s`],
    ['time', `${report.seconds.toFixed(0)} s`],
  ];
  console.log('');
  for (const [what, value] of rows) console.log(`  ${what.padEnd(36)} ${value}`);
  console.log(`  ${[...report.operations].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  show('lost', report.lost);
  show('differences', report.differences);
  for (const line of report.accounts) console.log(`  ${line}`);
  show('twice', report.duplicates);
  show('pending', report.pending);
  show('answered 5xx', report.serverErrors);
  show(
    'logged as errors',
    [...report.errors].sort(([, a], [, b]) => b - a).map(([message, count]) => `${count} × ${message}`),
  );
  console.log(
    isGood(report) ? '\n✓ nothing lost, nothing different, nobody twice' : '\n✗ Coder is not as it should be',
  );
}

function show(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  console.log(`\n${title}:`);
  for (const line of lines.slice(0, 40)) console.log(`  ${line}`);
  if (lines.length > 40) console.log(`  … and ${lines.length - 40} more`);
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
