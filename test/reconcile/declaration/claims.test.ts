/** Mode claims: organization sync is for the whole deployment, so it is written only where it is needed and declared. */
import { type MappingStateInput, parseMappingState } from '../../../bridge/contract/mapping-state';
import { deleteApp, listAllApps, putApp } from '../../../bridge/store/apps/apps';
import { givesIn } from '../../support/sync-settings';
import { AMPLE_MS, APP, startStage, type Stage } from '../stage';

const INTO_LAB = { groupMappings: { lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' } } };
const DEVELOPERS = { developers: { idpGroup: 'developers', group: 'developers' } };
const APP_WITH_CLAIMS = { mode: 'claims' as const, claims: { organizations: 'groups' } };
const READER = { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] };

const warnings = async (stage: Stage): Promise<string> =>
  (await stage.reconciler.status()).apps.flatMap(app => app.warnings).join('\n');

async function stageWithLab(): Promise<Stage> {
  const stage = await startStage();
  stage.coder.addOrganization('lab');
  stage.coder.addUser('researcher', { organizations: ['coder', 'lab'] });
  return stage;
}

it('mappings into the default organization leave organization sync alone, and nobody of another one loses it', async () => {
  const stage = await stageWithLab();
  await stage.declare({
    mode: 'claims',
    groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
  });
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
  expect(await warnings(stage)).toBe('');
});

it('mappings into another organization want claims.organizations declared', async () => {
  const stage = await stageWithLab();
  await stage.declare({ mode: 'claims', ...INTO_LAB });
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
  expect(await warnings(stage)).toMatch(/claims\.organizations is not declared.*"lab"/);
});

it('names whom organization sync touches before it is written, and in the audit trail when it is', async () => {
  const stage = await stageWithLab();
  const state = { mode: 'claims' as const, claims: { organizations: 'groups' }, ...INTO_LAB };
  const plan = await stage.reconciler.planWorld({ state: parseMappingState({ version: 1, app: 'okta', ...state }) });
  expect(plan.changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'sync-settings.set', target: 'organizations' }),
      expect.objectContaining({
        action: 'organization.remove',
        subject: 'researcher',
        target: 'lab',
        removal: true,
      }),
    ]),
  );
  stage.coder.setOrganizationSync({ assignDefault: false });
  await stage.declare(state);
  expect(stage.coder.snapshot().organizationSync).toMatchObject({
    field: 'groups',
    mapping: { lab: [stage.coder.findOrganization('lab').id] },
    assignDefault: false,
  });
  const lines = await stage.reconciler.audit({ action: 'sync-settings.set' });
  expect(lines.map(line => line.detail).join()).toContain('researcher (coder), researcher (lab)');
});

it('holds whom another app maps into the default organization there, where Coder does not by itself', async () => {
  const stage = await stageWithLab();
  stage.coder.setOrganizationSync({ assignDefault: false });
  const claims = { organizations: 'groups' };
  const developers = { developers: { idpGroup: 'developers', group: 'developers' } };
  const entra = parseMappingState({ version: 1, app: 'entra', mode: 'claims', claims, groupMappings: developers });
  await putApp(stage.database, entra, 'any', { actor: 'declaration' }, Date.now());
  await stage.settle();
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '' });
  await stage.declare({ mode: 'claims', claims, ...INTO_LAB });
  expect(stage.coder.snapshot().organizationSync).toMatchObject({
    field: 'groups',
    mapping: {
      developers: [stage.coder.findOrganization('coder').id],
      lab: [stage.coder.findOrganization('lab').id],
    },
  });
});

it('does not turn organization sync on for what is unclear alone, also where it would have the default organization to give', async () => {
  const stage = await stageWithLab();
  stage.coder.setOrganizationSync({ assignDefault: false });
  const unclear = { ...APP_WITH_CLAIMS, groupMappings: { ...DEVELOPERS, ...INTO_LAB.groupMappings } };
  await stage.createGroup('lab', [], { externalId: 'first' });
  const second = await stage.createGroup('lab', [], { externalId: 'second' });
  await stage.declare(unclear);
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
  await stage.write(stage.directory.deleteGroup(stage.context, second));
  await stage.declare(unclear);
  const { id } = stage.coder.findOrganization('lab');
  const on = { field: 'groups', mapping: { lab: [id] } };
  expect(stage.coder.snapshot().organizationSync).toMatchObject(on);
  // What is unclear later stays as it is.
  await stage.createGroup('lab', [], { externalId: 'third' });
  await stage.declare(unclear);
  expect(stage.coder.snapshot().organizationSync).toMatchObject(on);
});

