/** Okta's side, by a double of okta/okta that takes what the real one documents and nothing else. */
import { TerraformOutput, TerraformVariable } from 'cdktf';
import { CoderRole, GroupMapping, IdentityProvider, OktaProvisioning, RoleMapping, ScimApp } from '../../constructs';
import { expectCode, said } from '../provider/stage';
import { hclOf, TwoSides, valuesOf } from './stage';

const OKTA = { name: 'okta', source: 'okta/okta', version: '6.12.0' };
const appId = '0oa1a2b3c4d5e6f7g8h9';

function mappings(app: ScimApp): void {
  new RoleMapping(app, 'admins', { idpGroup: 'coder-admins', role: CoderRole.OWNER });
  new GroupMapping(app, 'developers', { idpGroup: 'coder-developers', group: 'developers' });
}

test('assignments and pushed groups follow the mappings; the connection is made where Okta lets it be', async () => {
  const sides = await TwoSides.open(OKTA);
  sides.terraform.environment['OKTA_DOUBLE_GROUPS'] = '["coder-admins-test", "coder-admins", "coder-developers"]';
  try {
    const made = await sides.deploy(IdentityProvider.OKTA, (app, secret) => {
      new OktaProvisioning(app, 'provisioning', { appId, secret, furtherGroups: { everybody: 'id-of-everybody' } });
      mappings(app);
    });
    expect(made.map(({ type }) => type)).toEqual([
      'okta_app_connection',
      'okta_app_features',
      ...Array<string>(3).fill('okta_app_group_assignment'),
      ...Array<string>(2).fill('okta_push_group'),
    ]);
    expect(made[0]?.values).toMatchObject({
      id: appId,
      base_url: 'https://scim.example.test/apps/okta/scim/v2',
      action: 'activate',
      profile: { auth_scheme: 'TOKEN', token: sides.token.token },
    });
    expect(made[1]?.values['capabilities']).toMatchObject({
      create: { lifecycle_create: { status: 'ENABLED' } },
      update: { lifecycle_deactivate: { status: 'ENABLED' }, password: { status: 'DISABLED' } },
    });
    expect(valuesOf(made, 'okta_app_group_assignment', 'group_id')).toEqual([
      'id-of-coder-admins',
      'id-of-coder-developers',
      'id-of-everybody',
    ]);
    expect(valuesOf(made, 'okta_push_group', 'source_group_id')).toEqual([
      'id-of-coder-admins',
      'id-of-coder-developers',
    ]);

    const paused = await sides.deploy(IdentityProvider.OKTA, (app, secret) => {
      new OktaProvisioning(app, 'provisioning', {
        appId,
        secret,
        furtherGroups: { everybody: 'id-of-everybody' },
        enabled: false,
      });
      mappings(app);
    });
    const updates = paused.filter(({ verb }) => verb === 'update').map(({ values }) => values);
    expect(
      updates
        .flatMap(({ action, status }) => [action, status])
        .filter(Boolean)
        .sort(),
    ).toEqual(['ENABLED', 'INACTIVE', 'INACTIVE', 'deactivate']);
    expectCode(await sides.terraform.destroy(), 0);
    const gone = sides.made().map(({ type }) => type);
    expect(gone.lastIndexOf('okta_push_group')).toBeLessThan(gone.indexOf('okta_app_group_assignment'));
    expect((await sides.api.client.listApps()).apps).toEqual([]);
  } finally {
    await sides.close();
  }
});

test('a connection by hand: its steps with the address are an output, and groups are pushed when it is there', async () => {
  const sides = await TwoSides.open(OKTA);
  sides.terraform.environment['OKTA_DOUBLE_GROUPS'] = '["coder-admins", "coder-developers"]';
  const declare = (pushGroups: boolean) => (app: ScimApp) => {
    const okta = new OktaProvisioning(app, 'provisioning', { appId, pushGroups, assignMappedGroups: true });
    new TerraformOutput(app, 'steps', { value: okta.manualSteps, staticId: true });
    mappings(app);
  };
  try {
    const first = await sides.deploy(IdentityProvider.OKTA, declare(false));
    expect(first.map(({ type }) => type)).toEqual(['okta_app_group_assignment', 'okta_app_group_assignment']);
    const { stdout } = await sides.terraform.run('output', '-json', 'steps');
    expect((JSON.parse(stdout) as string[])[1]).toContain('https://scim.example.test/apps/okta/scim/v2');
    const second = await sides.deploy(IdentityProvider.OKTA, declare(true));
    expect(second.map(({ type }) => type)).toEqual(['okta_push_group', 'okta_push_group']);
  } finally {
    await sides.close();
  }
});

test('a group that Okta does not have is no other one whose name begins so', async () => {
  const sides = await TwoSides.open(OKTA);
  sides.terraform.environment['OKTA_DOUBLE_GROUPS'] = '["coder-admins-test", "coder-developers"]';
  try {
    sides.synth(IdentityProvider.OKTA, app => {
      new OktaProvisioning(app, 'provisioning', { appId });
      mappings(app);
    });
    expectCode(await sides.terraform.init(), 0);
    const refused = said(expectCode(await sides.terraform.plan(), 1).output);
    expect(refused).toContain('Okta has no group of exactly this name');
    expect(refused).toContain('was found: coder-admins-test');
  } finally {
    await sides.close();
  }
});

test('as HCL, blocks are blocks', () => {
  const text = hclOf(stack => {
    const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
    const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
    new OktaProvisioning(app, 'provisioning', { appId, secret });
    mappings(app);
  });
  expect(text).toMatch(/profile \{\nauth_scheme = "TOKEN"\ntoken = "\$\{var\.scim_token\}"\n\}/);
  expect(text).toMatch(/capabilities \{\ncreate \{\nlifecycle_create \{\nstatus = "ENABLED"/);
  expect(text).toMatch(/lifecycle \{\npostcondition \{\ncondition = "\$\{self\.name == each\.value\}"/);
});
