import { DataResource, Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import {
  CoderRole,
  CoderScimProvider,
  CustomRole,
  GovernedAccess,
  GroupMapping,
  IdentityProvider,
  MappingDelivery,
  OrganizationMapping,
  ProvisioningCheck,
  RoleMapping,
  ScimApp,
  type ScimAppConfig,
  ScimAppResource,
  ScimOAuthClient,
  ScimToken,
} from '../../constructs';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { appAttributes, DIGEST, FAR_FUTURE, synth, synthApp } from './synth';

describe('what is declared becomes one resource', () => {
  test('the four tiers are role mappings of their groups, and developers get a Coder group', () => {
    const attributes = appAttributes(synthApp(app => new GovernedAccess(app, 'access')));
    expect(attributes['role_mappings']).toEqual({
      'access.admins': { idp_group: 'coder-admins', role: 'owner' },
      'access.platform': { idp_group: 'coder-platform', role: 'template-admin' },
      'access.developers': { idp_group: 'coder-developers', role: 'member' },
      'access.auditors': { idp_group: 'coder-auditors', role: 'auditor' },
    });
    expect(attributes['group_mappings']).toEqual({
      'access.developers-group': { idp_group: 'coder-developers', group: 'developers' },
    });
  });

  test('a tier is renamed or left out', () => {
    const attributes = appAttributes(
      synthApp(
        app => new GovernedAccess(app, 'access', { admins: 'it-owners', auditors: false, developersGroup: false }),
      ),
    );
    expect(Object.keys(attributes['role_mappings'] as object)).toEqual([
      'access.admins',
      'access.developers',
      'access.platform',
    ]);
    expect(attributes['role_mappings']).toHaveProperty(['access.admins', 'idp_group'], 'it-owners');
    expect(attributes).not.toHaveProperty('group_mappings');
  });

  test('every construct has its place, and the document is one that the bridge accepts', () => {
    let state: unknown;
    const synthesized = synthApp(
      app => {
        const reviewer = new CustomRole(app, 'reviewer', {
          name: 'template-reviewer',
          organization: 'research',
          permissions: [{ resourceType: 'template', action: 'read' }],
        });
        new RoleMapping(app, 'reviewers', {
          idpGroupExternalId: '00g1',
          role: reviewer.role,
          organization: 'research',
        });
        new OrganizationMapping(app, 'everybody', { idpGroup: 'all', organization: 'research' });
        new GroupMapping(app, 'ml', {
          idpGroup: 'ml',
          group: 'ml-team',
          organization: 'research',
          displayName: 'ML',
          create: false,
        });
        state = app.mappingState;
      },
      { mode: 'push', policies: { leaving: 'delete' }, guard: { minOwners: 2 }, pushedGroups: { prefix: 'coder-' } },
    );
    expect(appAttributes(synthesized)).toMatchObject({
      name: 'okta',
      identity_provider: 'okta',
      mode: 'push',
      tokens: { primary: { digest: DIGEST, expires_at: FAR_FUTURE } },
      custom_roles: {
        reviewer: { name: 'template-reviewer', permissions: [{ resource_type: 'template', action: 'read' }] },
      },
      role_mappings: {
        reviewers: { idp_group_external_id: '00g1', role: 'template-reviewer', organization: 'research' },
      },
      organization_mappings: { everybody: { idp_group: 'all', organization: 'research' } },
      group_mappings: { ml: { group: 'ml-team', display_name: 'ML', create: false } },
      policies: { leaving: 'delete' },
      guard: { min_owners: 2 },
      pushed_groups: { prefix: 'coder-' },
    });
    expect(parseMappingState(state)).toMatchObject({ app: 'okta', policies: { leaving: 'delete', adoption: 'oidc' } });
  });

  test('constructs of a user may wrap the mappings', () => {
    class Team extends Construct {
      constructor(scope: Construct, id: string) {
        super(scope, id);
        new GroupMapping(this, 'group', { idpGroup: `team-${id}`, group: id });
      }
    }
    const attributes = appAttributes(synthApp(app => new Team(app, 'payments')));
    expect(attributes['group_mappings']).toEqual({
      'payments.group': { idp_group: 'team-payments', group: 'payments' },
    });
  });

  test('logical ids are short and stay: a change of them would replace resources', () => {
    const { stack } = synthApp(app => new ProvisioningCheck(app, 'check'));
    expect(Object.keys(stack.resource?.['coderscim_app'] ?? {})).toEqual(['okta_E0A11D3B']);
    expect(Object.keys(stack.resource?.['null_resource'] ?? {})).toEqual(['okta_check_80643488']);
  });
});

describe('synth', () => {
  test('gives the same bytes each time, whatever the order of declaration', () => {
    const forward = synthApp(app => {
      new GroupMapping(app, 'a', { idpGroup: 'a', group: 'a' });
      new GroupMapping(app, 'b', { idpGroup: 'b', group: 'b' });
    });
    const backward = synthApp(app => {
      new GroupMapping(app, 'b', { idpGroup: 'b', group: 'b' });
      new GroupMapping(app, 'a', { idpGroup: 'a', group: 'a' });
    });
    expect(backward.files).toEqual(forward.files);
  });

  test('puts the provider where terraform init finds it without a registry', () => {
    const { files } = synthApp(() => undefined);
    const plugins = Object.keys(files).filter(file => file.includes('terraform.d/plugins'));
    expect(
      plugins.map(file =>
        file
          .split('/')
          .slice(-2)
          .join('/')
          .replace(/_v[\d.]+\d/, ''),
      ),
    ).toEqual([
      'darwin_amd64/terraform-provider-coderscim',
      'darwin_arm64/terraform-provider-coderscim',
      'linux_amd64/terraform-provider-coderscim',
      'linux_arm64/terraform-provider-coderscim',
      'windows_amd64/coderscim.js',
      'windows_amd64/terraform-provider-coderscim.cmd',
    ]);
  });

  test("templates in a person's text are data, references of Terraform stay references", () => {
    const synthesized = synthApp((app, stack) => {
      const group = new TerraformVariable(stack, 'group', { type: 'string' });
      new GroupMapping(app, 'text', { idpGroup: 'a ${path.module} %{ if true }', group: 'text' });
      new GroupMapping(app, 'reference', { idpGroup: group.stringValue, group: Fn.lower(group.stringValue) });
      new GroupMapping(app, 'both', { idpGroup: `${group.stringValue} \${path.module}%{x}`, group: 'both' });
    });
    expect(appAttributes(synthesized)['group_mappings']).toEqual({
      text: { idp_group: 'a $${path.module} %%{ if true }', group: 'text' },
      both: { idp_group: '${var.group} $${path.module}%%{x}', group: 'both' },
      reference: { idp_group: '${var.group}', group: '${lower(var.group)}' },
    });
  });

  test('a list that is known later is taken as it is', () => {
    const synthesized = synth(stack => {
      const names = new TerraformVariable(stack, 'names', { type: 'list(string)' });
      const app = new ScimApp(stack, 'okta', {
        identityProvider: IdentityProvider.OKTA,
        people: { sharedWith: names.listValue },
      });
      new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE, scopes: names.listValue as never });
    });
    expect(appAttributes(synthesized)).toMatchObject({
      people: { shared_with: '${var.names}' },
      tokens: { primary: { scopes: '${var.names}' } },
    });
  });

  test('the base URL for the identity provider is an output', () => {
    const { stack } = synthApp((app, scope) => new TerraformOutput(scope, 'scim_base_url', { value: app.scimBaseUrl }));
    expect(stack.output).toEqual({ scim_base_url: { value: '${coderscim_app.okta_E0A11D3B.scim_base_url}' } });
  });

  test('without the provider, a null_resource carries the document and runs no shell', () => {
    const { stack } = synthApp((app, scope) => new TerraformOutput(scope, 'url', { value: app.scimBaseUrl }), {
      delivery: MappingDelivery.nullResource({ url: 'http://10.0.0.5:8399', publicUrl: 'https://scim.example.com/' }),
    });
    const [carrier] = Object.values(stack.resource?.['null_resource'] ?? {});
    const triggers = carrier?.['triggers'] as Record<string, string>;
    expect(parseMappingState(JSON.parse(triggers['CODER_SCIM_MAPPING_STATE'] ?? ''))).toMatchObject({ app: 'okta' });
    expect(carrier?.['provisioner']).toMatchObject([
      { 'local-exec': { interpreter: ['node', '${path.module}/coder-scim/deploy-step.js'], command: 'apply' } },
    ]);
    expect(stack.provider).toEqual({ null: [{}] });
    expect(stack.output).toEqual({ url: { value: 'https://scim.example.com/apps/okta/scim/v2' } });
  });

  test('the admin credential is a reference and can not be a literal', () => {
    const { files } = synth(stack => {
      const token = new TerraformVariable(stack, 'admin_token', { type: 'string', sensitive: true });
      const provider = new CoderScimProvider(stack, 'bridge', {
        url: 'http://127.0.0.1:8399',
        adminToken: token.stringValue,
      });
      const app = new ScimApp(stack, 'okta', {
        identityProvider: IdentityProvider.OKTA,
        delivery: MappingDelivery.provider({ provider }),
      });
      new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
    });
    expect(files['stacks/coder/cdk.tf.json']).toContain('"admin_token": "${var.admin_token}"');
    expect(() => synth(stack => new CoderScimProvider(stack, 'bridge', { adminToken: 'hunter2' }))).toThrow(
      /coder\/bridge: adminToken is a literal.*sensitive TerraformVariable/,
    );
  });
});

