/** Leaves turns of the event loop to others. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Steps } from '../../scim-language/steps';

export { nextTurn };

/** For so long there is room: a database or Coder answers several small questions within it. */
const ROOM_MS = 3;

const waiting = new Set<object>();

/** Notes that somebody waits for this answer of the process. */
export function awaited(answer: object): void {
  waiting.add(answer);
}

/** They have it, or read on what comes of it for as long as they like. */
export function awaitedNoMore(answer: object): void {
  waiting.delete(answer);
}

/**
 * Leaves room to others between two pieces of what is long. A turn is enough while nobody else waits. Whoever waits goes to the database and to Coder
 * many times, one after the other, and with one turn each would wait for a piece of this at each of them: so there are some milliseconds.
 * Not for what keeps others from writing meanwhile: that is over sooner by {@link nextTurn}.
 */
export async function leaveRoom(): Promise<void> {
  if (waiting.size > 1) await sleep(ROOM_MS);
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
