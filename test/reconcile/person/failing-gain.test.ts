/** What Coder fails or refuses to give somebody keeps nothing with them that is to be taken. */
import { type Stage, startStage } from '../stage';

/** Somebody with a role and a group in organization B, who is moved to organization A; each is tried once. */
async function moved(before: (stage: Stage) => void): Promise<Stage> {
  const stage = await startStage({ backoffMs: 600_000 });
  for (const name of ['team-a', 'team-b']) stage.coder.addOrganization(name);
  const both = (organization: string) => ({ idpGroup: organization, organization });
  await stage.declare({
    roleMappings: {
      a: { ...both('team-a'), role: 'organization-auditor' },
      b: { ...both('team-b'), role: 'organization-admin' },
      leads: { idpGroup: 'team-b', role: 'auditor' },
      firsts: { idpGroup: 'team-a', role: 'template-admin' },
    },
    groupMappings: { b: { ...both('team-b'), group: 'b' } },
  });
  const ada = await stage.createUser('ada');
  const [a, b] = [await stage.createGroup('team-a'), await stage.createGroup('team-b', [ada])];
  await stage.settle();
  expect(stage.coder.describe('ada')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { 'team-b': { groups: ['b'], roles: ['organization-admin'] } },
  });
  before(stage);
  await stage.join(a, ada);
  await stage.leave(b, ada);
  return stage;
}

async function convergedNow(stage: Stage): Promise<boolean | undefined> {
  return (await stage.reconciler.status()).apps[0]?.converged;
}

it('a membership that Coder fails to give keeps nothing in another organization', async () => {
  const stage = await moved(({ coder }) => {
    const { id } = coder.findOrganization('team-a');
    coder.faults.fail(500, { method: 'POST', path: `/organizations/${id}/members/` });
  });
  const { organizations, siteRoles } = stage.coder.describe('ada');
  expect(siteRoles).toEqual(['template-admin']);
  expect(organizations).not.toHaveProperty('team-a');
  expect(organizations).not.toHaveProperty('team-b');
  expect(stage.coder.membersOf('b', 'team-b')).toEqual([]);
  expect(await convergedNow(stage)).toBe(false);

  stage.coder.faults.clear();
  await stage.settle();
  expect(stage.coder.describe('ada').organizations).toMatchObject({ 'team-a': { roles: ['organization-auditor'] } });
  expect(await convergedNow(stage)).toBe(true);
});

it('roles of an organization that Coder fails to give keep nothing in another one', async () => {
  const stage = await moved(({ coder }) => {
    const { id } = coder.findOrganization('team-a');
    coder.faults.fail(500, { method: 'PUT', path: `/organizations/${id}/members/` });
  });
  const { organizations } = stage.coder.describe('ada');
  expect(organizations).toMatchObject({ 'team-a': { roles: [] } });
  expect(organizations).not.toHaveProperty('team-b');
  expect(await convergedNow(stage)).toBe(false);
});

it('site roles that Coder fails to change keep nothing in an organization', async () => {
  const stage = await moved(({ coder }) =>
    coder.faults.fail(500, { method: 'PUT', path: '/api/v2/users/[^/]+/roles$' }),
  );
  const { organizations } = stage.coder.describe('ada');
  expect(organizations).toMatchObject({ 'team-a': { roles: ['organization-auditor'] } });
  expect(organizations).not.toHaveProperty('team-b');
  expect(await convergedNow(stage)).toBe(false);
});

it('a role that Coder refuses does not keep the one that is to go in the same list, and is held', async () => {
  const stage = await startStage({ backoffMs: 600_000 });
  stage.coder.faults.fail(403, { method: 'POST', path: '/members/roles$' });
  await stage.declare({
    customRoles: { lead: { name: 'lead', permissions: [{ resourceType: 'template', action: 'read' }] } },
    roleMappings: {
      admins: { idpGroup: 'admins', organization: 'default', role: 'organization-admin' },
      leads: { idpGroup: 'leads', organization: 'default', role: 'lead' },
    },
  });
  const ada = await stage.createUser('ada');
  const [leads, admins] = [await stage.createGroup('leads'), await stage.createGroup('admins', [ada])];
  await stage.join(leads, ada);
  expect(stage.coder.describe('ada').organizations['coder']?.roles).toEqual(['organization-admin']);
  await stage.leave(admins, ada);
  expect(stage.coder.describe('ada').organizations['coder']?.roles).toEqual([]);
  const { pending, apps } = await stage.reconciler.status();
  expect(pending).toMatchObject([{ state: 'held', reason: expect.stringMatching(/^role-unknown: /) }]);
  expect(apps[0]?.converged).toBe(false);
});
