import { LockPatience } from '../../../bridge/store/database/lock-patience';

/** Tries every so often; @returns milliseconds until it is given up */
function waited(patience: LockPatience, clock: { at: number }): number {
  const begun = clock.at;
  while (!patience.isOver()) clock.at += 50;
  return clock.at - begun;
}

it('a lock is waited for five seconds, and once, however many transactions meet it one after the other', () => {
  const clock = { at: 1_000 };
  const patience = new LockPatience(() => clock.at);
  expect([waited(patience, clock), waited(patience, clock), waited(patience, clock)]).toEqual([5_000, 0, 0]);
  clock.at += 4_000;
  expect(waited(patience, clock)).toBe(0);
});

it.each([
  ['that comes after one that is gone', (patience: LockPatience) => patience.begun()],
  [
    'that is met after a while without any',
    (_: LockPatience, clock: { at: number }) => {
      clock.at += 5_001;
    },
  ],
])('a lock %s is waited for anew', (_, meanwhile) => {
  const clock = { at: 1_000 };
  const patience = new LockPatience(() => clock.at);
  expect(waited(patience, clock)).toBe(5_000);
  meanwhile(patience, clock);
  expect(waited(patience, clock)).toBe(5_000);
});
