/** Killed bridges and lost answers: whatever became of the person or group in between, nothing in Coder is nobody's. */
import { openDatabase } from '../../bridge/store/database/database';
import { openEntry } from '../../bridge/store/journal/journal';
import { describeEachDatabase } from '../support/databases';
import { type CoderDouble } from '../support/coder-double';
import { until } from '../support/until';
import { type Access, startAccess, whenDone } from './stage';

const EVERYTHING = {
  roleMappings: {
    admins: { idpGroup: 'admins', role: 'owner' },
    leads: { idpGroup: 'admins', organization: 'default', role: 'organization-admin' },
  },
};

/** Accounts that were not there before the bridge, by e-mail. */
function made(access: Access, before: ReadonlySet<string>) {
  return Object.values(access.coder.snapshot().users).filter(({ id }) => !before.has(id));
}

const everybody = ({ coder }: Access) => new Set(Object.values(coder.snapshot().users).map(({ id }) => id));

/** Kills the one bridge when Coder has done this call and has not answered it. */
async function killAfter(access: Access, method: string, path: RegExp, request: Promise<unknown>): Promise<void> {
  const bridge = access.processes.pop();
  if (bridge === undefined) throw new Error('no bridge runs as a process');
  access.bridges.splice(0);
  const killed = whenDone(access.coder, method, path, () => process.kill(bridge.pid, 'SIGKILL'));
  await Promise.all([killed, request.catch(() => undefined)]);
  await bridge.exited;
}

const away = (coder: CoderDouble, isAway: boolean) => coder.unreachable(isAway);

