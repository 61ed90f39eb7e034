import { TerraformResource } from 'cdktf';
import { type Construct } from 'constructs';
import { PROVIDER_NAME, PROVIDER_VERSION } from '../provider/address';
import { type CoderScimProvider } from './coder-scim-provider';
import { type ScimApp } from './scim-app';
import { synthesizeMappingState } from './synthesize';
import { escapeTemplates, toAttributes } from './terraform-text';

/** Parts of the document that are keyed by names people chose. */
const RECORDS = new Set(['tokens', 'groupMappings', 'roleMappings', 'organizationMappings', 'customRoles']);

/** `coderscim_app`: one app's mapping state as a resource with structured attributes. */
export class ScimAppResource extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly app: ScimApp,
    provider: CoderScimProvider,
  ) {
    super(scope, id, {
      terraformResourceType: `${PROVIDER_NAME}_app`,
      terraformGeneratorMetadata: { providerName: PROVIDER_NAME, providerVersionConstraint: PROVIDER_VERSION },
      provider,
    });
  }

  /** SCIM base URL as the bridge knows it. */
  get scimBaseUrl(): string {
    return this.getStringAttribute('scim_base_url');
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { version: _version, app: name, ...document } = synthesizeMappingState(this.app);
    const stated = Object.entries(document).filter(
      ([key, value]) => !(RECORDS.has(key) && Object.keys(value as object).length === 0),
    );
    return escapeTemplates({ name, ...toAttributes(Object.fromEntries(stated), RECORDS) }) as Record<string, unknown>;
  }
}
