/** A restored backup: nobody who left since then is let in, nobody who joined is stripped, until somebody has looked. */
import { openDatabase } from '../../bridge/store/database/database';
import { exportDatabase } from '../../bridge/store/transfer/export';
import { importDatabase } from '../../bridge/store/transfer/import';
import { startBridge } from '../support/bridge';
import { copyDatabase, describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, atEnd, startAccess } from './stage';

const MAPPED = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };

/** A bridge on a copy of the database as it was before `since` happened, started by `start`. */
async function restored(
  access: Access,
  since: () => Promise<void>,
  start = (url: string): Promise<unknown> => access.start(url),
): Promise<void> {
  await access.stop();
  const backup = await copyDatabase(access.databaseUrl);
  atEnd(async () => {
    await access.stop();
    await backup.drop();
  });
  await access.start();
  await since();
  await access.stop();
  await start(backup.url);
}

/** Three people with a role, of whom ada leaves after the backup. */
async function leaverSince(access: Access, start?: (url: string) => Promise<unknown>): Promise<IdentityProvider> {
  const okta = await access.app('okta', MAPPED);
  const ids = await okta.hireAll(['ada', 'ben', 'cleo']);
  await okta.group('admins', ids);
  await restored(access, () => okta.leave(ids[0] ?? ''), start);
  return okta;
}

async function exported(url: string): Promise<string[]> {
  const database = await openDatabase(url);
  let text = '';
  await exportDatabase(database, async piece => void (text += piece));
  await database.close();
  return text.trimEnd().split('\n');
}

async function importInto(url: string, lines: readonly string[]): Promise<void> {
  const database = await openDatabase(url);
  await importDatabase(
    database,
    (async function* () {
      yield* lines;
    })(),
  );
  await database.close();
}

