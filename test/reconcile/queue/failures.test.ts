/** Coder away, lying, slow or refusing; processes that die; poison. Nothing is lost, nothing that matters is done twice. */
import { Gate } from '../../../bridge/coder/transport/gate';
import { deleteApp } from '../../../bridge/store/apps/apps';
import { type WorkKey } from '../../../bridge/store/work/enqueue';
import { dropLease, takeLease } from '../../../bridge/store/work/leases';
import { startCoderDouble } from '../../support/coder-double';
import { describeEachDatabase } from '../../support/databases';
import { AMPLE_MS, APP, atEnd, type Stage, startStage } from '../stage';
import { until } from '../../support/until';

const STATE = {
  roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
  groupMappings: { all: { idpGroup: 'auditors', group: 'all' } },
};

/** Somebody signed in as ada, and somebody with the address that ada is about to have. */
function usedTwice({ coder }: Stage) {
  const email = 'ada@married.example';
  coder.oidcLogin({ sub: 'ada', email: 'ada@example.com', email_verified: true });
  const { userId: second } = coder.oidcLogin({ sub: 'other', email, email_verified: true });
  return { first: coder.describe('ada').id, second, emails: [{ value: email, primary: true }] };
}

it('answers while Coder is away, keeps the work, and does it when Coder is back', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.coder.unreachable(true);
  const { touched } = (await stage.directory.updateUser(stage.context, alice, current => ({
    ...current.document,
    active: false,
  }))) ?? { touched: [] };
  await stage.reconciler.converge(touched, { deadlineMs: 300 });
  const { pending } = await stage.reconciler.status();
  expect(pending).toMatchObject([{ state: 'waiting', attempts: 0 }]);
  expect((await stage.reconciler.status()).apps[0]?.converged).toBe(false);
  await stage.coder.unreachable(false);
  await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
  stage.reconciler.start();
  await until('the suspension of alice', () => stage.coder.describe('alice').status === 'suspended');
});

it('finds what an answer of 500 hid', async () => {
  const stage = await startStage();
  await stage.declare({ ...STATE, policies: { adoption: 'never' } });
  stage.coder.faults.failAfterDoing({ method: 'POST', path: '/users$' }, { times: 1 });
  await stage.createUser('alice');
  await stage.settle();
  expect(stage.coder.describe('alice').status).toBe('dormant');
  expect((await stage.reconciler.identities()).map(identity => identity.how)).toEqual(['created']);
});

it('knows of a creation that went unheard from when it was asked for, whatever was noted before', async () => {
  const stage = await startStage();
  await stage.declare({ ...STATE, policies: { adoption: 'never' } });
  const call = stage.coder.faults.hold({ method: 'POST', path: '/users$' });
  stage.coder.faults.failAfterDoing({ method: 'POST', path: '/users$' }, { times: 1 });
  const created = stage.createUser('alice');
  await call.arrived;
  // Somebody looked for longer than a call may last, and there was nothing.
  await stage.database.db.deleteFrom('journal').execute();
  stage.coder.faults.fail(503, { method: 'GET' });
  call.release();
  await created;
  stage.coder.faults.clear();
  await stage.settle();
  expect((await stage.reconciler.identities()).map(identity => identity.how)).toEqual(['created']);
});

it('leaves an account that is created twice at once alone', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const { touched } = await stage.directory.createUser(stage.context, {
    schemas: [],
    userName: 'alice',
    emails: [{ value: 'alice@example.com' }],
  });
  await Promise.all(Array.from({ length: 8 }, () => stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS })));
  expect(Object.keys(stage.coder.snapshot().users)).toEqual(['alice', 'testuser']);
  expect(stage.coder.calls.count({ method: 'POST', path: '/users$' })).toBe(1);
});

it('parks what fails for its own sake, shows it, and tries again on command', async () => {
  const stage = await startStage({ maxAttempts: 3 });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  stage.coder.faults.fail(500, { method: 'PUT', path: '/roles$' });
  await stage.createGroup('auditors', [alice]);
  await stage.settle();
  const { pending } = await stage.reconciler.status();
  expect(pending).toMatchObject([{ state: 'parked', subject: 'alice', attempts: 3 }]);
  stage.coder.faults.clear();
  expect(await stage.reconciler.retry(undefined, { by: 'operator' })).toEqual({ retried: 1 });
  await stage.settle();
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
});

