/** What tests do to Coder by hand, and what sign-ins do to people, seen through the API and by name. */
import { startCoderDouble, type CoderDouble } from '../support/coder-double';
import { talk } from './talk';

let double: CoderDouble;

beforeEach(async () => {
  double = await startCoderDouble();
});

afterEach(() => double.close());

const usernames = async (path: string): Promise<string[]> => {
  const { body } = await talk(double, 'GET', path);
  return (body as { users: { username: string }[] }).users.map(user => user.username);
};

test('changes by hand are what the API then says', async () => {
  double.addOrganization('research');
  double.addUser('ann', { name: 'Ann', status: 'active', roles: ['auditor'] });
  double.addGroup('eng', 'research');
  double.addToGroup('ann', 'eng', 'research');
  double.setOrganizationRoles('ann', ['organization-auditor'], 'research');
  double.suspend('ann');
  expect(double.describe('ann')).toMatchObject({
    status: 'suspended',
    siteRoles: ['auditor'],
    organizations: { coder: { roles: [], groups: [] }, research: { roles: ['organization-auditor'], groups: ['eng'] } },
  });
  const { body } = await talk(double, 'GET', '/api/v2/users/ann');
  expect(body).toMatchObject({ status: 'suspended', roles: [{ name: 'auditor' }] });
  double.removeMember('ann', 'research');
  expect(double.membersOf('eng', 'research')).toEqual([]);
  expect(Object.keys(double.describe('ann').organizations)).toEqual(['coder']);
});

test('lists stay in order of the username when people come, are renamed and go', async () => {
  for (const name of ['zed', 'Bob', 'ann', 'cat']) double.addUser(name);
  double.addGroup('eng');
  for (const name of ['zed', 'Bob', 'ann']) double.addToGroup(name, 'eng');
  double.renameUser('ann', 'yann');
  double.deleteUser('cat');
  expect(await usernames('/api/v2/users')).toEqual(['Bob', 'testuser', 'yann', 'zed']);
  expect(await usernames(`/api/v2/groups/${double.findGroup('eng').id}/members?limit=10`)).toEqual([
    'Bob',
    'yann',
    'zed',
  ]);
  expect(await usernames(`/api/v2/users?after_id=${double.findUser('Bob').id}&limit=2`)).toEqual(['testuser', 'yann']);
});

test.each([
  ['nn@exa', ['ann', 'zed']],
  ['ann@example.com', ['ann']],
  ['ANN@EXAMPLE.COM', ['ann']],
  ['_nn@example.com', ['ann']],
  ['ann@', ['ann', 'zed']],
  ['nobody@example.com', []],
  ['status:dormant ann@', ['ann', 'zed']],
])('free text %s finds %j', async (q, found) => {
  double.addUser('ann');
  double.addUser('bob');
  double.addUser('zed', { email: 'joann@exa.mple' });
  expect(await usernames(`/api/v2/users?q=${encodeURIComponent(q)}`)).toEqual(found);
});

test('organization, group and role sync at sign-in, and a session that works', async () => {
  double.addOrganization('research');
  double.addUser('ann');
  double.addGroup('eng', 'research');
  double.addGroup('by-hand');
  double.addToGroup('ann', 'by-hand');
  double.setOrganizationSync({
    field: 'orgs',
    mapping: { r: [double.findOrganization('research').id] },
    assignDefault: true,
  });
  double.setGroupSync({ field: 'groups' }, 'research');
  double.setRoleSync({ field: 'roles', mapping: { boss: ['organization-admin'] } }, 'research');
  const claims = {
    email: 'ann@example.com',
    email_verified: true,
    sub: '1',
    orgs: ['r'],
    groups: ['eng', 'none'],
    roles: ['boss'],
  };
  const { signedIn, token = '' } = double.oidcLogin(claims);
  expect(signedIn).toBe(true);
  expect((await talk({ url: double.url, token }, 'GET', '/api/v2/users/me')).body).toMatchObject({
    username: 'ann',
    status: 'active',
  });
  expect(double.describe('ann').organizations).toEqual({
    coder: { roles: [], groups: ['by-hand'] },
    research: { roles: ['organization-admin'], groups: ['eng'] },
  });
});