describe('the provider of a stack', () => {
  test.each([
    ['before its apps', true],
    ['after its apps', false],
  ])('is one, declared %s, in a construct of its own', (_when, first) => {
    class Platform extends Construct {
      constructor(scope: Construct) {
        super(scope, 'platform');
        new CoderScimProvider(this, 'bridge', {
          url: 'https://scim.example.com',
          waitSeconds: 5,
          caFile: '/etc/ca.pem',
        });
      }
    }
    const { stack } = synth(scope => {
      if (first) new Platform(scope);
      const app = new ScimApp(scope, 'okta', { identityProvider: IdentityProvider.OKTA });
      new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
      if (!first) new Platform(scope);
    });
    expect(stack.provider).toEqual({
      coderscim: [{ url: 'https://scim.example.com', wait_seconds: 5, ca_file: '/etc/ca.pem' }],
    });
  });

  test('with an alias, one app name may be at two bridges', () => {
    const { stack } = synth(scope => {
      for (const region of ['eu', 'us']) {
        const provider = new CoderScimProvider(scope, `bridge-${region}`, {
          alias: region,
          url: `https://scim-${region}.example.com`,
        });
        const app = new ScimApp(scope, `okta-${region}`, {
          identityProvider: IdentityProvider.OKTA,
          name: 'okta',
          delivery: MappingDelivery.provider({ provider }),
        });
        new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
      }
    });
    expect(Object.values(stack.resource?.['coderscim_app'] ?? {}).map(app => [app['name'], app['provider']])).toEqual([
      ['okta', 'coderscim.eu'],
      ['okta', 'coderscim.us'],
    ]);
  });
});

