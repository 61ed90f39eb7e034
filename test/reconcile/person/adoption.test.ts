/** Existing accounts: who is taken over, who is not, and what is said about it. */
import { ManualClock } from '../../support/coder-double';
import { AMPLE_MS, startStage } from '../stage';

const heldReason = async (stage: Awaited<ReturnType<typeof startStage>>): Promise<string | undefined> =>
  (await stage.reconciler.status()).pending.find(item => item.state === 'held')?.reason.split(':')[0];

it.each([
  ['oidc', 'oidc', true],
  ['oidc', 'password', false],
  ['any', 'password', true],
  ['never', 'oidc', false],
] as const)('policy %s and a %s account: taken over %s', async (adoption, loginType, taken) => {
  const stage = await startStage();
  stage.coder.addUser('al1ce', { email: 'Alice@Example.com', loginType, status: 'active' });
  await stage.declare({ policies: { adoption }, roleMappings: { a: { idpGroup: 'a', role: 'auditor' } } });
  const alice = await stage.createUser('alice@example.com');
  await stage.createGroup('a', [alice]);
  expect(stage.coder.describe('al1ce').siteRoles).toEqual(taken ? ['auditor'] : []);
  expect(await heldReason(stage)).toBe(taken ? undefined : adoption === 'never' ? 'adoption-refused' : 'login-type');
  expect(Object.keys(stage.coder.snapshot().users).sort()).toEqual(['al1ce', 'testuser']);
});

it('does not confuse addresses in which a wildcard of the search matches', async () => {
  const stage = await startStage();
  stage.coder.addUser('other', { email: 'axb@example.com', status: 'active' });
  await stage.declare({});
  await stage.createUser('ab', { emails: [{ value: 'a_b@example.com', primary: true }] });
  expect(stage.coder.describe('ab').email).toBe('a_b@example.com');
});

it('takes up the account that a sign-in made before the push', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { a: { idpGroup: 'a', role: 'auditor' } } });
  stage.coder.oidcLogin({ email: 'jit.person@example.com', email_verified: true, sub: 'jit' });
  const jit = await stage.createUser('jit.person@example.com');
  await stage.createGroup('a', [jit]);
  expect(stage.coder.describe('jitperson').siteRoles).toEqual(['auditor']);
});

const MAPPED = { policies: { accounts: 'mapped' }, roleMappings: { a: { idpGroup: 'a', role: 'auditor' } } } as const;

const readdress = (stage: Awaited<ReturnType<typeof startStage>>, id: string, email: string): Promise<unknown> =>
  stage.write(
    stage.directory.updateUser(stage.context, id, current => ({
      ...current.document,
      emails: [{ value: email, primary: true }],
    })),
  );

it('takes up the account that a sign-in with an earlier address made, and waits for the next one', async () => {
  const stage = await startStage();
  await stage.declare(MAPPED);
  const id = await stage.createUser('ada@example.com');
  stage.coder.oidcLogin({ email: 'ada@example.com', email_verified: true, sub: 'ada' });
  await readdress(stage, id, 'ada.new@example.com');
  await stage.createGroup('a', [id]);
  expect(Object.keys(stage.coder.snapshot().users).sort()).toEqual(['ada', 'testuser']);
  expect(stage.coder.describe('ada').siteRoles).toEqual(['auditor']);
  expect(await heldReason(stage)).toBe('email-pending');
  stage.coder.oidcLogin({ email: 'ada.new@example.com', email_verified: true, sub: 'ada' });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(await heldReason(stage)).toBeUndefined();
});

