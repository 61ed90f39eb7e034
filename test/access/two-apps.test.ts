/** One person in two apps that share people: what becomes of them in one leaves them in by the other. */
import { describeEachDatabase } from '../support/databases';
import { type Access, crowd, type Document, startAccess } from './stage';

const SIX = crowd(6);
const sharing = (other: string, more: Document = {}): Document => ({ people: { sharedWith: [other] }, ...more });

const signIn = (access: Access, name: string) =>
  access.coder.oidcLogin({ sub: `sub-${name}`, email: `${name}@example.com`, email_verified: true });

describeEachDatabase('two apps of the same people', (_, on) => {
  it('an account in use by one app is not made anew for a new object of the other', async () => {
    const access = await startAccess(on);
    const guard = { minRemovals: 2, maxRemovalsPercent: 0 };
    const okta = await access.app('okta', sharing('entra', { guard }));
    const entra = await access.app('entra', sharing('okta', { guard }));
    const inOkta = await okta.hireAll(SIX);
    for (const name of SIX) await entra.hire(name, { externalId: `entra-${name}` });
    for (const name of SIX) signIn(access, name);
    access.coder.setSiteRoles('u1', ['auditor']);
    const accounts = () => SIX.map(name => access.coder.findUser(name).id);
    const before = accounts();
    for (const id of inOkta) await okta.remove(id);
    for (const name of SIX) await okta.hire(name, { externalId: `again-${name}` });
    await access.settled();
    expect(accounts()).toEqual(before);
    expect(access.holding('auditor')).toEqual(['u1']);
    expect((await access.admin.audit({ action: 'account.gone' })).entries).toEqual([]);
    expect((await access.status()).apps.map(({ converged }) => converged)).toEqual([true, true]);
  });

  it.each(['repair', 'report'] as const)(
    'who is in by one app is not locked out by leaving the other one after a re-hire there (drift: %s)',
    async drift => {
      const access = await startAccess(on);
      const policies = { drift };
      const mapped = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
      const okta = await access.app('okta', sharing('entra', { policies, ...mapped }));
      const entra = await access.app('entra', sharing('okta', { policies }));
      const inOkta = await okta.hire('ada');
      const dev = await okta.group('dev', [inOkta]);
      await entra.remove(await entra.hire('ada', { externalId: 'first' }));
      await access.settled();
      signIn(access, 'ada');
      const [, inEntra] = await Promise.all([okta.quit(dev, inOkta), entra.hire('ada', { externalId: 'second' })]);
      await access.settled();
      await entra.leave(inEntra);
      const { apps } = await access.settled();
      expect(access.suspended()).toEqual([]);
      expect(apps.map(({ converged }) => converged)).toEqual([true, true]);
      expect(await access.held()).toEqual({});
    },
  );

  it('whoever is in by one app gets their groups on an account that was made anew for the address by the other', async () => {
    const access = await startAccess(on);
    const mapped = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
    const okta = await access.app('okta', sharing('entra', mapped));
    const entra = await access.app('entra', sharing('okta'));
    const inOkta = await okta.hire('ada');
    const inEntra = await entra.hire('ada');
    const dev = await okta.group('dev', []);
    await okta.changeEmail(inOkta, 'ada@married.example');
    await Promise.all([entra.changeEmail(inEntra, 'ada@married.example'), okta.join(dev, inOkta)]);
    await access.settled();
    expect(access.coder.describe('ada')).toMatchObject({ email: 'ada@married.example' });
    expect(access.coder.membersOf('dev')).toEqual(['ada']);
    expect((await access.status()).apps.map(({ converged }) => converged)).toEqual([true, true]);
  });
});
