/** What was given by hand stays: through suspension and return, in every organization; what the bridge gave goes and comes. */
import { describeEachDatabase } from '../support/databases';
import { startAccess } from './stage';

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
});
