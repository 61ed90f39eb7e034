/** A leaver's workspaces: what runs is stopped after the lock and before a membership goes, or it is named. */
import { openDatabase } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';
import { startAccess } from './stage';

describeEachDatabase('the workspaces of a leaver', (_, on) => {
  it('one that runs, one in an organization that the person is taken out of, one dormant and running: all are stopped', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', {
      organizationMappings: { lab: { idpGroup: 'lab', organization: 'lab' } },
    });
    const id = await okta.hire('ada');
    const lab = await okta.group('lab', [id]);
    access.coder.activate('ada');
    access.coder.addWorkspace('ada', 'running');
    access.coder.addWorkspace('ada', 'in-lab', { organization: 'lab' });
    access.coder.addWorkspace('ada', 'asleep', { dormant: true });
    await okta.quit(lab, id);
    expect(Object.keys(access.coder.describe('ada').organizations)).toEqual(['coder']);

    await okta.leave(id);
    expect(access.coder.describe('ada').status).toBe('suspended');
    const stopped = { status: 'stopped', initiator: 'bridge' };
    expect(access.coder.workspacesOf('ada')).toMatchObject([
      { name: 'running', ...stopped },
      { name: 'in-lab', ...stopped },
      { name: 'asleep', ...stopped, dormant: true },
    ]);
    await access.swept();
    expect(await access.held()).toEqual({});
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('which the bridge sees and may not stop hold the leaver by name, and the app is not converged', async () => {
    const access = await startAccess(on, { account: { roles: ['user-admin', 'template-admin'] } });
    const okta = await access.app('okta');
    const id = await okta.hire('ada');
    access.coder.activate('ada');
    access.coder.addWorkspace('ada', 'running');
    await okta.remove(id);
    expect(access.coder.describe('ada').status).toBe('suspended');
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^workspaces-running: coder\/running: /) });
    expect((await access.statusOf(okta)).converged).toBe(false);
    access.coder.runLifecycle();
    await access.swept();
    expect(await access.held()).toEqual({});
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('which the bridge may not even see are no "none": the app and doctor say so', async () => {
    const access = await startAccess(on, { account: { roles: ['user-admin'] } });
    const okta = await access.app('okta');
    const id = await okta.hire('ada');
    access.coder.activate('ada');
    access.coder.addWorkspace('ada', 'running');
    await okta.leave(id);
    expect(access.coder.describe('ada').status).toBe('suspended');
    expect((await access.statusOf(okta)).warnings).toEqual([
      expect.stringMatching(/^workspaces of 1 person who left may run on/),
    ]);
    const { checks } = await access.admin.doctor();
    expect(checks.filter(({ detail }) => /workspaces/.test(detail)).map(({ state }) => state)).not.toContain('ok');
  });

  it.each([
    [500, 'repair'],
    [503, 'repair'],
    [500, 'off'],
  ] as const)(
    'at which the sweep can not look (%i, drift: %s) keep the app from being converged, which it says',
    async (refusal, drift) => {
      const access = await startAccess(on);
      const okta = await access.app('okta', { policies: { drift } });
      const other = await access.app('other');
      const id = await okta.hire('ada');
      access.coder.activate('ada');
      access.coder.addWorkspace('ada', 'running');
      await okta.leave(id);
      expect(access.coder.workspacesOf('ada')).toMatchObject([{ status: 'stopped' }]);
      // Asked to stop, and not yet seen stopped.
      access.coder.faults.fail(refusal, { path: /\/workspaces/ });
      await expect(access.admin.sweep()).rejects.toThrow();
      const { converged, warnings } = await access.statusOf(okta);
      expect(converged).toBe(false);
      // Nobody of another app is concerned.
      expect(await access.statusOf(other)).toMatchObject({ converged: true, warnings: [] });
      expect(warnings).toContainEqual(
        expect.stringMatching(/^not compared by the last sweep: workspaces of who left: /),
      );

      access.coder.faults.clear();
      await access.swept();
      expect(await access.statusOf(okta)).toMatchObject({ converged: true, warnings: [] });
    },
  );

  it('hold an account that is to be deleted: suspended, stopped, named, and deleted once they are gone', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { policies: { leaving: 'delete' } });
    const id = await okta.hire('ada');
    access.coder.activate('ada');
    access.coder.addWorkspace('ada', 'running');
    await okta.remove(id);
    expect(access.coder.describe('ada').status).toBe('suspended');
    expect(access.coder.workspacesOf('ada')).toMatchObject([{ status: 'stopped' }]);
    expect(await access.held()).toEqual({ ada: expect.stringMatching(/^has-workspaces: /) });
    access.coder.deleteWorkspace('ada', 'running');
    await access.swept();
    expect(Object.keys(access.coder.snapshot().users)).not.toContain('ada');
    expect(await access.held()).toEqual({});
  });

  it('of whoever left long ago do not count among the leavers of now, however often they are looked at', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', {
      policies: { leaving: 'delete' },
      guard: { minRemovals: 2, maxRemovalsPercent: 0 },
      organizationMappings: { lab: { idpGroup: 'lab', organization: 'lab' } },
    });
    const [ada = '', ben = '', cleo = ''] = await okta.hireAll(['ada', 'ben', 'cleo']);
    await okta.group('lab', [ada, ben]);
    for (const username of ['ada', 'ben']) {
      access.coder.activate(username);
      access.coder.addWorkspace(username, 'work');
    }
    for (const id of [ada, ben]) await okta.remove(id);
    await access.settled();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    // An hour later.
    await access.stop();
    const database = await openDatabase(access.databaseUrl);
    await database.db.deleteFrom('ledger').execute();
    await database.close();
    await access.start();
    await access.swept();
    await access.settled();
    await okta.leave(cleo);
    await access.settled();
    expect(access.coder.describe('cleo').status).toBe('suspended');
  });

  it('which a lock would stop are in the plan, those of earlier leavers that run on too, and none without the policy', async () => {
    const access = await startAccess(on, { account: { roles: ['user-admin', 'template-admin'] } });
    const okta = await access.app('okta', { policies: { drift: 'report' } });
    const ids = await okta.hireAll(['ada', 'ben']);
    for (const name of ['ada', 'ben']) {
      access.coder.activate(name);
      access.coder.addWorkspace(name, 'running');
      access.coder.addWorkspace(name, 'down', { stopped: true });
    }
    await okta.leave(ids[0] ?? '');
    await okta.leave(ids[1] ?? '');
    // Somebody lets one of them in again by hand: the next repair would lock them out.
    access.coder.activate('ben');
    const stops = async () =>
      (await access.admin.plan({})).changes
        .filter(({ action }) => action === 'workspace.stop')
        .map(({ subject, target, removal }) => [subject, target, removal])
        .sort();
    expect(await stops()).toEqual([
      ['ada', 'coder/running', true],
      ['ben', 'coder/running', true],
    ]);
    expect(access.coder.workspacesOf('ben')).toMatchObject([{ status: 'running' }, { status: 'stopped' }]);
    await access.declare(okta, { policies: { drift: 'report', leavingWorkspaces: 'leave' } });
    expect(await stops()).toEqual([]);
  });

  it('whom somebody locked by hand before the directory said that they leave: all are stopped', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const ids = await okta.hireAll(['ada', 'ben']);
    for (const name of ['ada', 'ben']) {
      access.coder.activate(name);
      access.coder.addWorkspace(name, 'running');
      access.coder.addWorkspace(name, 'asleep', { dormant: true });
      access.coder.suspend(name);
    }
    await okta.leave(ids[0] ?? '');
    await okta.remove(ids[1] ?? '');
    const stopped = { status: 'stopped', initiator: 'bridge' };
    for (const name of ['ada', 'ben']) expect(access.coder.workspacesOf(name)).toMatchObject([stopped, stopped]);
  });
});
