/** What was given by hand stays: through suspension and return, in every organization; what the bridge gave goes and comes. */
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { startAccess, whenDone } from './stage';

const MAPPED = {
  roleMappings: {
    admins: { idpGroup: 'admins', role: 'template-admin' },
    auditors: { idpGroup: 'admins', organization: 'lab', role: 'organization-auditor' },
  },
  groupMappings: { dev: { idpGroup: 'admins', group: 'dev' } },
};

describeEachDatabase('what was given by hand', (_, on) => {
  it('survives an absence, and what the mappings gave is gone meanwhile', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addOrganization('lab');
        coder.addOrganization('club');
        coder.addGroup('friends');
      },
    });
    const okta = await access.app('okta', MAPPED);
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    access.coder.setSiteRoles('ada', ['template-admin', 'auditor']);
    access.coder.addMember('ada', 'club');
    access.coder.setOrganizationRoles('ada', ['organization-user-admin'], 'club');
    access.coder.addToGroup('ada', 'friends');
    const whole = access.coder.describe('ada');
    expect(whole).toMatchObject({
      siteRoles: ['auditor', 'template-admin'],
      organizations: {
        coder: { groups: ['dev', 'friends'] },
        lab: { roles: ['organization-auditor'] },
        club: { roles: ['organization-user-admin'] },
      },
    });

    await okta.leave(id);
    expect(access.coder.describe('ada')).toMatchObject({
      status: 'suspended',
      siteRoles: ['auditor'],
      organizations: {
        coder: { groups: ['friends'] },
        lab: { roles: [] },
        club: { roles: ['organization-user-admin'] },
      },
    });
    await access.swept();
    await okta.comeBack(id);
    await access.swept();
    expect(access.coder.describe('ada')).toEqual({ ...whole, status: 'active' });
  });

  it('stays also when it is given while the bridge locks the account or lets it in', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { roleMappings: { admins: MAPPED.roleMappings.admins } });
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    const given = whenDone(access.coder, 'GET', /\/users\/[^/]+$/, () =>
      access.coder.setSiteRoles('ada', ['template-admin', 'auditor']),
    );
    await okta.leave(id);
    await given;
    await access.settled();
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: ['auditor'] });

    const more = whenDone(access.coder, 'GET', /\/users\/[^/]+$/, () =>
      access.coder.setSiteRoles('ada', ['auditor', 'user-admin']),
    );
    await okta.comeBack(id);
    await more;
    await access.settled();
    expect(access.coder.describe('ada')).toMatchObject({
      status: 'active',
      siteRoles: ['auditor', 'template-admin', 'user-admin'],
    });
  });

  it('goes with an unused account whose address changes, which the audit trail says', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('club') });
    const okta = await access.app('okta', { roleMappings: { admins: MAPPED.roleMappings.admins } });
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    access.coder.setSiteRoles('ada', ['template-admin', 'auditor']);
    access.coder.addMember('ada', 'club');
    await okta.changeEmail(id, 'ada@married.example');
    expect(access.coder.describe('ada').siteRoles).toEqual(['template-admin']);
    const { entries } = await access.admin.audit({ action: 'account.delete' });
    expect(entries[0]?.detail).toMatch(/; given by hand, and gone with it: auditor, membership of club$/);
  });

  it('is not given back to leavers whom the guard holds, and is to those who stay', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      groupMappings: { devs: { idpGroup: 'devs', group: 'developers' }, ops: { idpGroup: 'ops', group: 'operators' } },
      guard: { minRemovals: 1, maxRemovalsPercent: 1 },
    });
    const [ada = '', ben = '', cleo = '', dora = ''] = await okta.hireAll(['ada', 'ben', 'cleo', 'dora']);
    await okta.group('devs', [ada, ben, cleo, dora]);
    const ops = await okta.group('ops', [dora]);
    await okta.leave(ada);
    // Held: what they would lose stays until an operator has looked, also what dora loses of the other group.
    await okta.leave(ben);
    await okta.leave(cleo);
    await okta.quit(ops, dora);
    await okta.hire('edgar');
    expect(Object.keys(await access.held())).toEqual(expect.arrayContaining(['ben', 'cleo']));
    for (const name of ['cleo', 'dora']) access.coder.removeFromGroup(name, 'developers');
    await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.groups['developers']).toEqual(['ben', 'dora']);
    await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.groups['developers']).toEqual(['ben', 'dora']);
  });

  it('is a leaver let in again: listed where the sweep only reports, and locked out where it repairs', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { policies: { drift: 'report' } });
    const id = await okta.hire('ada');
    await okta.leave(id);
    access.coder.activate('ada');
    await access.swept();
    expect(access.suspended()).toEqual([]);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^drift-reported: the person has left/) });
    expect(await access.statusOf(okta)).toMatchObject({ converged: false, leavers: [{ state: 'held', people: 1 }] });

    // Somebody has acted.
    access.coder.suspend('ada');
    expect((await access.swept()).apps[0]).toMatchObject({ converged: true, leavers: [] });

    access.coder.activate('ada');
    await access.swept();
    await access.declare(okta, { policies: { drift: 'repair' } });
    await access.settled();
    expect(access.suspended()).toEqual(['ada']);
    expect(await access.held()).toEqual({});
  });

  it.each(['repair', 'report'] as const)(
    'is an account made for a leaver that the bridge may not lock: listed until somebody has (drift: %s)',
    async drift => {
      const access = await startAccess(on);
      const okta = await access.app('okta', { policies: { drift } });
      const ada = await okta.hire('ada', { emails: [{ value: 'old@x.example', primary: true }] });
      access.coder.oidcLogin({ sub: 'ada', email: 'old@x.example', email_verified: true });
      await okta.changeEmail(ada, 'new@x.example');
      await okta.leave(ada);
      expect((await access.swept()).apps[0]).toMatchObject({ converged: true, leavers: [] });

      access.coder.addUser('second', { email: 'new@x.example', status: 'active', loginType: 'password' });
      const told = { ada: expect.stringMatching(/^\S+: the person has left, and account "second"/) };
      for (let sweeps = 0; sweeps < 2; sweeps += 1) {
        expect((await access.swept()).apps[0]).toMatchObject({ converged: false });
        expect(await access.held()).toEqual(told);
      }
      const { entries } = await access.admin.audit({ action: 'person.held' });
      expect(entries.filter(({ actor }) => actor === 'sweep')).toHaveLength(1);

      access.coder.suspend('second');
      expect((await access.swept()).apps[0]).toMatchObject({ converged: true, leavers: [] });
      expect(await access.held()).toEqual({});
    },
  );

  it('is the deletion of an account whose person was deleted: what signs in later is a stranger, and told', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.remove(ada);
    await okta.leave(ben);
    for (const who of ['ada', 'ben']) access.coder.deleteUser(who);
    await access.swept();
    for (const who of ['ada', 'ben'])
      access.coder.oidcLogin({ sub: who, email: `${who}@example.com`, email_verified: true, preferred_username: who });
    await access.swept();
    await access.swept();
    // Of ben the directory still says that he is out.
    expect(access.suspended()).toEqual(['ben']);
    const { entries } = await access.admin.audit({ action: 'account.stranger' });
    expect(entries.map(({ target }) => target)).toContain('ada');
  });

  it('is not taken by a mapping whose group was never pushed, nor by a sweep', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('ada', { status: 'active', roles: ['template-admin'] }),
    });
    const okta = await access.app('okta', { roleMappings: { admins: MAPPED.roleMappings.admins } });
    const id = await okta.hire('ada');
    await access.swept();
    expect(access.coder.describe('ada').siteRoles).toEqual(['template-admin']);
    const admins = await okta.group('admins', [id]);
    await okta.quit(admins, id);
    expect(access.coder.describe('ada').siteRoles).toEqual([]);
  });

  it.each(['repair', 'report'] as const)(
    'a role that Coder refuses to take, since sign-in sync was turned on, stays told (drift: %s)',
    async drift => {
      const access = await startAccess(on);
      const okta = await access.app('okta', {
        policies: { drift },
        roleMappings: { leads: { idpGroup: 'leads', organization: 'default', role: 'organization-admin' } },
        groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
      });
      const ben = await okta.hire('ben');
      const leads = await okta.group('leads', [ben]);
      const dev = await okta.group('dev');
      access.coder.oidcLogin({ sub: 'ben', email: 'ben@example.com', email_verified: true });
      access.coder.setRoleSync({ field: 'groups' });
      const told = async () => {
        await access.settled();
        const { converged, warnings } = await access.statusOf(okta);
        return { converged, isNamed: warnings.some(text => /role sync is on in organization "coder"/.test(text)) };
      };
      await okta.quit(leads, ben);
      expect(await told()).toEqual({ converged: false, isNamed: true });
      await okta.join(dev, ben);
      expect(access.coder.describe('ben').organizations['coder']?.roles).toEqual(['organization-admin']);
      expect(await told()).toEqual({ converged: false, isNamed: true });
      await access.swept();
      expect(await told()).toEqual({ converged: false, isNamed: true });
    },
  );

  it('a group that was renamed, and whose name another one has, keeps its people, and is told', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } });
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    const dev = await okta.group('dev', [ada]);
    access.coder.renameGroup('dev', 'renamed');
    access.coder.addGroup('dev');
    const told = /renamed to "renamed" in Coder, and another one has its name/;
    expect((await access.admin.plan({})).changes).toEqual([]);
    await access.swept();
    await okta.join(dev, ben);
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ dev: [], renamed: ['ada', 'ben'] });
    expect((await access.statusOf(okta)).warnings).toEqual([expect.stringMatching(told)]);

    access.coder.deleteGroup('dev');
    await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ dev: ['ada', 'ben'] });
    expect(await access.statusOf(okta)).toMatchObject({ warnings: [], converged: true });
  });

  it('as entries for another claim are neither read in the declared one nor taken', async () => {
    const access = await startAccess(on);
    const byHand = { field: 'roles', mapping: { platform: ['organization-admin'] } };
    access.coder.setRoleSync(byHand);
    const sync = () => access.coder.snapshot().organizations['coder']?.roleSync;
    const okta = await access.app('okta', {
      mode: 'claims',
      claims: { groups: 'groups', roles: 'groups' },
      roleMappings: { audit: { idpGroup: 'auditors', organization: 'default', role: 'organization-auditor' } },
    });
    await access.swept();
    expect(sync()).toMatchObject(byHand);
    const told =
      /^sync settings coder\/roles: they read the claim "roles" for entries that are not the bridge's, and the app declares "groups"/;
    expect(await access.statusOf(okta)).toMatchObject({ converged: false, warnings: [expect.stringMatching(told)] });
    access.coder.setRoleSync({ field: '', mapping: {} });
    await access.swept();
    expect(sync()).toMatchObject({ field: 'groups', mapping: { auditors: ['organization-auditor'] } });
    // Somebody turns it to another claim, with an entry of their own: what the bridge wrote for its claim is not read in that one.
    access.coder.setRoleSync({ field: 'roles', mapping: { ...byHand.mapping, auditors: ['organization-auditor'] } });
    await access.swept();
    expect(sync()).toMatchObject(byHand);
  });

  it.each([
    ['lab1', 'lab2'],
    ['lab2', 'lab1'],
  ])('as a right that is taken from the bridge in %s keeps nobody in what they have in %s', async (broken, other) => {
    const access = await startAccess(on, {
      env: { CODER_SCIM_REQUEST_DEADLINE: '1s' },
      before: coder => ['lab1', 'lab2'].forEach(name => void coder.addOrganization(name)),
    });
    const lead = (organization: string) => ({ idpGroup: 'leads', role: 'organization-admin', organization });
    const okta = await access.app('okta', { roleMappings: { one: lead('lab1'), two: lead('lab2') } });
    const ada = await okta.hire('ada');
    const leads = await okta.group('leads', [ada]);
    const rolesIn = (organization: string) => access.coder.describe('ada').organizations[organization]?.roles ?? [];
    expect([rolesIn(broken), rolesIn(other)]).toEqual([['organization-admin'], ['organization-admin']]);
    const { id } = access.coder.findOrganization(broken);
    access.coder.faults.fail(404, { method: 'PUT', path: new RegExp(`/organizations/${id}/members/`) });
    access.coder.faults.fail(404, { method: 'DELETE', path: new RegExp(`/organizations/${id}/members/`) });
    await okta.quit(leads, ada);
    await until('the other one to be taken', () => rolesIn(other).length === 0);
    expect(rolesIn(broken)).toEqual(['organization-admin']);
    expect((await access.statusOf(okta)).converged).toBe(false);
    access.coder.faults.clear();
    await access.admin.retry();
    await access.swept();
    expect(rolesIn(broken)).toEqual([]);
  });
});