it('is not turned on again for the default organization alone, once somebody has turned it off and the rest is unclear', async () => {
  const stage = await stageWithLab();
  stage.coder.setOrganizationSync({ assignDefault: false });
  const declared = { ...APP_WITH_CLAIMS, groupMappings: { ...DEVELOPERS, ...INTO_LAB.groupMappings } };
  await stage.createGroup('lab', [], { externalId: 'first' });
  await stage.declare(declared);
  expect(stage.coder.snapshot().organizationSync.field).toBe('groups');
  stage.coder.setOrganizationSync({ field: '', mapping: {}, assignDefault: false });
  await stage.createGroup('lab', [], { externalId: 'second' });
  await stage.declare(declared);
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
});

it('is not turned on for a claim that is clear in one app and unclear in another', async () => {
  const stage = await stageWithLab();
  stage.coder.setOrganizationSync({ assignDefault: false });
  const azure = parseMappingState({ version: 1, app: 'azure', ...APP_WITH_CLAIMS, ...INTO_LAB });
  const context = { ...stage.context, app: 'azure' };
  await putApp(stage.database, azure, 'any', { actor: 'declaration' }, Date.now());
  for (const externalId of ['first', 'second'])
    await stage.write(
      stage.directory.createGroup(
        context,
        { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'lab', externalId },
        [],
      ),
    );
  await stage.settle();
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
  await stage.declare({ ...APP_WITH_CLAIMS, groupMappings: { ...DEVELOPERS, ...INTO_LAB.groupMappings } });
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
});

describe('of two apps that read different claims', () => {
  const other = (app: string, groupMappings: MappingStateInput['groupMappings']) =>
    parseMappingState({
      version: 1,
      app,
      mode: 'claims',
      claims: { organizations: 'teams', groups: 'teams' },
      groupMappings,
    });
  const declareOther = async (stage: Stage, app: string, groupMappings: MappingStateInput['groupMappings']) => {
    await putApp(stage.database, other(app, groupMappings), 'any', { actor: 'declaration' }, Date.now());
    await stage.reconciler.converge([`app:${app}`], { deadlineMs: AMPLE_MS });
    await stage.settle();
  };

  it('the one whose mappings need organization sync has its claim read, whichever is first by name', async () => {
    const stage = await stageWithLab();
    stage.coder.setOrganizationSync({ assignDefault: false });
    await declareOther(stage, 'azure', DEVELOPERS);
    await stage.declare({ ...APP_WITH_CLAIMS, ...INTO_LAB });
    expect(stage.coder.snapshot().organizationSync).toMatchObject({
      field: 'groups',
      mapping: { lab: [stage.coder.findOrganization('lab').id] },
    });
    expect(await warnings(stage)).toContain('claim "teams" is not the claim "groups" that another app reads');
  });

  it('one that comes later takes nothing of what is written for the other, until that is gone', async () => {
    const stage = await stageWithLab();
    await stage.declare({ ...APP_WITH_CLAIMS, ...INTO_LAB });
    const synced = () => {
      const { organizationSync, organizations } = stage.coder.snapshot();
      return { organizations: organizationSync, groups: organizations['lab']?.groupSync };
    };
    const before = synced();
    expect([before.organizations.field, before.groups?.field]).toEqual(['groups', 'groups']);
    await declareOther(stage, 'azure', { lab: { idpGroup: 'researchers', organization: 'lab', group: 'lab' } });
    expect(synced()).toEqual(before);
    expect(await warnings(stage)).toMatch(/groupMappings\/lab: claim "teams" is not the claim "groups"/);
    // Nothing but the default organization is left of the first one.
    stage.coder.setOrganizationSync({ ...before.organizations, assignDefault: false });
    await stage.declare({ ...APP_WITH_CLAIMS, groupMappings: DEVELOPERS });
    await stage.reconciler.sweep();
    await stage.settle();
    expect(synced()).toMatchObject({
      organizations: { field: 'teams', mapping: { researchers: [stage.coder.findOrganization('lab').id] } },
      groups: { field: 'teams', mapping: { researchers: [stage.coder.findGroup('lab', 'lab').id] } },
    });
  });
});

