/** What is long leaves others room: as many turns of the event loop as what they ask a database takes, not one between two pieces. */
import { awaited, awaitedNoMore, leaveRoom } from '../../../bridge/store/database/turns';

/** Turns of the event loop that go by meanwhile. */
async function turnsDuring(work: Promise<void>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = () => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work;
  over = true;
  return turns;
}

/** The most of many: on a busy machine a turn can take as long as the room does. */
async function mostTurns(): Promise<number> {
  let most = 0;
  for (let tries = 0; tries < 200 && most <= 2; tries += 1) most = Math.max(most, await turnsDuring(leaveRoom()));
  return most;
}

it('leaves a turn while nobody else waits, and more than one as long as somebody does', async () => {
  const [own, other] = [{}, {}];
  awaited(own);
  expect(await mostTurns()).toBeLessThanOrEqual(2);
  awaited(other);
  expect(await mostTurns()).toBeGreaterThan(2);
  awaitedNoMore(other);
  expect(await mostTurns()).toBeLessThanOrEqual(2);
  awaitedNoMore(own);
});