describe('a leaver', () => {
  const TRIES = 3;

  /** Has somebody leave while Coder fails so, and tries it so often. */
  async function leavesWhile(fails: (stage: Stage) => void, tries: number) {
    const stage = await startStage({ maxAttempts: TRIES, backoffMs: 1_000, catalogMs: 0 });
    await stage.declare(STATE);
    const alice = await stage.createUser('alice');
    fails(stage);
    await stage.setActive(alice, false);
    const work = () => stage.database.db.selectFrom('work').selectAll().where('key', '=', `person:${alice}`);
    for (let round = 1; round < tries; round += 1) {
      await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
      await stage.reconciler.converge([`person:${alice}`], { deadlineMs: AMPLE_MS });
    }
    return { stage, row: () => work().executeTakeFirstOrThrow() };
  }

  it('is never parked: tried on every half a minute, which is told once', async () => {
    const { stage, row } = await leavesWhile(
      ({ coder }) => coder.faults.fail(500, { method: 'PUT', path: '/suspend$' }),
      TRIES + 4,
    );
    const { attempts, due_at } = await row();
    expect(attempts).toBe(TRIES + 4);
    expect(due_at - Date.now()).toBeGreaterThan(1_000);
    expect(due_at - Date.now()).toBeLessThanOrEqual(30_000);
    expect((await stage.reconciler.status()).apps[0]).toMatchObject({ waiting: 1, parked: 0 });
    const lines = await stage.database.db.selectFrom('audit').selectAll().where('action', '=', 'work.park').execute();
    expect(lines).toMatchObject([
      { detail: expect.stringMatching(/tried again every half a minute: .* answered 500/) },
    ]);
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
  });

  const leavers = async (stage: Stage) =>
    (await stage.reconciler.status()).apps[0]?.leavers.map(({ state, people }) => ({ state, people }));
  const tries = async (stage: Stage, keys: readonly WorkKey[], count: number, look: () => Promise<void>) => {
    for (let round = 1; round <= count; round += 1) {
      await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
      await stage.reconciler.converge(keys, { deadlineMs: AMPLE_MS });
      await look();
    }
  };

  const WAITS_HELD = ['waiting', 'held'].map(state => ({ state, people: 1 }));
  const audited = async (stage: Stage) =>
    (await stage.reconciler.audit({ limit: 100 })).map(({ action, result }) => `${action} ${result}`);

  it('is locked out once the right for it is there again, with no sweep, and is held meanwhile, which is told once', async () => {
    const account = 'bridge';
    const stage = await startStage({
      maxAttempts: TRIES,
      backoffMs: 1_000,
      catalogMs: 0,
      token: double => {
        double.addUser(account, { roles: ['user-admin'], loginType: 'password', status: 'active' });
        return double.issueToken(account);
      },
    });
    await stage.declare({});
    const alice = await stage.createUser('alice');
    stage.coder.setSiteRoles(account, []);
    await stage.setActive(alice, false);
    const before = await audited(stage);
    await tries(stage, [`person:${alice}`], TRIES + 2, async () => {
      expect(await leavers(stage)).toEqual(WAITS_HELD);
    });
    expect(await audited(stage)).toEqual(before);
    expect(before.filter(line => line.startsWith('work.park'))).toHaveLength(1);
    expect((await stage.reconciler.status()).pending).toMatchObject([
      { state: 'waiting', reason: expect.stringMatching(/give it the site role user-admin/) },
      { state: 'held', reason: expect.stringMatching(/^forbidden: .*give it the site role user-admin/) },
    ]);
    const { due_at } = await stage.database.db.selectFrom('work').select('due_at').executeTakeFirstOrThrow();
    expect(due_at - Date.now()).toBeLessThanOrEqual(30_000);

    stage.coder.setSiteRoles(account, ['user-admin']);
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    const { apps, pending } = await stage.reconciler.status();
    expect([pending, apps[0]?.leavers, apps[0]?.converged]).toEqual([[], [], true]);
  });

  it.each([403, 405])('whose lock Coder refuses with %d is held and tried on, which is told once', async status => {
    const stage = await startStage({ maxAttempts: TRIES, backoffMs: 1_000 });
    await stage.declare(STATE);
    const alice = await stage.createUser('alice');
    stage.coder.faults.fail(status, { method: 'PUT', path: '/suspend$' });
    await stage.setActive(alice, false);
    const before = await audited(stage);
    expect(before).toEqual(expect.arrayContaining(['account.suspend held', 'person.held held', 'work.park failed']));
    await tries(stage, [`person:${alice}`], TRIES + 2, async () => {
      expect(await leavers(stage)).toEqual(WAITS_HELD);
    });
    expect(await audited(stage)).toEqual(before);
    expect((await stage.reconciler.status()).pending).toMatchObject([{ state: 'waiting' }, { state: 'held' }]);

    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect((await stage.reconciler.status()).pending).toEqual([]);
  });

  it('who leaves with the app is waited for where Coder can not be asked about them, and never parked', async () => {
    const stage = await startStage({ maxAttempts: TRIES, backoffMs: 1_000 });
    await stage.declare(STATE);
    const alice = await stage.createUser('alice');
    stage.coder.faults.fail(500, { method: 'GET', path: `/users/${stage.coder.describe('alice').id}$` });
    await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    await tries(stage, [`person:${alice}`], TRIES + 2, async () => {
      const { pending } = await stage.reconciler.status();
      expect(pending).toContainEqual(expect.objectContaining({ key: `person:${alice}`, state: 'waiting' }));
    });
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect((await stage.reconciler.status()).pending).toEqual([]);
  });

  it('whom an operator let go is waited for, and never parked', async () => {
    const stage = await startStage({ maxAttempts: TRIES, backoffMs: 1_000, catalogMs: 0 });
    await stage.declare({ ...STATE, guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
    const both = [await stage.createUser('alice'), await stage.createUser('bob')];
    const keys: WorkKey[] = [];
    for (const id of both)
      keys.push(
        ...((await stage.directory.updateUser(stage.context, id, current => ({ ...current.document, active: false })))
          ?.touched ?? []),
      );
    await stage.reconciler.converge(keys, { deadlineMs: AMPLE_MS });
    const [hold] = (await stage.reconciler.status()).holds;
    expect(hold).toMatchObject({ reason: 'too-many-leavers', people: 2 });
    expect(await leavers(stage)).toEqual([{ state: 'held', people: 2 }]);

    stage.coder.faults.fail(500, { method: 'PUT', path: '/suspend$' });
    await stage.reconciler.releaseHold(hold?.id ?? '', { by: 'operator' });
    await tries(stage, keys, TRIES + 2, async () => {
      expect(await leavers(stage)).toEqual([{ state: 'waiting', people: 2 }]);
    });
    stage.coder.faults.clear();
    await stage.settle();
    expect(['alice', 'bob'].map(name => stage.coder.describe(name).status)).toEqual(['suspended', 'suspended']);
    expect(await leavers(stage)).toEqual([]);
  });

  it('whom a sweep finds let in again is waited for, and never parked', async () => {
    const stage = await startStage({ maxAttempts: TRIES, backoffMs: 1_000, catalogMs: 0 });
    await stage.declare(STATE);
    const alice = await stage.createUser('alice');
    await stage.setActive(alice, false);
    stage.coder.activate('alice');
    stage.coder.faults.fail(500, { method: 'PUT', path: '/suspend$' });
    await stage.reconciler.sweep();
    await tries(stage, [`person:${alice}`], TRIES + 2, async () => {
      expect(await leavers(stage)).toEqual([{ state: 'waiting', people: 1 }]);
    });
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
  });

  it('who comes as one, or gets another address as one, is waited for while Coder is away', async () => {
    const stage = await startStage();
    await stage.declare(STATE);
    for (const name of ['alice', 'bob']) stage.coder.addUser(name, { email: `${name}@example.com`, loginType: 'oidc' });
    const bob = await stage.createUser('robert');
    await stage.setActive(bob, false);
    expect(await leavers(stage)).toEqual([]);

    await stage.coder.unreachable(true);
    await stage.directory.createUser(stage.context, {
      schemas: [],
      userName: 'alice',
      active: false,
      emails: [{ value: 'alice@example.com' }],
    });
    expect(await leavers(stage)).toEqual([{ state: 'waiting', people: 1 }]);
    const emails = [{ value: 'bob@example.com' }];
    await stage.directory.updateUser(stage.context, bob, current => ({ ...current.document, emails }));
    expect(await leavers(stage)).toEqual([{ state: 'waiting', people: 2 }]);

    await stage.coder.unreachable(false);
    await stage.settle();
    expect(['alice', 'bob'].map(name => stage.coder.describe(name).status)).toEqual(['suspended', 'suspended']);
    expect(await leavers(stage)).toEqual([]);
  });

  it('who is out is not waited for, whatever else is changed of them, or fails', async () => {
    const stage = await startStage({ maxAttempts: TRIES });
    await stage.declare({ ...STATE, policies: { leaving: 'delete' } });
    const alice = await stage.createUser('alice');
    const bob = await stage.createUser('bob');
    await stage.setActive(alice, false);
    stage.coder.faults.fail(500, { method: 'DELETE', path: '/users/' });
    await stage.write(stage.directory.deleteUser(stage.context, bob));
    expect(stage.coder.describe('bob').status).toBe('suspended');
    expect(await leavers(stage)).toEqual([]);
    await stage.settle();
    expect(await leavers(stage)).toEqual([]);

    await stage.coder.unreachable(true);
    await stage.directory.updateUser(stage.context, alice, current => ({ ...current.document, displayName: 'Alice' }));
    expect(await leavers(stage)).toEqual([]);
  });

  it('who is locked out and can not be deleted is parked like anything else', async () => {
    const stage = await startStage({ maxAttempts: TRIES });
    await stage.declare({ ...STATE, policies: { leaving: 'delete' } });
    const alice = await stage.createUser('alice');
    stage.coder.faults.fail(500, { method: 'DELETE', path: '/users/' });
    await stage.write(stage.directory.deleteUser(stage.context, alice));
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    const { pending } = await stage.reconciler.status();
    expect(pending).toMatchObject([{ state: 'parked', subject: 'alice', attempts: TRIES }]);
    stage.coder.faults.clear();
    await stage.reconciler.retry(undefined, { by: 'operator' });
    await stage.settle();
    expect(stage.coder.snapshot().users).not.toHaveProperty('alice');
  });

  it('is not held since a firewall in front of Coder refused something with a page of its own', async () => {
    const { stage, row } = await leavesWhile(
      ({ coder }) => coder.faults.page(403, { method: 'PUT', path: '/suspend$' }),
      1,
    );
    expect(await row()).toMatchObject({ attempts: 1, error: expect.stringMatching(/what stands in front of it/) });
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
  });

  it('is not held since a gateway in front of Coder refused something in JSON, with a message as Coder', async () => {
    const { stage, row } = await leavesWhile(
      ({ coder }) => coder.faults.gateway(403, { method: 'PUT', path: '/suspend$' }),
      1,
    );
    expect(await row()).toMatchObject({ attempts: 1, error: expect.stringMatching(/what stands in front of it/) });
    expect((await stage.reconciler.status()).pending).toMatchObject([{ state: 'waiting' }]);
    stage.coder.faults.clear();
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
  });

  it('is locked out when Coder is back that failed at whatever was asked, for as long as it likes', async () => {
    const { stage } = await leavesWhile(({ coder }) => coder.faults.fail(500), 10 * TRIES);
    stage.coder.faults.clear();
    await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
    stage.reconciler.start();
    await until('the suspension of alice', () => stage.coder.describe('alice').status === 'suspended');
  });
});

it('asks Coder for a leaver first, however many calls wait for their turn', async () => {
  const stage = await startStage({ limits: { concurrency: 1 } });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  const { id } = stage.coder.describe('alice');
  const joiners: WorkKey[] = [];
  for (let n = 0; n < 8; n += 1) {
    const { touched } = await stage.directory.createUser(stage.context, {
      schemas: [],
      userName: `user${n}`,
      emails: [{ value: `user${n}@example.com` }],
    });
    joiners.push(...touched);
  }
  stage.coder.calls.reset();
  const waiting = jest.spyOn(Gate.prototype, 'run');
  const held = stage.coder.faults.hold({ method: 'GET', path: '/users$' });
  const joining = stage.reconciler.converge(joiners, { deadlineMs: AMPLE_MS });
  await until('all of them to wait', () => waiting.mock.calls.length === joiners.length);
  const leaving = stage.setActive(alice, false);
  await until('alice to wait', () => waiting.mock.calls.length > joiners.length);
  held.release();
  await Promise.all([joining, leaving]);
  waiting.mockRestore();
  const calls = stage.coder.calls.all();
  const before = calls.slice(
    0,
    calls.findIndex(({ path }) => path.endsWith('/suspend')),
  );
  // One was at it, and one takes the place after each answer about alice.
  const hers = before.filter(({ path }) => path.includes(id));
  expect(hers).toHaveLength(1);
  expect(before.length - hers.length).toBeLessThanOrEqual(2);
});

it('counts no tries, and parks nobody, while Coder fails at whatever is asked', async () => {
  const stage = await startStage({ maxAttempts: 3, catalogMs: 0 });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  stage.coder.faults.fail(500);
  await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'auditors' }, [{ value: alice }]);
  for (let round = 0; round < 30; round += 1) {
    await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
    await stage.reconciler.converge([`person:${alice}`], { deadlineMs: AMPLE_MS });
  }
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ parked: 0 });
  stage.coder.faults.clear();
  await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
  stage.reconciler.start();
  await until('the role of alice', () => stage.coder.describe('alice').siteRoles.includes('auditor'));
});

