import { accountWith, connect, failure, startDouble } from './on-double';

const nobody = '00000000-1111-4222-8333-444444444444';

test('group sync is read and replaced whole, filter and auto-create kept as given', async () => {
  const double = await startDouble();
  const eng = double.addGroup('eng');
  const organization = eng.organization.id;
  const coder = connect(double);
  expect(await coder.getGroupSync(organization)).toEqual({
    field: '',
    mapping: {},
    regexFilter: null,
    autoCreateMissingGroups: false,
    legacyNames: {},
  });
  const settings = {
    field: 'groups',
    mapping: { 'idp-eng': [eng.id] },
    regexFilter: '^idp-',
    autoCreateMissingGroups: true,
  };
  expect(await coder.setGroupSync(organization, settings)).toMatchObject(settings);
  expect(await coder.getGroupSync(organization)).toMatchObject(settings);
});

test('a group that is not there, or is of another organization, is refused before Coder takes it without a word', async () => {
  const double = await startDouble();
  const eng = double.addGroup('eng');
  double.addOrganization('research');
  const foreign = double.addGroup('foreign', 'research');
  const coder = connect(double);
  const settings = { field: 'groups', regexFilter: null, autoCreateMissingGroups: false };
  for (const wrong of [nobody, foreign.id]) {
    const mapping = { a: [eng.id], b: [wrong] };
    const error = await failure(coder.setGroupSync(eng.organization.id, { ...settings, mapping }));
    expect(error).toMatchObject({ kind: 'refused', reason: 'reference-unknown' });
    expect(error.message).toContain(wrong);
  }
  expect(double.calls.countWrites()).toBe(0);
});

test('many groups of a mapping are checked with one read', async () => {
  const double = await startDouble();
  const groups = Array.from({ length: 80 }, (_, index) => double.addGroup(`g${index}`));
  const mapping = Object.fromEntries(groups.map(group => [group.name, [group.id]]));
  const settings = { field: 'groups', mapping, regexFilter: null, autoCreateMissingGroups: false };
  await connect(double).setGroupSync(double.findOrganization().id, settings);
  expect(double.calls.count()).toBeLessThanOrEqual(3);
});

test('role sync takes names that are there, organization sync ids that are there', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  const research = double.addOrganization('research');
  double.addCustomRole('infra-operator');
  const coder = connect(double);
  const roles = { field: 'roles', mapping: { a: ['organization-admin'], b: ['infra-operator'] } };
  expect(await coder.setRoleSync(organization, roles)).toEqual(roles);
  expect(await coder.getRoleSync(organization)).toEqual(roles);
  expect(await failure(coder.setRoleSync(organization, { field: 'roles', mapping: { a: ['nope'] } }))).toMatchObject({
    reason: 'reference-unknown',
  });

  const organizations = { field: 'orgs', mapping: { r: [research.id] }, assignDefault: false };
  expect(await coder.setOrganizationSync(organizations)).toEqual(organizations);
  expect(await coder.getOrganizationSync()).toEqual(organizations);
  expect(await failure(coder.setOrganizationSync({ ...organizations, mapping: { r: [nobody] } }))).toMatchObject({
    reason: 'reference-unknown',
  });
});

test('settings with null in them, as Coder’s own single-entry calls leave them, are read', async () => {
  const double = await startDouble();
  double.setGroupSync({ field: 'groups', mapping: { gone: null as never } });
  const settings = await connect(double).getGroupSync(double.findOrganization().id);
  expect(settings.mapping).toEqual({ gone: [] });
});

test('site role sync is seen by an owner, and unknown to others', async () => {
  const off = await startDouble();
  expect(await connect(off).getSiteRoleSync()).toEqual({ state: 'off' });
  const on = await startDouble({ oidcUserRoleField: 'siteroles' });
  expect(await connect(on).getSiteRoleSync()).toEqual({ state: 'on', field: 'siteroles' });
  const admin = connect(on, accountWith(on, 'admin', ['user-admin']));
  expect(await admin.getSiteRoleSync()).toEqual({ state: 'unknown' });
});

test.each([true, false])('whether OIDC is configured: %s', async oidc => {
  const double = await startDouble({ oidc });
  expect(await connect(double).getAuthMethods()).toEqual({ password: true, oidc });
});