test('a default role of an organization that the caller may not assign blocks adding members', async () => {
  double.addOrganization('research');
  double.addUser('ann');
  double.addUser('bridge', { isServiceAccount: true, roles: ['user-admin'] });
  double.setDefaultMemberRoles(['organization-auditor'], 'research');
  const bridge = { url: double.url, token: double.issueToken('bridge') };
  const path = `/api/v2/organizations/${double.findOrganization('research').id}/members/ann`;
  expect((await talk(bridge, 'POST', path)).status).toBe(500);
  expect((await talk(double, 'POST', path)).status).toBe(200);
});

test('every second of overlapping writes to a group is lost, and the same call lands when it comes alone', async () => {
  const group = double.addGroup('eng');
  const ids = Array.from({ length: 8 }, (_, index) => double.addUser(`u${index}`).id);
  double.faults.gather(ids.length, { method: 'PATCH' });
  const answers = await Promise.all(
    ids.map(id => talk(double, 'PATCH', `/api/v2/groups/${group.id}`, { add_users: [id] })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
  expect(double.membersOf('eng')).toHaveLength(4);
  for (const id of ids.filter(each => !group.members.has(double.findUser(each)))) {
    expect((await talk(double, 'PATCH', `/api/v2/groups/${group.id}`, { add_users: [id] })).status).toBe(200);
  }
});

test('workspaces by hand are what lists say, hold an account back, and are stopped by the executor', async () => {
  double.addOrganization('research');
  double.addUser('ann', { status: 'active', organizations: ['coder', 'research'] });
  double.addWorkspace('ann', 'dev');
  double.addWorkspace('ann', 'lab', { organization: 'research' });
  double.addWorkspace('ann', 'idle', { stopped: true });
  double.addWorkspace('ann', 'old', { dormant: true });
  const listed = async () => {
    const { body } = await talk(double, 'GET', '/api/v2/workspaces?q=owner:ann');
    const { workspaces } = body as { workspaces: { name: string; latest_build: { status: string } }[] };
    return Object.fromEntries(workspaces.map(({ name, latest_build: { status } }) => [name, status]));
  };
  expect(await listed()).toEqual({ dev: 'running', lab: 'running', idle: 'stopped', old: 'running' });
  expect((await talk(double, 'DELETE', '/api/v2/users/ann')).status).toBe(417);

  double.suspend('ann');
  double.removeMember('ann', 'research');
  expect(Object.values(double.runLifecycle())).toEqual(['stop', 'stop']);
  expect(await listed()).toEqual({ dev: 'stopped', lab: 'stopped', idle: 'stopped', old: 'running' });
  expect(double.workspacesOf('ann')).toContainEqual({
    name: 'lab',
    organization: 'research',
    status: 'stopped',
    dormant: false,
    reason: 'autostop',
    initiator: 'ann',
  });

  for (const name of ['dev', 'lab', 'idle', 'old']) double.deleteWorkspace('ann', name);
  expect((await talk(double, 'DELETE', '/api/v2/users/ann')).status).toBe(200);
});

test('who never signed in is found, whatever the status, until somebody uses the account', async () => {
  double.addUser('ann');
  double.addUser('bob', { status: 'active' });
  double.addUser('bot', { isServiceAccount: true });
  const never = `/api/v2/users?q=${encodeURIComponent('last_seen_before:"0002-01-01T00:00:00Z" login_type:oidc')}`;
  expect(await usernames(never)).toEqual(['ann', 'bob']);
  double.oidcLogin({ email: 'ann@example.com', email_verified: true, sub: '1' });
  expect(await usernames(never)).toEqual(['bob']);
});

test('the members of a large group are told in the audit log by who came and went', async () => {
  const { id } = double.addGroup('all');
  for (let index = 0; index < 1_001; index += 1) double.addToGroup(double.addUser(`u${index}`).id, 'all');
  const gone = double.findUser('u5').id;
  await talk(double, 'PATCH', `/api/v2/groups/${id}`, { remove_users: [gone] });
  const { body } = await talk(double, 'GET', `/api/v2/audit?limit=1&q=resource_id:${id}`);
  expect(body).toMatchObject({
    audit_logs: [{ diff: { members: { old: [{ group_id: id, user_id: gone }], new: [] } } }],
  });
});
