import { PREBUILDS_USER_ID } from '../../bridge/coder/names';
import { searchText } from '../../bridge/coder/users';
import { VERSIONS, accountWith, connect, failure, gather, startDouble } from './on-double';
import { answerJson, startScriptedServer } from './scripted-server';

const nobody = '00000000-1111-4222-8333-444444444444';

describe.each(VERSIONS)('accounts on Coder %s', version => {
  test('are all listed, in pages, service accounts too, deleted ones not', async () => {
    const double = await startDouble({ version });
    for (let user = 0; user < 1_130; user += 1) double.addUser(`u${user}`);
    double.deleteUser('u7');
    const names = (await gather(connect(double).listUsers())).map(user => user.username);
    expect(names).toHaveLength(1_130);
    expect(new Set(names).size).toBe(1_130);
    expect(names).toContain('testuser');
    expect(names).not.toContain('u7');
    expect(double.calls.count({ path: /users$/ })).toBe(3);
  });

  test('are all listed when the last one of a page is deleted meanwhile', async () => {
    const double = await startDouble({ version });
    for (let user = 0; user < 1_250; user += 1) double.addUser(`u${String(user).padStart(4, '0')}`);
    const names: string[] = [];
    for await (const user of connect(double).listUsers()) {
      names.push(user.username);
      // The five hundredth row is where the next page would go on.
      if (names.length === 500) double.deleteUser(user.username);
    }
    expect(new Set(names).size).toBe(names.length);
    for (let user = 0; user < 1_250; user += 1) expect(names).toContain(`u${String(user).padStart(4, '0')}`);
  });

  test('are found by e-mail without case and exactly, whatever Coder’s search thinks matches', async () => {
    const double = await startDouble({ version });
    double.addUser('under', { email: 'a_b@example.com' });
    double.addUser('other', { email: 'axb@example.com' });
    double.addUser('longer', { email: 'xa_b@example.com' });
    double.addUser('percent', { email: 'a%b@example.com' });
    double.addUser('plus', { email: 'A.B+c@Example.COM' });
    double.addUser('quoted', { email: '"quoted x"@example.com' });
    double.addUser('wide', { email: 'ünï@example.com' });
    const coder = connect(double);
    const find = async (email: string) => (await coder.findUserByEmail(email))?.username;
    expect(await find('a_b@example.com')).toBe('under');
    expect(await find('a%b@example.com')).toBe('percent');
    expect(await find('a.b+C@example.com')).toBe('plus');
    expect(await find('"quoted x"@example.com')).toBe('quoted');
    expect(await find('ünï@EXAMPLE.com')).toBe('wide');
    expect(await find('b@example.com')).toBeUndefined();
    expect(await find('status:active')).toBeUndefined();
    expect(await find('%')).toBeUndefined();
  });

  test('are found by e-mail on a later page of matches', async () => {
    const double = await startDouble({ version });
    for (let user = 0; user < 620; user += 1) double.addUser(`a${user}`, { email: `x${user}sam@example.com` });
    double.addUser('zzz', { email: 'sam@example.com' });
    expect((await connect(double).findUserByEmail('sam@example.com'))?.username).toBe('zzz');
  });

  test('have a status and a login type and site roles in the bridge’s words', async () => {
    const double = await startDouble({ version });
    double.addUser('ann', { name: 'Ann', roles: ['auditor'], status: 'suspended' });
    expect(await connect(double).findUserByUsername('ANN')).toMatchObject({
      username: 'ann',
      name: 'Ann',
      email: 'ann@example.com',
      status: 'suspended',
      loginType: 'oidc',
      serviceAccount: false,
      roles: ['auditor'],
      organizationIds: [double.findOrganization().id],
    });
  });

  test('a deleted account is told apart by its id, and so is one in no organization', async () => {
    const double = await startDouble({ version });
    const ann = double.addUser('ann');
    const bob = double.addUser('bob', { organizations: [] });
    const cat = double.addUser('cat');
    const gone = double.addUser('gone');
    double.deleteUser('ann');
    double.deleteUser('gone');
    double.addUser('gone');
    const coder = connect(double);
    const state = async (id: string) => (await coder.getUser(id)).state;
    expect(await state(ann.id)).toBe('deleted');
    expect(await state(gone.id)).toBe('deleted');
    expect(await state(bob.id)).toBe('present');
    expect(await state(cat.id)).toBe('present');
    expect(await state(nobody)).toBe('absent');
    double.calls.reset();
    await coder.getUser(cat.id);
    expect(double.calls.count()).toBe(1);
  });

  test('names that Coder reads otherwise are never looked up', async () => {
    const double = await startDouble({ version });
    const coder = connect(double);
    expect(await coder.findUserByUsername('me')).toBeUndefined();
    expect(await coder.findUserByUsername(nobody)).toBeUndefined();
    expect(await coder.findUserByUsername(PREBUILDS_USER_ID.replaceAll('-', ''))).toBeUndefined();
    expect(double.calls.count()).toBe(0);
    await expect(coder.getUser('me')).rejects.toThrow(TypeError);
  });
});

