/** What is kept for a time only goes after it, whether or not anything is swept; and by a clock that can be believed alone. */
import { SettledTime } from '../../../bridge/reconcile/context/settled-time';
import { countReserved, reserve } from '../../../bridge/store/accounts/ledger';
import { queryAudit, writeAudit } from '../../../bridge/store/audit/audit';
import { sealAudit } from '../../../bridge/store/audit/chain';
import { verifyChain } from '../../../bridge/store/audit/verify-chain';
import { APP, atEnd, lookerOf, silentLog, type Stage, startStage, type StageOptions } from '../stage';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Time passes, and a clock that somebody may set besides. */
function startClock() {
  const count = performance.now.bind(performance);
  const clock = { passed: 0, ahead: 0, now: () => Date.now() + clock.passed + clock.ahead };
  const counted = jest.spyOn(performance, 'now').mockImplementation(() => count() + clock.passed);
  atEnd(async () => counted.mockRestore());
  return clock;
}

async function startLooks(options: StageOptions) {
  const clock = startClock();
  const stage = await startStage({ ...options, now: clock.now });
  const { database } = stage;
  return {
    ...stage,
    clock,
    look: lookerOf(stage),
    kept: async () => (await queryAudit(database.db, { action: 'work.park' })).length,
    counted: () => countReserved(database.db, { app: APP, kind: 'removal' }, 0, []),
    write: (ago: number) => write(stage, clock.now() - ago),
    reserve: (subject: string, ago: number) =>
      reserve(database.db, { app: APP, kind: 'removal', subject, at: clock.now() - ago }, false),
  };
}

async function write({ database }: Stage, at: number): Promise<void> {
  const line = { at, app: null, actor: 'bridge', action: 'work.park', result: 'failed' } as const;
  await database.transact(db => writeAudit(db, [line]));
  await sealAudit(database);
}

it.each([
  ['sweeps are off', { sweepIntervalMs: 0 }],
  ['no app is declared', { sweepIntervalMs: HOUR }],
])('where %s, old lines of the audit trail and of the ledger go, once an hour', async (_where, sweeps) => {
  const { clock, look, kept, counted, database, ...made } = await startLooks({ ...sweeps, auditRetentionMs: DAY });
  await made.write(2 * DAY);
  await made.write(HOUR);
  await look();
  expect(await kept()).toBe(2);

  clock.passed = HOUR;
  await made.reserve('person:1', 2 * HOUR);
  await made.reserve('person:2', 0);
  await look();
  expect([await kept(), await counted()]).toEqual([1, 1]);
  expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: 1 });

  clock.passed += DAY;
  await look();
  expect([await kept(), await counted()]).toEqual([0, 0]);
});

it.each([
  ['is set back', -1],
  ['stays there for less than an hour', 0],
])('nothing goes by a clock that jumps ahead past its time, and %s', async (_then, turn) => {
  const { clock, look, kept, counted, reconciler, ...made } = await startLooks({
    sweepIntervalMs: 0,
    auditRetentionMs: 30 * DAY,
  });
  await made.declare({});
  await look();
  clock.passed = 2 * HOUR;
  await look();
  await made.write(0);
  await made.reserve('person:1', 0);

  clock.ahead = 31 * DAY;
  await look();
  await reconciler.sweep();
  clock.passed += HOUR / 2;
  if (turn < 0) clock.ahead = 0;
  await look();
  await reconciler.sweep();
  expect([await kept(), await counted()]).toEqual([1, 1]);
});

it('a clock that was wrong from the start is believed no further than Coder’s', () => {
  let passed = 0;
  const coder = { clockAheadMs: undefined as number | undefined };
  const settled = new SettledTime({ now: () => 31 * DAY + passed }, coder, silentLog, () => passed);
  expect(settled.look()).toBeUndefined();
  passed = HOUR;
  expect(settled.look()).toBe(31 * DAY + HOUR);
  coder.clockAheadMs = -31 * DAY;
  expect(settled.look()).toBe(HOUR);
  coder.clockAheadMs = DAY;
  expect(settled.look()).toBe(31 * DAY + HOUR);
});
