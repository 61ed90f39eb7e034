/** A bridge that is told to end while it compares everything with Coder. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readInstallation, writePendingRecovery } from '../../../bridge/store/recovery/position';
import { startReconciler, startStage } from '../stage';

const USERS = '/api/v2/users$';

it('ends with the call that it waits for, and asks for nothing more', async () => {
  const stage = await startStage({ sweepIntervalMs: 1 });
  await stage.declare({
    roleMappings: { leads: { idpGroup: 'leads', organization: 'default', role: 'organization-admin' } },
    groupMappings: { all: { idpGroup: 'all', group: 'all' } },
  });
  await stage.createGroup('all', [await stage.createUser('ann')]);
  await stage.settle();
  const page = stage.coder.faults.hold({ method: 'GET', path: USERS });
  stage.reconciler.start();
  await page.arrived;
  stage.coder.calls.reset();
  const stopped = stage.reconciler.stop();
  page.release();
  await stopped;
  expect(stage.coder.calls.all().map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/v2/users']);
});

it('waits for what the end of a recovery has begun to compare, also where the next look came due meanwhile', async () => {
  const stage = await startStage();
  await stage.declare({});
  await stage.createUser('ann');
  const { db } = stage.database;
  const { position } = await readInstallation(db);
  await writePendingRecovery(db, { since: Date.now(), position, seen: position });
  const bridge = startReconciler(stage.database, stage.coder, { sweepIntervalMs: 1 });
  await bridge.recovery();
  const page = stage.coder.faults.hold({ method: 'GET', path: USERS });
  await bridge.endRecovery({ by: 'olga' });
  await page.arrived;
  page.holdNoMore();
  bridge.start();
  const order: string[] = [];
  // Whoever does not wait for it has ended long before.
  await sleep(300);
  const stopped = bridge.stop().then(() => order.push('stopped'));
  await sleep(300);
  order.push('answered');
  page.release();
  await stopped;
  expect(order).toEqual(['answered', 'stopped']);
});
