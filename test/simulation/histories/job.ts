/** What a worker is asked to do, and its answer. */
import { type Violation } from '../checks/scene';
import { SCENARIOS } from '../scenarios';
import { faultsOf, type Point, type Strike } from '../world/weather';
import { generate } from './generate';
import { play } from './play';
import { type Scenario } from './scenario';
import { shrink } from './shrink';

export type Job =
  /** A named scenario in good weather: what it violates, and where something can go wrong. */
  | { readonly kind: 'survey'; readonly scenario: string }
  /** A named scenario once for each of these faults. */
  | { readonly kind: 'strikes'; readonly scenario: string; readonly strikes: readonly Strike[] }
  /** Histories by chance. */
  | { readonly kind: 'random'; readonly from: number; readonly count: number }
  /** One history again, with everything that happened; a history by chance that fails is made as small as it gets. */
  | {
      readonly kind: 'explain';
      readonly of: string;
      readonly strikes: readonly Strike[];
      readonly violation?: Violation | undefined;
    };

export interface Finding {
  /** Name of the scenario, or `seed-<seed>`. */
  readonly of: string;
  readonly strikes: readonly Strike[];
  readonly violations: readonly Violation[];
}

export interface Result {
  readonly histories: number;
  readonly findings: readonly Finding[];
  /** Of a survey. */
  readonly points: readonly Point[];
  /** Of an explanation. */
  readonly explained?: {
    readonly scenario: Scenario;
    readonly strikes: readonly Strike[];
    readonly trace: readonly string[];
  };
}

/** Share of the points at which something goes wrong in a history by chance, and how often at most. */
const SHARE = 0.04;
const MOST = 6;

export function scenarioCalled(name: string): Scenario {
  const seed = /^seed-(\d+)$/.exec(name)?.[1];
  if (seed !== undefined) return generate(Number(seed));
  const found = SCENARIOS.find(scenario => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${JSON.stringify(name)}`);
  return found;
}

/** One fault at a time, everywhere that it makes sense. */
export function everyStrike(points: readonly Point[]): Strike[] {
  return points.flatMap(({ index, kind }) => faultsOf(kind).map(fault => ({ point: index, fault })));
}

export async function runJob(job: Job): Promise<Result> {
  switch (job.kind) {
    case 'survey': {
      const scenario = scenarioCalled(job.scenario);
      const { violations, points } = await play(scenario, {
        seed: 1,
        shuffle: scenario.shuffled === true,
        weather: { survey: true },
      });
      return {
        histories: 1,
        points,
        findings: violations.length === 0 ? [] : [{ of: job.scenario, strikes: [], violations }],
      };
    }
    case 'strikes': {
      const scenario = scenarioCalled(job.scenario);
      const findings: Finding[] = [];
      for (const strike of job.strikes) {
        const { violations } = await play(scenario, {
          seed: 1,
          shuffle: scenario.shuffled === true,
          weather: { strikes: [strike] },
        });
        if (violations.length > 0) findings.push({ of: job.scenario, strikes: [strike], violations });
      }
      return { histories: job.strikes.length, findings, points: [] };
    }
    case 'random': {
      const findings: Finding[] = [];
      for (let seed = job.from; seed < job.from + job.count; seed += 1) {
        const { violations, struck } = await play(generate(seed), {
          seed,
          shuffle: true,
          weather: { chance: { seed, share: SHARE, most: MOST } },
        });
        if (violations.length > 0) findings.push({ of: `seed-${seed}`, strikes: struck, violations });
      }
      return { histories: job.count, findings, points: [] };
    }
    case 'explain': {
      const scenario = scenarioCalled(job.of);
      const seed = Number(/^seed-(\d+)$/.exec(job.of)?.[1] ?? 1);
      const isRandom = job.of.startsWith('seed-');
      const small =
        isRandom && job.violation !== undefined
          ? await shrink({ scenario, strikes: job.strikes, seed }, job.violation)
          : { scenario, strikes: job.strikes };
      const { trace } = await play(small.scenario, {
        seed,
        shuffle: isRandom || scenario.shuffled === true,
        weather: { strikes: small.strikes },
        trace: true,
      });
      return { histories: 1, findings: [], points: [], explained: { ...small, trace } };
    }
  }
}
