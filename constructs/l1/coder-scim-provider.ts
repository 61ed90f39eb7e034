import { TerraformProvider, TerraformStack, Token } from 'cdktf';
import { type Construct } from 'constructs';
import {
  CLI_CONFIG_FILE,
  pluginFolder,
  PROVIDER_NAME,
  PROVIDER_PLATFORMS,
  providerFiles,
  PROVIDER_SOURCE,
  PROVIDER_VERSION,
} from '../../provider/address';
import { bridgeUrlProblem } from '../../bridge/contract/bridge-url';
import { checkSettings } from './settings';
import { builtFile, PlacedFile } from './package-file';
import { toHclAttributes } from './terraform-text';

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
   * PEM file, where Terraform runs, with the certificate of a private authority that signed the bridge's.
   * @default - CODER_SCIM_CA_FILE of the environment, or the authorities that everybody trusts
   */
  readonly caFile?: string;
  /**
   * The same as text, in place of `caFile`.
   * @default - none
   */
  readonly caPem?: string;
  /**
   * Seconds for which a bridge that does not answer is asked again.
   * @default 30
   */
  readonly waitSeconds?: number;
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
  /** The stack's provider without an alias, wherever in it that is; made on first use. */
  static ofStack(scope: Construct): CoderScimProvider {
    return (
      CoderScimProvider.plainIn(TerraformStack.of(scope)) ?? new MadeOnFirstUse(TerraformStack.of(scope), PROVIDER_NAME)
    );
  }

  private static plainIn(stack: TerraformStack, except?: Construct): CoderScimProvider | undefined {
    return stack.node
      .findAll()
      .find(
        (one): one is CoderScimProvider =>
          one instanceof CoderScimProvider && one.alias === undefined && one !== except,
      );
  }

  /**
   * @throws Error when `adminToken` is a literal (it would stand in the synthesized stack), when `url` is no address of a
   * bridge, when a setting does not exist, when `waitSeconds` is negative, and when the stack has another one without alias
   */
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
    checkSettings(this.node.path, config, {
      url: true,
      adminToken: true,
      caFile: true,
      caPem: true,
      waitSeconds: true,
      alias: true,
    });
    if (config.adminToken !== undefined && !Token.isUnresolved(config.adminToken)) {
      throw new Error(
        `${this.node.path}: adminToken is a literal, which would be written into the stack: pass a sensitive TerraformVariable, or leave it out and set CODER_SCIM_ADMIN_TOKEN where Terraform runs`,
      );
    }
    const problem =
      config.url === undefined || Token.isUnresolved(config.url) ? undefined : bridgeUrlProblem(config.url);
    if (problem !== undefined) throw new Error(`${this.node.path}: url ${problem}`);
    if (config.caFile !== undefined && config.caPem !== undefined) {
      throw new Error(`${this.node.path}: caFile and caPem exclude each other: wanted one of the two`);
    }
    const { waitSeconds = 0 } = config;
    if (!Token.isUnresolved(waitSeconds) && !(waitSeconds >= 0)) {
      throw new Error(`${this.node.path}: waitSeconds is ${waitSeconds}: wanted 0 or more`);
    }
    this.takeThePlaceOf(CoderScimProvider.plainIn(TerraformStack.of(this), this));
    placeFiles(TerraformStack.of(this));
  }

  /** Terraform knows one configuration without alias: this one stands for what apps before it have made by themselves. */
  private takeThePlaceOf(other: CoderScimProvider | undefined): void {
    if (this.config.alias !== undefined || other === undefined) return;
    if (!(other instanceof MadeOnFirstUse)) {
      throw new Error(
        `${this.node.path}: the stack has a provider without alias already, ${other.node.path}: where both are for one bridge, leave this one out; else give it an alias, and hand it to its apps by MappingDelivery.provider({ provider })`,
      );
    }
    other.node.scope?.node.tryRemoveChild(other.node.id);
  }

  override get alias(): string | undefined {
    return this.config.alias;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { url, adminToken, caFile, caPem, waitSeconds, alias } = this.config;
    return { url, admin_token: adminToken, ca_file: caFile, ca_pem: caPem, wait_seconds: waitSeconds, alias };
  }

  /** The same for `cdktf synth --hcl`. */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return toHclAttributes(this.synthesizeAttributes());
  }
}

/** What an app made because there was none yet: gives way to one that somebody declares. */
class MadeOnFirstUse extends CoderScimProvider {}

/** Puts what Terraform needs to find and start the provider into the stack's folder, once. */
function placeFiles(stack: TerraformStack): void {
  const place = (id: string, built: string, path: string) => {
    if (stack.node.tryFindChild(id) === undefined) new PlacedFile(stack, id, builtFile(built), path);
  };
  for (const platform of PROVIDER_PLATFORMS) {
    for (const [index, { name, built }] of providerFiles(platform).entries()) {
      const id = `${PROVIDER_NAME}-${platform}${index === 0 ? '' : `-${index}`}`;
      place(id, built, `${pluginFolder(platform)}/${name}`);
    }
  }
  place(`${PROVIDER_NAME}-cli-config`, `provider/${CLI_CONFIG_FILE}`, CLI_CONFIG_FILE);
}
