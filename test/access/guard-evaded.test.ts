/** Ways around the guard: a release that is followed by something else, accounts made anew, people who left long ago. */
import { openDatabase } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, crowd, startAccess } from './stage';

const ROLES = {
  roleMappings: {
    admins: { idpGroup: 'admins', role: 'owner' },
    auditors: { idpGroup: 'auditors', role: 'auditor' },
  },
};
const FIVE = crowd(5);
const guard = (limits: { minRemovals?: number; maxRemovalsPercent?: number; maxPrivilegeGains?: number }) => ({
  ...ROLES,
  guard: { maxRemovalsPercent: 0, ...limits },
});

const TIGHT = { minRemovals: 1, maxPrivilegeGains: 2 };

const rolesRefused = (access: Access) =>
  access.coder.faults.add({ kind: 'fail', status: 500, match: { method: 'PUT', path: /\/users\/[^/]+\/roles$/ } });

/** Who of these has a site role. */
const have = (access: Access, role: string) => access.holding(role).filter(name => FIVE.includes(name));

async function release(access: Access, reason: string): Promise<void> {
  const [hold] = (await access.status()).holds;
  expect(hold?.reason).toBe(reason);
  await access.admin.releaseHold(hold?.id ?? '', 'operator');
}

async function auditors(access: Access, limits: Parameters<typeof guard>[0]) {
  const okta = await access.app('okta', guard(limits));
  const ids = await okta.hireAll(FIVE);
  const group = await okta.group('auditors', ids);
  expect(have(access, 'auditor')).toEqual(FIVE);
  return { okta, ids, group };
}