it('does not turn organization sync on beside an app that pushes into organizations', async () => {
  const stage = await stageWithLab();
  const pushing = parseMappingState({
    version: 1,
    app: 'entra',
    organizationMappings: { lab: { idpGroup: 'lab', organization: 'lab' } },
  });
  await putApp(stage.database, pushing, 'any', { actor: 'declaration' }, Date.now());
  await stage.settle();
  await stage.declare({ mode: 'claims', claims: { organizations: 'groups' }, ...INTO_LAB });
  expect(stage.coder.snapshot().organizationSync).toMatchObject({ field: '', mapping: {} });
  expect(await warnings(stage)).toMatch(/"entra" in mode push/);
});

it('a custom role and a mapping to it are right at the first deploy', async () => {
  const stage = await startStage();
  await stage.declare({
    mode: 'claims',
    customRoles: { reader: READER },
    roleMappings: { readers: { idpGroup: 'readers', organization: 'default', role: 'reader' } },
  });
  expect(givesIn(stage.coder.snapshot().organizations['coder']?.roleSync)).toEqual({ readers: ['reader'] });
  expect(await warnings(stage)).toBe('');
});

it('an entry of somebody else that names a group which is gone keeps no mapping from being written', async () => {
  const stage = await startStage();
  const gone = '00000000-1111-4222-8333-444444444444';
  stage.coder.setGroupSync({ field: 'groups', mapping: { manual: [gone] } });
  await stage.declare({
    mode: 'claims',
    groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
  });
  const { id } = stage.coder.findGroup('developers');
  expect(stage.coder.snapshot().organizations['coder']?.groupSync.mapping).toEqual({
    manual: [gone],
    developers: [id],
  });
});

it('an entry of somebody else that names an organization which is gone keeps no mapping from being written, nor taken out', async () => {
  const stage = await stageWithLab();
  const gone = '00000000-1111-4222-8333-444444444444';
  stage.coder.setOrganizationSync({ field: 'groups', mapping: { manual: [gone] } });
  const mapping = () => stage.coder.snapshot().organizationSync.mapping;
  await stage.declare({ mode: 'claims', claims: { organizations: 'groups' }, ...INTO_LAB });
  expect(mapping()).toMatchObject({ manual: [gone], lab: [stage.coder.findOrganization('lab').id] });
  await stage.declare({ mode: 'claims', claims: { organizations: 'groups' } });
  expect(mapping()).toMatchObject({ manual: [gone] });
  expect(mapping()).not.toHaveProperty('lab');
  expect(await warnings(stage)).toBe('');
});

it('is planned for whichever app is asked about, also beside another one that reads claims', async () => {
  const stage = await stageWithLab();
  await stage.declare({ mode: 'claims', roleMappings: {} });
  const state = parseMappingState({
    version: 1,
    app: 'zitadel',
    mode: 'claims',
    claims: { organizations: 'groups' },
    ...INTO_LAB,
  });
  const { changes } = await stage.reconciler.planWorld({ app: 'zitadel', state });
  expect(changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'sync-settings.set', target: 'organizations' }),
      expect.objectContaining({ action: 'organization.remove', subject: 'researcher', target: 'lab' }),
    ]),
  );
});

it.each(['claims', 'push'] as const)(
  'a deleted app of mode %s stays until Coder has let its entries be taken out, and status says why',
  async mode => {
    const stage = await startStage();
    await stage.declare({ mode: 'claims', groupMappings: { dev: { idpGroup: 'developers', group: 'developers' } } });
    const entries = () => Object.keys(stage.coder.snapshot().organizations['coder']?.groupSync.mapping ?? {});
    const look = () => stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    stage.coder.faults.fail(403, { method: 'PATCH', path: '/idpsync/groups$' });
    // Also what it wrote before it was declared otherwise, and could not take out.
    if (mode === 'push') await stage.declare({ mode });
    await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
    await look();
    expect(entries()).toEqual(['developers']);
    expect((await stage.reconciler.status()).pending).toMatchObject([
      { key: `app:${APP}`, reason: expect.stringMatching(/sync settings .*coder\/groups: "developers".*403/) },
    ]);

    stage.coder.faults.clear();
    await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
    await look();
    expect(entries()).toEqual([]);
    expect((await stage.reconciler.status()).pending).toEqual([]);
    expect(await listAllApps(stage.database.db)).toEqual([]);
  },
);

