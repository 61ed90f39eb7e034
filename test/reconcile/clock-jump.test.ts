/** A clock that jumps ahead and comes back leaves nothing waiting for a time that is years away. */
import { pullBack } from '../../bridge/store/work/clock-jump';
import { describeEachDatabase } from '../support/databases';
import { startStage } from './stage';

const YEAR = 365 * 86_400_000;

describeEachDatabase('a clock that jumps ahead by a year and comes back', (_open, { freshUrl }) => {
  it('holds up neither what failed meanwhile, nor groups, nor a sweep', async () => {
    let ahead = 0;
    const stage = await startStage({
      databaseUrl: await freshUrl(),
      now: () => Date.now() + ahead,
      sweepIntervalMs: 1_000,
    });
    await stage.declare({ groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } } });
    const ann = await stage.createUser('ann');
    const group = await stage.createGroup('developers', [ann]);
    await stage.settle();
    ahead = YEAR;
    stage.coder.faults.fail(503, { path: '/status/suspend' });
    await stage.reconciler.sweep();
    const bob = await stage.createUser('bob');
    await stage.join(group, bob);
    await stage.setActive(ann, false);
    stage.coder.faults.clear();
    ahead = 0;
    await stage.setActive(bob, false);
    stage.reconciler.start();
    const state = () => stage.coder.snapshot().users;
    for (let turn = 0; turn < 3_000; turn += 1) {
      const [app] = await stage.database.db.selectFrom('apps').select('swept_at').execute();
      const waiting = await stage.database.db.selectFrom('work').select('key').execute();
      if (waiting.length === 0 && (app?.swept_at ?? YEAR * 1_000) < Date.now() + YEAR / 2) break;
      await new Promise(resume => setTimeout(resume, 10));
    }
    expect([state()['ann']?.status, state()['bob']?.status]).toEqual(['suspended', 'suspended']);
    expect(await stage.database.db.selectFrom('work').select('key').execute()).toEqual([]);
    const [app] = await stage.database.db.selectFrom('apps').select('swept_at').execute();
    expect(app?.swept_at).toBeLessThan(Date.now() + YEAR / 2);
  });

  it('leaves no lease, and touches nothing that a clock can have written', async () => {
    const stage = await startStage({ databaseUrl: await freshUrl() });
    const { db } = stage.database;
    const now = Date.now();
    const row = { app: 'okta', priority: 1, enqueued_at: now, seq: 1, attempts: 0 };
    await db
      .insertInto('work')
      .values([
        { ...row, key: 'person:far', due_at: now + YEAR, lease_owner: 'gone', lease_until: now + YEAR },
        { ...row, key: 'person:near', due_at: now + 60_000, lease_owner: 'here', lease_until: now + 15_000 },
      ])
      .execute();
    await db
      .insertInto('leases')
      .values([
        { name: 'far', owner: 'gone', until: now + YEAR },
        { name: 'near', owner: 'here', until: now + 30_000 },
      ])
      .execute();
    expect(await pullBack(db, now)).toBe(3);
    expect(await db.selectFrom('work').select(['key', 'due_at', 'lease_owner']).orderBy('key').execute()).toEqual([
      { key: 'person:far', due_at: now, lease_owner: null },
      { key: 'person:near', due_at: now + 60_000, lease_owner: 'here' },
    ]);
    expect(await db.selectFrom('leases').select('name').execute()).toEqual([{ name: 'near' }]);
    await db.deleteFrom('work').execute();
  });
});
