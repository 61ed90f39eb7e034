/** One person in two apps that share people: what becomes of them in one leaves them in by the other. */
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
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

  it('what somebody gave by hand to an account that one app made is not taken when the other one joins it', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('club') });
    const groupMappings = { dev: { idpGroup: 'dev', group: 'dev', organization: 'club' } };
    const okta = await access.app('okta', sharing('entra', { groupMappings }));
    const entra = await access.app('entra', sharing('okta'));
    const [, ben = ''] = await okta.hireAll(['ada', 'ben']);
    const dev = await okta.group('dev', [ben]);
    access.coder.addMember('ada', 'club');
    access.coder.setOrganizationRoles('ada', ['organization-auditor'], 'club');
    for (const name of ['ada', 'ben']) await entra.hire(name, { externalId: `entra-${name}` });
    // What the bridge gave is its own to take still.
    await okta.quit(dev, ben);
    await access.swept();
    const clubOf = (name: string) => access.coder.describe(name).organizations['club'];
    expect(clubOf('ada')).toMatchObject({ roles: ['organization-auditor'] });
    expect(clubOf('ben')).toBeUndefined();
    const { entries } = await access.admin.audit({ action: 'organization.remove' });
    expect(entries.map(({ subjectName }) => subjectName)).toEqual(['ben']);
    const linesOf = async (action: string) => (await access.admin.audit({ action })).entries.map(({ app }) => app);
    expect([await linesOf('account.create'), await linesOf('account.adopt')]).toEqual([
      ['okta', 'okta'],
      ['entra', 'entra'],
    ]);
  });

  it('what both are owed by one group of Coder is owed to both: none converges, and none is gone, before it is written', async () => {
    const access = await startAccess(on);
    const mapped = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
    const okta = await access.app('okta', mapped);
    const entra = await access.app('entra', mapped);
    const ada = await okta.hire('ada');
    const devs = await okta.group('dev', [ada]);
    access.coder.faults.fail(500, { method: 'PATCH', path: '/groups/[^/]+$' });
    const bob = await entra.hire('bob');
    await entra.group('dev', [bob]);
    await okta.quit(devs, ada);
    expect(await access.statusOf(entra)).toMatchObject({ converged: false });
    expect(await access.statusOf(okta)).toMatchObject({ converged: false });
    expect(await access.removeApp(okta)).toBeDefined();
    access.coder.faults.clear();
    await access.swept();
    await access.settled();
    expect(access.coder.membersOf('dev')).toEqual(['bob']);
    expect((await access.status()).apps).toMatchObject([{ app: 'entra', converged: true }]);
  });

  it('a re-hire in both apps is answered for each, by the SCIM ids that the refusal names', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', sharing('entra'));
    const entra = await access.app('entra', sharing('okta'));
    const before = [await okta.hire('ada'), await entra.hire('ada')];
    signIn(access, 'ada');
    access.coder.addWorkspace('ada', 'work');
    await okta.remove(before[0] ?? '');
    await entra.remove(before[1] ?? '');
    const ids = [await okta.hire('ada', { externalId: 'new' }), await entra.hire('ada', { externalId: 'new too' })];
    await access.settled();
    const refused = await access.admin.answerReHire({ user: 'ada', answer: 'keep' }).catch(String);
    expect(refused).toContain(`${ids[0]} (app "okta")`);
    expect(refused).toContain(`${ids[1]} (app "entra")`);
    for (const user of ids) await access.admin.answerReHire({ user, answer: 'keep' });
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.suspended()).toEqual([]);
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

  const at = (value: string) => ({ emails: [{ value, primary: true }] });

  it('whose address moves on keeps the account, and so does who left after that', async () => {
    const access = await startAccess(on);
    const roleMappings = { auditors: { idpGroup: 'auditors', role: 'auditor' } };
    const okta = await access.app('okta', sharing('entra'));
    const entra = await access.app('entra', sharing('okta', { roleMappings }));
    const ada = await okta.hire('ada', at('first@example.com'));
    access.coder.oidcLogin({ sub: 'ada', email: 'first@example.com', email_verified: true });
    const { id } = access.coder.findUser('ada');
    await okta.changeEmail(ada, 'second@example.com');
    const ben = await entra.hire('ben', at('first@example.com'));
    await entra.group('auditors', [ben]);
    expect(await access.held()).toEqual({
      ada: expect.stringMatching(/^email-pending/),
      ben: expect.stringMatching(/^account-taken.*of app "okta", whose e-mail is "second@example.com" by now/),
    });
    expect(access.holding('auditor')).toEqual([]);
    await okta.leave(ada);
    await access.swept();
    // Made anew for whoever has the address now: nobody else signs in to it.
    const accounts = Object.values(access.coder.snapshot().users);
    expect(accounts.filter(({ siteRoles }) => siteRoles.includes('auditor'))).toMatchObject([
      { email: 'first@example.com', status: 'dormant' },
    ]);
    expect(accounts.some(account => account.id === id && account.status !== 'suspended')).toBe(false);
    expect((await access.statusOf(entra)).converged).toBe(true);
  });

  it('an account in use by a third app is not made anew for who comes with the address of somebody who left', async () => {
    const access = await startAccess(on);
    const names = ['okta', 'entra', 'ldap'];
    const [okta, entra, ldap] = await Promise.all(
      names.map(name => access.app(name, { people: { sharedWith: names.filter(other => other !== name) } })),
    );
    if (okta === undefined || entra === undefined || ldap === undefined) throw new Error('three apps');
    const bea = await entra.hire('bea', at('team@example.com'));
    await ldap.hire('cy', at('team@example.com'));
    access.coder.oidcLogin({ sub: 'cy', email: 'team@example.com', email_verified: true });
    const { id } = access.coder.findUser('bea');
    await entra.changeEmail(bea, 'bea@example.com');
    await entra.leave(bea);
    await okta.hire('ada', at('team@example.com'));
    await access.settled();
    expect(
      Object.values(access.coder.snapshot().users).filter(user => user.email === 'team@example.com'),
    ).toMatchObject([{ id, status: 'active' }]);
    expect((await access.admin.audit({ action: 'account.gone' })).entries).toEqual([]);
  });

  describe.each(['emptied', 'deleted', 'left', 'filled', 'dropped', 'ended'] as const)(
    'what the guard of one app would hold of a group that is %s',
    how => {
      const roleMappings = { wanted: { idpGroup: 'wanted', role: how === 'filled' ? 'owner' : 'auditor' } };
      const guard = { minRemovals: 1, maxRemovalsPercent: 0, maxPrivilegeGains: 1 };

      it('is not done by the other one that deals with the same people in that moment', async () => {
        const access = await startAccess(on);
        const okta = await access.app('okta', sharing('entra', { guard, roleMappings }));
        const entra = await access.app('entra', sharing('okta'));
        const inOkta = await okta.hireAll(SIX);
        const group = await okta.group('wanted', how === 'filled' ? [] : inOkta);
        const inEntra = await entra.hireAll(SIX);
        await access.settled();
        const roles = () => access.holding(how === 'filled' ? 'owner' : 'auditor').filter(name => SIX.includes(name));
        // A survey reads the list of all accounts, a request one account of it.
        const isDeclared = how === 'dropped' || how === 'ended';
        const call = access.coder.faults.hold({ method: 'GET', path: isDeclared ? /\/users$/ : /\/users\// });
        const touch = () =>
          Promise.all(
            inEntra.map(id =>
              how === 'left'
                ? entra.leave(id)
                : entra.done('PATCH', `/Users/${id}`, {
                    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
                    Operations: [{ op: 'replace', path: 'name.givenName', value: 'Other' }],
                  }),
            ),
          );
        const change = async (): Promise<unknown> => {
          if (how === 'emptied') return await okta.setMembers(group, 'wanted', []);
          if (how === 'deleted') return await okta.done('DELETE', `/Groups/${group}`);
          if (how === 'filled') return await okta.join(group, ...inOkta);
          if (how === 'dropped') return await access.declare(okta, sharing('entra', { guard }));
          if (how === 'ended') return await access.removeApp(okta);
          return await Promise.all(inOkta.map(id => okta.leave(id)));
        };
        const first = isDeclared ? change() : touch();
        await call.arrived;
        const second = isDeclared ? touch() : change();
        await until('what comes second to be stored', async () => {
          const { apps } = await access.status();
          const late = isDeclared ? 'entra' : 'okta';
          return apps.some(({ app, waiting }) => app === late && waiting > 0);
        });
        call.release();
        await Promise.all([first, second]);
        await until('everybody to be dealt with', async () => {
          const { apps } = await access.status();
          return apps.every(({ app, waiting }) => waiting === 0 || (how === 'ended' && app === 'okta'));
        });
        expect(roles().length).toBeGreaterThanOrEqual(how === 'filled' ? 0 : SIX.length - 1);
        expect(roles().length).toBeLessThanOrEqual(how === 'filled' ? 1 : SIX.length);
        expect(access.suspended().length).toBeLessThanOrEqual(1);
        expect((await access.status()).holds).not.toEqual([]);
      });
    },
  );

  it.each(['ended', 'mapped'] as const)(
    'what one app holds of people who are in by it (%s) is not taken by leaving the other one',
    async how => {
      const access = await startAccess(on);
      const okta = await access.app(
        'okta',
        sharing('entra', {
          guard: { minRemovals: 1, maxRemovalsPercent: 0 },
          policies: { accounts: how === 'mapped' ? 'mapped' : 'all' },
          roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
        }),
      );
      const entra = await access.app('entra', sharing('okta'));
      const group = await okta.group('auditors', await okta.hireAll(SIX));
      const inEntra = await entra.hireAll(SIX);
      if (how === 'ended') await access.removeApp(okta);
      else await okta.setMembers(group, 'auditors', []);
      await until('the hold', async () => (await access.status()).holds.length > 0);
      for (const id of inEntra) await entra.leave(id);
      await access.swept().catch(() => undefined);
      expect([access.suspended(), access.holding('auditor')]).toEqual([[], SIX]);
    },
  );

  it.each(['repair', 'report', 'off'] as const)(
    'that share no more (drift: %s): who is in by both stays in, and both apps say so until these people are parted',
    async drift => {
      const access = await startAccess(on);
      const policies = { drift };
      const roles = { policies, roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } } };
      const okta = await access.app('okta', sharing('entra', { policies }));
      const entra = await access.app('entra', sharing('okta', roles));
      await okta.hireAll(['ada', 'ben']);
      const [ada = ''] = await entra.hireAll(['ada', 'cleo']);
      await entra.group('auditors', [ada]);
      const told = (other: string): unknown =>
        expect.stringMatching(`^1 account belongs to people of app "${other}" as well, .* people.sharedWith: `);
      const { tokens } = entra;
      const planned = await access.admin.plan({ state: { version: 1, app: 'entra', tokens, ...roles } });
      expect(planned.problems).toEqual([told('entra'), told('okta')]);
      await access.declare(entra, roles);
      await access.declare(okta, { policies });
      expect((await access.status()).apps.map(({ app, warnings, converged }) => [app, warnings, converged])).toEqual([
        ['entra', [told('okta')], false],
        ['okta', [told('entra')], false],
      ]);
      expect(access.holding('auditor')).toEqual(['ada']);

      await entra.leave(ada);
      const { apps } = await access.swept();
      expect(apps.map(({ warnings, converged }) => [warnings, converged])).toEqual([
        [[], true],
        [[], true],
      ]);
      expect([access.suspended(), access.holding('auditor')]).toEqual([[], []]);
    },
  );

  it('that share no more: what one is told of the other is over with that one, before any sweep', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', sharing('entra'));
    const entra = await access.app('entra', sharing('okta'));
    await okta.hire('ada');
    await entra.hire('ada');
    await access.declare(okta, {});
    expect((await access.statusOf(okta)).warnings).toEqual([
      expect.stringMatching(/^1 account belongs to people of app/),
    ]);
    await access.removeApp(entra);
    await access.settled();
    expect(await access.statusOf(okta)).toMatchObject({ warnings: [], converged: true });
  });

  it('that share no more: what differs in the other is not repaired by the end of one, where only reports are wanted', async () => {
    const access = await startAccess(on);
    const policies = { drift: 'report' } as const;
    const okta = await access.app('okta', sharing('entra', { policies }));
    const entra = await access.app('entra', sharing('okta'));
    await okta.hireAll(['ada', 'ben']);
    await entra.hire('ada');
    await access.declare(okta, { policies });
    access.coder.suspend('ben');
    await access.removeApp(entra);
    await access.settled();
    expect(access.coder.describe('ben').status).toBe('suspended');
  });

  it('each of which says for its own groups whether what somebody changes in them is repaired, and for one of both it is if either does', async () => {
    const access = await startAccess(on);
    const mapped = (...names: string[]): Document => ({
      groupMappings: Object.fromEntries(names.map(name => [name, { idpGroup: name, group: name }])),
    });
    const okta = await access.app('okta', mapped('ops', 'both'));
    const entra = await access.app('entra', { ...mapped('dev', 'both'), policies: { drift: 'report' } });
    const [ada, ben] = [await okta.hire('ada'), await entra.hire('ben')];
    await okta.group('ops', [ada]);
    await okta.group('both', [ada]);
    await entra.group('dev', [ben]);
    await entra.group('both', [ben]);
    const members = () => ['ops', 'dev', 'both'].map(name => access.coder.membersOf(name));
    expect(members()).toEqual([['ada'], ['ben'], ['ada', 'ben']]);
    access.coder.removeFromGroup('ada', 'ops');
    access.coder.removeFromGroup('ben', 'dev');
    access.coder.removeFromGroup('ben', 'both');
    await access.swept();
    await access.settled();
    expect(members()).toEqual([['ada'], [], ['ada', 'ben']]);
    const told = (await access.admin.audit({ action: 'drift.found' })).entries.map(({ app, target, detail }) => [
      target,
      app,
      detail,
    ]);
    expect(told.sort()).toEqual([
      ['coder/both', 'okta', 'to be repaired'],
      ['coder/dev', 'entra', 'reported only'],
      ['coder/ops', 'okta', 'to be repaired'],
    ]);
  });

  it('a custom role that two apps declare differently is written for neither, and both are told, until they agree', async () => {
    const access = await startAccess(on);
    const role = (...actions: string[]) => ({
      customRoles: {
        deputy: { name: 'deputy', permissions: actions.map(action => ({ resourceType: 'template', action })) },
      },
    });
    const roles = async () =>
      Object.fromEntries(
        (await access.status()).apps.map(({ app, warnings, converged }) => [app, { warnings, converged }]),
      );
    const okta = await access.app('okta', role('read'));
    const entra = await access.app('entra', role('read', 'update'));
    await access.settled();
    const told = (other: string) => ({
      warnings: [
        expect.stringContaining(
          `customRoles/deputy: app "${other}" declares custom role "deputy" of organization "coder" otherwise`,
        ),
      ],
      converged: false,
    });
    expect(await roles()).toEqual({ okta: told('entra'), entra: told('okta') });
    await access.swept();
    expect((await access.admin.audit({ action: 'custom-role.update' })).entries).toEqual([]);

    await access.declare(entra, role('read'));
    await access.settled();
    const fine = { warnings: [], converged: true };
    expect(await roles()).toEqual({ okta: fine, entra: fine });
    await access.declare(okta, role('read', 'update'));
    await access.settled();
    expect(await roles()).toEqual({ okta: told('entra'), entra: told('okta') });
    await access.removeApp(entra);
    await access.settled();
    expect(await roles()).toEqual({ okta: fine });
    expect((await access.admin.audit({ action: 'custom-role.update' })).entries).toHaveLength(1);
  });

  it('what one app means of one claim is not written for another claim that the other app reads', async () => {
    const access = await startAccess(on);
    const claims = (name: string, value: string, role: string): Document => ({
      mode: 'claims',
      claims: { groups: name, roles: name },
      roleMappings: { one: { idpGroup: value, organization: 'default', role } },
    });
    const okta = await access.app('okta', claims('groups', 'auditors', 'organization-auditor'));
    const teams = await access.app('teams', claims('teams', 'staff', 'organization-admin'));
    await access.settled();
    expect(access.coder.snapshot().organizations['coder']?.roleSync).toMatchObject({
      field: 'groups',
      mapping: { auditors: ['organization-auditor'] },
    });
    expect((await access.statusOf(teams)).warnings).toEqual([
      expect.stringMatching(/claim "teams" is not the claim "groups" .* nothing is written of this one/),
    ]);
    await access.removeApp(okta);
    await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.roleSync).toMatchObject({
      field: 'teams',
      mapping: { staff: ['organization-admin'] },
    });
    expect((await access.statusOf(teams)).converged).toBe(true);
  });
});