it('waits as long as Coder says after 429, and counts no try', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  stage.coder.faults.answer429({ method: 'PUT', path: '/roles$' }, 1, 120);
  await stage.createGroup('auditors', [alice]);
  const rows = await stage.database.db.selectFrom('work').selectAll().where('key', '=', `person:${alice}`).execute();
  expect(rows).toMatchObject([{ attempts: 0 }]);
  expect((rows[0]?.due_at ?? 0) - Date.now()).toBeGreaterThan(30_000);
});

it('counts no try of a leaver at whose second account Coder is away, though it refused something at the first', async () => {
  const stage = await startStage();
  await stage.declare({
    roleMappings: { leads: { idpGroup: 'leads', organization: 'default', role: 'organization-admin' } },
  });
  const ada = await stage.createUser('ada');
  await stage.createGroup('leads', [ada]);
  const { first, second, emails } = usedTwice(stage);
  stage.coder.faults.fail(404, { method: 'PUT', path: `/members/${first}/roles$` });
  stage.coder.faults.fail(503, { method: 'PUT', path: `/users/${second}/status/suspend$` });
  await stage.write(
    stage.directory.updateUser(stage.context, ada, current => ({ ...current.document, emails, active: false })),
  );
  const rows = await stage.database.db.selectFrom('work').select(['attempts', 'error']).execute();
  expect(rows).toMatchObject([{ attempts: 0, error: expect.stringMatching(/503/) }]);
  stage.coder.faults.clear();
  await stage.settle();
  const { users } = stage.coder.snapshot();
  expect(Object.values(users).filter(({ id }) => id === first || id === second)).toMatchObject([
    { status: 'suspended' },
    { status: 'suspended' },
  ]);
});

