/** What the bridge made and nothing declares any more is gone, or listed where others use it. */
import { describeEachDatabase } from '../support/databases';
import { startAccess } from './stage';

const READER = { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] };

describeEachDatabase('what the bridge made', (_, on) => {
  it('a group that is nobody’s any more stays with who was put into it by hand, is listed, and goes once it is empty', async () => {
    const access = await startAccess(on, { before: coder => void coder.addUser('guest', { status: 'active' }) });
    const okta = await access.app('okta', { pushedGroups: { prefix: 'team-' } });
    const id = await okta.hire('ada');
    const red = await okta.group('team-red', [id]);
    const blue = await okta.group('team-blue', [id]);
    access.coder.addToGroup('guest', 'team-red');
    await okta.done('DELETE', `/Groups/${red}`);
    await okta.done('DELETE', `/Groups/${blue}`);
    await access.settled();
    const { leftOver, apps } = await access.swept();
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ 'team-red': ['guest'] });
    expect(leftOver).toEqual([
      expect.stringMatching(
        /^group coder\/team-red: the bridge made it and nothing declares it any more, but a member was put into it by hand/,
      ),
    ]);
    expect(apps[0]).toMatchObject({ converged: true, warnings: [] });

    access.coder.removeFromGroup('guest', 'team-red');
    expect((await access.swept()).leftOver).toEqual([]);
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({});
  });

  it('a group that nothing declares any more stays with somebody of the directory who was put into it by hand, and is listed at once', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { groupMappings: { devs: { idpGroup: 'devs', group: 'developers' } } });
    await okta.hireAll(['ada', 'ben']);
    await access.settled();
    access.coder.addToGroup('ada', 'developers');
    await access.declare(okta, {});
    expect((await access.settled()).leftOver).toEqual([
      expect.stringMatching(/^group coder\/developers: .* but a member was put into it by hand/),
    ]);
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ developers: ['ada'] });
    access.coder.removeFromGroup('ada', 'developers');
    expect((await access.swept()).leftOver).toEqual([]);
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({});
  });

  it('a group that nothing declares any more stays with who came into it by hand when somebody else went', async () => {
    const access = await startAccess(on, { before: coder => void coder.addUser('guest', { status: 'active' }) });
    const okta = await access.app('okta', { groupMappings: { devs: { idpGroup: 'devs', group: 'developers' } } });
    await okta.group('devs', [await okta.hire('ada')]);
    await access.settled();
    access.coder.removeFromGroup('ada', 'developers');
    access.coder.addToGroup('guest', 'developers');
    await access.declare(okta, {});
    expect((await access.settled()).leftOver).toEqual([
      expect.stringMatching(/^group coder\/developers: .* but a member was put into it by hand/),
    ]);
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({ developers: ['guest'] });
  });

  it('a group in an organization goes with the last who leaves that organization', async () => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('science') });
    const lab = { idpGroup: 'lab', organization: 'science', group: 'lab' };
    const okta = await access.app('okta', { groupMappings: { lab } });
    await okta.group('lab', await okta.hireAll(['ada', 'ben']));
    await access.settled();
    expect(access.coder.snapshot().organizations['science']?.groups).toEqual({ lab: ['ada', 'ben'] });
    await access.declare(okta, {});
    await access.settled();
    expect(access.coder.snapshot().organizations['science']?.groups).toEqual({});
  });

  it('a custom role that somebody holds by hand stays, is listed, and goes once nobody does', async () => {
    const access = await startAccess(on, { before: coder => void coder.addUser('guest', { status: 'active' }) });
    const okta = await access.app('okta', { customRoles: { reader: READER } });
    access.coder.setOrganizationRoles('guest', ['reader']);
    await access.declare(okta, {});
    expect((await access.settled()).leftOver).toEqual([
      expect.stringMatching(/^custom role coder\/reader: .* somebody had it when/),
    ]);
    access.coder.setOrganizationRoles('guest', []);
    expect((await access.swept()).leftOver).toEqual([]);
    expect(access.coder.snapshot().organizations['coder']?.customRoles).toEqual([]);
  });
});
