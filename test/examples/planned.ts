/** An example, synthesized as a user does and planned by real Terraform, against the bridge's admin API and doubles of other providers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bundleProgram, Terraform } from '../support/terraform';

const ROOT = resolve(__dirname, '../..');

export interface Planned {
  readonly terraform: Terraform;
  /** What doubles of other providers made so far: `create coderd_template {…}`. */
  made(): string[];
  remove(): void;
}

/** @param double of another provider: name of the program, source and version of what it stands in for */
export async function synthesizeExample(
  example: string,
  environment: NodeJS.ProcessEnv,
  double?: { name: string; source: string; version: string },
): Promise<Planned> {
  // Terraform's state stands where the program is started.
  const home = mkdtempSync(join(tmpdir(), 'coder-scim-example-'));
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const program = [tsx, '--tsconfig', join(ROOT, 'tsconfig.json'), join(ROOT, 'examples', example, 'main.ts')];
  const outdir = join(home, 'cdktf.out');
  await promisify(execFile)(process.execPath, program, {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, CDKTF_OUTDIR: outdir, ...environment },
  });
  const [stack = ''] = readdirSync(join(outdir, 'stacks'));
  const log = join(home, 'double.log');
  const terraform = new Terraform(join(outdir, 'stacks', stack), { ...environment, PROVIDER_DOUBLE_LOG: log });
  if (double !== undefined) {
    const file = join(home, 'double');
    bundleProgram(`test/support/provider-doubles/${double.name}.ts`, file);
    terraform.install(`registry.terraform.io/${double.source}`, double.version, file);
  }
  return {
    terraform,
    made: () => readFileSync(log, 'utf8').trim().split('\n'),
    remove: () => {
      terraform.remove();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