it('locks a leaver out of their second account while another bridge is about to take an owner, and of the first when it is done', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { owners: { idpGroup: 'owners', role: 'owner' } } });
  stage.coder.addUser('root', { status: 'active', roles: ['owner'] });
  const ada = await stage.createUser('ada');
  await stage.createGroup('owners', [ada]);
  const { first, second, emails } = usedTwice(stage);
  await takeLease(stage.database.db, 'owners', 'another bridge', Date.now(), 600_000);
  const { touched } = (await stage.directory.updateUser(stage.context, ada, current => ({
    ...current.document,
    emails,
    active: false,
  }))) ?? { touched: [] };
  await stage.reconciler.converge(touched, { deadlineMs: 100 });
  const outOf = (): string[] =>
    Object.values(stage.coder.snapshot().users).flatMap(({ id, status }) => (status === 'suspended' ? [id] : []));
  await until('the second account to be locked', () => outOf().length > 0);
  expect(outOf()).toEqual([second]);

  await dropLease(stage.database.db, 'owners', 'another bridge');
  await stage.settle();
  expect(outOf().sort()).toEqual([first, second].sort());
});

it('takes back what it gave, also when the process died between the gift and its note', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  stage.coder.faults.dropConnection({ method: 'PUT', path: '/roles$' }, { times: 10, afterDoing: true });
  const { touched } = await stage.directory.createGroup(stage.context, { schemas: [], displayName: 'auditors' }, [
    { value: alice },
  ]);
  await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
  stage.coder.faults.clear();
  await stage.settle();
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
  await stage.declare({});
  expect(stage.coder.describe('alice').siteRoles).toEqual([]);
});

