import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { App, TerraformStack } from 'cdktf';
import { IdentityProvider, ScimApp, type ScimAppConfig, ScimToken } from '../../constructs';

export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const FAR_FUTURE = '2099-01-01T00:00:00Z';

/** Resources of a synthesized stack: type → logical id → attributes. */
export type Resources = Record<string, Record<string, Record<string, unknown>>>;

export interface Synthesized {
  readonly stack: {
    readonly resource?: Resources;
    readonly provider?: Record<string, unknown>;
    readonly data?: Resources;
    readonly import?: unknown[];
    readonly output?: Record<string, unknown>;
  };
  /** Everything written, by path below the output folder, with `terraform.d` files as their size. */
  readonly files: Record<string, string>;
}

/** Synthesizes one stack the way `cdktf synth` does, validations included. */
export function synth(declare: (stack: TerraformStack) => void): Synthesized {
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-synth-'));
  try {
    const app = new App({ outdir });
    const stack = new TerraformStack(app, 'coder');
    declare(stack);
    app.synth();
    const files = Object.fromEntries(
      filesBelow(outdir).map(file => [
        relative(outdir, file),
        file.includes('terraform.d') ? `${statSync(file).size} bytes` : readFileSync(file, 'utf8'),
      ]),
    );
    return { stack: JSON.parse(files['stacks/coder/cdk.tf.json'] ?? '{}') as Synthesized['stack'], files };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A stack with one app that has a token, and what `declare` adds to it. */
export function synthApp(
  declare: (app: ScimApp, stack: TerraformStack) => void,
  config: Partial<ScimAppConfig> = {},
): Synthesized {
  return synth(stack => {
    const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA, ...config });
    new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
    declare(app, stack);
  });
}

/** Attributes of the one `coderscim_app`. */
export function appAttributes(synthesized: Synthesized): Record<string, unknown> {
  const [attributes] = Object.values(synthesized.stack.resource?.['coderscim_app'] ?? {});
  return attributes ?? {};
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}
