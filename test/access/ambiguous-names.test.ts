/** Two groups of the directory with one name: nobody gets and nobody loses anything by the name, in either mode, until it is clear which is meant. */
import { describeEachDatabase } from '../support/databases';
import { givesIn } from '../support/sync-settings';
import { startAccess } from './stage';

const LEADS = { leads: { idpGroup: 'leads', organization: 'default', role: 'organization-admin' } };
const DEVELOPERS = { dev: { idpGroup: 'developers', group: 'developers' } };

describeEachDatabase('a name that two groups have', (_, on) => {
  it('keeps the entry in Coder that was written for it, in mode claims, and is told by name', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { mode: 'claims', roleMappings: LEADS, groupMappings: DEVELOPERS });
    await okta.group('leads', [], { externalId: 'first' });
    const sync = () => givesIn(access.coder.snapshot().organizations['coder']?.roleSync);
    expect(sync()).toEqual({ leads: ['organization-admin'] });

    const second = await okta.group('leads', [], { externalId: 'second' });
    await access.swept();
    expect(sync()).toEqual({ leads: ['organization-admin'] });
    const told =
      /^roleMappings\/leads: several groups of the identity provider are named "leads", so its entry in Coder stays/;
    expect((await access.statusOf(okta)).warnings).toEqual([expect.stringMatching(told)]);

    await okta.done('DELETE', `/Groups/${second}`);
    await access.swept();
    expect((await access.statusOf(okta)).warnings).toEqual([]);
    expect(sync()).toEqual({ leads: ['organization-admin'] });
  });

  it('gets no entry, in mode claims, and not what Coder would find by the name alone either', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addUser('ada', { status: 'active' });
        coder.addGroup('developers');
      },
    });
    const okta = await access.app('okta', { mode: 'claims' });
    await okta.group('developers', [], { externalId: 'first' });
    await okta.group('developers', [], { externalId: 'second' });
    await okta.group('testers', []);
    await access.declare(okta, {
      mode: 'claims',
      groupMappings: { ...DEVELOPERS, test: { idpGroup: 'testers', group: 'testers' } },
    });
    await access.swept();
    const groups = ['developers', 'testers'];
    access.coder.oidcLogin({ sub: 'ada', email: 'ada@example.com', email_verified: true, groups });
    expect(access.coder.describe('ada').organizations['coder']?.groups).toEqual(['testers']);
  });

  it.each(['repair', 'report'] as const)(
    'makes no owner by hand of whom the mapping made one: who comes back is one again (drift: %s)',
    async drift => {
      const access = await startAccess(on);
      const okta = await access.app('okta', {
        roleMappings: { owners: { idpGroup: 'admins', role: 'owner' } },
        policies: { drift },
      });
      const ada = await okta.hire('ada');
      await okta.group('admins', [ada], { externalId: 'first' });
      const second = await okta.group('admins', [], { externalId: 'second' });
      await okta.leave(ada);
      expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
      await okta.done('DELETE', `/Groups/${second}`);
      await access.settled();
      await okta.comeBack(ada);
      await access.settled();
      expect(access.holding('owner')).toContain('ada');
      expect(await access.held()).toEqual({});
      const { entries } = await access.admin.audit({ action: 'site-roles.set' });
      expect(entries.filter(({ detail }) => detail?.includes("somebody's hand"))).toEqual([]);
    },
  );

  it('turns no sync on, in mode claims, where nothing else asks for it', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addGroup('by-hand');
        coder.addUser('ada', { status: 'active' });
        coder.addToGroup('ada', 'by-hand');
      },
    });
    const okta = await access.app('okta', { mode: 'claims' });
    await okta.group('developers', [], { externalId: 'first' });
    await okta.group('developers', [], { externalId: 'second' });
    await access.declare(okta, { mode: 'claims', groupMappings: DEVELOPERS });
    await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.groupSync).toMatchObject({ field: '', mapping: {} });
    access.coder.oidcLogin({ sub: 'ada', email: 'ada@example.com', email_verified: true, groups: ['developers'] });
    expect(access.coder.membersOf('by-hand')).toEqual(['ada']);
  });

  it('gives nobody and takes from nobody, in mode push', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { groupMappings: DEVELOPERS });
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    const first = await okta.group('developers', [ada, ben], { externalId: 'first' });
    await access.settled();
    await okta.group('developers', [cleo], { externalId: 'second' });
    await okta.quit(first, ben);
    await access.swept();
    expect(access.coder.membersOf('developers')).toEqual(['ada', 'ben']);
    expect((await access.statusOf(okta)).converged).toBe(false);
  });

  it('keeps nothing of a deleted app in Coder', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: { audit: { idpGroup: 'auditors', role: 'auditor' }, ...LEADS },
      groupMappings: DEVELOPERS,
    });
    const ids = await okta.hireAll(['ada', 'ben']);
    for (const name of ['auditors', 'leads', 'developers'])
      for (const [which, members] of [
        ['first', ids],
        ['second', []],
      ] as const)
        await okta.group(name, members, { externalId: `${which} ${name}` });
    await access.swept();
    expect(access.holding('auditor')).toEqual(['ada', 'ben']);
    expect(await access.removeApp(okta)).toBeUndefined();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(access.holding('auditor')).toEqual([]);
    for (const who of ['ada', 'ben'])
      expect(access.coder.describe(who).organizations['coder']).toMatchObject({ roles: [], groups: [] });
  });

  it('is told at once where it is an externalId that a mapping reads', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: { leads: { idpGroupExternalId: 'leads-1', role: 'template-admin' } },
    });
    await okta.group('leads', [], { externalId: 'leads-1' });
    expect((await access.statusOf(okta)).warnings).toEqual([]);
    await okta.group('others', [], { externalId: 'leads-1' });
    await access.settled();
    expect(await access.statusOf(okta)).toMatchObject({
      converged: false,
      warnings: [
        expect.stringMatching(/^groups "leads", "others" hold one externalId "leads-1", and roleMappings\/leads/),
      ],
    });
  });
});