describe('a call that a gateway answered for Coder, and that was repeated at once, may come to Coder later', () => {
  const MINUTE = 60_000;
  const auditors = 'auditors';

  async function company() {
    let ahead = 0;
    const stage = await startStage({ now: () => Date.now() + ahead });
    stage.coder.addOrganization('second');
    await stage.declare({
      roleMappings: { auditors: { idpGroup: auditors, role: 'auditor' } },
      organizationMappings: { second: { idpGroup: auditors, organization: 'second' } },
      policies: { drift: 'report' },
    });
    const alice = await stage.createUser('alice');
    // Somebody is in it already: it is not being filled.
    const group = await stage.createGroup(auditors, [await stage.createUser('bob')]);
    return { stage, alice, group, wait: (ms: number) => void (ahead += ms) };
  }

  const converged = async ({ reconciler }: Stage) => (await reconciler.status()).apps[0]?.converged;

  it('after the person has left', async () => {
    const { stage, alice, wait } = await company();
    await stage.setActive(alice, false);
    stage.coder.faults.fail(502, { method: 'PUT', path: '/status/activate$' }, { times: 1 });
    await stage.setActive(alice, true);
    expect(stage.coder.describe('alice').status).toBe('active');
    await stage.setActive(alice, false);
    stage.coder.activate('alice');
    expect(await converged(stage)).toBe(false);
    wait(MINUTE + 1);
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect(await converged(stage)).toBe(true);
  });

  it.each([
    [
      'a role',
      { method: 'PUT', path: '/users/[^/]+/roles$' },
      ({ coder }: Stage) => coder.setSiteRoles('alice', ['auditor']),
    ],
    ['a membership', { method: 'POST', path: '/members/' }, ({ coder }: Stage) => coder.addMember('alice', 'second')],
  ])('after %s was taken', async (_, call, comes) => {
    const { stage, alice, group, wait } = await company();
    stage.coder.faults.fail(502, call, { times: 1 });
    await stage.join(group, alice);
    const { siteRoles, organizations } = stage.coder.describe('alice');
    expect([siteRoles, Object.keys(organizations)]).toEqual([['auditor'], ['coder', 'second']]);
    await stage.leave(group, alice);
    comes(stage);
    expect(await converged(stage)).toBe(false);
    wait(MINUTE + 1);
    await stage.settle();
    const after = stage.coder.describe('alice');
    expect([after.siteRoles, Object.keys(after.organizations)]).toEqual([[], ['coder']]);
    expect(await converged(stage)).toBe(true);
  });

  it('where Coder did not take the second one either', async () => {
    const { stage, alice, group, wait } = await company();
    const roles = { method: 'PUT', path: '/users/[^/]+/roles$' };
    stage.coder.faults.fail(502, roles, { times: 1 });
    stage.coder.faults.fail(500, roles, { times: 1 });
    await stage.join(group, alice);
    await stage.leave(group, alice);
    stage.coder.setSiteRoles('alice', ['auditor']);
    expect(await converged(stage)).toBe(false);
    wait(MINUTE + 1);
    await stage.settle();
    expect(stage.coder.describe('alice').siteRoles).toEqual([]);
  });
});