test.each([true, false])(
  'while Coder is upgraded, and the old version answers the search of the new one, somebody is found by e-mail, or is not there (%s)',
  async isThere => {
    const email = 'ann@example.com';
    const ann = { id: nobody, username: 'ann', email, status: 'active', organization_ids: [nobody], roles: [] };
    const asked: (string | null)[] = [];
    const server = await startScriptedServer(({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://coder');
      const answer = (status: number, body: object): void =>
        answerJson(response, status, body, { 'x-coder-build-version': 'v2.37.0' });
      if (pathname.endsWith('/roles')) return answer(200, { roles: ['owner'] });
      if (!pathname.endsWith('/users')) return answer(200, { version: 'v2.37.0' });
      const q = searchParams.get('q');
      asked.push(q);
      if (q?.includes(':') === true) return answer(400, { message: 'Invalid user search query.' });
      return answer(200, isThere ? { users: [ann], count: 1 } : { users: [], count: 0 });
    });
    const coder = connect(server);
    expect((await coder.findUserByEmail(email))?.username).toBe(isThere ? 'ann' : undefined);
    expect(asked).toEqual([`email:${email}`, email]);
    await coder.close();
    await server.close();
  },
);

describe('absence', () => {
  test('is not believed from an account that sees only itself', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    const coder = connect(double, accountWith(double, 'plain'));
    for (const call of [
      () => coder.findUserByEmail('ann@example.com'),
      () => coder.findUserByUsername('ann'),
      () => coder.getUser(ann.id),
      () => gather(coder.listUsers()),
    ]) {
      const error = await failure(call());
      expect(error).toMatchObject({ kind: 'forbidden', retryable: false });
      expect(error.message).toContain('user-admin');
    }
  });

  test('is believed from a user-admin, whose rights are looked at once', async () => {
    const double = await startDouble();
    const coder = connect(double, accountWith(double, 'admin', ['user-admin']));
    for (let look = 0; look < 5; look += 1) expect(await coder.findUserByUsername(`none${look}`)).toBeUndefined();
    expect(double.calls.count({ path: /me\/roles/ })).toBe(1);
  });

  test('of an account that was there is believed with rights that were looked at after it', async () => {
    const double = await startDouble();
    const { id } = double.addUser('ann');
    const coder = connect(double, accountWith(double, 'admin', ['user-admin']));
    expect(await coder.findUserByUsername('nobody')).toBeUndefined();
    double.setSiteRoles('admin', []);
    for (const call of [
      () => coder.getUser(id),
      () => gather(coder.listUsers()),
      () => coder.findUserByEmail('ann@example.com', true),
    ]) {
      expect(await failure(call())).toMatchObject({ kind: 'forbidden' });
      // A look a moment ago, from before it lost them.
      double.setSiteRoles('admin', ['user-admin']);
      expect(await coder.findUserByUsername('nobody')).toBeUndefined();
      double.setSiteRoles('admin', []);
    }
    double.setSiteRoles('admin', ['user-admin']);
    double.deleteUser('ann');
    expect(await coder.getUser(id)).toMatchObject({ state: 'deleted' });
  });
});