it('a deleted app that wrote no entries does not wait for those of another one', async () => {
  const stage = await startStage();
  await stage.declare({ mode: 'claims', groupMappings: { dev: { idpGroup: 'developers', group: 'developers' } } });
  stage.coder.faults.fail(403, { method: 'PATCH', path: '/idpsync/groups$' });
  await stage.declare({ mode: 'push' });
  await stage.declare({ app: 'other', mode: 'push' });
  await deleteApp(stage.database, 'other', 'any', { actor: 'declaration' }, Date.now());
  await stage.reconciler.converge(['app:other'], { deadlineMs: AMPLE_MS });
  expect((await listAllApps(stage.database.db)).map(({ name }) => name)).toEqual([APP]);
});

it.each([
  ['repair', 0],
  ['off', 1],
] as const)(
  'a deleted app leaves its entries to another app of mode claims whose sweep is to %s',
  async (drift, waiting) => {
    const stage = await startStage();
    await stage.declare({ mode: 'claims', groupMappings: { dev: { idpGroup: 'developers', group: 'developers' } } });
    await stage.declare({
      app: 'other',
      mode: 'claims',
      policies: { drift },
      groupMappings: { ops: { idpGroup: 'operators', group: 'operators' } },
    });
    stage.coder.faults.fail(403, { method: 'PATCH', path: '/idpsync/groups$' });
    await stage.declare({ mode: 'push' });
    await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    expect((await listAllApps(stage.database.db)).filter(({ deleting }) => deleting)).toHaveLength(waiting);
  },
);

