import { VERSIONS, accountWith, connect, failure, startDouble } from './on-double';

const read = { negate: false, resourceType: 'template', action: 'read' };
const update = { negate: false, resourceType: 'template', action: 'update' };
const bogus = { negate: false, resourceType: 'template', action: 'fly' };
const operator = { name: 'infra-operator', displayName: 'Infra Operator', permissions: [read] };

describe.each(VERSIONS)('roles on Coder %s', version => {
  test('say which of them the account may assign', async () => {
    const double = await startDouble({ version });
    const names = async (coder: ReturnType<typeof connect>) =>
      (await coder.listSiteRoles())
        .filter(role => role.assignable)
        .map(role => role.name)
        .sort();
    expect(await names(connect(double))).toEqual(['auditor', 'owner', 'template-admin', 'user-admin']);
    expect(await names(connect(double, accountWith(double, 'admin', ['user-admin'])))).toEqual([]);
    const roles = await connect(double).listOrganizationRoles(double.findOrganization().id);
    expect(roles.find(role => role.name === 'organization-admin')).toMatchObject({ builtIn: true, assignable: true });
  });

  test('custom ones are created once, changed, listed and deleted', async () => {
    const double = await startDouble({ version });
    const organization = double.findOrganization().id;
    const coder = connect(double);
    expect(await coder.createCustomRole(organization, operator)).toMatchObject({
      outcome: 'created',
      role: { name: 'infra-operator', permissions: [read] },
    });
    expect(await coder.createCustomRole(organization, { ...operator, name: 'Infra-Operator' })).toMatchObject({
      outcome: 'existed',
      role: { name: 'infra-operator' },
    });
    await coder.updateCustomRole(organization, { ...operator, displayName: 'Infra', permissions: [read, update] });
    const listed = (await coder.listOrganizationRoles(organization)).find(role => role.name === 'infra-operator');
    expect(listed).toMatchObject({ displayName: 'Infra', builtIn: false, permissions: [read, update] });
    expect(await coder.deleteCustomRole(organization, 'infra-operator')).toBe('deleted');
    expect(await coder.deleteCustomRole(organization, 'infra-operator')).toBe('absent');
  });
});

test('permissions that Coder would drop without a word are refused, and the role stays as it was', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  const coder = connect(double);
  await coder.createCustomRole(organization, operator);
  const error = await failure(coder.updateCustomRole(organization, { ...operator, permissions: [update, bogus] }));
  expect(error).toMatchObject({ kind: 'refused', reason: 'permissions-invalid', retryable: false });
  expect(error.message).toContain('template:fly');
  const listed = (await coder.listOrganizationRoles(organization)).find(role => role.name === 'infra-operator');
  expect(listed?.permissions).toEqual([read]);
});

test.each([
  ['an unknown action', { ...operator, permissions: [bogus] }, 'permissions-invalid'],
  ['a wildcard', { ...operator, permissions: [{ ...read, action: '*' }] }, 'permissions-invalid'],
  ['a reserved name', { ...operator, name: 'owner' }, 'role-name-reserved'],
  ['a name with a space', { ...operator, name: 'a b' }, 'role-name-reserved'],
])('a custom role with %s is refused', async (_name, role, reason) => {
  const double = await startDouble();
  const error = await failure(connect(double).createCustomRole(double.findOrganization().id, role));
  expect(error).toMatchObject({ kind: 'refused', reason, retryable: false });
});

test('a role that the account may not see is not taken for one that is gone', async () => {
  const double = await startDouble();
  double.addOrganization('research');
  double.addCustomRole('infra-operator', 'research');
  const coder = connect(double, accountWith(double, 'plain'));
  const error = await failure(coder.deleteCustomRole(double.findOrganization('research').id, 'infra-operator'));
  expect(error.kind).toMatch(/forbidden/);
});

test('without a licence it says so', async () => {
  const double = await startDouble({ licence: false });
  const error = await failure(connect(double).createCustomRole(double.findOrganization().id, operator));
  expect(error.kind).toBe('licence');
});
