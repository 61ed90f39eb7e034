import { TerraformOutput, type TerraformStack } from 'cdktf';
import {
  CoderRole,
  GovernedAccess,
  GroupMapping,
  IdentityProvider,
  RoleMapping,
  ScimApp,
  type ScimAppConfig,
  ScimToken,
} from '../../constructs';
import { mintToken } from '../../bridge/scim/access/token';
import { type Ran } from '../support/terraform';
import { until } from '../support/until';
import { type Stage, setStage } from './stage';

const token = mintToken();

function declare(
  stack: TerraformStack,
  more: (app: ScimApp) => void = () => undefined,
  config: Partial<ScimAppConfig> = {},
): void {
  const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA, ...config });
  new ScimToken(app, 'primary', { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z' });
  new GovernedAccess(app, 'access');
  more(app);
  new TerraformOutput(stack, 'scim_base_url', { value: app.scimBaseUrl });
}

function expectCode(ran: Ran, code: number): Ran {
  if (ran.code !== code) throw new Error(`terraform ended with ${ran.code}, wanted ${code}:\n${ran.output}`);
  return ran;
}

/** What an identity provider would do: sends one resource. @returns its id */
async function send(base: string, path: 'Users' | 'Groups', body: object): Promise<string> {
  const schema = path === 'Users' ? 'User' : 'Group';
  const response = await fetch(`${base}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token.token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ schemas: [`urn:ietf:params:scim:schemas:core:2.0:${schema}`], ...body }),
  });
  if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

/** People in groups of their own. */
async function provision(base: string, userNames: readonly string[], groups: readonly string[]): Promise<void> {
  const members: { value: string }[] = [];
  for (const userName of userNames) {
    const emails = [{ value: userName, primary: true }];
    members.push({ value: await send(base, 'Users', { userName, emails, active: true }) });
  }
  for (const displayName of groups) await send(base, 'Groups', { displayName, members });
}

describe('a stack is deployed by real Terraform', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage.end());

  test('init finds the provider in the stack, the plan reads as the mappings, apply reaches the bridge', async () => {
    const { terraform, bridge, synth } = stage;
    synth(stack => declare(stack));
    expectCode(await terraform.init(), 0);
    const plan = expectCode(await terraform.plan(), 2).stdout;
    expect(plan).toMatch(
      /# coderscim_app\.okta_\w+ \(okta\/Resource\) will be created|# coderscim_app\.okta_\w+ will be created/,
    );
    expect(plan).toMatch(/"access\.admins"\s+= \{[^}]*idp_group\s+= "coder-admins"[^}]*role\s+= "owner"/);
    expect(plan).toContain('1 to add, 0 to change, 0 to destroy');
    const applied = expectCode(await terraform.applyPlan(), 0).stdout;
    expect(applied).toContain(`scim_base_url = "${bridge.url}/apps/okta/scim/v2"`);
    const app = await bridge.admin.getApp('okta');
    expect(app.state.roleMappings['access.platform']).toEqual({ idpGroup: 'coder-platform', role: 'template-admin' });
  });

  test('the next plan is empty', async () => {
    expect(expectCode(await stage.terraform.plan(), 0).stdout).toContain('No changes');
  });

  test('people who are provisioned have what was declared', async () => {
    await provision(
      `${stage.bridge.url}/apps/okta/scim/v2`,
      ['dora@acme.example'],
      ['coder-developers', 'coder-auditors'],
    );
    // A group that was written a moment ago gathers what follows: its members come a moment later.
    await until('dora in her group', () => stage.coder.membersOf('developers').includes('dora'));
    const dora = stage.coder.describe('dora');
    expect(dora.siteRoles).toEqual(['auditor']);
    expect(dora.organizations).toEqual({ coder: { roles: [], groups: ['developers'] } });
  });

  test('a changed mapping is one line of an update in place, and reaches the people', async () => {
    const { terraform, synth, coder } = stage;
    synth(stack =>
      declare(
        stack,
        app => new RoleMapping(app, 'builders', { idpGroup: 'coder-developers', role: CoderRole.TEMPLATE_ADMIN }),
      ),
    );
    const plan = expectCode(await terraform.plan(), 2).stdout;
    expect(plan).toContain('will be updated in-place');
    expect(plan).toMatch(/\+ "builders"\s+= \{/);
    expect(plan).not.toMatch(/[-~] "access\./);
    expect(plan.replace(/[│\s]+/g, ' ')).toContain(
      'dora@acme.example: site-roles.set auditor → auditor,template-admin, because of coder-developers (roleMappings/builders)',
    );
    expectCode(await terraform.applyPlan(), 0);
    expect(coder.describe('dora').siteRoles).toEqual(['auditor', 'template-admin']);
  });

  test('what somebody changed at the bridge is drift in the plan', async () => {
    const { terraform, bridge } = stage;
    const { state, generation } = await bridge.admin.getApp('okta');
    const mapping = state.roleMappings['access.auditors'];
    if (mapping === undefined) throw new Error('the mapping is gone');
    await bridge.admin.putApp(
      { ...state, roleMappings: { ...state.roleMappings, 'access.auditors': { ...mapping, idpGroup: 'somebody' } } },
      { generation },
    );
    const plan = expectCode(await terraform.plan(), 2).stdout;
    expect(plan).toMatch(/~ idp_group\s+= "somebody" -> "coder-auditors"/);
    expectCode(await terraform.applyPlan(), 0);
    expect((await bridge.admin.getApp('okta')).state.roleMappings['access.auditors']?.idpGroup).toBe('coder-auditors');
  });

  test('a change in between plan and apply is an error that says so, and nothing is lost', async () => {
    const { terraform, bridge, synth } = stage;
    synth(stack => declare(stack, app => new GroupMapping(app, 'late', { idpGroup: 'late', group: 'late' })));
    expectCode(await terraform.plan(), 2);
    const { state, generation } = await bridge.admin.getApp('okta');
    await bridge.admin.putApp({ ...state, guard: { ...state.guard, minOwners: 2 } }, { generation });
    const refused = await terraform.applyPlan();
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/chang/i);
    expect((await bridge.admin.getApp('okta')).state.guard.minOwners).toBe(2);
    expectCode(await terraform.apply(), 0);
    const now = await bridge.admin.getApp('okta');
    expect(now.state.groupMappings['late']).toMatchObject({ group: 'late' });
    expect(now.state.guard.minOwners).toBe(1);
  });

  test('no secret is in the stack, the plan or the state', async () => {
    const { terraform, bridge } = stage;
    await terraform.plan();
    const state = await terraform.run('show', '-json');
    const plan = await terraform.run('show', '-json', 'plan.tfplan');
    for (const secret of [token.token, bridge.adminToken]) {
      expect(state.stdout).not.toContain(secret);
      expect(plan.stdout).not.toContain(secret);
    }
  });

  test('destroy is refused while the app is protected, held while many would lose by it, and then done when nobody has anything of it', async () => {
    const { terraform, bridge, coder, synth } = stage;
    const many = Array.from({ length: 30 }, (_, index) => `m${index}@acme.example`);
    await provision(`${bridge.url}/apps/okta/scim/v2`, many, ['coder-platform']);
    const admins = () =>
      Object.entries(coder.snapshot().users).filter(
        ([name, { siteRoles }]) => name.startsWith('m') && siteRoles.includes('template-admin'),
      );
    expect(admins()).toHaveLength(30);
    expect(expectCode(await terraform.destroy(), 1).stderr.replace(/[│\s]+/g, ' ')).toContain(
      'app "okta" is protected from deletion',
    );
    synth(stack => declare(stack, undefined, { deletionProtection: false }));
    expectCode(await terraform.apply(), 0);
    const held = expectCode(await terraform.destroy(), 1).stderr.replace(/[│\s]+/g, ' ');
    expect(held).toContain('the removal of app "okta" is held');
    expect(admins()).toHaveLength(30);
    expect(coder.describe('dora').siteRoles).not.toEqual([]);
    const [hold] = (await bridge.admin.status()).holds;
    expect(held).toContain(`coder-scim release ${hold?.id}`);
    await bridge.admin.releaseHold(hold?.id ?? '', 'operator');
    expectCode(await terraform.destroy(), 0);
    expect(admins()).toEqual([]);
    expect((await bridge.admin.listApps()).apps).toEqual([]);
    await until('dora without a role', () => coder.describe('dora').siteRoles.length === 0);
    expect(coder.describe('dora').siteRoles).toEqual([]);
  });
});
