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