describeEachDatabase('a restored backup', (_, on) => {
  it('lets in nobody who left since, strips nobody who joined, stores what is said, and goes on when an operator says so', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', MAPPED);
    const [ada = '', ben = '', cleo = '', dora = ''] = await okta.hireAll(['ada', 'ben', 'cleo', 'dora']);
    const admins = await okta.group('admins', [ada, ben, cleo]);
    await access.settled();
    await restored(access, async () => {
      await okta.leave(ada);
      await okta.remove(ben);
      await okta.quit(admins, cleo);
      await okta.join(admins, dora);
      await access.settled();
    });
    expect(access.holding('template-admin')).toEqual(['dora']);
    await until('the bridge to have looked', async () => (await access.status()).recovery !== null);
    await okta.hire('edgar');
    await expect(access.admin.sweep()).rejects.toThrow(/older/);
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(access.holding('template-admin')).toEqual(['dora']);
    expect(Object.keys(access.coder.snapshot().users)).not.toContain('edgar');
    expect((await access.statusOf(okta)).converged).toBe(false);
    const ready = await fetch(`${access.bridge.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('older')]);

    const { people } = await access.admin.recovery();
    expect(people.map(({ userName }) => userName)).toEqual(expect.arrayContaining(['ada', 'ben', 'cleo', 'dora']));

    // The identity provider says again how things are, as restarting its provisioning does; then an operator has looked.
    await okta.leave(ada);
    await okta.remove(ben);
    await okta.setMembers(admins, 'admins', [dora]);
    await access.admin.endRecovery('operator');
    // A sweep of its own begins with it, and ends later than the answer.
    await until('everything to agree', async () => (await access.statusOf(okta)).converged);
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(access.holding('template-admin')).toEqual(['dora']);
    expect(access.coder.describe('edgar').status).toBe('dormant');
  });

  it('is not claimed where Coder could not be asked yet: a sweep says whose failure it is, and is tried again', async () => {
    const access = await startAccess(on);
    await access.app('okta', MAPPED);
    await access.stop();
    await access.coder.unreachable(true);
    await access.start();
    await expect(access.admin.sweep()).rejects.toMatchObject({ status: 502, code: 'coder_failed' });
    await access.coder.unreachable(false);
    await until('Coder to be asked again', () =>
      access.admin.sweep().then(
        () => true,
        () => false,
      ),
    );
    expect((await access.status()).recovery).toBeNull();
  });

  it.each([
    ['may not be read: nothing is given and nothing taken until somebody has looked', true],
    ['says that nothing happened since: the bridge goes on', false],
  ])('an export that was imported, where the audit log %s', async (_, isOld) => {
    const access = await startAccess(on, isOld ? { account: { roles: ['user-admin'] } } : {});
    const okta = await access.app('okta');
    const ada = await okta.hire('ada');
    await access.stop();
    const lines = await exported(access.databaseUrl);
    if (isOld) {
      await access.start();
      await okta.leave(ada);
      await access.stop();
    }
    const imported = await on.freshUrl();
    await importInto(imported, lines);
    await access.start(imported);
    await until('the comparison', async () => {
      const { recovery } = await access.status();
      return recovery !== null || !isOld;
    });
    await okta.hire('ben');
    if (isOld) {
      expect((await access.status()).recovery).toMatch(/^the database was imported, and how old it is can not be told/);
      expect(access.suspended()).toEqual(['ada']);
      expect(access.coder.snapshot().users).not.toHaveProperty('ben');
      expect(await access.admin.recovery()).toMatchObject({ people: [], other: [expect.stringMatching(/not known/)] });
      await okta.leave(ada);
      await access.admin.endRecovery('operator');
      await access.swept();
      expect(access.suspended()).toEqual(['ada']);
    }
    expect(access.coder.snapshot().users).toHaveProperty('ben');
    // What was looked at once is not asked again.
    await access.stop();
    await access.start(imported);
    await okta.hire('cleo');
    expect(access.coder.snapshot().users).toHaveProperty('cleo');
  });

  it.each([
    ['that it has since the restoring', false],
    ['that it had meanwhile', true],
  ])('is known as one whichever account did the work: one %s', async (_what, meanwhile) => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('bridge2', { roles: ['owner'], status: 'active' }),
    });
    const another = async (databaseUrl: string) => {
      const coderToken = access.coder.issueToken('bridge2');
      access.bridges.push(await startBridge({ coderUrl: access.coder.url, coderToken, databaseUrl }));
    };
    if (meanwhile) {
      const okta = await access.app('okta', MAPPED);
      const ids = await okta.hireAll(['ada', 'ben', 'cleo']);
      await okta.group('admins', ids);
      await restored(access, async () => {
        await access.stop();
        await another(access.databaseUrl);
        await okta.leave(ids[0] ?? '');
      });
    } else await leaverSince(access, another);
    await until('the bridge to have looked', async () => (await access.status()).recovery !== null);
    await expect(access.admin.sweep()).rejects.toThrow(/older than what Coder's audit log says/);
    expect((await access.admin.recovery()).people).toMatchObject([{ userName: 'ada', letInAgain: true }]);
    expect(access.suspended()).toEqual(['ada']);
    await access.admin.endRecovery('operator');
    await access.swept();
    expect((await access.status()).recovery).toBeNull();
  });

  it('a current database goes on with another account', async () => {
    const access = await startAccess(on, {
      before: coder => void coder.addUser('bridge2', { roles: ['owner'], status: 'active' }),
    });
    const okta = await access.app('okta', MAPPED);
    await okta.hire('ada');
    await access.stop();
    const coderToken = access.coder.issueToken('bridge2');
    const { url: coderUrl } = access.coder;
    access.bridges.push(await startBridge({ coderUrl, coderToken, databaseUrl: access.databaseUrl }));
    await okta.hire('ben');
    expect(Object.keys(access.coder.snapshot().users)).toContain('ben');
    expect((await access.status()).recovery).toBeNull();
  });

  it.each([403, 404])('is found where the audit log is not to be read (%d) for a moment only', async status => {
    const access = await startAccess(on);
    await leaverSince(access, async url => {
      access.coder.faults.fail(status, { path: /audit/ }, { times: 1 });
      await access.start(url);
    });
    await expect(access.admin.sweep()).rejects.toThrow(/not known yet whether the database is current|older/);
    await until('the log to be asked again', async () => /older/.test((await access.status()).recovery ?? ''));
    expect(access.suspended()).toEqual(['ada']);
  });

  it('waits where the audit log is not to be read any more, says so, and goes on when an operator says so', async () => {
    const access = await startAccess(on);
    let backup = '';
    await leaverSince(access, async url => {
      access.coder.faults.fail(403, { path: /audit/ });
      await access.start((backup = url));
    });
    const told = /not known yet whether the database is current: .* `coder-scim recover --yes`/;
    await until('the bridge to have looked', async () => told.test((await access.status()).recovery ?? ''));
    const ready = await fetch(`${access.bridge.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(told)]);
    expect(await access.admin.recovery()).toMatchObject({ reason: expect.stringMatching(told), people: [] });
    expect(access.suspended()).toEqual(['ada']);

    expect(await access.admin.endRecovery('operator')).toEqual({ ended: true });
    await access.swept();
    expect(access.suspended()).toEqual([]);
    // It is known by now that it may not be read.
    await access.stop();
    await access.start(backup);
    await access.swept();
  });

  it('that Coder has not been compared with is ended by nobody, and shows whom it would let in once Coder answers', async () => {
    const access = await startAccess(on);
    await leaverSince(access, async url => {
      access.coder.faults.fail(500, { path: /audit/ });
      await access.start(url);
    });
    const told = /not known yet whether the database is current/;
    await until('the bridge to have looked', async () => told.test((await access.status()).recovery ?? ''));
    expect(await access.admin.recovery()).toMatchObject({ mayEnd: false, since: null, people: [] });
    await expect(access.admin.endRecovery('operator')).rejects.toThrow(told);
    access.coder.faults.clear();
    await until('Coder to be asked again', async () => /older/.test((await access.status()).recovery ?? ''));
    expect(access.suspended()).toEqual(['ada']);
    const { mayEnd, since, people } = await access.admin.recovery();
    expect([mayEnd, people]).toMatchObject([true, [{ userName: expect.stringMatching(/^ada/), letInAgain: true }]]);
    // What was seen before that, and another recovery than the one that is shown, is not what is ended.
    for (const other of [null, '2026-01-01T00:00:00.000Z'])
      await expect(access.admin.endRecovery('operator', undefined, undefined, other)).rejects.toThrow(/is another one/);
    expect(access.suspended()).toEqual(['ada']);
    expect(await access.admin.endRecovery('operator', undefined, undefined, since)).toEqual({ ended: true });
  });

  it('is compared, and not ended by an operator, where the log that was refused can be read by then', async () => {
    const access = await startAccess(on);
    await leaverSince(access, async url => {
      access.coder.faults.fail(403, { path: /audit/ });
      await access.start(url);
    });
    await until('the bridge to have looked', async () => (await access.status()).recovery !== null);
    const { mayEnd, since } = await access.admin.recovery();
    expect([mayEnd, since]).toEqual([true, null]);
    access.coder.faults.clear();
    await expect(access.admin.endRecovery('operator', undefined, undefined, since)).rejects.toThrow(
      /older|another one/,
    );
    expect((await access.admin.recovery()).people).toMatchObject([{ letInAgain: true }]);
    expect(access.suspended()).toEqual(['ada']);
  });

  it('an empty database beside a Coder that knows the bridge is a first rollout', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', MAPPED);
    await okta.hire('ada');
    await access.stop();
    await access.start(await on.freshUrl());
    const again = await access.app('okta', MAPPED);
    const id = await again.hire('ada');
    await again.group('admins', [id]);
    expect(access.coder.describe('ada').siteRoles).toEqual(['template-admin']);
    expect((await access.status()).recovery).toBeNull();
  });

  it('has who joined since and leaves before anybody pushes them again as an entry, until an operator has looked', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', MAPPED);
    const ada = await okta.hire('ada');
    const admins = await okta.group('admins', [ada]);
    await access.settled();
    let ben = '';
    await restored(access, async () => {
      ben = await okta.hire('ben');
      await okta.join(admins, ben);
    });
    await until('somebody looked', async () => (await access.status()).recovery !== null);
    const inactive = patch({ op: 'replace', path: 'active', value: false });
    expect((await okta.send('PATCH', `/Users/${ben}`, inactive)).status).toBe(404);
    expect((await okta.send('DELETE', `/Users/${ben}`)).status).toBe(404);
    // Whom this database has seen go is no entry, however often that is said.
    const cleo = await okta.hire('cleo');
    await access.admin.endRecovery('alice');
    await access.swept();
    await okta.remove(cleo);
    expect((await okta.send('DELETE', `/Users/${cleo}`)).status).toBe(404);
    await access.swept();
    const { pending } = await access.status();
    expect(pending).toMatchObject([
      { state: 'refused', subject: `user ${ben}, unknown since the database was restored` },
    ]);
    expect(await access.statusOf(okta)).toMatchObject({ converged: false, refused: 1 });
    await access.admin.dismissRefused('okta', { who: `user:${ben}`, reason: 'locked by hand' });
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, refused: 0 });
  });
});
