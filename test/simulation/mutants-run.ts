/** Breaks the product on purpose, one way at a time, and sees whether a history notices. */
import { MUTANTS } from './build/mutants';
import { runSimulation } from './simulation';

export interface MutantOptions {
  /** One mutant by name. */
  readonly only?: string | undefined;
  readonly workers?: number | undefined;
}

/** @returns whether every mutant was noticed */
export async function runMutants({ only, workers }: MutantOptions): Promise<boolean> {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  let missed = 0;
  for (const mutant of MUTANTS.filter(({ name }) => only === undefined || name === only)) {
    const run = { seeds: 0, from: 1, core: false, calm: false, exhaustive: true, workers, explain: false, first: true };
    let noticed: string | undefined;
    for (const scenario of mutant.noticedBy) {
      const { findings } = await runSimulation({ ...run, scenario, mutant });
      const [finding] = findings;
      if (finding === undefined) continue;
      noticed = `${finding.of}: ${finding.violations[0]?.promise}: ${finding.violations[0]?.text}`;
      break;
    }
    if (noticed === undefined) missed += 1;
    write(`${noticed === undefined ? '✗ not noticed' : '✓'} ${mutant.name}: ${mutant.does}${noticed === undefined ? '' : `\n    ${noticed}`}`);
  }
  write(missed === 0 ? 'every mutant was noticed' : `${missed} mutants were not noticed`);
  return missed === 0;
}
