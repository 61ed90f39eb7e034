/** One person's way into Coder and out of it, against the double. */
import { openEntry } from '../../../bridge/store/journal/journal';
import { APP, startStage } from '../stage';

const personOf = (name: string) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: name,
  active: true,
  emails: [{ value: `${name}@example.com`, primary: true }],
});

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

it('an account whose making nobody heard of, and that comes when its person has another address and another name, goes', async () => {
  let ahead = 0;
  const stage = await startStage({ now: () => Date.now() + ahead });
  await stage.declare({});
  const { resource } = await stage.directory.createUser(stage.context, personOf('ada'));
  // What is on the disk when the bridge is killed after it has asked Coder to make the account.
  await openEntry(stage.database.db, {
    kind: 'account',
    key: 'ada@example.com',
    app: APP,
    subject: resource.id,
    note: { username: 'ada' },
    since: Date.now(),
  });
  await stage.write(stage.directory.updateUser(stage.context, resource.id, () => personOf('lovelace')));
  expect(stage.coder.describe('lovelace').status).toBe('dormant');
  // The first call was at work in Coder all the while.
  stage.coder.addUser('ada', { email: 'ada@example.com', loginType: 'oidc', status: 'dormant' });
  ahead = 120_000;
  await stage.settle();
  expect(Object.keys(stage.coder.snapshot().users).sort()).toEqual(['lovelace', 'testuser']);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ waiting: 0, converged: true });
});

describe('what somebody changes by hand while many calls are made for one person', () => {
  async function company() {
    let ahead = 0;
    const stage = await startStage({ now: () => Date.now() + ahead });
    for (const name of ['lab', 'club']) stage.coder.addOrganization(name);
    await stage.declare({
      organizationMappings: { lab: { idpGroup: 'all', organization: 'lab' } },
      roleMappings: {
        auditors: { idpGroup: 'all', role: 'auditor' },
        templates: { idpGroup: 'all', role: 'organization-template-admin', organization: 'club' },
      },
    });
    const ada = await stage.createUser('ada');
    stage.coder.addMember('ada', 'club');
    const all = await stage.createGroup('all');
    return { stage, ada, all, wait: (ms: number) => void (ahead += ms) };
  }

  /** Puts ada into the group, and does something when Coder is asked for the membership that comes of it. */
  async function joins({ stage, ada, all }: Awaited<ReturnType<typeof company>>, meanwhile: () => void): Promise<void> {
    const call = stage.coder.faults.hold({ method: 'POST', path: '/members/' });
    const joined = stage.join(all, ada);
    await call.arrived;
    meanwhile();
    call.release();
    await joined;
    await stage.settle();
    expect(stage.coder.describe('ada').organizations).toHaveProperty('lab');
  }

  it.each([
    ['given stays', [], ['owner']],
    ['taken stays so', ['owner'], []],
  ])('an owner role that is %s', async (_, before, after) => {
    const set = await company();
    const { coder } = set.stage;
    coder.setSiteRoles('ada', before);
    await joins(set, () => {
      const kept = coder.describe('ada').siteRoles.filter(role => role !== 'owner');
      coder.setSiteRoles('ada', [...kept, ...after]);
    });
    expect(coder.describe('ada').siteRoles).toEqual(['auditor', ...after]);
  });

  it.each([
    ['given stays', [], ['organization-admin']],
    ['taken stays so', ['organization-admin'], []],
  ])('a role in an organization that is %s', async (_, before, after) => {
    const set = await company();
    const { coder } = set.stage;
    coder.setOrganizationRoles('ada', before, 'club');
    await joins(set, () => {
      coder.setOrganizationRoles('ada', after, 'club');
      set.wait(5_000);
    });
    expect(coder.describe('ada').organizations['club']?.roles).toEqual([...after, 'organization-template-admin']);
  });

  it('keeps nobody from being locked out', async () => {
    const { stage, ada, wait } = await company();
    await stage.declare({ roleMappings: { owners: { idpGroup: 'owners', role: 'owner' } } });
    await stage.createGroup('owners', [ada]);
    stage.coder.addUser('root', { roles: ['owner'], status: 'active' });
    const owners = stage.coder.faults.hold({ method: 'GET', path: '/users$' });
    const left = stage.setActive(ada, false);
    await owners.arrived;
    stage.coder.faults.fail(500, { method: 'GET', path: '/roles$' });
    wait(5_000);
    owners.release();
    await left;
    expect(stage.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
  });
});
