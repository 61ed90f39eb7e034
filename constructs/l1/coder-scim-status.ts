import { type IResolvable, type TerraformMetaArguments, TerraformDataSource } from 'cdktf';
import { type Construct } from 'constructs';
import { PROVIDER_NAME, PROVIDER_VERSION } from '../../provider/address';
import { withReferences } from './terraform-text';

/** `coderscim_status`: what the bridge says of itself, for outputs, checks and what is built on an app declared elsewhere. */
export class CoderScimStatus extends TerraformDataSource {
  static readonly tfResourceType = `${PROVIDER_NAME}_status`;

  constructor(scope: Construct, id: string, config: TerraformMetaArguments = {}) {
    super(scope, id, {
      terraformResourceType: CoderScimStatus.tfResourceType,
      terraformGeneratorMetadata: { providerName: PROVIDER_NAME, providerVersionConstraint: PROVIDER_VERSION },
      ...config,
    });
  }

  /** Version of the bridge. */
  get version(): string {
    return this.getStringAttribute('version');
  }

  /** Whether Coder agrees with every app. */
  get converged(): IResolvable {
    return this.getBooleanAttribute('converged');
  }

  /** Why nothing is given and nothing taken, as after a restored backup; null when all is. */
  get recovery(): string {
    return this.getStringAttribute('recovery');
  }

  /** SCIM base URL of an app; Terraform fails where the bridge does not have it. */
  scimBaseUrlOf(app: string): string {
    return this.getStringAttribute(`apps[${JSON.stringify(app)}].scim_base_url`);
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return {};
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}
