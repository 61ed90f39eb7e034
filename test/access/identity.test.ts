/** An account becomes a person's by an exact address only, and an app speaks for its own people alone. */
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { patch } from './identity-provider';
import { startAccess } from './stage';

/** The Kelvin sign, which JavaScript's and some databases' small letters make a k of. */
const KELVIN = '\u212A';

describeEachDatabase('identity', (_, on) => {
  it.each(['C', 'C.utf8'] as const)(
    'an address with the Kelvin sign is nobody else’s, where the database of Coder has the locale %s',
    async databaseLocale => {
      const access = await startAccess(on, {
        coder: { databaseLocale },
        before: coder =>
          void coder.addUser('kevin', { email: 'kevin@corp.example', status: 'active', roles: ['owner'] }),
      });
      const okta = await access.app('okta', {});
      const id = await okta.hire('impostor', { emails: [{ value: `${KELVIN}evin@corp.example`, primary: true }] });
      await okta.leave(id);
      await okta.remove(id);
      await access.swept();
      expect(access.coder.describe('kevin')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    },
  );

  it('what the database of Coder takes for the same address is held, and adopts nobody', async () => {
    const access = await startAccess(on, {
      coder: { databaseLocale: 'C.utf8' },
      before: coder => void coder.addUser('kevin', { email: 'kevin@corp.example', status: 'active' }),
    });
    const okta = await access.app('okta', { policies: { adoption: 'any' } });
    await okta.hire('impostor', { emails: [{ value: `${KELVIN}evin@corp.example`, primary: true }] });
    expect(Object.keys(await access.held())).toEqual(['impostor']);
    expect((await access.statusOf(okta)).converged).toBe(false);
    expect(access.coder.describe('kevin')).toMatchObject({ email: 'kevin@corp.example', status: 'active' });
  });

  it('who leaves stays held where Coder has their address in another spelling, until somebody has seen to it', async () => {
    const access = await startAccess(on, {
      coder: { databaseLocale: 'C.utf8' },
      before: coder => void coder.oidcLogin({ sub: 'ann', email: 'JOSÉ@corp.example', email_verified: true }),
    });
    const okta = await access.app('okta');
    const id = await okta.hire('ann', { emails: [{ value: 'josé@corp.example', primary: true }] });
    const held = async () => (await access.held())['ann'];
    const doctor = async () =>
      (await access.admin.doctor()).checks.flatMap(({ name, detail }) => (name === 'leavers' ? detail : []));
    expect(await held()).toMatch(/^email-conflict: /);
    expect(await doctor()).toEqual([expect.stringMatching(/e-mail in another spelling could not be locked .*: ann$/)]);

    await okta.leave(id);
    const stillIn = `^email-conflict: the person has left, .* "josé@corp\\.example", .* coder-scim retry person:${id}$`;
    expect(await held()).toMatch(new RegExp(stillIn));
    expect((await access.statusOf(okta)).leavers).toMatchObject([{ state: 'held', people: 1 }]);
    expect((await access.statusOf(okta)).converged).toBe(false);
    await okta.remove(id);
    await access.swept();
    expect(await held()).toMatch(/^email-conflict: the person has left/);

    await access.admin.retry(`person:${id}`);
    await until('ann to be dealt with', async () => (await access.statusOf(okta)).converged);
    expect(await access.held()).toEqual({});
    expect(await doctor()).toEqual(['whoever leaves can be locked out']);
  });

  it('whom their group lets in no more, and who then leaves, is held for that account all the same', async () => {
    const access = await startAccess(on, {
      coder: { databaseLocale: 'C.utf8' },
      before: coder => void coder.oidcLogin({ sub: 'ann', email: 'JOSÉ@corp.example', email_verified: true }),
    });
    const okta = await access.app('okta', {
      policies: { accounts: 'mapped' },
      guard: { maxPrivilegeGains: 0 },
      roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } },
    });
    const ann = await okta.hire('ann', { emails: [{ value: 'josé@corp.example', primary: true }] });
    const admins = await okta.group('admins', [ann]);
    expect((await access.held())['ann']).toMatch(/^email-conflict: /);
    // As long as they are let in, what is asked for is another address.
    await access.admin.retry(`person:${ann}`);
    await access.settled();
    expect((await access.held())['ann']).toMatch(/^email-conflict: /);
    await okta.quit(admins, ann);
    expect((await access.held())['ann']).toMatch(/^email-conflict: /);
    await okta.leave(ann);
    expect((await access.held())['ann']).toMatch(/^email-conflict: the person has left/);
  });

  it('whom their group lets in no more is held for that account until somebody has seen to it', async () => {
    const access = await startAccess(on, {
      coder: { databaseLocale: 'C.utf8' },
      before: coder => void coder.oidcLogin({ sub: 'ann', email: 'JOSÉ@corp.example', email_verified: true }),
    });
    const okta = await access.app('okta', {
      policies: { accounts: 'mapped' },
      roleMappings: { admins: { idpGroup: 'admins', role: 'auditor' } },
    });
    const ann = await okta.hire('ann', { emails: [{ value: 'josé@corp.example', primary: true }] });
    const admins = await okta.group('admins', [ann]);
    await okta.quit(admins, ann);
    const told = new RegExp(`^email-conflict: nothing lets the person in any more, .* coder-scim retry person:${ann}$`);
    expect((await access.held())['ann']).toMatch(told);
    await access.admin.retry(`person:${ann}`);
    await until('ann to be dealt with', async () => (await access.statusOf(okta)).converged);
    expect(await access.held()).toEqual({});
    // Who comes back is judged anew.
    await okta.join(admins, ann);
    expect((await access.held())['ann']).toMatch(/^email-conflict: /);
  });

  it('a group with the Kelvin sign in its name matches no mapping of another one', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: { admins: { idpGroup: 'kube-admins', role: 'owner' } },
      groupMappings: { admins: { idpGroup: 'kube-admins', group: 'kube-admins' } },
    });
    const id = await okta.hire('ada');
    await okta.group(`${KELVIN}ube-admins`, [id], { externalId: 'kelvin' });
    await access.swept();
    expect(access.coder.describe('ada').siteRoles).toEqual([]);
    expect(access.coder.membersOf('kube-admins')).toEqual([]);
    await okta.group('KUBE-Admins', [id], { externalId: 'kube' });
    expect(access.coder.describe('ada').siteRoles).toEqual(['owner']);
  });

  it('an app that posts the address of an owner who is nobody of it is held, and locks nobody out', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('olga', { email: 'olga@corp.example', status: 'active', roles: ['owner'] }),
    });
    const contractors = await access.app('contractors', { people: { emailDomains: ['contractors.example'] } });
    const id = await contractors.hire('olga', { emails: [{ value: 'olga@corp.example', primary: true }] });
    expect(await access.held()).toEqual({ olga: expect.stringMatching(/^foreign-domain: /) });
    await contractors.remove(id);
    await access.swept();
    expect(access.coder.describe('olga')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    expect((await access.statusOf(contractors)).converged).toBe(true);
  });

  it.each([
    ['one', ['one', 'two']],
    ['the other', ['two', 'one']],
  ] as const)(
    'of two apps that both hold losses of the same people: who leaves both, %s first, is locked out',
    async (_which, order) => {
      const access = await startAccess(on);
      const document = (other: string, group: string) => ({
        people: { sharedWith: [other] },
        guard: { minRemovals: 1, maxRemovalsPercent: 0 },
        groupMappings: { team: { idpGroup: group, group } },
      });
      const apps = {
        one: await access.app('one', document('two', 'red')),
        two: await access.app('two', document('one', 'blue')),
      };
      const leaver: Record<string, string> = {};
      for (const [name, group] of [
        ['one', 'red'],
        ['two', 'blue'],
      ] as const) {
        const ids = await apps[name].hireAll(['ada', 'ben', 'cleo']);
        leaver[name] = ids[2] ?? '';
        const id = await apps[name].group(group, ids);
        await apps[name].setMembers(id, group, []);
      }
      await access.swept();
      expect((await access.status()).holds).toHaveLength(2);
      for (const name of order) await apps[name].leave(leaver[name] ?? '');
      expect(access.suspended()).toEqual(['cleo']);
    },
  );

  it('an app that may not speak for an address keeps no leaver of another app in by it', async () => {
    const access = await startAccess(on, { before: coder => void coder.addUser('kim', { status: 'active' }) });
    const okta = await access.app('okta', { people: { emailDomains: ['example.com'] } });
    const contractors = await access.app('contractors', { people: { emailDomains: ['contractors.example'] } });
    await contractors.hire('x', { emails: [{ value: 'kim@example.com', primary: true }] });
    expect(await access.held()).toEqual({ x: expect.stringMatching(/^foreign-domain: /) });
    await okta.hire('kim', { active: false });
    expect(access.suspended()).toEqual(['kim']);
  });

  it('an app that speaks for fewer domains than before locks nobody out by that, and says whom it concerns', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { people: { emailDomains: ['example.com', 'lab.example'] } });
    const [, lea = ''] = await okta.hireAll(['ada', 'lea@lab.example', 'mia@lab.example']);
    const narrowed = { people: { emailDomains: ['example.com'] } };
    await access.declare(okta, narrowed);
    const told = (count: string): unknown =>
      expect.stringMatching(`^${count} by an e-mail in none of people.emailDomains \\(example.com\\): `);
    expect(await access.statusOf(okta)).toMatchObject({ warnings: [told('2 people have accounts')], converged: false });
    expect([access.suspended(), await access.held()]).toEqual([[], {}]);

    await okta.leave(lea);
    await access.swept();
    expect(access.suspended()).toEqual(['lea']);
    expect((await access.statusOf(okta)).warnings).toEqual([told('1 person has an account')]);
    await access.declare(okta, {});
    expect(await access.statusOf(okta)).toMatchObject({ warnings: [], converged: true });
  });

  it('the same without domains: an owner whom no mapping could have made one is not this app’s to speak for', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('olga', { email: 'olga@corp.example', status: 'active', roles: ['owner'] }),
    });
    const contractors = await access.app('contractors', {});
    const id = await contractors.hire('olga', { emails: [{ value: 'olga@corp.example', primary: true }] });
    expect(await access.held()).toEqual({ olga: expect.stringMatching(/^privileged-account: /) });
    await contractors.remove(id);
    await access.swept();
    expect(access.coder.describe('olga')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
  });

  it('somebody whom one app locked out is not another app’s to let in, until both say that they share people', async () => {
    const access = await startAccess(on);
    const mapped = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };
    const okta = await access.app('okta', mapped);
    const ada = await okta.hire('ada');
    await okta.leave(ada);
    const entra = await access.app('entra', mapped);
    const other = await entra.hire('ada');
    await entra.group('admins', [other]);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^other-app: /) });

    // One side alone is not enough.
    await access.declare(entra, { ...mapped, people: { sharedWith: ['okta'] } });
    await access.settled();
    expect(access.coder.describe('ada').status).toBe('suspended');
    await access.declare(okta, { ...mapped, people: { sharedWith: ['entra'] } });
    await access.swept();
    expect(access.coder.describe('ada')).toMatchObject({ status: 'active', siteRoles: ['template-admin'] });

    // Locked when none of them is in.
    await entra.remove(other);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
  });

  it('of two apps that share people the one that lets them in again asks, and is held, whatever is compared when', async () => {
    const access = await startAccess(on);
    const tight = { guard: { minRemovals: 1, maxRemovalsPercent: 0 } };
    const okta = await access.app('okta');
    for (const id of await okta.hireAll(['ada', 'ben', 'cleo'])) await okta.leave(id);
    await access.declare(okta, { ...tight, people: { sharedWith: ['entra'] } });
    const entra = await access.app('entra', { ...tight, people: { sharedWith: ['okta'] } });
    await entra.hireAll(['ada', 'ben', 'cleo']);
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { holds } = await access.settled();
      expect(holds).toMatchObject([{ app: 'entra', reason: 'too-many-activations', people: 2 }]);
      expect((await access.statusOf(entra)).converged).toBe(false);
      await access.swept();
    }
    const [hold] = (await access.status()).holds;
    await access.admin.releaseHold(hold?.id ?? '', 'operator');
    const { apps } = await access.settled();
    expect(access.suspended()).toEqual([]);
    expect(apps.map(({ converged }) => converged)).toEqual([true, true]);
  });

  it('of two apps that share an account, the one that had it first decides what it is called, as long as its person is in', async () => {
    const access = await startAccess(on);
    const document = (other: string) => ({
      policies: { usernames: 'follow' as const },
      people: { sharedWith: [other] },
    });
    const okta = await access.app('okta', document('entra'));
    const entra = await access.app('entra', document('okta'));
    const first = await okta.hire('ada', { displayName: 'Ada of okta' });
    const second = await entra.hire('ada', { displayName: 'Ada of entra' });
    const rename = (userName: string, displayName: string) => [
      { op: 'replace', path: 'userName', value: userName },
      { op: 'replace', path: 'displayName', value: displayName },
    ];
    await entra.done('PATCH', `/Users/${second}`, patch(...rename('intruder', 'Ida of entra')));
    await access.swept();
    expect(access.coder.describe('ada')).toMatchObject({ name: 'Ada of okta' });
    await okta.done('PATCH', `/Users/${first}`, patch(...rename('adele', 'Adele of okta')));
    expect(access.coder.describe('adele')).toMatchObject({ name: 'Adele of okta' });

    await okta.remove(first);
    await entra.done('PATCH', `/Users/${second}`, patch(...rename('ada', 'Ada of entra')));
    expect(access.coder.describe('ada')).toMatchObject({ name: 'Ada of entra', status: 'dormant' });
  });

  it('two people who hold one externalId are warned of by name', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      groupMappings: { dev: { idpGroupExternalId: 'grp-1', group: 'dev' } },
    });
    await okta.hire('ada', { externalId: 'the-same' });
    await okta.hire('ben', { externalId: 'the-same' });
    await okta.group('dev-1', [], { externalId: 'grp-1' });
    await okta.group('dev-2', [], { externalId: 'grp-1' });
    await access.swept();
    const { warnings } = await access.statusOf(okta);
    const told = (...names: string[]) => warnings.some(warning => names.every(name => warning.includes(name)));
    expect(told('ada', 'ben', 'the-same')).toBe(true);
    expect(told('dev-1', 'dev-2', 'grp-1')).toBe(true);
  });

  it('who signs in by another spelling of their address is that account, and is locked out of both', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } } });
    const id = await okta.hire('rene', { emails: [{ value: 'ren\u00E9@example.com', primary: true }] });
    await okta.group('auditors', [id]);
    const signIn = () => access.coder.oidcLogin({ sub: 'rene', email: 'rene\u0301@example.com', email_verified: true });
    const { userId } = signIn();
    await access.swept();
    const account = Object.values(access.coder.snapshot().users).find(user => user.id === userId);
    expect(account).toMatchObject({ siteRoles: ['auditor'], status: 'active' });
    await okta.leave(id);
    await access.swept();
    expect(signIn().signedIn).toBe(false);
  });
});
