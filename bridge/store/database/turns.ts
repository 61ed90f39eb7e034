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
