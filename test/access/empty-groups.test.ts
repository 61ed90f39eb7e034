/** Identity providers make groups empty and fill them by later requests: a group that never had a member says nothing of anybody yet. */
import { describeEachDatabase } from '../support/databases';
import { type Access, crowd, type Document, startAccess } from './stage';

const ADMINS: Document = { roleMappings: { admins: { idpGroup: 'coder-admins', role: 'owner' } } };
const BY_EXTERNAL_ID: Document = { roleMappings: { admins: { idpGroupExternalId: 'object-1', role: 'owner' } } };
const DEVELOPERS: Document = {
  groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
};
/** Fewer than the guard lets go without a word, more than it lets become owner. */
const EIGHT = crowd(8);

/** Eight people whom somebody made owners by hand, before the first rollout. */
const eightOwners = {
  before: (coder: Access['coder']) => {
    coder.addUser('omar', { roles: ['owner'], status: 'active' });
    for (const name of EIGHT) owner(coder, name);
  },
};
const owner = (coder: Access['coder'], name: string) =>
  coder.addUser(name, { email: `${name}@example.com`, roles: ['owner'], status: 'active', loginType: 'oidc' });
const owners = (access: Access): string[] => access.holding('owner').filter(name => EIGHT.includes(name));

const clock = Date.now.bind(Date);
let ahead = 0;
beforeEach(() => {
  ahead = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => clock() + ahead);
});
afterEach(() => jest.restoreAllMocks());

/** Groups that are being filled have come to rest. */
const rested = (access: Access) => {
  ahead += 3 * 60_000;
  return access.swept();
};

