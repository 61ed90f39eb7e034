/** The workspaces of somebody who leaves: stopped after the lock, or listed with the reason why they run on. */
import { type AuditEntry, type PendingItem } from '../../../bridge/contract/admin-api';
import { noteAddress } from '../../../bridge/store/accounts/addresses';
import { putLeaverWorkspaces } from '../../../bridge/store/accounts/leaver-workspaces';
import { deleteApp } from '../../../bridge/store/apps/apps';
import { type CoderDouble, type CoderDoubleOptions } from '../../support/coder-double';
import { type FaultRule } from '../../support/coder-double/weather/faults';
import { until } from '../../support/until';
import { APP, lookerOf, type Stage, type StageOptions, startStage } from '../stage';

type Policies = Parameters<Stage['declare']>[0]['policies'];

/** Alice has an account, and the app is declared with these policies. */
async function stageWithAlice(
  options: StageOptions = {},
  policies: Policies = {},
): Promise<{ stage: Stage; alice: string }> {
  const stage = await startStage(options);
  await stage.declare({ policies });
  return { stage, alice: await stage.createUser('alice') };
}

/** Tokens of accounts that are no owners. */
const accountWith =
  (roles: readonly string[], organizationRoles: readonly string[] = []) =>
  (coder: CoderDouble): string => {
    coder.addUser('bridge', { roles, loginType: 'password', status: 'active' });
    if (organizationRoles.length > 0) coder.setOrganizationRoles('bridge', organizationRoles);
    return coder.issueToken('bridge');
  };

const stopper = (permissions: readonly string[]) => (coder: CoderDouble) => {
  coder.addCustomRole(
    'stopper',
    'coder',
    permissions.map(permission => {
      const [resource_type = '', action = ''] = permission.split(': ');
      return { negate: false, resource_type, action };
    }),
  );
  return accountWith(['user-admin'], ['stopper'])(coder);
};

const statuses = (stage: Stage, owner = 'alice'): Record<string, string> =>
  Object.fromEntries(stage.coder.workspacesOf(owner).map(({ name, status }) => [name, status]));

const held = async (stage: Stage): Promise<readonly Pick<PendingItem, 'subject' | 'reason'>[]> =>
  (await stage.reconciler.status()).pending
    .filter(item => item.state === 'held')
    .map(({ subject, reason }) => ({ subject, reason }));

const isConverged = async (stage: Stage): Promise<boolean | undefined> =>
  (await stage.reconciler.status()).apps[0]?.converged;

const warnings = async (stage: Stage): Promise<readonly string[]> =>
  (await stage.reconciler.status()).apps[0]?.warnings ?? [];

const lines = async (stage: Stage): Promise<Pick<AuditEntry, 'target' | 'result' | 'actor'>[]> =>
  (await stage.reconciler.audit({ action: 'workspace.stop' })).map(({ target, result, actor }) => ({
    target,
    result,
    actor,
  }));

async function sweep(stage: Stage): Promise<void> {
  await stage.reconciler.sweep();
  await stage.settle();
}

it('are stopped within the request, dormant ones and those of organizations the person was taken out of included', async () => {
  const { stage, alice } = await stageWithAlice();
  const { coder } = stage;
  coder.addOrganization('lab');
  coder.addMember('alice', 'lab');
  coder.addWorkspace('alice', 'dev');
  coder.addWorkspace('alice', 'asleep', { dormant: true });
  coder.addWorkspace('alice', 'old', { stopped: true });
  coder.addWorkspace('alice', 'far', { organization: 'lab' });
  coder.removeMember('alice', 'lab');
  await stage.setActive(alice, false);
  expect(coder.describe('alice').status).toBe('suspended');
  expect(statuses(stage)).toEqual({ dev: 'stopped', asleep: 'stopped', old: 'stopped', far: 'stopped' });
  expect((await lines(stage)).map(({ target, result }) => `${target} ${result}`).sort()).toEqual([
    'coder/asleep done',
    'coder/dev done',
    'lab/far done',
  ]);
  expect(await isConverged(stage)).toBe(true);
});

it('are stopped after the lock, so that nobody starts them again', async () => {
  const { stage, alice } = await stageWithAlice();
  stage.coder.addWorkspace('alice', 'dev');
  stage.coder.calls.reset();
  await stage.setActive(alice, false);
  expect(stage.coder.calls.writes().map(({ path }) => path.split('/').at(-1))).toEqual(['suspend', 'builds']);
});

