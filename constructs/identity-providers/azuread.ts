/** Resources and data sources of hashicorp/azuread, as far as provisioning needs them: written here, so that nobody has to install its bindings. */
import {
  TerraformDataSource,
  TerraformProvider,
  TerraformResource,
  TerraformStack,
  type TerraformMetaArguments,
} from 'cdktf';
import { type Construct } from 'constructs';
import { toHclAttributes, withReferences } from '../l1/terraform-text';

type Arguments = Readonly<Record<string, unknown>>;

/** The provider, with what the environment says of tenant and credential. */
class Azuread extends TerraformProvider {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: 'azuread',
      terraformProviderSource: 'hashicorp/azuread',
      terraformGeneratorMetadata: { providerName: 'azuread', providerVersionConstraint: '~> 3.0' },
    });
  }
}

/** The stack's own provider of azuread, also one of other bindings; made where there is none. */
export function azureadProvider(scope: Construct): TerraformProvider {
  const stack = TerraformStack.of(scope);
  const existing = stack.node
    .findAll()
    .find(
      (one): one is TerraformProvider =>
        TerraformProvider.isTerraformProvider(one) &&
        one.terraformResourceType === 'azuread' &&
        one.alias === undefined,
    );
  return existing ?? new Azuread(stack, 'azuread');
}

/** A resource of azuread. */
export class AzureadResource extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly given: Arguments,
    meta: TerraformMetaArguments,
  ) {
    super(scope, id, { terraformResourceType: `azuread_${type}`, ...meta });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.given };
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return toHclAttributes(this.given);
  }

  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}

/** A data source of azuread. */
export class AzureadData extends TerraformDataSource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly given: Arguments,
    meta: TerraformMetaArguments,
  ) {
    super(scope, id, { terraformResourceType: `azuread_${type}`, ...meta });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.given };
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return toHclAttributes(this.given);
  }

  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}