describeEachDatabase('the guard, gone around', (_, on) => {
  it('a release of losses lets no privilege through that came later', async () => {
    const access = await startAccess(on);
    const { okta, ids, group } = await auditors(access, { minRemovals: 1, maxPrivilegeGains: 2 });
    await okta.setMembers(group, 'auditors', []);
    rolesRefused(access);
    await release(access, 'too-many-removals');
    await okta.group('admins', ids);
    access.coder.faults.clear();
    await access.settled();
    expect(have(access, 'owner').length).toBeLessThanOrEqual(2);
  });

  it('a release of privileges lets no loss through that came later', async () => {
    const access = await startAccess(on);
    const { okta, ids, group } = await auditors(access, { minRemovals: 1, maxPrivilegeGains: 2 });
    await okta.group('admins', ids);
    expect(have(access, 'owner')).toEqual([]);
    rolesRefused(access);
    await release(access, 'too-many-privileges');
    await okta.setMembers(group, 'auditors', []);
    access.coder.faults.clear();
    await access.settled();
    expect(have(access, 'auditor').length).toBeGreaterThanOrEqual(4);
  });

  it('whoever may come back by a release gets the privileges that were not too many', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', guard({ minRemovals: 10 }));
    const ids = await okta.hireAll(FIVE);
    await okta.group('admins', ids);
    for (const id of ids) await okta.leave(id);
    expect(access.suspended()).toEqual(FIVE);
    await access.declare(okta, guard({ minRemovals: 1, maxPrivilegeGains: 5 }));
    for (const id of ids.slice(0, 2)) await okta.comeBack(id);
    expect(access.suspended()).toEqual(FIVE.slice(1));
    await release(access, 'too-many-activations');
    await access.settled();
    expect(access.suspended()).toEqual(FIVE.slice(2));
    expect(have(access, 'owner')).toEqual(FIVE.slice(0, 2));
  });

  const comeBackAnew: [string, (access: Access, okta: IdentityProvider, ids: string[]) => Promise<void>][] = [
    [
      'as new objects of the directory',
      async (access, okta, ids) => {
        for (const name of FIVE)
          access.coder.oidcLogin({ sub: `sub-${name}`, email: `${name}@example.com`, email_verified: true });
        for (const id of ids) await okta.remove(id);
        await access.declare(okta, guard({ minRemovals: 1 }));
        for (const name of FIVE) await okta.hire(name, { externalId: `new-${name}` });
      },
    ],
    [
      'under another address',
      async (access, okta, ids) => {
        for (const id of ids) await okta.leave(id);
        await access.declare(okta, guard({ minRemovals: 1 }));
        for (const id of ids) {
          await okta.changeEmail(id, `${id}@example.com`);
          await okta.comeBack(id);
        }
      },
    ],
  ];
  it.each(comeBackAnew)('no more people than the limit are let in again, %s', async (_how, comeBack) => {
    const access = await startAccess(on);
    const okta = await access.app('okta', guard({ minRemovals: 10 }));
    const ids = await okta.hireAll(FIVE);
    await comeBack(access, okta, ids);
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(FIVE.length - 1);
    expect(holds).toMatchObject([{ reason: 'too-many-activations', people: FIVE.length - 1 }]);
    await release(access, 'too-many-activations');
    await access.settled();
    expect(access.suspended()).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('owners whose addresses change stay owners, however many they are', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', guard({ maxPrivilegeGains: 5 }));
    const ids = await okta.hireAll(FIVE);
    await okta.group('admins', ids);
    expect(have(access, 'owner')).toEqual(FIVE);
    await access.declare(okta, guard({ maxPrivilegeGains: 1 }));
    for (const name of FIVE) await okta.changeEmail(ids[FIVE.indexOf(name)] ?? '', `${name}@new.example.com`);
    expect(have(access, 'owner')).toEqual(FIVE);
  });

  it('what is held goes with no account that is made anew for another address', async () => {
    const access = await startAccess(on);
    const { okta, ids, group } = await auditors(access, { minRemovals: 1 });
    await okta.setMembers(group, 'auditors', []);
    expect(have(access, 'auditor')).toEqual(FIVE);
    for (const name of FIVE) await okta.changeEmail(ids[FIVE.indexOf(name)] ?? '', `${name}@new.example.com`);
    const { holds } = await access.settled();
    expect(have(access, 'auditor')).toEqual(FIVE);
    expect(holds).toMatchObject([{ reason: 'too-many-removals', people: FIVE.length }]);

    await release(access, 'too-many-removals');
    await access.settled();
    expect(have(access, 'auditor')).toEqual([]);
    expect(access.coder.describe('u1').email).toBe('u1@new.example.com');
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it.each(['PATCH', 'DELETE'])('what one Bulk of %s takes is one plan, and held as a whole', async method => {
    const access = await startAccess(on);
    const okta = await access.app('okta', guard({ minRemovals: 10 }));
    const ids = await okta.hireAll(crowd(24));
    const data = patch({ op: 'replace', path: 'active', value: false });
    const bulk = (some: readonly string[]) =>
      okta.done('POST', '/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: some.map(id => ({ method, path: `/Users/${id}`, ...(method === 'PATCH' && { data }) })),
      });
    await bulk(ids.slice(0, 3));
    expect(access.suspended()).toEqual(['u1', 'u2', 'u3']);
    await bulk(ids.slice(3));
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(3);
    expect(holds).toMatchObject([{ reason: 'too-many-leavers', people: 21 }]);
  });

  it('what one Bulk takes is one plan, and held as a whole, where the first of it is of a large group', async () => {
    const access = await startAccess(on);
    const roleMappings = { ...ROLES.roleMappings, managers: { idpGroup: 'managers', role: 'user-admin' } } as const;
    const okta = await access.app('okta', { roleMappings, guard: { maxRemovalsPercent: 0, minRemovals: 6 } });
    const bulk = (operations: readonly object[]) =>
      okta.done('POST', '/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: operations,
      });
    const ids = await okta.hireAll(crowd(10));
    // They make the group large for SQLite, and have no account that anything could be taken from.
    const others = Array.from({ length: on.backend === 'sqlite' ? 1_000 : 100 }, (_value, index) => ({
      method: 'POST',
      bulkId: `${index}`,
      path: '/Users',
      data: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: `former${index}`, active: false },
    }));
    const formerIds = (await bulk(others)).body.Operations.map(({ location }) => location.split('/').at(-1) ?? '');
    const auditors = await okta.group('auditors', [...ids.slice(0, 5), ...formerIds]);
    const managers = await okta.group('managers', ids.slice(5));
    await access.settled();
    const roles = () => [have(access, 'auditor').length, access.holding('user-admin').length];
    expect(roles()).toEqual([5, 5]);

    const data = patch({ op: 'remove', path: 'members' });
    const title = (n: number) => patch({ op: 'add', path: 'title', value: `number ${n}` });
    await bulk([
      { method: 'PATCH', path: `/Groups/${auditors}`, data },
      ...formerIds.slice(0, 400).map((id, n) => ({ method: 'PATCH', path: `/Users/${id}`, data: title(n) })),
      { method: 'PATCH', path: `/Groups/${managers}`, data },
    ]);
    const { holds } = await access.settled();
    expect(roles()).toEqual([5, 5]);
    expect(holds).toMatchObject([{ reason: 'too-many-removals', people: 10 }]);
  });

  it('the share is of people who are in, not of those who left long ago', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', guard({ minRemovals: 100 }));
    const former = await okta.hireAll(Array.from({ length: 20 }, (_v, n) => `former${n}`));
    for (const id of former) await okta.leave(id);
    expect(access.suspended()).toHaveLength(20);
    await access.stop();
    const database = await openDatabase(access.databaseUrl);
    await database.db.deleteFrom('ledger').execute();
    await database.close();
    await access.start();
    const ids = await okta.hireAll(FIVE);
    await access.declare(okta, guard({ minRemovals: 1, maxRemovalsPercent: 20 }));
    for (const id of ids) await okta.leave(id);
    await access.settled();
    expect(access.suspended().filter(name => FIVE.includes(name))).toEqual(['u1']);
  });

  const whomNothingLetsIn = [
    ['within the hour', { later: false, upgraded: false, stay: [] }],
    ['not after it', { later: true, upgraded: false, stay: ['u1', 'u2', 'u3', 'u4'] }],
    ['not after it, locked out by an earlier version', { later: true, upgraded: true, stay: ['u1', 'u2', 'u3', 'u4'] }],
  ] as const;
  it.each(whomNothingLetsIn)(
    'whom nothing lets in any more is of the share %s',
    async (_when, { later, upgraded, stay }) => {
      const access = await startAccess(on);
      const limits = { roleMappings: ROLES.roleMappings, guard: { minRemovals: 1, maxRemovalsPercent: 50 } };
      const okta = await access.app('okta', limits);
      const ids = await okta.hireAll(crowd(40));
      const group = await okta.group('auditors', ids.slice(0, 4));
      await access.declare(okta, { ...limits, policies: { accounts: 'mapped' } });
      await access.settled();
      await release(access, 'plan-too-large');
      await access.settled();
      expect(access.suspended()).toHaveLength(36);
      await access.stop();
      const database = await openDatabase(access.databaseUrl);
      if (later) await database.db.deleteFrom('ledger').execute();
      if (upgraded) await database.db.updateTable('people').set({ out_since: null }).execute();
      await database.close();
      await access.start();
      if (upgraded) await access.swept();
      await okta.setMembers(group, 'auditors', []);
      const { holds } = await access.settled();
      expect(crowd(4).filter(name => !access.suspended().includes(name))).toEqual(stay);
      expect(holds).toMatchObject(stay.length === 0 ? [] : [{ reason: 'too-many-removals', people: 4 }]);
      expect((await access.swept()).apps.map(({ waiting }) => waiting)).toEqual([0]);
    },
  );

  it('a plan says that it would be held for what it gives, as it is then', async () => {
    const access = await startAccess(on);
    const limits = { guard: { maxPrivilegeGains: 2 } };
    const okta = await access.app('okta', limits);
    await okta.group('admins', await okta.hireAll(FIVE));
    const declared = { ...limits, roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } };
    const state = { version: 1 as const, app: okta.app, tokens: okta.tokens, ...declared };
    const [hold] = (await access.admin.plan({ state })).holds;
    expect(hold).toMatchObject({ reason: 'too-many-privileges', people: FIVE.length });
    await access.declare(okta, declared);
    const { holds } = await access.settled();
    expect(holds).toMatchObject([{ id: hold?.id, reason: 'too-many-privileges', changes: hold?.changes }]);
    expect(have(access, 'owner')).toEqual([]);
  });

  it('a plan of all apps names what would be held of each', async () => {
    const access = await startAccess(on);
    const apps = [
      await access.app('okta', guard({ minRemovals: 1 })),
      await access.app('entra', guard({ minRemovals: 1 })),
    ];
    for (const app of apps) await app.hireAll(FIVE.map(name => `${name}-${app.app}`));
    for (const app of apps) for (const name of FIVE) access.coder.suspend(`${name}-${app.app}`);
    const { holds } = await access.admin.plan({});
    expect(holds.map(({ app, people }) => [app, people])).toEqual([
      ['entra', FIVE.length],
      ['okta', FIVE.length],
    ]);
  });

  it('what is held in one app is not taken or given by another app that has the same people', async () => {
    const access = await startAccess(on);
    const document = {
      groupMappings: { engineers: { idpGroup: 'engineers', group: 'engineers' } },
      ...ROLES,
      people: { sharedWith: ['new'] },
      guard: { minRemovals: 1, maxRemovalsPercent: 0, maxPrivilegeGains: 2 },
    };
    const old = await access.app('old', document);
    const next = await access.app('new', { people: { sharedWith: ['old'] } });
    const ids = await old.hireAll(FIVE);
    const engineers = await old.group('engineers', ids);
    const same = await next.hireAll(FIVE);
    await old.setMembers(engineers, 'engineers', []);
    await access.swept();
    for (const id of same) await next.done('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'title', value: 'x' }));
    for (const id of same)
      await next.done('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'name.formatted', value: 'x' }));
    await access.settled();
    expect(access.coder.membersOf('engineers')).toEqual(FIVE);
    // The sweep calls it a plan of its own.
    await release(access, 'plan-too-large');
    await access.settled();
    expect(access.coder.membersOf('engineers')).toEqual([]);

    await old.group('admins', ids);
    await access.swept();
    expect(have(access, 'owner')).toEqual([]);
    await release(access, 'too-many-privileges');
    await access.settled();
    expect(have(access, 'owner')).toEqual(FIVE);

    await access.swept();
    expect((await access.status()).apps.map(({ converged }) => converged)).toEqual([true, true]);
  });

  const ends: [string, (access: Access, next: IdentityProvider, id: string) => Promise<unknown>][] = [
    ['leaves there again', (_, next, id) => next.leave(id)],
    ['is deleted there', (_, next, id) => next.remove(id)],
    [
      'is in an app that is deleted',
      async (access, next) => {
        await access.removeApp(next);
        await until('the end of the app', async () =>
          (await access.status()).pending.every(({ app }) => app !== next.app),
        );
      },
    ],
    [
      'is released there',
      async access => {
        const { holds } = await access.status();
        await access.admin.releaseHold(holds.find(({ app }) => app === 'new')?.id ?? '', 'operator');
      },
    ],
  ];
  it.each(ends)('whoever is held in one app and %s waits for that in no other one any more', async (_, end) => {
    const access = await startAccess(on);
    const old = await access.app('old', { people: { sharedWith: ['new'] }, guard: { minRemovals: 10 } });
    const next = await access.app('new', { people: { sharedWith: ['old'] }, guard: { minRemovals: 10 } });
    const ids = await old.hireAll(FIVE);
    const same = await next.hireAll(FIVE);
    for (const id of ids) await old.leave(id);
    for (const id of same) await next.leave(id);
    expect(access.suspended()).toEqual(FIVE);
    await access.declare(next, {
      people: { sharedWith: ['old'] },
      guard: { minRemovals: 1, maxRemovalsPercent: 0 },
    });
    for (const id of same) await next.comeBack(id);
    const [held] = await access.settled().then(() => access.suspended());
    const index = FIVE.indexOf(held ?? '');
    await old.comeBack(ids[index] ?? '');
    expect(access.suspended()).toContain(held);
    await end(access, next, same[index] ?? '');
    await access.settled();
    expect(access.suspended()).not.toContain(held);
    expect(await access.statusOf(old)).toMatchObject({ converged: true });
  });

  const swapRoles: [string, string, (access: Access) => Promise<unknown>][] = [
    [
      'a declaration',
      'plan-too-large, too-many-privileges',
      async access => {
        const role = (name: string) => ({
          ...guard(TIGHT),
          roleMappings: { auditors: { idpGroup: 'auditors', role: name } },
        });
        const okta = await access.app('okta', role('auditor'));
        await okta.group('auditors', await okta.hireAll(FIVE));
        await access.declare(okta, role('owner'));
      },
    ],
    [
      'one Bulk',
      'too-many-removals, too-many-privileges',
      async access => {
        const { okta, ids, group } = await auditors(access, TIGHT);
        const admins = await okta.group('admins');
        const change = (id: string, operation: object) => ({
          method: 'PATCH',
          path: `/Groups/${id}`,
          data: patch(operation),
        });
        await okta.done('POST', '/Bulk', {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
          Operations: [
            change(group, { op: 'remove', path: 'members' }),
            change(admins, { op: 'add', path: 'members', value: ids.map(value => ({ value })) }),
          ],
        });
      },
    ],
    [
      'privileges first, and losses after',
      'too-many-removals, too-many-privileges',
      async access => {
        const { okta, ids, group } = await auditors(access, TIGHT);
        await okta.group('admins', ids);
        await okta.setMembers(group, 'auditors', []);
      },
    ],
    [
      'losses first, and privileges after',
      'too-many-removals, too-many-privileges',
      async access => {
        const { okta, ids, group } = await auditors(access, TIGHT);
        await okta.setMembers(group, 'auditors', []);
        await okta.group('admins', ids);
      },
    ],
    [
      'a group that is deleted, and another one after',
      'idp-group-vanished, too-many-privileges',
      async access => {
        const { okta, ids, group } = await auditors(access, TIGHT);
        await okta.done('DELETE', `/Groups/${group}`);
        await okta.group('admins', ids);
      },
    ],
  ];
  it.each(swapRoles)(
    '%s: who loses a role and becomes an owner is held for both, and a sweep changes nothing',
    async (_how, reason, swap) => {
      const access = await startAccess(on);
      await swap(access);
      await access.settled();
      const asHeld = (await access.status()).holds;
      expect(asHeld).toMatchObject([{ reason, people: FIVE.length }]);
      await access.swept();
      await access.swept();
      expect([have(access, 'owner'), have(access, 'auditor')]).toEqual([[], FIVE]);
      const [hold] = (await access.status()).holds;
      expect(hold).toMatchObject({
        reason: expect.stringContaining('too-many-privileges') as string,
        people: FIVE.length,
      });
      expect(hold?.changes).toHaveLength(2 * FIVE.length);
      await access.admin.releaseHold(hold?.id ?? '', 'operator');
      await access.settled();
      expect([have(access, 'owner'), have(access, 'auditor')]).toEqual([FIVE, []]);
      expect((await access.status()).holds).toEqual([]);
    },
  );

  const takeGroup: [string, (access: Access, okta: IdentityProvider, group: string) => Promise<unknown>][] = [
    ['emptied group', (_access, okta, group) => okta.setMembers(group, 'engineers', [])],
    ['dropped mapping', (access, okta) => access.declare(okta, TEAMS({ writers: ENGINEERS_AND_WRITERS.writers }))],
  ];
  it.each(takeGroup)(
    'the held plan of an %s stays whole, whatever else becomes of one of its people',
    async (_what, take) => {
      const access = await startAccess(on);
      const okta = await access.app('okta', TEAMS(ENGINEERS_AND_WRITERS));
      const ids = await okta.hireAll(FIVE);
      const group = await okta.group('engineers', ids);
      const writers = await okta.group('writers', ids);
      await take(access, okta, group);
      await okta.quit(writers, ids[0] ?? '');
      await okta.join(writers, ids[0] ?? '');
      await okta.quit(writers, ids[1] ?? '');
      const { holds } = await access.settled();
      expect(access.coder.membersOf('engineers')).toEqual(FIVE);
      expect(access.coder.membersOf('writers')).toEqual(FIVE);
      expect(holds).toMatchObject([{ people: FIVE.length }]);
    },
  );

  it('what goes beside something that is held counts as well', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      ...guard({ minRemovals: 1 }),
      roleMappings: { ...ROLES.roleMappings, platform: { idpGroup: 'platform', role: 'template-admin' } },
    });
    const ids = await okta.hireAll(FIVE);
    const platform = await okta.group('platform', ids.slice(0, 1));
    const group = await okta.group('auditors', ids);
    await okta.done('DELETE', `/Groups/${platform}`);
    for (const id of ids.slice(0, 2)) await okta.quit(group, id);
    await access.settled();
    expect(have(access, 'template-admin')).toEqual(FIVE.slice(0, 1));
    expect(have(access, 'auditor')).toEqual(FIVE.slice(1));
  });

  it('the release of what one group gave that is gone is none of another, which went meanwhile', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: {
        auditors: { idpGroup: 'auditors', role: 'auditor' },
        platform: { idpGroup: 'platform', role: 'template-admin' },
      },
    });
    const ids = await okta.hireAll(FIVE);
    const first = await okta.group('auditors', ids.slice(0, 2));
    const second = await okta.group('platform', ids.slice(2));
    await okta.done('DELETE', `/Groups/${first}`);
    await access.settled();
    await access.coder.unreachable(true);
    await okta.done('DELETE', `/Groups/${second}`);
    await release(access, 'idp-group-vanished');
    await access.coder.unreachable(false);
    await access.settled();
    expect(have(access, 'auditor')).toEqual([]);
    expect(have(access, 'template-admin')).toEqual(FIVE.slice(2));
    await release(access, 'idp-group-vanished');
    await access.settled();
    expect(have(access, 'template-admin')).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('the release of what one group gave that is gone is none of another one that gave the same to others, and went meanwhile', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: {
        auditors: { idpGroup: 'auditors', role: 'auditor' },
        platform: { idpGroup: 'platform', role: 'auditor' },
      },
    });
    const ids = await okta.hireAll(FIVE);
    const first = await okta.group('auditors', ids.slice(0, 2));
    const second = await okta.group('platform', ids.slice(2));
    await okta.done('DELETE', `/Groups/${first}`);
    await access.settled();
    await access.coder.unreachable(true);
    await okta.done('DELETE', `/Groups/${second}`);
    await release(access, 'idp-group-vanished');
    await access.coder.unreachable(false);
    await access.settled();
    expect(have(access, 'auditor')).toEqual(FIVE.slice(2));
    await release(access, 'idp-group-vanished');
    await access.settled();
    expect(have(access, 'auditor')).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });
});

const ENGINEERS_AND_WRITERS = {
  engineers: { idpGroup: 'engineers', group: 'engineers' },
  writers: { idpGroup: 'writers', group: 'writers' },
};
const TEAMS = (groupMappings: Record<string, { idpGroup: string; group: string }>) => ({
  groupMappings,
  guard: { minRemovals: 1, maxRemovalsPercent: 0 },
});
