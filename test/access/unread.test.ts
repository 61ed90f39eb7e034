/** What a bridge has not read of Coder, or can not read: nothing is taken by it, and who comes gets what is declared. */
import { type RunningBridge } from '../support/bridge';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type Access, type Document, startAccess } from './stage';
import { type IdentityProvider, patch } from './identity-provider';

const PEOPLE = ['ada', 'ben', 'cleo'];
const ROLE = (organization: string, role = 'organization-auditor'): Document => ({
  roleMappings: { devs: { idpGroup: 'devs', organization, role } },
});
const AUDITORS: Document = { roleMappings: { devs: { idpGroup: 'devs', role: 'auditor' } } };

async function touch(okta: IdentityProvider, ids: readonly string[], name: string): Promise<void> {
  const change = patch({ op: 'replace', path: 'displayName', value: name });
  for (const id of ids) await okta.done('PATCH', `/Users/${id}`, change);
}

describeEachDatabase('what is not read', (_, on) => {
  const shapes: [
    string,
    (organization: (name: string) => unknown) => void,
    Document,
    (lab: Lab) => boolean | undefined,
  ][] = [
    [
      'an organization that it never had to ask about',
      () => undefined,
      ROLE('old'),
      ({ old }) => old?.roles.includes('organization-auditor'),
    ],
    [
      'an organization that was made after its start',
      make => make('lab'),
      { groupMappings: { devs: { idpGroup: 'devs', group: 'labs', organization: 'lab' } } },
      ({ lab }) => lab?.groups.includes('labs'),
    ],
  ];
  if (on.backend === 'postgres') {
    it.each(shapes)(
      '%s: another bridge is told of it, and this one takes nothing',
      async (_what, before, document, has) => {
        const access = await startAccess(on, { replicas: 2, before: coder => void coder.addOrganization('old') });
        const [one, two] = access.bridges as [RunningBridge, RunningBridge];
        const okta = await access.app('okta');
        const ids = await okta.hireAll(PEOPLE);
        const group = await okta.group('devs', ids);
        // Both have dealt with people, and believe what they know of Coder.
        for (const { url } of [one, two]) await touch(okta.at(url), ids, `at ${url}`);
        before(name => access.coder.addOrganization(name));
        await one.admin.putApp({ version: 1, app: 'okta', tokens: okta.tokens, ...document }, 'any');
        const have = (who: string) => has(access.coder.describe(who).organizations);
        expect(PEOPLE.map(have)).toEqual([true, true, true]);

        await touch(okta.at(two.url), ids, 'another name');
        await okta.at(two.url).join(group, await okta.at(two.url).hire('dora'));
        expect([...PEOPLE, 'dora'].map(have)).toEqual([true, true, true, true]);
        expect(await two.admin.plan({})).toMatchObject({ changes: [] });
        expect((await two.admin.status()).apps).toMatchObject([{ converged: true, warnings: [] }]);
      },
    );

    it('a role that was made after its start: the one that people had goes when they have the new one', async () => {
      const access = await startAccess(on, { replicas: 2, before: coder => void coder.addOrganization('lab') });
      const [one, two] = access.bridges as [RunningBridge, RunningBridge];
      const okta = await access.app('okta', ROLE('lab'));
      const ids = await okta.hireAll(PEOPLE);
      await okta.group('devs', ids);
      for (const { url } of [one, two]) await touch(okta.at(url), ids, `at ${url}`);
      access.coder.addCustomRole('chemist', 'lab');
      await Promise.all([
        one.admin.putApp({ version: 1, app: 'okta', tokens: okta.tokens, ...ROLE('lab', 'chemist') }, 'any'),
        touch(okta.at(two.url), ids, 'another name'),
      ]);
      await access.settled();
      await touch(okta.at(two.url), ids, 'and another');
      for (const who of PEOPLE) expect(access.coder.describe(who).organizations['lab']?.roles).toEqual(['chemist']);
    });
  }

  it.each([403, 404])('roles of an organization that Coder does not tell (%d) are taken from nobody', async status => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', ROLE('lab'));
    const ids = await okta.hireAll(PEOPLE);
    const group = await okta.group('devs', ids);
    access.coder.faults.add({
      kind: 'fail',
      status,
      match: { method: 'GET', path: /organizations\/[^/]+\/members\/roles$/ },
    });
    await access.swept();
    await touch(okta, ids, 'another name');
    await okta.quit(group, ids[0] ?? '');
    const roles = () => PEOPLE.map(who => access.coder.describe(who).organizations['lab']?.roles ?? []);
    expect(roles().slice(1)).toEqual([['organization-auditor'], ['organization-auditor']]);
    const { apps } = await access.status();
    expect(apps[0]?.converged).toBe(false);
    expect(apps[0]?.warnings.join()).toMatch(/Coder does not tell the roles of organization "lab"/);
    expect(apps[0]?.warnings.join()).not.toMatch(/has no role/);

    access.coder.faults.clear();
    await access.swept();
    expect(roles()).toEqual([[], ['organization-auditor'], ['organization-auditor']]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('roles of an organization that Coder does not tell go with the app that gave them', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', ROLE('lab'));
    await okta.group('devs', await okta.hireAll(PEOPLE));
    access.coder.faults.add({
      kind: 'fail',
      status: 403,
      match: { method: 'GET', path: /organizations\/[^/]+\/members\/roles$/ },
    });
    await access.swept();
    expect(await access.removeApp(okta)).toBeUndefined();
    expect(PEOPLE.map(who => access.coder.describe(who).organizations['lab']?.roles ?? [])).toEqual([[], [], []]);
  });

  it('what one route of Coder fails to tell after a restart keeps nobody in who leaves, takes nothing from who stays, and is made up for', async () => {
    const access = await startAccess(on);
    const declared: Document = { ...ROLE('default'), policies: { drift: 'off' } };
    const okta = await access.app('okta', declared);
    const ids = await okta.hireAll(PEOPLE);
    const group = await okta.group('devs', ids);
    await access.stop();
    access.coder.faults.fail(500, { method: 'GET', path: /members\/roles$/ });
    await access.start();
    await okta.leave(ids[0] ?? '');
    await until('ada to be locked out', () => access.suspended().includes('ada'));
    await touch(okta, ids.slice(2), 'another name');
    await okta.quit(group, ids[1] ?? '');
    const roles = () => PEOPLE.map(who => access.coder.describe(who).organizations['coder']?.roles ?? []);
    expect(roles().slice(1)).toEqual([['organization-auditor'], ['organization-auditor']]);
    expect((await access.statusOf(okta)).converged).toBe(false);

    access.coder.faults.clear();
    await access.settled();
    expect(roles().slice(1)).toEqual([[], ['organization-auditor']]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('a sync of Coder that it fails to tell after a restart counts as on: what it governs is taken from nobody', async () => {
    const access = await startAccess(on);
    const mapped = { groupMappings: { devs: { idpGroup: 'devs', group: 'devs' } } };
    const okta = await access.app('okta', mapped);
    const ids = await okta.hireAll(PEOPLE);
    await okta.group('devs', ids);
    await access.declare(okta, { mode: 'claims', ...mapped });
    await access.settled();
    expect(access.coder.membersOf('devs')).toEqual(PEOPLE);
    await access.stop();
    access.coder.faults.fail(500, { method: 'GET', path: /idpsync\/groups$/ });
    await access.start();
    await touch(okta, ids, 'another name');
    expect(access.coder.membersOf('devs')).toEqual(PEOPLE);
    access.coder.faults.clear();
    await access.settled();
    expect(access.coder.membersOf('devs')).toEqual(PEOPLE);
  });

  const routes: [string, RegExp][] = [
    ['group sync settings', /\/idpsync\/groups$/],
    ['role sync settings', /\/idpsync\/roles$/],
    ['organization sync settings', /\/settings\/idpsync\/organization$/],
    ['roles of an organization', /\/members\/roles$/],
    ['roles of its members', /\/paginated-members$/],
  ];

  it.each(routes)('%s that Coder fails to tell keep nobody in whose app is removed', async (_what, path) => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', ROLE('default'));
    await okta.group('devs', await okta.hireAll(PEOPLE));
    access.coder.faults.fail(500, { method: 'GET', path });
    expect(await access.removeApp(okta)).toBeDefined();
    await until('everybody to be locked out', () => access.suspended().length === PEOPLE.length);
    // What is left of it nobody knows yet.
    expect(await access.removeApp(okta)).toBeDefined();

    access.coder.faults.clear();
    await access.endApp(okta);
    const roles = PEOPLE.map(who => access.coder.describe(who).organizations['coder']?.roles);
    expect(roles).toEqual([[], [], []]);
  });

  it.each(routes)(
    '%s that Coder fails to tell keep no new document from taking what it does not give',
    async (_what, path) => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const both = (role: string): Document => ({
        roleMappings: { ...AUDITORS.roleMappings, here: { idpGroup: 'devs', organization: 'default', role } },
      });
      const okta = await access.app('okta', both('organization-auditor'));
      const ids = await okta.hireAll(PEOPLE);
      const group = await okta.group('devs', ids);
      access.coder.faults.fail(500, { method: 'GET', path });
      await access.declare(okta, both('organization-template-admin'));
      await okta.quit(group, ids[0] ?? '');
      await until('ada to have lost it', () => !access.holding('auditor').includes('ada'));
      expect(access.holding('auditor')).toEqual(['ben', 'cleo']);
      expect((await access.statusOf(okta)).converged).toBe(false);

      access.coder.faults.clear();
      await until('all of it to be there', async () => {
        await access.admin.sweep();
        return (await access.statusOf(okta)).converged;
      });
      const roles = PEOPLE.map(who => access.coder.describe(who).organizations['coder']?.roles);
      expect(roles).toEqual([[], ['organization-template-admin'], ['organization-template-admin']]);
    },
  );

  it('group sync settings that Coder fails to tell keep nobody in a group whom another app takes out, though one is declared', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', { groupMappings: { devs: { idpGroup: 'devs', group: 'devs' } } });
    const ids = await okta.hireAll(PEOPLE);
    const group = await okta.group('devs', ids);
    access.coder.faults.fail(500, { method: 'GET', path: /\/idpsync\/groups$/ });
    const entra = await access.app('entra', AUDITORS);
    await until(
      'the declaration to go on without them',
      async () => (await access.statusOf(entra)).warnings.length > 0,
    );
    await okta.quit(group, ids[0] ?? '');
    await until('ada to be out', () => !access.coder.membersOf('devs').includes('ada'));
    expect(access.coder.membersOf('devs')).toEqual(['ben', 'cleo']);
  });

  it('roles of members that Coder fails to tell are missing to nobody', async () => {
    const access = await startAccess(on, {
      before: coder => void PEOPLE.forEach(name => coder.addUser(name, { status: 'active' })),
    });
    const okta = await access.app('okta', { ...ROLE('default'), policies: { drift: 'report' } });
    for (const who of PEOPLE) access.coder.setOrganizationRoles(who, ['organization-auditor']);
    await okta.group('devs', await okta.hireAll(PEOPLE));
    await access.swept();
    expect((await access.admin.audit({ action: 'drift.found' })).entries).toEqual([]);
    access.coder.faults.fail(500, { method: 'GET', path: /\/paginated-members$/ });
    await expect(access.admin.sweep()).rejects.toThrow(/paginated-members answered 500/);
    expect((await access.admin.audit({ action: 'drift.found' })).entries).toEqual([]);
  });

  it('sync settings of an organization that Coder fails to tell keep nothing from those of another', async () => {
    const access = await startAccess(on, {
      env: { CODER_SCIM_REQUEST_DEADLINE: '1s' },
      before: coder => void coder.addOrganization('lab'),
    });
    const inBoth = (role: string): Document => ({
      mode: 'claims',
      roleMappings: {
        here: { idpGroup: 'devs', organization: 'default', role },
        there: { idpGroup: 'devs', organization: 'lab', role },
      },
    });
    const okta = await access.app('okta', inBoth('organization-auditor'));
    const { id } = access.coder.findOrganization();
    access.coder.faults.fail(500, { method: 'GET', path: new RegExp(`${id}/settings/idpsync/roles$`) });
    await access.declare(okta, inBoth('organization-template-admin'));
    const given = (organization: string) => access.coder.snapshot().organizations[organization]?.roleSync?.mapping;
    await until('the other to be written', () => given('lab')?.['devs']?.[0] === 'organization-template-admin');
    expect(given('coder')).toMatchObject({ devs: ['organization-auditor'] });
    access.coder.faults.clear();
    await until('both to be written', async () => {
      await access.admin.sweep();
      return given('coder')?.['devs']?.[0] === 'organization-template-admin';
    });
  });

  const lost = async (access: Access, meanwhile: () => Promise<unknown>): Promise<void> => {
    access.coder.setSiteRoles('bridge', []);
    await meanwhile();
    access.coder.setSiteRoles('bridge', ['owner']);
    // Work that was refused meanwhile is tried again with each sweep.
    await access.swept();
    await access.swept();
  };

  it.each(['leave', 'remove'] as const)(
    'accounts of an owner that is none for a moment: whoever leaves (%s) is not taken for deleted in Coder',
    async how => {
      const access = await startAccess(on);
      const okta = await access.app('okta', AUDITORS);
      const ids = await okta.hireAll(PEOPLE);
      await okta.group('devs', ids);
      for (const who of PEOPLE) access.coder.oidcLogin({ sub: who, email: `${who}@example.com`, email_verified: true });
      await lost(access, async () => {
        await okta[how](ids[0] ?? '');
        expect((await access.statusOf(okta)).converged).toBe(false);
      });
      expect([access.suspended(), access.holding('auditor')]).toEqual([['ada'], ['ben', 'cleo']]);
      expect((await access.admin.audit({ action: 'account.gone' })).entries).toEqual([]);
    },
  );

  it('accounts of an owner that is none for a moment: what is owed by hand of whoever is deleted stays listed', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('dora', { loginType: 'password', status: 'active' }),
    });
    const okta = await access.app('okta');
    await okta.hireAll(PEOPLE);
    const id = await okta.hire('dora');
    await lost(access, () => okta.remove(id));
    expect(await access.held()).toEqual({ dora: expect.stringMatching(/the person has left/) });
  });

  it('accounts that a sweep does not see then are not forgotten: what was given to them is taken with its mapping', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', AUDITORS);
    await okta.group('devs', await okta.hireAll(PEOPLE));
    await lost(access, async () => {
      await expect(access.admin.sweep()).rejects.toThrow(/may see itself only/);
      await access.settled();
    });
    expect((await access.admin.audit({ action: 'account.gone' })).entries).toEqual([]);
    await access.declare(okta, {});
    await access.settled();
    expect(access.holding('auditor')).toEqual([]);
  });
});

type Lab = Readonly<
  Record<string, { readonly roles: readonly string[]; readonly groups: readonly string[] } | undefined>
>;
