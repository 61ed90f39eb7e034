/** Who signed in before the bridge could act on them, and whose address somebody else has by now: whose account it is, and what each of them gets. */
import { describeEachDatabase } from '../support/databases';
import { type Access, startAccess, whenDone } from './stage';

const ADMINS = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };

const email = (name: string): string => `${name}@example.com`;

function signIn(access: Access, sub: string, name: string): boolean {
  return access.coder.oidcLogin({ sub, email: email(name), email_verified: true, preferred_username: sub }).signedIn;
}

/** Accounts of people, by e-mail. */
function accounts({ coder }: Access): Record<string, unknown> {
  const people = Object.values(coder.snapshot().users).filter(one => !/^(bridge|testuser)@/.test(one.email));
  return Object.fromEntries(people.map(({ email, status, siteRoles }) => [email, { status, siteRoles }]));
}

/** Requests during an outage are stored, and answered after a while. */
async function whileAway(access: Access, what: () => Promise<unknown>): Promise<void> {
  await access.coder.unreachable(true);
  await what();
  await access.coder.unreachable(false);
  await access.settled();
}

describeEachDatabase('signed in unseen', (_, on) => {
  it.each(['ada', 'dan'])(
    'an account made by a sign-in is whose the address was then, not whose it is now; %s is dealt with last',
    async last => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', ADMINS);
      const ada = await okta.hire('ada');
      await okta.group('admins', [ada]);
      await whileAway(access, async () => {
        const dan = await okta.hire('dan');
        expect(signIn(access, 'dan', 'dan')).toBe(true);
        await okta.changeEmail(dan, email('dan.new'));
        await okta.changeEmail(ada, email('dan'));
        await okta.done('PATCH', `/Users/${last === 'ada' ? ada : dan}`, {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'displayName', value: 'Last' }],
        });
      });
      await access.swept();
      expect(accounts(access)).toMatchObject({ [email('dan')]: { status: 'active', siteRoles: [] } });
      expect(await access.held()).toMatchObject({
        ada: expect.stringMatching(/^account-taken: .*"dan" of the same app/),
      });
      expect((await access.statusOf(okta)).converged).toBe(false);

      expect(signIn(access, 'dan', 'dan.new')).toBe(true);
      await access.swept();
      expect(signIn(access, 'ada', 'dan')).toBe(true);
      await access.swept();
      expect(accounts(access)).toEqual({
        [email('dan.new')]: { status: 'active', siteRoles: [] },
        [email('dan')]: { status: 'active', siteRoles: ['template-admin'] },
      });
      expect(await access.held()).toEqual({});
    },
  );

  it.each([
    ['keep', 'ada'],
    ['replace', 'again'],
  ] as const)(
    'somebody hired anew under the address of who signed in unseen and was deleted is held with two ways out: %s',
    async (answer, subject) => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', ADMINS);
      const ada = await okta.hire('ada');
      await whileAway(access, async () => {
        await okta.changeEmail(ada, email('ada.new'));
        expect(signIn(access, 'ada', 'ada.new')).toBe(true);
        await okta.remove(ada);
        const again = await okta.hire('again', { emails: [{ value: email('ada.new'), primary: true }] });
        await okta.group('admins', [again]);
      });
      await access.swept();
      expect(accounts(access)).toMatchObject({ [email('ada.new')]: { status: 'suspended', siteRoles: [] } });
      expect(await access.held()).toEqual({ again: expect.stringMatching(/^re-hire: /) });

      await access.admin.answerReHire({ user: 'again', answer, by: 'operator' });
      await access.settled();
      expect(signIn(access, subject, 'ada.new')).toBe(true);
      await access.swept();
      expect(accounts(access)).toMatchObject({
        [email('ada.new')]: { status: 'active', siteRoles: ['template-admin'] },
      });
      expect(await access.held()).toEqual({});
    },
  );

  it('who gets an address that somebody gave up, and signs in before the directory says so, is let in', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', ADMINS);
    const dan = await okta.hire('dan');
    expect(signIn(access, 'dan', 'dan')).toBe(true);
    await okta.changeEmail(dan, email('dan.new'));
    expect(signIn(access, 'dan', 'dan.new')).toBe(true);
    await access.swept();
    expect(signIn(access, 'eve', 'dan')).toBe(true);
    const eve = await okta.hire('eve', { emails: [{ value: email('dan'), primary: true }] });
    await okta.group('admins', [eve]);
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(accounts(access)).toEqual({
      [email('dan.new')]: { status: 'active', siteRoles: [] },
      [email('dan')]: { status: 'active', siteRoles: ['template-admin'] },
    });
  });

  it('an account that is declared as one to take over is taken over by who has its address now', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', { ...ADMINS, people: { adopt: [email('dan')] } });
    await whileAway(access, async () => {
      const dan = await okta.hire('dan');
      expect(signIn(access, 'eve', 'dan')).toBe(true);
      await okta.changeEmail(dan, email('dan.new'));
      await okta.hire('eve', { emails: [{ value: email('dan'), primary: true }] });
    });
    await access.swept();
    expect(accounts(access)).toEqual({
      [email('dan')]: { status: 'active', siteRoles: [] },
      [email('dan.new')]: { status: 'dormant', siteRoles: [] },
    });
    expect([signIn(access, 'eve', 'dan'), signIn(access, 'dan', 'dan.new')]).toEqual([true, true]);
    expect(await access.held()).toEqual({});
  });

  it.each([false, true])(
    'who signs in with an address that somebody had until just now gets nothing of theirs (account begun for it: %s)',
    async isBegun => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', ADMINS);
      if (isBegun) access.coder.faults.fail(502, { method: 'POST', path: '/users$' });
      const ada = await okta.hire('ada', { emails: [{ value: email('carl'), primary: true }] });
      await okta.group('admins', [ada]);
      await okta.changeEmail(ada, email('ada'));
      expect(signIn(access, 'carl', 'carl')).toBe(true);
      access.coder.faults.clear();
      await access.swept();
      await okta.changeEmail(ada, email('ada'));
      await access.swept();
      expect(accounts(access)).toMatchObject({
        [email('ada')]: { status: 'dormant', siteRoles: ['template-admin'] },
        [email('carl')]: { siteRoles: [] },
      });
      expect(signIn(access, 'ada', 'ada')).toBe(true);
      await access.swept();
      expect(await access.held()).toEqual({});
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );

  it.each(['hired anew', 'deleted', 'deactivated'] as const)(
    'who was %s after that has neither access nor what whoever has the address gets, who is held',
    async how => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', ADMINS);
      const admins = await okta.group('admins', []);
      await whileAway(access, async () => {
        const bob = await okta.hire('bob');
        expect(signIn(access, 'bob', 'bob')).toBe(true);
        if (how === 'hired anew') {
          await okta.remove(bob);
          await okta.join(admins, await okta.hire('carl', { emails: [{ value: email('bob'), primary: true }] }));
          return;
        }
        const carl = await okta.hire('carl');
        await okta.join(admins, carl);
        await okta.changeEmail(bob, email('bob.new'));
        await okta.changeEmail(carl, email('bob'));
        await (how === 'deleted' ? okta.remove(bob) : okta.leave(bob));
      });
      await access.swept();
      expect(accounts(access)).toMatchObject({ [email('bob')]: { status: 'suspended', siteRoles: [] } });
      expect(await access.held()).toMatchObject({ carl: expect.stringMatching(/^re-hire: /) });
    },
  );

  it('whom no mapping lets in, and who is deleted, is known by the account that they signed in to', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { ...ADMINS, policies: { accounts: 'mapped' } });
    const admins = await okta.group('admins', [await okta.hire('zoe')]);
    const bob = await okta.hire('bob');
    expect(signIn(access, 'bob', 'bob')).toBe(true);
    await okta.remove(bob);
    await okta.join(admins, await okta.hire('carl', { emails: [{ value: email('bob'), primary: true }] }));
    await access.swept();
    expect(accounts(access)).toMatchObject({ [email('bob')]: { status: 'suspended', siteRoles: [] } });
    expect(await access.held()).toEqual({ carl: expect.stringMatching(/^re-hire: /) });
  });

  it('an account is whose the address was then, also when they gave it away for a moment and have it again', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', ADMINS);
    await whileAway(access, async () => {
      const ada = await okta.hire('ada');
      await okta.group('admins', [ada]);
      const carl = await okta.hire('carl');
      expect(signIn(access, 'carl', 'carl')).toBe(true);
      await okta.changeEmail(carl, email('carl.new'));
      await okta.changeEmail(ada, email('carl'));
      await okta.changeEmail(ada, email('ada'));
      await okta.changeEmail(carl, email('carl'));
    });
    await access.swept();
    expect([signIn(access, 'carl', 'carl'), signIn(access, 'ada', 'ada')]).toEqual([true, true]);
    await access.swept();
    expect(accounts(access)).toEqual({
      [email('carl')]: { status: 'active', siteRoles: [] },
      [email('ada')]: { status: 'active', siteRoles: ['template-admin'] },
    });
    expect(await access.held()).toEqual({});
  });

  describe('an account that was begun, and used about when the address changed', () => {
    it.each(['ada', 'carl'])(
      'by %s: nothing is on it, it is locked, and whose address it was is asked about',
      async by => {
        const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
        const okta = await access.app('okta', ADMINS);
        const { faults } = access.coder;
        faults.failAfterDoing({ method: 'POST', path: /\/users$/ }, { times: 1 });
        const unseen = whenDone(access.coder, 'POST', /\/users$/, () =>
          faults.fail(503, { method: 'GET', path: /\/users/ }),
        );
        const id = await okta.hire('ada', { emails: [{ value: email('carl'), primary: true }] });
        await unseen;
        await okta.group('admins', [id]);
        await okta.changeEmail(id, email('ada'));
        expect(signIn(access, by, 'carl')).toBe(true);
        faults.clear();
        await access.settled();
        await access.swept();
        await access.swept();
        expect(accounts(access)).toMatchObject({
          [email('ada')]: { siteRoles: ['template-admin'] },
          [email('carl')]: { status: 'suspended', siteRoles: [] },
        });
        expect(await access.held()).toEqual({ ada: expect.stringMatching(/^duplicate-account: .*, and is locked; /) });
        if (by === 'carl') {
          expect(signIn(access, 'ada', 'ada')).toBe(true);
          await access.swept();
          expect(await access.held()).toEqual({});
          return;
        }
        await access.declare(okta, { ...ADMINS, people: { adopt: [email('carl')] } });
        await access.swept();
        expect(signIn(access, 'ada', 'ada')).toBe(true);
        await access.swept();
        expect(accounts(access)).toEqual({ [email('ada')]: { status: 'active', siteRoles: ['template-admin'] } });
      },
    );
  });
});
