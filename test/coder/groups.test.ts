import { VERSIONS, accountWith, connect, failure, gather, startDouble } from './on-double';

const nobody = '00000000-1111-4222-8333-444444444444';

test('what was there is gone only by rights that were looked at after it', async () => {
  const double = await startDouble();
  // Of its own organization an account sees the groups in any case.
  const organization = double.addOrganization('lab').id;
  const eng = double.addGroup('eng', 'lab');
  const coder = connect(double, accountWith(double, 'admin', ['user-admin']));
  for (const call of [
    () => coder.getGroup(eng.id),
    () => coder.getGroupByName(organization, 'eng', true),
    () => coder.deleteGroup(eng.id),
  ]) {
    // A look a moment ago, from before it lost them.
    double.setSiteRoles('admin', ['user-admin']);
    expect(await coder.getGroupByName(organization, 'nobody')).toBeUndefined();
    double.setSiteRoles('admin', []);
    expect(await failure(call())).toMatchObject({ kind: 'forbidden' });
  }
});

describe.each(VERSIONS)('groups on Coder %s', version => {
  test('are created once and found by name with its case, and by id', async () => {
    const double = await startDouble({ version });
    const organization = double.findOrganization().id;
    const coder = connect(double);
    const made = await coder.createGroup(organization, { name: 'eng', displayName: 'Engineering' });
    expect(made).toMatchObject({
      outcome: 'created',
      group: { name: 'eng', displayName: 'Engineering', memberCount: 0 },
    });
    expect(await coder.createGroup(organization, { name: 'eng' })).toMatchObject({
      outcome: 'existed',
      group: { id: made.group.id },
    });
    expect(await coder.createGroup(organization, { name: 'ENG' })).toMatchObject({ outcome: 'created' });
    expect((await coder.getGroupByName(organization, 'eng'))?.id).toBe(made.group.id);
    expect(await coder.getGroupByName(organization, 'Eng')).toBeUndefined();
    expect((await coder.getGroup(made.group.id))?.name).toBe('eng');
    expect(await coder.getGroup(nobody)).toBeUndefined();
    expect((await coder.allGroups(organization)).map(group => group.name).sort()).toEqual(['ENG', 'eng']);
  });

  test('members are listed whole, and one is looked for by itself', async () => {
    const double = await startDouble({ version });
    const eng = double.addGroup('eng');
    const users = Array.from({ length: 1_203 }, (_, index) => double.addUser(`u${index}`));
    for (const user of users) double.addToGroup(user.username, 'eng');
    const coder = connect(double);
    const members = await gather(coder.listGroupMembers(eng.id));
    expect(new Set(members.map(member => member.id))).toEqual(new Set(users.map(user => user.id)));
    const outsider = double.addUser('u');
    expect(await coder.isGroupMember(eng.id, { id: users[1]?.id ?? '', username: 'u1' })).toBe(true);
    expect(await coder.isGroupMember(eng.id, outsider)).toBe(false);
  });

  test('all changes go in one call, and nothing to change is no call', async () => {
    const double = await startDouble({ version });
    const eng = double.addGroup('eng');
    const [ann, bob, cat] = ['ann', 'bob', 'cat'].map(name => double.addUser(name));
    double.addToGroup('cat', 'eng');
    const coder = connect(double);
    const group = await coder.patchGroup(eng.id, {
      addUsers: [ann?.id ?? '', bob?.id ?? '', ann?.id ?? ''],
      removeUsers: [cat?.id ?? ''],
      name: 'engineering',
      displayName: 'E!',
    });
    expect(group).toEqual({ memberCount: 2 });
    const after = await coder.getGroup(eng.id);
    expect(after).toMatchObject({ name: 'engineering', displayName: 'E!', memberCount: 2 });
    expect((await gather(coder.listGroupMembers(eng.id))).map(member => member.username).sort()).toEqual([
      'ann',
      'bob',
    ]);
    expect(double.calls.countWrites()).toBe(1);
    expect(await coder.patchGroup(eng.id, { addUsers: [], removeUsers: [] })).toBeUndefined();
    expect(double.calls.countWrites()).toBe(1);
  });

  test('deleting can be repeated', async () => {
    const double = await startDouble({ version });
    const eng = double.addGroup('eng');
    const coder = connect(double);
    expect(await coder.deleteGroup(eng.id)).toBe('deleted');
    expect(await coder.deleteGroup(eng.id)).toBe('absent');
  });
});

test('a group is read without its members where the server can do that', async () => {
  const double = await startDouble();
  const eng = double.addGroup('eng');
  double.addUser('ann');
  double.addToGroup('ann', 'eng');
  expect(await connect(double).getGroup(eng.id)).toMatchObject({ members: [], memberCount: 1 });
  expect(double.calls.all({ path: /groups/ }).map(call => call.query)).toEqual(['exclude_members=true']);
});

test('looking for one member costs one call, whatever the size of the group', async () => {
  const double = await startDouble();
  const eng = double.addGroup('eng');
  for (let user = 0; user < 500; user += 1) {
    double.addUser(`person${user}`);
    double.addToGroup(`person${user}`, 'eng');
  }
  const coder = connect(double);
  await coder.capabilities();
  double.calls.reset();
  expect(await coder.isGroupMember(eng.id, double.findUser('person77'))).toBe(true);
  expect(double.calls.count()).toBe(1);
});

