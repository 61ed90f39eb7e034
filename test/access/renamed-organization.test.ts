/** An organization of Coder that somebody renames: nobody loses anything there by its name, until the document says what is meant. */
import { describeEachDatabase } from '../support/databases';
import { startAccess } from './stage';
import { givesIn } from '../support/sync-settings';

const inLab = (organization: string) => ({
  organizationMappings: { lab: { idpGroup: 'lab', organization } },
  roleMappings: { audit: { idpGroup: 'lab', role: 'organization-auditor', organization } },
  groupMappings: { lab: { idpGroup: 'lab', organization, group: 'labbers' } },
});
const RENAMED = 'Coder has no organization "lab" that the bridge may see: it is called "lab2" now';

describeEachDatabase('an organization that is renamed in Coder', (_, on) => {
  const start = () => startAccess(on, { before: coder => void coder.addOrganization('lab') });
  type Started = Awaited<ReturnType<typeof start>>;
  const has = (access: Started, who: string) => access.coder.describe(who).organizations['lab2'];
  const ALL = { roles: ['organization-auditor'], groups: ['labbers'] };

  it('keeps its people with roles and groups, and the document is told', async () => {
    const access = await start();
    const okta = await access.app('okta', inLab('lab'));
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    const lab = await okta.group('lab', [ada, ben]);
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    await access.swept();
    await okta.join(lab, cleo);
    await okta.quit(lab, ben);
    await access.swept();
    expect([has(access, 'ada'), has(access, 'ben'), has(access, 'cleo')]).toEqual([ALL, ALL, undefined]);
    const kinds = ['groupMappings/lab', 'roleMappings/audit', 'organizationMappings/lab'];
    expect(await access.statusOf(okta)).toMatchObject({
      converged: false,
      warnings: kinds.map(what => expect.stringContaining(`${what}: ${RENAMED}`) as string),
    });

    // With its name in the document the directory counts again.
    await access.declare(okta, inLab('lab2'));
    await access.settled();
    expect([has(access, 'ada'), has(access, 'ben'), has(access, 'cleo')]).toEqual([ALL, undefined, ALL]);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, warnings: [] });
  });

  it('is not confused with another one that gets its name, until the document says that this one is meant', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addOrganization('lab');
        coder.addOrganization('ops');
      },
    });
    const okta = await access.app('okta', inLab('lab'));
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    const lab = await okta.group('lab', [ada, ben]);
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    access.coder.renameOrganization('ops', 'lab');
    await access.swept();
    await okta.join(lab, cleo);
    await okta.quit(lab, ben);
    await access.swept();
    const has2 = () => ['ada', 'ben', 'cleo'].map(who => has(access, who));
    const hasNew = () => ['ada', 'ben', 'cleo'].map(who => access.coder.describe(who).organizations['lab']);
    expect([has2(), hasNew()]).toEqual([
      [ALL, ALL, undefined],
      [undefined, undefined, undefined],
    ]);
    const told = expect.stringContaining(
      'organization "lab" of Coder is another one by now, and the one that this',
    ) as string;
    expect(await access.statusOf(okta)).toMatchObject({ converged: false, warnings: [told, told, told] });

    await access.declare(okta, {});
    await access.settled();
    expect([...has2(), ...hasNew()].filter(there => there !== undefined)).toEqual([]);
    await access.declare(okta, inLab('lab'));
    await access.settled();
    expect([has2(), hasNew()]).toEqual([
      [undefined, undefined, undefined],
      [ALL, undefined, ALL],
    ]);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, warnings: [] });
  });

  it('is left by whom the document gives nothing there any more', async () => {
    const access = await start();
    const okta = await access.app('okta', inLab('lab'));
    await okta.group('lab', await okta.hireAll(['ada', 'ben']));
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    await access.swept();
    const { organizationMappings, groupMappings } = inLab('lab');
    await access.declare(okta, { organizationMappings, groupMappings });
    await access.settled();
    expect(has(access, 'ada')).toEqual({ roles: [], groups: ['labbers'] });
    await access.declare(okta, {});
    await access.settled();
    expect([has(access, 'ada'), has(access, 'ben')]).toEqual([undefined, undefined]);
    expect((await access.statusOf(okta)).warnings).toEqual([]);
  });

  it('keeps nothing of an app that is deleted', async () => {
    const access = await start();
    const okta = await access.app('okta', inLab('lab'));
    await okta.group('lab', await okta.hireAll(['ada']));
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    await access.swept();
    expect(await access.removeApp(okta)).toBeUndefined();
    expect(access.suspended()).toEqual(['ada']);
    expect(has(access, 'ada')).toEqual({ roles: [], groups: [] });
  });

  it('keeps nothing of what was given in another one and is named no more', async () => {
    const access = await start();
    access.coder.addOrganization('field');
    const okta = await access.app('okta', {
      organizationMappings: { field: { idpGroup: 'lab', organization: 'field' } },
    });
    await okta.group('lab', await okta.hireAll(['ada']));
    await access.settled();
    expect(Object.keys(access.coder.describe('ada').organizations)).toEqual(['coder', 'field']);
    await access.declare(okta, inLab('laboratory'));
    await access.settled();
    expect(Object.keys(access.coder.describe('ada').organizations)).toEqual(['coder']);
    expect((await access.statusOf(okta)).warnings[0]).toMatch(/"laboratory" that the bridge may see: create it/);
  });

  it('keeps the people of groups that are pushed into it', async () => {
    const access = await start();
    const okta = await access.app('okta', {
      policies: { accounts: 'mapped' },
      pushedGroups: { prefix: 'team-', organization: 'lab' },
    });
    const ids = await okta.hireAll(['ada', 'ben']);
    const team = await okta.group('team-a', ids);
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    await access.swept();
    await okta.rename(team, 'team-b');
    await access.swept();
    expect(access.suspended()).toEqual([]);
    expect([has(access, 'ada'), has(access, 'ben')]).toEqual(ids.map(() => ({ roles: [], groups: ['team-a'] })));
    expect((await access.statusOf(okta)).warnings).toEqual([expect.stringContaining(`pushedGroups: ${RENAMED}`)]);
  });

  it('keeps groups and roles of the bridge that nobody is in', async () => {
    const access = await start();
    await access.app('okta', {
      groupMappings: inLab('lab').groupMappings,
      customRoles: {
        reader: { name: 'reader', organization: 'lab', permissions: [{ resourceType: 'template', action: 'read' }] },
      },
    });
    await access.settled();
    access.coder.renameOrganization('lab', 'lab2');
    await access.swept();
    const { groups, customRoles } = access.coder.snapshot().organizations['lab2'] ?? {};
    expect([Object.keys(groups ?? {}), customRoles?.length]).toEqual([['labbers'], 1]);
  });

  it('keeps what sign-ins are told, in mode claims', async () => {
    const access = await start();
    const okta = await access.app('okta', { mode: 'claims', claims: { organizations: 'groups' }, ...inLab('lab') });
    await okta.group('lab', await okta.hireAll(['ada']));
    await access.swept();
    const told = (name: string) => {
      const { organizationSync, organizations } = access.coder.snapshot();
      return {
        organizationSync: organizationSync.mapping,
        group: organizations[name]?.groupSync,
        role: organizations[name]?.roleSync,
      };
    };
    const before = told('lab');
    expect(Object.keys(givesIn(before.group))).toEqual(['lab']);
    access.coder.renameOrganization('lab', 'lab2');
    await access.declare(okta, { mode: 'claims', claims: { organizations: 'groups' }, ...inLab('lab') });
    await access.swept();
    expect(JSON.stringify(told('lab2')).replaceAll('lab2', 'lab')).toEqual(JSON.stringify(before));
  });
});
