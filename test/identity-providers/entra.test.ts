/** Entra's side, by a double of hashicorp/azuread that takes what the real one documents and nothing else. */
import { App, DataResource, Fn, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoderRole, EntraProvisioning, GroupMapping, IdentityProvider, RoleMapping, ScimApp } from '../../constructs';
import { expectCode } from '../provider/stage';
import { hclOf, TwoSides, valuesOf } from './stage';

const AZUREAD = { name: 'azuread', source: 'hashicorp/azuread', version: '3.9.0' };

test('application, secret, groups, job and pilot come in order, and go in the reverse', async () => {
  const sides = await TwoSides.open(AZUREAD);
  try {
    const made = await sides.deploy(IdentityProvider.ENTRA, (app, secret) => {
      const entra = new EntraProvisioning(app, 'provisioning', {
        displayName: 'Coder',
        secret,
        furtherGroups: { pilot: 'object-of-pilot' },
        enabled: false,
        pilot: { people: { alice: 'object-of-alice' }, groups: { pilot: 'object-of-pilot' } },
      });
      new RoleMapping(app, 'admins', { idpGroup: 'Coder ${path.module} Admins', role: CoderRole.OWNER });
      new RoleMapping(app, 'auditors', { idpGroup: 'coder ${path.module} admins', role: CoderRole.AUDITOR });
      new GroupMapping(app, 'gpu', { idpGroupExternalId: entra.objectIdOf('Research GPU'), group: 'gpu' });
      new GroupMapping(app, 'known', { idpGroupExternalId: '11111111-2222-3333-4444-555555555555', group: 'known' });
    });
    const { state } = await sides.api.client.getApp('entra');
    expect(state.tokens['primary']?.digest).toBe(sides.token.digest);
    expect(state.groupMappings['gpu']?.idpGroupExternalId).toBe('object-of-Research GPU');

    const types = made.map(({ type }) => type.replace('azuread_', ''));
    expect(types[0]).toBe('application_from_template');
    expect(types.slice(-3)).toEqual([
      'synchronization_job',
      'synchronization_job_provision_on_demand',
      'synchronization_job_provision_on_demand',
    ]);
    const [secret] = made.filter(({ type }) => type === 'azuread_synchronization_secret');
    expect(secret?.values['credential']).toEqual([
      { key: 'BaseAddress', value: 'https://scim.example.test/apps/entra/scim/v2?aadOptscim062020' },
      { key: 'SecretToken', value: sides.token.token },
    ]);
    // Two spellings of one name are one group.
    expect(valuesOf(made, 'azuread_app_role_assignment', 'principal_object_id')).toEqual([
      '11111111-2222-3333-4444-555555555555',
      'object-of-Research GPU',
      'object-of-coder ${path.module} admins',
      'object-of-pilot',
    ]);
    expect(new Set(valuesOf(made, 'azuread_app_role_assignment', 'app_role_id'))).toEqual(new Set(['role-user']));
    expect(valuesOf(made, 'azuread_synchronization_job', 'enabled')).toEqual([false]);
    const atOnce = made.slice(-2).map(({ values }) => values['parameter']);
    expect(atOnce).toMatchObject([
      [{ subject: [{ object_id: 'object-of-alice', object_type_name: 'User' }] }],
      [{ subject: [{ object_id: 'object-of-pilot', object_type_name: 'Group' }] }],
    ]);

    expectCode(await sides.terraform.destroy(), 0);
    const gone = sides.made().map(({ type }) => type.replace('azuread_', ''));
    expect(gone.indexOf('synchronization_job')).toBeLessThan(gone.indexOf('synchronization_secret'));
    expect(gone.indexOf('synchronization_job')).toBeLessThan(gone.indexOf('app_role_assignment'));
    expect((await sides.api.client.listApps()).apps).toEqual([]);
  } finally {
    await sides.close();
  }
});

