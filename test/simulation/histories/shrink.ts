/** Makes a failing history smaller while it fails in the same way: fewer steps, fewer faults, one bridge. */
import { type Violation } from '../checks/scene';
import { type Strike } from '../world/weather';
import { play } from './play';
import { type Scenario } from './scenario';
import { type Step } from './step';

export interface Failing {
  readonly scenario: Scenario;
  readonly strikes: readonly Strike[];
  readonly seed: number;
}

const MOST_TRIES = 300;

/** The smallest history found that violates the same promise. */
export async function shrink(failing: Failing, violation: Violation): Promise<Failing> {
  let best = failing;
  let tries = 0;
  const fails = async (candidate: Failing): Promise<boolean> => {
    tries += 1;
    const { violations } = await play(candidate.scenario, {
      seed: candidate.seed,
      shuffle: true,
      weather: { strikes: candidate.strikes },
    });
    return (
      violations.some(one => one.promise === violation.promise && isRefusal(one) === isRefusal(violation)) &&
      !violations.some(one => one.promise === 'harness')
    );
  };
  for (let smaller = true; smaller && tries < MOST_TRIES;) {
    smaller = false;
    for (const candidate of candidates(best)) {
      if (tries >= MOST_TRIES) break;
      if (!(await fails(candidate))) continue;
      best = candidate;
      smaller = true;
      break;
    }
  }
  return best;
}

/** The bridge refused a request: another kind of failure than all others. */
function isRefusal({ text }: Violation): boolean {
  return text.startsWith('refused with');
}

function* candidates({ scenario, strikes, seed }: Failing): Generator<Failing> {
  if ((scenario.replicas ?? 1) > 1) yield { scenario: { ...scenario, replicas: 1 }, strikes, seed };
  for (let index = 0; index < strikes.length; index += 1)
    yield { scenario, strikes: strikes.filter((_, other) => other !== index), seed };
  for (const when of without(scenario.when)) yield { scenario: { ...scenario, when }, strikes, seed };
  for (const given of without(scenario.given)) yield { scenario: { ...scenario, given }, strikes, seed };
  // Fewer calls come before what strikes: the same fault, a little earlier.
  for (const [index, strike] of strikes.entries())
    for (const earlier of [1, 2, 4, 8])
      if (strike.point >= earlier)
        yield {
          scenario,
          seed,
          strikes: strikes.map((other, at) => (at === index ? { ...other, point: other.point - earlier } : other)),
        };
}

/** With one step less, from the end; or one of those that happen at once. */
function* without(steps: readonly Step[]): Generator<Step[]> {
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index];
    // Without its declaration an app refuses everything.
    if (step?.do === 'declare' && index === 0) continue;
    yield steps.filter((_, other) => other !== index);
    if (step?.do !== 'together') continue;
    if (step.steps.length === 1) yield steps.flatMap((one, at) => (at === index ? step.steps : [one]));
    for (let inner = 0; inner < step.steps.length; inner += 1)
      yield steps.map((one, at) =>
        at === index ? { ...step, steps: step.steps.filter((_, other) => other !== inner) } : one,
      );
  }
}
