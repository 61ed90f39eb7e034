/** How long the queue stands still while Coder can't be worked with. */
import { type EndedWork } from '../../../bridge/reconcile/queue/end-work';
import { Outage } from '../../../bridge/reconcile/queue/outage';
import { PRIORITY } from '../../../bridge/store/work/enqueue';
import { type Work } from '../../../bridge/store/work/work';

const NOW = 1_000_000;
const PAUSE_MS = 30_000;

const work = (key: Work['key']): Work => ({
  key,
  app: 'corp',
  priority: PRIORITY.leaving,
  seq: 1,
  attempts: 0,
  enqueuedAt: NOW,
  cause: { actor: 'bridge' },
  causes: [],
});

/** Two are at work: at one of them Coder turns out to be away, and then the other one ends so. */
function after(second: EndedWork | undefined): Outage {
  const outage = new Outage();
  const [one, two] = [work('person:one'), work('person:two')];
  for (const item of [one, two]) outage.started(item);
  outage.ended(one, { outcome: 'retry', touched: [], pauseMs: PAUSE_MS }, NOW);
  outage.ended(two, second, NOW);
  return outage;
}

const seesNothing: [string, EndedWork | undefined][] = [
  ['waits for a declaration, or for another bridge', { outcome: 'retry', touched: [], againMs: 100 }],
  ['could not be written', undefined],
];
it.each(seesNothing)('does not end because somebody else %s', (_, second) => {
  const outage = after(second);
  expect(outage.isPaused(NOW + PAUSE_MS - 1)).toBe(true);
  expect(outage.isPaused(NOW + PAUSE_MS)).toBe(false);
});

it.each<EndedWork['outcome']>(['done', 'again', 'failed', 'parked'])(
  'ends when somebody else is %s: Coder has answered',
  outcome => {
    const outage = after({ outcome, touched: [] });
    expect(outage.isPaused(NOW)).toBe(false);
    expect(outage.hasInterrupted).toBe(true);
  },
);

it('ends when somebody is dealt with for now who was begun since, and not by who was begun before', () => {
  const answered: EndedWork = { outcome: 'retry', touched: [], answered: true };
  const outage = after(answered);
  expect(outage.isPaused(NOW)).toBe(true);
  const three = work('person:three');
  outage.started(three);
  outage.ended(three, answered, NOW);
  expect(outage.isPaused(NOW)).toBe(false);
  expect(outage.hasInterrupted).toBe(true);
});
