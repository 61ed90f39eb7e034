/** What a declaration says is right at once, says what it would do beforehand, and ends only when what it gave is gone. */
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { type CoderDouble } from '../support/coder-double';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { crowd, type Document, startAccess } from './stage';

const READER = { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] };

describeEachDatabase('a declaration', (_, on) => {
  it('with a negated permission is refused with the reason, and nothing of it is taken over', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta');
    const negated = { ...READER, permissions: [{ resourceType: 'template', action: 'read', negate: true }] };
    const refused = access.declare(okta, {
      customRoles: { reader: negated },
      groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } },
    });
    await expect(refused).rejects.toMatchObject({
      issues: [
        {
          path: ['customRoles', 'reader', 'permissions', 0, 'negate'],
          message: expect.stringMatching(/no negative permissions in custom roles: leave the permission out/),
        },
      ],
    });
    expect(access.coder.snapshot().organizations['coder']).toMatchObject({ groups: {}, customRoles: [] });
  });

  it('with a right missing for one custom role holds that role, and the rest is done, removals too', async () => {
    const access = await startAccess(on, {
      account: { roles: ['user-admin'] },
      before: coder => void coder.addOrganization('lab'),
    });
    access.coder.setOrganizationRoles('bridge', ['organization-admin'], 'coder');
    access.coder.addMember('bridge', 'lab');
    const mapped = { dev: { idpGroup: 'dev', group: 'dev' }, ops: { idpGroup: 'ops', group: 'ops' } };
    const okta = await access.app('okta', { groupMappings: mapped });
    const ada = await okta.hire('ada');
    await okta.group('dev', [ada]);
    await okta.group('ops', [ada]);
    await access.settled();
    expect(access.coder.membersOf('ops')).toEqual(['ada']);

    await access.declare(okta, {
      groupMappings: { dev: mapped.dev },
      customRoles: { here: READER, there: { ...READER, organization: 'lab' } },
      roleMappings: { here: { idpGroup: 'dev', organization: 'default', role: 'reader' } },
    });
    const status = await access.settled();
    expect(access.coder.describe('ada').organizations['coder']).toEqual({ groups: ['dev'], roles: ['reader'] });
    expect(access.coder.snapshot().organizations['coder']?.customRoles).toEqual(['reader']);
    expect(status.apps[0]).toMatchObject({ parked: 0, waiting: 0, converged: false });
    expect(status.apps[0]?.warnings).toEqual([expect.stringMatching(/^customRoles\/there: /)]);
  });

  it('about more people than are written down at once reaches each of them, and what of it is too much is held of all', async () => {
    const access = await startAccess(on);
    const guard = { minRemovals: 5, maxRemovalsPercent: 1 };
    const leads = { idpGroup: 'leads', role: 'template-admin' };
    const okta = await access.app('okta', { guard, roleMappings: { leads } });
    const people = crowd(230);
    const ids = await Promise.all(people.map(async name => await okta.hire(name)));
    await okta.group('auditors', ids);
    await okta.group('leads', ids.slice(0, 3));
    await access.declare(okta, {
      guard,
      roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
      policies: { drift: 'report' },
    });
    const mapped = await access.settled();
    const auditors = () => people.filter(name => access.coder.describe(name).siteRoles.includes('auditor'));
    expect(auditors()).toEqual(people);
    expect(access.holding('template-admin')).toEqual([]);
    expect(mapped.apps[0]).toMatchObject({ converged: true });

    await access.declare(okta, { guard, roleMappings: {} });
    const status = await access.settled();
    expect(auditors()).toEqual(people);
    expect(status.holds).toMatchObject([{ reason: 'plan-too-large', people: people.length }]);
  });

  it('with a group that Coder fails to make waits for that group, and the rest is done, removals too', async () => {
    const access = await startAccess(on);
    const roles = { roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } } };
    const okta = await access.app('okta', roles);
    const ids = await okta.hireAll(['ada', 'ben', 'cleo']);
    const admins = await okta.group('admins', ids);
    access.coder.faults.fail(500, { method: 'POST', path: /\/groups$/ });
    const declared = access.declare(okta, { ...roles, groupMappings: { dev: { idpGroup: 'admins', group: 'dev' } } });
    await until('the new document to count', async () => (await access.statusOf(okta)).generation === 2);
    await okta.quit(admins, ids[0] ?? '');
    await until('ada to have lost it', () => !access.holding('template-admin').includes('ada'));
    // And from then on at once.
    await okta.quit(admins, ids[1] ?? '');
    await until('ben to have lost it', () => !access.holding('template-admin').includes('ben'));
    const status = await access.statusOf(okta);
    expect(status).toMatchObject({ converged: false, warnings: [expect.stringMatching(/^groupMappings\/dev: .*500/)] });
    expect(status.waiting + status.parked).toBe(1);

    access.coder.faults.clear();
    await declared;
    await until('the group to be made', async () => {
      await access.admin.sweep();
      return (await access.statusOf(okta)).converged;
    });
    expect(access.coder.membersOf('dev')).toEqual(['cleo']);
    expect((await access.statusOf(okta)).warnings).toEqual([]);
  });

  it('of mode claims with a custom role and a mapping to it is right at the first deploy', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', {
      mode: 'claims',
      customRoles: { reader: READER },
      roleMappings: { readers: { idpGroup: 'readers', organization: 'default', role: 'reader' } },
    });
    expect(access.coder.snapshot().organizations['coder']).toMatchObject({
      customRoles: ['reader'],
      roleSync: { field: 'groups', mapping: { readers: ['reader'] } },
    });
    const { warnings, converged } = await access.statusOf(okta);
    expect([warnings, converged]).toEqual([[], true]);
  });

  it('of mode claims leaves people of another organization where they are, unless it says so in a word of its own', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addOrganization('lab');
        coder.addUser('rita', { status: 'active', organizations: ['coder', 'lab'] });
        coder.setOrganizationRoles('rita', ['organization-auditor'], 'lab');
      },
    });
    const signIn = () =>
      access.coder.oidcLogin({ sub: 'rita', email: 'rita@example.com', email_verified: true, groups: ['developers'] });
    const here = { groupMappings: { dev: { idpGroup: 'developers', group: 'developers' } } };
    const okta = await access.app('okta', { mode: 'claims', ...here });
    expect(signIn()).toMatchObject({ signedIn: true });
    const inLab = { roles: ['organization-auditor'], groups: [] };
    expect(access.coder.describe('rita').organizations).toEqual({
      coder: { roles: [], groups: ['developers'] },
      lab: inLab,
    });

    // A mapping into the other organization: not written without the word, and said.
    const there = { ...here.groupMappings, lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' } };
    await access.declare(okta, { mode: 'claims', groupMappings: there });
    expect((await access.statusOf(okta)).warnings).toEqual([
      expect.stringMatching(/^claims\.organizations is not declared: .* organization "lab"/),
    ]);
    signIn();
    expect(access.coder.describe('rita').organizations['lab']).toEqual(inLab);

    const declared = { mode: 'claims' as const, groupMappings: there, claims: { organizations: 'groups' } };
    const { app, tokens } = okta;
    const { changes } = await access.admin.plan({ state: { version: 1, app, tokens, ...declared } });
    expect(changes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ subject: 'rita', action: 'organization.remove', target: 'lab', removal: true }),
      ]),
    );
    expect(access.coder.describe('rita').organizations['lab']).toEqual(inLab);
  });

  it('that reads another group from now on gives to its people and takes from the others, as the plan said', async () => {
    const access = await startAccess(on);
    const reads = (idpGroup: string) => ({ roleMappings: { admins: { idpGroup, role: 'template-admin' } } });
    const okta = await access.app('okta', reads('red'));
    const [ada = '', ben = ''] = await okta.hireAll(['ada', 'ben']);
    await okta.group('red', [ada]);
    await okta.group('blue', [ben]);
    expect(access.holding('template-admin')).toEqual(['ada']);
    const { app, tokens } = okta;
    const { changes } = await access.admin.plan({ state: { version: 1, app, tokens, ...reads('blue') } });
    expect(changes.map(({ subject, action, after }) => [subject, action, after])).toEqual([
      ['ada', 'site-roles.set', 'none'],
      ['ben', 'site-roles.set', 'template-admin'],
    ]);
    await access.declare(okta, reads('blue'));
    await access.settled();
    expect(access.holding('template-admin')).toEqual(['ben']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('that ends takes from nobody while the guard holds that, and is over when what it gave is gone', async () => {
    const access = await startAccess(on);
    const people = crowd(30);
    const okta = await access.app('okta', {
      roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
    });
    await okta.group('admins', await okta.hireAll(people));
    await access.settled();
    expect(access.holding('template-admin')).toHaveLength(30);

    const left = await access.removeApp(okta);
    expect(left?.hold).toMatchObject({ reason: 'plan-too-large', people: 30 });
    expect(access.holding('template-admin')).toHaveLength(30);
    expect((await access.status()).holds).toMatchObject([{ app: 'okta', people: 30 }]);
    // Asked again, as Terraform does: the same answer, and nothing taken.
    expect((await access.removeApp(okta))?.hold).toMatchObject({ id: left?.hold?.id });
    expect(access.holding('template-admin')).toHaveLength(30);

    await access.admin.releaseHold(left?.hold?.id ?? '', 'operator');
    await access.endApp(okta);
    expect(access.holding('template-admin')).toEqual([]);
    expect(access.suspended()).toHaveLength(30);
    expect((await access.status()).apps).toEqual([]);
  });

  it('that ends is not over while somebody of it is being let in, who goes with it', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const templates = { idpGroup: 'dev', organization: 'default', role: 'organization-template-admin' };
    const document = { roleMappings: { templates } };
    const okta = await access.app('okta', document);
    const [ada = '', bob = ''] = await okta.hireAll(['ada', 'bob']);
    await okta.group('dev', [bob]);
    // Keeps the role: who has one in an organization is read after the accounts.
    await access.declare(okta, { ...document, guard: { protectedAccounts: ['bob'] } });
    await okta.leave(ada);
    const letIn = access.coder.faults.hold({ method: 'PUT', path: /\/status\/activate$/ });
    const back = okta.comeBack(ada);
    await letIn.arrived;
    await back;

    const read = access.coder.faults.hold({ method: 'GET', path: /\/members/ });
    const removed = access.removeApp(okta);
    await read.arrived;
    letIn.release();
    await removed;
    await until('ada to be dealt with', async () => {
      const { pending } = await access.status();
      return !pending.some(({ subject }) => subject === 'ada');
    });
    expect(access.suspended()).toEqual([]);
    read.release();
    await access.endApp(okta);
    await access.settled();
    expect(access.suspended()).toEqual(['ada']);
  });

  it('that ends is not over while a group of it is being made, which goes with it', async () => {
    const access = await startAccess(on, { env: { CODER_SCIM_REQUEST_DEADLINE: '1s' } });
    const okta = await access.app('okta', { pushedGroups: { prefix: 'team-' } });
    const call = access.coder.faults.hold({ method: 'GET', path: /\/groups\/team-x$/ });
    const made = okta.group('team-x', []);
    await call.arrived;
    await made;
    expect(await access.removeApp(okta)).toBeDefined();
    // Once more, after what would have ended it has been looked at.
    expect(await access.removeApp(okta)).toBeDefined();
    call.release();
    await access.endApp(okta);
    await access.settled();
    expect(access.coder.snapshot().organizations['coder']?.groups).toEqual({});
  });

  it('that ends names who has left and is still in, and is not over until somebody has locked them out', async () => {
    const access = await startAccess(on, {
      before: coder => {
        coder.addUser('dora', { loginType: 'password', status: 'active' });
        coder.addUser('breakglass', { status: 'active' });
        coder.addUser('paul', { loginType: 'password', status: 'active' });
      },
    });
    const okta = await access.app('okta', { guard: { protectedAccounts: ['breakglass'] } });
    const [dora = '', breakglass = ''] = await okta.hireAll(['dora', 'breakglass', 'paul']);
    await okta.remove(dora);
    await okta.leave(breakglass);
    const left = await access.removeApp(okta);
    const reasons = Object.fromEntries((left?.pending ?? []).map(({ subject, reason }) => [subject ?? '', reason]));
    expect(reasons).toMatchObject({
      dora: expect.stringMatching(/^login-type: the person has left, and account "dora" .* is still active/),
      breakglass: expect.stringMatching(/^protected-account: the person has left/),
    });
    expect(await access.held()).toMatchObject({ dora: reasons['dora'], breakglass: reasons['breakglass'] });

    for (const name of ['dora', 'breakglass']) access.coder.suspend(name);
    // Who was no leaver, and never the app's, keeps it from nothing.
    await access.endApp(okta);
    expect(access.suspended()).toEqual(['breakglass', 'dora']);
  });

  it('an app is not gone before its people are out of their groups in Coder, suspended as they are', async () => {
    const access = await startAccess(on, { before: coder => void coder.addGroup('dev') });
    const okta = await access.app('okta', { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } });
    await okta.group('dev', await okta.hireAll(['ada', 'ben']));
    await access.settled();
    access.coder.faults.fail(503, { method: 'PATCH', path: /\/groups\// });
    expect(await access.removeApp(okta)).toBeDefined();
    expect(access.suspended()).toEqual(['ada', 'ben']);
    expect(access.coder.membersOf('dev')).toEqual(['ada', 'ben']);
    access.coder.faults.clear();
    await access.endApp(okta);
    for (const who of ['ada', 'ben'])
      expect(access.coder.describe(who).organizations['coder']).toMatchObject({ roles: [], groups: [] });
  });

  const PUSHED: Document = {
    groupMappings: {
      dev: { idpGroup: 'dev', group: 'dev' },
      lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' },
    },
  };
  const inLab = { before: (coder: CoderDouble) => void coder.addOrganization('lab') };

  it('from push to claims: the plan names no loss that does not come', async () => {
    const access = await startAccess(on, inLab);
    const okta = await access.app('okta', PUSHED);
    const ids = await okta.hireAll(['ada', 'ben']);
    for (const name of ['dev', 'lab']) await okta.group(name, ids);
    const claims: Document = { ...PUSHED, mode: 'claims', claims: { organizations: 'groups' } };
    const state = parseMappingState({ version: 1, app: 'okta', tokens: okta.tokens, ...claims });
    const { changes } = await access.admin.plan({ state });
    expect(changes.filter(({ removal }) => removal)).toEqual([]);
    const before = access.coder.snapshot().users;
    await access.declare(okta, claims);
    await access.swept();
    expect(access.coder.snapshot().users).toEqual(before);
  });

  it('from push to claims without a word for organizations: nobody is taken out of one, and it is told', async () => {
    const access = await startAccess(on, inLab);
    const okta = await access.app('okta', PUSHED);
    await okta.group('lab', await okta.hireAll(['ada', 'ben']));
    await access.declare(okta, { ...PUSHED, mode: 'claims' });
    await access.swept();
    expect(access.coder.membersOf('lab', 'lab')).toEqual(['ada', 'ben']);
    expect((await access.statusOf(okta)).warnings).toEqual([
      expect.stringContaining('claims.organizations is not declared'),
    ]);
    // A mapping that is gone keeps nobody in.
    await access.declare(okta, { mode: 'claims' });
    await access.swept();
    expect(['ada', 'ben'].flatMap(name => Object.keys(access.coder.describe(name).organizations))).not.toContain('lab');
  });
});
