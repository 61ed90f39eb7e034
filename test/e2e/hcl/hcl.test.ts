/** `cdktf synth --hcl`: the way out of an archived tool has to carry the whole declaration. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { installNullProvider } from '../../support/null-provider/install';
import { Terraform, terraformBinary } from '../../support/terraform';
import { expectCode, said } from '../../provider/stage';

const ROOT = resolve(__dirname, '../../..');
const major = Number(process.versions.node.split('.')[0]);

/** The command line of cdktf 0.21 does not start on Node 23 and newer. */
(major <= 22 ? describe : describe.skip)('a stack as HCL', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'cdktf-hcl-'));
    const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
    const app = [process.execPath, tsx, '--tsconfig', join(ROOT, 'tsconfig.json'), join(__dirname, 'stack.ts')];
    writeFileSync(
      join(home, 'cdktf.json'),
      JSON.stringify({ language: 'typescript', app: app.join(' '), projectId: 'test', sendCrashReports: 'false' }),
    );
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** Synthesizes and plans; returns what the plan would make, and the text of the stack. */
  async function plan(file: string, ...options: string[]): Promise<{ text: string; planned: unknown }> {
    const output = join(home, file);
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'node_modules/cdktf-cli/bundle/bin/cdktf.js'), 'synth', ...options, '--output', output],
      {
        cwd: home,
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          CDKTF_HOME: home,
          CI: '1',
          CHECKPOINT_DISABLE: '1',
          DISABLE_VERSION_CHECK: 'true',
          TERRAFORM_BINARY_NAME: terraformBinary(),
        },
      },
    );
    const terraform = new Terraform(join(output, 'stacks', 'access'), { CODER_SCIM_ADMIN_TOKEN: 'not-asked-for' });
    try {
      installNullProvider(terraform);
      expectCode(await terraform.init(), 0);
      // Without a warning either: it would be there for as long as the text is.
      expect(said(expectCode(await terraform.validate(), 0).output).trim()).toBe(
        'Success! The configuration is valid.',
      );
      expectCode(await terraform.plan(), 2);
      const { stdout } = await terraform.run('show', '-json', 'plan.tfplan');
      const { planned_values: planned } = JSON.parse(stdout) as { planned_values: unknown };
      return { text: readFileSync(join(terraform.folder, file), 'utf8'), planned };
    } finally {
      terraform.remove();
    }
  }

  test('validates, and plans exactly what the JSON does', async () => {
    const json = await plan('cdk.tf.json');
    const hcl = await plan('cdk.tf', '--hcl');
    expect(hcl.text).toMatch(/resource "coderscim_app" "okta_\w+" \{[^]*idp_group\s+= "coder-platform"/);
    expect(hcl.planned).toEqual(json.planned);
    expect(JSON.stringify(hcl.planned)).toContain('the \\"admins\\" \\\\d $(id) ${path.module} %{x}\\nof all');
  });
});
