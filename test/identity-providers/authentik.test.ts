/** authentik's side, by a double of goauthentik/authentik that takes what the real one documents and nothing else. */
import { type TerraformStack, TerraformVariable } from 'cdktf';
import {
  AuthentikProvisioning,
  CoderRole,
  GroupMapping,
  IdentityProvider,
  RoleMapping,
  ScimApp,
  ScimToken,
} from '../../constructs';
import { synth } from '../constructs/synth';
import { expectCode } from '../provider/stage';
import { hclOf, TwoSides, valuesOf } from './stage';

const AUTHENTIK = { name: 'authentik', source: 'goauthentik/authentik', version: '2026.5.0' };

test('the whole path: provider, application as its front, people bound, in order and back', async () => {
  const sides = await TwoSides.open(AUTHENTIK);
  try {
    const made = await sides.deploy(IdentityProvider.AUTHENTIK, (app, secret) => {
      const authentik = new AuthentikProvisioning(app, 'provisioning', {
        name: 'Coder ${provisioning}',
        secret,
        furtherGroups: { pilot: 'pk-of-pilot' },
      });
      new RoleMapping(app, 'admins', { idpGroup: 'coder-admins', role: CoderRole.OWNER });
      new GroupMapping(app, 'gpu', { idpGroupExternalId: authentik.groupIdOf('gpu'), group: 'gpu' });
    });
    expect((await sides.api.client.getApp('authentik')).state.groupMappings['gpu']?.idpGroupExternalId).toBe(
      'pk-of-gpu',
    );
    expect(made.map(({ type }) => type)).toEqual([
      'authentik_provider_scim',
      'authentik_application',
      ...Array<string>(3).fill('authentik_policy_binding'),
    ]);
    const sent = ['pk-of-coder-admins', 'pk-of-gpu', 'pk-of-pilot'];
    expect(made[0]?.values).toMatchObject({
      name: 'Coder ${provisioning}',
      url: 'https://scim.example.test/apps/authentik/scim/v2',
      token: sides.token.token,
      dry_run: false,
      exclude_users_service_account: true,
      group_filters: sent,
      property_mappings: ['id-of-goauthentik.io/providers/scim/user'],
      property_mappings_group: ['id-of-goauthentik.io/providers/scim/group'],
    });
    expect(made[1]?.values).toMatchObject({ slug: 'authentik-provisioning', backchannel_providers: [7] });
    expect(valuesOf(made, 'authentik_policy_binding', 'group')).toEqual(sent);
    expect(new Set(valuesOf(made, 'authentik_policy_binding', 'target'))).toEqual(
      new Set(['uuid-of-authentik-provisioning']),
    );
    expectCode(await sides.terraform.destroy(), 0);
    expect(sides.made().at(-1)?.type).toBe('authentik_provider_scim');
    expect((await sides.api.client.listApps()).apps).toEqual([]);
  } finally {
    await sides.close();
  }
});

test('a group that is renamed is sent and bound as before', async () => {
  const sides = await TwoSides.open(AUTHENTIK);
  const deploy = (idpGroup: string) => {
    sides.terraform.environment['AUTHENTIK_DOUBLE_GROUPS'] = JSON.stringify({ [idpGroup]: 'pk-1' });
    return sides.deploy(IdentityProvider.AUTHENTIK, (app, secret) => {
      new AuthentikProvisioning(app, 'provisioning', { name: 'Coder', secret });
      new RoleMapping(app, 'devs', { idpGroup, role: CoderRole.MEMBER });
      new GroupMapping(app, 'middle', { idpGroup: 'middle', group: 'middle' });
    });
  };
  try {
    expect(valuesOf(await deploy('a-devs'), 'authentik_policy_binding', 'group')).toEqual(['pk-1', 'pk-of-middle']);
    expect(await deploy('z-engineers')).toEqual([]);
  } finally {
    await sides.close();
  }
});

const declare =
  (config: object, mapped = true) =>
  (stack: TerraformStack) => {
    const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
    const app = new ScimApp(stack, 'authentik', { identityProvider: IdentityProvider.AUTHENTIK });
    ScimToken.fromSecret(app, 'primary', { secret, expiresAt: '2099-01-01T00:00:00Z' });
    new AuthentikProvisioning(app, 'provisioning', { name: 'Coder', secret, ...config });
    if (mapped) new RoleMapping(app, 'admins', { idpGroup: 'coder-admins', role: CoderRole.OWNER });
  };

test('without a group that is named, nothing is sent by mistake; all of them only where that is said', () => {
  expect(() => synth(declare({}, false))).toThrow(
    /coder\/authentik\/provisioning: no mapping of the app names a group, so that authentik would send all of them/,
  );
  const text = hclOf(declare({ groups: 'all', applicationSlug: false, enabled: false }, false));
  expect(text).not.toContain('group_filters');
  expect(text).not.toContain('authentik_application');
  expect(text).toContain('dry_run = true');
});

test('as HCL, ids of groups are references', () => {
  expect(hclOf(declare({}))).toMatch(
    /group_filters = "?\$\{sort\(distinct\(\[data\.authentik_group\.\w+\["coder-admins"\]\.id\]\)\)\}"?/,
  );
});
