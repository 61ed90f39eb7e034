/** One run: named scenarios at every point with every fault, then histories by chance. */
import { availableParallelism } from 'node:os';
import { type Violation } from './checks/scene';
import { bundle } from './build/bundle';
import { type Mutant } from './build/mutants';
import { Crew } from './crew';
import { everyStrike, type Finding, type Result } from './histories/job';
import { type Scenario } from './histories/scenario';
import { SCENARIOS } from './scenarios';
import { type Point } from './world/weather';

export interface RunOptions {
  readonly seeds: number;
  readonly from: number;
  /** One scenario, or `seed-N`. */
  readonly scenario?: string | undefined;
  readonly core: boolean;
  /** No faults in named scenarios. */
  readonly calm: boolean;
  readonly exhaustive: boolean;
  readonly workers?: number | undefined;
  readonly mutant?: Mutant | undefined;
  /** Play the first failure of each kind again and tell everything. */
  readonly explain: boolean;
  /** Stop at the first finding. */
  readonly first?: boolean | undefined;
  readonly progress?: ((line: string) => void) | undefined;
}

export interface Explained {
  readonly finding: Finding;
  readonly violation: Violation;
  readonly result: Result;
}

export interface RunReport {
  readonly scenarios: number;
  readonly points: number;
  readonly exhaustive: number;
  readonly random: number;
  readonly randomSeconds: number;
  readonly findings: readonly Finding[];
  readonly explained: readonly Explained[];
  readonly pointsOf: ReadonlyMap<string, readonly Point[]>;
}

const STRIKES_A_JOB = 25;
const SEEDS_A_JOB = 25;
const MOST_EXPLAINED = 5;

export async function runSimulation(options: RunOptions): Promise<RunReport> {
  const { scenario: only, progress = () => undefined } = options;
  const crew = new Crew(await bundle(options.mutant), options.workers ?? availableParallelism());
  const findings: Finding[] = [];
  const pointsOf = new Map<string, readonly Point[]>();
  let exhaustive = 0;
  let random = 0;
  let stopped = false;
  const note = (result: Result) => {
    findings.push(...result.findings);
    if (options.first === true && findings.length > 0) stopped = true;
  };
  const seed = /^seed-(\d+)$/.exec(only ?? '')?.[1];
  try {
    const chosen = SCENARIOS.filter(
      one => (only === undefined || one.name === only) && (!options.core || one.core === true),
    );
    if (only !== undefined && seed === undefined && chosen.length === 0)
      throw new Error(
        `there is no scenario ${JSON.stringify(only)}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`,
      );
    const scenarios = options.exhaustive && seed === undefined ? chosen : [];
    await Promise.all(
      scenarios.map(async scenario => {
        if (stopped) return;
        const survey = await crew.run({ kind: 'survey', scenario: scenario.name });
        note(survey);
        exhaustive += 1;
        pointsOf.set(scenario.name, survey.points);
        if (options.calm || scenario.calm === true) {
          progress(describe(scenario, survey.points.length, survey.findings));
          return;
        }
        const jobs = chunks(everyStrike(survey.points), STRIKES_A_JOB);
        const results = await Promise.all(
          jobs.map(async strikes => {
            if (stopped) return [];
            const result = await crew.run({ kind: 'strikes', scenario: scenario.name, strikes });
            note(result);
            exhaustive += result.histories;
            return result.findings;
          }),
        );
        const failed = [...survey.findings, ...results.flat()];
        progress(describe(scenario, survey.points.length, failed));
      }),
    );
    const started = performance.now();
    const jobs =
      seed === undefined
        ? chunks(
            Array.from({ length: options.seeds }, (_, index) => options.from + index),
            SEEDS_A_JOB,
          )
        : [[Number(seed)]];
    await Promise.all(
      jobs.map(async seeds => {
        if (stopped) return;
        const result = await crew.run({ kind: 'random', from: seeds[0] ?? 0, count: seeds.length });
        note(result);
        // At once: a long run may be ended before its end.
        for (const { of, violations } of result.findings)
          for (const { promise, text } of violations) progress(`✗ ${of}: ${promise}: ${text}`);
        random += result.histories;
        if (random % 500 < seeds.length) progress(`${random} histories by chance`);
      }),
    );
    const randomSeconds = (performance.now() - started) / 1_000;
    const explained = options.explain ? await explainSome(crew, findings) : [];
    return {
      scenarios: scenarios.length,
      points: sum(pointsOf),
      exhaustive,
      random,
      randomSeconds,
      findings,
      explained,
      pointsOf,
    };
  } finally {
    crew.end();
  }
}

/** The first finding of each promise, the shortest first. */
async function explainSome(crew: Crew, findings: readonly Finding[]): Promise<Explained[]> {
  const first = new Map<string, { finding: Finding; violation: Violation }>();
  const ordered = [...findings].sort((a, b) => a.strikes.length - b.strikes.length);
  for (const finding of ordered)
    for (const violation of finding.violations)
      if (!first.has(violation.promise)) first.set(violation.promise, { finding, violation });
  return await Promise.all(
    [...first.values()].slice(0, MOST_EXPLAINED).map(async ({ finding, violation }) => ({
      finding,
      violation,
      result: await crew.run({ kind: 'explain', of: finding.of, strikes: finding.strikes, violation }),
    })),
  );
}

const MOST_SHOWN = 4;

/** A line for the scenario, and one for each different violation of the first few. */
function describe({ name, promise }: Scenario, points: number, failed: readonly Finding[]): string {
  if (failed.length === 0) return `✓ ${name} (${promise}): ${points} points`;
  const different = new Map<string, string>();
  for (const { strikes, violations } of failed)
    for (const violation of violations) {
      const line = `    ${violation.promise}: ${violation.text}`;
      const where = strikes.map(({ point, fault }) => `${fault} at point ${point}`).join(', ');
      if (!different.has(line)) different.set(line, where === '' ? 'in good weather' : where);
    }
  const shown = [...different].slice(0, MOST_SHOWN).map(([line, where]) => `${line} [${where}]`);
  const more = different.size > MOST_SHOWN ? [`    and ${different.size - MOST_SHOWN} other violations`] : [];
  return [`✗ ${name} (${promise}): ${points} points, ${failed.length} histories fail`, ...shown, ...more].join('\n');
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < all.length; start += size) parts.push(all.slice(start, start + size));
  return parts;
}

function sum(points: ReadonlyMap<string, readonly Point[]>): number {
  return [...points.values()].reduce((total, some) => total + some.length, 0);
}
