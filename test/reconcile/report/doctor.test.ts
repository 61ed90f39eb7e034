/** What the doctor says of sign-ins: whether claims arrive and what mappings find in them, and whether SCIM and OIDC call people the same. */
import { type MappingStateInput } from '../../../bridge/contract/mapping-state';
import { clockChecks } from '../../../bridge/reconcile/report/doctor';
import { signInChecks } from '../../../bridge/reconcile/report/doctor-sign-in';
import { listApps } from '../../../bridge/store/apps/apps';
import { startStage, type Stage, type StageOptions } from '../stage';

const CLAIMS: Partial<MappingStateInput> = {
  mode: 'claims',
  groupMappings: {
    devs: { idpGroup: 'devs', group: 'developers' },
    data: { idpGroup: 'Data', group: 'data' },
  },
  roleMappings: { leads: { idpGroup: 'leads', role: 'organization-admin', organization: 'coder' } },
};

const signIn = (stage: Stage, name: string, more: object = {}) =>
  stage.coder.oidcLogin({
    email: `${name}@example.com`,
    email_verified: true,
    sub: name,
    preferred_username: name,
    ...more,
  });

async function stageWith(state: Partial<MappingStateInput>, options: StageOptions = {}) {
  const stage = await startStage(options);
  await stage.declare(state);
  return stage;
}

async function said(stage: Stage, name: string) {
  const checks = await stage.reconciler.doctorChecks();
  return checks.filter(check => check.name === name).map(({ state, detail, next }) => [state, detail, next]);
}

describe('claims of mode claims', () => {
  it('while nobody has signed in, nothing can be seen, and it says what to do', async () => {
    const stage = await stageWith(CLAIMS);
    expect(await said(stage, 'claims')).toEqual([
      [
        'warning',
        'nobody has signed in to Coder by OIDC yet: whether "groups" arrives can not be seen',
        'sign in once as somebody who is in a mapped group, then run this again',
      ],
    ]);
  });

  it('a claim that was never seen fails, with the claims that were', async () => {
    const stage = await stageWith({ ...CLAIMS, claims: { groups: 'memberOf', roles: 'memberOf' } });
    signIn(stage, 'ann', { groups: ['devs'] });
    const [seen, missing, ...more] = await said(stage, 'claims');
    expect(more).toEqual([]);
    expect(seen).toEqual(['ok', expect.stringMatching(/^seen at sign-ins: .*email.*groups.*preferred_username/), null]);
    expect(missing).toEqual([
      'failed',
      expect.stringMatching(/^claim "memberOf" was never seen, and 3 mappings read it: .*sign-ins had .*groups/),
      expect.stringMatching(/name the claim that has the groups in claims\.groups and claims\.roles$/),
    ]);
  });

  it('groups that no mapping names are named, and mappings whose group was never seen', async () => {
    const stage = await stageWith(CLAIMS);
    signIn(stage, 'ann', { groups: ['devs', 'data', 'sales'] });
    signIn(stage, 'bea', { groups: ['devs', 'canteen'] });
    expect((await said(stage, 'claims')).slice(1)).toEqual([
      [
        'ok',
        'claim "groups" arrives: 4 values seen, 1 named by mappings; named by none: "canteen", "data", "sales"',
        null,
      ],
      [
        'warning',
        'claim "groups" never had "Data", "leads" of groupMappings/data of app okta, roleMappings/leads of app okta: nobody of that group has signed in, or it is spelt otherwise; it had "data" for "Data"',
        'sign in as somebody of that group, or correct the spelling: Coder compares exactly',
      ],
    ]);
  });

  it('all is well when each mapping finds its group', async () => {
    const stage = await stageWith(CLAIMS);
    signIn(stage, 'ann', { groups: ['devs', 'Data', 'leads'] });
    expect((await said(stage, 'claims')).slice(1)).toEqual([
      ['ok', 'claim "groups" arrives: 3 values seen, 3 named by mappings', null],
    ]);
  });

  it('ids where mappings have names are told as such', async () => {
    const stage = await stageWith(CLAIMS);
    signIn(stage, 'ann', { groups: ['0f8fad5b-d9cb-469f-a165-70867728950e'] });
    const checks = await said(stage, 'claims');
    expect(checks.at(-1)?.[2]).toMatch(/^the claim has ids and the mappings have names: map by idpGroupExternalId/);
  });

  it('the name that a group has by now is looked for, where a rename is followed', async () => {
    const stage = await stageWith({
      mode: 'claims',
      groupMappings: { devs: { idpGroup: 'devs', group: 'developers' } },
    });
    const group = await stage.createGroup('devs');
    await stage.write(
      stage.directory.updateGroup(stage.context, group, ({ document }) => ({
        document: { ...document, displayName: 'engineers' },
      })),
    );
    signIn(stage, 'ann', { groups: ['engineers'] });
    expect((await said(stage, 'claims')).map(([state]) => state)).toEqual(['ok', 'ok']);
  });

  it('mode push is told which claims were seen, and who may not look is told that', async () => {
    const push = await stageWith({ groupMappings: { devs: { idpGroup: 'devs', group: 'developers' } } });
    expect(await said(push, 'claims')).toEqual([
      ['skipped', 'nobody has signed in to Coder by OIDC yet: no claim was seen', null],
    ]);
    signIn(push, 'ann');
    expect((await said(push, 'claims')).map(([state]) => state)).toEqual(['ok']);
  });
});