it('takes nobody for the person who got an earlier address of theirs later', async () => {
  const clock = new ManualClock();
  const stage = await startStage({ coder: { clock } });
  await stage.declare(MAPPED);
  const id = await stage.createUser('ada@example.com');
  await readdress(stage, id, 'ada.new@example.com');
  clock.advance(3_600_000);
  stage.coder.oidcLogin({ email: 'ada@example.com', email_verified: true, sub: 'adam', preferred_username: 'adam' });
  await stage.createGroup('a', [id]);
  expect(stage.coder.describe('adam').siteRoles).toEqual([]);
  const made = Object.values(stage.coder.snapshot().users).find(({ email }) => email === 'ada.new@example.com');
  expect(made?.siteRoles).toEqual(['auditor']);
  expect(await heldReason(stage)).toBeUndefined();
});

it('holds a person without an e-mail and goes on when one is stated', async () => {
  const stage = await startStage();
  await stage.declare({});
  const id = await stage.createUser('nomail', { emails: [] });
  expect(await heldReason(stage)).toBe('no-email');
  await stage.write(
    stage.directory.updateUser(stage.context, id, current => ({
      ...current.document,
      emails: [{ value: 'nomail@example.com', primary: true }],
    })),
  );
  expect(stage.coder.describe('nomail').status).toBe('dormant');
  expect(await heldReason(stage)).toBeUndefined();
});

it('derives another username where one is taken, and finds the same one again', async () => {
  const stage = await startStage();
  stage.coder.addUser('alice', { email: 'alice@elsewhere.org' });
  await stage.declare({});
  await stage.createUser('alice@example.com');
  const names = Object.keys(stage.coder.snapshot().users).filter(name => name.startsWith('alice-'));
  expect(names).toHaveLength(1);
});

it('reports an e-mail change as pending until the next sign-in, and does not loop on it', async () => {
  const stage = await startStage();
  await stage.declare({});
  const id = await stage.createUser('alice@example.com');
  stage.coder.oidcLogin({ email: 'alice@example.com', email_verified: true, sub: 'a' });
  await stage.write(
    stage.directory.updateUser(stage.context, id, current => ({
      ...current.document,
      emails: [{ value: 'alice.new@example.com', primary: true }],
    })),
  );
  expect(await heldReason(stage)).toBe('email-pending');
  stage.coder.calls.reset();
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.calls.countWrites()).toBe(0);
  stage.coder.oidcLogin({ email: 'alice.new@example.com', email_verified: true, sub: 'a' });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(await heldReason(stage)).toBeUndefined();
});

it('writes a name when the directory changes it, and does not fight the claims of a sign-in', async () => {
  const stage = await startStage();
  await stage.declare({});
  const id = await stage.createUser('alice', { displayName: 'Alice Adams' });
  stage.coder.oidcLogin({ email: 'alice@example.com', email_verified: true, sub: 'a', name: 'Ally' });
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.describe('alice').name).toBe('Ally');
  await stage.write(
    stage.directory.updateUser(stage.context, id, current => ({ ...current.document, displayName: 'Alice Brown' })),
  );
  expect(stage.coder.describe('alice').name).toBe('Alice Brown');
});

it.each([
  ['keep', 'alice'],
  ['follow', 'alicia'],
] as const)('policy %s: a changed userName makes the username %s', async (usernames, expected) => {
  const stage = await startStage();
  await stage.declare({ policies: { usernames } });
  const id = await stage.createUser('alice');
  await stage.write(
    stage.directory.updateUser(stage.context, id, current => ({ ...current.document, userName: 'alicia' })),
  );
  expect(stage.coder.describe(expected).email).toBe('alice@example.com');
});

it('makes a new account when somebody deleted the old one in Coder, and is not fooled by the tombstone', async () => {
  const stage = await startStage();
  await stage.declare({ roleMappings: { a: { idpGroup: 'a', role: 'auditor' } } });
  const id = await stage.createUser('alice');
  await stage.createGroup('a', [id]);
  const before = stage.coder.describe('alice').id;
  stage.coder.deleteUser('alice');
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.describe('alice')).toMatchObject({ siteRoles: ['auditor'] });
  expect(stage.coder.describe('alice').id).not.toBe(before);
});

