import { VERSIONS, accountWith, connect, failure, gather, startDouble } from './on-double';

describe.each(VERSIONS)('organizations on Coder %s', version => {
  test('are listed, and found by id, name without case, and as the default', async () => {
    const double = await startDouble({ version });
    const research = double.addOrganization('research', 'Research');
    const coder = connect(double);
    expect((await coder.listOrganizations()).map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ['coder', true],
      ['research', false],
    ]);
    expect(await coder.getOrganization('RESEARCH')).toMatchObject({ id: research.id, displayName: 'Research' });
    expect(await coder.getOrganization(research.id)).toMatchObject({ name: 'research' });
    expect(await coder.getOrganization('default')).toMatchObject({ name: 'coder', isDefault: true });
    expect(await coder.getOrganization('nope')).toBeUndefined();
  });

  test('members come and go, and a repetition is no error', async () => {
    const double = await startDouble({ version });
    const research = double.addOrganization('research');
    const ann = double.addUser('ann');
    const coder = connect(double);
    expect(await coder.addMember(research.id, ann.id)).toBe('added');
    expect(await coder.addMember(research.id, ann.id)).toBe('already');
    await coder.setMemberRoles(research.id, ann.id, ['organization-admin']);
    expect(await coder.getMember(research.id, ann.id)).toMatchObject({
      userId: ann.id,
      organizationId: research.id,
      roles: ['organization-admin'],
    });
    expect(await coder.removeMember(research.id, ann.id)).toBe('removed');
    expect(await coder.removeMember(research.id, ann.id)).toBe('absent');
    expect(await coder.getMember(research.id, ann.id)).toBeUndefined();
  });

  test('all members are listed, in pages where Coder knows how to go on', async () => {
    const double = await startDouble({ version });
    for (let user = 0; user < 620; user += 1) double.addUser(`u${user}`);
    const members = await gather(connect(double).listMembers(double.findOrganization().id));
    expect(new Set(members.map(member => member.userId)).size).toBe(621);
    expect(double.calls.count({ path: /paginated-members/ })).toBe(version === 'v2.29.19' ? 0 : 2);
  });
});

test('a member that is not seen is not taken for one that is gone', async () => {
  const double = await startDouble();
  const research = double.addOrganization('research');
  const ann = double.addUser('ann', { organizations: ['research'] });
  const coder = connect(double, accountWith(double, 'plain'));
  expect((await failure(coder.removeMember(research.id, ann.id))).kind).toMatch(/forbidden/);
  expect((await failure(coder.getMember(research.id, ann.id))).kind).toBe('forbidden');
  expect(double.describe('ann').organizations).toHaveProperty('research');
});

test('roles are replaced by the list, and nothing but a list is ever sent', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  const ann = double.addUser('ann');
  const coder = connect(double);
  await coder.setMemberRoles(organization, ann.id, ['organization-auditor', 'organization-template-admin']);
  await expect(coder.setMemberRoles(organization, ann.id, undefined as never)).rejects.toThrow(TypeError);
  expect(double.describe('ann').organizations['coder']?.roles).toEqual([
    'organization-auditor',
    'organization-template-admin',
  ]);
  expect((await coder.setMemberRoles(organization, ann.id, [])).roles).toEqual([]);
});

test('what Coder refuses about members is told apart', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  const research = double.addOrganization('research');
  const ann = double.addUser('ann');
  const coder = connect(double);
  const admin = connect(double, accountWith(double, 'admin', ['user-admin']));
  const reason = async (call: Promise<unknown>) => (await failure(call)).reason;
  expect(await reason(coder.setMemberRoles(organization, ann.id, ['nope']))).toBe('role-unknown');
  expect(await reason(admin.setMemberRoles(organization, ann.id, ['organization-admin']))).toBe('role-not-assignable');
  expect(await reason(coder.setMemberRoles(organization, double.findUser('testuser').id, []))).toBe('own-account');
  double.setRoleSync({ field: 'roles' });
  expect(await reason(coder.setMemberRoles(organization, ann.id, []))).toBe('organization-role-sync');
  double.setOrganizationSync({ field: 'orgs' });
  expect(await reason(coder.addMember(research.id, ann.id))).toBe('organization-sync');
});

test('roles that every member has are stated, so that they are not taken for drift', async () => {
  const double = await startDouble();
  double.setDefaultMemberRoles(['organization-auditor']);
  expect((await connect(double).getOrganization('default'))?.impliedRoles).toEqual(['organization-auditor']);
});
