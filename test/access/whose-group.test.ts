/** Whose a Coder group is once two apps are around, or a declaration moves: nobody comes into a group of another app by its name alone. */
import { describeEachDatabase } from '../support/databases';
import { crowd, startAccess } from './stage';

const guard = { minRemovals: 2, maxRemovalsPercent: 0 };
const foreign = { pushedGroups: {}, people: { emailDomains: ['ext.example'] } };

describeEachDatabase('whose a Coder group is', (_, on) => {
  it('a group that was deleted by mistake and is held is nobody else’s: pushed again it is the same one', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard, pushedGroups: {} });
    const contractors = await access.app('contractors', foreign);
    const ids = await okta.hireAll(crowd(5));
    const zoe = await contractors.hire('zoe@ext.example');
    const engineers = await okta.group('eng', ids);
    const { id } = access.coder.findGroup('eng');
    await okta.done('DELETE', `/Groups/${engineers}`);

    await contractors.group('eng', [zoe]);
    expect(access.coder.membersOf('eng')).toEqual(crowd(5));

    await okta.group('eng', ids);
    await access.swept();
    expect(access.coder.findGroup('eng').id).toBe(id);
    expect(access.coder.membersOf('eng')).toEqual(crowd(5));
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('nor is one whose mapping was dropped and is held', async () => {
    const access = await startAccess(on);
    const groupMappings = { d: { idpGroup: 'dev', group: 'dev' } };
    const okta = await access.app('okta', { guard, groupMappings });
    const ids = await okta.hireAll(crowd(5));
    await okta.group('dev', ids);
    await access.declare(okta, { guard });
    const contractors = await access.app('contractors', foreign);
    const zoe = await contractors.hire('zoe@ext.example');
    await contractors.group('dev', [zoe]);

    await access.declare(okta, { guard, groupMappings });
    await access.swept();
    expect(access.coder.membersOf('dev')).toEqual(crowd(5));
  });

  it('a name that a mapping of another app gives a group is not to be had by pushing it, before there is such a group', async () => {
    const access = await startAccess(on);
    const entra = await access.app('entra', {
      groupMappings: { p: { idpGroup: 'pp', group: 'payroll', create: false } },
    });
    const contractors = await access.app('contractors', foreign);
    await entra.group('pp', [await entra.hire('ben')]);
    const payroll = await contractors.group('payroll', [await contractors.hire('zoe@ext.example')]);
    await access.swept();
    expect(Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {})).not.toContain('payroll');
    expect((await access.statusOf(contractors)).warnings).toEqual([
      'pushedGroups "payroll": a mapping of app "entra" names group "payroll" of organization "coder", which Coder does not have now: set pushedGroups.adopt to true to be part of it, or rename one of the two',
    ]);

    await contractors.rename(payroll, 'wages');
    await access.settled();
    expect(await access.statusOf(contractors)).toMatchObject({ converged: true, warnings: [] });
  });

  it('nor by renaming a pushed group, while the group of the mapping was deleted by hand', async () => {
    const access = await startAccess(on);
    const entra = await access.app('entra', { groupMappings: { p: { idpGroup: 'pp', group: 'payroll' } } });
    const okta = await access.app('okta', { pushedGroups: {} });
    const ada = await okta.hire('ada');
    await entra.group('pp', [await entra.hire('ben')]);
    const engineers = await okta.group('eng', [ada]);
    access.coder.deleteGroup('payroll');
    await okta.rename(engineers, 'payroll');
    await access.swept();
    expect(access.coder.membersOf('payroll')).toEqual(['ben']);
    expect(access.coder.membersOf('eng')).toEqual(['ada']);
  });

  it.each([false, true])('with adopt it is said that the app means to be part of it (made: %j)', async create => {
    const access = await startAccess(on);
    const entra = await access.app('entra', { groupMappings: { p: { idpGroup: 'pp', group: 'payroll', create } } });
    await entra.group('pp', [await entra.hire('ben')]);
    const okta = await access.app('okta', { pushedGroups: { adopt: true } });
    await okta.group('payroll', [await okta.hire('ada')]);
    await access.swept();
    expect(access.coder.membersOf('payroll')).toEqual(['ada', 'ben']);
  });

  it('pushed groups that move to another organization leave none behind', async () => {
    const access = await startAccess(on);
    access.coder.addOrganization('lab');
    const okta = await access.app('okta', { pushedGroups: { prefix: 'p-' } });
    await okta.group('p-x', [await okta.hire('ada')]);
    await access.declare(okta, { pushedGroups: { prefix: 'p-', organization: 'lab' } });
    await access.swept();
    expect(access.coder.membersOf('p-x', 'lab')).toEqual(['ada']);
    expect(Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {})).not.toContain('p-x');
  });

  it('a move to another identity provider: a second group of the same name is told, and with a mapping in the new app it stays one', async () => {
    const access = await startAccess(on);
    const pushedGroups = { prefix: 'p-' };
    const groupMappings = { x: { idpGroup: 'p-x', group: 'p-x' } };
    const okta = await access.app('okta', { pushedGroups, people: { sharedWith: ['entra'] } });
    await okta.group('p-x', [await okta.hire('ada')]);
    const { id } = access.coder.findGroup('p-x');
    const entra = await access.app('entra', { pushedGroups, people: { sharedWith: ['okta'] } });
    await entra.group('p-x', [await entra.hire('ada', { externalId: 'e-ada' })]);
    await access.settled();
    expect((await access.statusOf(entra)).warnings.join()).toMatch(
      /^pushedGroups "p-x": group "p-x" in Coder is that of a group which app "okta" pushes, so this one is "p-x-[0-9a-f]{4}"/,
    );

    await access.declare(entra, { pushedGroups, groupMappings, people: { sharedWith: ['okta'] } });
    expect(await access.statusOf(entra)).toMatchObject({ converged: true, warnings: [] });
    await access.removeApp(okta);
    await access.swept();
    const groups = (): string[] =>
      Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {}).filter(name => name.startsWith('p-x'));
    const [twin = ''] = groups().filter(name => name !== 'p-x');
    access.coder.deleteGroup(twin);
    await access.swept();
    expect(groups()).toEqual(['p-x']);
    expect(access.coder.findGroup('p-x').id).toBe(id);
    expect(access.coder.membersOf('p-x')).toEqual(['ada']);
    expect((await access.statusOf(entra)).converged).toBe(true);
  });

  it('what was given by hand in an organization goes with the membership, and is named before and after', async () => {
    const access = await startAccess(on);
    access.coder.addOrganization('lab');
    const organizationMappings = { l: { idpGroup: 'lab', organization: 'lab' } };
    const okta = await access.app('okta', { organizationMappings });
    const ada = await okta.hire('ada');
    const lab = await okta.group('lab', [ada]);
    access.coder.setOrganizationRoles('ada', ['organization-admin'], 'lab');
    const plan = await access.admin.plan({ state: { version: 1, app: 'okta', tokens: okta.tokens } });
    expect(plan.changes).toMatchObject([
      { action: 'organization.remove', target: 'lab', before: 'member, and by hand: organization-admin' },
    ]);
    await okta.quit(lab, ada);
    const { entries } = await access.admin.audit({ action: 'organization.remove' });
    expect(entries).toMatchObject([{ target: 'lab', detail: 'given by hand, and gone with it: organization-admin' }]);
  });
});
