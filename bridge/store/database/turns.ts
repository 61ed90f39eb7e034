/** Leaves turns of the event loop to others. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Steps } from '../../scim-language/steps';

export { nextTurn };

/** Does one step in each turn of the event loop. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

/** Texts that are sorted or merged between two turns. */
const TEXTS_OF_TURN = 1_000;

/** As `[...texts].sort()`, of which 100,000 would take a tenth of a second; a short list is sorted at once. */
export async function sortedInTurns(texts: readonly string[]): Promise<readonly string[]> {
  let runs: (readonly string[])[] = [];
  for (let start = 0; start < texts.length; start += TEXTS_OF_TURN) {
    if (start > 0) await nextTurn();
    runs.push(texts.slice(start, start + TEXTS_OF_TURN).sort());
  }
  while (runs.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(await mergedInTurns(runs[index] ?? [], runs[index + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedInTurns(left: readonly string[], right: readonly string[]): Promise<readonly string[]> {
  if (right.length === 0) return left;
  const merged: string[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (merged.length < left.length + right.length) {
    const [one, other] = [left[fromLeft], right[fromRight]];
    if (other === undefined || (one !== undefined && one <= other)) {
      merged.push(one ?? '');
      fromLeft += 1;
    } else {
      merged.push(other);
      fromRight += 1;
    }
    if (merged.length % TEXTS_OF_TURN === 0) await nextTurn();
  }
  return merged;
}
