/** Declarations that meet others, and work that is under way by the one before: what counts at the end is the last one. */
import { AWAITS_DECLARATION } from '../../bridge/reconcile/queue/end-work';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider } from './identity-provider';
import { type Access, crowd, type Document, startAccess } from './stage';

const ADMINS: Document = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };
const FOUR = crowd(4);

/** Waits until the app is there again: until then nobody takes its token. */
const isBack = (okta: IdentityProvider) =>
  until('the app to be declared again', async () => (await okta.send('GET', '/Users?count=0')).status === 200);

describeEachDatabase('a declaration in the middle of something', (_, on) => {
  const replicas = on.backend === 'postgres' ? 2 : 1;
  const strong = (access: Access, role: string) => access.holding(role).filter(name => FOUR.includes(name));

  const looks: [string, string, RegExp][] = [
    ['looks at Coder', 'GET', /\/organizations$/],
    ['removes a group', 'DELETE', /\/groups\//],
  ];
  it.each(looks)('keeps the people of an app that is declared again while its deletion %s', async (_, method, path) => {
    const access = await startAccess(on, { replicas });
    const document = { ...ADMINS, groupMappings: { dev: { idpGroup: 'admins', group: 'dev' } } };
    const okta = await access.app('okta', document);
    const ids = await okta.hireAll(FOUR);
    await okta.group('admins', ids);
    const call = access.coder.faults.hold({ method, path });
    const removed = access.removeApp(okta);
    await call.arrived;
    const declared = access.declare(okta, document);
    await isBack(okta);
    call.release();
    await Promise.all([declared, removed]);
    await access.settled();
    expect(await access.statusOf(okta)).toMatchObject({ users: 4, converged: true });
    expect(strong(access, 'template-admin')).toEqual(FOUR);
    expect(access.coder.membersOf('dev')).toEqual(FOUR);
    expect(access.suspended()).toEqual([]);

    await okta.leave(ids[0] ?? '');
    await okta.remove(ids[1] ?? '');
    expect(access.suspended()).toEqual(['u1', 'u2']);
    expect(strong(access, 'template-admin')).toEqual(['u3', 'u4']);
  });

  it('keeps out who has left, once it may not speak for their e-mail domain any more', async () => {
    const access = await startAccess(on, { replicas });
    const okta = await access.app('okta', { ...ADMINS, people: { emailDomains: ['one.example', 'two.example'] } });
    const [ada = '', ben = ''] = await okta.hireAll(['ada@one.example', 'ben@two.example']);
    await okta.group('admins', [ada, ben]);
    await access.declare(okta, { ...ADMINS, people: { emailDomains: ['one.example'] } });
    await access.settled();
    for (const id of [ada, ben]) await okta.leave(id);
    for (const id of [ada, ben]) await okta.comeBack(id);
    expect(access.suspended()).toEqual(['ben']);
    expect(access.holding('template-admin')).toEqual(['ada']);
    expect(await access.held()).toEqual({ 'ben@two.example': expect.stringMatching(/^foreign-domain: /) });
  });

  describe('a mapping that is given another group', () => {
    const mapped = (idpGroup?: string, group = 'dev'): Document => ({
      groupMappings: { [group]: { idpGroup: group, group } },
      ...(idpGroup === undefined ? {} : { roleMappings: { admins: { idpGroup, role: 'template-admin' } } }),
    });

    async function two(access: Access): Promise<IdentityProvider> {
      const okta = await access.app('okta', mapped('one'));
      const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
      await okta.group('one', [ada]);
      await okta.group('two', [ben]);
      expect(access.holding('template-admin')).toEqual(['ada']);
      return okta;
    }

    const between: [string, Document][] = [
      ['it was taken out and put back before anything of it was dealt with', mapped(undefined, 'ops')],
      ['work of the declaration before is under way', mapped('one', 'ops')],
    ];
    it.each(between)('leaves the one before, though %s', async (_, document) => {
      const access = await startAccess(on, { replicas });
      const okta = await two(access);
      // It has read what is declared, and not matched it yet.
      const call = access.coder.faults.hold({ method: 'POST', path: /\/groups$/ });
      const before = access.declare(okta, document);
      await call.arrived;
      const after = access.declare(okta, mapped('two'));
      await until('the declaration to be noted', async () => (await access.statusOf(okta)).generation === 3);
      call.release();
      await Promise.all([before, after]);
      await access.settled();
      expect(access.holding('template-admin')).toEqual(['ben']);
    });
  });

  it('makes a held plan another one where accounts would be deleted instead of suspended', async () => {
    const access = await startAccess(on, { replicas });
    const guard = { minRemovals: 1, maxRemovalsPercent: 0 };
    const okta = await access.app('okta', { ...ADMINS, guard });
    for (const id of await okta.hireAll(['ada', 'ben', 'cleo'])) await okta.remove(id);
    const [before] = (await access.settled()).holds;
    expect(before?.changes).toEqual(['ben: account', 'cleo: account']);
    await access.declare(okta, { ...ADMINS, guard, policies: { leaving: 'delete' } });
    const [after] = (await access.settled()).holds;
    expect(after?.changes).toEqual(['ben: account, deleted', 'cleo: account, deleted']);
    await expect(access.admin.releaseHold(before?.id ?? '', 'operator')).rejects.toThrow();
    expect(access.suspended()).toEqual([]);
    expect(Object.keys(access.coder.snapshot().users)).toEqual(expect.arrayContaining(['ben', 'cleo']));
  });

  it.each(['repair', 'report'] as const)('takes what was on its way by the one before (drift: %s)', async drift => {
    const access = await startAccess(on, { replicas });
    const owners = { roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } }, policies: { drift } };
    const okta = await access.app('okta', owners);
    const ids = await okta.hireAll(FOUR);
    const admins = await okta.group('admins');
    const call = access.coder.faults.hold({ method: 'PUT', path: /\/roles$/ });
    const joined = okta.join(admins, ...ids);
    await call.arrived;
    const declared = access.declare(okta, { policies: { drift } });
    await until('the declaration to be judged', async () =>
      (await access.admin.audit({ action: 'app.apply' })).entries.some(({ target }) => target === 'generation 2'),
    );
    call.release();
    await Promise.all([joined, declared]);
    await access.settled();
    expect(strong(access, 'owner')).toEqual([]);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true });
  });

  it.each(['repair', 'report'] as const)(
    'takes what somebody loses after they were compared and before it counts as applied, without any sweep (drift: %s)',
    async drift => {
      const access = await startAccess(on, { replicas, env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const dev = { idpGroup: 'dev', group: 'dev' };
      const document: Document = { groupMappings: { dev }, policies: { drift } };
      const old = { idpGroup: 'old', group: 'old' };
      const okta = await access.app('okta', { ...document, groupMappings: { dev, old } });
      const ids = await okta.hireAll(FOUR);
      const group = await okta.group('dev', ids);
      // Everybody is compared by then; what nothing declares any more goes after that.
      const call = access.coder.faults.hold({ method: 'DELETE', path: /\/groups\// });
      const declared = access.declare(okta, document);
      await call.arrived;
      await okta.quit(group, ids[0] ?? '');
      expect(await access.statusOf(okta)).toMatchObject({ converged: false });
      expect((await access.status()).pending).toContainEqual(
        expect.objectContaining({ subject: 'u1', state: 'waiting', reason: AWAITS_DECLARATION }),
      );
      expect(access.coder.membersOf('dev')).toEqual(FOUR);
      call.release();
      await declared;
      await access.settled();
      expect(access.coder.membersOf('dev')).toEqual(['u2', 'u3', 'u4']);
      expect(await access.statusOf(okta)).toMatchObject({ converged: true });
    },
  );

  it('lets in again whom the deletion before was about to lock out', async () => {
    const access = await startAccess(on, { replicas });
    const document: Document = { ...ADMINS, policies: { drift: 'report' } };
    const okta = await access.app('okta', document);
    await okta.group('admins', await okta.hireAll(FOUR));
    const call = access.coder.faults.hold({ method: 'PUT', path: /\/roles$/ });
    const removed = access.removeApp(okta);
    await call.arrived;
    const declared = access.declare(okta, document);
    await until('the declaration to be judged', async () =>
      (await access.admin.audit({ action: 'app.apply' })).entries.some(({ target }) => target === 'generation 3'),
    );
    call.release();
    await Promise.all([removed, declared]);
    await access.settled();
    expect(access.suspended()).toEqual([]);
    expect(strong(access, 'template-admin')).toEqual(FOUR);
    expect(await access.statusOf(okta)).toMatchObject({ users: 4, converged: true, held: 0 });
  });

  it.each([
    ['its username', 'u1', false],
    ['the address that Coder has still', 'u1@example.com', true],
  ])(
    'leaves the groups of an account alone that is protected by %s before its group is written',
    async (_by, name, moves) => {
      const access = await startAccess(on, { replicas, env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const document: Document = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
      const okta = await access.app('okta', document);
      const [one = '', two = ''] = await okta.hireAll(['u1', 'u2']);
      const dev = await okta.group('dev', [one, two]);
      access.coder.oidcLogin({ sub: 'u1', email: 'u1@example.com', email_verified: true });
      if (moves) await okta.changeEmail(one, 'u1.new@example.com');
      access.coder.faults.fail(503, { method: 'PATCH', path: /\/groups\// });
      await okta.quit(dev, one, two);
      await access.declare(okta, { ...document, guard: { protectedAccounts: [name] } });
      access.coder.faults.clear();
      await access.settled();
      expect(access.coder.membersOf('dev')).toEqual(['u1']);
      const { entries } = await access.admin.audit({ action: 'group.remove' });
      expect(entries.filter(({ subjectName }) => subjectName === 'u1')).toMatchObject([
        { result: 'held', detail: 'the account is protected by now: nothing of it is changed' },
      ]);
      await access.swept();
      expect(access.coder.membersOf('dev')).toEqual(['u1']);
      expect(Object.keys(await access.held())).toEqual(['u1']);
    },
  );

  it('locks an account that was being made when no account was asked for any more', async () => {
    const access = await startAccess(on, { replicas });
    const okta = await access.app('okta', { policies: { drift: 'report' } });
    const call = access.coder.faults.hold({ method: 'POST', path: /\/users$/ });
    const hired = okta.hire('ada');
    await call.arrived;
    const declared = access.declare(okta, { policies: { drift: 'report', accounts: 'mapped' } });
    await until('the declaration to be judged', async () =>
      (await access.admin.audit({ action: 'app.apply' })).entries.some(({ target }) => target === 'generation 2'),
    );
    call.release();
    await Promise.all([hired, declared]);
    await access.settled();
    expect(access.suspended()).toEqual(['ada']);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true });
  });
});
