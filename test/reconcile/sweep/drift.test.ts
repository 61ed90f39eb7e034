/** Changes that somebody makes in Coder by hand: noticed, told, and repaired where the app says so. */
import { sql } from 'kysely';
import { SweptElsewhere } from '../../../bridge/reconcile';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { putApp } from '../../../bridge/store/apps/apps';
import { hold } from '../../../bridge/store/accounts/holds';
import { openEntry } from '../../../bridge/store/journal/journal';
import { enqueue, PRIORITY } from '../../../bridge/store/work/enqueue';
import { takeLease } from '../../../bridge/store/work/leases';
import { AMPLE_MS, APP, startStage, type Stage } from '../stage';

const TIERS = {
  roleMappings: { platform: { idpGroup: 'platform', role: 'template-admin' } },
  groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
};

async function stageWithAlice(drift?: 'repair' | 'report' | 'off'): Promise<Stage> {
  const stage = await startStage();
  await stage.declare({ ...TIERS, ...(drift === undefined ? {} : { policies: { drift } }) });
  const alice = await stage.createUser('alice');
  await stage.createGroup('platform', [alice]);
  await stage.createGroup('developers', [alice]);
  return stage;
}

const sweep = async (stage: Stage): Promise<void> => {
  await stage.reconciler.sweep();
  await stage.settle();
};

it.each([
  ['a role taken', (stage: Stage) => stage.coder.setSiteRoles('alice', [])],
  [
    'a managed role given to somebody without it',
    (stage: Stage) => stage.coder.setSiteRoles('bob', ['template-admin']),
  ],
  ['a member removed', (stage: Stage) => stage.coder.removeFromGroup('alice', 'developers')],
  ['a member added', (stage: Stage) => stage.coder.addToGroup('bob', 'developers')],
  ['an account suspended', (stage: Stage) => stage.coder.suspend('alice')],
  ['an organization left', (stage: Stage) => stage.coder.removeMember('alice')],
] as const)('repairs %s and tells of it', async (_name, hand) => {
  const stage = await stageWithAlice();
  await stage.createUser('bob');
  hand(stage);
  await sweep(stage);
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['template-admin'],
    organizations: { coder: { groups: ['developers'] } },
  });
  expect(stage.coder.describe('alice').status).not.toBe('suspended');
  expect(stage.coder.describe('bob')).toMatchObject({ siteRoles: [], organizations: { coder: { groups: [] } } });
  const lines = await stage.reconciler.audit({ action: 'drift.found' });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every(line => line.actor === 'sweep')).toBe(true);
});

it.each(['report', 'off'] as const)('policy %s changes nothing', async drift => {
  const stage = await stageWithAlice(drift);
  stage.coder.setSiteRoles('alice', []);
  stage.coder.removeFromGroup('alice', 'developers');
  stage.coder.calls.reset();
  await sweep(stage);
  expect(stage.coder.calls.countWrites()).toBe(0);
  expect(await stage.reconciler.audit({ action: 'drift.found' })).toHaveLength(drift === 'report' ? 2 : 0);
});

it.each(['report', 'off'] as const)(
  'policy %s keeps who was taken out of a group by hand out of it, whoever joins it later, until it is to be repaired',
  async drift => {
    const stage = await startStage();
    await stage.declare({ ...TIERS, policies: { drift } });
    const [alice, bob, carol] = [
      await stage.createUser('alice'),
      await stage.createUser('bob'),
      await stage.createUser('carol'),
    ];
    const group = await stage.createGroup('developers', [alice, carol]);
    stage.coder.removeFromGroup('alice', 'developers');
    stage.coder.removeFromGroup('carol', 'developers');
    await sweep(stage);
    await stage.join(group, bob);
    expect(stage.coder.membersOf('developers')).toEqual(['bob']);
    await sweep(stage);
    expect(stage.coder.membersOf('developers')).toEqual(['bob']);
    const found = await stage.reconciler.audit({ action: 'drift.found' });
    expect(found.map(({ app, before, after }) => [app, before, after])).toEqual(
      Array.from({ length: drift === 'report' ? 4 : 0 }, () => [APP, 'no member', 'member']),
    );
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: true }]);

    // What the directory takes is taken, whether or not somebody put them back.
    stage.coder.addToGroup('alice', 'developers');
    await stage.leave(group, alice);
    await stage.leave(group, carol);
    await stage.settle();
    expect(stage.coder.membersOf('developers')).toEqual(['bob']);
    // And what it gives anew is given.
    await stage.join(group, carol);
    expect(stage.coder.membersOf('developers')).toEqual(['bob', 'carol']);

    stage.coder.removeFromGroup('carol', 'developers');
    await sweep(stage);
    await stage.declare(TIERS);
    await sweep(stage);
    expect(stage.coder.membersOf('developers')).toEqual(['bob', 'carol']);
  },
);