describe('what others build on', () => {
  test('escape hatches of the resource, dependencies on the app, timeouts and protection', () => {
    const { stack } = synthApp(
      (app, scope) => {
        app.resource?.addOverride('lifecycle.prevent_destroy', true);
        app.resource?.importFrom('okta');
        new DataResource(scope, 'after', { dependsOn: [app] });
      },
      { deletionProtection: false, timeouts: { delete: '30m' } },
    );
    const [[id, attributes] = ['', {}]] = Object.entries(stack.resource?.['coderscim_app'] ?? {});
    expect(attributes).toMatchObject({
      lifecycle: { prevent_destroy: true },
      deletion_protection: false,
      timeouts: { delete: '30m' },
    });
    expect(stack.import).toEqual([{ id: 'okta', to: `coderscim_app.${id}` }]);
    expect(Object.values(stack.resource?.['terraform_data'] ?? {})).toMatchObject([
      { depends_on: [`coderscim_app.${id}`] },
    ]);
  });

  test('the resource alone, as a typed binding', () => {
    const { stack } = synth(scope => {
      new ScimAppResource(scope, 'raw', {
        name: 'raw',
        provider: new CoderScimProvider(scope, 'bridge'),
        groupMappings: { developers: { idpGroup: 'devs', group: 'developers' } },
        lifecycle: { preventDestroy: true },
      });
    });
    expect(stack.resource?.['coderscim_app']).toEqual({
      raw: expect.objectContaining({
        name: 'raw',
        group_mappings: { developers: { idp_group: 'devs', group: 'developers' } },
        lifecycle: { prevent_destroy: true },
      }),
    });
  });

  test('an app that is declared elsewhere is looked up', () => {
    const { stack } = synth(scope => {
      const app = ScimApp.fromName(scope, 'okta', { name: 'okta' });
      new TerraformOutput(scope, 'url', { value: app.scimBaseUrl });
    });
    const [id] = Object.keys(stack.data?.['coderscim_status'] ?? {});
    expect(stack.output).toEqual({ url: { value: `\${data.coderscim_status.${id}.apps["okta"].scim_base_url}` } });
    expect(stack.resource).toBeUndefined();
  });

  test('the digest of a token from a sensitive variable', () => {
    const declare = (sensitive: boolean, config: Partial<ScimAppConfig> = {}) =>
      synthApp((app, scope) => {
        const secret = new TerraformVariable(scope, 'scim_token', { type: 'string', sensitive });
        ScimToken.fromSecret(app, 'second', { secret, expiresAt: FAR_FUTURE });
      }, config);
    expect(appAttributes(declare(true))['tokens']).toMatchObject({
      second: { digest: '${provider::coderscim::token_digest(var.scim_token)}' },
    });
    expect(() => declare(false)).toThrow(/coder\/okta\/second: variable "scim_token" is not sensitive/);
    const delivery = MappingDelivery.nullResource({ url: 'https://scim.example.com' });
    expect(() => declare(true, { delivery })).toThrow(/the app is delivered by a null_resource: use MappingDelivery/);
  });

  test('the SCIM attributes that give e-mail, username and name are in the document as they are said', () => {
    const employeeNumber = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';
    const attributes = { email: 'emails[type eq "work"].value', username: employeeNumber } as const;
    expect(appAttributes(synthApp(() => undefined, { attributes }))['attributes']).toEqual(attributes);
    expect(appAttributes(synthApp(() => undefined))).not.toHaveProperty('attributes');
    let carried: unknown;
    synthApp(app => (carried = app.mappingState.attributes), {
      attributes,
      delivery: MappingDelivery.nullResource({ url: 'https://scim.example.com' }),
    });
    expect(carried).toEqual(attributes);
    expect(() => synthApp(() => undefined, { attributes: { email: 'mail' } })).toThrow(
      /okta: attributes\.email: attribute "mail": wanted "primary", "userName", .*emails\[type eq "work"\]\.value/,
    );
  });

  test('an OAuth client: its name is its client id, and the token URL is beside the base URL', () => {
    const digest = `sha256:${'cd'.repeat(32)}`;
    let id: string | undefined;
    const declare = (config: Partial<ScimAppConfig> = {}) =>
      synthApp((app, scope) => {
        const client = new ScimOAuthClient(app, 'ping', { digest, expiresAt: FAR_FUTURE, scopes: ['users:read'] });
        id = client.clientId;
        new TerraformOutput(scope, 'token_url', { value: app.oauthTokenUrl });
      }, config);
    const { stack, ...rest } = declare();
    expect(appAttributes({ stack, ...rest })['oauth_clients']).toEqual({
      ping: { digest, expires_at: FAR_FUTURE, scopes: ['users:read'] },
    });
    expect(id).toBe('ping');
    const [resource] = Object.keys(stack.resource?.['coderscim_app'] ?? {});
    expect(stack.output).toEqual({
      token_url: { value: `\${replace(coderscim_app.${resource}.scim_base_url, "/scim/v2", "/oauth2/token")}` },
    });
    const delivery = MappingDelivery.nullResource({ url: 'https://scim.example.com' });
    expect(declare({ delivery }).stack.output).toEqual({
      token_url: { value: 'https://scim.example.com/apps/okta/oauth2/token' },
    });
  });

  test('an OAuth client is enough for an app, and its digest may be made of a sensitive variable', () => {
    const synthesized = synth(scope => {
      const app = new ScimApp(scope, 'ping', { identityProvider: IdentityProvider.PING });
      const secret = new TerraformVariable(scope, 'client_secret', { type: 'string', sensitive: true });
      ScimOAuthClient.fromSecret(app, 'main', { secret, expiresAt: FAR_FUTURE });
    });
    expect(appAttributes(synthesized)['oauth_clients']).toEqual({
      main: {
        digest: '${provider::coderscim::client_secret_digest(var.client_secret)}',
        expires_at: FAR_FUTURE,
      },
    });
  });

  test('the id of a Coder group, for a template, and not where nobody knows it', () => {
    const { stack } = synthApp((app, stack) => {
      const gpu = new GroupMapping(app, 'gpu', { idpGroup: 'gpu', group: 'gpu', quotaAllowance: 20 });
      new TerraformOutput(stack, 'gpu', { value: gpu.groupId, staticId: true });
    });
    const [[id, attributes] = ['', {}]] = Object.entries(stack.resource?.['coderscim_app'] ?? {});
    expect(stack.output?.['gpu']).toEqual({ value: `\${coderscim_app.${id}.group_ids["gpu"]}` });
    expect(attributes['group_mappings']).toEqual({
      gpu: { idp_group: 'gpu', group: 'gpu', quota_allowance: 20 },
    });
    expect(() =>
      synthApp(app => void new GroupMapping(app, 'gpu', { idpGroup: 'gpu', group: 'gpu' }).groupId, {
        delivery: MappingDelivery.nullResource({ url: 'https://scim.example.com' }),
      }),
    ).toThrow(/coder\/okta\/gpu: the id of the Coder group is known to the provider alone/);
  });

  test('an Aspect reads who gives what', () => {
    let seen: unknown[] = [];
    synthApp(app => {
      new GovernedAccess(app, 'access', { auditors: false });
      new OrganizationMapping(app, 'all', { idpGroupExternalId: '00g1', organization: 'research' });
      seen = app.mappings.map(mapping => [
        mapping.node.id,
        mapping.idpGroup ?? mapping.idpGroupExternalId,
        mapping instanceof RoleMapping ? mapping.role.name : mapping.organization,
      ]);
      expect(app.identityProvider).toBe(IdentityProvider.OKTA);
    });
    expect(seen).toEqual([
      ['admins', 'coder-admins', 'owner'],
      ['platform', 'coder-platform', 'template-admin'],
      ['developers', 'coder-developers', 'member'],
      ['developers-group', 'coder-developers', undefined],
      ['all', '00g1', 'research'],
    ]);
  });

  test('an expired token is a warning: an urgent removal is not in its way', () => {
    let warnings: unknown[] = [];
    synthApp(app => {
      const digest = `sha256:${'cd'.repeat(32)}`;
      const old = new ScimToken(app, 'old', { digest, expiresAt: '2020-01-01T00:00:00Z' });
      const client = new ScimOAuthClient(app, 'gone', {
        digest: `sha256:${'ef'.repeat(32)}`,
        expiresAt: '2020-01-01T00:00:00Z',
      });
      expect(client.node.metadata.map(({ data }) => String(data))).toEqual([
        expect.stringContaining('create another with `coder-scim oauth-client create`'),
      ]);
      warnings = old.node.metadata.filter(({ type }) => type === '@cdktf/warn').map(({ data }) => data as unknown);
    });
    expect(warnings).toEqual([expect.stringMatching(/has expired at 2020-01-01T00:00:00Z, the bridge refuses it/)]);
  });
});