describeEachDatabase('work that a dead process had claimed', (_open, on) => {
  it('is done by the next one when the lease has run out', async () => {
    const databaseUrl = await on.freshUrl();
    const double = await startCoderDouble({ rateLimitPerMinute: 0 });
    atEnd(() => double.close());
    const first = await startStage({ double, databaseUrl });
    await first.declare(STATE);
    const { touched } = await first.directory.createUser(first.context, {
      schemas: [],
      userName: 'alice',
      emails: [{ value: 'alice@example.com' }],
    });
    const lease = 3_600_000;
    await first.database.db
      .updateTable('work')
      .set({ lease_owner: 'dead', lease_until: Date.now() + lease })
      .execute();
    let later = 0;
    const second = await startStage({ double, databaseUrl, now: () => Date.now() + later });
    await second.reconciler.converge(touched, { deadlineMs: 100 });
    expect(Object.keys(double.snapshot().users)).toEqual(['testuser']);
    later = lease;
    second.reconciler.start();
    await until('the account of alice', () => double.snapshot().users['alice'] !== undefined);
    expect(double.describe('alice').status).toBe('dormant');
  });

  it('is shared by replicas without doing anything twice', async () => {
    if (on.backend === 'sqlite') return;
    const databaseUrl = await on.freshUrl();
    const double = await startCoderDouble({ rateLimitPerMinute: 0, flightMilliseconds: 3 });
    atEnd(() => double.close());
    const first = await startStage({ double, databaseUrl });
    const second = await startStage({ double, databaseUrl });
    await first.declare(STATE);
    first.reconciler.start();
    second.reconciler.start();
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) {
      const { resource } = await first.directory.createUser(first.context, {
        schemas: [],
        userName: `user${n}`,
        emails: [{ value: `user${n}@example.com` }],
      });
      ids.push(resource.id);
    }
    const { resource: group } = await first.directory.createGroup(
      first.context,
      { schemas: [], displayName: 'auditors' },
      [],
    );
    await Promise.all(
      ids.map((id, n) => {
        const stage = n % 2 === 0 ? first : second;
        return stage.join(group.id, id);
      }),
    );
    await until('60 members', () => double.membersOf('all').length === 60);
    expect(double.calls.count({ method: 'POST', path: '/users$' })).toBe(60);
    expect(double.calls.all({ method: 'PATCH', path: '/groups/' }).map(call => call.status)).not.toContain(400);
  });
});

