import { type ITerraformDependable, type TerraformProvider, TerraformStack } from 'cdktf';
import { type Construct } from 'constructs';
import { expression, movedBlock } from '../l1/terraform-text';
import { Block, ForeignResource } from './foreign-provider';

/** Ids of groups, each with what its instance is called in the state. */
export interface GroupIds {
  /**
   * Terms of Terraform for ids that are there when it plans: the id is what the instance is called. Whatever group is renamed and whatever
   * mapping comes or goes, what is assigned stays the same instance.
   */
  readonly found: readonly string[];
  /** Ids that may come of the apply itself, when what an instance is called has to be known: by a name. */
  readonly referred: Readonly<Record<string, string>>;
  /** What instances were called before, where it is known at synth: before, now. */
  readonly moved: readonly (readonly [before: string, now: string])[];
}

interface GroupMeta {
  /** Asked at synth, when everything is declared. */
  readonly groups: () => GroupIds;
  readonly provider: TerraformProvider;
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * A resource with an instance for each group. Called otherwise for the same group, an instance would be made and another one destroyed, in
 * no order, and at the identity provider both are one and the same thing: it could be gone in the end, with everybody's access.
 * @typeParam T its documented arguments
 */
export class GroupResource<T extends object> extends ForeignResource<T> {
  private readonly former: string;

  constructor(
    scope: Construct,
    id: string,
    type: string,
    given: T,
    private readonly meta: GroupMeta,
  ) {
    const { groups, ...rest } = meta;
    super(scope, id, type, given, { ...rest, forEach: () => forEachOf(groups()) });
    // Not friendlyUniqueId, which stays what it was when it was asked for first.
    this.former = TerraformStack.of(this).getLogicalId(this);
    this.overrideLogicalId(`${this.former}_by_id`);
    // Instances had the groups' names once. What a state has under those is no longer declared, and would go: it is kept until it was moved.
    const kept = { ...given, lifecycle: new Block({ prevent_destroy: true }) };
    const before = new ForeignResource(scope, `${id}-by-name`, type, kept, {
      provider: meta.provider,
      forEach: () => ({}),
    });
    before.overrideLogicalId(this.former);
  }

  override toTerraform(): unknown {
    return this.withMoves(super.toTerraform(), (from, to) => ({ from, to }));
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return this.withMoves(super.toHclTerraform(), movedBlock);
  }

  private withMoves(element: unknown, block: (from: string, to: string) => object): object {
    const { terraformResourceType: type, friendlyUniqueId: name, former } = this;
    const moved = this.meta
      .groups()
      .moved.map(([before, now]) =>
        block(`${type}.${former}[${JSON.stringify(before)}]`, `${type}.${name}[${JSON.stringify(now)}]`),
      );
    const { moved: asked = [], ...rest } = element as { readonly moved?: readonly object[] };
    return moved.length + asked.length === 0 ? rest : { ...rest, moved: [...asked, ...moved] };
  }
}

/** Ids as a term of Terraform: each once, in an order that no name decides. */
export function listOf({ found, referred }: GroupIds): string {
  return `sort(distinct([${[...found, ...Object.values(referred).map(quoted)].join(', ')}]))`;
}

function forEachOf({ found, referred }: GroupIds): Readonly<Record<string, string>> | string {
  if (found.length === 0) return referred;
  const byId = `{ for id in distinct([${found.join(', ')}]) : id => id }`;
  const byName = Object.entries(referred).map(([name, id]) => `${quoted(name)} = ${quoted(id)}`);
  return expression(byName.length === 0 ? byId : `merge(${byId}, { ${byName.join(', ')} })`);
}

/** A text in an expression; references in it stay references. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