describe('mistakes are caught at synth', () => {
  const cases: [string, (app: ScimApp) => void, RegExp][] = [
    [
      'an organization role without organization',
      app => new RoleMapping(app, 'x', { idpGroup: 'a', role: CoderRole.ORGANIZATION_ADMIN }),
      /role mapping "coder\/okta\/x": "organization-admin" is a role in an organization/,
    ],
    [
      'a site role with organization',
      app => new RoleMapping(app, 'x', { idpGroup: 'a', role: CoderRole.OWNER, organization: 'research' }),
      /"owner" is a site role and has no organization/,
    ],
    [
      'an unknown organization role',
      app =>
        new RoleMapping(app, 'x', {
          idpGroup: 'a',
          role: CoderRole.custom('organization-boss'),
          organization: 'default',
        }),
      /coder\/okta\/x: role: unknown organization role "organization-boss": wanted one of organization-admin/,
    ],
    [
      'a mapping declared twice',
      app =>
        [1, 2].forEach(n => new RoleMapping(app, `x${n}`, { idpGroup: n === 1 ? 'A' : 'a', role: CoderRole.OWNER })),
      /coder\/okta\/x2: says the same as "x1"/,
    ],
    [
      'no group',
      app => new GroupMapping(app, 'x', { group: 'eng' }),
      /coder\/okta\/x: names no group: wanted exactly one of idpGroup and idpGroupExternalId/,
    ],
    [
      'two groups',
      app => new GroupMapping(app, 'x', { group: 'eng', idpGroup: 'a', idpGroupExternalId: 'b' }),
      /coder\/okta\/x: names a group twice/,
    ],
    [
      'a group name that Coder refuses',
      app => new GroupMapping(app, 'x', { idpGroup: 'a', group: 'my group' }),
      /coder\/okta\/x: group: group name "my group" is refused by Coder: wanted 1 to 255 letters/,
    ],
    [
      'a reserved group name',
      app => new GroupMapping(app, 'x', { idpGroup: 'a', group: 'Everyone' }),
      /"Everyone" is reserved by Coder/,
    ],
    [
      'two groups that differ in case alone',
      app => ['eng', 'ENG'].forEach(group => new GroupMapping(app, group, { idpGroup: `idp-${group}-1`, group })),
      /coder\/okta\/eng: group: "eng" and "ENG" of group mapping "ENG" differ in case alone/,
    ],
    [
      'a display name that Coder refuses',
      app => new GroupMapping(app, 'x', { idpGroup: 'a', group: 'a', displayName: ' x' }),
      /display name " x" is refused by Coder/,
    ],
    [
      'a reserved role name',
      app => new CustomRole(app, 'x', { name: 'auditor', permissions: [{ resourceType: 'template', action: 'read' }] }),
      /coder\/okta\/x: name: role name "auditor" is reserved/,
    ],
    [
      'a wildcard permission',
      app => new CustomRole(app, 'x', { name: 'x', permissions: [{ resourceType: 'template', action: '*' }] }),
      /coder\/okta\/x: permissions\[0\]\.action: is "\*": wanted an action such as "read"; Coder refuses wildcards/,
    ],
    [
      'a permission that takes',
      app =>
        new CustomRole(app, 'x', {
          name: 'x',
          permissions: [{ resourceType: 'template', action: 'read', negate: true }],
        }),
      /coder\/okta\/x: permissions\[0\]\.negate: true is refused by Coder/,
    ],
    [
      'a secret in place of its digest',
      app => new ScimToken(app, 'bad', { digest: `cscim_0123456789ab_${'7'.repeat(64)}_01`, expiresAt: FAR_FUTURE }),
      /coder\/okta\/bad: digest: this is the secret, not its digest: .*revoke it/,
    ],
    [
      'a role that Coder brings, as a custom one',
      app => new RoleMapping(app, 'x', { idpGroup: 'a', role: CoderRole.custom('owner') }),
      /CoderRole\.custom\("owner"\): Coder brings this role itself, it is no custom one: use CoderRole\.OWNER/,
    ],
    [
      'two apps of one name',
      app => {
        const twin = new ScimApp(TerraformStack.of(app), 'twin', {
          identityProvider: IdentityProvider.OKTA,
          name: 'okta',
        });
        new ScimToken(twin, 'primary', { digest: `sha256:${'cd'.repeat(32)}`, expiresAt: FAR_FUTURE });
      },
      /coder\/twin: "okta" is the name of app coder\/okta already/,
    ],
    [
      'one digest in two apps',
      app => {
        const other = new ScimApp(TerraformStack.of(app), 'entra', { identityProvider: IdentityProvider.ENTRA });
        new ScimToken(other, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
      },
      /coder\/entra\/primary: has the digest of coder\/okta\/primary; a token says which app calls/,
    ],
    [
      'one digest for two tokens',
      app => new ScimToken(app, 'second', { digest: DIGEST, expiresAt: FAR_FUTURE }),
      /is the digest of token "primary" too/,
    ],
  ];
  test.each(cases)('%s', (_name, declare, message) => {
    expect(() => synthApp(declare)).toThrow(message);
  });

  test.each([
    ['scim.example.com', /url is "scim\.example\.com": wanted the base URL of the bridge/],
    ['https://me:secret@scim.example.com', /url has a credential inside/],
    ['https://scim.example.com/apps/okta/scim/v2', /leave out "\/apps\/okta\/scim\/v2"/],
  ])('an address that is none: %s', (url, message) => {
    expect(() => synth(stack => new CoderScimProvider(stack, 'bridge', { url }))).toThrow(message);
    expect(() => synthApp(() => undefined, { delivery: MappingDelivery.nullResource({ url }) })).toThrow(message);
  });

  test('a wait that Terraform could not keep', () => {
    expect(() => synthApp(() => undefined, { timeouts: { create: '1m', delete: '5 minutes' } })).toThrow(
      /coder\/okta\/Resource: timeouts\.delete is no duration: got "5 minutes", wanted one such as "30s"/,
    );
    expect(() => synth(stack => new CoderScimProvider(stack, 'bridge', { waitSeconds: -1 }))).toThrow(
      /coder\/bridge: waitSeconds is -1: wanted 0 or more/,
    );
  });

  test('a document that is too long for a null_resource', () => {
    expect(() =>
      synthApp(
        app => {
          for (let n = 0; n < 1_500; n++)
            new GroupMapping(app, `mapping-${n}`, { idpGroup: `group-${n}-${'x'.repeat(40)}`, group: `group-${n}` });
        },
        { delivery: MappingDelivery.nullResource({ url: 'https://scim.example.com' }) },
      ),
    ).toThrow(/coder\/okta: the document has \d+ bytes, more than the 131072 .*use MappingDelivery\.provider\(\)/);
  });

  test('two providers without alias', () => {
    expect(() =>
      synth(stack => {
        new CoderScimProvider(stack, 'one');
        new CoderScimProvider(stack, 'two');
      }),
    ).toThrow(/coder\/two: the stack has a provider without alias already, coder\/one/);
  });

  test('an app without a token', () => {
    expect(() => synth(stack => new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA }))).toThrow(
      /coder\/okta: has no token/,
    );
  });

  test('an app name that is no part of a URL', () => {
    expect(() => synthApp(() => undefined, { name: 'My App' })).toThrow(
      /coder\/okta: app: app name "My App": wanted lower-case letters/,
    );
  });

  test('an unknown identity provider', () => {
    expect(() => IdentityProvider.custom('octa')).toThrow(
      /unknown identity provider "octa": wanted one of generic, okta/,
    );
  });

  test('a mapping outside of an app', () => {
    expect(() => synth(stack => new GroupMapping(stack, 'x', { idpGroup: 'a', group: 'a' }))).toThrow(
      /coder\/x: is not part of a SCIM app/,
    );
  });

  test('all of them at once', () => {
    expect(() =>
      synthApp(app => {
        new GroupMapping(app, 'one', { idpGroup: 'a', group: 'new' });
        new GroupMapping(app, 'two', { idpGroup: 'b', group: 'create' });
      }),
    ).toThrow(/coder\/okta\/one[^]*coder\/okta\/two/);
  });
});
