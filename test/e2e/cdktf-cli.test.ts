import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { terraformBinary } from '../support/terraform';
import { type Stage, setStage } from './stage';

const ROOT = resolve(__dirname, '../..');
const major = Number(process.versions.node.split('.')[0]);

/** The command line of cdktf 0.21 does not start on Node 23 and newer; stacks are deployed by plain Terraform there. */
(major <= 22 ? describe : describe.skip)('the quick start by the real cdktf command line', () => {
  let stage: Stage;
  let home: string;
  beforeAll(async () => {
    stage = await setStage();
    home = mkdtempSync(join(tmpdir(), 'cdktf-home-'));
    const program = [
      process.execPath,
      join(ROOT, 'node_modules/tsx/dist/cli.mjs'),
      '--tsconfig',
      join(ROOT, 'tsconfig.json'),
    ];
    const app = [...program, join(ROOT, 'examples/quick-start/main.ts')].join(' ');
    writeFileSync(
      join(home, 'cdktf.json'),
      JSON.stringify({ language: 'typescript', app, projectId: 'test', sendCrashReports: 'false' }),
    );
  });
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true });
    await stage.end();
  });

  function cdktf(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)(
      process.execPath,
      [join(ROOT, 'node_modules/cdktf-cli/bundle/bin/cdktf.js'), ...args, '--output', join(home, 'out')],
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
          CODER_SCIM_URL: stage.bridge.url,
          CODER_SCIM_ADMIN_TOKEN: stage.bridge.adminToken,
        },
      },
    );
  }

  test('deploys, and destroys', async () => {
    const deployed = await cdktf('deploy', '--auto-approve', '--skip-provider-lock');
    expect(deployed.stdout).toContain(`scim_base_url = ${stage.bridge.url}/apps/okta/scim/v2`);
    expect((await stage.bridge.admin.getApp('okta')).state.groupMappings['data-science']).toMatchObject({
      group: 'notebooks',
    });
    await cdktf('destroy', '--auto-approve');
    expect((await stage.bridge.admin.listApps()).apps).toEqual([]);
  });
});
