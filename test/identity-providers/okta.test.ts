/** Okta's side, by a double of okta/okta that takes what the real one documents and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** A group that mappings name twice, under a name; and what else there may be of it. */
const renamed =
  (idpGroup: string, { role = true, group = 'devs', furtherGroups = {} } = {}) =>
  (app: ScimApp): void => {
    new OktaProvisioning(app, 'provisioning', { appId, furtherGroups });
    mappings(app);
    if (role) new RoleMapping(app, 'a-role', { idpGroup, role: CoderRole.AUDITOR });
    if (group !== '') new GroupMapping(app, group, { idpGroup, group: 'devs' });
  };

const GROUPS = { 'coder-admins': 'id-1', 'coder-developers': 'id-2' };

test('a group that is renamed, and is mapped once more or once less, is assigned and pushed as before', async () => {
  const sides = await TwoSides.open(OKTA);
  const { environment } = sides.terraform;
  const there = (name: string) => (environment['OKTA_DOUBLE_GROUPS'] = JSON.stringify({ ...GROUPS, [name]: 'id-3' }));
  try {
    there('coder-devs');
    const made = await sides.deploy(IdentityProvider.OKTA, renamed('coder-devs'));
    expect(valuesOf(made, 'okta_app_group_assignment', 'group_id')).toEqual(['id-1', 'id-2', 'id-3']);

    there('coder-engineers');
    expect(await sides.deploy(IdentityProvider.OKTA, renamed('coder-engineers'))).toEqual([]);
    // The one of its mappings that comes first, by path and by declaration.
    expect(await sides.deploy(IdentityProvider.OKTA, renamed('coder-engineers', { role: false }))).toEqual([]);
    expect(await sides.deploy(IdentityProvider.OKTA, renamed('coder-engineers', { group: 'elsewhere' }))).toEqual([]);
    // Assigned by its id, and mapped no more: what goes is what is pushed.
    const further = { role: false, group: '', furtherGroups: { engineers: 'id-3' } };
    const gone = await sides.deploy(IdentityProvider.OKTA, renamed('coder-engineers', further));
    expect(gone.map(({ verb, type }) => `${verb} ${type}`)).toEqual(['delete okta_push_group']);
  } finally {
    await sides.close();
  }
});

test('a state that has groups by their names is kept: its plan fails, and passes once they were moved as the docs say', async () => {
  const sides = await TwoSides.open(OKTA);
  sides.terraform.environment['OKTA_DOUBLE_GROUPS'] = JSON.stringify({ ...GROUPS, 'coder-devs': 'id-3' });
  const declare = renamed('coder-devs', { furtherGroups: { everybody: 'id-9' } });
  try {
    await sides.deploy(IdentityProvider.OKTA, declare);
    const { stdout } = await sides.terraform.run('state', 'list');
    const names: Record<string, string> = {
      'id-1': 'coder-admins',
      'id-2': 'coder-developers',
      'id-3': 'coder-devs',
      'id-9': 'everybody',
    };
    for (const address of stdout.split('\n').filter(line => line.includes('_by_id['))) {
      const before = address.replace('_by_id', '').replace(/"(.*)"/, (_, id: string) => `"${names[id] ?? ''}"`);
      expectCode(await sides.terraform.run('state', 'mv', address, before), 0);
    }
    const refused = expectCode(await sides.terraform.plan(), 1);
    expect(refused.stderr.match(/Instance cannot be destroyed/g)).toHaveLength(6);
    expect(sides.made()).toEqual([]);

    const [, script = 'exit 9'] =
      /<!-- test: moves to ids -->\n```sh\n([^]*?)```/.exec(
        readFileSync(join(__dirname, '../../docs/terraform.md'), 'utf8'),
      ) ?? [];
    expect(expectCode(await sides.terraform.shell(script), 0).stdout).toContain('0 to add, 0 to change, 0 to destroy');
    // What was assigned by an id that the stack itself states is moved by the apply.
    expectCode(await sides.terraform.apply(), 0);
    expectCode(await sides.terraform.plan(), 0);
    expect(sides.made()).toEqual([]);
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