it('leaves what no mapping names alone', async () => {
  const stage = await stageWithAlice();
  stage.coder.addGroup('handmade');
  stage.coder.addToGroup('alice', 'handmade');
  stage.coder.setSiteRoles('alice', ['template-admin', 'auditor']);
  stage.coder.setOrganizationRoles('alice', ['organization-auditor']);
  await sweep(stage);
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor', 'template-admin'],
    organizations: { coder: { roles: ['organization-auditor'], groups: ['developers', 'handmade'] } },
  });
});

it('takes what no mapping names where the app is authoritative', async () => {
  const stage = await startStage();
  await stage.declare({ ...TIERS, policies: { authoritative: true } });
  const alice = await stage.createUser('alice');
  await stage.createGroup('platform', [alice]);
  stage.coder.addGroup('handmade');
  stage.coder.addToGroup('alice', 'handmade');
  stage.coder.setSiteRoles('alice', ['template-admin', 'auditor']);
  stage.coder.setOrganizationRoles('alice', ['organization-auditor']);
  await stage.declare({ ...TIERS, policies: { authoritative: true }, identityProvider: 'okta' });
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['template-admin'],
    organizations: { coder: { roles: [], groups: [] } },
  });
});

it('takes back what it gave when no mapping names it any more, and only that', async () => {
  const stage = await stageWithAlice();
  stage.coder.setSiteRoles('alice', ['auditor', 'template-admin']);
  await stage.declare({});
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { coder: { groups: [] } },
  });
  await stage.reconciler.sweep();
  expect(stage.coder.snapshot().organizations['coder']?.groups).toEqual({});
});

it('calls nothing when all agrees', async () => {
  const stage = await stageWithAlice();
  stage.coder.calls.reset();
  await sweep(stage);
  await stage.declare({ ...TIERS, identityProvider: 'okta' });
  expect(stage.coder.calls.countWrites()).toBe(0);
});

it('tolerates roles that are implied, where somebody assigned them', async () => {
  const stage = await stageWithAlice();
  stage.coder.setSiteRoles('alice', ['member', 'template-admin']);
  stage.coder.setOrganizationRoles('alice', ['organization-member']);
  stage.coder.calls.reset();
  await sweep(stage);
  expect(stage.coder.calls.countWrites()).toBe(0);
});

it('tells once of accounts that no directory stands for', async () => {
  const stage = await stageWithAlice();
  stage.coder.addUser('stranger', { email: 'stranger@example.com' });
  stage.coder.addUser('robot', { isServiceAccount: true });
  await sweep(stage);
  await sweep(stage);
  const lines = await stage.reconciler.audit({ action: 'account.stranger' });
  expect(lines.map(line => line.target)).toEqual(['stranger']);
});

it('locks a leaver out again whose account somebody activated', async () => {
  const stage = await startStage();
  await stage.declare({});
  const id = await stage.createUser('alice');
  await stage.write(stage.directory.deleteUser(stage.context, id));
  stage.coder.activate('alice');
  await sweep(stage);
  expect(stage.coder.describe('alice').status).toBe('suspended');
});

it.each([
  [
    'a custom role',
    (stage: Stage) => stage.coder.addCustomRole('reader', 'coder', []),
    (stage: Stage) => [...stage.coder.findOrganization('coder').customRoles.values()][0]?.permissions.length,
    1,
  ],
  [
    'the name of a group',
    (stage: Stage) => stage.coder.renameGroup('developers', 'devs'),
    (stage: Stage) => Object.keys(stage.coder.snapshot().organizations['coder']?.groups ?? {}).join(),
    'developers',
  ],
] as const)('repairs %s', async (_name, hand, look, expected) => {
  const stage = await startStage();
  await stage.declare({
    ...TIERS,
    customRoles: { reader: { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] } },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  hand(stage);
  await sweep(stage);
  expect(look(stage)).toBe(expected);
  expect(stage.coder.membersOf('developers')).toEqual(['alice']);
  expect(await stage.reconciler.audit({ action: 'drift.found' })).toHaveLength(1);
});

it('says no more of a problem that is gone', async () => {
  const stage = await startStage();
  await stage.declare({
    groupMappings: { lab: { idpGroup: 'lab', organization: 'science', group: 'lab' } },
  });
  const alice = await stage.createUser('alice');
  await stage.createGroup('lab', [alice]);
  expect((await stage.reconciler.status()).apps[0]?.warnings).toHaveLength(1);
  stage.coder.addOrganization('science');
  await sweep(stage);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true, warnings: [] });
  expect(stage.coder.membersOf('lab', 'science')).toEqual(['alice']);
});

