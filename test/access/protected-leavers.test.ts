/** Whoever leaves and bears the address of an account that is never touched: the account stays, and somebody is told until they act. */
import { describeEachDatabase } from '../support/databases';
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
});
