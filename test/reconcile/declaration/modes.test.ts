/** The two ways of enforcing, and what Coder's own sign-in sync does to them. */
import { startStage, type Stage } from '../stage';

const STATE = {
  groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
  roleMappings: {
    auditors: { idpGroup: 'developers', role: 'auditor' },
    leads: { idpGroup: 'developers', organization: 'default', role: 'organization-auditor' },
  },
};

const warnings = async (stage: Stage): Promise<string> =>
  ((await stage.reconciler.status()).apps[0]?.warnings ?? []).join('\n');

it.each([
  ['group sync', (stage: Stage) => stage.coder.setGroupSync({ field: 'groups' }), { groups: [] }],
  ['role sync', (stage: Stage) => stage.coder.setRoleSync({ field: 'roles' }), { roles: [] }],
] as const)('holds what %s governs before anything is written, and says so', async (what, turnOn, expected) => {
  const stage = await startStage();
  turnOn(stage);
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
  expect(stage.coder.describe('alice').organizations['coder']).toMatchObject(expected);
  expect(await warnings(stage)).toContain(what);
  expect((await stage.reconciler.doctorChecks()).find(check => check.name === 'sign-in sync')).toMatchObject({
    state: 'warning',
  });
  expect(stage.coder.calls.all().filter(call => call.status === 400)).toEqual([]);
});

it('goes on with what was held once the sync is turned off', async () => {
  const stage = await startStage();
  stage.coder.setGroupSync({ field: 'groups' });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  stage.coder.setGroupSync({ field: '' });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.membersOf('developers')).toEqual(['alice']);
  expect(await warnings(stage)).toBe('');
});

it('learns of site role sync by the first refusal, where it may not read the settings, and does not try for ever', async () => {
  const stage = await startStage({ coder: { oidcUserRoleField: 'roles' } });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  expect(stage.coder.describe('alice').siteRoles).toEqual([]);
  expect(await warnings(stage)).toContain('site role sync');
  expect(stage.coder.membersOf('developers')).toEqual(['alice']);
});

it('holds memberships while organization sync is on, and locks leavers out all the same', async () => {
  const stage = await startStage();
  stage.coder.addOrganization('science');
  stage.coder.setOrganizationSync({ field: 'orgs' });
  await stage.declare({ organizationMappings: { science: { idpGroup: 'science', organization: 'science' } } });
  const alice = await stage.createUser('alice');
  await stage.createGroup('science', [alice]);
  expect(Object.keys(stage.coder.describe('alice').organizations)).toEqual(['coder']);
  stage.coder.addMember('alice', 'science');
  await stage.setActive(alice, false);
  expect(stage.coder.describe('alice').status).toBe('suspended');
  // What was given by hand survives a suspension.
  expect(Object.keys(stage.coder.describe('alice').organizations)).toEqual(['coder', 'science']);
});

it('writes the mapping into the sync settings in mode claims, keeps what others wrote, and cleans up after itself', async () => {
  const stage = await startStage();
  stage.coder.addGroup('handmade');
  const handmade = stage.coder.findGroup('handmade').id;
  stage.coder.setGroupSync({
    field: 'groups',
    mapping: { manual: [handmade] },
    regexFilter: '^[a-z]+$',
    autoCreate: true,
  });
  await stage.declare({ ...STATE, mode: 'claims', claims: { groups: 'groups', roles: 'coder_roles' } });
  const group = stage.coder.findGroup('developers').id;
  const organization = stage.coder.snapshot().organizations['coder'];
  expect(organization?.groupSync).toMatchObject({
    field: 'groups',
    mapping: { manual: [handmade], developers: [group] },
    regexFilter: '^[a-z]+$',
    autoCreate: true,
  });
  expect(organization?.roleSync).toMatchObject({
    field: 'coder_roles',
    mapping: { developers: ['organization-auditor'] },
  });
  // Everybody is in the default organization: no mapping into it needs a sync that is for the whole deployment.
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });

  // Site roles have no such settings: they are pushed.
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { coder: { roles: [], groups: [] } },
  });
  stage.coder.oidcLogin({
    email: 'alice@example.com',
    email_verified: true,
    sub: 'alice',
    groups: ['developers'],
    coder_roles: ['developers'],
  });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.describe('alice').organizations['coder']).toEqual({
    roles: ['organization-auditor'],
    groups: ['developers'],
  });

  // What somebody changes in there is put right.
  stage.coder.setGroupSync({ mapping: { manual: [handmade] } });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.snapshot().organizations['coder']?.groupSync.mapping).toEqual({
    manual: [handmade],
    developers: [group],
  });

  await stage.declare({ mode: 'claims' });
  expect(stage.coder.snapshot().organizations['coder']?.groupSync).toMatchObject({
    field: 'groups',
    mapping: { manual: [handmade] },
  });
  expect(stage.coder.snapshot().organizations['coder']?.roleSync).toMatchObject({ field: '', mapping: {} });
});

it('says what is missing without a licence and does the rest', async () => {
  const stage = await startStage({ coder: { licence: false } });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  await stage.settle();
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
  expect(await warnings(stage)).toMatch(/Premium/);
});

it('names the right that is missing and the role that would give it', async () => {
  const stage = await startStage({
    token: double => {
      double.addUser('bridge', { loginType: 'password', status: 'active', roles: ['user-admin'] });
      return double.issueToken('bridge');
    },
  });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  expect(stage.coder.membersOf('developers')).toEqual(['alice']);
  const held = (await stage.reconciler.status()).pending.filter(item => item.state === 'held');
  expect(held).toMatchObject([{ reason: expect.stringContaining('auditor') }]);
  const rights = (await stage.reconciler.doctorChecks()).filter(check => check.name === 'rights');
  expect(rights.map(check => check.state)).toContain('failed');
  expect(rights.map(check => check.next ?? '').join()).toMatch(/owner/);
});

it('works against the oldest supported Coder', async () => {
  const stage = await startStage({ coder: { version: 'v2.29.19' } });
  await stage.declare(STATE);
  const alice = await stage.createUser('alice');
  await stage.createGroup('developers', [alice]);
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { coder: { roles: ['organization-auditor'], groups: ['developers'] } },
  });
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true, warnings: [] });
});
