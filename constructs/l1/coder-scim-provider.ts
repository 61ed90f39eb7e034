import { TerraformProvider, TerraformStack, Token } from 'cdktf';
import { type Construct } from 'constructs';
import {
  pluginPath,
  PROVIDER_NAME,
  PROVIDER_PLATFORMS,
  PROVIDER_SOURCE,
  PROVIDER_VERSION,
} from '../../provider/address';
import { builtFile, PlacedFile } from './package-file';

/** Settings of the provider: where the bridge is and how to be let in. */
export interface CoderScimProviderConfig {
  /**
   * Base URL of the bridge as seen from where Terraform runs, e.g. `https://scim.example.com`.
   * @default - CODER_SCIM_URL of the environment that Terraform runs in
   */
  readonly url?: string;
  /**
   * Admin credential of the bridge: a Terraform variable or another reference, never a literal.
   * @default - CODER_SCIM_ADMIN_TOKEN, or the file named by CODER_SCIM_ADMIN_TOKEN_FILE, where Terraform runs
   */
  readonly adminToken?: string;
  /**
   * Alias, for several bridges in one stack.
   * @default - none
   */
  readonly alias?: string;
}

/**
 * The Terraform provider that ships in this package. Its file is copied into the stack at synth, where `terraform init`
 * finds it with no registry, no configuration and no network.
 */
export class CoderScimProvider extends TerraformProvider {
  /** The stack's provider without an alias, made on first use. */
  static ofStack(scope: Construct): CoderScimProvider {
    const stack = TerraformStack.of(scope);
    const existing = stack.node.children.find(
      (child): child is CoderScimProvider => child instanceof CoderScimProvider && child.alias === undefined,
    );
    return existing ?? new CoderScimProvider(stack, PROVIDER_NAME);
  }

  /** @throws Error when `adminToken` is a literal: it would stand in the synthesized stack */
  constructor(
    scope: Construct,
    id: string,
    private readonly config: CoderScimProviderConfig = {},
  ) {
    super(scope, id, {
      terraformResourceType: PROVIDER_NAME,
      terraformGeneratorMetadata: { providerName: PROVIDER_NAME, providerVersionConstraint: PROVIDER_VERSION },
      terraformProviderSource: PROVIDER_SOURCE,
    });
    if (config.adminToken !== undefined && !Token.isUnresolved(config.adminToken)) {
      throw new Error(
        `${this.node.path}: adminToken is a literal, which would be written into the stack: pass a sensitive TerraformVariable, or leave it out and set CODER_SCIM_ADMIN_TOKEN where Terraform runs`,
      );
    }
    const source = builtFile(`provider/terraform-provider-${PROVIDER_NAME}`);
    const files = TerraformStack.of(this);
    for (const platform of PROVIDER_PLATFORMS) {
      const fileId = `${PROVIDER_NAME}-${platform}`;
      if (files.node.tryFindChild(fileId) === undefined) new PlacedFile(files, fileId, source, pluginPath(platform));
    }
  }

  override get alias(): string | undefined {
    return this.config.alias;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { url: this.config.url, admin_token: this.config.adminToken, alias: this.config.alias };
  }
}