it('does not call that drift which the guard has stopped, however often it looks, and what somebody does besides is', async () => {
  const stage = await startStage();
  await stage.declare({ ...TIERS, guard: { minRemovals: 1, maxRemovalsPercent: 1 } });
  const people = await Promise.all(['alice', 'bob', 'carol'].map(name => stage.createUser(name)));
  await stage.createGroup('platform', people);
  await stage.createGroup('developers', people);
  for (const id of people) await stage.setActive(id, false);
  const held = await stage.reconciler.audit({ action: 'guard.hold' });
  expect(held.map(line => line.detail)).toContainEqual(expect.stringContaining('account; '));

  await sweep(stage);
  await sweep(stage);
  expect(await stage.reconciler.audit({ action: 'drift.found' })).toEqual([]);

  // Alice was locked out before the guard said stop.
  stage.coder.activate('alice');
  await sweep(stage);
  const found = await stage.reconciler.audit({ action: 'drift.found' });
  expect(new Set(found.map(line => line.subjectName))).toEqual(new Set(['alice']));
});

it('of which a plan was made before somebody was forgotten holds nothing of theirs after it', async () => {
  const stage = await startStage();
  await stage.declare(TIERS);
  const alice = await stage.createUser('alice');
  stage.coder.deleteUser('alice');
  await stage.write(stage.directory.deleteUser(stage.context, alice));
  const { db } = stage.database;
  // What a survey writes that had read of her before.
  const plan = { digest: 'x', reasons: ['too-many-removals'], changes: ['alice: loses'], causes: [] };
  await hold(db, { app: APP, subject: `person:${alice}`, ...plan }, Date.now());
  await enqueue(db, [{ key: `person:${alice}`, app: APP, priority: PRIORITY.sweep }], { actor: 'sweep' }, Date.now());
  await stage.settle();
  expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: true, held: 0 }]);
});

describe('what was begun for somebody and not noted to its end', () => {
  /** Notes that an account was made for somebody whom the directory does not know. */
  const begin = async ({ database, coder }: Stage, app: string, username: string): Promise<void> => {
    const { id, email } = coder.describe(username);
    const note = { id, email, username };
    await openEntry(database.db, {
      kind: 'account',
      key: email,
      app,
      subject: `of-${username}`,
      note,
      since: Date.now(),
    });
  };

  const entriesIn = async ({ database }: Stage): Promise<string[]> =>
    (await database.db.selectFrom('journal').select('key').execute()).map(({ key }) => key);

  it('is looked at by the sweep of any app where their own is gone', async () => {
    const stage = await startStage();
    await stage.declare({ policies: { drift: 'off' } });
    stage.coder.addUser('orphan');
    await begin(stage, 'gone', 'orphan');
    await sweep(stage);
    expect(stage.coder.describe('orphan').status).toBe('suspended');
    expect(await entriesIn(stage)).toEqual([]);
    // Nobody is known of by it who would keep another app from the account.
    await stage.createUser('orphan');
    expect(stage.coder.describe('orphan').status).not.toBe('suspended');
    expect((await stage.reconciler.status()).pending).toEqual([]);
  });

  it('is listed where Coder refuses, until somebody has locked the account', async () => {
    const stage = await startStage();
    await stage.declare({ policies: { drift: 'off' } });
    stage.coder.addUser('orphan');
    await begin(stage, 'gone', 'orphan');
    stage.coder.faults.fail(400, { path: '/status/suspend$' });
    await sweep(stage);
    expect((await stage.reconciler.status()).pending).toContainEqual(
      expect.objectContaining({ app: 'gone', state: 'held', reason: expect.stringMatching(/suspend it in Coder/) }),
    );
    stage.coder.suspend('orphan');
    await sweep(stage);
    expect((await stage.reconciler.status()).pending).toEqual([]);
    expect(await entriesIn(stage)).toEqual([]);
  });

  it('is not hidden by much of another app', async () => {
    const stage = await startStage();
    await stage.declare({ policies: { drift: 'off' } });
    const entra = parseMappingState({ version: 1, app: 'entra', policies: { drift: 'off' } });
    await putApp(stage.database, entra, 'any', { actor: 'declaration' }, Date.now());
    await stage.settle();
    const row = { kind: 'account', app: APP, note: '{}', since: Date.now() };
    const rows = Array.from({ length: 600 }, (_, index) => ({ ...row, key: `${index}@x.test`, subject: `s${index}` }));
    await stage.database.db.insertInto('journal').values(rows).execute();
    stage.coder.addUser('orphan');
    await begin(stage, 'entra', 'orphan');
    await stage.reconciler.sweep('entra');
    await stage.settle();
    expect(stage.coder.describe('orphan').status).toBe('suspended');
    expect(await entriesIn(stage)).toHaveLength(rows.length);
  });

  it('is tried on where the bridge may not look, until it may', async () => {
    const stage = await startStage();
    await stage.declare({ policies: { drift: 'off' } });
    stage.coder.addUser('orphan');
    await begin(stage, APP, 'orphan');
    stage.coder.faults.fail(403, { method: 'GET', path: '/users' });
    await stage.database.transact(db =>
      enqueue(db, [{ key: 'person:of-orphan', app: APP, priority: PRIORITY.request }], { actor: 'scim' }, Date.now()),
    );
    await stage.reconciler.converge(['person:of-orphan'], { deadlineMs: AMPLE_MS });
    expect((await stage.reconciler.status()).pending).toMatchObject([{ state: 'waiting' }, { state: 'held' }]);
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('orphan').status).toBe('suspended');
    expect((await stage.reconciler.status()).pending).toEqual([]);
  });

  it('is tried again by a sweep where Coder failed so often that it was set aside, and their app is gone', async () => {
    const stage = await startStage();
    await stage.declare({ policies: { drift: 'off' } });
    stage.coder.addUser('orphan');
    await begin(stage, 'gone', 'orphan');
    stage.coder.faults.fail(500, { method: 'PUT', path: '/suspend$' });
    await sweep(stage);
    expect((await stage.reconciler.status()).pending).toMatchObject([{ key: 'person:of-orphan', state: 'parked' }]);
    stage.coder.faults.clear();
    await sweep(stage);
    expect(stage.coder.describe('orphan').status).toBe('suspended');
    expect((await stage.reconciler.status()).pending).toEqual([]);
  });
});