describe('creating', () => {
  const person = { email: 'ann@example.com', username: 'ann', name: 'Ann', organizationIds: [] as string[] };

  test('makes a dormant OIDC account in one call', async () => {
    const double = await startDouble();
    const organizationIds = [double.findOrganization().id];
    const made = await connect(double).createUser({ ...person, organizationIds });
    expect(made).toMatchObject({ outcome: 'created', user: { username: 'ann', status: 'dormant' } });
    expect(double.describe('ann')).toMatchObject({ email: 'ann@example.com', name: 'Ann', loginType: 'oidc' });
    expect(double.calls.count()).toBe(1);
  });

  test('eight times at once makes one account, and everybody learns which', async () => {
    const double = await startDouble();
    double.faults.gather(8, { method: 'POST', path: '/users$' });
    const coder = connect(double);
    const organizationIds = [double.findOrganization().id];
    const made = await Promise.all(Array.from({ length: 8 }, () => coder.createUser({ ...person, organizationIds })));
    expect(new Set(made.map(({ user }) => user.id)).size).toBe(1);
    expect(double.calls.all({ method: 'POST' }).some(call => call.status === 500)).toBe(true);
  });

  test.each([
    ['answered with 500 although it was done', 'failAfterDoing'],
    ['cut off although it was done', 'dropConnection'],
  ] as const)('%s: is found, not repeated', async (_name, fault) => {
    const double = await startDouble();
    double.faults[fault](
      { method: 'POST', path: /users$/ },
      { times: 1, ...(fault === 'dropConnection' && { afterDoing: true }) },
    );
    const made = await connect(double).createUser({ ...person, organizationIds: [double.findOrganization().id] });
    expect(made).toMatchObject({ outcome: 'created', user: { username: 'ann' } });
    expect(double.calls.count({ method: 'POST' })).toBe(1);
  });

  test('an e-mail in use by somebody gives that account back as existing', async () => {
    const double = await startDouble();
    const stranger = double.addUser('stranger', { email: 'ANN@example.com', loginType: 'password' });
    const made = await connect(double).createUser({ ...person, organizationIds: [double.findOrganization().id] });
    expect(made).toMatchObject({ outcome: 'existed', user: { id: stranger.id, loginType: 'password' } });
  });

  test('a username in use is a refusal that says which', async () => {
    const double = await startDouble();
    double.addUser('Ann', { email: 'other@example.com' });
    const error = await failure(
      connect(double).createUser({ ...person, organizationIds: [double.findOrganization().id] }),
    );
    expect(error).toMatchObject({ kind: 'refused', reason: 'username-taken', retryable: false });
  });

  test.each([
    ['e-mail', { email: 'nope' }, 'email-invalid'],
    ['username', { username: 'a.b' }, 'username-invalid'],
    ['name', { name: ' n' }, 'name-invalid'],
    ['organization', { organizationIds: [] }, 'no-organization'],
    ['organization that is not there', { organizationIds: [nobody] }, 'no-organization'],
  ])('a bad %s is a refusal with a reason', async (_name, change, reason) => {
    const double = await startDouble();
    const organizationIds = [double.findOrganization().id];
    const error = await failure(connect(double).createUser({ ...person, organizationIds, ...change }));
    expect(error).toMatchObject({ kind: 'refused', reason, retryable: false });
  });

  test('without OIDC on the server it says so', async () => {
    const double = await startDouble({ oidc: false });
    const organizationIds = [double.findOrganization().id];
    expect(await failure(connect(double).createUser({ ...person, organizationIds }))).toMatchObject({
      reason: 'oidc-not-configured',
    });
  });
});

