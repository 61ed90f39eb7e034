/** What an operator is told: the plan before a rollout, the reason of each entitlement, who is who, the trail. */
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { openEntry } from '../../../bridge/store/journal/journal';
import { APP, startStage } from '../stage';

const STATE = {
  roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
  groupMappings: { all: { idpGroup: 'auditors', group: 'all' } },
};

it('plans a rollout on a running Coder without writing anything', async () => {
  const stage = await startStage();
  stage.coder.addUser('alice', { email: 'alice@example.com' });
  stage.coder.addUser('carol', { email: 'carol@example.com', loginType: 'password' });
  stage.coder.addUser('dave', { email: 'dave@example.com' });
  await stage.declare({ policies: { accounts: 'mapped', drift: 'off' } });
  const ids = [];
  for (const name of ['alice', 'bob', 'carol']) ids.push(await stage.createUser(name));
  await stage.createGroup('auditors', ids);
  stage.coder.calls.reset();
  const report = await stage.reconciler.planWorld({ state: parseMappingState({ version: 1, app: APP, ...STATE }) });
  expect(stage.coder.calls.countWrites()).toBe(0);
  expect(report.adoption).toEqual({
    matched: [{ userName: 'alice', coderUsername: 'alice', how: 'oidc' }],
    created: ['bob'],
    held: [{ userName: 'carol', reason: 'login-type' }],
    strangers: [
      { coderUsername: 'carol', email: 'carol@example.com', status: 'dormant' },
      { coderUsername: 'dave', email: 'dave@example.com', status: 'dormant' },
    ],
  });
  expect(report.changes.filter(change => change.subject === 'alice')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        action: 'site-roles.set',
        before: 'none',
        after: 'auditor',
        because: 'auditors (roleMappings/auditors)',
        removal: false,
      }),
      expect.objectContaining({ action: 'group.add', target: 'coder/all' }),
    ]),
  );
  expect(report.holds).toEqual([]);
});

it('plans to let somebody in to the account that a bridge began for somebody who is gone, whose address they have', async () => {
  const stage = await startStage();
  const ours = { policies: { accounts: 'all', adoption: 'never' } } as const;
  await stage.declare({ policies: { ...ours.policies, accounts: 'mapped' } });
  stage.coder.addUser('desk', { email: 'desk@example.com' });
  await stage.createUser('newcomer', { emails: [{ value: 'desk@example.com', primary: true }] });
  const plan = () => stage.reconciler.planWorld({ state: parseMappingState({ version: 1, app: APP, ...ours }) });
  expect((await plan()).adoption.held).toEqual([{ userName: 'newcomer', reason: 'adoption-refused' }]);
  await stage.database.transact(db =>
    openEntry(db, {
      kind: 'account',
      key: 'desk@example.com',
      app: APP,
      subject: 'somebody who is gone',
      note: { email: 'desk@example.com', username: 'desk' },
      since: Date.now(),
    }),
  );
  expect((await plan()).adoption).toMatchObject({
    held: [],
    matched: [{ userName: 'newcomer', coderUsername: 'desk' }],
  });
});

it('plans the hold that a declaration would meet', async () => {
  const stage = await startStage();
  await stage.declare({ ...STATE, guard: { minRemovals: 1, maxRemovalsPercent: 10 } });
  const ids = [];
  for (const name of ['alice', 'bob', 'carol']) ids.push(await stage.createUser(name));
  await stage.createGroup('auditors', ids);
  const report = await stage.reconciler.planWorld({
    state: parseMappingState({ version: 1, app: APP, guard: { minRemovals: 1, maxRemovalsPercent: 10 } }),
  });
  expect(report.holds).toMatchObject([{ app: APP, people: 3, reason: 'plan-too-large' }]);
  expect(report.changes.filter(change => change.removal && change.subject !== '')).toHaveLength(6);
  expect(report.changes.filter(change => change.subject === '')).toMatchObject([
    { action: 'group.delete', target: 'coder/all', removal: true },
  ]);
});

it('explains why a person has what the person has', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('auditors', [alice]);
  stage.coder.setSiteRoles('alice', ['owner']);
  for (const name of ['alice', 'ALICE@example.com', alice, stage.coder.describe('alice').id]) {
    const [explanation] = await stage.reconciler.explain(name);
    expect(explanation).toMatchObject({
      scimId: alice,
      coderUsername: 'alice',
      status: 'dormant',
      held: null,
      entitlements: expect.arrayContaining([
        {
          kind: 'site-role',
          organization: null,
          target: 'auditor',
          because: [{ idpGroup: 'auditors', mapping: 'roleMappings/auditors' }],
          present: false,
        },
        {
          kind: 'group',
          organization: 'coder',
          target: 'all',
          because: [{ idpGroup: 'auditors', mapping: 'groupMappings/all' }],
          present: true,
        },
      ]),
      beside: [{ kind: 'site-role', organization: null, target: 'owner' }],
    });
  }
  expect(await stage.reconciler.explain('nobody')).toEqual([]);
});

it('traces every change to its request, token, group and mapping', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const alice = await stage.createUser('alice', { externalId: 'ext-1' });
  await stage.createGroup('auditors', [alice]);
  const trail = (await stage.reconciler.audit({ subject: alice })).reverse();
  expect(trail.map(line => [line.action, line.result])).toEqual([
    ['account.create', 'done'],
    ['site-roles.set', 'done'],
    ['group.add', 'done'],
  ]);
  expect(trail[2]).toMatchObject({
    actor: 'scim',
    requestId: 'request-1',
    token: 'push',
    subjectName: 'alice',
    target: 'coder/all',
    idpGroup: 'auditors',
    mapping: 'groupMappings/all',
  });
  expect(trail[1]).toMatchObject({ before: 'none', after: 'auditor', mapping: 'roleMappings/auditors' });
  const after = trail[0]?.id ?? 0;
  expect((await stage.reconciler.audit({ afterId: after, subject: alice })).map(line => line.action)).toEqual([
    'site-roles.set',
    'group.add',
  ]);
  expect(await stage.reconciler.identities(APP)).toEqual([
    {
      app: APP,
      scimId: alice,
      externalId: 'ext-1',
      userName: 'alice',
      email: 'alice@example.com',
      coderUserId: stage.coder.describe('alice').id,
      coderUsername: 'alice',
      how: 'created',
    },
  ]);
});
