/** Both sides of the wire in one stack: Terraform with our provider, the bridge's admin API, and a double of another provider. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, LocalBackend, TerraformStack, TerraformVariable } from 'cdktf';
import { mintToken } from '../../bridge/scim/access/token';
import { CoderScimProvider, type IdentityProvider, ScimApp, ScimToken } from '../../constructs';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { expectCode } from '../provider/stage';
import { bundleProgram, Terraform } from '../support/terraform';

/** One line of what a double made: `create`, the resource, what it was given. */
export interface Made {
  readonly verb: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export class TwoSides {
  readonly token = mintToken();
  private readonly folder = mkdtempSync(join(tmpdir(), 'coder-scim-sides-'));
  readonly terraform = new Terraform(join(this.folder, 'stacks', 'access'), {
    CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN,
    TF_VAR_scim_token: this.token.token,
    PROVIDER_DOUBLE_LOG: join(this.folder, 'double.log'),
  });
  private seen = 0;

  private constructor(readonly api: AdminApi) {}

  /** @param double name of the program, and source and version of what it stands in for */
  static async open(double: { name: string; source: string; version: string }): Promise<TwoSides> {
    const sides = new TwoSides(await AdminApi.start());
    const file = join(sides.folder, 'double');
    bundleProgram(`test/support/provider-doubles/${double.name}.ts`, file);
    sides.terraform.install(`registry.terraform.io/${double.source}`, double.version, file);
    return sides;
  }

  /** Synthesizes a stack with one app, whose token is a variable. */
  synth(identityProvider: IdentityProvider, declare: (app: ScimApp, secret: TerraformVariable) => void): void {
    const tree = new App({ outdir: this.folder });
    const stack = new TerraformStack(tree, 'access');
    new LocalBackend(stack, { path: 'terraform.tfstate' });
    new CoderScimProvider(stack, 'bridge', { url: this.api.url });
    const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
    const app = new ScimApp(stack, identityProvider.name, { identityProvider });
    ScimToken.fromSecret(app, 'primary', { secret, expiresAt: '2099-01-01T00:00:00Z' });
    declare(app, secret);
    tree.synth();
  }

  /** What `declare` adds, applied; then there is nothing to do. */
  async deploy(
    identityProvider: IdentityProvider,
    declare: (app: ScimApp, secret: TerraformVariable) => void,
  ): Promise<Made[]> {
    this.synth(identityProvider, declare);
    expectCode(await this.terraform.init(), 0);
    expect(expectCode(await this.terraform.plan(), 2).stdout).not.toContain(this.token.token);
    expectCode(await this.terraform.applyPlan(), 0);
    expectCode(await this.terraform.plan(), 0);
    return this.made();
  }

  /** What the double made since this was asked last, in order. */
  made(): Made[] {
    const log = this.terraform.environment['PROVIDER_DOUBLE_LOG'] ?? '';
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    const made = lines.slice(this.seen).map((line): Made => {
      const [verb = '', type = '', ...values] = line.split(' ');
      return { verb, type, values: JSON.parse(values.join(' ')) as Made['values'] };
    });
    this.seen = lines.length;
    return made;
  }

  async close(): Promise<void> {
    this.terraform.remove();
    rmSync(this.folder, { recursive: true, force: true });
    await this.api.stop();
  }
}

/** Values of one argument of everything that was made of a type, sorted. */
export function valuesOf(made: readonly Made[], type: string, argument: string): unknown[] {
  return made
    .filter(one => one.verb === 'create' && one.type === type)
    .map(({ values }) => values[argument])
    .sort();
}

/** Text of a stack as `cdktf synth --hcl` writes it. */
export function hclOf(declare: (stack: TerraformStack) => void): string {
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-hcl-'));
  process.env['SYNTH_HCL_OUTPUT'] = 'true';
  try {
    const tree = new App({ outdir, hclOutput: true, skipValidation: true });
    declare(new TerraformStack(tree, 'access'));
    tree.synth();
    return readFileSync(join(outdir, 'stacks', 'access', 'cdk.tf'), 'utf8');
  } finally {
    delete process.env['SYNTH_HCL_OUTPUT'];
    rmSync(outdir, { recursive: true, force: true });
  }
}
