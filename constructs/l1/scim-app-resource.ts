import { TerraformResource, type TerraformMetaArguments, Token } from 'cdktf';
import { type Construct } from 'constructs';
import { DURATION_WANTED, parseDuration } from '../../bridge/contract/duration';
import { type MappingStateInput } from '../../bridge/contract/mapping-state/document';
import { ENTRY_KINDS } from '../../bridge/contract/mapping-state/vocabulary';
import { PROVIDER_NAME, PROVIDER_VERSION } from '../../provider/address';
import { toAttributes, toHclAttributes, withReferences } from './terraform-text';

/** How long Terraform waits for Coder: durations such as `30s`, `5m`, `1h30m`. */
export interface ScimAppTimeouts {
  /**
   * Until Coder agrees with a new app; a warning says what is missing then.
   * @default '30s'
   */
  readonly create?: string;
  /**
   * The same after a change.
   * @default '30s'
   */
  readonly update?: string;
  /**
   * Until nothing of a deleted app is left in Coder; the deletion fails then, and can be done again.
   * @default '5m'
   */
  readonly delete?: string;
}

/** Attributes of `coderscim_app`: those of a mapping state, and how Terraform goes about it. */
export interface ScimAppAttributes extends Omit<MappingStateInput, 'version' | 'app'> {
  /** Name of the app, part of its URL. */
  readonly name: string;
  /**
   * Refuse to delete or replace the app while it has people.
   * @default true
   */
  readonly deletionProtection?: boolean | undefined;
  /**
   * How long to wait for Coder.
   * @default - see each
   */
  readonly timeouts?: ScimAppTimeouts | undefined;
}

/** Settings of the resource: attributes, and what Terraform knows of every resource. */
export interface ScimAppResourceConfig extends ScimAppAttributes, TerraformMetaArguments {}

/** What of the settings is Terraform's, not an attribute. */
const META_ARGUMENTS: ReadonlySet<string> = new Set<keyof TerraformMetaArguments>([
  'provider',
  'dependsOn',
  'count',
  'lifecycle',
  'provisioners',
  'connection',
  'forEach',
]);

/** Parts of the document that are keyed by names people chose. */
const RECORDS: ReadonlySet<string> = new Set(ENTRY_KINDS);

/**
 * `coderscim_app`: one app's mapping state as a resource with structured attributes, with what every resource of cdktf
 * has: `addOverride`, `lifecycle`, `importFrom`, `moveFromId`, `dependsOn`. Most people want `ScimApp`.
 */
export class ScimAppResource extends TerraformResource {
  static readonly tfResourceType = `${PROVIDER_NAME}_app`;

  constructor(
    scope: Construct,
    id: string,
    private readonly attributes: ScimAppResourceConfig,
  ) {
    super(scope, id, {
      terraformResourceType: ScimAppResource.tfResourceType,
      terraformGeneratorMetadata: { providerName: PROVIDER_NAME, providerVersionConstraint: PROVIDER_VERSION },
      provider: attributes.provider,
      dependsOn: attributes.dependsOn,
      count: attributes.count,
      lifecycle: attributes.lifecycle,
      provisioners: attributes.provisioners,
      connection: attributes.connection,
      forEach: attributes.forEach,
    });
    this.node.addValidation({ validate: () => this.badTimeouts() });
  }

  /** SCIM base URL as the bridge knows it. */
  get scimBaseUrl(): string {
    return this.getStringAttribute('scim_base_url');
  }

  /** Id of the Coder group of a group mapping, by the name of the mapping; null where Coder does not have the group yet. */
  groupIdOf(mapping: string): string {
    return this.getStringAttribute(`group_ids[${JSON.stringify(mapping)}]`);
  }

  /** Counts the changes of the app. */
  get generation(): number {
    return this.getNumberAttribute('generation');
  }

  /** What is written, as far as it is declared by now. */
  protected content(): ScimAppAttributes {
    const own = Object.entries(this.attributes).filter(([key]) => !META_ARGUMENTS.has(key));
    return Object.fromEntries(own) as unknown as ScimAppAttributes;
  }

  /** The same of its timeouts alone. */
  protected limits(): ScimAppTimeouts | undefined {
    return this.attributes.timeouts;
  }

  private badTimeouts(): string[] {
    return Object.entries<unknown>({ ...this.limits() }).flatMap(([operation, said]) =>
      typeof said !== 'string' || Token.isUnresolved(said) || parseDuration(said) !== undefined
        ? []
        : [`${this.node.path}: timeouts.${operation} is no duration: got ${JSON.stringify(said)}, ${DURATION_WANTED}`],
    );
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const stated = Object.entries(this.content()).filter(
      ([key, value]) => value !== undefined && !(RECORDS.has(key) && Object.keys(value as object).length === 0),
    );
    return toAttributes(Object.fromEntries(stated), RECORDS);
  }

  /** The same for `cdktf synth --hcl`. */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return toHclAttributes(this.synthesizeAttributes());
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}