describe('what Coder would give by a name alone', () => {
  const DEVELOPERS = { idpGroup: 'developers', group: 'developers' };
  const LEADS = { idpGroup: 'leads', organization: 'default', role: 'organization-auditor' };
  const claims = { groups: 'groups', roles: 'roles' };
  const inCoder = (stage: Stage) => stage.coder.describe('ada').organizations['coder'];
  const signIn = (stage: Stage, groups: string[], roles: string[]) =>
    stage.coder.oidcLogin({ sub: 'ada', email: 'ada@example.com', email_verified: true, groups, roles });

  async function stageWithAda(before: (stage: Stage) => void = () => undefined): Promise<Stage> {
    const stage = await startStage();
    stage.coder.addUser('ada', { status: 'active' });
    before(stage);
    return stage;
  }

  it('is given to nobody by a sync that the bridge turned on: roles, and what a mapping gave before', async () => {
    const stage = await stageWithAda();
    const others = { testers: { idpGroup: 'testers', group: 'testers' } };
    await stage.declare({
      mode: 'claims',
      claims,
      groupMappings: { developers: DEVELOPERS, ...others },
      roleMappings: { leads: LEADS },
    });
    signIn(stage, ['developers', 'testers'], ['organization-admin', 'leads']);
    expect(inCoder(stage)).toEqual({ groups: ['developers', 'testers'], roles: ['organization-auditor'] });
    await stage.declare({ mode: 'claims', claims, groupMappings: others, roleMappings: { leads: LEADS } });
    signIn(stage, ['developers', 'testers'], ['organization-admin']);
    expect(inCoder(stage)).toEqual({ groups: ['testers'], roles: [] });
    // The same group, found by its name as one that was made by hand.
    if (!('developers' in (stage.coder.snapshot().organizations['coder']?.groups ?? {})))
      stage.coder.addGroup('developers');
    signIn(stage, ['developers'], []);
    expect(inCoder(stage)?.groups).toEqual([]);
    await stage.declare({ mode: 'claims', claims });
    expect(stage.coder.snapshot().organizations['coder']).toMatchObject({
      groupSync: { field: '', mapping: {} },
      roleSync: { field: '', mapping: {} },
    });
  });

  it('is given by whom somebody has written an entry for it since, and by nobody when the mapping is gone', async () => {
    const stage = await stageWithAda();
    const roleSync = () => stage.coder.snapshot().organizations['coder']?.roleSync;
    await stage.declare({ mode: 'claims', claims, roleMappings: { leads: LEADS } });
    const mapping = { ...roleSync()?.mapping, 'organization-template-admin': ['organization-template-admin'] };
    stage.coder.setRoleSync({ mapping });
    await stage.reconciler.sweep();
    await stage.settle();
    signIn(stage, [], ['organization-template-admin', 'organization-admin']);
    expect(inCoder(stage)?.roles).toEqual(['organization-template-admin']);
    await stage.declare({ mode: 'claims', claims });
    signIn(stage, [], ['organization-template-admin', 'organization-admin', 'leads']);
    expect(inCoder(stage)?.roles).toEqual(['organization-template-admin']);
    await stage.reconciler.sweep();
    await stage.settle();
    expect(givesIn(roleSync())).toEqual({ 'organization-template-admin': ['organization-template-admin'] });
  });

  it('is not given in another claim where somebody else had turned the sync on for the first one', async () => {
    const stage = await stageWithAda(({ coder }) => coder.setGroupSync({ field: 'groups', mapping: {} }));
    await stage.declare({ mode: 'claims', claims, groupMappings: { developers: DEVELOPERS } });
    await stage.declare({ mode: 'claims', claims: { groups: 'teams' }, groupMappings: { developers: DEVELOPERS } });
    expect(stage.coder.snapshot().organizations['coder']?.groupSync).toMatchObject({ field: 'groups', mapping: {} });
    expect(await warnings(stage)).toMatch(/they read the claim "groups".*the app declares "teams"/);
  });

  it('keeps no app on its way out where Coder refuses, once somebody has taken its entries out', async () => {
    const stage = await stageWithAda(({ coder }) => coder.addGroup('handmade'));
    const handmade = stage.coder.findGroup('handmade').id;
    const mapping = () => stage.coder.snapshot().organizations['coder']?.groupSync.mapping;
    await stage.declare({ mode: 'claims', claims, groupMappings: { developers: DEVELOPERS } });
    stage.coder.setGroupSync({ mapping: { ...mapping(), manual: [handmade] } });
    stage.coder.faults.fail(403, { method: 'PATCH', path: '/idpsync/groups$' });
    await deleteApp(stage.database, APP, 'any', { actor: 'declaration' }, Date.now());
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    expect(await listAllApps(stage.database.db)).toHaveLength(1);
    stage.coder.setGroupSync({ mapping: { manual: [handmade] } });
    await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    expect(await listAllApps(stage.database.db)).toEqual([]);
    expect(mapping()).toEqual({ manual: [handmade] });
  });

  it('stays what it is where somebody has turned the sync on for another claim, and the app is told', async () => {
    const stage = await stageWithAda(({ coder }) => coder.setRoleSync({ field: 'coder_roles', mapping: {} }));
    await stage.declare({ mode: 'claims', claims, roleMappings: { leads: LEADS } });
    expect(stage.coder.snapshot().organizations['coder']?.roleSync).toMatchObject({
      field: 'coder_roles',
      mapping: {},
    });
    expect(await warnings(stage)).toMatch(/they read the claim "coder_roles".*the app declares "roles"/);
  });

  it('is given as before by a sync that somebody else turned on, which stays on', async () => {
    const stage = await stageWithAda(({ coder }) => {
      coder.addGroup('handmade');
      coder.setGroupSync({ field: 'groups', mapping: {} });
    });
    await stage.declare({ mode: 'claims', claims, groupMappings: { developers: DEVELOPERS } });
    signIn(stage, ['developers', 'handmade'], []);
    expect(inCoder(stage)?.groups).toEqual(['developers', 'handmade']);
    await stage.declare({ mode: 'claims', claims });
    expect(stage.coder.snapshot().organizations['coder']?.groupSync).toMatchObject({ field: 'groups', mapping: {} });
  });

  it('is given with what somebody else has written for the same claim, and theirs stays when the mapping goes', async () => {
    let handmade = '';
    const stage = await stageWithAda(({ coder }) => {
      coder.addGroup('handmade');
      handmade = coder.findGroup('handmade').id;
      coder.setGroupSync({ field: 'groups', mapping: { developers: [handmade] } });
    });
    await stage.declare({ mode: 'claims', claims, groupMappings: { developers: DEVELOPERS } });
    signIn(stage, ['developers'], []);
    expect(inCoder(stage)?.groups).toEqual(['developers', 'handmade']);
    await stage.reconciler.sweep();
    await stage.settle();
    await stage.declare({ mode: 'claims', claims });
    expect(stage.coder.snapshot().organizations['coder']?.groupSync).toMatchObject({
      field: 'groups',
      mapping: { developers: [handmade] },
    });
  });
});

