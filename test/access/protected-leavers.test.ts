/** Whoever leaves and bears the address of an account that is never touched: the account stays, and somebody is told until they act. */
import { describeEachDatabase } from '../support/databases';
import { patch } from './identity-provider';
import { startAccess } from './stage';

describeEachDatabase('protected accounts', (_, on) => {
  it.each(['be inactive', 'be deleted'] as const)(
    'whoever has to %s and is a protected account is held, and the app is not converged',
    async how => {
      const access = await startAccess(on, {
        before: coder => void coder.addUser('breakglass', { status: 'active', roles: ['owner'] }),
      });
      const okta = await access.app('okta', {
        policies: { adoption: 'any' },
        guard: { protectedAccounts: ['breakglass'] },
      });
      const id = await okta.hire('breakglass');
      if (how === 'be inactive') await okta.leave(id);
      else await okta.done('DELETE', `/Users/${id}`);
      await access.settled();
      expect(await access.held()).toEqual({ breakglass: expect.stringMatching(/^protected-account: /) });
      expect((await access.status()).apps[0]?.converged).toBe(false);
      expect(access.coder.describe('breakglass')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    },
  );

  it.each(['leaves', 'loses a role'] as const)(
    'who %s keeps what is not taken yet when another app protects the account meanwhile',
    async how => {
      const access = await startAccess(on, {
        before: coder => void coder.addUser('breakglass', { status: 'active', roles: ['owner'] }),
      });
      const okta = await access.app('okta', {
        roleMappings: {
          owners: { idpGroup: 'admins', role: 'owner' },
          auditors: { idpGroup: 'admins', organization: 'default', role: 'organization-auditor' },
        },
        policies: { adoption: 'any' },
      });
      const other = await access.app('other');
      const id = await okta.hire('breakglass');
      const admins = await okta.group('admins', [id]);
      expect(access.coder.describe('breakglass').organizations['coder']?.roles).toEqual(['organization-auditor']);
      const call = access.coder.faults.hold({ method: 'PUT', path: /\/users\/[^/]+\/roles$/ });
      const taken = how === 'leaves' ? okta.leave(id) : okta.quit(admins, id);
      await call.arrived;
      await access.declare(other, { guard: { protectedAccounts: ['breakglass'] } });
      call.release();
      await taken;
      await access.settled();
      const { status, siteRoles, organizations } = access.coder.describe('breakglass');
      expect({ status, siteRoles, roles: organizations['coder']?.roles }).toEqual({
        status: 'active',
        siteRoles: [],
        roles: ['organization-auditor'],
      });
      const { entries } = await access.admin.audit({ action: 'person.held' });
      expect(entries.map(({ detail }) => detail)).toContainEqual(
        expect.stringMatching(/nothing more is done to it; done before that, .*: site-roles\.set \(owner -> none\)/),
      );
      expect(await access.held()).toEqual({ breakglass: expect.stringMatching(/^protected-account: /) });
      await access.swept();
      expect(access.coder.describe('breakglass').status).toBe('active');
      expect((await access.statusOf(okta)).converged).toBe(false);
    },
  );

  it('an account that an app protects stays in what it is in when that app is gone, and what stays with it is listed', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('breakglass', { status: 'active', roles: ['owner'] }),
    });
    const groupMappings = { devs: { idpGroup: 'devs', group: 'developers' } };
    const okta = await access.app('okta', { groupMappings, policies: { adoption: 'any' } });
    await access.app('other');
    const ids = [await okta.hire('breakglass'), await okta.hire('ada')];
    await okta.group('devs', ids);
    await access.declare(okta, {
      groupMappings,
      policies: { adoption: 'any' },
      guard: { protectedAccounts: ['breakglass'] },
    });
    await access.removeApp(okta);
    await access.settled();
    const { leftOver } = await access.swept();
    await access.settled();
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ developers: ['breakglass'] });
    expect(leftOver).toEqual([expect.stringMatching(/^group coder\/developers: .* a member was put into it by hand/)]);
  });

  it('no account is made under a name or an address that is protected, nor renamed to it: it could never be locked', async () => {
    const access = await startAccess(on);
    await access.app('okta', { guard: { protectedAccounts: ['breakglass', 'safe@example.com'] } });
    const vendor = await access.app('vendor', { policies: { usernames: 'follow' } });
    const mallory = await vendor.hire('breakglass', { emails: [{ value: 'mallory@example.com', primary: true }] });
    const trent = await vendor.hire('trent');
    await vendor.done(
      'PATCH',
      `/Users/${trent}`,
      patch({ op: 'replace', path: 'userName', value: 'breakglass@example.com' }),
    );
    const safe = await vendor.hire('safe');
    expect(access.coder.snapshot().users).not.toHaveProperty('breakglass');
    expect(await access.held()).toEqual({ safe: expect.stringMatching(/^protected-account: "safe@example.com"/) });

    for (const id of [mallory, trent, safe]) await vendor.leave(id);
    const { apps } = await access.swept();
    expect(access.suspended()).toHaveLength(2);
    expect(apps.map(({ converged }) => converged)).toEqual([true, true]);
  });
});
