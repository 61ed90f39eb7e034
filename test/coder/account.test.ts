import { capabilitiesOf } from '../../bridge/coder/capabilities';
import { type CoderClient } from '../../bridge/coder/client';
import { type RightsNeeds } from '../../bridge/coder/account/rights';
import { type CoderDouble } from '../support/coder-double';
import { accountWith, connect, startDouble } from './on-double';

const all = (double: CoderDouble): RightsNeeds => {
  const here = [double.findOrganization().id];
  return {
    siteRoles: true,
    organizationRoles: here,
    groups: here,
    organizations: here,
    customRoles: here,
    claims: here,
  };
};

async function missing(coder: CoderClient, needs: RightsNeeds): Promise<string[]> {
  return (await coder.checkRights(needs)).map(right => `${right.need}: ${right.grantedBy[0] ?? '-'}`);
}

test('an owner lacks nothing', async () => {
  const double = await startDouble();
  expect(await connect(double).checkRights(all(double))).toEqual([]);
});

test('a user-admin lacks every role, and is told which role would give it', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  const coder = connect(double, accountWith(double, 'admin', ['user-admin']));
  expect(await missing(coder, all(double))).toEqual([
    'siteRoles: owner',
    `organizationRoles: organization-admin in organization ${organization}`,
    `customRoles: organization-admin in organization ${organization}`,
  ]);
  expect(
    await missing(coder, { groups: [organization], organizations: [organization], claims: [organization] }),
  ).toEqual([]);
});

test('with organization-admin beside it, only site roles are missing', async () => {
  const double = await startDouble();
  const token = accountWith(double, 'admin', ['user-admin']);
  double.setOrganizationRoles('admin', ['organization-admin']);
  expect(await missing(connect(double, token), all(double))).toEqual(['siteRoles: owner']);
});

test('a plain member lacks everything', async () => {
  const double = await startDouble();
  const needs = (await missing(connect(double, accountWith(double, 'plain')), all(double))).map(
    need => need.split(':')[0],
  );
  expect(new Set(needs)).toEqual(
    new Set(['accounts', 'siteRoles', 'organizationRoles', 'groups', 'organizations', 'customRoles', 'claims']),
  );
});

test('a default role of an organization that the account may not assign is named: adding members would fail', async () => {
  const double = await startDouble();
  double.setDefaultMemberRoles(['organization-auditor']);
  const coder = connect(double, accountWith(double, 'admin', ['user-admin']));
  const rights = await coder.checkRights({ organizations: [double.findOrganization().id] });
  expect(rights).toHaveLength(1);
  expect(rights[0]?.detail).toContain('organization-auditor');
});

test('a token with scopes is named, whatever its account may do', async () => {
  const double = await startDouble();
  const coder = connect(double, double.issueToken('testuser', { scopes: ['user:read', 'user:*'] }));
  const rights = await coder.checkRights({});
  expect(rights[0]).toMatchObject({ need: 'token-scope' });
});

test('whoami says who and with which roles', async () => {
  const double = await startDouble();
  const me = await connect(double).whoami();
  expect(me.user).toMatchObject({ username: 'testuser', loginType: 'password', roles: ['owner'] });
  expect(me.roles.site).toEqual(['owner']);
});

test.each([
  ['v2.36.0', true, true, true, false],
  ['v2.37.1', true, true, true, true],
  ['v2.32.0-rc.1+abc', true, true, false, false],
  ['v2.29.19', true, false, false, false],
  ['v2.28.3', false, false, false, false],
  ['v3.0.0', true, true, true, true],
  ['v0.0.0-devel+0123', true, false, false, false],
  ['?', true, false, false, false],
])('%s: supported %s, member pages %s, implied roles %s, exact search %s', (version, ...expected) => {
  const { supported, groupMemberPages, impliedRoles, exactSearch } = capabilitiesOf(version);
  expect([supported, groupMemberPages, impliedRoles, exactSearch]).toEqual(expected);
});

test('the version comes from the answers, and costs one call where there was none yet', async () => {
  const double = await startDouble({ version: 'v2.29.19' });
  const coder = connect(double);
  expect((await coder.capabilities()).version).toBe('v2.29.19');
  await coder.capabilities();
  expect(double.calls.count()).toBe(1);
});
