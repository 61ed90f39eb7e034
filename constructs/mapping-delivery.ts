import { type ITerraformDependable, Lazy, Token } from 'cdktf';
import { type Construct } from 'constructs';
import { bridgeUrlProblem } from '../bridge/contract/bridge-url';
import { canonicalJson } from '../bridge/contract/mapping-state';
import { type MappingStateInput } from '../bridge/contract/mapping-state/document';
import { CoderScimProvider } from './l1/coder-scim-provider';
import { DeployStep } from './l1/deploy-step';
import { type ScimAppAttributes, ScimAppResource, type ScimAppTimeouts } from './l1/scim-app-resource';
import { escapeTemplates } from './l1/terraform-text';
import { checkSettings } from './l1/settings';

/** What is delivered: an app, whose mapping state is whole only when everything below it is declared. */
interface Delivered extends Construct {
  readonly name: string;
  readonly mappingState: MappingStateInput;
  readonly deletionProtection: boolean | undefined;
  readonly timeouts: ScimAppTimeouts | undefined;
  readonly _after: ITerraformDependable[] | undefined;
}

/** What carries an app's declaration in a stack. */
export interface Carrier {
  /** Depend on this to come after the declaration has reached the bridge. */
  readonly element: ITerraformDependable;
  readonly scimBaseUrl: string;
  /** Equal for apps of one bridge, as far as the stack tells. */
  readonly bridge: string;
  /** The typed resource, where the provider delivers. */
  readonly resource?: ScimAppResource;
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
   * provider. The credential is read where Terraform runs, from CODER_SCIM_ADMIN_TOKEN or from the file that
   * CODER_SCIM_ADMIN_TOKEN_FILE names. The plan shows the document as one text, drift is not seen, and destroying the stack leaves the app at the bridge.
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
    const provider = this.config.provider ?? CoderScimProvider.ofStack(app);
    const resource = new DeclaredApp(app, 'Resource', app, provider);
    return {
      element: resource,
      resource,
      bridge: provider.fqn,
      get scimBaseUrl() {
        return resource.scimBaseUrl;
      },
    };
  }
}

/** The resource of a `ScimApp`: says at synth what is declared by then. */
class DeclaredApp extends ScimAppResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly app: Delivered,
    provider: CoderScimProvider,
  ) {
    super(scope, id, { name: app.name, provider, dependsOn: app._after });
  }

  protected override content(): ScimAppAttributes {
    const { version: _version, app: name, ...document } = this.app.mappingState;
    const { deletionProtection, timeouts } = this.app;
    return { name, ...document, deletionProtection, timeouts };
  }

  protected override limits(): ScimAppTimeouts | undefined {
    return this.app.timeouts;
  }
}

/** What Linux lets one variable of an environment have, its name included (MAX_ARG_STRLEN). */
const MAX_VARIABLE_BYTES = 131_072;

class NullResourceDelivery extends MappingDelivery {
  constructor(private readonly config: NullResourceDeliveryConfig) {
    super();
  }

  override _bind(app: Delivered): Carrier {
    checkSettings(`${app.node.path}: MappingDelivery.nullResource`, this.config, { url: true, publicUrl: true });
    if ((this.config.url as string | undefined) === undefined) {
      throw new Error(
        `${app.node.path}: MappingDelivery.nullResource: url is missing: wanted the base URL of the bridge as seen from where Terraform runs`,
      );
    }
    for (const [setting, url] of Object.entries(this.config) as [string, string | undefined][]) {
      const problem = url === undefined || Token.isUnresolved(url) ? undefined : bridgeUrlProblem(url);
      if (problem !== undefined) throw new Error(`${app.node.path}: ${setting} ${problem}`);
    }
    if (app.deletionProtection !== undefined || app.timeouts !== undefined) {
      throw new Error(
        `${app.node.path}: deletionProtection and timeouts are of the provider: with a null_resource, destroying the stack leaves the app at the bridge; leave them out`,
      );
    }
    const document = () => canonicalJson(escapeTemplates(app.mappingState));
    const variable = 'CODER_SCIM_MAPPING_STATE';
    app.node.addValidation({
      validate: () => {
        const bytes = Buffer.byteLength(`${variable}=${document()}`) + 1;
        return bytes <= MAX_VARIABLE_BYTES
          ? []
          : [
              `${app.node.path}: the document has ${bytes} bytes, more than the ${MAX_VARIABLE_BYTES} that a null_resource can hand over: use MappingDelivery.provider(), or split the mappings over two apps`,
            ];
      },
    });
    const input = { CODER_SCIM_URL: this.config.url, [variable]: Lazy.stringValue({ produce: document }) };
    const resource = new DeployStep(app, 'Resource', 'apply', input, app._after);
    const base = (this.config.publicUrl ?? this.config.url).replace(/\/+$/, '');
    return { element: resource, scimBaseUrl: `${base}/apps/${app.name}/scim/v2`, bridge: base };
  }
}
