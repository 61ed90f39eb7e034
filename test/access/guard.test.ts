/** How much may be taken from how many, by whatever route, at whatever concurrency, on however many replicas. */
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, crowd, startAccess } from './stage';

const LIMIT = 4;
const PEOPLE = crowd(40);
const INACTIVE = patch({ op: 'replace', path: 'active', value: false });
const GUARDED = {
  groupMappings: { engineers: { idpGroup: 'engineers', group: 'engineers' } },
  guard: { minRemovals: LIMIT, maxRemovalsPercent: 0 },
};

async function staffed(access: Access): Promise<{ okta: IdentityProvider; ids: string[]; group: string }> {
  const okta = await access.app('okta', GUARDED);
  const ids = await okta.hireAll(PEOPLE);
  const group = await okta.group('engineers', ids);
  expect(access.coder.membersOf('engineers')).toHaveLength(PEOPLE.length);
  return { okta, ids, group };
}

/** All of them, so many requests at a time. */
async function inLanes<T>(items: readonly T[], lanes: number, send: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await send(item);
    }),
  );
}

describeEachDatabase('the guard', (_, on) => {
  const replicas = on.backend === 'postgres' ? [1, 3] : [1];

  it.each(replicas)('of %d bridge(s) lets four of forty leave, sixteen requests at a time', async count => {
    const access = await startAccess(on, { replicas: count });
    const { okta, ids } = await staffed(access);
    await inLanes(ids, 16, id => okta.leave(id));
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(LIMIT);
    expect(holds).toMatchObject([{ reason: 'too-many-leavers', people: PEOPLE.length - LIMIT }]);
    expect((await access.statusOf(okta)).converged).toBe(false);
  });

  it.each(replicas)('of %d bridge(s) lets four of forty be deleted, all at once', async count => {
    const access = await startAccess(on, { replicas: count });
    const { okta, ids } = await staffed(access);
    await inLanes(ids, ids.length, id => okta.remove(id));
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(LIMIT);
    expect(holds).toMatchObject([{ reason: 'too-many-leavers', people: PEOPLE.length - LIMIT }]);
  });

  it('counts two who leave at once as two, though one has the address that the other one had', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.changeEmail(ben, 'ben@married.example');
    await okta.changeEmail(ada, 'ben@example.com');
    await Promise.all([okta.leave(ben), okta.leave(ada)]);
    const { holds } = await access.settled();
    expect(access.suspended()).toHaveLength(1);
    expect(holds).toMatchObject([{ reason: 'too-many-leavers', people: 1 }]);
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect(access.suspended()).toHaveLength(2);
  });

  /** Two people who may leave one an hour, and a Coder that refuses to lock the first one. */
  async function unlockable(document: Parameters<Access['app']>[1] = {}) {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', { guard: { minRemovals: 1, maxRemovalsPercent: 0 }, ...document });
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    const refused = { method: 'PUT', path: `/users/${access.coder.findUser('ada').id}/status/suspend$` };
    return { access, okta, ada, ben, refused };
  }
  const tooMany = async (access: Access) => (await access.status()).holds.map(({ reason, people }) => [reason, people]);

  it('counts nobody of whom nothing was taken, since a right is missing, and no more than it allows go once that is there', async () => {
    const { access, okta, ada, ben, refused } = await unlockable();
    access.coder.faults.fail(403, refused);
    await okta.send('PATCH', `/Users/${ada}`, INACTIVE);
    await until('ada to be tried on', async () => (await access.held())['ada']?.startsWith('forbidden: ') === true);
    await okta.leave(ben);
    expect(access.suspended()).toEqual(['ben']);
    expect(await tooMany(access)).toEqual([]);

    access.coder.faults.clear();
    await access.admin.sweep();
    await until('ada to be judged', async () => (await tooMany(access)).length > 0);
    expect(await tooMany(access)).toEqual([['too-many-leavers', 1]]);
    expect(access.suspended()).toEqual(['ben']);
  });

  it('counts whoever lost something, though a right is missing to lock them out', async () => {
    const { access, okta, ada, ben, refused } = await unlockable({
      roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
    });
    await okta.group('admins', [ada]);
    access.coder.faults.fail(403, refused);
    await okta.send('PATCH', `/Users/${ada}`, INACTIVE);
    await until('ada to be tried on', async () => (await access.held())['ada']?.startsWith('forbidden: ') === true);
    expect(access.holding('template-admin')).toEqual([]);
    await okta.leave(ben);
    expect(access.suspended()).toEqual([]);
    expect(await tooMany(access)).toEqual([['too-many-leavers', 1]]);
  });

  it('counts whoever Coder may have locked out, though it answered that it failed', async () => {
    const { access, okta, ada, ben, refused } = await unlockable();
    access.coder.faults.failAfterDoing(refused);
    await okta.send('PATCH', `/Users/${ada}`, INACTIVE);
    await okta.leave(ben);
    expect(access.suspended()).toEqual(['ada']);
    expect(await tooMany(access)).toEqual([['too-many-leavers', 1]]);
  });

  it('asks an operator once about whoever was released and can’t be locked out for the moment', async () => {
    const { access, okta, ada, ben, refused } = await unlockable();
    await okta.leave(ben);
    await okta.send('PATCH', `/Users/${ada}`, INACTIVE);
    const [hold] = (await access.settled()).holds;
    expect(hold).toMatchObject({ reason: 'too-many-leavers', people: 1 });
    access.coder.faults.fail(403, refused);
    await access.admin.releaseHold(hold?.id ?? '', 'operator');
    await until('ada to be tried on', async () => (await access.held())['ada']?.startsWith('forbidden: ') === true);
    access.coder.faults.clear();
    await access.swept();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(await tooMany(access)).toEqual([]);
  });

  it('leaves two leavers alone who are held and had each other’s address, once that is known of both', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    await okta.changeEmail(ben, 'third@example.com');
    await okta.changeEmail(ada, 'ben@example.com');
    await okta.changeEmail(ben, 'ada@example.com');
    for (const id of [cleo, ada, ben]) await okta.leave(id);
    await access.settled();
    // About people: what the bridge asks of its own account and of Coder from time to time comes as well, where this takes long.
    const asked = () => access.coder.calls.all({ path: /\/users(?:$|\/(?!me(?:\/|$)))/ });
    const before = asked().length;
    expect(before).toBeGreaterThan(0);
    for (let looked = 0; looked < 50; looked += 1) await access.settled();
    expect(asked()).toHaveLength(before);
    expect(access.suspended()).toEqual(['cleo']);
    expect((await access.status()).holds).toMatchObject([{ reason: 'too-many-leavers', people: 2 }]);
  });

  it('forgets what it held of somebody whose account somebody new has', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard: { minRemovals: 1, maxRemovalsPercent: 0 } });
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.remove(ada);
    await okta.remove(ben);
    expect((await access.settled()).holds).toMatchObject([{ reason: 'too-many-leavers', people: 1 }]);
    await okta.hire('ben', { externalId: 'another-object' });
    expect((await access.settled()).holds).toEqual([]);
    expect(access.suspended()).toEqual(['ada']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('holds an emptied group whole, and nobody who leaves waits behind it, before and after a release', async () => {
    const access = await startAccess(on);
    const { okta, ids, group } = await staffed(access);
    const outside = await okta.hire('outsider');
    await okta.setMembers(group, 'engineers', []);
    expect(access.coder.membersOf('engineers')).toHaveLength(PEOPLE.length);

    const [inside = '', deleted = '', ...others] = ids;
    await okta.leave(outside);
    await okta.leave(inside);
    await okta.remove(deleted);
    expect(access.suspended()).toEqual(['outsider', 'u1', 'u2']);

    const { holds } = await access.settled();
    expect(holds).toMatchObject([{ reason: 'too-many-removals', people: PEOPLE.length - 2 }]);
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect(access.coder.membersOf('engineers')).toEqual([]);
    // What was released counts no more: there is room for one more leaver within this hour, and he goes.
    await okta.leave(others[0] ?? '');
    expect(access.suspended()).toContain('u3');
  });

  it('holds an emptied group whole that gave nothing but the way in', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      policies: { accounts: 'mapped' },
      roleMappings: { staff: { idpGroup: 'staff', role: 'member' } },
      guard: GUARDED.guard,
    });
    const ids = await okta.hireAll(PEOPLE);
    const group = await okta.group('staff', ids);
    await okta.setMembers(group, 'staff', []);
    const { holds } = await access.settled();
    expect(access.suspended()).toEqual([]);
    expect(holds).toMatchObject([{ reason: 'too-many-removals', people: PEOPLE.length }]);
    // Whoever is out counts no more by being in what is emptied next.
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect(access.suspended()).toHaveLength(PEOPLE.length);
    const few = await okta.group('staff-of-old', ids);
    await okta.setMembers(group, 'staff', ids.slice(0, LIMIT));
    await access.settled();
    await okta.done('DELETE', `/Groups/${few}`);
    await okta.setMembers(group, 'staff', []);
    expect((await access.settled()).holds).toEqual([]);
    expect(access.suspended()).toHaveLength(PEOPLE.length);
  });

  it.each(['deleted', 'emptied'] as const)(
    'does not take leavers for one plan since the group that all of them are in is %s while Coder is away',
    async how => {
      const access = await startAccess(on);
      const okta = await access.app('okta', {
        roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
        guard: GUARDED.guard,
      });
      const ids = await okta.hireAll(crowd(20));
      const group = await okta.group('admins', ids);
      await access.settled();
      await access.coder.unreachable(true);
      if (how === 'deleted') await okta.done('DELETE', `/Groups/${group}`);
      else await okta.setMembers(group, 'admins', []);
      for (const id of ids.slice(0, LIMIT + 2)) await okta.leave(id);
      await access.coder.unreachable(false);
      await access.settled();
      expect(access.suspended()).toHaveLength(LIMIT);
      expect((await access.statusOf(okta)).leavers).toMatchObject([{ state: 'held', people: 2 }]);
      expect(access.holding('template-admin')).toHaveLength(ids.length - LIMIT);
    },
  );

  it.each(['pushed again', 'no longer mapped', 'released'])(
    'holds what a mapping gave whose group was deleted, however few they are, until it is %s',
    async way => {
      const access = await startAccess(on);
      const okta = await access.app('okta', GUARDED);
      const ids = await okta.hireAll(['ada', 'ben']);
      const group = await okta.group('engineers', ids);
      await okta.done('DELETE', `/Groups/${group}`);
      const { holds } = await access.settled();
      expect(access.coder.membersOf('engineers')).toEqual(['ada', 'ben']);
      expect(holds).toMatchObject([{ reason: 'idp-group-vanished', people: 2 }]);
      await access.swept();
      expect(access.coder.membersOf('engineers')).toEqual(['ada', 'ben']);

      if (way === 'pushed again') await okta.group('engineers', ids.slice(1));
      else if (way === 'released') await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
      else await access.declare(okta, { guard: GUARDED.guard });
      await access.settled();
      await access.swept();
      expect((await access.status()).holds).toEqual([]);
      const { groups } = access.coder.snapshot().organizations['coder'] ?? { groups: {} };
      expect(groups).toEqual(
        { 'pushed again': { engineers: ['ben'] }, 'no longer mapped': {}, released: { engineers: [] } }[way],
      );
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );
});