describe('e-mail and username', () => {
  it('agree when sign-ins have those of the directory', async () => {
    const stage = await stageWith({});
    await stage.createUser('ann', { emails: [{ value: 'ANN@example.com', primary: true }] });
    await stage.createUser('bea', { emails: [{ value: 'bea@example.com', primary: true }] });
    expect((await said(stage, 'attributes')).map(([state]) => state)).toEqual(['skipped', 'skipped']);
    signIn(stage, 'ann');
    signIn(stage, 'bea');
    signIn(stage, 'root');
    expect(await said(stage, 'attributes')).toEqual([
      [
        'ok',
        '2 of 3 e-mail addresses seen in the claim "email" are those of people in the directory, not root@example.com',
        null,
      ],
      [
        'ok',
        '2 of 3 usernames seen in the claim "preferred_username" are those of people in the directory, not root',
        null,
      ],
    ]);
  });

  it('that differ are a warning with the two settings that can be made to agree', async () => {
    const stage = await stageWith({ attributes: { email: 'emails[type eq "home"].value' } });
    await stage.createUser('ann', {
      emails: [
        { value: 'ann@example.com', type: 'work' },
        { value: 'ann@home.example', type: 'home' },
      ],
    });
    signIn(stage, 'ann');
    const [email] = await said(stage, 'attributes');
    expect(email).toEqual([
      'warning',
      expect.stringMatching(/^0 of 1 .* not ann@example\.com: Coder finds people by it/),
      'let both say the same address: attributes.email of the app, or CODER_OIDC_EMAIL_FIELD',
    ]);
  });

  it('of a domain from which Coder lets nobody sign in are counted', async () => {
    const stage = await stageWith({});
    for (const domain of ['example.com', 'EXAMPLE.org', 'partner.example'])
      await stage.createUser(`ann@${domain}`, { emails: [{ value: `ann@${domain}` }] });
    const apps = await listApps(stage.database.db);
    const coder = {
      getSignInClaims: async () => ({ email: 'email', username: '', emailDomains: ['example.com', 'example.org'] }),
      listSeenValues: async () => [],
    };
    const [outside] = await signInChecks({ database: stage.database, coder }, apps);
    expect(outside).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(
        /^1 of 3 active people can not sign in: .* they have ann@partner\.example$/,
      ) as string,
    });
  });

  it('are compared with nobody while the directory is empty, or the account may not see the configuration', async () => {
    const stage = await stageWith({});
    expect(await said(stage, 'attributes')).toEqual([
      ['skipped', 'nobody is in the directory yet: nothing to compare', null],
    ]);
    const limited = await stageWith(
      {},
      {
        token: double => {
          double.addUser('bridge', { roles: ['user-admin'] });
          return double.issueToken('bridge');
        },
      },
    );
    expect(await said(limited, 'attributes')).toEqual([
      ['skipped', 'which claims give e-mail and username in Coder is shown to owners and auditors alone', null],
    ]);
  });
});

it('a protected account that Coder does not have is said, since it protects nobody', async () => {
  const stage = await stageWith({ guard: { protectedAccounts: ['breakglass', 'Root@Example.com', 'brakeglass'] } });
  stage.coder.addUser('breakglass');
  stage.coder.addUser('root', { email: 'root@example.com' });
  expect(await said(stage, 'protected accounts')).toEqual([
    ['warning', expect.stringMatching(/protects nobody: "brakeglass"$/), expect.any(String)],
  ]);
  await stage.declare({});
  expect(await said(stage, 'protected accounts')).toEqual([]);
});

it.each([
  [undefined, []],
  [1_200, [['clock', 'ok', "Coder's clock and the bridge's agree"]]],
  [90_000, [['clock', 'warning', expect.stringMatching(/^Coder's clock is 90 s ahead of the bridge's: /)]]],
  [-90_000, [['clock', 'warning', expect.stringMatching(/^Coder's clock is 90 s behind the bridge's: /)]]],
])('clocks that differ by %d ms', (aheadMs, said) => {
  expect(clockChecks(aheadMs).map(({ name, state, detail }) => [name, state, detail])).toEqual(said);
});
