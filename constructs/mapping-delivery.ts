import { type ITerraformDependable, Lazy, TerraformStack } from 'cdktf';
import { NullProvider } from '@cdktf/provider-null/lib/provider';
import { Resource as NullResource } from '@cdktf/provider-null/lib/resource';
import { canonicalJson } from '../bridge/contract/mapping-state';
import { CoderScimProvider } from './coder-scim-provider';
import { builtFile, PlacedFile } from './package-file';
import { type ScimApp } from './scim-app';
import { ScimAppResource } from './scim-app-resource';
import { synthesizeMappingState } from './synthesize';
import { escapeTemplates } from './terraform-text';

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
  abstract _bind(app: ScimApp): Carrier;
}

class ProviderDelivery extends MappingDelivery {
  constructor(private readonly config: ProviderDeliveryConfig) {
    super();
  }

  override _bind(app: ScimApp): Carrier {
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

  override _bind(app: ScimApp): Carrier {
    const document = Lazy.stringValue({ produce: () => canonicalJson(escapeTemplates(synthesizeMappingState(app))) });
    const resource = new DeployStep(app, 'Resource', 'apply', {
      CODER_SCIM_URL: this.config.url,
      CODER_SCIM_MAPPING_STATE: document,
    });
    const base = (this.config.publicUrl ?? this.config.url).replace(/\/+$/, '');
    return { element: resource, scimBaseUrl: `${base}/apps/${app.name}/scim/v2` };
  }
}

/** A `null_resource` that runs one step of this package's deploy script when what the step is given changes. */
export class DeployStep extends NullResource {
  /** @param input what the step reads from its environment; a change of it runs the step again */
  constructor(
    app: ScimApp,
    id: string,
    step: 'apply' | 'check',
    input: Readonly<Record<string, string>>,
    after?: ITerraformDependable[],
  ) {
    super(app, id, {
      dependsOn: after,
      triggers: { ...input },
      provisioners: [
        {
          type: 'local-exec',
          // The interpreter is Node itself and the step one argument: no shell reads anything that a person wrote.
          interpreter: ['node', '${path.module}/coder-scim/deploy-step.js'],
          command: step,
          environment: Object.fromEntries(Object.keys(input).map(key => [key, `\${self.triggers.${key}}`])),
        },
      ],
    });
    const stack = TerraformStack.of(app);
    if (!stack.node.findAll().some(element => element instanceof NullProvider)) new NullProvider(stack, 'null');
    if (stack.node.tryFindChild('coder-scim-deploy-step') === undefined) {
      new PlacedFile(
        stack,
        'coder-scim-deploy-step',
        builtFile('provider/deploy-step.js'),
        'coder-scim/deploy-step.js',
      );
    }
  }
}