it('is not said to be done where another bridge has begun with it, and may have ended meanwhile', async () => {
  const stage = await stageWithAlice();
  stage.coder.suspend('alice');
  const { db } = stage.database;
  await takeLease(db, `sweep:${APP}`, 'another bridge', Date.now(), 60_000);
  await expect(stage.reconciler.sweep()).rejects.toThrow(SweptElsewhere);
  expect(stage.coder.describe('alice').status).toBe('suspended');
  await takeLease(db, `sweep:${APP}`, 'another bridge', Date.now(), -1);
  await sweep(stage);
  expect(stage.coder.describe('alice').status).toBe('active');
});

describe.each(['report', 'off'] as const)('where drift is not repaired (%s), whoever is held', drift => {
  const held = async (stage: Stage): Promise<(string | null)[]> =>
    (await stage.reconciler.status()).pending.flatMap(({ subject, state }) => (state === 'held' ? [subject] : []));

  it('is tried again by a sweep: an address that Coder has taken over, workspaces that are gone, a lock by hand', async () => {
    const stage = await startStage();
    stage.coder.addUser('carol', { status: 'active', loginType: 'password' });
    await stage.declare({ policies: { drift, leaving: 'delete' } });
    const people = { alice: '', bob: '', carol: '' };
    for (const name of ['alice', 'bob', 'carol'] as const) people[name] = await stage.createUser(name);
    const signIn = (email: string) => stage.coder.oidcLogin({ sub: 'alice', email, email_verified: true });
    signIn('alice@example.com');
    await stage.write(
      stage.directory.updateUser(stage.context, people.alice, ({ document }) => ({
        ...document,
        emails: [{ value: 'alice.moss@example.com', primary: true }],
      })),
    );
    stage.coder.addWorkspace('bob', 'work');
    for (const id of [people.bob, people.carol]) await stage.write(stage.directory.deleteUser(stage.context, id));
    await sweep(stage);
    expect((await held(stage)).sort()).toEqual(['alice', 'bob', 'carol']);

    signIn('alice.moss@example.com');
    stage.coder.deleteWorkspace('bob', 'work');
    stage.coder.suspend('carol');
    await sweep(stage);
    expect(await held(stage)).toEqual([]);
    expect(Object.keys(stage.coder.snapshot().users)).not.toContain('bob');
    expect((await stage.reconciler.status()).apps[0]?.converged).toBe(true);
    expect(await stage.reconciler.audit({ action: 'drift.found' })).toEqual([]);
  });

  it('costs no call while what they wait for is as it was, and keeps what somebody did by hand, as everybody else does', async () => {
    const stage = await startStage();
    await stage.declare({ ...TIERS, policies: { drift } });
    const [waits = '', other = ''] = [await stage.createUser('alice'), await stage.createUser('bob')];
    await stage.createGroup('platform', []);
    stage.coder.oidcLogin({ sub: 'alice', email: 'alice@example.com', email_verified: true });
    await stage.write(
      stage.directory.updateUser(stage.context, waits, ({ document }) => ({
        ...document,
        emails: [{ value: 'alice.moss@example.com', primary: true }],
      })),
    );
    await stage.write(stage.directory.deleteUser(stage.context, other));
    stage.coder.activate('bob');
    for (const name of ['alice', 'bob']) stage.coder.setSiteRoles(name, ['template-admin']);
    stage.coder.calls.reset();
    await sweep(stage);
    expect(stage.coder.calls.countWrites()).toBe(0);
    expect(stage.coder.calls.count({ path: /\/users\/(?!me\b)/ })).toBe(0);
    expect(stage.coder.describe('bob')).toMatchObject({ status: 'active', siteRoles: ['template-admin'] });
  });

  it('waits on where the guard has stopped it, until nothing of that is left', async () => {
    const stage = await startStage();
    await stage.declare({ ...TIERS, policies: { drift }, guard: { minRemovals: 1, maxRemovalsPercent: 1 } });
    const people = await Promise.all(['alice', 'bob', 'carol'].map(name => stage.createUser(name)));
    const group = await stage.createGroup('platform', people);
    await stage.leave(group, ...people);
    const stopped = await held(stage);
    expect(stopped).toHaveLength(3);
    stage.coder.calls.reset();
    await sweep(stage);
    expect([await held(stage), stage.coder.calls.countWrites()]).toEqual([stopped, 0]);

    for (const name of stopped) stage.coder.setSiteRoles(name ?? '', []);
    await sweep(stage);
    expect([await held(stage), (await stage.reconciler.status()).holds]).toEqual([[], []]);
  });
});

