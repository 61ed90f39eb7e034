/** The example in plain HCL, planned by real Terraform with the provider of this repository. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mintToken } from '../../bridge/scim/access/token';
import { expectCode, said, useStage } from '../provider/stage';

const stage = useStage();
const EXAMPLE = resolve(__dirname, '../../examples/hcl/main.tf');

test('everything that the document shows is valid', async () => {
  const document = readFileSync(resolve(__dirname, '../../docs/terraform.md'), 'utf8');
  const shown = Array.from(document.matchAll(/^```terraform\n([^]*?)^```$/gm), ([, text = '']) => text);
  expect(shown.length).toBeGreaterThan(2);
  const source = readFileSync(EXAMPLE, 'utf8').match(/^terraform \{[^]*?^\}\n/m)?.[0] ?? '';
  for (const text of shown) {
    stage.terraform.write(text.includes(source) ? text : `${source}\n${text}`);
    expectCode(await stage.terraform.init(), 0);
    expect(said(expectCode(await stage.terraform.validate(), 0).output).trim()).toBe(
      'Success! The configuration is valid.',
    );
  }
});

test('deploys, and the token is in neither plan nor state', async () => {
  const { token, digest } = mintToken();
  copyFileSync(EXAMPLE, join(stage.terraform.folder, 'main.tf'));
  stage.terraform.environment['TF_VAR_scim_token'] = token;
  expectCode(await stage.terraform.plan(), 2);
  const plan = await stage.terraform.run('show', '-no-color', 'plan.tfplan');
  expect(plan.stdout).toMatch(/\+ "admins"\s+= \{/);
  expect(plan.stdout).not.toContain(token);
  expectCode(await stage.terraform.applyPlan(), 0);
  expect((await stage.api.client.getApp('okta')).state.tokens['primary']?.digest).toBe(digest);
  expect(readFileSync(join(stage.terraform.folder, 'terraform.tfstate'), 'utf8')).not.toContain(token);
  await stage.isQuiet();

  stage.terraform.environment['TF_VAR_scim_token'] = 'hunter2hunter2';
  const refused = said(expectCode(await stage.terraform.plan(), 1).stderr);
  expect(refused).toContain('is no SCIM token (14 characters, not shown)');
  expect(refused).not.toContain('hunter2');
});
