/** What a worker is asked to do, and its answer. */
import { SCENARIOS } from '../scenarios';
import { type Fault, faultsOf, type PointKind, type Strike } from '../world/weather';
import { type Violation } from '../checks/scene';
import { play } from './play';
import { type Scenario } from './scenario';

export type Job =
  | { readonly kind: 'survey'; readonly scenario: string }
  | { readonly kind: 'play'; readonly scenario: string; readonly strikes: readonly Strike[]; readonly trace?: boolean };

export interface Finding {
  readonly scenario: string;
  readonly strikes: readonly Strike[];
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
}

export interface Result {
  readonly histories: number;
  readonly findings: readonly Finding[];
  /** Of a survey: everything that can go wrong, once each. */
  readonly strikes: readonly Strike[];
  /** What each point is, by index. */
  readonly points: readonly { readonly index: number; readonly kind: PointKind; readonly what: string }[];
  readonly events: number;
  readonly calls: number;
}

export function scenarioCalled(name: string): Scenario {
  const found = SCENARIOS.find(scenario => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

export async function runJob(job: Job): Promise<Result> {
  const scenario = scenarioCalled(job.scenario);
  const strikes = job.kind === 'play' ? job.strikes : [];
  const played = await play(scenario, {
    seed: 1,
    shuffle: false,
    weather: { strikes, survey: job.kind === 'survey' },
    trace: job.kind === 'play' && job.trace === true,
  });
  return {
    histories: 1,
    findings:
      played.violations.length === 0 && !(job.kind === 'play' && job.trace === true)
        ? []
        : [{ scenario: scenario.name, strikes, violations: played.violations, trace: played.trace }],
    strikes: played.points.flatMap(({ index, kind }) =>
      faultsOf(kind).map((fault: Fault) => ({ point: index, fault })),
    ),
    points: played.points,
    events: played.events,
    calls: played.calls,
  };
}