describeEachDatabase('a group without members', (_, on) => {
  it.each([
    ['its name', ADMINS, {}],
    ['its externalId', BY_EXTERNAL_ID, { externalId: 'object-1' }],
  ] as const)(
    'that is pushed again takes nothing by %s from whom it is missed of, and ends that with its members',
    async (_how, document, more) => {
      const access = await startAccess(on, eightOwners);
      const okta = await access.app('okta', document);
      const ids = await okta.hireAll(EIGHT);
      expect((await access.statusOf(okta)).neverCame).toHaveLength(1);
      const group = await okta.group('coder-admins', ids, more);
      expect((await access.statusOf(okta)).neverCame).toEqual([]);
      await okta.done('DELETE', `/Groups/${group}`);
      const [hold] = (await access.settled()).holds;
      expect(hold).toMatchObject({ reason: 'idp-group-vanished', people: 8 });

      const again = await okta.group('coder-admins', [], more);
      const { holds } = await access.swept();
      expect(owners(access)).toEqual(EIGHT);
      expect(holds).toMatchObject([{ reason: 'idp-group-vanished', people: 8 }]);
      expect((await access.admin.groups()).mappings).toMatchObject([
        { state: 'empty', scimGroupId: again, groupName: 'coder-admins', people: 0 },
      ]);
      expect((await access.statusOf(okta)).noMemberYet).toEqual(['coder-admins (roleMappings/admins)']);

      await okta.join(again, ...ids);
      expect(owners(access)).toEqual(EIGHT);
      expect(await access.settled()).toMatchObject({ holds: [], apps: [{ converged: true, noMemberYet: [] }] });
      expect((await access.admin.groups()).mappings).toMatchObject([{ state: 'filling', people: 8 }]);
      await rested(access);
      await okta.quit(again, ids[0] ?? '');
      expect(owners(access)).toEqual(EIGHT.slice(1));
    },
  );

  it('that is pushed again locks nobody out whom it let in', async () => {
    const access = await startAccess(on, eightOwners);
    const okta = await access.app('okta', { ...ADMINS, policies: { accounts: 'mapped' } });
    const ids = await okta.hireAll(EIGHT);
    const group = await okta.group('coder-admins', ids);
    for (const name of EIGHT) access.coder.addWorkspace(name, 'work');
    await okta.done('DELETE', `/Groups/${group}`);
    const again = await okta.group('coder-admins');
    await access.swept();
    expect(access.suspended()).toEqual([]);
    expect(EIGHT.flatMap(name => access.coder.workspacesOf(name).map(({ status }) => status))).not.toContain('stopped');

    await okta.join(again, ...ids);
    expect([access.suspended(), owners(access)]).toEqual([[], EIGHT]);
    expect(await access.settled()).toMatchObject({ holds: [], apps: [{ converged: true }] });
  });

  it('takes from nobody what they have by hand, whatever else is pushed before its first member', async () => {
    const access = await startAccess(on, eightOwners);
    const okta = await access.app('okta', { ...ADMINS, ...DEVELOPERS });
    const ids = await okta.hireAll(EIGHT);
    const admins = await okta.group('coder-admins');
    const developers = await okta.group('coder-developers');
    await okta.join(developers, ...ids);
    await access.swept();
    expect(access.coder.membersOf('developers')).toEqual(EIGHT);
    expect(owners(access)).toEqual(EIGHT);
    expect(await access.statusOf(okta)).toMatchObject({
      converged: true,
      noMemberYet: ['coder-admins (roleMappings/admins)'],
    });

    await okta.join(admins, ...ids);
    expect(owners(access)).toEqual(EIGHT);
    await rested(access);
    // From now on it says who is to be one, also when nobody is in it any more.
    await okta.setMembers(admins, 'coder-admins', ids.slice(0, 2));
    await access.settled();
    expect(owners(access)).toEqual(EIGHT.slice(0, 2));
    await okta.setMembers(admins, 'coder-admins', []);
    await access.settled();
    expect(owners(access)).toEqual([]);
    expect((await access.admin.groups()).mappings.map(({ state }) => state)).toEqual(['matched', 'matched']);
  });

  it('counts with a group as its first member, and for all mappings that read it', async () => {
    const access = await startAccess(on, eightOwners);
    const okta = await access.app('okta', {
      roleMappings: {
        admins: { idpGroup: 'coder-admins', role: 'owner' },
        templates: { idpGroup: 'coder-admins', role: 'template-admin' },
      },
    });
    const ids = await okta.hireAll(EIGHT);
    const admins = await okta.group('coder-admins');
    const inside = await okta.group('platform', ids);
    expect((await access.statusOf(okta)).noMemberYet).toEqual([
      'coder-admins (roleMappings/admins)',
      'coder-admins (roleMappings/templates)',
    ]);
    await okta.join(admins, inside);
    await access.settled();
    expect([owners(access), access.holding('template-admin')]).toEqual([EIGHT, EIGHT]);
    expect((await access.statusOf(okta)).noMemberYet).toEqual([]);
    await rested(access);
    await okta.quit(inside, ids[0] ?? '');
    await access.settled();
    expect([owners(access), access.holding('template-admin')]).toEqual([EIGHT.slice(1), EIGHT.slice(1)]);
  });

  it('that becomes a group of Coder which was made by hand takes nobody out of it', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addGroup('team-red');
        for (const name of ['ada', 'ben']) {
          coder.addUser(name, { email: `${name}@example.com`, status: 'active', loginType: 'oidc' });
          coder.addToGroup(name, 'team-red');
        }
      },
    });
    const okta = await access.app('okta', { pushedGroups: { prefix: 'team-', adopt: true } });
    const ids = await okta.hireAll(['ada', 'ben']);
    const red = await okta.group('team-red');
    const blue = await okta.group('team-blue');
    await okta.join(blue, ...ids);
    await access.swept();
    expect(access.coder.membersOf('team-red')).toEqual(['ada', 'ben']);
    expect(access.coder.membersOf('team-blue')).toEqual(['ada', 'ben']);

    await okta.join(red, ids[0] ?? '');
    await access.swept();
    expect(access.coder.membersOf('team-red')).toEqual(['ada']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });
});
