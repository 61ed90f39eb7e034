/** One person's way into Coder and out of it, against the double. */
import { startStage } from '../stage';

const TIERS = {
  roleMappings: {
    admins: { idpGroup: 'coder-admins', role: 'owner' },
    platform: { idpGroup: 'coder-platform', role: 'template-admin' },
    auditors: { idpGroup: 'coder-auditors', role: 'auditor' },
  },
  groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
};

it('creates a dormant account that signs in by OIDC, in the default organization', async () => {
  const stage = await startStage();
  await stage.declare(TIERS);
  await stage.createUser('alice@example.com', { displayName: 'Alice Adams' });
  expect(stage.coder.describe('alice')).toMatchObject({
    email: 'alice@example.com',
    name: 'Alice Adams',
    status: 'dormant',
    loginType: 'oidc',
    siteRoles: [],
    organizations: { coder: { roles: [], groups: [] } },
  });
});

it('gives roles and groups by the union of what all groups of a person map to', async () => {
  const stage = await startStage();
  await stage.declare(TIERS);
  const alice = await stage.createUser('alice');
  await stage.createGroup('coder-platform', [alice]);
  await stage.createGroup('Coder-Auditors', [alice]);
  await stage.createGroup('coder-developers', [alice]);
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor', 'template-admin'],
    organizations: { coder: { groups: ['developers'] } },
  });
});

it('moves a person between tiers with one call and no moment without a role', async () => {
  const stage = await startStage();
  await stage.declare(TIERS);
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  const platform = await stage.createGroup('coder-platform', [alice, bob]);
  const auditors = await stage.createGroup('coder-auditors', [bob]);
  stage.coder.calls.reset();
  await stage.directory.updateGroup(stage.context, auditors, () => ({
    memberChanges: [{ kind: 'add', members: [{ value: alice }] }],
  }));
  await stage.leave(platform, alice);
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
  expect(
    stage.coder.calls.writes().map(call => `${call.method} ${call.path.replace(/[0-9a-f-]{36}/, '{id}')}`),
  ).toEqual(['PUT /api/v2/users/{id}/roles']);
});

it('locks an owner out: the role first, then the account, then the groups', async () => {
  const stage = await startStage();
  stage.coder.addUser('keeper', { roles: ['owner'] });
  await stage.declare(TIERS);
  const alice = await stage.createUser('alice');
  await stage.createGroup('coder-admins', [alice]);
  await stage.createGroup('coder-developers', [alice]);
  stage.coder.activate('alice');
  stage.coder.calls.reset();
  await stage.setActive(alice, false);
  expect(stage.coder.describe('alice')).toMatchObject({
    status: 'suspended',
    siteRoles: [],
    organizations: { coder: { groups: [] } },
  });
  expect(
    stage.coder.calls.writes().map(call => call.path.replace(/[0-9a-f-]{36}/, '{id}').replace('/api/v2', '')),
  ).toEqual(['/users/{id}/roles', '/users/{id}/status/suspend', '/groups/{id}']);
});

it('restores what the directory says when somebody comes back', async () => {
  const stage = await startStage();
  await stage.declare(TIERS);
  const alice = await stage.createUser('alice');
  await stage.createGroup('coder-developers', [alice]);
  await stage.createGroup('coder-auditors', [alice]);
  await stage.setActive(alice, false);
  await stage.setActive(alice, true);
  expect(stage.coder.describe('alice')).toMatchObject({
    status: 'active',
    siteRoles: ['auditor'],
    organizations: { coder: { groups: ['developers'] } },
  });
});
