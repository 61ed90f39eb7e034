/** A stack that was deployed as JSON goes on as the HCL that `cdktf synth --hcl` writes, with the same state. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from '@cdktf/hcl-tools';
import { App, LocalBackend, TerraformStack, TerraformVariable } from 'cdktf';
import { mintSecret } from '../../bridge/scim/access/token';
import {
  CoderScimProvider,
  GovernedAccess,
  IdentityProvider,
  ScimApp,
  ScimOAuthClient,
  ScimToken,
} from '../../constructs';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { expectCode } from '../provider/stage';
import { Terraform } from '../support/terraform';
import { FAR_FUTURE } from './synth';

const secrets = { token: mintSecret('token'), client: mintSecret('clientSecret') };

let api: AdminApi;
let folder: string;
beforeEach(async () => {
  api = await AdminApi.start();
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-hcl-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.stop();
});

async function inTerraform(hclOutput: boolean, work: (terraform: Terraform) => Promise<void>): Promise<void> {
  const outdir = join(folder, hclOutput ? 'hcl' : 'json');
  process.env['SYNTH_HCL_OUTPUT'] = String(hclOutput);
  try {
    const tree = new App({ outdir, hclOutput });
    const stack = new TerraformStack(tree, 'coder');
    new LocalBackend(stack, { path: join(folder, 'terraform.tfstate') });
    new CoderScimProvider(stack, 'bridge', { url: api.url });
    const [token, client] = ['scim_token', 'client_secret'].map(
      id => new TerraformVariable(stack, id, { type: 'string', sensitive: true }),
    ) as [TerraformVariable, TerraformVariable];
    const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
    ScimToken.fromSecret(app, 'primary', { secret: token, expiresAt: FAR_FUTURE });
    ScimOAuthClient.fromSecret(app, 'client', { secret: client, expiresAt: FAR_FUTURE });
    new GovernedAccess(app, 'access');
    tree.synth();
  } finally {
    delete process.env['SYNTH_HCL_OUTPUT'];
  }
  if (hclOutput) {
    // What `cdktf synth --hcl` does to each file, and the constructs by themselves do not.
    const file = join(outdir, 'stacks', 'coder', 'cdk.tf');
    writeFileSync(file, await format(readFileSync(file, 'utf8')));
  }
  const terraform = new Terraform(join(outdir, 'stacks', 'coder'), {
    CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN,
    TF_VAR_scim_token: secrets.token.text,
    TF_VAR_client_secret: secrets.client.text,
  });
  try {
    expectCode(await terraform.init(), 0);
    await work(terraform);
  } finally {
    terraform.remove();
  }
}

test('digests that Terraform makes of variables are the same in JSON and in HCL', async () => {
  await inTerraform(false, async terraform => {
    expectCode(await terraform.apply(), 0);
  });
  await inTerraform(true, async terraform => {
    expectCode(await terraform.validate(), 0);
    expectCode(await terraform.plan(), 0);
  });
});