describe('whose write Coder was never heard to have done', () => {
  const FOREIGN = '00000000-1111-4222-8333-444444444444';
  const DEVELOPERS = { groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } } };
  const groupSync = ({ coder }: Stage) => coder.snapshot().organizations['coder']?.groupSync;

  /** Declares, and is cut off from Coder by the first write of the settings, before or after that is done. */
  async function declareUnheard(stage: Stage, state: object, isDone: boolean): Promise<void> {
    const write = { method: 'PATCH', path: '/idpsync/groups$' };
    if (isDone) stage.coder.faults.failAfterDoing(write);
    else stage.coder.faults.fail(500, write);
    const full = parseMappingState({ version: 1, app: APP, mode: 'claims', ...state });
    await putApp(stage.database, full, 'any', { actor: 'declaration' }, Date.now());
    await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    stage.coder.faults.clear();
  }

  it('an entry goes when its mapping goes, and those of others stay', async () => {
    const stage = await startStage();
    stage.coder.setGroupSync({ field: 'groups', mapping: { manual: [FOREIGN] } });
    await declareUnheard(stage, DEVELOPERS, true);
    expect(Object.keys(groupSync(stage)?.mapping ?? {})).toEqual(['manual', 'developers']);
    await stage.declare({ mode: 'claims' });
    expect(groupSync(stage)?.mapping).toEqual({ manual: [FOREIGN] });
  });

  it.each([
    ['did it', true],
    ['did not', false],
  ])('a sync that reads another claim by it is turned off with its last mapping: Coder %s', async (_, isDone) => {
    const stage = await startStage();
    await stage.declare({ mode: 'claims', ...DEVELOPERS });
    await declareUnheard(stage, { claims: { groups: 'teams' }, ...DEVELOPERS }, isDone);
    expect(groupSync(stage)).toMatchObject({ field: isDone ? 'teams' : 'groups' });
    await stage.declare({ mode: 'claims', claims: { groups: 'teams' } });
    expect(groupSync(stage)?.field).toBe('');
    expect(groupSync(stage)?.mapping).toEqual({});
  });

  it('an entry that somebody else wrote stays theirs where Coder refused', async () => {
    const stage = await startStage();
    stage.coder.setGroupSync({ field: 'groups', mapping: { developers: [FOREIGN] } });
    stage.coder.faults.fail(403, { method: 'PATCH', path: '/idpsync/groups$' });
    await stage.declare({ mode: 'claims', ...DEVELOPERS });
    stage.coder.faults.clear();
    await stage.declare({ mode: 'claims' });
    expect(groupSync(stage)?.mapping).toEqual({ developers: [FOREIGN] });
  });
});

describe('names of groups from the configuration that Coder was started with', () => {
  const dev = { idpGroup: 'developers', group: 'developers' };
  const admins = { idpGroup: 'idp-admins', group: 'coder-admins' };
  const signIn = ({ coder }: Stage) => {
    coder.oidcLogin({
      sub: 'ada',
      email: 'ada@example.com',
      email_verified: true,
      groups: ['idp-admins', 'developers'],
    });
    return coder.describe('ada').organizations['coder']?.groups;
  };

  async function stageWithNames(): Promise<Stage> {
    const stage = await startStage();
    stage.coder.addGroup('coder-admins');
    stage.coder.setGroupMappingAtStart('groups', { 'idp-admins': 'coder-admins' });
    expect(signIn(stage)).toEqual(['coder-admins']);
    return stage;
  }

  it('go on as they are: nothing is written that would end them, and it is told what to do', async () => {
    const stage = await stageWithNames();
    const state = { mode: 'claims' as const, groupMappings: { dev } };
    const { changes, problems } = await stage.reconciler.planWorld({
      state: parseMappingState({ version: 1, app: APP, ...state }),
    });
    expect(changes.map(({ action }) => action)).not.toContain('sync-settings.set');
    await stage.declare(state);
    const told =
      /CODER_OIDC_GROUP_MAPPING.*declare "idp-admins" \(group "coder-admins"\) as group mappings too, or unset/;
    expect(problems.join('\n')).toMatch(told);
    expect(await warnings(stage)).toMatch(told);
    const checks = await stage.reconciler.doctorChecks();
    expect(checks.map(({ detail }) => detail).join('\n')).toMatch(told);
    expect(signIn(stage)).toEqual(['coder-admins', 'developers']);
  });

  it('are replaced by the mappings once each of them is declared', async () => {
    const stage = await stageWithNames();
    await stage.declare({ mode: 'claims', groupMappings: { dev } });
    await stage.declare({ mode: 'claims', groupMappings: { dev, admins } });
    expect(await warnings(stage)).toBe('');
    expect(Object.keys(givesIn(stage.coder.snapshot().organizations['coder']?.groupSync)).sort()).toEqual([
      'developers',
      'idp-admins',
    ]);
    expect(signIn(stage)).toEqual(['coder-admins', 'developers']);
  });
});
