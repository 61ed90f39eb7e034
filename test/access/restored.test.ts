/** A restored backup: nobody who left since then is let in, nobody who joined is stripped, until somebody has looked. */
import { copyDatabase, describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type Access, atEnd, startAccess } from './stage';

const MAPPED = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };

/** A bridge on a copy of the database as it was before `since` happened. */
async function restored(access: Access, since: () => Promise<void>): Promise<void> {
  await access.stop();
  const backup = await copyDatabase(access.databaseUrl);
  atEnd(async () => {
    await access.stop();
    await backup.drop();
  });
  await access.start();
  await since();
  await access.stop();
  await access.start(backup.url);
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
    await access.settled();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(access.holding('template-admin')).toEqual(['dora']);
    expect(access.coder.describe('edgar').status).toBe('dormant');
    expect((await access.statusOf(okta)).converged).toBe(true);
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
});
