/** Workspaces of people as the client reads and stops them, on a Coder double. */
import { mayRun, WORKSPACE_PERMISSIONS, workspaceRights } from '../../bridge/coder';
import { accountWith, connect, failure, startDouble } from './on-double';

it('lists what a person has, and nothing of others', async () => {
  const double = await startDouble();
  const ann = double.addUser('ann');
  double.addUser('anna');
  double.addWorkspace('ann', 'dev');
  double.addWorkspace('ann', 'asleep', { dormant: true });
  double.addWorkspace('anna', 'other');
  const { workspaces, hidden } = await connect(double).listWorkspaces(ann);
  expect(workspaces.map(({ name, dormant, organizationName }) => [name, dormant, organizationName])).toEqual([
    ['asleep', true, 'coder'],
    ['dev', false, 'coder'],
  ]);
  expect(hidden).toBe(0);
});

it('reads more than a page', async () => {
  const double = await startDouble();
  const ann = double.addUser('ann');
  for (let number = 0; number < 205; number += 1) double.addWorkspace('ann', `w${number}`);
  double.calls.reset();
  expect((await connect(double).listWorkspaces(ann)).workspaces).toHaveLength(205);
  expect(double.calls.count({ path: '/workspaces$' })).toBe(3);
});

it('tells those that Coder counts and does not show', async () => {
  const double = await startDouble();
  const ann = double.addUser('ann');
  double.addTemplate('closed', 'coder', false);
  double.addWorkspace('ann', 'dev');
  double.addCustomRole('reader', 'coder', [{ negate: false, resource_type: 'workspace', action: 'read' }]);
  const token = accountWith(double, 'bridge', ['user-admin']);
  double.setOrganizationRoles('bridge', ['reader']);
  expect(await connect(double, token).listWorkspaces(ann)).toEqual({ workspaces: [], hidden: 1 });
});

it('does not take the workspaces of another account that has the username by now', async () => {
  const double = await startDouble();
  const ann = double.addUser('ann');
  const before = { id: ann.id, username: ann.username };
  double.renameUser('ann', 'ann-old');
  double.addUser('ann', { email: 'other@example.com' });
  double.addWorkspace('ann', 'dev');
  expect((await connect(double).listWorkspaces(before)).workspaces).toEqual([]);
});

it('does not ask for the workspaces of "me"', async () => {
  const double = await startDouble();
  const me = double.addUser('me');
  expect(await failure(connect(double).listWorkspaces(me))).toMatchObject({ kind: 'unsupported' });
});

it('stops what runs, and makes no build for what is stopped', async () => {
  const double = await startDouble();
  const client = connect(double);
  const ann = double.addUser('ann');
  double.addWorkspace('ann', 'dev');
  double.addWorkspace('ann', 'old', { stopped: true });
  double.calls.reset();
  const { workspaces } = await client.listWorkspaces(ann);
  expect(await Promise.all(workspaces.map(workspace => client.stopWorkspace(workspace)))).toEqual([
    'stopping',
    'unchanged',
  ]);
  expect(double.calls.countWrites()).toBe(1);
  expect(double.workspacesOf('ann').map(({ status }) => status)).toEqual(['stopped', 'stopped']);
});

it.each([
  ['start', 'running', true],
  ['start', 'pending', true],
  ['start', 'failed', true],
  ['start', 'canceled', true],
  ['stop', 'stopped', false],
  ['stop', 'stopping', false],
  ['stop', 'pending', false],
  ['stop', 'failed', true],
  ['stop', 'canceled', true],
  ['delete', 'deleting', false],
  ['delete', 'failed', true],
])('after a %s that is %s it may run: %s', (transition, status, runs) => {
  expect(mayRun({ build: { transition, status } })).toBe(runs);
});

describe('a stop that is refused', () => {
  it('is forbidden to who may only read', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    double.addWorkspace('ann', 'dev');
    const client = connect(double, accountWith(double, 'bridge', ['template-admin']));
    const [workspace] = (await client.listWorkspaces(ann)).workspaces;
    if (workspace === undefined) throw new Error('a template admin sees workspaces');
    expect(await failure(client.stopWorkspace(workspace))).toMatchObject({ kind: 'forbidden', status: 403 });
  });

  it('for a hidden template is a missing right and no failure of Coder', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    double.addTemplate('closed', 'coder', false);
    double.addWorkspace('ann', 'dev');
    const [workspace] = (await connect(double).listWorkspaces(ann)).workspaces;
    if (workspace === undefined) throw new Error('an owner sees workspaces');
    double.addCustomRole('stopper', 'coder', [
      { negate: false, resource_type: 'workspace', action: 'read' },
      { negate: false, resource_type: 'workspace', action: 'stop' },
    ]);
    const token = accountWith(double, 'bridge', ['user-admin']);
    double.setOrganizationRoles('bridge', ['stopper']);
    expect(await failure(connect(double, token).stopWorkspace(workspace))).toMatchObject({
      kind: 'forbidden',
      retryable: false,
      message: expect.stringMatching(/template: read/) as string,
    });
  });

  it('to who may not see it is told apart from a failure', async () => {
    const double = await startDouble();
    const ann = double.addUser('ann');
    double.addWorkspace('ann', 'dev');
    const [workspace] = (await connect(double).listWorkspaces(ann)).workspaces;
    if (workspace === undefined) throw new Error('an owner sees workspaces');
    const client = connect(double, accountWith(double, 'bridge', ['user-admin']));
    expect(await failure(client.stopWorkspace(workspace))).toMatchObject({ kind: 'not_found_or_forbidden' });
  });
});

describe('what an account lacks to stop workspaces', () => {
  const missing = (site: string[], here: string[], permissions: string[] = []): readonly string[] | undefined =>
    workspaceRights(
      { site, organizations: new Map([['lab', here]]) },
      ['lab'],
      new Map([['lab', [roleOf(permissions)]]]),
    ).get('lab');
  const roleOf = (permissions: string[]) => ({
    name: 'custom',
    displayName: '',
    assignable: false,
    builtIn: false,
    permissions: permissions.map(permission => {
      const [resourceType = '', action = ''] = permission.split(': ');
      return { resourceType, action, negate: false };
    }),
  });

  it.each<[string, string[], string[], string[], readonly string[]]>([
    ['owner', ['owner'], [], [], []],
    ['organization-admin', ['user-admin'], ['organization-admin'], [], []],
    ['user-admin', ['user-admin'], [], [], WORKSPACE_PERMISSIONS],
    ['auditor', ['auditor'], [], [], WORKSPACE_PERMISSIONS],
    ['template-admin', ['template-admin'], [], [], ['workspace: stop', 'workspace_dormant: stop']],
    [
      'a custom role that is held',
      ['user-admin'],
      ['custom'],
      ['workspace: read', 'workspace: stop', 'template: read'],
      ['workspace_dormant: read', 'workspace_dormant: stop'],
    ],
    ['a custom role that is not held', ['user-admin'], [], ['workspace: read'], WORKSPACE_PERMISSIONS],
  ])('%s', (_, site, here, permissions, lacking) => {
    expect(missing(site, here, permissions)).toEqual(lacking);
  });
});
