/** A bridge that stood still for longer than its lease: another one has its work by now, or had it and is done. */
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { deleteApp, listAllApps, purgeApp, putApp } from '../../../bridge/store/apps/apps';
import { enqueue, PRIORITY, type WorkKey } from '../../../bridge/store/work/enqueue';
import { fillUsers } from '../../bench/fill-directory';
import { describeEachDatabase } from '../../support/databases';
import { until } from '../../support/until';
import { AMPLE_MS, APP, silentLog, type Stage, startStage } from '../stage';

const STATE = {
  roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
  groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
};
const FAR = 4_000_000_000_000;
const BRIEF_MS = 500;

const put = ({ database }: Stage, document: object) =>
  putApp(
    database,
    parseMappingState({ version: 1, app: APP, ...document }),
    'any',
    { actor: 'declaration' },
    Date.now(),
  );

describeEachDatabase('work that another bridge took over', (_open, on) => {
  /** Ann is an auditor and in dev. */
  async function company() {
    const stage = await startStage({ databaseUrl: await on.freshUrl(), owner: 'this' });
    await stage.declare(STATE);
    const ann = await stage.createUser('ann');
    const auditors = await stage.createGroup('auditors', [ann]);
    const dev = await stage.createGroup('dev', [ann]);
    await stage.settle();
    return { stage, ann, auditors, dev };
  }

  /** Takes ann out of a group, as a SCIM request does, and does something while Coder is asked for the first such call. */
  async function quit(
    stage: Stage,
    { group, ann }: { readonly group: string; readonly ann: string },
    asked: { readonly method: string; readonly path: string },
    meanwhile: () => Promise<unknown>,
    // Where another bridge keeps the work, nobody can wait until it is done.
    deadlineMs = AMPLE_MS,
  ): Promise<void> {
    const call = stage.coder.faults.hold(asked);
    const { touched } = (await stage.directory.updateGroup(stage.context, group, () => ({
      memberChanges: [{ kind: 'remove', values: [ann] }],
    }))) ?? { touched: [] };
    const converged = stage.reconciler.converge(touched, { deadlineMs });
    await call.arrived;
    await meanwhile();
    call.release();
    await converged;
    await stage.reconciler.stop();
  }

  const takenOver = ({ database: { db } }: Stage, key: WorkKey) =>
    db.updateTable('work').set({ lease_owner: 'other', lease_until: FAR }).where('key', '=', key).execute();

  /** Another bridge, to which the directory said meanwhile that ann is in, saw that she still was. */
  async function takenOverAndDone({
    stage,
    ann,
    group,
    key,
  }: Record<'ann' | 'group', string> & { stage: Stage; key: WorkKey }) {
    const { db } = stage.database;
    await stage.directory.updateGroup(stage.context, group, () => ({
      memberChanges: [{ kind: 'add', members: [{ value: ann }] }],
    }));
    await db.updateTable('coder_members').set({ wanted: 1 }).execute();
    await db
      .deleteFrom('work')
      .where('key', 'in', [key, `person:${ann}`])
      .execute();
  }

  const rowOf = ({ database: { db } }: Stage, key: WorkKey) =>
    db.selectFrom('work').select(['lease_owner', 'seq', 'parked_at']).where('key', '=', key).executeTakeFirstOrThrow();

  /** What is done next, and what comes of it. */
  async function settled(stage: Stage): Promise<void> {
    await stage.settle();
    expect(await stage.database.db.selectFrom('work').select('key').execute()).toEqual([]);
  }

  it.each([
    ['did it', undefined],
    ['refused it', 404],
  ])('is looked at once more by whoever has it, where Coder %s', async (_, refusal) => {
    const { stage, ann, auditors: group } = await company();
    const key = `person:${ann}` as const;
    const asked = { method: 'PUT', path: '/roles$' };
    if (refusal !== undefined) stage.coder.faults.fail(refusal, asked);
    let seq = Infinity;
    await quit(
      stage,
      { group, ann },
      asked,
      async () => {
        ({ seq } = await rowOf(stage, key));
        await takenOver(stage, key);
      },
      BRIEF_MS,
    );
    const row = await rowOf(stage, key);
    // Whoever has it is not done with it before that look.
    expect(row).toMatchObject({ lease_owner: 'other', parked_at: null });
    expect(row.seq).toBeGreaterThan(seq);
  });

  it('has the members of a group read again by whoever has it', async () => {
    const { stage, ann, dev: group } = await company();
    const { id } = stage.coder.findGroup('dev');
    const key = `coder-group:${id}` as const;
    let seq = Infinity;
    await quit(
      stage,
      { group, ann },
      { method: 'PATCH', path: '/groups/' },
      async () => {
        ({ seq } = await rowOf(stage, key));
        await takenOver(stage, key);
      },
      BRIEF_MS,
    );
    const row = await rowOf(stage, key);
    expect(row).toMatchObject({ lease_owner: 'other', parked_at: null });
    expect(row.seq).toBeGreaterThan(seq);
    expect(await stage.database.db.selectFrom('coder_groups').select('read_at').execute()).toEqual([{ read_at: null }]);
  });

  it('is looked at again where that one is done with it: a role that was taken after its look is given back', async () => {
    const { stage, ann, auditors: group } = await company();
    const key = `person:${ann}` as const;
    await quit(stage, { group, ann }, { method: 'PUT', path: '/roles$' }, () =>
      takenOverAndDone({ stage, ann, group, key }),
    );
    await settled(stage);
    expect(stage.coder.describe('ann').siteRoles).toEqual(['auditor']);
  });

  it('is looked at again where that one is done with it: a member that was taken after its look is back in the group', async () => {
    const { stage, ann, dev: group } = await company();
    const key = `coder-group:${stage.coder.findGroup('dev').id}` as const;
    await quit(stage, { group, ann }, { method: 'PATCH', path: '/groups/' }, () =>
      takenOverAndDone({ stage, ann, group, key }),
    );
    await settled(stage);
    expect(stage.coder.membersOf('dev')).toEqual(['ann']);
  });

  it.each([
    ['with nothing else', { isAuditor: false, isPurged: false }],
    ['with a role that was still to come', { isAuditor: true, isPurged: false }],
    ['with their app', { isAuditor: false, isPurged: true }],
  ])(
    'leaves no account open that it made when somebody was deleted and forgotten by that one, %s',
    async (_, { isAuditor, isPurged }) => {
      const { stage, auditors } = await company();
      const { db } = stage.database;
      const call = stage.coder.faults.hold({ method: 'POST', path: '/users$' });
      const { resource, touched } = await stage.directory.createUser(stage.context, {
        schemas: [],
        userName: 'ben',
        emails: [{ value: 'ben@example.com' }],
      });
      if (isAuditor)
        await stage.directory.updateGroup(stage.context, auditors, () => ({
          memberChanges: [{ kind: 'add', members: [{ value: resource.id }] }],
        }));
      const converged = stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
      await call.arrived;
      // That one looked for longer than a call may last, and found nothing.
      await stage.directory.deleteUser(stage.context, resource.id);
      const key = `person:${resource.id}` as const;
      await db.deleteFrom('work').where('key', '=', key).execute();
      await db.deleteFrom('journal').execute();
      await db.deleteFrom('addresses').where('user_id', '=', resource.id).execute();
      await db.deleteFrom('people').where('user_id', '=', resource.id).execute();
      if (isPurged) {
        await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
        const [app] = await listAllApps(db);
        expect(app !== undefined && (await stage.database.transact(writing => purgeApp(writing, app)))).toBe(true);
        await db.deleteFrom('work').where('key', '=', `app:${APP}`).execute();
      }
      call.release();
      await converged;
      await stage.reconciler.stop();
      await settled(stage);
      expect(stage.coder.describe('ben')).toMatchObject({ status: 'suspended', siteRoles: [] });
      expect(await db.selectFrom('journal').select('key').execute()).toEqual([]);
    },
  );

  // A SQLite file has one bridge, which nobody takes anything from.
  if (on.backend === 'sqlite') return;

  const journalled = ({ database: { db } }: Stage) => db.selectFrom('journal').select('key').execute();

  it.each([
    ['has it', false, false],
    ['is done with it', true, false],
    ['is done with it, and this one has claimed it again', true, true],
  ])('begins nothing in Coder for a person: the other one %s', async (_, isDone, isClaimed) => {
    const { stage, ann, auditors: group } = await company();
    const { db } = stage.database;
    const key = `person:${ann}` as const;
    const calls = () => stage.coder.calls.count({ method: 'PUT', path: '/roles$' });
    const before = calls();
    await quit(
      stage,
      { group, ann },
      { method: 'GET', path: '/users/[^/]+$' },
      async () => {
        if (isDone) await takenOverAndDone({ stage, ann, group, key });
        else await takenOver(stage, key);
        if (!isClaimed) return;
        const claim = { owner: 'this', until: FAR, taken: [] };
        await enqueue(db, [{ key, app: APP, priority: PRIORITY.request }], { actor: 'scim' }, Date.now() + 1, {
          claim,
        });
      },
      isDone && !isClaimed ? AMPLE_MS : BRIEF_MS,
    );
    expect(calls()).toBe(before);
    expect(await journalled(stage)).toEqual([]);
    if (isClaimed) {
      // Which is another work, that is being done.
      expect(await rowOf(stage, key)).toMatchObject({ lease_owner: 'this' });
      await db.updateTable('work').set({ lease_owner: null, lease_until: null }).execute();
      stage.reconciler.start();
    }
    if (isDone) await settled(stage);
    expect(stage.coder.describe('ann').siteRoles).toEqual(['auditor']);
  });

  it('begins no account in Coder', async () => {
    const { stage } = await company();
    const call = stage.coder.faults.hold({ method: 'GET', path: '/users$' });
    const { resource, touched } = await stage.directory.createUser(stage.context, {
      schemas: [],
      userName: 'ben',
      emails: [{ value: 'ben@example.com' }],
    });
    const converged = stage.reconciler.converge(touched, { deadlineMs: BRIEF_MS });
    await call.arrived;
    await takenOver(stage, `person:${resource.id}`);
    call.release();
    await converged;
    await stage.reconciler.stop();
    expect(Object.keys(stage.coder.snapshot().users)).not.toContain('ben');
    expect(await journalled(stage)).toEqual([]);
  });

  it('deletes no account in Coder that is to be made anew', async () => {
    const { stage, ann } = await company();
    const call = stage.coder.faults.hold({ method: 'GET', path: '/users' });
    const { touched } = (await stage.directory.updateUser(stage.context, ann, current => ({
      ...current.document,
      emails: [{ value: 'ann@married.example', primary: true }],
    }))) ?? { touched: [] };
    const converged = stage.reconciler.converge(touched, { deadlineMs: BRIEF_MS });
    await call.arrived;
    await takenOver(stage, `person:${ann}`);
    call.release();
    await converged;
    await stage.reconciler.stop();
    expect(stage.coder.calls.count({ method: 'DELETE', path: '/users/' })).toBe(0);
    expect(stage.coder.describe('ann').email).toBe('ann@example.com');
  });

  it('writes no group in Coder', async () => {
    const { stage, ann, dev: group } = await company();
    const { id } = stage.coder.findGroup('dev');
    await stage.database.db.updateTable('coder_groups').set({ read_at: null }).execute();
    const calls = () => stage.coder.calls.count({ method: 'PATCH', path: '/groups/' });
    const before = calls();
    await quit(
      stage,
      { group, ann },
      { method: 'GET', path: `/groups/${id}` },
      () => takenOver(stage, `coder-group:${id}`),
      BRIEF_MS,
    );
    expect(calls()).toBe(before);
    expect(stage.coder.membersOf('dev')).toEqual(['ann']);
  });

  /** What is queued, dealt with, and taken over while Coder is asked for something. */
  async function lost(stage: Stage, key: WorkKey, asked: { method: string; path: string }): Promise<void> {
    const call = stage.coder.faults.hold(asked);
    const converged = stage.reconciler.converge([key], { deadlineMs: BRIEF_MS });
    await call.arrived;
    await takenOver(stage, key);
    call.release();
    await converged;
    await stage.reconciler.stop();
  }

  const DEV = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
  const roleThat = (action: string) => ({
    customRoles: { reader: { name: 'reader', permissions: [{ resourceType: 'template', action }] } },
  });

  it.each([
    ['makes no group', {}, DEV, '/organizations/[^/]+/groups$'],
    [
      'gives no group another display name',
      DEV,
      { groupMappings: { dev: { ...DEV.groupMappings.dev, displayName: 'D' } } },
      '/organizations/[^/]+/groups$',
    ],
    ['deletes no group', DEV, {}, '/groups/[^/]+$'],
    ['makes no custom role', {}, roleThat('read'), '/members/roles$'],
    ['changes no custom role', roleThat('read'), roleThat('use'), '/members/roles$'],
    ['deletes no custom role', roleThat('read'), {}, '/paginated-members$'],
    ['writes no sync settings', {}, { mode: 'claims', ...DEV }, '/idpsync/groups$'],
  ])('%s in Coder', async (_, before, after, path) => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare(before);
    await stage.createGroup('dev');
    await stage.settle();
    stage.coder.calls.reset();
    await put(stage, after);
    await lost(stage, `app:${APP}`, { method: 'GET', path });
    expect(stage.coder.calls.writes()).toEqual([]);
    expect(await journalled(stage)).toEqual([]);
    // Whoever has it does it.
    await stage.database.db.updateTable('work').set({ lease_owner: null, lease_until: null }).execute();
    stage.reconciler.start();
    await settled(stage);
    expect(stage.coder.calls.countWrites()).toBeGreaterThan(0);
  });

  it.each([
    ['makes no', async () => undefined],
    ['renames no', (stage: Stage) => stage.settle()],
  ])('%s group of a group that is pushed', async (_, prepare) => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare({ pushedGroups: {} });
    const { resource } = await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'first' }, []);
    await prepare(stage);
    stage.coder.calls.reset();
    await stage.directory.updateGroup(stage.context, resource.id, current => ({
      document: { ...current.document, displayName: 'second' },
    }));
    await lost(stage, `scim-group:${resource.id}`, { method: 'GET', path: '/organizations/[^/]+/groups/second$' });
    expect(stage.coder.calls.writes()).toEqual([]);
    expect(await journalled(stage)).toEqual([]);
  });

  it.each([
    ['waits for it still', false],
    ['waits for it no more', true],
  ])(
    'leaves no second group of one that was renamed while the first was being made: the other one %s',
    async (_, isOver) => {
      const databaseUrl = await on.freshUrl();
      const stage = await startStage({ databaseUrl });
      const { db } = stage.database;
      await stage.declare({ pushedGroups: {} });
      const ann = await stage.createUser('ann');
      const { resource } = await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'first' }, [
        { value: ann },
      ]);
      const call = stage.coder.faults.hold({ method: 'POST', path: '/groups$' });
      const converged = stage.reconciler.converge([`scim-group:${resource.id}`], { deadlineMs: BRIEF_MS });
      await call.arrived;
      call.holdNoMore();
      await db.updateTable('work').set({ lease_owner: null, lease_until: null }).execute();
      await db.deleteFrom('leases').execute();
      const other = await startStage({ databaseUrl, double: stage.coder });
      await other.directory.updateGroup(other.context, resource.id, current => ({
        document: { ...current.document, displayName: 'second' },
      }));
      await other.reconciler.converge([`scim-group:${resource.id}`, `person:${ann}`], { deadlineMs: AMPLE_MS });
      if (isOver) await db.deleteFrom('journal').execute();
      call.release();
      await converged;
      await stage.reconciler.stop();
      await other.settle();
      expect(stage.coder.snapshot().organizations['coder']?.groups).toEqual({ second: ['ann'] });
      expect(await journalled(stage)).toEqual([]);
    },
  );

  it('lets nobody wait for a decision over many that was made before', async () => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    const { db } = stage.database;
    const policies = { accounts: 'mapped' as const };
    await stage.declare({ policies });
    const people = await fillUsers(stage.database, APP, 201);
    const members = people.map(value => ({ value }));
    await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'dev' }, members);
    await db.deleteFrom('work').execute();
    await put(stage, { policies, ...DEV });
    await lost(stage, `app:${APP}`, { method: 'GET', path: '/users$' });
    expect(await db.selectFrom('work').select('key').execute()).toEqual([{ key: `app:${APP}` }]);
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: false }]);
    expect(await stage.reconciler.audit({ action: 'app.apply' })).toHaveLength(1);
  });

  it('is not meddled with by a sweep: whom one bridge is letting in again, the other one stops nothing of', async () => {
    const databaseUrl = await on.freshUrl();
    const stage = await startStage({ databaseUrl });
    const { coder } = stage;
    const other = await startStage({ double: coder, databaseUrl });
    await stage.declare({ policies: { drift: 'off' } });
    const ann = await stage.createUser('ann');
    coder.addWorkspace('ann', 'dev');
    await stage.setActive(ann, false);
    // Coder was asked to stop it, and it runs again: that is looked at by the next sweep.
    coder.startWorkspace('ann', 'dev');
    const call = coder.faults.hold({ method: 'PUT', path: '/activate$' });
    const back = stage.setActive(ann, true);
    await call.arrived;
    await other.reconciler.sweep();
    call.release();
    await back;
    await stage.reconciler.sweep();
    await stage.settle();
    expect(coder.describe('ann').status).toBe('active');
    expect(coder.workspacesOf('ann')).toMatchObject([{ name: 'dev', status: 'running' }]);
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: true }]);
  });
});

it('is not what requests have taken while the bridge starts: a SQLite file has one bridge, and that one is at work on it', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const warned = jest.spyOn(silentLog, 'warn');
  const call = stage.coder.faults.hold({ method: 'POST', path: '/users$' });
  const ann = stage.createUser('ann');
  await call.arrived;
  call.holdNoMore();
  const bob = { schemas: [], userName: 'bob', emails: [{ value: 'bob@example.com' }] };
  await stage.directory.createUser(stage.context, bob);
  stage.reconciler.start();
  await until('the queue to be worked on', () => stage.coder.snapshot().users['bob'] !== undefined);
  call.release();
  await ann;
  await stage.settle();
  expect(stage.coder.calls.all({ method: 'POST', path: '/users$' })).toHaveLength(2);
  expect(JSON.stringify(warned.mock.calls)).not.toContain('taken over');
  expect(await stage.reconciler.audit({ action: 'account.create' })).toEqual([
    expect.not.objectContaining({ detail: expect.anything() }),
    expect.not.objectContaining({ detail: expect.anything() }),
  ]);
  warned.mockRestore();
});
