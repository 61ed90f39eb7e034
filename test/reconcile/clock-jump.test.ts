/** A clock that jumps ahead and comes back leaves nothing waiting for a time that is years away. */
import { pullBack } from '../../bridge/store/work/clock-jump';
import { putApp } from '../../bridge/store/apps/apps';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { AMPLE_MS, APP, startStage } from './stage';

const YEAR = 365 * 86_400_000;
const DAY = 86_400_000;
const MINUTE = 60_000;

afterEach(() => jest.restoreAllMocks());

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
    const begun = { kind: 'steps', note: '{}' };
    await db
      .insertInto('journal')
      .values([
        { ...begun, key: 'far', since: now + YEAR },
        { ...begun, key: 'near', since: now + MINUTE },
        { ...begun, key: 'past', since: now - YEAR },
      ])
      .execute();
    expect(await pullBack(db, now)).toBe(4);
    const journal = await db.selectFrom('journal').select(['key', 'since']).orderBy('key').execute();
    expect(journal.map(({ key, since }) => [key, Number(since)])).toEqual([
      ['far', now],
      ['near', now + MINUTE],
      ['past', now - YEAR],
    ]);
    expect(await db.selectFrom('work').select(['key', 'due_at', 'lease_owner']).orderBy('key').execute()).toEqual([
      { key: 'person:far', due_at: now, lease_owner: null },
      { key: 'person:near', due_at: now + 60_000, lease_owner: 'here' },
    ]);
    expect(await db.selectFrom('leases').select('name').execute()).toEqual([{ name: 'near' }]);
    await db.deleteFrom('work').execute();
  });

  it('keeps nobody waiting for what was begun meanwhile longer than a call may last', async () => {
    let ahead = YEAR;
    const stage = await startStage({ databaseUrl: await freshUrl(), now: () => Date.now() + ahead });
    await stage.declare({});
    stage.coder.faults.fail(502, { method: 'POST', path: '/users$' });
    const { resource, touched } = await stage.directory.createUser(stage.context, {
      schemas: [],
      userName: 'ann',
      active: true,
      emails: [{ value: 'ann@example.com' }],
    });
    await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
    stage.coder.faults.clear();
    ahead = 0;
    const { db } = stage.database;
    await db.updateTable('work').set({ due_at: 0 }).execute();
    await stage.setActive(resource.id, false);
    const rows = await db.selectFrom('work').select('due_at').execute();
    expect(rows).toHaveLength(1);
    expect(Number(rows[0]?.due_at)).toBeLessThanOrEqual(Date.now() + MINUTE);

    stage.reconciler.start();
    const journal = () => db.selectFrom('journal').select('since').execute();
    await until('its time to be pulled back', async () => {
      return (await journal()).every(({ since }) => Number(since) <= Date.now());
    });
    expect(await journal()).toHaveLength(1);
    ahead = 2 * MINUTE;
    await until('nothing to be begun', async () => (await journal()).length === 0);
    await until('nothing to wait', async () => (await db.selectFrom('work').select('key').execute()).length === 0);
    expect(Object.keys(stage.coder.snapshot().users)).toEqual(['testuser']);
  });

  it('has a declaration look again for what was begun meanwhile within a minute', async () => {
    const stage = await startStage({ databaseUrl: await freshUrl() });
    const { db } = stage.database;
    const key = `${stage.coder.findOrganization().id}/lost`;
    await db
      .insertInto('journal')
      .values({ kind: 'group', key, app: APP, note: '{}', since: Date.now() + YEAR })
      .execute();
    await putApp(
      stage.database,
      parseMappingState({ version: 1, app: APP }),
      'any',
      { actor: 'declaration', requestId: 'apply-1' },
      Date.now(),
    );
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    const rows = await db.selectFrom('work').select(['key', 'due_at']).execute();
    expect(rows.map(row => row.key)).toEqual([`app:${APP}`]);
    expect(Number(rows[0]?.due_at)).toBeLessThanOrEqual(Date.now() + MINUTE);
  });

  it('has a bridge that starts look again within a minute', async () => {
    let ahead = 0;
    const stage = await startStage({ databaseUrl: await freshUrl(), now: () => Date.now() + ahead });
    const organization = stage.coder.findOrganization().id;
    stage.coder.addGroup('found');
    const since = Date.now();
    await stage.database.db
      .insertInto('journal')
      .values(['lost', 'found'].map(name => ({ kind: 'group', key: `${organization}/${name}`, note: '{}', since })))
      .execute();
    // The clock goes back after the first one was looked for, and while the second one is.
    ahead = 2 * DAY;
    await stage.database.db
      .updateTable('journal')
      .set({ since: since + ahead })
      .execute();
    const call = stage.coder.faults.hold({ method: 'GET', path: '/groups/found$' });
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const waits = () => timers.mock.calls.flatMap(([, ms = 0]) => (ms >= MINUTE ? ms : []));
    stage.reconciler.start();
    await call.arrived;
    ahead = 0;
    call.release();
    await until('another look to be set', () => waits().length > 0);
    expect(Math.max(...waits())).toBe(MINUTE);
  });
});