it('suspends the account of a person who is pushed as inactive', async () => {
  const stage = await startStage();
  stage.coder.addUser('alice', { status: 'active' });
  await stage.declare({});
  await stage.createUser('alice', { active: false });
  expect(stage.coder.describe('alice').status).toBe('suspended');
});

it.each([
  ['suspend', 'suspended'],
  ['delete', undefined],
] as const)('policy %s on a SCIM DELETE', async (leaving, status) => {
  const stage = await startStage();
  await stage.declare({ policies: { leaving } });
  const id = await stage.createUser('alice');
  await stage.write(stage.directory.deleteUser(stage.context, id));
  expect(stage.coder.snapshot().users['alice']?.status).toBe(status);
});

it('suspends instead of deleting while the account has workspaces, and says so', async () => {
  const stage = await startStage();
  await stage.declare({ policies: { leaving: 'delete' } });
  const id = await stage.createUser('alice');
  stage.coder.faults.add({
    kind: 'fail',
    status: 417,
    message: 'You cannot delete a user that has workspaces. Delete their workspaces and try again!',
    match: { method: 'DELETE' },
  });
  await stage.write(stage.directory.deleteUser(stage.context, id));
  expect(stage.coder.describe('alice').status).toBe('suspended');
  const [line] = await stage.reconciler.audit({ action: 'account.delete' });
  expect(line).toMatchObject({ result: 'skipped', detail: expect.stringContaining('workspaces') });
});

it('takes a returning person back into the old account, even when nothing may be adopted', async () => {
  const stage = await startStage();
  await stage.declare({ policies: { adoption: 'never' } });
  const id = await stage.createUser('alice');
  const account = stage.coder.describe('alice').id;
  await stage.write(stage.directory.deleteUser(stage.context, id));
  await stage.createUser('alice');
  expect(stage.coder.describe('alice')).toMatchObject({ id: account, status: 'active' });
  expect(await stage.reconciler.identities()).toHaveLength(1);
  expect(await stage.reconciler.audit({ action: 'account.create' })).toHaveLength(1);
  expect(await stage.reconciler.audit({ action: 'account.adopt' })).toMatchObject([
    { subjectName: 'alice', target: 'alice', before: 'suspended' },
  ]);
});

it('gives accounts to people in mapped groups alone, when the app says so', async () => {
  const stage = await startStage();
  await stage.declare({
    policies: { accounts: 'mapped' },
    roleMappings: { everyone: { idpGroup: 'coder-users', role: 'member' } },
  });
  const alice = await stage.createUser('alice');
  await stage.createUser('bob');
  const group = await stage.createGroup('coder-users', [alice]);
  expect(Object.keys(stage.coder.snapshot().users)).toEqual(['alice', 'testuser']);
  await stage.leave(group, alice);
  expect(stage.coder.describe('alice').status).toBe('suspended');
});

it('says of nobody that somebody deleted their account in Coder, where a bridge was cut off when it had done so for who is hired anew', async () => {
  const stage = await startStage();
  await stage.declare({});
  const emails = [{ value: 'ada@example.com', primary: true }];
  const before = await stage.createUser('ada', { externalId: 'before' });
  stage.coder.oidcLogin({ email: 'ada@example.com', email_verified: true, sub: 'before' });
  await stage.setActive(before, false);
  const deleted = stage.coder.findUser('ada').id;
  stage.coder.faults.failAfterDoing({ method: 'DELETE', path: '/users/' });
  const { touched } = await stage.directory.createUser(stage.context, {
    schemas: [],
    userName: 'ada.again',
    externalId: 'again',
    emails,
  });
  await stage.reconciler.converge(touched, { deadlineMs: AMPLE_MS });
  stage.coder.faults.clear();
  await stage.settle();
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.describe('ada').id).not.toBe(deleted);
  expect(await stage.reconciler.audit({ action: 'account.gone' })).toEqual([]);
  expect(await stage.reconciler.audit({ action: 'account.delete' })).toMatchObject([{ subjectName: 'ada.again' }]);
});
