import { TerraformResource } from 'cdktf';
import { type Construct } from 'constructs';
import { ENTRY_KINDS, type MappingStateInput } from '../../bridge/contract/mapping-state';
import { PROVIDER_NAME, PROVIDER_VERSION } from '../../provider/address';
import { type CoderScimProvider } from './coder-scim-provider';
import { escapeTemplates, toAttributes } from './terraform-text';

/** Parts of the document that are keyed by names people chose. */
const RECORDS: ReadonlySet<string> = new Set(ENTRY_KINDS);

/** `coderscim_app`: one app's mapping state as a resource with structured attributes. */
export class ScimAppResource extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    /** Read at synth, when everything is declared. */
    private readonly app: { readonly mappingState: MappingStateInput },
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
    const { version: _version, app: name, ...document } = this.app.mappingState;
    const stated = Object.entries(document).filter(
      ([key, value]) => !(RECORDS.has(key) && Object.keys(value as object).length === 0),
    );
    return escapeTemplates({ name, ...toAttributes(Object.fromEntries(stated), RECORDS) }) as Record<string, unknown>;
  }
}