it.each(['repair', 'report'] as const)(
  'ends what is held of somebody by a plan that was given up (drift: %s)',
  async drift => {
    const stage = await startStage();
    await stage.declare({ ...TIERS, policies: { drift } });
    const alice = await stage.createUser('alice');
    const plan = { digest: 'x', reasons: ['plan-too-large'], changes: ['alice: loses'], causes: [] };
    await hold(stage.database.db, { app: APP, subject: `person:${alice}`, ...plan }, Date.now());
    expect((await stage.reconciler.status()).apps).toMatchObject([{ converged: false }]);
    await sweep(stage);
    const { holds, apps } = await stage.reconciler.status();
    expect([holds, apps]).toMatchObject([[], [{ converged: true, held: 0 }]]);
    expect(await stage.reconciler.audit({ action: 'drift.found' })).toEqual([]);
  },
);

it('leaves no hold about whoever another bridge was done with while a plan was judged', async () => {
  const stage = await startStage();
  const { db } = stage.database;
  await stage.declare({ ...TIERS, guard: { minRemovals: 3, maxRemovalsPercent: 10 } });
  const names = Array.from({ length: 8 }, (_, n) => `user${n}`);
  const ids: string[] = [];
  for (const name of names) ids.push(await stage.createUser(name));
  await stage.leave(await stage.createGroup('platform', ids.slice(0, 1)), ids[0] ?? '');
  for (const name of names) stage.coder.setSiteRoles(name, ['template-admin']);
  // Another bridge has the first of them, and ends before what is held is written.
  const key = `person:${ids[0] ?? ''}` as const;
  await enqueue(db, [{ key, app: APP, priority: PRIORITY.request }], { actor: 'scim' }, Date.now());
  await db.updateTable('work').set({ lease_owner: 'other', lease_until: 4_000_000_000_000 }).execute();
  await sql`create trigger done after insert on audit when new.action = 'drift.found' begin delete from work; end`.execute(
    db,
  );
  await stage.reconciler.sweep();
  await sql`drop trigger done`.execute(db);
  stage.coder.setSiteRoles('user0', []);
  await stage.settle();
  const [held] = (await stage.reconciler.status()).holds;
  expect(held?.people).toBe(7);
  expect(held?.changes.join()).not.toContain('user0');
});
