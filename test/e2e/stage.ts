/** A Coder double, a bridge, and a stack that real Terraform deploys to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, LocalBackend, TerraformStack } from 'cdktf';
import { startBridge, type RunningBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { Terraform } from '../support/terraform';

export interface Stage {
  readonly coder: CoderDouble;
  readonly bridge: RunningBridge;
  readonly terraform: Terraform;
  /** Synthesizes the stack anew, into the folder that Terraform runs in. */
  readonly synth: (declare: (stack: TerraformStack) => void) => void;
  end(): Promise<void>;
}

export async function setStage(environment: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addOrganization('research');
  coder.addUser('bridge', { roles: ['owner'] });
  const bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-e2e-'));
  const terraform = new Terraform(join(outdir, 'stacks', 'coder'), {
    CODER_SCIM_URL: bridge.url,
    CODER_SCIM_ADMIN_TOKEN: bridge.adminToken,
    ...environment,
  });
  return {
    coder,
    bridge,
    terraform,
    synth: declare => {
      const app = new App({ outdir });
      const stack = new TerraformStack(app, 'coder');
      // By default the state lands in the folder that synth runs in, where every stage would share it.
      new LocalBackend(stack, { path: join(outdir, 'terraform.tfstate') });
      declare(stack);
      app.synth();
    },
    end: async () => {
      terraform.remove();
      rmSync(outdir, { recursive: true, force: true });
      await bridge.stop();
      await coder.close();
    },
  };
}
