/** By whatever route many would lose something, or many would gain privilege: the plan is held whole, and says so. */
import { describeEachDatabase } from '../support/databases';
import { type IdentityProvider } from './identity-provider';
import { type Access, crowd, type Document, startAccess } from './stage';

const LIMIT = 4;
const PEOPLE = crowd(10).sort();
const guard = { minRemovals: LIMIT, maxRemovalsPercent: 0 };

interface Scene {
  readonly access: Access;
  readonly okta: IdentityProvider;
  readonly ids: readonly string[];
  readonly group: string;
}

const BY_NAME: Document = { guard, groupMappings: { team: { idpGroup: 'team-red', group: 'red' } } };
const BY_ID: Document = { guard, groupMappings: { team: { idpGroupExternalId: 'grp-1', group: 'red' } } };
const PUSHED: Document = { guard, pushedGroups: { prefix: 'team-', stripPrefix: true } };

const LOSSES: readonly (readonly [route: string, document: Document, lose: (scene: Scene) => Promise<unknown>])[] = [
  ['the group is deleted', BY_NAME, ({ okta, group }) => okta.done('DELETE', `/Groups/${group}`)],
  ['a pushed group is deleted', PUSHED, ({ okta, group }) => okta.done('DELETE', `/Groups/${group}`)],
  ['the group is emptied by PUT', BY_NAME, ({ okta, group }) => okta.setMembers(group, 'team-red', [])],
  ['the group is emptied by PATCH', BY_NAME, ({ okta, group, ids }) => okta.quit(group, ...ids)],
  [
    'the group is deleted and made again empty',
    BY_NAME,
    async ({ okta, group }) => {
      await okta.done('DELETE', `/Groups/${group}`);
      await okta.group('team-red');
    },
  ],
  ['a pushed group is renamed out of the prefix', PUSHED, ({ okta, group }) => okta.rename(group, 'red')],
  [
    'the externalId moves to another group',
    BY_ID,
    async ({ okta, group }) => {
      await okta.done('PUT', `/Groups/${group}`, {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'team-red',
        externalId: 'grp-2',
        members: (await okta.done('GET', `/Groups/${group}`)).body.members.map(({ value }) => ({ value })),
      });
      await okta.group('team-blue', [], { externalId: 'grp-1' });
    },
  ],
  ['the mapping is dropped', BY_NAME, ({ access, okta }) => access.declare(okta, { guard })],
  [
    'the mapping reads another group',
    BY_NAME,
    ({ access, okta }) =>
      access.declare(okta, { guard, groupMappings: { team: { idpGroup: 'team-blue', group: 'red' } } }),
  ],
  ['the app is deleted', BY_NAME, ({ access, okta }) => access.removeApp(okta)],
];

describeEachDatabase('a loss of many', (_, on) => {
  it.each(LOSSES)('because %s takes nothing, and is held', async (_route, document, lose) => {
    const access = await startAccess(on);
    const okta = await access.app('okta', document);
    const ids = await okta.hireAll(PEOPLE);
    const group = await okta.group('team-red', ids, { externalId: 'grp-1' });
    expect(access.coder.membersOf('red')).toEqual(PEOPLE);
    await lose({ access, okta, ids, group });
    await access.settled();
    await access.admin.sweep();
    const { holds } = await access.settled();
    expect(access.coder.membersOf('red')).toEqual(PEOPLE);
    expect(access.suspended()).toEqual([]);
    expect(holds).toMatchObject([{ app: 'okta', people: PEOPLE.length }]);
  });

  it('because somebody changed Coder by hand is held when the sweep would repair it', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', BY_NAME);
    const [first = ''] = await okta.hireAll(PEOPLE);
    await okta.quit(await okta.group('team-red', [first]), first);
    for (const name of PEOPLE) access.coder.addToGroup(name, 'red');
    const { holds } = await access.swept();
    expect(access.coder.membersOf('red')).toEqual(PEOPLE);
    expect(holds).toMatchObject([{ app: 'okta', reason: 'plan-too-large', people: PEOPLE.length }]);
  });
});

describeEachDatabase('a gain of many', (_, on) => {
  const OWNERS: Document = { roleMappings: { owners: { idpGroup: 'owners', role: 'owner' } } };

  it('of privilege by one group is held whole; a few pass at once', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', OWNERS);
    const ids = await okta.hireAll(PEOPLE);
    const few = await okta.group('owners', ids.slice(0, 3));
    expect(access.holding('owner').filter(name => PEOPLE.includes(name))).toHaveLength(3);
    await okta.join(few, ...ids.slice(3));
    const { holds } = await access.settled();
    expect(access.holding('owner').filter(name => PEOPLE.includes(name))).toHaveLength(3);
    expect(holds).toMatchObject([{ reason: 'too-many-privileges', people: 7 }]);
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect(access.holding('owner').filter(name => PEOPLE.includes(name))).toHaveLength(10);
  });

  it.each([
    ['owner', undefined],
    ['user-admin', undefined],
    ['organization-admin', 'coder'],
  ])('%s is privilege: five an hour, one after the other, and the sixth is held', async (role, organization) => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { roleMappings: { chiefs: { idpGroup: 'chiefs', role, organization } } });
    const ids = await okta.hireAll(PEOPLE.slice(0, 6));
    const chiefs = await okta.group('chiefs');
    for (const id of ids) await okta.join(chiefs, id);
    const { holds } = await access.settled();
    const having = PEOPLE.slice(0, 6).filter(name =>
      organization === undefined
        ? access.holding(role).includes(name)
        : access.coder.describe(name).organizations[organization]?.roles.includes(role),
    );
    expect(having).toEqual(PEOPLE.slice(0, 5));
    expect(holds).toMatchObject([{ reason: 'too-many-privileges', people: 1 }]);
  });

  it('of privilege by a declaration is held whole', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    await okta.group('owners', await okta.hireAll(PEOPLE));
    await access.declare(okta, OWNERS);
    const { holds } = await access.settled();
    expect(access.holding('owner').filter(name => PEOPLE.includes(name))).toEqual([]);
    expect(holds).toMatchObject([{ reason: 'too-many-privileges', people: 10 }]);
  });

  it('of way in is held at the limit when suspended people come back', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard: { minRemovals: 100 } });
    const ids = await okta.hireAll(PEOPLE);
    for (const id of ids) await okta.leave(id);
    await access.declare(okta, { guard });
    await Promise.all(ids.map(id => okta.comeBack(id)));
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(PEOPLE.length - LIMIT);
    expect(holds).toMatchObject([{ reason: 'too-many-activations', people: PEOPLE.length - LIMIT }]);
  });
});
