/** How Terraform finds the provider and starts it, and what a person is told where it can't. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, TerraformStack } from 'cdktf';
import { CoderScimProvider } from '../../constructs';
import { CLI_CONFIG_FILE, PROVIDER_SOURCE } from '../../provider/address';
import { Terraform } from '../support/terraform';
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();

test('where there is no Node, the error says so', async () => {
  stage.write(app());
  stage.terraform.environment['PATH'] = '/nowhere';
  const refused = said(expectCode(await stage.terraform.validate(), 1).stderr);
  expect(refused).toMatch(/coder-scim needs Node\.js [\d.]+ or newer, as node on PATH or named by CODER_SCIM_NODE/);
  stage.terraform.environment['CODER_SCIM_NODE'] = process.execPath;
  expectCode(await stage.terraform.validate(), 0);
});

test('what was compiled of the provider lies in the folder that init makes, and where it can not lie nothing is said', async () => {
  stage.write(app());
  const { folder } = stage.terraform;
  const compiled = join(folder, '.terraform', 'coder-scim-compiled');
  expectCode(await stage.terraform.validate(), 0);
  expect(readdirSync(compiled)).not.toEqual([]);
  rmSync(compiled, { recursive: true });
  writeFileSync(compiled, 'no folder');
  expectCode(await stage.terraform.validate(), 0);
  // What Terraform knows the provider by is as it was.
  expectCode(await stage.terraform.init(), 0);
});

test('a state that was written under another source address goes on after replace-provider', async () => {
  await stage.deploy(app());
  const former = 'terraform.coder-scim.example/coder-scim/coderscim';
  const file = join(stage.terraform.folder, 'terraform.tfstate');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(PROVIDER_SOURCE, former));
  expectCode(await stage.terraform.run('state', 'replace-provider', '-auto-approve', former, PROVIDER_SOURCE), 0);
  await stage.isQuiet();
});

test('a synthesized stack is found from elsewhere by the file that comes with it', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-chdir-'));
  const elsewhere = new Terraform();
  try {
    const tree = new App({ outdir });
    new CoderScimProvider(new TerraformStack(tree, 'access'), 'bridge');
    tree.synth();
    const folder = join(outdir, 'stacks', 'access');
    const config = readFileSync(join(folder, CLI_CONFIG_FILE), 'utf8');
    expect(config).not.toContain(outdir);
    expectCode(await elsewhere.run(`-chdir=${folder}`, 'init', '-input=false', '-no-color'), 1);
    elsewhere.environment['TF_CLI_CONFIG_FILE'] = join(folder, CLI_CONFIG_FILE);
    const found = expectCode(await elsewhere.run(`-chdir=${folder}`, 'init', '-input=false', '-no-color'), 0);
    expect(found.stdout).toContain(`Installed ${PROVIDER_SOURCE}`);
  } finally {
    elsewhere.remove();
    rmSync(outdir, { recursive: true, force: true });
  }
});
