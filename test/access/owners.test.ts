/** Who administers Coder stays able to: the last owner, and whoever an app protects, on every route. */
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, crowd, startAccess } from './stage';

const OWNERS = { roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } };

describeEachDatabase('owners', (_, on) => {
  it('an owner whom an app protects is untouched when that app is deleted, and listed', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('breakglass', { status: 'active', roles: ['owner'] }),
    });
    const okta = await access.app('okta', {
      ...OWNERS,
      guard: { protectedAccounts: ['breakglass'], minOwners: 1 },
      policies: { adoption: 'any', leaving: 'delete' },
    });
    const breakglass = await okta.hire('breakglass');
    await okta.group('admins', [breakglass]);
    expect(await access.held()).toEqual({ breakglass: expect.stringMatching(/^protected-account: /) });

    await access.removeApp(okta);
    await access.settled();
    await access.swept();
    expect(access.coder.describe('breakglass')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
  });

  it('an owner who was taken over before the app protected them stays, and is named at the end of the app', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addUser('breakglass', { status: 'active', roles: ['owner'] });
        coder.addUser('omar', { status: 'active', roles: ['owner'] });
      },
    });
    const okta = await access.app('okta', { ...OWNERS, policies: { adoption: 'any' } });
    const breakglass = await okta.hire('breakglass');
    await okta.group('admins', [breakglass]);
    await access.declare(okta, { ...OWNERS, guard: { protectedAccounts: ['breakglass'] } });
    expect(await access.held()).toEqual({ breakglass: expect.stringMatching(/^protected-account: /) });

    await access.removeApp(okta);
    await access.settled();
    expect(access.coder.describe('breakglass')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    const { entries } = await access.admin.audit({ action: 'app.purge' });
    expect(entries[0]?.detail).toMatch(/never touched stay as they are: "breakglass" \(protected-account\)/);
    const { adoption } = await access.admin.plan({});
    expect(adoption.strangers.map(({ coderUsername }) => coderUsername)).toContain('breakglass');
  });

  it('a group of the last app that only a protected account is in stays with it, and is listed', async () => {
    const access = await startAccess(on, { before: coder => coder.addUser('breakglass', { status: 'active' }) });
    const document = {
      groupMappings: { devs: { idpGroup: 'devs', group: 'developers' } },
      policies: { adoption: 'any' },
    } as const;
    const okta = await access.app('okta', document);
    await okta.group('devs', [await okta.hire('breakglass')]);
    expect(access.coder.membersOf('developers')).toEqual(['breakglass']);
    await access.declare(okta, { ...document, guard: { protectedAccounts: ['breakglass'] } });
    await access.removeApp(okta);
    await until('the app to be over', async () => (await access.status()).pending.length === 0);
    await access.settled();
    expect(access.coder.membersOf('developers')).toEqual(['breakglass']);
    await until('it to be listed', async () => (await access.status()).leftOver.length > 0);
    expect((await access.status()).leftOver).toEqual([expect.stringMatching(/developers/)]);
  });

  it('the end of an app that has the last owner waits for another one, and says so', async () => {
    const access = await startAccess(on, {
      account: { roles: ['owner'], isServiceAccount: true },
      before: coder => coder.suspend('testuser'),
    });
    const okta = await access.app('okta', OWNERS);
    await okta.group('admins', [await okta.hire('ada')]);
    const left = await access.removeApp(okta);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'dormant', siteRoles: ['owner'] });
    expect(left?.pending.map(({ subject, reason }) => [subject, reason])).toEqual(
      expect.arrayContaining([['ada', expect.stringMatching(/^last-owner: /)]]),
    );
    access.coder.addUser('cleo', { status: 'active', roles: ['owner'] });
    await access.swept();
    await access.endApp(okta);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
  });

  it.each(['repair', 'report', 'off'] as const)(
    'the last owner who leaves goes with the first sweep after another one is there (drift: %s)',
    async drift => {
      const access = await startAccess(on, {
        account: { roles: ['owner'], isServiceAccount: true },
        before: coder => coder.suspend('testuser'),
      });
      const okta = await access.app('okta', { ...OWNERS, policies: { drift } });
      const ada = await okta.hire('ada');
      await okta.group('admins', [ada]);
      await okta.leave(ada);
      await access.swept();
      expect(await access.held()).toEqual({ ada: expect.stringMatching(/^last-owner: /) });
      access.coder.addUser('cleo', { status: 'active', roles: ['owner'] });
      await access.swept();
      expect(await access.held()).toEqual({});
      expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
    },
  );

  it('what an app wants of owners holds until the app is over', async () => {
    const access = await startAccess(on, { before: coder => coder.suspend('testuser') });
    const okta = await access.app('okta', { ...OWNERS, guard: { minOwners: 2 } });
    await okta.group('admins', await okta.hireAll(['ada', 'ben', 'cleo']));
    expect(access.holding('owner')).toEqual(['ada', 'ben', 'bridge', 'cleo', 'testuser']);
    const left = await access.removeApp(okta);
    expect(left?.pending.filter(({ reason }) => /^last-owner: .* 2 must stay/.test(reason))).toHaveLength(2);
    expect(access.holding('owner')).toHaveLength(4);
  });

  it.each([
    ['says otherwise', (access: Access, other: IdentityProvider) => access.declare(other, {})],
    ['is over', (access: Access, other: IdentityProvider) => access.removeApp(other)],
  ])('whom another app keeps in goes as soon as that app %s', async (_, change) => {
    const access = await startAccess(on, { before: coder => coder.suspend('testuser') });
    const okta = await access.app('okta', OWNERS);
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    const other = await access.app('other', { guard: { minOwners: 3, protectedAccounts: ['ben'] } });
    await okta.group('admins', [ada, cleo]);
    await okta.leave(ada);
    await okta.leave(ben);
    expect(await access.held()).toEqual({
      ada: expect.stringMatching(/^last-owner: /),
      ben: expect.stringMatching(/^protected-account: /),
    });
    await change(access, other);
    await access.settled();
    expect(access.suspended()).toEqual(['ada', 'ben', 'testuser']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('the last owner stays one when the address comes back as a new object', async () => {
    const access = await startAccess(on, { before: coder => coder.suspend('testuser') });
    const okta = await access.app('okta', OWNERS);
    const ada = await okta.hire('ada');
    await okta.group('admins', [ada]);
    access.coder.oidcLogin({
      sub: 'sub-ada',
      email: 'ada@example.com',
      email_verified: true,
      preferred_username: 'ada',
    });
    await okta.remove(ada);
    await okta.hire('ada', { externalId: 'another-object' });
    await access.swept();
    expect(access.coder.describe('ada')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^last-owner: /) });

    // As soon as there is another one, the account is made anew for who is back.
    access.coder.addUser('cleo', { status: 'active', roles: ['owner'] });
    await access.swept();
    expect(access.coder.describe('ada')).toMatchObject({ status: 'dormant', siteRoles: [] });
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('the last owner stays one when address and group change in one request', async () => {
    const access = await startAccess(on, { before: coder => coder.suspend('testuser') });
    const okta = await access.app('okta', OWNERS);
    const ada = await okta.hire('ada');
    const admins = await okta.group('admins', [ada]);
    const Operations = [
      { method: 'PATCH', path: `/Groups/${admins}`, data: patch({ op: 'remove', path: `members[value eq "${ada}"]` }) },
      {
        method: 'PATCH',
        path: `/Users/${ada}`,
        data: patch({ op: 'replace', path: 'emails[primary eq true].value', value: 'ada@new.example.com' }),
      },
    ];
    await okta.done('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations,
    });
    await access.settled();
    expect(access.coder.describe('ada').siteRoles).toEqual(['owner']);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^last-owner: /) });
  });

  it('a bridge that is an owner service account leaves one owner who can sign in', async () => {
    const access = await startAccess(on, {
      account: { roles: ['owner'], isServiceAccount: true },
      // The first owner of the installation is the one who set it up, and has left long ago.
      before: coder => coder.suspend('testuser'),
    });
    const okta = await access.app('okta', OWNERS);
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    const admins = await okta.group('admins', [ada, ben]);
    expect(access.holding('owner')).toEqual(expect.arrayContaining(['ada', 'ben']));

    await okta.setMembers(admins, 'admins', []);
    await access.settled();
    const humans = access.holding('owner').filter(name => ['ada', 'ben'].includes(name));
    expect(humans).toHaveLength(1);
    expect(await access.held()).toEqual({ [humans[0] ?? '']: expect.stringMatching(/^last-owner: /) });
    expect((await access.statusOf(okta)).converged).toBe(false);

    // As soon as somebody else can put things right, it goes by itself.
    access.coder.addUser('cleo', { status: 'active', roles: ['owner'] });
    await access.swept();
    expect(access.holding('owner')).toEqual(['bridge', 'cleo', 'testuser']);
  });

  it('an owner who has no way to sign in is none of the last owners, and goes', async () => {
    const access = await startAccess(on, {
      account: { roles: ['owner'], isServiceAccount: true },
      before: coder => {
        coder.suspend('testuser');
        coder.addUser('cleo', { status: 'active', roles: ['owner'] });
        coder.addUser('robot', { status: 'active', roles: ['owner'], loginType: 'none' });
      },
    });
    const okta = await access.app('okta', { ...OWNERS, policies: { adoption: 'any' } });
    const robot = await okta.hire('robot');
    await okta.group('admins', [robot]);
    await okta.leave(robot);
    expect(access.coder.describe('robot')).toMatchObject({ status: 'suspended', siteRoles: [] });
    expect(await access.held()).toEqual({});
  });

  it('what an app asks for meanwhile counts before the last owner goes', async () => {
    const access = await startAccess(on, {
      account: { roles: ['owner'], isServiceAccount: true },
      before: coder => coder.suspend('testuser'),
    });
    const okta = await access.app('okta', OWNERS);
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.group('admins', [ada, ben]);
    const other = await access.app('other');
    const call = access.coder.faults.hold({ method: 'GET', path: /\/users$/ });
    const left = okta.leave(ada);
    await call.arrived;
    const declared = access.declare(other, { guard: { minOwners: 2 } });
    await until('the declaration to count', async () => (await access.statusOf(other)).generation === 2);
    call.release();
    await Promise.all([left, declared]);
    await access.settled();
    expect(access.holding('owner')).toEqual(['ada', 'ben', 'bridge', 'testuser']);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^last-owner: .* 2 must stay/) });
  });

  it('no owner is lost to three replicas at once', async () => {
    const access = await startAccess(on, {
      replicas: on.backend === 'postgres' ? 3 : 1,
      account: { roles: ['owner'], isServiceAccount: true },
      before: coder => coder.suspend('testuser'),
    });
    const okta = await access.app('okta', { ...OWNERS, guard: { maxPrivilegeGains: 10 } });
    const people = crowd(6);
    const ids = await okta.hireAll(people);
    await okta.group('admins', ids);
    await access.settled();
    await Promise.all(ids.map(id => okta.leave(id)));
    await access.settled();
    const left = access.holding('owner').filter(name => people.includes(name));
    expect(left).toHaveLength(1);
    expect(access.suspended().filter(name => people.includes(name))).toHaveLength(5);
  });
});
