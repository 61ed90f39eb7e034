/** `policies.accounts: mapped`: whom a group lets in is out when they are in none, and not because something happened to the group. */
import { describeEachDatabase } from '../support/databases';
import { patch } from './identity-provider';
import { type Document, startAccess } from './stage';

const mapped = (more: Document): Document => ({ policies: { accounts: 'mapped' }, ...more });
const PLATFORM = { roleMappings: { platform: { idpGroup: 'platform', role: 'template-admin' } } };
const TEAMS = { pushedGroups: { prefix: 'team-' } };
const BOTH = ['ada', 'ben'];
const UNCLEAR: unknown = expect.stringMatching(/^unclear-group/);

/** The mappings of a document, and one more of the same kind that reads another group. */
function alsoOf(idpGroup: string, kind: string, document: Document): Document {
  const declared = (document as Readonly<Record<string, Readonly<Record<string, object>>>>)[kind] ?? {};
  return { [kind]: { ...declared, [idpGroup]: { ...Object.values(declared)[0], idpGroup } } };
}

describeEachDatabase('people whom a group lets in', (_, on) => {
  it('stay in, and nobody comes in, while it is unclear which of two groups is meant', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', mapped(PLATFORM));
    const ids = await okta.hireAll([...BOTH, 'cleo', 'dan']);
    await okta.group('platform', ids.slice(0, 2), { externalId: 'first' });
    await okta.hire('eve');
    const second = await okta.group('platform', ids.slice(2, 3), { externalId: 'second' });
    await access.swept();
    expect(access.suspended()).toEqual([]);
    expect(access.holding('template-admin')).toEqual(BOTH);
    expect(Object.keys(access.coder.snapshot().users).sort()).toEqual([...BOTH, 'bridge', 'testuser']);
    expect(await access.held()).toEqual({ cleo: UNCLEAR });

    // Who leaves does so all the same, and comes back when it is clear.
    await okta.leave(ids[0] ?? '');
    expect(access.suspended()).toEqual(['ada']);
    await okta.comeBack(ids[0] ?? '');
    expect(access.suspended()).toEqual(['ada']);
    expect(await access.held()).toEqual({ ada: UNCLEAR, cleo: UNCLEAR });

    await okta.done('DELETE', `/Groups/${second}`);
    await access.swept();
    expect(await access.held()).toEqual({});
    expect(access.suspended()).toEqual([]);
    expect(access.holding('template-admin')).toEqual(BOTH);
  });

  it('take nobody else out with them, who has an address that was theirs', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', mapped(PLATFORM));
    const pat = await okta.hire('pat', { emails: [{ value: 'j.smith@x.example', primary: true }] });
    const platform = await okta.group('platform', [pat]);
    await okta.changeEmail(pat, 'pat@x.example');
    await okta.hire('jo', { emails: [{ value: 'j.smith@x.example', primary: true }] });
    access.coder.addUser('jo', { email: 'j.smith@x.example', status: 'active', loginType: 'oidc' });
    await okta.quit(platform, pat);
    await access.swept();
    expect(access.suspended()).toEqual(['pat']);
    expect(access.coder.describe('jo').status).toBe('active');
  });

  it('are out of an account that a sign-in made as well, when the last of two apps lets them in no more', async () => {
    const access = await startAccess(on);
    const shared = (other: string) => mapped({ ...PLATFORM, people: { sharedWith: [other] } });
    const at = (value: string) => ({ emails: [{ value, primary: true }] });
    const okta = await access.app('okta', shared('entra'));
    const entra = await access.app('entra', shared('okta'));
    const [inOkta, inEntra] = [
      await okta.hire('pat', at('old@x.example')),
      await entra.hire('pat', at('old@x.example')),
    ];
    const groups = [await okta.group('platform', [inOkta]), await entra.group('platform', [inEntra])];
    access.coder.oidcLogin({ sub: 'pat', email: 'old@x.example', email_verified: true });
    await okta.changeEmail(inOkta, 'new@x.example');
    await entra.changeEmail(inEntra, 'new@x.example');
    access.coder.addUser('second', { email: 'new@x.example', status: 'active', loginType: 'oidc' });
    await okta.quit(groups[0] ?? '', inOkta);
    expect(access.coder.describe('pat').status).toBe('active');
    await entra.quit(groups[1] ?? '', inEntra);
    await access.swept();
    expect(access.suspended()).toEqual(['pat', 'second']);
  });

  const SECOND = { guard: { protectedAccounts: ['second'] } };
  it.each([
    ['the bridge may not lock', {}, undefined, /^login-type: .*"second"/],
    ['is protected', SECOND, undefined, /^protected-account: .*"second".*guard\.protectedAccounts names it/],
    ['another app protects', {}, SECOND, /^protected-account: .*"second".*guard\.protectedAccounts names it/],
  ])('are told of an account that bears their address and %s', async (_, own, others, said) => {
    const access = await startAccess(on);
    const okta = await access.app('okta', { ...mapped(PLATFORM), ...own });
    if (others !== undefined) await access.app('other', others);
    const pat = await okta.hire('pat', { emails: [{ value: 'old@x.example', primary: true }] });
    const platform = await okta.group('platform', [pat]);
    access.coder.oidcLogin({ sub: 'pat', email: 'old@x.example', email_verified: true });
    await okta.changeEmail(pat, 'new@x.example');
    access.coder.addUser('second', { email: 'new@x.example', status: 'active', loginType: 'password' });
    await okta.quit(platform, pat);
    await access.swept();
    expect(access.suspended()).toEqual(['pat']);
    expect(access.coder.describe('second').status).toBe('active');
    const { pat: held } = await access.held();
    expect(held).toMatch(said);
    expect(held).toMatch(/^\S+: nothing lets the person in any more, and account "second"/);
    expect(Object.keys(await access.held())).toEqual(['pat']);
    expect((await access.statusOf(okta)).converged).toBe(false);
  });

  it('stay in when the group of a mapping is gone from the directory, until somebody says that it is meant', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', mapped(PLATFORM));
    const group = await okta.group('platform', await okta.hireAll(BOTH));
    await okta.done('DELETE', `/Groups/${group}`);
    const { holds } = await access.swept();
    expect([access.suspended(), access.holding('template-admin')]).toEqual([[], BOTH]);
    expect(holds).toMatchObject([{ reason: 'idp-group-vanished', people: 2 }]);
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect([access.suspended(), access.holding('template-admin')]).toEqual([BOTH, []]);
  });

  const member = { roleMappings: { platform: { idpGroup: 'platform', role: 'member' } } } as const;
  const takesNothing: readonly [string, Document][] = [
    ['a role that everybody has', member],
    ['a membership', { organizationMappings: { lab: { idpGroup: 'platform', organization: 'lab' } } }],
    [
      'what Coder gives at the sign-in',
      { mode: 'claims', groupMappings: { platform: { idpGroup: 'platform', group: 'engineers' } } },
    ],
  ];
  it.each(takesNothing)('stay in as well where the mapping gives %s', async (_what, document) => {
    const access = await startAccess(on, { before: coder => void coder.addOrganization('lab') });
    const okta = await access.app('okta', mapped(document));
    const ids = await okta.hireAll(BOTH);
    const group = await okta.group('platform', ids);
    await okta.done('DELETE', `/Groups/${group}`);
    const { holds } = await access.swept();
    expect(access.suspended()).toEqual([]);
    expect(holds).toMatchObject([{ reason: 'idp-group-vanished', people: 2 }]);
    await access.admin.releaseHold(holds[0]?.id ?? '', 'operator');
    await access.settled();
    expect(access.suspended()).toEqual(BOTH);
    const { holds: left } = await access.swept();
    expect(left).toEqual([]);
    // It is missed no more: a mapping of another group is dealt with as any other.
    const [mappings = ''] = Object.keys(document).filter(key => key.endsWith('Mappings'));
    await access.declare(okta, mapped({ ...document, ...alsoOf('others', mappings, document) }));
    const others = await okta.group('others', ids.slice(0, 1));
    await access.settled();
    expect(access.suspended()).toEqual(['ben']);
    await okta.setMembers(others, 'others', []);
    expect((await access.settled()).holds).toEqual([]);
    expect(access.suspended()).toEqual(BOTH);
  });

  it.each([true, false])('stay in when the Coder group of a pushed one is gone (made anew: %s)', async create => {
    const access = await startAccess(on, { before: coder => void coder.addGroup('team-x') });
    const okta = await access.app('okta', mapped({ pushedGroups: { prefix: 'team-', create } }));
    await okta.group(create ? 'team-y' : 'team-x', await okta.hireAll(BOTH));
    access.coder.deleteGroup(create ? 'team-y' : 'team-x');
    access.coder.faults.fail(403, { method: 'POST', path: /\/groups$/ });
    await access.swept();
    await access.swept();
    expect(access.suspended()).toEqual([]);
  });

  it('stay in while the Coder group of a pushed one is being made', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', mapped(TEAMS));
    const ids = await okta.hireAll(BOTH);
    await okta.group('team-x', ids);
    access.coder.deleteGroup('team-x');
    const call = access.coder.faults.hold({ method: 'POST', path: /\/groups$/ });
    await access.admin.sweep();
    await call.arrived;
    const name = patch({ op: 'replace', path: 'displayName', value: 'Ada L.' });
    await okta.done('PATCH', `/Users/${ids[0] ?? ''}`, name);
    expect(access.suspended()).toEqual([]);
    call.release();
    await access.swept();
    expect(access.coder.membersOf('team-x')).toEqual(BOTH);
  });
});