test('what Coder refuses about members is told apart, and says whether reading again helps', async () => {
  const double = await startDouble();
  double.addOrganization('research');
  const eng = double.addGroup('eng');
  const taken = double.addGroup('taken');
  const ann = double.addUser('ann');
  const outsider = double.addUser('outsider', { organizations: ['research'] });
  double.addToGroup('ann', 'eng');
  const coder = connect(double);
  const refusal = async (change: Parameters<typeof coder.patchGroup>[1], group = eng.id) => {
    const { reason, retryable } = await failure(coder.patchGroup(group, change));
    return [reason, retryable];
  };
  expect(await refusal({ addUsers: [ann.id] })).toEqual(['already-member', true]);
  expect(await refusal({ addUsers: [outsider.id] })).toEqual(['not-in-organization', true]);
  expect(await refusal({ removeUsers: [outsider.id] })).toEqual(['not-in-organization', true]);
  expect(await refusal({ addUsers: ['ann'] })).toEqual(['invalid-id', false]);
  expect(await refusal({ name: taken.name })).toEqual(['group-exists', true]);
  expect(await refusal({ name: 'Everyone' })).toEqual(['group-name-invalid', false]);
  expect(await refusal({ name: 'a b' })).toEqual(['group-name-invalid', false]);
  expect(await refusal({ displayName: ' x' })).toEqual(['display-name-invalid', false]);
  expect(await refusal({ name: 'all' }, eng.organization.id)).toEqual(['everyone-group', false]);
  expect((await failure(coder.patchGroup(eng.organization.id, { addUsers: [ann.id] }))).kind).toBe('forbidden');
  await expect(coder.patchGroup(eng.id, { addUsers: [ann.id], removeUsers: [ann.id] })).rejects.toThrow(TypeError);
});

test('changes of one group at the same time fail as a concurrent change or an existing member', async () => {
  const double = await startDouble();
  double.faults.gather(8, { method: 'PATCH' });
  const eng = double.addGroup('eng');
  const users = Array.from({ length: 8 }, (_, index) => double.addUser(`u${index}`));
  const coder = connect(double);
  const results = await Promise.allSettled(users.map(user => coder.patchGroup(eng.id, { addUsers: [user.id] })));
  const errors = results.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) expect(error).toMatchObject({ reason: 'concurrent-change', retryable: true });
});

test('a change that was answered with 500 is not repeated', async () => {
  const double = await startDouble();
  const eng = double.addGroup('eng');
  const ann = double.addUser('ann');
  double.faults.failAfterDoing({ method: 'PATCH' }, { times: 1 });
  const error = await failure(connect(double).patchGroup(eng.id, { addUsers: [ann.id] }));
  expect(error).toMatchObject({ kind: 'failed', maybeDone: true, retryable: true });
  expect(double.calls.countWrites()).toBe(1);
  expect(double.membersOf('eng')).toEqual(['ann']);
});

test('a group that was made although the answer was lost is found', async () => {
  const double = await startDouble();
  double.faults.failAfterDoing({ method: 'POST', path: /groups$/ }, { times: 1 });
  const made = await connect(double).createGroup(double.findOrganization().id, { name: 'eng' });
  expect(made).toMatchObject({ outcome: 'existed', group: { name: 'eng' } });
  expect(double.calls.countWrites()).toBe(1);
});

test('a creation of which neither the answer nor a look tells what became may have been done', async () => {
  const double = await startDouble();
  const organization = double.findOrganization().id;
  double.faults.failAfterDoing({ method: 'POST' });
  double.faults.fail(500, { path: /groups\/|roles$|\/users/ });
  const coder = connect(double);
  const role = {
    name: 'reader',
    displayName: 'Reader',
    permissions: [{ resourceType: 'template', action: 'read', negate: false }],
  };
  const making = [
    coder.createGroup(organization, { name: 'eng' }),
    coder.createCustomRole(organization, role),
    coder.createUser({ email: 'ann@example.com', username: 'ann', name: '', organizationIds: [organization] }),
  ];
  for (const error of await Promise.all(making.map(failure)))
    expect(error).toMatchObject({ status: 500, retryable: true, maybeDone: true });
  expect(double.calls.countWrites()).toBe(3);
  expect(double.membersOf('eng')).toEqual([]);
});

test('without a licence it says so', async () => {
  const double = await startDouble({ licence: false });
  const organization = double.findOrganization().id;
  const coder = connect(double);
  expect(await failure(coder.createGroup(organization, { name: 'g' }))).toMatchObject({
    kind: 'licence',
    retryable: false,
  });
  expect((await failure(coder.allGroups(organization))).kind).toBe('licence');
  expect((await coder.getEntitlements()).enabled.has('template_rbac')).toBe(false);
});

test.each(VERSIONS)(
  'members that are hidden from the account are an error on %s, not an empty group',
  async version => {
    const double = await startDouble({ version });
    const eng = double.addGroup('eng');
    const ann = double.addUser('ann');
    double.addToGroup('ann', 'eng');
    const coder = connect(double, accountWith(double, 'plain'));
    for (const call of [
      () => gather(coder.listGroupMembers(eng.id)),
      () => coder.isGroupMember(eng.id, ann),
      () => coder.allGroups(eng.organization.id),
      () => gather(coder.listMembers(eng.organization.id)),
    ]) {
      expect((await failure(call())).kind).toMatch(/^(forbidden|incomplete_listing)$/);
    }
  },
);
