/** Leaves turns of the event loop to others. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Steps } from '../../scim-language/steps';

export { nextTurn };

/** For so long there is room: a database or Coder answers several small questions within it. */
const ROOM_MS = 3;

let waiting = 0;

/** Notes that somebody waits for an answer of this process. @returns what is called once, when they wait no more */
export function awaited(): () => void {
  waiting += 1;
  return () => void (waiting -= 1);
}

/**
 * Leaves room to others between two pieces of what is long. A turn is enough while nobody else waits. Whoever waits goes to the database and to Coder
 * many times, one after the other, and with one turn each would wait for a piece of this at each of them: so there are some milliseconds.
 * Not for what keeps others from writing meanwhile: that is over sooner by {@link nextTurn}.
 */
export async function leaveRoom(): Promise<void> {
  if (waiting > 1) await sleep(ROOM_MS);
  else await nextTurn();
}

/** Does one step in each turn of the event loop, with room for others. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await leaveRoom();
  }
}
