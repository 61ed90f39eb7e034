/** Which account a person signs in to, through changed addresses, returns and re-hires; and that who has left signs in to none. */
import { openDatabase } from '../../bridge/store/database/database';
import { enqueue, PRIORITY } from '../../bridge/store/work/enqueue';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, startAccess } from './stage';

const ADMINS = {
  roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
  groupMappings: { admins: { idpGroup: 'admins', group: 'platform' } },
};

const claims = (sub: string, email: string) => ({ sub, email, email_verified: true, preferred_username: sub });

/** One account, under the present address, with everything; nothing is held. */
async function expectOnlyMarriedAda(access: Access): Promise<void> {
  const mine = Object.values(access.coder.snapshot().users).filter(({ email }) => email.startsWith('ada@'));
  expect(mine).toMatchObject([
    {
      email: 'ada@married.example',
      status: 'active',
      siteRoles: ['template-admin'],
      organizations: { coder: { groups: ['platform'] } },
    },
  ]);
  expect(await access.held()).toEqual({});
}

/** People who had accounts before the bridge. */
const before = (...names: string[]) => ({
  before: (coder: Access['coder']) => names.forEach(name => void coder.addUser(name, { status: 'active' })),
});

describeEachDatabase('accounts', (_, on) => {
  it.each([true, false])(
    'an address that changes before the first sign-in, sign-ups %s: one account, which has everything, and none when the person has left',
    async oidcAllowSignups => {
      const access = await startAccess(on, { coder: { oidcAllowSignups } });
      const okta = await access.app('okta', ADMINS);
      const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
      await okta.group('admins', [id]);
      await okta.changeEmail(id, 'ada@married.example');

      const session = access.coder.oidcLogin(claims('ada', 'ada@married.example'));
      expect(session).toMatchObject({ signedIn: true });
      await access.swept();
      await expectOnlyMarriedAda(access);

      await okta.leave(id);
      for (const email of ['ada@married.example', 'ada@maiden.example'])
        expect(access.coder.oidcLogin(claims('ada', email))).toMatchObject({ signedIn: false });
    },
  );

  it.each([true, false])(
    'of two who had an address one after the other, only the account of who leaves is deleted (linked: %s)',
    async isLinked => {
      const access = await startAccess(on);
      const okta = await access.app('okta', { policies: { leaving: 'delete' } });
      const ada = await okta.hire('ada', { emails: [{ value: 'a@example.com', primary: true }] });
      access.coder.oidcLogin(claims('ada', 'a@example.com'));
      await okta.changeEmail(ada, 'b@example.com');
      access.coder.oidcLogin(claims('ada', 'b@example.com'));
      await access.swept();
      access.coder.oidcLogin(claims('bystander', 'a@example.com'));
      if (!isLinked) {
        access.coder.deleteUser('ada');
        await okta.leave(ada);
      }
      await okta.remove(ada);
      await access.swept();
      expect(access.coder.describe('bystander')).toMatchObject({ status: 'suspended' });
      expect(access.coder.snapshot().users).not.toHaveProperty('ada');
    },
  );

  it('an address that changes after the first sign-in follows at the next one, and is held until then', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    await okta.group('admins', [id]);
    access.coder.oidcLogin(claims('ada', 'ada@maiden.example'));
    await okta.changeEmail(id, 'ada@married.example');
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^email-pending: /) });
    expect(access.coder.oidcLogin(claims('ada', 'ada@married.example'))).toMatchObject({ signedIn: true });
    await access.swept();
    expect(await access.held()).toEqual({});
    expect(access.coder.describe('ada')).toMatchObject({
      email: 'ada@married.example',
      siteRoles: ['template-admin'],
      organizations: { coder: { groups: ['platform'] } },
    });
    await okta.remove(id);
    expect(access.coder.describe('ada').status).toBe('suspended');
  });

  it('an account that a sign-in made before the bridge heard of the new address is taken up, and the one that nobody used goes', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    await okta.group('admins', [id]);
    await access.coder.unreachable(true);
    await okta.changeEmail(id, 'ada@married.example');
    expect(access.coder.oidcLogin(claims('ada', 'ada@married.example'))).toMatchObject({ signedIn: true });
    await access.coder.unreachable(false);
    await access.settled();
    await access.swept();
    await expectOnlyMarriedAda(access);
  });

  it.each<[string, (access: Access, okta: IdentityProvider, id: string, group: string) => Promise<unknown>]>([
    ['whose app is deleted', (access, okta) => access.removeApp(okta)],
    ['whom no group lets in any more', (_access, okta, id, group) => okta.quit(group, id)],
  ])('somebody %s is locked out of the account as well that a sign-in made meanwhile', async (_way, ends) => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', { ...ADMINS, policies: { accounts: 'mapped' } });
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    const group = await okta.group('admins', [id]);
    await access.coder.unreachable(true);
    await okta.changeEmail(id, 'ada@married.example');
    expect(access.coder.oidcLogin(claims('ada', 'ada@married.example'))).toMatchObject({ signedIn: true });
    await ends(access, okta, id, group);
    await access.coder.unreachable(false);
    await until('the leaving to be dealt with', async () => (await access.status()).pending.length === 0);
    const mine = Object.values(access.coder.snapshot().users).filter(({ email }) => email.startsWith('ada@'));
    expect(mine.map(({ email, status }) => [email, status]).sort()).toEqual([
      ['ada@maiden.example', 'suspended'],
      ['ada@married.example', 'suspended'],
    ]);
  });

  it('two accounts that were both used are held as one too many, and whoever leaves is locked out of both', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    access.coder.oidcLogin(claims('ada', 'ada@maiden.example'));
    access.coder.oidcLogin(claims('somebody', 'ada@married.example'));
    await okta.changeEmail(id, 'ada@married.example');
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^duplicate-account: .*"ada".*"somebody"/) });
    await okta.leave(id);
    expect(access.suspended()).toEqual(['ada', 'somebody']);
    await okta.remove(id);
    await access.swept();
    expect(access.suspended()).toEqual(['ada', 'somebody']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  /** Ada, who leads, signed in to one account; somebody did to the one of her present address. */
  async function ofTwoAccounts() {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', {
      roleMappings: { leads: { idpGroup: 'leads', organization: 'default', role: 'organization-admin' } },
    });
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    await okta.group('leads', [id]);
    access.coder.oidcLogin(claims('ada', 'ada@maiden.example'));
    access.coder.oidcLogin(claims('somebody', 'ada@married.example'));
    await okta.changeEmail(id, 'ada@married.example');
    return { access, okta, id };
  }

  it.each([404, 500])(
    'of two accounts that were both used, whoever leaves is locked out of the second, whatever Coder answers about the first (%i)',
    async refusal => {
      const { access, okta, id } = await ofTwoAccounts();
      const path = new RegExp(`/members/${access.coder.describe('ada').id}/roles$`);
      access.coder.addWorkspace('ada', 'dev');
      access.coder.faults.fail(refusal, { method: 'PUT', path });
      await okta.leave(id);
      await until('both to be locked', () => access.suspended().length === 2);
      await until('what runs to stop', () => access.coder.workspacesOf('ada')[0]?.status === 'stopped');
      expect(access.suspended()).toEqual(['ada', 'somebody']);
      expect(access.coder.describe('ada').organizations['coder']?.roles).toEqual(['organization-admin']);
      expect((await access.statusOf(okta)).converged).toBe(false);

      access.coder.faults.clear();
      await access.admin.retry();
      await access.swept();
      expect(access.coder.describe('ada').organizations['coder']?.roles).toEqual([]);
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );

  it.each([
    ['search for addresses', { method: 'GET', path: /\/users(\?|$)/ }],
    ['tell roles', { method: 'GET', path: /\/users\/[^/]+\/roles$/ }],
  ])('whoever leaves is locked out of the account that is known, though Coder fails to %s', async (_, call) => {
    const { access, okta, id } = await ofTwoAccounts();
    access.coder.faults.fail(500, call);
    await okta.leave(id);
    await until('the account to be locked', () => access.suspended().includes('ada'));
    expect((await access.statusOf(okta)).converged).toBe(false);

    access.coder.faults.clear();
    await access.admin.retry();
    await access.swept();
    expect(access.suspended()).toEqual(['ada', 'somebody']);
    expect(access.coder.describe('ada').organizations['coder']?.roles).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it.each([403, 500])(
    'whoever can not be deleted, for Coder answers %i, is locked out until they are',
    async refusal => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', { policies: { leaving: 'delete' } });
      const id = await okta.hire('ada');
      access.coder.oidcLogin(claims('ada', 'ada@example.com'));
      access.coder.faults.fail(refusal, { method: 'DELETE', path: /\/users\// });
      await okta.remove(id);
      await until('the account to be locked', () => access.suspended().includes('ada'));
      expect(access.coder.oidcLogin(claims('ada', 'ada@example.com'))).toMatchObject({ signedIn: false });
      expect((await access.statusOf(okta)).converged).toBe(false);

      access.coder.faults.clear();
      await access.admin.retry();
      await access.swept();
      expect(access.coder.snapshot().users).not.toHaveProperty('ada');
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );

  it.each(['inactive', 'deleted'])(
    'somebody hired again under the same address, the old object being %s, signs in with a new subject',
    async before => {
      const access = await startAccess(on);
      const okta = await access.app('okta', ADMINS);
      const admins = await okta.group('admins');
      const first = await okta.hire('ada');
      await okta.join(admins, first);
      access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
      if (before === 'deleted') await okta.remove(first);
      else await okta.leave(first);
      expect(access.coder.describe('ada').status).toBe('suspended');

      const second = await okta.hire('ada.again', {
        externalId: 'another-object',
        emails: [{ value: 'ada@example.com', primary: true }],
      });
      await okta.join(admins, second);
      expect(access.coder.oidcLogin(claims('second-ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
      expect(access.coder.oidcLogin(claims('first-ada', 'ada@example.com'))).toMatchObject({ signedIn: false });
      await access.swept();
      expect(await access.held()).toEqual({});
      expect(access.coder.describe('ada')).toMatchObject({
        status: 'active',
        siteRoles: ['template-admin'],
        organizations: { coder: { groups: ['platform'] } },
      });
    },
  );

  const becomes = (okta: IdentityProvider, id: string, externalId: string) =>
    okta.done('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'externalId', value: externalId }));

  /** Ways in which an identity provider that looks people up by userName says that somebody inactive is another object, and active. */
  const ANOTHER_OBJECT: [string, (okta: IdentityProvider, id: string) => Promise<unknown>][] = [
    [
      'PUT',
      (okta, id) =>
        okta.done('PUT', `/Users/${id}`, {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: 'ada',
          externalId: 'another-object',
          emails: [{ value: 'ada@example.com', primary: true }],
          active: true,
        }),
    ],
    [
      'PATCH',
      (okta, id) =>
        okta.done(
          'PATCH',
          `/Users/${id}`,
          patch({ op: 'replace', value: { externalId: 'another-object', active: true } }),
        ),
    ],
    [
      'two requests',
      async (okta, id) => {
        await becomes(okta, id, 'another-object');
        await okta.comeBack(id);
      },
    ],
    [
      'one request that takes the old object away, and one that states the new one',
      async (okta, id) => {
        await okta.done('PATCH', `/Users/${id}`, patch({ op: 'remove', path: 'externalId' }));
        await becomes(okta, id, 'another-object');
        await okta.comeBack(id);
      },
    ],
  ];

  it.each(ANOTHER_OBJECT)(
    'somebody hired again under the same SCIM id as another object, by %s, signs in with a new subject',
    async (_way, comesBack) => {
      const access = await startAccess(on);
      const okta = await access.app('okta', ADMINS);
      const id = await okta.hire('ada');
      await okta.group('admins', [id]);
      access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
      await okta.leave(id);
      await comesBack(okta, id);
      expect(access.coder.oidcLogin(claims('second-ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
      expect(access.coder.oidcLogin(claims('first-ada', 'ada@example.com'))).toMatchObject({ signedIn: false });
      await access.swept();
      expect(await access.held()).toEqual({});
      expect(access.coder.describe('ada')).toMatchObject({
        status: 'active',
        siteRoles: ['template-admin'],
        organizations: { coder: { groups: ['platform'] } },
      });
      // Whoever leaves and comes back as the same one is nobody else.
      const { id: account } = access.coder.findUser('ada');
      await okta.leave(id);
      await okta.comeBack(id);
      expect(access.coder.findUser('ada').id).toBe(account);
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );

  it.each(ANOTHER_OBJECT)(
    'somebody hired again under the same SCIM id as another object, by %s, is held where the account was there before the bridge',
    async (_way, comesBack) => {
      const access = await startAccess(on, before('ada'));
      access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
      const okta = await access.app('okta', ADMINS);
      const id = await okta.hire('ada');
      await okta.leave(id);
      await comesBack(okta, id);
      expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: account "ada" /) });
      expect(access.suspended()).toEqual(['ada']);
      await access.swept();
      expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: account "ada" /) });
      expect(access.suspended()).toEqual(['ada']);
    },
  );

  it.each([
    ['keep', 'first-ada'],
    ['replace', 'second-ada'],
  ] as const)(
    'an answer about somebody hired again under the same SCIM id is acted on, and once: %s',
    async (answer, subject) => {
      const access = await startAccess(on, before('ada'));
      access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
      const okta = await access.app('okta', ADMINS);
      const id = await okta.hire('ada');
      await okta.group('admins', [id]);
      await okta.leave(id);
      await becomes(okta, id, 'another-object');
      await okta.comeBack(id);
      const account = (await access.status()).pending.find(item => item.subject === 'ada')?.account;
      expect(account).toBe(access.coder.describe('ada').id);
      await access.admin.answerReHire({ user: 'ada', answer, account, by: 'operator' });
      await access.settled();
      expect(await access.held()).toEqual({});
      expect(access.coder.oidcLogin(claims(subject, 'ada@example.com'))).toMatchObject({ signedIn: true });
      expect(access.coder.describe('ada')).toMatchObject({ status: 'active', siteRoles: ['template-admin'] });

      await okta.leave(id);
      await okta.comeBack(id);
      expect(await access.held()).toEqual({});
      await okta.leave(id);
      await becomes(okta, id, 'a-third-object');
      await okta.comeBack(id);
      expect(await access.held()).toEqual(
        answer === 'keep' ? { ada: expect.stringMatching(/^re-hire: account "ada" /) } : {},
      );
    },
  );

  it('another externalId of somebody who stays, or who is the first object again, or who had none, replaces no account', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    const cleo = await okta.hire('cleo', { externalId: undefined });
    const names = ['ada', 'ben', 'cleo'];
    for (const name of names) access.coder.oidcLogin(claims(name, `${name}@example.com`));
    const accounts = names.map(name => access.coder.findUser(name).id);
    await becomes(okta, ada, 'mapped-anew');
    await okta.leave(ada);
    await okta.leave(ben);
    await becomes(okta, ben, 'another-object');
    await becomes(okta, ben, 'object-of-ben');
    await okta.leave(cleo);
    await becomes(okta, cleo, 'an-object');
    for (const id of [ada, ben, cleo]) await okta.comeBack(id);
    await access.swept();
    expect(names.map(name => access.coder.findUser(name).id)).toEqual(accounts);
    expect(access.suspended()).toEqual([]);
    expect(await access.held()).toEqual({});
  });

  it('somebody who is another object before their leaving was dealt with is locked out first', async () => {
    const access = await startAccess(on, { ...before('ada'), env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('ada');
    await access.coder.unreachable(true);
    await okta.leave(id);
    await becomes(okta, id, 'another-object');
    await okta.comeBack(id);
    await access.coder.unreachable(false);
    await access.settled();
    expect(access.suspended()).toEqual(['ada']);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: account "ada" /) });
    await access.admin.answerReHire({ user: 'ada', answer: 'keep' });
    await access.settled();
    expect(access.suspended()).toEqual([]);
    expect(await access.held()).toEqual({});
  });

  it('somebody who is another object before their leaving was dealt with gets a new account in the same go', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta');
    const id = await okta.hire('ada');
    const { id: first } = access.coder.findUser('ada');
    access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
    await access.coder.unreachable(true);
    await okta.leave(id);
    await becomes(okta, id, 'another-object');
    await okta.comeBack(id);
    await access.coder.unreachable(false);
    await until('ada to be somebody else', async () => {
      await access.settled();
      return access.coder.findUser('ada').id !== first;
    });
    expect(access.suspended()).toEqual([]);
    expect(await access.held()).toEqual({});
  });

  it('whoever was made another object while inactive, and then deleted, left the account of the first one behind', async () => {
    const access = await startAccess(on, before('ada'));
    access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
    const okta = await access.app('okta');
    const first = await okta.hire('ada');
    await okta.leave(first);
    await becomes(okta, first, 'another-object');
    await okta.remove(first);
    await okta.hire('ada', { externalId: 'another-object' });
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: account "ada" /) });
    expect(access.suspended()).toEqual(['ada']);
  });

  it.each([
    ['inactive', 'keep'],
    ['inactive', 'replace'],
    ['deleted', 'keep'],
    ['deleted', 'replace'],
  ] as const)(
    'the same object by another name and address, the one before being %s, is held as a re-hire, and has one account: %s',
    async (left, answer) => {
      const access = await startAccess(on);
      const okta = await access.app('okta', ADMINS);
      const admins = await okta.group('admins');
      const first = await okta.hire('ada');
      access.coder.oidcLogin(claims('ada', 'ada@example.com'));
      await okta.leave(first);
      if (left === 'deleted') await okta.remove(first);
      const second = await okta.hire('ada.king', { externalId: 'object-of-ada' });
      await okta.join(admins, second);
      const reason = /^re-hire: account "ada" .*coder-scim re-hire ada.king --keep/;
      expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(reason) });
      expect(access.suspended()).toEqual(['ada']);
      await access.swept();
      expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(reason) });

      const account = (await access.status()).pending.find(item => item.subject === 'ada.king')?.account;
      expect(account).toBe(access.coder.describe('ada').id);
      await access.admin.answerReHire({ user: 'ada.king', answer, account, by: 'operator' });
      await access.settled();
      const subject = answer === 'keep' ? 'ada' : 'another-subject';
      expect(access.coder.oidcLogin(claims(subject, 'ada.king@example.com'))).toMatchObject({ signedIn: true });
      await access.swept();
      expect(await access.held()).toEqual({});
      const mine = Object.values(access.coder.snapshot().users).filter(({ email }) => email.startsWith('ada'));
      expect(mine).toMatchObject([{ email: 'ada.king@example.com', status: 'active', siteRoles: ['template-admin'] }]);
      if (answer === 'keep') expect(mine[0]?.id).toBe(account);
      expect(await access.statusOf(okta)).toMatchObject({ held: 0, waiting: 0 });
      await okta.leave(second);
      expect(Object.values(access.coder.snapshot().users).find(({ email }) => email.startsWith('ada'))?.status).toBe(
        'suspended',
      );
    },
  );

  /** Somebody who has signed in, and the same object by another name and address, both in; then the first one leaves. */
  async function renamedBeforeLeaving(
    left: 'inactive' | 'deleted',
    document: Parameters<Access['app']>[1] = ADMINS,
    more: Parameters<typeof startAccess>[1] = {},
  ) {
    const access = await startAccess(on, more);
    const okta = await access.app('okta', document);
    const admins = await okta.group('admins');
    const first = await okta.hire('ada');
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    const { id: account } = access.coder.findUser('ada');
    const second = await okta.hire('ada.king', { externalId: 'object-of-ada' });
    await okta.join(admins, second);
    // Two entries may have one externalId by mistake.
    expect(await access.held()).toEqual({});
    if (left === 'deleted') await okta.remove(first);
    else await okta.leave(first);
    return { access, okta, first, second, account };
  }
  const RENAMED = /^re-hire: account "ada" .*account "adaking", .*coder-scim re-hire ada.king --keep/;
  const addressesOf = (access: Access): string[] =>
    Object.values(access.coder.snapshot().users)
      .map(({ email, status }) => `${email} ${status}`)
      .filter(text => text.startsWith('ada'))
      .sort();

  it.each([
    ['inactive', 'keep'],
    ['inactive', 'replace'],
    ['deleted', 'keep'],
    ['deleted', 'replace'],
  ] as const)(
    'the same object by another name and address that is there before the one before is %s is held as a re-hire, and has one account: %s',
    async (left, answer) => {
      const { access, okta, second, account } = await renamedBeforeLeaving(left);
      expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(RENAMED) });
      expect(addressesOf(access)).toEqual(['ada.king@example.com dormant', 'ada@example.com suspended']);
      expect(access.coder.oidcLogin(claims('ada', 'ada.king@example.com'))).toMatchObject({ signedIn: false });
      await access.swept();
      expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(RENAMED) });

      expect((await access.status()).pending.find(item => item.subject === 'ada.king')?.account).toBe(account);
      await access.admin.answerReHire({ user: 'ada.king', answer, account, by: 'operator' });
      await access.settled();
      const subject = answer === 'keep' ? 'ada' : 'another-subject';
      expect(access.coder.oidcLogin(claims(subject, 'ada.king@example.com'))).toMatchObject({ signedIn: true });
      await access.swept();
      expect(await access.held()).toEqual({});
      const mine = Object.values(access.coder.snapshot().users).filter(({ email }) => email.startsWith('ada'));
      expect(mine).toMatchObject([{ email: 'ada.king@example.com', status: 'active', siteRoles: ['template-admin'] }]);
      expect(mine[0]?.id === account).toBe(answer === 'keep');
      expect(await access.statusOf(okta)).toMatchObject({ held: 0, waiting: 0 });
      await okta.leave(second);
      expect(addressesOf(access)).toEqual(['ada.king@example.com suspended']);
    },
  );

  it('of two people who have one externalId by mistake the leaving of one keeps the other in, and nothing is asked any more once they have signed in', async () => {
    const { access } = await renamedBeforeLeaving('inactive');
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(RENAMED) });
    expect(access.coder.oidcLogin(claims('somebody-else', 'ada.king@example.com'))).toMatchObject({ signedIn: true });
    await access.swept();
    expect(await access.held()).toEqual({});
    expect(addressesOf(access)).toEqual(['ada.king@example.com active', 'ada@example.com suspended']);
  });

  it('of two people who have one externalId by mistake nothing is asked any more once one has another, and who stays follows a new address meanwhile', async () => {
    const { access, okta, second } = await renamedBeforeLeaving('deleted');
    await okta.changeEmail(second, 'ada.lovelace@example.com');
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(RENAMED) });
    expect(addressesOf(access)).toEqual(['ada.lovelace@example.com dormant', 'ada@example.com suspended']);
    await becomes(okta, second, 'object-of-ada-king');
    expect(await access.held()).toEqual({});
    expect(access.coder.oidcLogin(claims('somebody-else', 'ada.lovelace@example.com'))).toMatchObject({
      signedIn: true,
    });
  });

  it('the same object by another name and address is asked about no more when the account of the one before is deleted', async () => {
    const { access, okta, first } = await renamedBeforeLeaving('inactive', { policies: { leaving: 'delete' } });
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(RENAMED) });
    await okta.remove(first);
    expect(await access.held()).toEqual({});
    expect(addressesOf(access)).toEqual(['ada.king@example.com dormant']);
    expect(access.coder.oidcLogin(claims('ada', 'ada.king@example.com'))).toMatchObject({ signedIn: true });
  });

  it('the account of the one before is not deleted by an answer while it has workspaces, and who stays is in meanwhile', async () => {
    const { access, account } = await renamedBeforeLeaving('inactive');
    access.coder.addWorkspace('ada', 'work', { stopped: true });
    await access.admin.answerReHire({ user: 'ada.king', answer: 'replace', account, by: 'operator' });
    await access.settled();
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(/^re-hire: account "ada" /) });
    expect(addressesOf(access)).toEqual(['ada.king@example.com dormant', 'ada@example.com suspended']);
  });

  it('the same object by another name and address is let in by an account of its own when the one before is back', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const first = await okta.hire('ada');
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    await okta.leave(first);
    await okta.hire('ada.king', { externalId: 'object-of-ada' });
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(/^re-hire: account "ada" /) });
    await okta.comeBack(first);
    expect(await access.held()).toEqual({});
    expect(addressesOf(access)).toEqual(['ada.king@example.com dormant', 'ada@example.com active']);
  });

  it('the same object by another name and address, whose entry of before became another object while inactive, is held as a re-hire', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const first = await okta.hire('ada');
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    await okta.leave(first);
    await becomes(okta, first, 'another-object');
    await okta.hire('ada.king', { externalId: 'object-of-ada' });
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(/^re-hire: account "ada" /) });
    await access.swept();
    expect(await access.held()).toEqual({ 'ada.king': expect.stringMatching(/^re-hire: account "ada" /) });
    await okta.hire('eve', { externalId: 'another-object' });
    expect(Object.keys(await access.held())).toEqual(['ada.king']);
  });

  it('an externalId that several who are in hold, or whose account nobody used, keeps nobody from an account', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const [ada = '', ben = ''] = [
      await okta.hire('ada', { externalId: 'everybody' }),
      await okta.hire('ben'),
      await okta.hire('cleo', { externalId: 'everybody' }),
    ];
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    await okta.leave(ada);
    await okta.leave(ben);
    await okta.hire('dora', { externalId: 'everybody' });
    await okta.hire('ben.king', { externalId: 'object-of-ben' });
    expect(await access.held()).toEqual({});
    for (const name of ['dora', 'ben.king'])
      expect(access.coder.oidcLogin(claims(name, `${name}@example.com`))).toMatchObject({ signedIn: true });
  });

  it.each(['inactive', 'deleted'])(
    'whoever gets an address that a leaver had before theirs is not let in by the account of that one, who is %s and has no externalId',
    async before => {
      const access = await startAccess(on);
      const okta = await access.app('okta', ADMINS);
      const address = (value: string) => ({ externalId: undefined, emails: [{ value, primary: true }] });
      const pat = await okta.hire('pat', address('sales@example.com'));
      access.coder.oidcLogin(claims('pat', 'sales@example.com'));
      const { id } = access.coder.findUser('pat');
      await okta.changeEmail(pat, 'pat@example.com');
      expect(await access.held()).toEqual({ pat: expect.stringMatching(/^email-pending: /) });
      await okta.leave(pat);
      if (before === 'deleted') await okta.remove(pat);
      expect(access.suspended()).toEqual(['pat']);

      const quinn = await okta.hire('quinn', address('sales@example.com'));
      await okta.group('admins', [quinn]);
      const quinns = access.coder.oidcLogin(claims('quinn', 'sales@example.com'));
      expect(access.coder.oidcLogin(claims('pat', 'sales@example.com'))).toMatchObject({ signedIn: false });
      expect(quinns).toMatchObject({ signedIn: true });
      const { users } = access.coder.snapshot();
      const theirs = Object.values(users).filter(({ email }) => email === 'sales@example.com');
      expect(theirs).toMatchObject([{ status: 'active', siteRoles: ['template-admin'] }]);
      expect(theirs[0]?.id).not.toBe(id);
      await access.swept();
      expect(await access.held()).toEqual({});
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );

  it.each([
    ['keep', 'first-ada'],
    ['replace', 'second-ada'],
  ] as const)(
    'somebody hired again whose account was there before the bridge is held with two ways out: %s',
    async (answer, subject) => {
      const access = await startAccess(on, { before: coder => void coder.addUser('ada', { status: 'active' }) });
      access.coder.oidcLogin(claims('first-ada', 'ada@example.com'));
      const okta = await access.app('okta', ADMINS);
      const first = await okta.hire('ada');
      await okta.remove(first);
      await okta.hire('ada', { externalId: 'another-object' });
      const reason = (await access.held())['ada'] ?? '';
      expect(reason).toMatch(/^re-hire: .*coder-scim re-hire ada --keep; .*coder-scim re-hire ada --replace/);
      // An answer is for the account that was shown.
      const account = (await access.status()).pending.find(item => item.subject === 'ada')?.account;
      expect(account).toBe(access.coder.describe('ada').id);
      const forAnother = access.admin.answerReHire({ user: 'ada', answer, account: 'another' });
      await expect(forAnother).rejects.toMatchObject({ code: 'nobody_waits', status: 409 });
      await access.settled();
      expect((await access.held())['ada']).toBe(reason);
      await access.admin.answerReHire({ user: 'ada', answer, account, by: 'operator' });
      await access.settled();
      expect(access.coder.oidcLogin(claims(subject, 'ada@example.com'))).toMatchObject({ signedIn: true });
      expect(await access.held()).toEqual({});
    },
  );

  /** Both had accounts before the bridge, and come back as new objects of the directory. */
  async function cameBack(access: Access, okta: IdentityProvider, names = ['ada', 'ben']): Promise<string[]> {
    for (const name of names) access.coder.oidcLogin(claims(`first-${name}`, `${name}@example.com`));
    for (const id of await okta.hireAll(names)) await okta.remove(id);
    const ids: string[] = [];
    for (const name of names) ids.push(await okta.hire(name, { externalId: `another-${name}` }));
    expect(await access.held()).toEqual(
      Object.fromEntries(names.map(name => [name, expect.stringMatching(/^re-hire: /)])),
    );
    return ids;
  }

  it('an answer to a re-hire is acted on though Coder fails at it once', async () => {
    const access = await startAccess(on, before('ada'));
    const okta = await access.app('okta');
    await cameBack(access, okta, ['ada']);
    access.coder.faults.fail(500, { method: 'DELETE', path: '/users/' }, { times: 1 });
    await access.admin.answerReHire({ user: 'ada', answer: 'replace' });
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.coder.oidcLogin(claims('second-ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('an answer to a re-hire that the guard holds is acted on once it is released', async () => {
    const access = await startAccess(on, before('ada', 'ben'));
    const okta = await access.app('okta');
    await cameBack(access, okta);
    await access.declare(okta, { guard: { minRemovals: 0, maxRemovalsPercent: 1 } });
    for (const user of ['ada', 'ben']) await access.admin.answerReHire({ user, answer: 'replace' });
    await access.settled();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(await access.held()).toEqual({
      ada: expect.stringMatching(/^guard: too-many-activations/),
      ben: expect.stringMatching(/^guard: too-many-activations/),
    });
    await access.admin.releaseHold((await access.status()).holds[0]?.id ?? '', 'operator');
    await access.swept();
    expect(await access.held()).toEqual({});
    for (const name of ['ada', 'ben'])
      expect(access.coder.oidcLogin(claims(`second-${name}`, `${name}@example.com`))).toMatchObject({ signedIn: true });
  });

  it('an answer to a re-hire is for the account that it was asked about, whose address changes before it is acted on', async () => {
    const access = await startAccess(on, { ...before('ada', 'ben'), env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta');
    const [ada = '', ben = ''] = await cameBack(access, okta);
    access.coder.faults.fail(500, { method: 'GET', path: '/users' });
    await access.admin.answerReHire({ user: 'ada', answer: 'keep' });
    await okta.remove(ben);
    await okta.changeEmail(ada, 'ben@example.com');
    access.coder.faults.clear();
    await access.swept();
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: account "ben" /) });
    expect(access.suspended()).toEqual(['ada', 'ben']);

    await access.admin.answerReHire({ user: 'ada', answer: 'keep' });
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.suspended()).toEqual(['ada']);
  });

  it.each([true, false])(
    'an answer to a re-hire is for the object that it was asked about, and not for who has its place by the time that Coder is back (answered after that: %s)',
    async isLate => {
      const access = await startAccess(on, { ...before('ada'), env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta');
      const [ada = ''] = await cameBack(access, okta, ['ada']);
      const account = access.coder.describe('ada').id;
      const answer = () => access.admin.answerReHire({ user: 'ada', answer: 'keep', account });
      access.coder.faults.fail(500, { method: 'GET', path: '/users' });
      if (!isLate) await answer();
      await okta.leave(ada);
      await okta.done('PATCH', `/Users/${ada}`, patch({ op: 'replace', path: 'externalId', value: 'a-third' }));
      await okta.comeBack(ada);
      if (isLate) await answer();
      access.coder.faults.clear();
      await access.swept();
      expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: /) });
      expect(access.suspended()).toEqual(['ada']);

      await answer();
      await access.settled();
      expect(await access.held()).toEqual({});
      expect(access.suspended()).toEqual([]);
    },
  );

  it('an answer to a re-hire is not replaced by the opposite of a colleague who still saw the question', async () => {
    const access = await startAccess(on, { ...before('ada'), env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta');
    await cameBack(access, okta, ['ada']);
    const account = access.coder.describe('ada').id;
    access.coder.faults.fail(500, { method: 'GET', path: '/users' });
    await access.admin.answerReHire({ user: 'ada', answer: 'keep', account });
    const opposite = access.admin.answerReHire({ user: 'ada', answer: 'replace', account });
    await expect(opposite).rejects.toMatchObject({ status: 409, code: 'nobody_waits' });
    await access.admin.answerReHire({ user: 'ada', answer: 'keep', account });
    access.coder.faults.clear();
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.coder.describe('ada')).toMatchObject({ id: account, status: 'active' });
  });

  it('an answer to a re-hire is not acted on when the person comes back after having left', async () => {
    const access = await startAccess(on, before('ada', 'ben'));
    const okta = await access.app('okta');
    const [ada = ''] = await cameBack(access, okta);
    await access.declare(okta, { guard: { minRemovals: 0, maxRemovalsPercent: 1 } });
    await access.admin.answerReHire({ user: 'ada', answer: 'replace' });
    await access.settled();
    await okta.leave(ada);
    await okta.comeBack(ada);
    expect(await access.held()).toMatchObject({ ada: expect.stringMatching(/^re-hire: /) });
  });

  it('who was held before it was noted for which account is asked about once more', async () => {
    const access = await startAccess(on, before('ada'));
    const okta = await access.app('okta');
    await cameBack(access, okta, ['ada']);
    const database = await openDatabase(access.databaseUrl);
    const { db } = database;
    await db.deleteFrom('settings').where('key', 'like', 're-hire%').execute();
    await db.insertInto('settings').values({ key: 're-hire:old', value: 'replace' }).execute();
    await database.close();
    await expect(access.admin.answerReHire({ user: 'ada', answer: 'keep' })).rejects.toThrow('answer again');
    await access.settled();
    expect(access.suspended()).toEqual(['ada']);
    await access.admin.answerReHire({ user: 'ada', answer: 'keep' });
    await access.settled();
    expect(access.suspended()).toEqual([]);
  });

  it.each(['leaves', 'is kept'])(
    'what Coder refused of an account that has workspaces is over: somebody hired again %s, and the app has converged',
    async then => {
      const access = await startAccess(on);
      const okta = await access.app('okta');
      const first = await okta.hire('ada');
      access.coder.oidcLogin(claims('ada', 'ada@example.com'));
      access.coder.addWorkspace('ada', 'work', { stopped: true });
      await okta.remove(first);
      const second = await okta.hire('ada', { externalId: 'another-object' });
      expect(await access.held()).toEqual({ ada: expect.stringMatching(/^re-hire: /) });
      if (then === 'leaves') await okta.leave(second);
      else await access.admin.answerReHire({ user: 'ada', answer: 'keep', by: 'operator' });
      await access.settled();
      expect(await access.statusOf(okta)).toMatchObject({ converged: true, held: 0, waiting: 0 });
      expect(access.coder.describe('ada').status).toBe(then === 'leaves' ? 'suspended' : 'active');
    },
  );

  /** One object that the identity provider states twice, and an account that the first one is in by. */
  async function statedTwice(more: Readonly<Record<string, unknown>> = {}) {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const first = await okta.hire('ada');
    const address = [{ value: 'ada@example.com', primary: true }];
    const second = await okta.hire('ada2', { externalId: 'object-of-ada', emails: address, ...more });
    expect(await access.held()).toEqual({ ada2: expect.stringMatching(/^account-taken: /) });
    return { access, okta, first, second };
  }
  const STILL_IN = /^account-taken: the person has left, and account "ada" .* is still \w+: "ada" of the same app/;

  it.each(['inactive', 'deleted'])(
    'of one object that the identity provider states twice, who is said to have left is told as still in until the other one is out: %s',
    async leaves => {
      const { access, okta, first, second } = await statedTwice();
      await okta.leave(second);
      if (leaves === 'deleted') await okta.remove(second);
      expect(await access.held()).toEqual({ ada2: expect.stringMatching(STILL_IN) });
      expect((await access.statusOf(okta)).converged).toBe(false);
      await access.swept();
      expect(await access.held()).toEqual({ ada2: expect.stringMatching(STILL_IN) });
      expect(access.suspended()).toEqual([]);

      await okta.leave(first);
      expect(access.suspended()).toEqual(['ada']);
      await access.settled();
      expect(await access.held()).toEqual({});
      expect(await access.statusOf(okta)).toMatchObject({ held: 0, waiting: 0 });
    },
  );

  it('of one object that was stated twice by mistake, nobody is told once a declaration names the account', async () => {
    const { access, okta, second } = await statedTwice();
    await okta.remove(second);
    expect(await access.held()).toEqual({ ada2: expect.stringMatching(STILL_IN) });
    await access.declare(okta, { people: { adopt: ['ada'] } });
    await access.swept();
    expect(await access.held()).toEqual({});
    expect(access.suspended()).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('who leaves with an address that somebody else has by another externalId is out, and nobody is told', async () => {
    const { access, okta, second } = await statedTwice({ externalId: 'another-object' });
    await okta.leave(second);
    expect(await access.held()).toEqual({});
    expect(access.suspended()).toEqual([]);
  });

  it('who takes the address of somebody who is still in is let in by that one’s leaving, in that request', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const first = await okta.hire('ada');
    await okta.hire('ada.again', { externalId: 'another', emails: [{ value: 'ada@example.com', primary: true }] });
    expect(await access.held()).toEqual({ 'ada.again': expect.stringMatching(/^account-taken: /) });
    await okta.remove(first);
    expect(await access.held()).toEqual({});
    expect(access.coder.oidcLogin(claims('ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
  });

  it('who waits for the address of somebody is told the one that those have by now', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const ada = await okta.hire('ada');
    access.coder.oidcLogin({ email: 'ada@example.com', email_verified: true, sub: 'sub-ada' });
    await okta.changeEmail(ada, 'second@example.com');
    await okta.hire('eve', { emails: [{ value: 'ada@example.com', primary: true }] });
    expect(await access.held()).toMatchObject({
      eve: expect.stringMatching(/whose e-mail is "second@example.com" by now/),
    });
    await okta.changeEmail(ada, 'third@example.com');
    await access.settled();
    expect(await access.held()).toMatchObject({
      eve: expect.stringMatching(/whose e-mail is "third@example.com" by now/),
    });
  });

  it('who gets the address of somebody who was removed, and had signed in, has an account that lets them in', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.group('admins', [ben]);
    expect(access.coder.oidcLogin(claims('ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
    await okta.remove(ada);
    await okta.changeEmail(ben, 'ada@example.com');
    expect(access.coder.oidcLogin(claims('ben', 'ada@example.com'))).toMatchObject({ signedIn: true });
    expect(access.coder.oidcLogin(claims('ada', 'ada@example.com'))).toMatchObject({ signedIn: false });
    expect(
      Object.values(access.coder.snapshot().users).filter(({ email }) => !/^(bridge|testuser)@/.test(email)),
    ).toMatchObject([{ email: 'ada@example.com', status: 'active', siteRoles: ['template-admin'] }]);
    expect(await access.held()).toEqual({});
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('a leaver whose password account may not be adopted stays listed until somebody has acted', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('dora', { loginType: 'password', status: 'active' }),
    });
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('dora');
    expect(await access.held()).toEqual({ dora: expect.stringMatching(/^login-type: /) });
    await okta.leave(id);
    const left = /^login-type: the person has left, and account "dora" .* is still active: suspend it in Coder/;
    expect(await access.held()).toEqual({ dora: expect.stringMatching(left) });
    await okta.remove(id);
    await access.swept();
    expect(await access.held()).toEqual({ dora: expect.stringMatching(left) });
    expect((await access.statusOf(okta)).converged).toBe(false);

    access.coder.suspend('dora');
    await access.swept();
    expect(await access.held()).toEqual({});
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  describe.each(['okta', 'entra'])('somebody of app %s who has the address of a leaver next', of => {
    it.each(['password', 'protected'])('hides no account that the leaver can still sign in to (%s)', async why => {
      const access = await startAccess(on, {
        before: coder =>
          void coder.addUser('dora', { loginType: why === 'password' ? 'password' : 'oidc', status: 'active' }),
      });
      const guard = why === 'protected' ? { protectedAccounts: ['dora'] } : {};
      const okta = await access.app('okta', { ...ADMINS, guard });
      const next = of === 'okta' ? okta : await access.app(of);
      await okta.remove(await okta.hire('dora'));
      const second = await next.hire('dora2', { emails: [{ value: 'dora@example.com', primary: true }] });
      await access.swept();
      const left = expect.stringMatching(/: the person has left, and account "dora" .* is still active/);
      expect(await access.held()).toMatchObject({ dora: left, dora2: expect.any(String) });
      await next.changeEmail(second, 'dora2@example.com');
      await access.swept();
      expect(await access.held()).toEqual({ dora: left });
      expect((await access.statusOf(okta)).converged).toBe(false);

      access.coder.suspend('dora');
      await access.swept();
      expect(await access.held()).toEqual({});
      expect((await access.statusOf(okta)).converged).toBe(true);
    });
  });

  describe.each(['inactive', 'deleted'])('of a leaver who had two accounts and is %s', before => {
    it.each(['object-of-ada', 'another-object'])(
      'the one that is open stays listed when the other one is taken over by %s',
      async externalId => {
        const access = await startAccess(on, {
          before: coder => void coder.addUser('old', { loginType: 'password', status: 'active' }),
        });
        const okta = await access.app('okta');
        const first = await okta.hire('ada', { emails: [{ value: 'old@example.com', primary: true }] });
        await okta.changeEmail(first, 'ada@example.com');
        expect(access.coder.oidcLogin(claims('ada', 'ada@example.com'))).toMatchObject({ signedIn: true });
        await okta.leave(first);
        if (before === 'deleted') await okta.remove(first);
        const listed = {
          ada: expect.stringMatching(/^login-type: the person has left, and account "old" .* is still/),
        };
        expect(await access.held()).toEqual(listed);
        const emails = [{ value: 'ada@example.com', primary: true }];
        const second = await okta.hire('ada.again', { externalId, emails });
        expect(access.coder.findUser('ada').status).not.toBe('suspended');
        expect(await access.held()).toEqual(listed);
        await okta.remove(second);
        await access.swept();
        expect(access.suspended()).toEqual(['ada']);
        expect(await access.held()).toEqual(listed);
        expect((await access.statusOf(okta)).converged).toBe(false);

        access.coder.suspend('old');
        await access.swept();
        expect(await access.held()).toEqual({});
        expect((await access.statusOf(okta)).converged).toBe(true);
      },
    );
  });

  it('an owner by hand whom a bridge that is none can not lock out is told beforehand, and listed until somebody has acted', async () => {
    const access = await startAccess(on, {
      account: { roles: ['user-admin'] },
      before: coder => {
        coder.addUser('olga', { status: 'active' });
        coder.addUser('dora', { status: 'active', loginType: 'password' });
      },
    });
    const okta = await access.app('okta');
    const [olga = ''] = await okta.hireAll(['olga', 'dora']);
    access.coder.setSiteRoles('olga', ['owner']);
    const { checks } = await access.admin.doctor();
    expect(checks.filter(({ name }) => name === 'leavers').map(({ state, detail }) => [state, detail])).toEqual([
      ['warning', expect.stringMatching(/may not be taken over .*: dora$/)],
      ['warning', expect.stringMatching(/owners by somebody's hand .*: olga$/)],
    ]);
    await okta.leave(olga);
    const left =
      /^role-not-assignable: the person has left, and account "olga" .* is still active: suspend it in Coder/;
    expect(await access.held()).toMatchObject({ olga: expect.stringMatching(left) });
    await okta.remove(olga);
    await access.swept();
    expect(await access.held()).toMatchObject({ olga: expect.stringMatching(left) });
    access.coder.setSiteRoles('olga', []);
    await access.swept();
    expect(access.coder.describe('olga').status).toBe('suspended');
    expect(Object.keys(await access.held())).toEqual(['dora']);
  });

  it('of a leaver’s two accounts the one that can not be locked is told, not the one that waits to be deleted', async () => {
    const access = await startAccess(on, { account: { roles: ['user-admin'] } });
    const okta = await access.app('okta', { policies: { leaving: 'delete', adoption: 'any' } });
    const id = await okta.hire('ada', { emails: [{ value: 'ada@maiden.example', primary: true }] });
    access.coder.oidcLogin(claims('ada', 'ada@maiden.example'));
    access.coder.oidcLogin(claims('second', 'ada@married.example'));
    await okta.changeEmail(id, 'ada@married.example');
    access.coder.setSiteRoles('second', ['owner']);
    for (const name of ['ada', 'second']) access.coder.addWorkspace(name, 'work', { stopped: true });
    await okta.remove(id);
    const left = {
      ada: expect.stringMatching(/^role-not-assignable: the person has left, and account "second" .* is still active/),
    };
    expect(await access.held()).toEqual(left);
    expect(access.suspended()).toEqual(['ada']);
    await access.swept();
    expect(await access.held()).toEqual(left);
    expect(await access.statusOf(okta)).toMatchObject({ converged: false, leavers: [{ state: 'held', people: 1 }] });
    access.coder.setSiteRoles('second', []);
    await access.swept();
    expect(access.suspended()).toEqual(['ada', 'second']);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^has-workspaces: /) });
    expect((await access.statusOf(okta)).leavers).toEqual([]);
  });

  it('an unused account that two apps share is made anew when both have the new address, and waits for the other one until then', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { ...ADMINS, people: { sharedWith: ['next'] } });
    const next = await access.app('next', { people: { sharedWith: ['okta'] } });
    const mine = await okta.hire('ada');
    await okta.group('admins', [mine]);
    const theirs = await next.hire('ada.next', { emails: [{ value: 'ada@example.com', primary: true }] });
    await next.changeEmail(theirs, 'ada@married.example');
    expect(await access.held()).toEqual({
      'ada.next': expect.stringMatching(/^email-unused-account: .* made anew once "ada" of app "okta"/),
    });
    await okta.changeEmail(mine, 'ada@married.example');
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.coder.oidcLogin(claims('ada', 'ada@married.example'))).toMatchObject({ signedIn: true });
    const { identities } = await access.admin.identities();
    expect(identities.map(({ coderUsername }) => coderUsername)).toEqual(['ada', 'ada']);
    expect((await access.admin.audit({ action: 'account.gone' })).entries).toEqual([]);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'active', siteRoles: ['template-admin'] });
  });

  it('who was an owner by hand is asked about until somebody answers for them, by name', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const id = await okta.hire('ada');
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    access.coder.setSiteRoles('ada', ['owner']);
    await okta.leave(id);
    await okta.comeBack(id);
    const asked = { ada: expect.stringMatching(/^former-owner: /) };
    expect(await access.held()).toEqual(asked);
    await access.admin.retry();
    await access.settled();
    expect(await access.held()).toEqual(asked);
    await access.admin.retry(`person:${id}`);
    await access.settled();
    expect(await access.held()).toEqual({});
    const { entries } = await access.admin.audit({ action: 'work.retry' });
    expect(entries[0]?.detail).toMatch(/^was an owner by hand and stays none, asked for by /);
    expect(entries[0]).toMatchObject({ app: 'okta', subject: id });
  });

  it('that parked work of somebody is tried again does not say that they stay no owner', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const id = await okta.hire('ada');
    access.coder.oidcLogin(claims('ada', 'ada@example.com'));
    access.coder.setSiteRoles('ada', ['owner']);
    await okta.leave(id);
    await okta.comeBack(id);
    const asked = { ada: expect.stringMatching(/^former-owner: /) };
    expect(await access.held()).toEqual(asked);
    // As after as many tries as there are.
    const database = await openDatabase(access.databaseUrl);
    await database.transact(async db => {
      const item = { key: `person:${id}`, app: 'okta', priority: PRIORITY.request } as const;
      await enqueue(db, [item], { actor: 'sweep' }, Date.now());
      await db.updateTable('work').set({ parked_at: Date.now(), attempts: 10 }).where('key', '=', item.key).execute();
    });
    await database.close();

    expect(await access.admin.retry(`person:${id}`)).toEqual({ retried: 1 });
    await access.settled();
    expect(await access.held()).toEqual(asked);
    await access.admin.retry(`person:${id}`);
    await access.settled();
    expect(await access.held()).toEqual({});
  });

  it('a leaver whose account the bridge itself acts as stays listed until somebody has acted', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const id = await okta.hire('bridge');
    await okta.leave(id);
    expect(access.coder.describe('bridge').status).toBe('active');
    expect(await access.held()).toEqual({ bridge: expect.stringMatching(/^own-account: the person has left/) });
    expect((await access.statusOf(okta)).converged).toBe(false);
  });

  it('an owner by hand who leaves loses the role, which is said, and is held as one when they are back', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', ADMINS);
    const id = await okta.hire('ada');
    access.coder.setSiteRoles('ada', ['owner']);
    await okta.leave(id);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
    const { entries } = await access.admin.audit({ subject: id, limit: 50 });
    expect(entries.some(({ detail }) => /was an owner by somebody's hand/.test(detail ?? ''))).toBe(true);
    await okta.comeBack(id);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^former-owner: /) });
    await access.admin.retry(`person:${id}`);
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.coder.describe('ada')).toMatchObject({ status: 'active', siteRoles: [] });
  });

  it('whoever was an owner by hand, and is made one by a mapping at the return, is held for nothing', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      roleMappings: { owners: { idpGroup: 'admins', role: 'owner' } },
      policies: { drift: 'report' },
    });
    const ada = await okta.hire('ada');
    access.coder.setSiteRoles('ada', ['owner']);
    await okta.leave(ada);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });
    await okta.group('admins', [ada]);
    await okta.comeBack(ada);
    await access.settled();
    expect(access.holding('owner')).toContain('ada');
    expect(await access.held()).toEqual({});
  });
});
