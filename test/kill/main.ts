/**
 * Kills bridges under load and looks whether anything is lost: `npm run kill-test -- --kills N [--acknowledged N] [--seed S]
 * [--database sqlite|postgres] [--replicas N]`. The exit code is 0 only if Coder is as the directory and the mapping say.
 */
import { parseArgs } from 'node:util';
import { endRun, prepareRun } from '../support/postgres-server';
import { killRun } from './kill-run';
import { isGood, print } from './report';

const HELP = `usage: npm run kill-test -- [options]

Kills bridges (SIGKILL) at random moments under load, before a Coder that fails and is away for long, with a Postgres that is restarted now
and then, and compares the end with what was acknowledged.

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

main().then(
  code => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
