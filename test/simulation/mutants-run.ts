/** Breaks the product on purpose, one way at a time, and sees whether a history notices. */
import { bundle } from './build/bundle';
import { type Mutant, MUTANTS } from './build/mutants';
import { Crew } from './crew';
import { everyStrike, type Finding, type Result, scenarioCalled } from './histories/job';

export interface MutantOptions {
  /** One mutant by name. */
  readonly only?: string | undefined;
  readonly workers?: number | undefined;
}

const STRIKES_A_JOB = 10;

/** @returns whether every mutant was noticed */
export async function runMutants({ only, workers = 2 }: MutantOptions): Promise<boolean> {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const chosen = MUTANTS.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`there is no mutant ${JSON.stringify(only)}`);
  const product = new Crew(await bundle(), 1);
  let missed = 0;
  try {
    for (const mutant of chosen) {
      const finding = await firstNotice(mutant, product, workers);
      if (finding === undefined) missed += 1;
      write(`${finding === undefined ? '✗ not noticed' : '✓'} ${mutant.name}: ${mutant.does}`);
      const [violation] = finding?.violations ?? [];
      if (finding !== undefined && violation !== undefined)
        write(
          `    ${finding.of}${finding.strikes.length === 0 ? '' : `, ${finding.strikes[0]?.fault}`}: ${violation.promise}: ${violation.text}`,
        );
    }
  } finally {
    product.end();
  }
  write(
    missed === 0
      ? `each of ${chosen.length} mutants was noticed`
      : `${missed} of ${chosen.length} mutants were not noticed`,
  );
  return missed === 0;
}

/** What the mutant violates and the product does not, in the same history. */
async function firstNotice(mutant: Mutant, product: Crew, workers: number): Promise<Finding | undefined> {
  const crew = new Crew(await bundle(mutant), workers);
  try {
    for (const scenario of mutant.noticedBy) {
      const survey = await crew.run({ kind: 'survey', scenario });
      const found = await onlyMutant(survey, product);
      if (found !== undefined) return found;
      const strikes = scenarioCalled(scenario).calm === true ? [] : everyStrike(survey.points);
      for (let start = 0; start < strikes.length; start += STRIKES_A_JOB * workers) {
        const results = await Promise.all(
          Array.from({ length: workers }, (_, index) => {
            const from = start + index * STRIKES_A_JOB;
            return crew.run({ kind: 'strikes', scenario, strikes: strikes.slice(from, from + STRIKES_A_JOB) });
          }),
        );
        for (const result of results) {
          const noticed = await onlyMutant(result, product);
          if (noticed !== undefined) return noticed;
        }
      }
    }
    return undefined;
  } finally {
    crew.end();
  }
}

async function onlyMutant({ findings }: Result, product: Crew): Promise<Finding | undefined> {
  for (const finding of findings) {
    if (finding.violations.every(({ promise }) => promise === 'harness')) continue;
    const { of, strikes } = finding;
    const whole =
      strikes.length === 0
        ? await product.run({ kind: 'survey', scenario: of })
        : await product.run({ kind: 'strikes', scenario: of, strikes });
    if (whole.findings.length === 0) return finding;
  }
  return undefined;
}
