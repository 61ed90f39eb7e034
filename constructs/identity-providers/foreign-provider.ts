/**
 * Resources and data sources of other people's providers, by their documentation: written here, so that nobody has to
 * install bindings for what they do not use.
 */
import {
  TerraformDataSource,
  type TerraformMetaArguments,
  TerraformProvider,
  TerraformResource,
  TerraformStack,
} from 'cdktf';
import { type Construct } from 'constructs';
import { toHclAttributes, withReferences } from '../l1/terraform-text';

/** A provider of a registry. */
export interface ForeignProvider {
  /** Local name, and the first part of the names of its resources. */
  readonly name: string;
  readonly source: string;
  /** Version constraint. */
  readonly version: string;
}

/** What is written as a block where HCL is written, and looks like an object, or a list of them, in JSON. */
export class Block<T extends object = object> {
  constructor(readonly content: T | readonly T[]) {}
}

/** The provider, with what its environment says of address and credential. */
class FromEnvironment extends TerraformProvider {
  constructor(scope: Construct, { name, source, version }: ForeignProvider) {
    // Not the name alone: an app is likely to be called so.
    super(scope, `${name}-provider`, {
      terraformResourceType: name,
      terraformProviderSource: source,
      terraformGeneratorMetadata: { providerName: name, providerVersionConstraint: version },
    });
  }
}

/** The stack's own provider of that name without alias, also one of other bindings; made where there is none. */
export function providerOf(scope: Construct, foreign: ForeignProvider): TerraformProvider {
  const stack = TerraformStack.of(scope);
  const existing = stack.node
    .findAll()
    .find(
      (one): one is TerraformProvider =>
        TerraformProvider.isTerraformProvider(one) &&
        one.terraformResourceType === foreign.name &&
        one.alias === undefined,
    );
  return existing ?? new FromEnvironment(stack, foreign);
}

/** What Terraform knows of every resource; `forEach` is asked at synth, when everything is declared. */
export interface ForeignMeta extends Omit<TerraformMetaArguments, 'forEach' | 'count'> {
  /** Values by the key that an instance has in the state, or an expression that makes them. */
  readonly forEach?: () => Readonly<Record<string, string>> | string;
}

/** A resource of another provider. @typeParam T its documented arguments */
export class ForeignResource<T extends object> extends TerraformResource {
  private readonly instances: ForeignMeta['forEach'];

  constructor(
    scope: Construct,
    id: string,
    terraformResourceType: string,
    private readonly given: T,
    { forEach, ...meta }: ForeignMeta,
  ) {
    super(scope, id, { terraformResourceType, ...meta });
    this.instances = forEach;
  }

  override get terraformMetaArguments(): Record<string, unknown> {
    return stated(super.terraformMetaArguments);
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return asJson(withForEach(this.given, this.instances));
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return asHcl(withForEach(this.given, this.instances));
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}

/** A data source of another provider. @typeParam T its documented arguments */
export class ForeignData<T extends object> extends TerraformDataSource {
  private readonly instances: ForeignMeta['forEach'];

  /** Whether there is one, as far as is declared. */
  protected get hasInstances(): boolean {
    return this.instances === undefined || Object.keys(this.instances()).length > 0;
  }

  constructor(
    scope: Construct,
    id: string,
    terraformResourceType: string,
    private readonly given: T,
    { forEach, ...meta }: ForeignMeta,
  ) {
    super(scope, id, { terraformResourceType, ...meta });
    this.instances = forEach;
  }

  override get terraformMetaArguments(): Record<string, unknown> {
    return stated(super.terraformMetaArguments);
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return asJson(withForEach(this.given, this.instances));
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return asHcl(withForEach(this.given, this.instances));
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return withReferences(super.toHclTerraform());
  }
}

/** cdktf takes out of the attributes what is undefined here: `for_each` and `lifecycle` stand there, written as all else is. */
function stated(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined));
}

function withForEach(given: object, forEach: ForeignMeta['forEach']): Record<string, unknown> {
  return { ...given, ...(forEach === undefined ? {} : { for_each: forEach() }) };
}

function asJson(content: object): Record<string, unknown> {
  const json = (value: unknown): unknown => {
    if (!(value instanceof Block)) return value;
    const contents = value.content as object | readonly object[];
    return Array.isArray(contents) ? contents.map(asJson) : asJson(contents);
  };
  return Object.fromEntries(
    Object.entries(content)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, json(value)]),
  );
}

function asHcl(content: object): Record<string, unknown> {
  const entries = Object.entries(content) as [string, unknown][];
  const attributes = entries.filter(([, value]) => !(value instanceof Block));
  const blocks = entries.flatMap(([name, value]) => {
    if (!(value instanceof Block)) return [];
    const contents = [value.content].flat() as object[];
    return [[name, { value: contents.map(asHcl), isBlock: true, type: 'list', storageClassType: 'object' }] as const];
  });
  return { ...toHclAttributes(Object.fromEntries(attributes)), ...Object.fromEntries(blocks) };
}