test('a group that is renamed stays assigned by the same instance', async () => {
  const sides = await TwoSides.open(AZUREAD);
  const declare = (idpGroup: string) => {
    sides.terraform.environment['AZUREAD_DOUBLE_GROUPS'] = JSON.stringify({ [idpGroup]: 'object-1' });
    return sides.deploy(IdentityProvider.ENTRA, (app, secret) => {
      new EntraProvisioning(app, 'provisioning', { displayName: 'Coder', secret });
      new RoleMapping(app, 'devs', { idpGroup, role: CoderRole.MEMBER });
      // By its id as well: one group all the same.
      new GroupMapping(app, 'known', { idpGroupExternalId: 'object-1', group: 'known' });
    });
  };
  try {
    expect(valuesOf(await declare('Devs'), 'azuread_app_role_assignment', 'principal_object_id')).toEqual(['object-1']);
    expect(await declare('Engineers')).toEqual([]);
  } finally {
    await sides.close();
  }
});

test('a group that a mapping names by a reference is assigned, under what is referred to', async () => {
  const sides = await TwoSides.open(AZUREAD);
  try {
    const made = await sides.deploy(IdentityProvider.ENTRA, (app, secret) => {
      const later = (id: string, input: string) => new DataResource(app, id, { input: Fn.tomap({ is: input }) });
      const group = Fn.lookup(later('group', 'object-of-later').output, 'is');
      const listed = later('listed', 'object-of-listed');
      const named = Fn.lookup(later('named', 'Later Group').output, 'is');
      new EntraProvisioning(app, 'provisioning', {
        displayName: 'Coder',
        secret,
        furtherGroups: { listed: Fn.lookup(listed.output, 'is') },
      });
      new GroupMapping(app, 'by-id', { idpGroupExternalId: Token.asString(group), group: 'one' });
      // The same reference, which cdktf gives another text, and one that is listed already.
      const again = Token.asString(Fn.lookup(listed.output, 'is'));
      new RoleMapping(app, 'role-by-id', { idpGroupExternalId: Token.asString(group), role: CoderRole.AUDITOR });
      new GroupMapping(app, 'beside', { idpGroupExternalId: again, group: 'three' });
      new RoleMapping(app, 'by-name', { idpGroup: Token.asString(named), role: CoderRole.AUDITOR });
      new GroupMapping(app, 'known', { idpGroup: 'Known', group: 'two' });
    });
    expect(valuesOf(made, 'azuread_app_role_assignment', 'principal_object_id')).toEqual([
      'object-of-Known',
      'object-of-Later Group',
      'object-of-later',
      'object-of-listed',
    ]);
    const { stdout } = await sides.terraform.run('state', 'list');
    const assigned = stdout.split('\n').filter(line => line.startsWith('azuread_app_role_assignment.'));
    expect(assigned.map(line => line.replace(/^[^[]*/, ''))).toEqual([
      '["listed"]',
      '["object-of-Known"]',
      expect.stringMatching(/^\["terraform_data\.entra_group_\w+\.output\.is"\]$/),
      expect.stringMatching(/^\["terraform_data\.entra_named_\w+\.output\.is"\]$/),
    ]);
    const { state } = await sides.api.client.getApp('entra');
    expect(state.groupMappings['by-id']?.idpGroupExternalId).toBe('object-of-later');
  } finally {
    await sides.close();
  }
});

test('a token that plans would show is refused', () => {
  const stack = new TerraformStack(new App({ outdir: join(tmpdir(), 'unused') }), 'access');
  const secret = new TerraformVariable(stack, 'scim_token', { type: 'string' });
  const app = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA });
  expect(() => new EntraProvisioning(app, 'provisioning', { displayName: 'Coder', secret })).toThrow(
    /access\/entra\/provisioning: variable "scim_token" is not sensitive/,
  );
});

test('as HCL, what the provider documents as a block is one', () => {
  const text = hclOf(stack => {
    const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
    const app = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA });
    new EntraProvisioning(app, 'provisioning', { displayName: 'Coder', secret, pilot: { people: { alice: 'a' } } });
    new RoleMapping(app, 'admins', { idpGroup: 'the "admins" ${x}', role: CoderRole.OWNER });
  });
  expect(text).toMatch(/credential \{\nkey = "BaseAddress"/);
  expect(text).toMatch(/parameter \{\nrule_id = "[^"]+"\nsubject \{\nobject_id = "\$\{each\.value\}"/);
  expect(text).toContain('for_each = {\n"the \\"admins\\" $${x}" = "the \\"admins\\" $${x}"\n}');
  expect(text).toContain('contains(role.allowed_member_types, "User")');
});
