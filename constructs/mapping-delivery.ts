import { type ITerraformDependable, Lazy } from 'cdktf';
import { type Construct } from 'constructs';
import { canonicalJson, type MappingStateInput } from '../bridge/contract/mapping-state';
import { CoderScimProvider } from './l1/coder-scim-provider';
import { DeployStep } from './l1/deploy-step';
import { ScimAppResource } from './l1/scim-app-resource';
import { escapeTemplates } from './l1/terraform-text';

/** What is delivered: an app, whose mapping state is whole only when everything below it is declared. */
interface Delivered extends Construct {
  readonly name: string;
  readonly mappingState: MappingStateInput;
}

/** What carries an app's declaration in a stack. */
export interface Carrier {
  /** Depend on this to come after the declaration has reached the bridge. */
  readonly element: ITerraformDependable;
  readonly scimBaseUrl: string;
}

/** Settings of delivery by the Terraform provider. */
export interface ProviderDeliveryConfig {
  /**
   * The provider to use.
   * @default - the stack's own, made on first use; address and credential come from the environment Terraform runs in
   */
  readonly provider?: CoderScimProvider;
}

/** Settings of delivery by null_resource. */
export interface NullResourceDeliveryConfig {
  /** Base URL of the bridge as seen from where Terraform runs. */
  readonly url: string;
  /**
   * Base URL of the bridge as seen by the identity provider.
   * @default - `url`
   */
  readonly publicUrl?: string;
}

/** How a declaration travels from the stack to the bridge. */
export abstract class MappingDelivery {
  /** By the Terraform provider of this package: readable plan, drift, import. */
  static provider(config: ProviderDeliveryConfig = {}): MappingDelivery {
    return new ProviderDelivery(config);
  }

  /**
   * By a `null_resource` that runs a script of this package at deploy time, for sites that allow no unregistered
   * provider. The credential is read from CODER_SCIM_ADMIN_TOKEN where Terraform runs. The plan shows the document as one
   * text, drift is not seen, and destroying the stack leaves the app at the bridge.
   */
  static nullResource(config: NullResourceDeliveryConfig): MappingDelivery {
    return new NullResourceDelivery(config);
  }

  /** @internal */
  abstract _bind(app: Delivered): Carrier;
}

class ProviderDelivery extends MappingDelivery {
  constructor(private readonly config: ProviderDeliveryConfig) {
    super();
  }

  override _bind(app: Delivered): Carrier {
    const resource = new ScimAppResource(app, 'Resource', app, this.config.provider ?? CoderScimProvider.ofStack(app));
    return {
      element: resource,
      get scimBaseUrl() {
        return resource.scimBaseUrl;
      },
    };
  }
}

class NullResourceDelivery extends MappingDelivery {
  constructor(private readonly config: NullResourceDeliveryConfig) {
    super();
  }

  override _bind(app: Delivered): Carrier {
    const document = Lazy.stringValue({ produce: () => canonicalJson(escapeTemplates(app.mappingState)) });
    const resource = new DeployStep(app, 'Resource', 'apply', {
      CODER_SCIM_URL: this.config.url,
      CODER_SCIM_MAPPING_STATE: document,
    });
    const base = (this.config.publicUrl ?? this.config.url).replace(/\/+$/, '');
    return { element: resource, scimBaseUrl: `${base}/apps/${app.name}/scim/v2` };
  }
}