describeEachDatabase('a bridge that is killed', (_, on) => {
  it('after Coder made the account and its roles, before that was noted: a person who is deleted meanwhile is locked out', async () => {
    const access = await startAccess(on, { processes: true });
    const before = everybody(access);
    const okta = await access.app('okta', EVERYTHING);
    const admins = await okta.group('admins');
    const id = await okta.hire('ada');
    await killAfter(access, 'PUT', /\/members\/[^/]+\/roles$/, okta.join(admins, id));
    expect(made(access, before)).toMatchObject([
      { siteRoles: ['owner'], organizations: { coder: { roles: ['organization-admin'] } } },
    ]);

    await away(access.coder, true);
    await access.start();
    await okta.remove(id);
    expect((await access.statusOf(okta)).converged).toBe(false);
    await away(access.coder, false);
    await access.settled();
    expect(made(access, before)).toMatchObject([{ status: 'suspended', siteRoles: [] }]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('after Coder made an account of which it never knew, and somebody gave it a role by hand: it is its own all the same, as Coder’s audit log tells', async () => {
    const access = await startAccess(on, { processes: true });
    const before = everybody(access);
    const okta = await access.app('okta', EVERYTHING);
    await killAfter(access, 'POST', /\/users$/, okta.hire('ada'));
    await away(access.coder, true);
    access.coder.setSiteRoles('ada', ['auditor']);
    await access.start();
    await away(access.coder, false);
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(made(access, before)).toMatchObject([{ status: 'dormant', siteRoles: ['auditor'] }]);
    const found = await okta.done('GET', '/Users?filter=userName%20eq%20%22ada%22');
    await okta.leave(found.body.Resources[0]?.id ?? '');
    await access.settled();
    expect(made(access, before)).toMatchObject([{ status: 'suspended' }]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('after Coder made an account of which it never knew: the same, and it is known as its own when the person is back', async () => {
    const access = await startAccess(on, { processes: true });
    const before = everybody(access);
    const okta = await access.app('okta', EVERYTHING);
    await killAfter(access, 'POST', /\/users$/, okta.hire('ada'));
    expect(made(access, before)).toHaveLength(1);
    await away(access.coder, true);
    await access.start();
    const found = await okta.done('GET', '/Users?filter=userName%20eq%20%22ada%22');
    await okta.remove(found.body.Resources[0]?.id ?? '');
    await away(access.coder, false);
    await access.settled();
    expect(made(access, before).filter(({ status }) => status !== 'suspended')).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);

    const again = await okta.hire('ada', { externalId: 'another-object' });
    await okta.changeEmail(again, 'ada@married.example');
    expect(await access.held()).toEqual({});
    expect(made(access, before)).toMatchObject([{ email: 'ada@married.example', status: 'dormant' }]);
  });

  it('after Coder made an account in the organizations of then: who comes back without them is in none of them', async () => {
    const access = await startAccess(on, { processes: true, before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', {
      groupMappings: { lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' } },
    });
    await away(access.coder, true);
    const id = await okta.hire('ada');
    await okta.group('lab', [id]);
    const made = killAfter(access, 'POST', /\/users$/, Promise.resolve());
    await away(access.coder, false);
    await made;
    expect(Object.keys(access.coder.describe('ada').organizations)).toEqual(['lab']);
    await away(access.coder, true);
    await access.start();
    await okta.remove(id);
    await away(access.coder, false);
    await access.settled();
    expect(access.coder.describe('ada').status).toBe('suspended');

    await okta.hire('ada');
    await access.settled();
    expect(access.coder.describe('ada')).toMatchObject({ status: 'active', organizations: { coder: {} } });
    expect(Object.keys(access.coder.describe('ada').organizations)).toEqual(['coder']);
  });

  it('after Coder made an account: who comes to its address has it, also when they leave that before they are dealt with', async () => {
    const access = await startAccess(on, { processes: true });
    const before = everybody(access);
    const okta = await access.app('okta', EVERYTHING);
    await killAfter(access, 'POST', /\/users$/, okta.hire('ada'));
    await away(access.coder, true);
    await access.start();
    const found = await okta.done('GET', '/Users?filter=userName%20eq%20%22ada%22');
    await okta.remove(found.body.Resources[0]?.id ?? '');
    const again = await okta.hire('ada', { externalId: 'another-object' });
    // Whoever was removed is dealt with, and then Coder says nothing of accounts.
    const handedOver = whenDone(access.coder, 'GET', /\/users$/, () => {
      access.coder.faults.add({ kind: 'fail', status: 500, match: { method: 'GET', path: '/users$' } });
    });
    await away(access.coder, false);
    await handedOver;
    await okta.changeEmail(again, 'ada@married.example');
    access.coder.faults.clear();
    await access.settled();
    expect(made(access, before).filter(({ status }) => status !== 'suspended')).toMatchObject([
      { email: 'ada@married.example', status: 'dormant' },
    ]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('after Coder deleted an account, and again after the next one was made and noted: nothing is kept of the first', async () => {
    const access = await startAccess(on, { processes: true });
    const okta = await access.app('okta', { ...EVERYTHING, pushedGroups: { prefix: 'team-' } });
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    const team = await okta.group('team-a', [id]);
    expect(access.coder.membersOf('team-a')).toEqual(['ada']);
    await killAfter(access, 'DELETE', /\/users\/[^/]+$/, okta.changeEmail(id, 'ada@married.example'));
    await away(access.coder, true);
    await access.start();
    await killAfter(access, 'PUT', /\/members\/[^/]+\/roles$/, away(access.coder, false));
    await access.start();
    await access.settled();
    expect(access.coder.describe('ada')).toMatchObject({ email: 'ada@married.example', siteRoles: ['owner'] });
    expect((await access.admin.audit({ action: 'account.delete' })).entries).toHaveLength(1);
    await okta.done('DELETE', `/Groups/${team}`);
    await access.settled();
    expect(Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {})).not.toContain('team-a');
  });

  it('after somebody had moved to the account of another: who leaves then leaves none behind that nobody knows as the bridge’s own', async () => {
    const access = await startAccess(on, { processes: true });
    const okta = await access.app('okta', EVERYTHING);
    await okta.remove(await okta.hire('eve'));
    const ada = await okta.hire('ada');
    await killAfter(access, 'PUT', /\/status\/activate$/, okta.changeEmail(ada, 'eve@example.com'));
    await away(access.coder, true);
    await access.start();
    await okta.remove(ada);
    await away(access.coder, false);
    await access.settled();
    expect(access.suspended()).toEqual(['eve']);

    const again = await okta.hire('ada', { externalId: 'another-object' });
    await okta.changeEmail(again, 'ada@married.example');
    await access.settled();
    expect(await access.held()).toEqual({});
    expect(access.coder.describe('ada')).toMatchObject({ email: 'ada@married.example', status: 'dormant' });
  });

  it('after Coder made a group that is renamed before the retry: there is one group, of the new name', async () => {
    const access = await startAccess(on, { processes: true });
    const okta = await access.app('okta', { pushedGroups: { prefix: 'team-' } });
    await killAfter(access, 'POST', /\/groups$/, okta.group('team-red'));
    const groups = () => Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {});
    expect(groups()).toEqual(['team-red']);
    await away(access.coder, true);
    await access.start();
    const found = await okta.done('GET', '/Groups?filter=displayName%20eq%20%22team-red%22');
    await okta.rename(found.body.Resources[0]?.id ?? '', 'team-blue');
    await away(access.coder, false);
    await access.settled();
    expect(groups()).toEqual(['team-blue']);
  });

  it('while Coder had not yet come to a change of a group’s members: whoever it puts in later, and was taken out meanwhile, is out a minute later, without a sweep', async () => {
    const access = await startAccess(on, { processes: true });
    const okta = await access.app('okta', {
      groupMappings: { all: { idpGroup: 'all', group: 'all' } },
      policies: { drift: 'off' },
    });
    const ada = await okta.hire('ada');
    const all = await okta.group('all', [await okta.hire('bob')]);
    expect(access.coder.membersOf('all')).toEqual(['bob']);
    const held = access.coder.faults.hold({ method: 'PATCH', path: '/groups/' });
    const [bridge] = access.processes.splice(0);
    const joined = okta.join(all, ada).catch(() => undefined);
    await held.arrived;
    await bridge?.kill();
    await joined;
    access.bridges.splice(0);
    held.holdNoMore();
    await passed(access, 15_000);
    await access.start();
    await okta.quit(all, ada);
    expect(access.coder.membersOf('all')).toEqual(['bob']);
    held.release();
    await until('the change to be made', () => access.coder.membersOf('all').includes('ada'));
    await access.stop();

    await passed(access, 61_000);
    await access.start();
    await access.settled();
    expect(access.coder.membersOf('all')).toEqual(['bob']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });
});

/** As if so much time had passed while no bridge runs: what waits for a time waits for so much less. */
async function passed({ databaseUrl }: Access, ms: number): Promise<void> {
  const database = await openDatabase(databaseUrl);
  await database.db
    .updateTable('work')
    .set(eb => ({ due_at: eb('due_at', '-', ms), lease_until: eb('lease_until', '-', ms) }))
    .execute();
  await database.db
    .updateTable('coder_groups')
    .set(eb => ({ unheard_at: eb('unheard_at', '-', ms) }))
    .execute();
  await database.close();
}

type Provider = Awaited<ReturnType<Access['app']>>;
type Order = readonly [name: string, change: (okta: Provider, id: string) => Promise<void>, after: 'in' | 'out'];

const ORDERS: readonly Order[] = [
  ['its address changed', (okta, id) => okta.changeEmail(id, 'ada@married.example'), 'in'],
  ['the person deleted', (okta, id) => okta.remove(id), 'out'],
  ['the person deactivated', (okta, id) => okta.leave(id), 'out'],
  [
    'the person deactivated and deleted',
    async (okta, id) => {
      await okta.leave(id);
      await okta.remove(id);
    },
    'out',
  ],
];

describeEachDatabase('an account whose making nobody heard of', (_, on) => {
  for (const lost of ['the connection cut', 'answered 500'] as const)
    it.each(ORDERS)(`${lost}, and then %s, is nobody’s at no time that lasts`, async (_name, change, after) => {
      const access = await startAccess(on);
      const before = everybody(access);
      const okta = await access.app('okta');
      const { faults } = access.coder;
      const making = { method: 'POST', path: /\/users$/ };
      if (lost === 'the connection cut') faults.dropConnection(making, { afterDoing: true, times: 1 });
      else faults.failAfterDoing(making, { times: 1 });
      const unseen = whenDone(access.coder, 'POST', /\/users$/, () =>
        faults.fail(503, { method: 'GET', path: /\/users/ }),
      );
      const id = await okta.hire('ada');
      await unseen;
      expect(made(access, before)).toHaveLength(1);
      await change(okta, id);
      faults.clear();
      await access.settled();
      await access.swept();
      const active = made(access, before).filter(({ status }) => status !== 'suspended');
      expect(active.map(({ email }) => email)).toEqual(after === 'in' ? ['ada@married.example'] : []);
      await until('nothing to be owed', async () => (await access.statusOf(okta)).converged);
    });

  it('what was begun for somebody whom no work is about is told in the status, and looked at by a sweep', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { policies: { drift: 'off' } });
    const id = await okta.hire('ada');
    await access.stop();
    const database = await openDatabase(access.databaseUrl);
    const key = access.coder.describe('ada').id;
    const note = { status: 'active', steps: [{ kind: 'suspend' }] };
    await openEntry(database.db, { kind: 'steps', key, app: 'okta', subject: id, note, since: Date.now() - 120_000 });
    await database.close();
    await access.start();
    const { pending } = await access.status();
    expect(pending).toMatchObject([
      { subject: 'ada', state: 'waiting', reason: expect.stringMatching(/was not noted to its end: the next sweep/) },
    ]);
    expect((await access.statusOf(okta)).converged).toBe(false);
    await access.swept();
    expect((await access.status()).pending).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
    expect(access.coder.describe('ada').status).toBe('dormant');
  });

  it('what was begun for an account by a former address, of somebody who is back, is over when nothing of it can come any more', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const id = await okta.hire('ada', { emails: [{ value: 'old@x.example', primary: true }] });
    access.coder.oidcLogin({ sub: 'ada', email: 'old@x.example', email_verified: true });
    await okta.changeEmail(id, 'new@x.example');
    access.coder.oidcLogin({ sub: 'ada', email: 'new@x.example', email_verified: true });
    access.coder.addUser('second', { email: 'old@x.example', status: 'suspended', loginType: 'oidc' });
    await access.swept();
    await access.stop();
    const database = await openDatabase(access.databaseUrl);
    const key = access.coder.findUser('second').id;
    const note = { status: 'active', steps: [{ kind: 'suspend' }] };
    await openEntry(database.db, { kind: 'steps', key, app: 'okta', subject: id, note, since: Date.now() - 120_000 });
    await database.close();
    await access.start();
    await access.swept();
    expect((await access.status()).pending).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
    expect(access.suspended()).toEqual(['second']);
    await access.removeApp(okta);
    await until('the app to be over', async () => (await access.status()).pending.length === 0);
    expect(access.suspended()).toEqual(['ada', 'second']);
  });

  it.each([
    ['never', 'oidc', [], 'adoption-refused'],
    ['oidc', 'password', [], 'login-type'],
    ['oidc', 'oidc', ['owner'], 'privileged-account'],
  ] as const)(
    'with adoption %s: an account that somebody made by hand meanwhile (%s, roles %j) is not the one that was begun',
    async (adoption, loginType, roles, reason) => {
      const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
      const okta = await access.app('okta', { policies: { adoption, leaving: 'delete' } });
      access.coder.faults.fail(502, { method: 'POST', path: '/users$' });
      const id = await okta.hire('ada');
      const username = adoption === 'never' ? 'ada.by.hand' : 'ada';
      access.coder.addUser(username, { email: 'ada@example.com', status: 'active', loginType, roles });
      access.coder.faults.clear();
      await access.swept();
      expect(await access.held()).toEqual({ ada: expect.stringMatching(`^${reason}: `) });
      await okta.remove(id);
      await access.swept();
      expect(access.coder.describe(username)).toMatchObject({ status: 'active', siteRoles: roles });
      expect(await access.held()).toEqual({ ada: expect.stringMatching(`^${reason}: the person has left`) });
      expect((await access.statusOf(okta)).converged).toBe(false);
      access.coder.suspend(username);
      await access.swept();
      expect((await access.statusOf(okta)).converged).toBe(true);
    },
  );
});
