/** Both sides of the wire in one stack: Terraform with our provider, the bridge's admin API, and a double of azuread. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import { mintToken } from '../../bridge/scim/access/token';
import {
  CoderRole,
  CoderScimProvider,
  EntraProvisioning,
  GroupMapping,
  IdentityProvider,
  RoleMapping,
  ScimApp,
  ScimToken,
} from '../../constructs';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { expectCode } from '../provider/stage';
import { bundleProgram, Terraform } from '../support/terraform';

jest.setTimeout(120_000);

const FAR_FUTURE = '2099-01-01T00:00:00Z';

test('application, secret, groups and job come in order, and go in the reverse', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-entra-'));
  const api = await AdminApi.start();
  const { token, digest } = mintToken();
  const log = join(folder, 'azuread.log');
  const terraform = new Terraform(join(folder, 'stacks', 'access'), {
    CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN,
    TF_VAR_scim_token: token,
    AZUREAD_DOUBLE_LOG: log,
  });
  try {
    const tree = new App({ outdir: folder });
    const stack = new TerraformStack(tree, 'access');
    new CoderScimProvider(stack, 'bridge', { url: api.url });
    const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
    const app = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA });
    ScimToken.fromSecret(app, 'primary', { secret, expiresAt: FAR_FUTURE });
    const entra = new EntraProvisioning(app, 'provisioning', {
      displayName: 'Coder',
      secret,
      furtherGroups: { pilot: 'object-of-pilot' },
    });
    new RoleMapping(app, 'admins', { idpGroup: 'Coder ${path.module} Admins', role: CoderRole.OWNER });
    new GroupMapping(app, 'gpu', { idpGroupExternalId: entra.objectIdOf('Research GPU'), group: 'gpu' });
    new GroupMapping(app, 'known', { idpGroupExternalId: '11111111-2222-3333-4444-555555555555', group: 'known' });
    tree.synth();

    const double = join(folder, 'azuread-double');
    bundleProgram('test/support/azuread-double/main.ts', double);
    terraform.install('registry.terraform.io/hashicorp/azuread', '3.7.0', double);
    expectCode(await terraform.init(), 0);
    const plan = expectCode(await terraform.plan(), 2);
    expect(plan.stdout).not.toContain(token);
    expectCode(await terraform.applyPlan(), 0);

    const { state } = await api.client.getApp('entra');
    expect(state.tokens['primary']?.digest).toBe(digest);
    expect(state.groupMappings['gpu']?.idpGroupExternalId).toBe('object-of-Research GPU');
    const made = readFileSync(log, 'utf8').trim().split('\n');
    const kinds = made.map(line => line.split(' ')[1]);
    expect(kinds.at(0)).toBe('application_from_template');
    expect(kinds.at(-1)).toBe('synchronization_job');
    const secretLine = made.find(line => line.startsWith('create synchronization_secret')) ?? '';
    expect(secretLine).toContain(
      '{"key":"BaseAddress","value":"https://scim.example.test/apps/entra/scim/v2?aadOptscim062020"}',
    );
    expect(secretLine).toContain(`{"key":"SecretToken","value":"${token}"}`);
    const assigned = made.filter(line => line.startsWith('create app_role_assignment'));
    expect(assigned.map(line => /"principal_object_id":"([^"]*)"/.exec(line)?.[1]).sort()).toEqual([
      '11111111-2222-3333-4444-555555555555',
      'object-of-Coder ${path.module} Admins',
      'object-of-Research GPU',
      'object-of-pilot',
    ]);
    for (const line of assigned) expect(line).toContain('"app_role_id":"role-user"');
    expectCode(await terraform.plan(), 0);

    expectCode(await terraform.destroy(), 0);
    const gone = readFileSync(log, 'utf8').trim().split('\n').slice(made.length);
    expect(gone[0]).toBe('delete synchronization_job');
    expect((await api.client.listApps()).apps).toEqual([]);
  } finally {
    terraform.remove();
    rmSync(folder, { recursive: true, force: true });
    await api.stop();
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
