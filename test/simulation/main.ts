/**
 * `npm run simulate -- [--seeds N] [--from SEED] [--scenario NAME] [--mutants]`: plays histories of the whole bridge against the
 * Coder double under virtual time, and checks every promise of access at the end of each.
 */
import { parseArgs } from 'node:util';
import { runMutants } from './mutants-run';
import { explainFinding, printFindings, printSummary } from './report';
import { runSimulation } from './simulation';

const USAGE = `npm run simulate -- [options]
  --seeds N        histories by chance (default 2000; 0: none)
  --from SEED      the first seed (default 1)
  --scenario NAME  this scenario alone, or seed-N for one history by chance, with everything that happened
  --core           only the scenarios that every test run tries
  --calm           named scenarios without any fault
  --workers N      processes (default: one for each core)
  --mutants        breaks the product on purpose, and sees whether it is noticed
  --no-exhaustive  no named scenarios
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      scenario: { type: 'string' },
      core: { type: 'boolean', default: false },
      calm: { type: 'boolean', default: false },
      workers: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      'no-exhaustive': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  if (values.mutants) return (await runMutants({ only: values.scenario, workers })) ? 0 : 1;
  const report = await runSimulation({
    seeds: values.scenario === undefined ? Number(values.seeds) : 0,
    from: Number(values.from),
    scenario: values.scenario,
    core: values.core,
    calm: values.calm,
    exhaustive: !values['no-exhaustive'],
    workers,
    explain: true,
    progress: line => process.stderr.write(`${line}\n`),
  });
  printFindings(report.findings);
  for (const explained of report.explained) explainFinding(explained);
  printSummary(report);
  return report.findings.length === 0 ? 0 : 1;
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
