/** What is kept for a time only goes after it, whether or not anything is swept. */
import { countReserved, reserve } from '../../../bridge/store/accounts/ledger';
import { queryAudit, writeAudit } from '../../../bridge/store/audit/audit';
import { sealAudit } from '../../../bridge/store/audit/chain';
import { verifyChain } from '../../../bridge/store/audit/verify-chain';
import { APP, lookerOf, startStage } from '../stage';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

it.each([
  ['sweeps are off', { sweepIntervalMs: 0 }],
  ['no app is declared', { sweepIntervalMs: HOUR }],
])('where %s, old lines of the audit trail and of the ledger go, once an hour', async (_where, sweeps) => {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const stage = await startStage({ ...sweeps, auditRetentionMs: DAY, now });
  const { database } = stage;
  const old = async (ago: number): Promise<void> => {
    const line = { at: now() - ago, app: null, actor: 'bridge', action: 'work.park', result: 'failed' } as const;
    await database.transact(db => writeAudit(db, [line]));
    await sealAudit(database);
  };
  const kept = async () => (await queryAudit(database.db, { action: 'work.park' })).length;
  const counted = () => countReserved(database.db, { app: APP, kind: 'removal' }, 0, []);
  await old(2 * DAY);
  await old(HOUR);
  for (const [subject, at] of [
    ['person:1', now() - 2 * HOUR],
    ['person:2', now()],
  ] as const)
    await reserve(database.db, { app: APP, kind: 'removal', subject, at }, false);
  expect([await kept(), await counted()]).toEqual([2, 2]);

  const look = lookerOf(stage);
  await look();
  expect([await kept(), await counted()]).toEqual([1, 1]);
  expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: 1 });

  ahead = DAY;
  await look();
  expect([await kept(), await counted()]).toEqual([0, 0]);
});
