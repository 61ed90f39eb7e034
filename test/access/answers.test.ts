/** With Coder healthy, what a request changed is in Coder when it is answered, whatever runs beside it and on whichever replica. */
import { describeEachDatabase } from '../support/databases';
import { crowd, startAccess } from './stage';

describeEachDatabase('an answer', (_, on) => {
  const replicas = on.backend === 'postgres' ? [1, 3] : [1];

  it.each(replicas)(
    'of %d bridge(s) to a group that is pushed with people who are being worked on says that they are in',
    async count => {
      const access = await startAccess(on, { replicas: count });
      const okta = await access.app('okta', {
        pushedGroups: { prefix: 'team-' },
        roleMappings: { red: { idpGroup: 'team-red', role: 'template-admin' } },
      });
      const people = crowd(12);
      const ids = await okta.hireAll(people);
      // Their names change while the group comes.
      const beside = ids.map((id, index) =>
        okta.done('PATCH', `/Users/${id}`, {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'displayName', value: `Person ${index}` }],
        }),
      );
      await okta.group('team-red', ids.slice(0, 5));
      expect(access.coder.membersOf('team-red')).toEqual(people.slice(0, 5));
      expect(access.holding('template-admin')).toEqual(people.slice(0, 5));
      await Promise.all(beside);
    },
  );

  it.each(replicas)(
    'of %d bridge(s) to somebody’s leaving says that they are out, whatever is being done about them',
    async count => {
      const access = await startAccess(on, { replicas: count });
      const okta = await access.app('okta', { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } });
      const ids = await okta.hireAll(crowd(6));
      const group = await okta.group('dev');
      for (const id of ids) {
        const joining = okta.join(group, id);
        await okta.leave(id);
        const left = access.suspended();
        expect(left).toHaveLength(ids.indexOf(id) + 1);
        await joining;
      }
    },
  );

  it.each(replicas)(
    'of %d bridge(s) to a change of a group that is sent again, since the first answer was lost, says that it is done',
    async count => {
      const access = await startAccess(on, { replicas: count });
      const okta = await access.app('okta', {
        groupMappings: { red: { idpGroup: 'red', group: 'red' } },
        roleMappings: { red: { idpGroup: 'red', role: 'template-admin' } },
      });
      const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
      const red = await okta.group('red', [ada, ben]);
      const other = await okta.group('other', [ada]);
      const twice = async (call: { method: string; path: string }, change: () => Promise<void>) => {
        const answered: string[] = [];
        const held = access.coder.faults.hold(call);
        const first = change().then(() => answered.push('first'));
        await held.arrived;
        const again = change().then(() => answered.push('again'));
        // What means nothing to Coder, and is sent later, is answered meanwhile.
        for (let number = 0; number < 5; number += 1) await okta.join(other, ada);
        expect(answered).toEqual([]);
        held.release();
        await Promise.all([first, again]);
      };
      await twice({ method: 'PUT', path: '/roles$' }, () => okta.quit(red, ada));
      expect([access.holding('template-admin'), access.coder.membersOf('red')]).toEqual([['ben'], ['ben']]);
      await twice({ method: 'PATCH', path: '/groups/' }, () => okta.join(red, ada));
      expect(access.coder.membersOf('red')).toEqual(['ada', 'ben']);
      await twice({ method: 'PATCH', path: '/groups/' }, () => okta.quit(red, ben));
      expect([access.holding('template-admin'), access.coder.membersOf('red')]).toEqual([['ada'], ['ada']]);
    },
  );

  it('after an outage leavers come first', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { guard: { minRemovals: 100 } });
    const ids = await okta.hireAll(crowd(6));
    await access.coder.unreachable(true);
    const joiners = crowd(6).map(name => `new-${name}`);
    await okta.hireAll(joiners);
    for (const id of ids) await okta.leave(id);
    access.coder.calls.reset();
    await access.coder.unreachable(false);
    await access.settled();
    const writes = access.coder.calls.all().filter(({ method, status }) => method !== 'GET' && status < 300);
    const kinds = writes.map(({ path }) => (path.endsWith('/suspend') ? 'out' : 'in'));
    expect(kinds).toEqual([...ids.map(() => 'out'), ...joiners.map(() => 'in')]);
  });

  it('that is a page of something in front of Coder, with 200, leaves a leaver listed as in until Coder has heard of it', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { policies: { leaving: 'delete' } });
    const id = await okta.hire('ada');
    access.coder.oidcLogin({ sub: 'ada', email: 'ada@example.com', email_verified: true });
    // The deletion, and the suspension that comes in its place.
    access.coder.faults.page(200, { method: 'DELETE', path: '/users/' });
    access.coder.faults.page(200, { method: 'PUT', path: '/suspend$' });
    await okta.remove(id);
    expect(access.coder.describe('ada').status).toBe('active');
    const { converged, leavers } = await access.statusOf(okta);
    expect({ converged, leavers }).toMatchObject({ converged: false, leavers: [{ state: 'waiting', people: 1 }] });
    access.coder.faults.clear();
    await access.settled();
    expect(access.coder.snapshot().users).not.toHaveProperty('ada');
    expect((await access.statusOf(okta)).leavers).toEqual([]);
  });
});