it('of more than a page are all stopped', async () => {
  const { stage, alice } = await stageWithAlice();
  for (let number = 0; number < 120; number += 1) stage.coder.addWorkspace('alice', `w${number}`);
  await stage.setActive(alice, false);
  expect(new Set(Object.values(statuses(stage)))).toEqual(new Set(['stopped']));
});

it('of others are not touched', async () => {
  const { stage, alice } = await stageWithAlice();
  await stage.createUser('bob');
  stage.coder.addWorkspace('bob', 'dev');
  await stage.setActive(alice, false);
  expect(statuses(stage, 'bob')).toEqual({ dev: 'running' });
});

it('that do not stop although Coder was asked to are stopped by the next sweep', async () => {
  const { stage, alice } = await stageWithAlice();
  stage.coder.addWorkspace('alice', 'dev');
  await stage.setActive(alice, false);
  stage.coder.startWorkspace('alice', 'dev');
  await sweep(stage);
  expect(statuses(stage)).toEqual({ dev: 'stopped' });
  expect((await lines(stage)).map(({ actor }) => actor)).toEqual(['sweep', 'scim']);
});

/** Somebody whose workspace runs again since they were locked out. */
async function restarted(stage: Stage, name: string, id: string): Promise<void> {
  stage.coder.addWorkspace(name, 'dev');
  await stage.setActive(id, false);
  stage.coder.startWorkspace(name, 'dev');
}

it('are stopped by the sweep that Coder’s rate limit keeps from looking at them, and that comes to its end', async () => {
  const { stage, alice } = await stageWithAlice();
  await restarted(stage, 'alice', alice);
  stage.coder.faults.answer429({ method: 'GET', path: '/workspaces$' }, 1, 3);
  await sweep(stage);
  expect(statuses(stage)).toEqual({ dev: 'stopped' });
});

it('of somebody who was protected while the sweep waited for Coder’s rate limit are left alone', async () => {
  const { stage, alice } = await stageWithAlice();
  await restarted(stage, 'alice', alice);
  stage.coder.faults.answer429({ method: 'GET', path: '/workspaces$' }, 1, 3);
  stage.coder.calls.reset();
  const swept = stage.reconciler.sweep();
  await until('the sweep to wait', () => stage.coder.calls.all().some(({ status }) => status === 429));
  await stage.declare({ guard: { protectedAccounts: ['alice'] } });
  await swept;
  await stage.settle();
  expect(statuses(stage)).toEqual({ dev: 'running' });
});

it('that wait for Coder’s rate limit do not keep the bridge from ending', async () => {
  const { stage, alice } = await stageWithAlice();
  await restarted(stage, 'alice', alice);
  stage.coder.faults.answer429({ method: 'GET', path: '/workspaces$' }, 1, 3_600);
  stage.coder.calls.reset();
  const swept = stage.reconciler.sweep();
  await until('the sweep to wait', () => stage.coder.calls.all().some(({ status }) => status === 429));
  await Promise.all([
    stage.reconciler.stop(),
    expect(swept).rejects.toThrow(/the bridge ends, and did not compare everything/),
  ]);
  expect(statuses(stage)).toEqual({ dev: 'running' });
});

it('of somebody who came back while a sweep looked at another leaver run on', async () => {
  const { stage, alice } = await stageWithAlice({}, { drift: 'off' });
  const { coder } = stage;
  const ids = { alice, bob: await stage.createUser('bob') };
  for (const [name, id] of Object.entries(ids)) await restarted(stage, name, id);
  const idOf = (name: string): string => coder.findUser(name).id;
  const [first, second] = idOf('alice') < idOf('bob') ? (['alice', 'bob'] as const) : (['bob', 'alice'] as const);
  const call = coder.faults.hold({ method: 'GET', path: `/users/${idOf(first)}$` });
  const swept = stage.reconciler.sweep();
  await call.arrived;
  await stage.setActive(ids[second], true);
  // What somebody locks by hand afterwards is no leaving.
  coder.suspend(second);
  call.release();
  await swept;
  expect(statuses(stage, first)).toEqual({ dev: 'stopped' });
  expect(statuses(stage, second)).toEqual({ dev: 'running' });
});

