/** What changes in Coder itself, and back: its licence, its sync, a group that it fails at, and the account that the bridge is. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CoderDouble } from '../support/coder-double';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type Access, type Document, startAccess } from './stage';

const MAPPED: Document = {
  roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
  groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
};

describeEachDatabase('Coder changes underneath', (_, on) => {
  /** Ada, ben and cleo in dev, ada and ben as auditors. */
  async function company(access: Access) {
    const okta = await access.app('okta', MAPPED);
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    const dev = await okta.group('dev', [ada, ben, cleo]);
    const auditors = await okta.group('auditors', [ada, ben]);
    await access.settled();
    return { okta, ada, ben, cleo, dev, auditors };
  }

  /** A bridge whose token is in a file: first that of one owner, later that of whoever is named. */
  async function bridgeOfFile(owner: string) {
    const file = join(mkdtempSync(join(tmpdir(), 'coder-scim-token-')), 'token');
    const access = await startAccess(on, {
      env: { CODER_SESSION_TOKEN: '', CODER_SESSION_TOKEN_FILE: file },
      before: coder => {
        coder.addUser(owner, { roles: ['owner'], status: 'active' });
        writeFileSync(file, coder.issueToken(owner));
      },
    });
    return { access, actAs: (user: string) => writeFileSync(file, access.coder.issueToken(user)) };
  }

  const failing: [string, (coder: CoderDouble) => void, RegExp][] = [
    ['has no licence for groups', coder => coder.setLicence(false), /licence/],
    [
      'fails at one group',
      coder => void coder.faults.fail(500, { path: new RegExp(coder.findGroup('dev').id) }),
      /^not compared by the last sweep: group coder\/dev: /,
    ],
    [
      'fails at its sync settings',
      coder => void coder.faults.fail(500, { path: /\/settings\/idpsync\/organization$/ }),
      /^not compared by the last sweep: organizations and sync settings: /,
    ],
  ];
  it.each(failing)('a leaver who was let in again is found while Coder %s, and it is told', async (_, fail, told) => {
    const access = await startAccess(on);
    const { okta, ada } = await company(access);
    await okta.leave(ada);
    fail(access.coder);
    access.coder.activate('ada');
    await expect(access.admin.sweep()).rejects.toThrow();
    const status = await access.settled();
    expect(access.suspended()).toEqual(['ada']);
    expect(status.apps[0]).toMatchObject({ converged: false, lastSweepAt: null });
    expect(status.apps[0]?.warnings).toContainEqual(expect.stringMatching(told));

    access.coder.faults.clear();
    access.coder.setLicence(true);
    await access.swept();
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, warnings: [] });
  });

  it('a group whose change was refused has it by the first sweep after its licence is back, and is named meanwhile', async () => {
    const access = await startAccess(on);
    const { okta, ben, dev } = await company(access);
    access.coder.setLicence(false);
    await okta.quit(dev, ben);
    for (let sweep = 0; sweep < 2; sweep += 1) await access.admin.sweep().catch(() => access.settled());
    const { pending, apps } = await access.settled();
    expect(pending).toMatchObject([
      { state: 'parked', subject: 'group dev', reason: expect.stringMatching(/licence/) },
    ]);
    expect(apps[0]).toMatchObject({ converged: false, parked: 1 });
    const { entries } = await access.admin.audit({ action: 'work.park' });
    expect(entries).toHaveLength(1);

    access.coder.setLicence(true);
    await access.swept();
    expect(access.coder.membersOf('dev')).toEqual(['ada', 'cleo']);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, parked: 0 });
  });

  it('site role sync that is turned on and off again keeps no role from going or coming', async () => {
    const access = await startAccess(on);
    const { okta, ada, ben, cleo, auditors } = await company(access);
    access.coder.setSiteRoleField('roles');
    await okta.leave(ada);
    await okta.quit(auditors, ben);
    await okta.join(auditors, cleo);
    await access.settled();
    expect(await access.statusOf(okta)).toMatchObject({ converged: false });

    access.coder.setSiteRoleField('');
    await access.swept();
    await access.swept();
    expect(access.holding('auditor')).toEqual(['cleo']);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true, warnings: [] });
  });

  it('site role sync that is on keeps what a mapping gave that is taken out, as long as it is on, and is not asked again and again', async () => {
    const access = await startAccess(on);
    const { okta } = await company(access);
    access.coder.setSiteRoleField('roles');
    await access.declare(okta, { groupMappings: MAPPED.groupMappings });
    await access.settled();
    expect(access.holding('auditor')).toEqual(['ada', 'ben']);
    const before = access.coder.calls.count({ method: 'PUT', path: /roles$/ });
    await access.swept();
    expect(access.coder.calls.count({ method: 'PUT', path: /roles$/ })).toBe(before);

    access.coder.setSiteRoleField('');
    await access.swept();
    expect(access.holding('auditor')).toEqual([]);
    expect(await access.statusOf(okta)).toMatchObject({ converged: true });
  });

  it('an app that was deleted while its groups were refused ends with the first sweep after that', async () => {
    const access = await startAccess(on);
    const { okta } = await company(access);
    access.coder.setLicence(false);
    await access.removeApp(okta);
    await access.admin.sweep().catch(() => undefined);
    access.coder.setLicence(true);
    await access.admin.sweep();
    await until('the app to be gone', async () => (await access.status()).apps.length === 0);
    expect(access.suspended()).toEqual(['ada', 'ben', 'cleo']);
    expect(Object.keys(access.coder.snapshot().organizations['coder']?.groups ?? {})).toEqual([]);
  });

  it('the bridge whose token is another one of the same account locks out whoever leaves, though Coder fails at its settings', async () => {
    const { access, actAs } = await bridgeOfFile('robot');
    const { okta, ada } = await company(access);
    actAs('robot');
    access.coder.faults.fail(500, { path: /\/settings\/idpsync\/organization$/ });
    await okta.leave(ada);
    await until('ada to be locked out', () => access.suspended().includes('ada'));
  });

  it('the bridge that is another account by now is no owner who could help, and is not changed by itself', async () => {
    const { access, actAs } = await bridgeOfFile('first');
    const { coder } = access;
    const okta = await access.app('okta', { roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } });
    const zoe = await okta.hire('zoe');
    const admins = await okta.group('admins', [zoe]);
    coder.oidcLogin({ sub: 'zoe', email: 'zoe@example.com', email_verified: true, preferred_username: 'zoe' });
    coder.deleteUser('testuser');
    coder.suspend('bridge');
    await access.settled();

    coder.addUser('second', { roles: ['owner'], status: 'active' });
    actAs('second');
    coder.deleteUser('first');
    await okta.quit(admins, zoe);
    await access.settled();
    expect(coder.describe('zoe')).toMatchObject({ status: 'active', siteRoles: ['owner'] });
    expect(await access.held()).toEqual({ zoe: expect.stringMatching(/^last-owner: /) });
  });
});