it('tells in the trail also of what a process did that died before it could note it', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('auditors', [alice]);
  const { touched } = (await stage.directory.updateUser(stage.context, alice, current => ({
    ...current.document,
    active: false,
  }))) ?? { touched: [] };

  // A process that comes to the last call and no further: Coder has the work, the journal what was about to be done.
  await stage.database.db
    .insertInto('journal')
    .values({
      kind: 'steps',
      key: stage.coder.describe('alice').id,
      app: 'okta',
      subject: alice,
      since: 0,
      note: JSON.stringify({
        status: 'dormant',
        steps: [
          { kind: 'site-roles', before: ['auditor'], after: [], because: [] },
          { kind: 'suspend' },
          { kind: 'organization-remove', organization: stage.coder.findOrganization('coder').id },
        ],
      }),
    })
    .execute();
  stage.coder.setSiteRoles('alice', []);
  stage.coder.suspend('alice');

  await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
  const lines = (await stage.reconciler.audit({ subject: alice, limit: 4 })).map(line => [
    line.action,
    line.before,
    line.after,
    line.detail !== null && line.detail.includes('whose outcome nobody noted'),
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      ['site-roles.set', 'auditor', 'none', true],
      ['account.suspend', 'dormant', 'suspended', true],
    ]),
  );
  expect(lines.map(([action]) => action)).not.toContain('organization.remove');
});