describe('of somebody who stays and is taken out of an organization', () => {
  const LAB = { groupMappings: { lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' } } };

  /** Alice is in `lab` by a group of the identity provider, and something of hers runs there and elsewhere. */
  async function stageInLab(options: StageOptions = {}, policies: Policies = {}) {
    const stage = await startStage({ double: undefined, ...options });
    stage.coder.addOrganization('lab');
    await stage.declare({ ...LAB, policies });
    const alice = await stage.createUser('alice');
    const group = await stage.createGroup('lab', [alice]);
    stage.coder.addWorkspace('alice', 'dev');
    stage.coder.addWorkspace('alice', 'far', { organization: 'lab' });
    return { stage, alice, group };
  }

  it('those in it are stopped within the request, and all others run on', async () => {
    const { stage, alice, group } = await stageInLab();
    await stage.leave(group, alice);
    expect(statuses(stage)).toEqual({ dev: 'running', far: 'stopped' });
    expect((await lines(stage)).map(({ target, result }) => `${target} ${result}`)).toEqual(['lab/far done']);
    await sweep(stage);
    expect(statuses(stage)).toEqual({ dev: 'running', far: 'stopped' });
    expect(await isConverged(stage)).toBe(true);
  });

  it('are in the plan', async () => {
    const { stage } = await stageInLab();
    const { changes } = await stage.reconciler.planWorld({
      state: { ...(await stage.declare(LAB)), groupMappings: {} },
    });
    expect(changes.filter(({ action }) => action === 'workspace.stop')).toMatchObject([
      {
        subject: 'alice',
        target: 'lab/far',
        because: expect.stringContaining('in its organization no more') as unknown,
      },
    ]);
  });

  it('are listed where the policy leaves them, since Coder stops none of them', async () => {
    const { stage, alice, group } = await stageInLab({}, { leavingWorkspaces: 'leave' });
    await stage.leave(group, alice);
    expect(statuses(stage)).toEqual({ dev: 'running', far: 'running' });
    expect(await held(stage)).toMatchObject([
      { subject: 'alice', reason: expect.stringContaining('lab/far') as unknown },
    ]);
    stage.coder.stopWorkspace('alice', 'far');
    await sweep(stage);
    expect(await held(stage)).toEqual([]);
  });

  it('are stopped by the next sweep when Coder fails in between', async () => {
    const { stage, alice, group } = await stageInLab();
    stage.coder.faults.add({ kind: 'fail', status: 500, times: 1, match: { method: 'POST', path: '/builds$' } });
    await stage.leave(group, alice);
    await sweep(stage);
    expect(statuses(stage)).toEqual({ dev: 'running', far: 'stopped' });
  });
});

describe('when Coder fails in between', () => {
  it.each<[string, FaultRule]>([
    ['the list', { kind: 'fail', status: 500, times: 1, match: { method: 'GET', path: '/workspaces$' } }],
    ['the stop', { kind: 'fail', status: 500, times: 1, match: { method: 'POST', path: '/builds$' } }],
    [
      'the lock, whose answer is lost',
      { kind: 'fail-after-doing', times: 1, match: { method: 'PUT', path: '/suspend$' } },
    ],
  ])('%s: they are stopped by the next try', async (_, fault) => {
    const { stage, alice } = await stageWithAlice();
    stage.coder.addWorkspace('alice', 'dev');
    stage.coder.faults.add(fault);
    await stage.setActive(alice, false);
    await stage.settle();
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect(statuses(stage)).toEqual({ dev: 'stopped' });
    expect(await isConverged(stage)).toBe(true);
  });
});

it('of somebody whom a bridge locked out before it was killed are stopped by the next one', async () => {
  const { stage, alice } = await stageWithAlice();
  const { coder, database } = stage;
  coder.addWorkspace('alice', 'dev');
  coder.suspend('alice');
  const leaver = { coderUserId: coder.findUser('alice').id, app: APP, userId: alice, userName: 'alice' };
  await putLeaverWorkspaces(database.db, { ...leaver, state: 'due', running: [], since: Date.now() });
  await stage.setActive(alice, false);
  expect(statuses(stage)).toEqual({ dev: 'stopped' });
});

describe('that are not ours to stop', () => {
  const templateAdmin = accountWith(['user-admin', 'template-admin']);

  it('hold their person in status, by name and reason, until they are stopped', async () => {
    const { stage, alice } = await stageWithAlice({ token: templateAdmin });
    stage.coder.addWorkspace('alice', 'dev', { dormant: true });
    await stage.setActive(alice, false);
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect(await held(stage)).toEqual([
      { subject: 'alice', reason: expect.stringMatching(/^workspaces-running: coder\/dev: .*403.*doctor/) as string },
    ]);
    expect(await isConverged(stage)).toBe(false);
    await sweep(stage);
    await sweep(stage);
    // What is no news is told once.
    expect(await lines(stage)).toEqual([{ target: 'coder/dev', result: 'held', actor: 'scim' }]);
    stage.coder.stopWorkspace('alice', 'dev');
    await sweep(stage);
    expect(await held(stage)).toEqual([]);
    expect(await isConverged(stage)).toBe(true);
  });

  it('are nobody’s concern any more when their person is back', async () => {
    const { stage, alice } = await stageWithAlice({ token: templateAdmin });
    stage.coder.addWorkspace('alice', 'dev');
    await stage.setActive(alice, false);
    expect(await isConverged(stage)).toBe(false);
    await stage.setActive(alice, true);
    expect(await held(stage)).toEqual([]);
    expect(statuses(stage)).toEqual({ dev: 'running' });
    expect(await isConverged(stage)).toBe(true);
  });
});

describe('that the account may not see', () => {
  it('are not taken for none: the app says so, and looks once it may', async () => {
    const { stage, alice } = await stageWithAlice({ token: accountWith(['user-admin']) });
    stage.coder.addWorkspace('alice', 'dev');
    await stage.setActive(alice, false);
    expect(await warnings(stage)).toEqual([expect.stringMatching(/workspaces of 1 person .*coder-scim doctor/)]);
    expect(await lines(stage)).toEqual([]);
    stage.coder.setSiteRoles('bridge', ['owner']);
    await sweep(stage);
    expect(statuses(stage)).toEqual({ dev: 'stopped' });
    expect(await warnings(stage)).toEqual([]);
  });

  it('because of their template alone are not taken for none either', async () => {
    const token = stopper(['workspace: read', 'workspace: stop']);
    const { stage, alice } = await stageWithAlice({ token });
    stage.coder.addTemplate('closed', 'coder', false);
    stage.coder.addWorkspace('alice', 'dev');
    await stage.setActive(alice, false);
    // Coder counts it and does not show it: there is something, and nobody knows what.
    expect(statuses(stage)).toEqual({ dev: 'running' });
    expect(await warnings(stage)).toEqual([expect.stringMatching(/workspaces of 1 person who left may run on/)]);
  });

  it('are seen and stopped by a custom role', async () => {
    const token = stopper([
      'workspace: read',
      'workspace: stop',
      'workspace_dormant: read',
      'workspace_dormant: stop',
      'template: read',
    ]);
    const { stage, alice } = await stageWithAlice({ token });
    stage.coder.addTemplate('closed', 'coder', false);
    stage.coder.addWorkspace('alice', 'dev');
    stage.coder.addWorkspace('alice', 'asleep', { dormant: true });
    await stage.setActive(alice, false);
    expect(statuses(stage)).toEqual({ dev: 'stopped', asleep: 'stopped' });
    expect(await warnings(stage)).toEqual([]);
  });
});

describe('policy leave', () => {
  it('leaves them to Coder, and lists the one that Coder does not stop', async () => {
    const { stage, alice } = await stageWithAlice({}, { leavingWorkspaces: 'leave' });
    stage.coder.addWorkspace('alice', 'dev');
    stage.coder.addWorkspace('alice', 'asleep', { dormant: true });
    await stage.setActive(alice, false);
    expect(statuses(stage)).toEqual({ dev: 'running', asleep: 'running' });
    expect(await held(stage)).toEqual([
      {
        subject: 'alice',
        reason: expect.stringMatching(/^workspaces-running: coder\/asleep: left to Coder/) as string,
      },
    ]);
    stage.coder.runLifecycle();
    stage.coder.stopWorkspace('alice', 'asleep');
    await sweep(stage);
    expect(await isConverged(stage)).toBe(true);
  });

  it('leaves them to Coder also when the app is gone, and its end tells of them', async () => {
    const { stage, alice } = await stageWithAlice({}, { leavingWorkspaces: 'leave' });
    stage.coder.addWorkspace('alice', 'asleep', { dormant: true });
    await stage.setActive(alice, false);
    await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
    await stage.settle();
    await sweep(stage);
    expect(statuses(stage)).toEqual({ asleep: 'running' });
    expect(await held(stage)).toEqual([]);
    expect(await stage.reconciler.audit({ action: 'app.purge' })).toMatchObject([
      { detail: expect.stringMatching(/left to Coder and ran when last looked at: coder\/asleep of "alice"/) },
    ]);
  });
});

describe('when the account is to be deleted', () => {
  it('keep it from being deleted: it is suspended, they are stopped, and status names it until they are gone', async () => {
    const { stage, alice } = await stageWithAlice({}, { leaving: 'delete' });
    stage.coder.addWorkspace('alice', 'dev');
    await stage.write(stage.directory.deleteUser(stage.context, alice));
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect(statuses(stage)).toEqual({ dev: 'stopped' });
    expect(await held(stage)).toEqual([
      {
        subject: 'alice',
        reason: expect.stringMatching(/^has-workspaces: account "alice" .*suspended instead/) as string,
      },
    ]);
    expect(await isConverged(stage)).toBe(false);
    stage.coder.deleteWorkspace('alice', 'dev');
    await sweep(stage);
    expect(Object.keys(stage.coder.snapshot().users)).not.toContain('alice');
    expect(await isConverged(stage)).toBe(true);
  });

  it('hide in status no other account that the person can still sign in to', async () => {
    const { stage, alice } = await stageWithAlice({}, { leaving: 'delete' });
    stage.coder.activate('alice');
    const { id } = stage.coder.addUser('former', { email: 'former@example.com', loginType: 'oidc', status: 'active' });
    await noteAddress(stage.database.db, { userId: alice, app: APP }, 'former@example.com', 0);
    stage.coder.addWorkspace('alice', 'dev');
    stage.coder.faults.fail(403, { method: 'DELETE', path: `/users/${id}$` });
    stage.coder.faults.fail(403, { method: 'PUT', path: `/users/${id}/status/suspend` });
    await stage.write(stage.directory.deleteUser(stage.context, alice));
    expect(stage.coder.describe('alice').status).toBe('suspended');
    expect(stage.coder.describe('former').status).toBe('active');
    expect(await held(stage)).toEqual([{ subject: 'alice', reason: expect.not.stringMatching(/^has-workspaces/) }]);
    expect((await stage.reconciler.status()).apps[0]?.leavers).toMatchObject([
      { state: 'waiting', people: 1 },
      { state: 'held', people: 1 },
    ]);
  });

  it('and there are none, nothing is listed', async () => {
    const { stage, alice } = await stageWithAlice({}, { leaving: 'delete' });
    stage.coder.calls.reset();
    await stage.write(stage.directory.deleteUser(stage.context, alice));
    expect(Object.keys(stage.coder.snapshot().users)).not.toContain('alice');
    expect(stage.coder.calls.count({ path: '/workspaces' })).toBe(0);
    expect(await isConverged(stage)).toBe(true);
  });
});

describe('doctor', () => {
  const check = async (token: StageOptions['token'], policies: Policies = {}, coder: CoderDoubleOptions = {}) => {
    const stage = await startStage({ ...(token === undefined ? {} : { token }), coder });
    await stage.declare({ policies });
    return (await stage.reconciler.doctorChecks()).find(({ name }) => name === 'workspaces');
  };

  it.each([
    ['an owner', undefined],
    ['an organization admin', accountWith(['user-admin'], ['organization-admin'])],
    [
      'a custom role',
      stopper([
        'workspace: read',
        'workspace: stop',
        'workspace_dormant: read',
        'workspace_dormant: stop',
        'template: read',
      ]),
    ],
  ])('is content with %s', async (_, token) => {
    expect(await check(token)).toMatchObject({ state: 'ok' });
  });

  it('says what a user admin does not see, and that an empty list is not "no workspaces"', async () => {
    expect(await check(accountWith(['user-admin']))).toEqual({
      name: 'workspaces',
      state: 'warning',
      detail: expect.stringMatching(/in "coder": .*workspace: read, .*which is not "no workspaces"/) as string,
      next: expect.stringMatching(/owner, organization-admin there, or a custom role with workspace: read/) as string,
    });
  });

  it('names only what is missing', async () => {
    expect(await check(stopper(['workspace: read', 'workspace: stop', 'template: read']))).toMatchObject({
      next: expect.stringMatching(/custom role with workspace_dormant: read, workspace_dormant: stop$/) as string,
    });
  });

  it('wants no right to stop where they are left to Coder', async () => {
    const token = accountWith(['user-admin', 'template-admin']);
    expect(await check(token)).toMatchObject({ state: 'warning' });
    expect(await check(token, { leavingWorkspaces: 'leave' })).toMatchObject({ state: 'ok' });
  });
});

describe('what was asked to stop and runs on', () => {
  const RAN_ON = /^workspaces-running: .*coder\/work: was to be stopped minutes before, and runs on or runs again/;
  const LATER = 4 * 60_000;

  async function stageOfLeaver(policies: Policies = {}) {
    const clock = { shift: 0 };
    const now = () => Date.now() + clock.shift;
    const { stage, alice } = await stageWithAlice({ now, sweepIntervalMs: 3_600_000 }, policies);
    stage.coder.addWorkspace('alice', 'work');
    await stage.setActive(alice, false);
    // As after a build that failed.
    stage.coder.startWorkspace('alice', 'work');
    return { stage, alice, clock };
  }

  it('is listed by a look that comes some minutes later, until it is seen stopped', async () => {
    const { stage, alice, clock } = await stageOfLeaver();
    // Within that time it may be on its way, however often it is looked at.
    for (let time = 0; time < 3; time += 1) {
      clock.shift += 30_000;
      await stage.reconciler.sweep();
      stage.coder.startWorkspace('alice', 'work');
      expect(await held(stage)).toEqual([]);
    }
    await stage.write(stage.directory.deleteUser(stage.context, alice));
    expect(await held(stage)).toEqual([]);
    for (let time = 0; time < 2; time += 1) {
      clock.shift += LATER;
      stage.coder.startWorkspace('alice', 'work');
      await stage.reconciler.sweep();
      expect(await held(stage)).toMatchObject([{ subject: 'alice', reason: expect.stringMatching(RAN_ON) }]);
      expect(await isConverged(stage)).toBe(false);
      expect(statuses(stage)).toEqual({ work: 'stopped' });
    }
    await stage.reconciler.sweep();
    expect(await held(stage)).toEqual([]);
    expect(await isConverged(stage)).toBe(true);
  });

  it('is listed where it was left to Coder, not before that has had the time', async () => {
    const { stage, clock } = await stageOfLeaver({ leavingWorkspaces: 'leave' });
    await stage.reconciler.sweep();
    expect(await held(stage)).toEqual([]);
    clock.shift += LATER;
    await stage.reconciler.sweep();
    for (let time = 0; time < 3; time += 1) {
      expect(await held(stage)).toMatchObject([{ reason: expect.stringMatching(/coder\/work: left to Coder/) }]);
      await stage.reconciler.sweep();
    }
    expect((await lines(stage)).filter(({ result }) => result === 'skipped')).toHaveLength(1);
  });

  it('is looked at some minutes later, before the next sweep', async () => {
    const { stage, clock } = await stageOfLeaver();
    const look = lookerOf(stage);
    clock.shift += LATER;
    await look();
    expect(await held(stage)).toMatchObject([{ subject: 'alice', reason: expect.stringMatching(RAN_ON) }]);
    // And again, until it is seen stopped.
    clock.shift += 2 * LATER;
    await look();
    expect(await held(stage)).toEqual([]);
    expect(await isConverged(stage)).toBe(true);
  });

  it.each<[string, FaultRule, unknown]>([
    ['the list', { kind: 'fail', status: 500, times: 1, match: { method: 'GET', path: '/workspaces$' } }, []],
    [
      'the stop',
      { kind: 'fail', status: 500, times: 1, match: { method: 'POST', path: '/builds$' } },
      [{ reason: expect.stringMatching(/coder\/work: Coder failed when it was asked to stop it, and is asked again/) }],
    ],
  ])('is looked at as often where Coder fails a look: %s', async (_, fault, told) => {
    const { stage, clock } = await stageOfLeaver();
    const look = lookerOf(stage);
    stage.coder.faults.add(fault);
    clock.shift += LATER;
    await look();
    expect(await held(stage)).toMatchObject(told as object);
    clock.shift += 2 * LATER;
    await look();
    expect(await held(stage)).toMatchObject([{ subject: 'alice', reason: expect.stringMatching(RAN_ON) }]);
  });

  it('is asked again less and less often where it never stops', async () => {
    const { stage, clock } = await stageOfLeaver();
    const look = lookerOf(stage);
    const asked = async () => (await lines(stage)).length;
    const before = await asked();
    const times: number[] = [];
    // Long minutes, and the first of them shorter, up to the sweep of the hour: at exactly half of the time since it was asked, chance would decide.
    for (let minute = 1; minute < 55; minute += 1) {
      clock.shift += minute === 1 ? 51_000 : 65_000;
      stage.coder.startWorkspace('alice', 'work');
      const known = await asked();
      await look();
      if ((await asked()) > known) times.push(minute);
    }
    const pauses = times.map((time, index) => time - (times[index - 1] ?? 0));
    expect(pauses.slice(0, 2)).toEqual([3, 3]);
    expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
    expect(times).toHaveLength(5);
    expect(await asked()).toBe(before + 5);
  });

  it('is listed while the build that stops it never ends', async () => {
    const { stage, clock } = await stageOfLeaver();
    stage.coder.setLastBuild('alice', 'work', 'pending');
    const look = lookerOf(stage);
    stage.coder.stopWorkspace('alice', 'work');
    stage.coder.setLastBuild('alice', 'work', 'pending');
    for (let time = 0; time < 2; time += 1) {
      clock.shift += 2 * LATER;
      await look();
      expect(await held(stage)).toMatchObject([{ reason: expect.stringMatching(/coder\/work: .*is at work still/) }]);
      expect(await isConverged(stage)).toBe(false);
    }
  });

  it('is stopped also where Coder always fails for another one', async () => {
    const { stage, clock } = await stageOfLeaver();
    const broken = stage.coder.addWorkspace('alice', 'a-broken');
    stage.coder.faults.add({ kind: 'fail', status: 500, match: { method: 'POST', path: `${broken.id}/builds$` } });
    clock.shift += LATER;
    await expect(stage.reconciler.sweep()).rejects.toThrow('500');
    expect(statuses(stage)).toEqual({ 'a-broken': 'running', work: 'stopped' });
    expect(await held(stage)).toMatchObject([{ reason: expect.stringMatching(/coder\/a-broken: Coder failed when/) }]);
  });

  it('is looked at some minutes later beside one that is not ours to stop', async () => {
    const { stage, clock } = await stageOfLeaver();
    const stuck = stage.coder.addWorkspace('alice', 'stuck');
    stage.coder.faults.add({ kind: 'fail', status: 403, match: { method: 'POST', path: `${stuck.id}/builds$` } });
    await stage.reconciler.sweep();
    expect(await held(stage)).toMatchObject([
      { reason: expect.stringMatching(/coder\/stuck: .*403.*; coder\/work: to be stopped within minutes/) },
    ]);
    stage.coder.startWorkspace('alice', 'work');
    const look = lookerOf(stage);
    clock.shift += LATER;
    await look();
    expect(await held(stage)).toMatchObject([
      { reason: expect.stringMatching(/coder\/work: was to be stopped minutes/) },
    ]);
    clock.shift += 2 * LATER;
    await look();
    expect(await held(stage)).toMatchObject([
      { reason: expect.stringMatching(/^workspaces-running: coder\/stuck: [^;]*$/) },
    ]);
  });

  it('is not forgotten while the build that stops it is at work', async () => {
    const { stage, clock } = await stageOfLeaver();
    stage.coder.stopWorkspace('alice', 'work');
    stage.coder.setLastBuild('alice', 'work', 'pending');
    clock.shift += LATER;
    await stage.reconciler.sweep();
    stage.coder.setLastBuild('alice', 'work', 'failed');
    clock.shift += LATER;
    await stage.reconciler.sweep();
    expect(await held(stage)).toMatchObject([{ subject: 'alice', reason: expect.stringMatching(RAN_ON) }]);
  });
});