describe('changing', () => {
  test('site roles are replaced by the list, and nothing but a list is ever sent', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann', { roles: ['auditor'] });
    const coder = connect(double);
    await expect(coder.setSiteRoles(ann.id, undefined as never)).rejects.toThrow('wanted the full list');
    await expect(coder.setSiteRoles(ann.id, null as never)).rejects.toThrow(TypeError);
    expect(double.describe('ann').siteRoles).toEqual(['auditor']);
    expect((await coder.setSiteRoles(ann.id, ['template-admin'])).roles).toEqual(['template-admin']);
    await coder.setSiteRoles(ann.id, []);
    expect(double.describe('ann').siteRoles).toEqual([]);
    expect(await coder.getRoles(ann.id)).toEqual({
      site: [],
      organizations: new Map([[double.findOrganization().id, []]]),
    });
  });

  test('a role beyond the account’s rights, an unknown one, one’s own, and role sync are told apart', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    const coder = connect(double);
    const admin = connect(double, accountWith(double, 'admin', ['user-admin']));
    const reason = async (call: Promise<unknown>) => (await failure(call)).reason;
    expect(await reason(admin.setSiteRoles(ann.id, ['auditor']))).toBe('role-not-assignable');
    expect(await reason(coder.setSiteRoles(ann.id, ['nope']))).toBe('role-unknown');
    expect(await reason(coder.setSiteRoles(double.findUser('testuser').id, []))).toBe('own-account');
    const synced = await startDouble({ oidcUserRoleField: 'roles' });
    const bob = synced.addUser('bob');
    expect(await reason(connect(synced).setSiteRoles(bob.id, []))).toBe('site-role-sync');
  });

  test('an owner is suspended only after the role is gone', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann', { roles: ['owner'] });
    const coder = connect(double);
    expect(await failure(coder.suspend(ann.id))).toMatchObject({ reason: 'owner-role-first', retryable: true });
    await coder.setSiteRoles(ann.id, []);
    expect((await coder.suspend(ann.id)).status).toBe('suspended');
    expect(await failure(coder.suspend(double.findUser('testuser').id))).toMatchObject({ reason: 'own-account' });
  });

  test('activating takes no seat for one who never signed in', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann', { status: 'dormant' });
    const coder = connect(double);
    expect(await coder.activate(ann)).toBeUndefined();
    expect(double.calls.count()).toBe(0);
    double.suspend('ann');
    expect(await coder.activate({ id: ann.id, status: 'suspended' })).toMatchObject({ id: ann.id, status: 'active' });
    expect(double.describe('ann').status).toBe('active');
  });

  test('a profile keeps what it does not change', async () => {
    const double = await startDouble();
    double.addUser('ann', { loginType: 'password', name: 'Ann' });
    const avatar_url = 'https://example.com/a.png';
    const user = double.findUser('ann');
    Object.assign(user, { avatarUrl: avatar_url });
    const coder = connect(double);
    const found = await coder.getUser(user.id);
    if (found.state !== 'present') throw new Error('wanted ann');
    const changed = await coder.setProfile(found.user, { username: 'ann-2', name: 'Ann Lee' });
    expect(changed).toMatchObject({ username: 'ann-2', name: 'Ann Lee', avatarUrl: found.user.avatarUrl });
    double.addUser('bob');
    expect(await failure(coder.setProfile(found.user, { username: 'BOB', name: '' }))).toMatchObject({
      reason: 'username-taken',
    });
  });

  test('deleting can be repeated', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    const coder = connect(double);
    await coder.deleteUser(ann.id);
    await coder.deleteUser(ann.id);
    expect((await coder.getUser(ann.id)).state).toBe('deleted');
  });

  test('an account with workspaces is not deleted, and the refusal says so', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    const message = 'You cannot delete a user that has workspaces. Delete their workspaces and try again!';
    double.faults.add({ kind: 'fail', status: 417, message, match: { method: 'DELETE' } });
    expect(await failure(connect(double).deleteUser(ann.id))).toMatchObject({
      kind: 'refused',
      reason: 'has-workspaces',
      status: 417,
      retryable: false,
    });
  });
});

test.each([
  ['ann@example.com', 'ann@example.com'],
  ['Ann@Example.com', 'ann@example.com'],
  ['"a b"@example.com', '@example.com'],
  ['status:active', 'status'],
  ['ünï@example.com', '@example.com'],
  ['a\\b@example.com', 'b@example.com'],
])('the search for %s asks for %s', (email, expected) => {
  expect(searchText(email)).toBe(expected);
});
