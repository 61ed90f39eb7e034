/** What users of cdktf know of every resource, on an app and with real Terraform: moves, imports, lifecycle, overrides, dependencies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, DataResource, LocalBackend, TerraformStack } from 'cdktf';
import { CoderRole, CoderScimProvider, IdentityProvider, RoleMapping, ScimApp, ScimToken } from '../../constructs';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { expectCode, said } from '../provider/stage';
import { Terraform } from '../support/terraform';
import { DIGEST, FAR_FUTURE } from './synth';

let api: AdminApi;
let folder: string;
let terraform: Terraform;
beforeEach(async () => {
  api = await AdminApi.start();
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-hatches-'));
  terraform = new Terraform(join(folder, 'stacks', 'coder'), { CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
});
afterEach(async () => {
  terraform.remove();
  rmSync(folder, { recursive: true, force: true });
  await api.stop();
});

async function synth(id: string, further: (app: ScimApp) => void = () => undefined): Promise<void> {
  const tree = new App({ outdir: folder });
  const stack = new TerraformStack(tree, 'coder');
  new LocalBackend(stack, { path: 'terraform.tfstate' });
  new CoderScimProvider(stack, 'bridge', { url: api.url });
  const before = new DataResource(stack, 'before');
  const app = new ScimApp(stack, id, {
    name: 'okta',
    identityProvider: IdentityProvider.OKTA,
    dependsOn: [before],
  });
  new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
  new RoleMapping(app, 'admins', { idpGroup: 'coder-admins', role: CoderRole.OWNER });
  new DataResource(stack, 'after', { dependsOn: [app] });
  further(app);
  tree.synth();
  expectCode(await terraform.init(), 0);
}

test('an app comes after what it depends on, and before what depends on it', async () => {
  await synth('okta');
  const { stdout } = expectCode(await terraform.apply(), 0);
  const at = (text: RegExp): number => stdout.search(text);
  expect(at(/terraform_data\.before: Creation complete/)).toBeLessThan(at(/coderscim_app\.okta\w*: Creating/));
  expect(at(/coderscim_app\.okta\w*: Creation complete/)).toBeLessThan(at(/terraform_data\.after: Creating/));
});

test('a construct that is renamed takes its app along by moveFromId', async () => {
  await synth('okta');
  expectCode(await terraform.apply(), 0);
  const { stdout: list } = await terraform.run('state', 'list');
  const former = list.split('\n').find(line => line.startsWith('coderscim_app.')) ?? '';
  await synth('workforce', app => app.resource?.moveFromId(former));
  const { stdout } = expectCode(await terraform.plan(), 2);
  expect(stdout).toContain(`${former} has moved to coderscim_app.workforce`);
  expect(stdout).toContain('Plan: 0 to add, 0 to change, 0 to destroy.');
  expectCode(await terraform.applyPlan(), 0);
  expect((await api.client.getApp('okta')).generation).toBe(1);
  expectCode(await terraform.plan(), 0);
});

test('an app that is there already is taken over by importFrom', async () => {
  await synth('okta');
  expectCode(await terraform.apply(), 0);
  expectCode(await terraform.run('state', 'rm', '-backup=-', 'coderscim_app.okta_E0A11D3B'), 0);
  await synth('okta', app => app.resource?.importFrom('okta'));
  expect(expectCode(await terraform.plan(), 2).stdout).toContain('Plan: 1 to import, 0 to add, 0 to change');
  expectCode(await terraform.applyPlan(), 0);
  expect((await api.client.getApp('okta')).generation).toBe(1);
});

test('lifecycle and overrides hold: what is ignored is left alone, what is protected stays', async () => {
  await synth('okta', app => {
    app.resource?.addOverride('lifecycle', { prevent_destroy: true, ignore_changes: ['role_mappings'] });
    app.resource?.addOverride('guard.min_owners', 2);
  });
  expectCode(await terraform.apply(), 0);
  const { state, generation } = await api.client.getApp('okta');
  expect(state.guard.minOwners).toBe(2);
  await api.client.putApp({ ...state, roleMappings: {} }, { generation });
  expectCode(await terraform.plan(), 0);
  expect(said(expectCode(await terraform.destroy(), 1).output)).toContain('lifecycle.prevent_destroy set');
});
