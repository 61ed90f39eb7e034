/** The groups of the identity provider that an app's mappings name, found by their names when Terraform runs. */
import { DefaultTokenResolver, StringConcat, type TerraformProvider, Token, Tokenization } from 'cdktf';
import { type Construct } from 'constructs';
import { identityKey } from '../../bridge/contract/identity';
import { escapeText, expression } from '../l1/terraform-text';
import { type ScimApp } from '../scim-app';
import { ForeignData } from './foreign-provider';
import { type GroupIds, quoted } from './group-resource';

/** How a provider looks a group up. `${each.value}` stands for its name. */
export interface GroupLookup {
  /** Name of the data source. */
  readonly type: string;
  readonly given: object;
  /** Attribute that has the id. */
  readonly idAttribute: string;
  readonly provider: TerraformProvider;
}

/** Which groups a resource is about. */
export interface GroupsWanted {
  /** Those that mappings name, and that were asked for; default: they are. */
  readonly named?: boolean;
  /** Those whose id mappings give. */
  readonly external?: boolean;
  /** Ids of others, by a name of somebody's choice. */
  readonly further?: Readonly<Record<string, string>>;
}

/** An id, and what its instance was called and is called now. */
interface Called {
  readonly id: string;
  readonly before: string;
  readonly now: string;
}

export class MappedGroups {
  private readonly asked = new Set<string>();
  /** Ids that were handed out: whoever is named by one of them is among the names. */
  private readonly handedOut = new Set<string>();
  private readonly data: ForeignData<object>;
  /** Apart: of one that waits for an apply, Terraform reads no instance before it. */
  private readonly later: ForeignData<object>;

  constructor(
    scope: Construct,
    private readonly app: ScimApp,
    private readonly lookup: GroupLookup,
  ) {
    const { type, given, provider } = lookup;
    this.data = new ForeignData(scope, 'groups', type, given, { provider, forEach: () => this.names(false) });
    this.later = new WhereAny(scope, 'referred-groups', type, given, { provider, forEach: () => this.names(true) });
  }

  /** Id of a group of this name; it counts as named from then on. @throws Error for a name that is known when Terraform runs */
  idOf(name: string): string {
    if (Token.isUnresolved(name))
      throw new Error(
        `${this.app.node.path}: the name of a group is a reference: wanted a name that is known at synth, or the id of what it refers to, as idpGroupExternalId`,
      );
    this.asked.add(name);
    const id = expression(() => {
      const found = Object.entries(this.names(false)).find(
        ([, one]) => identityKey(one) === identityKey(escapeText(name)),
      );
      return this.reference(found?.[0] ?? escapeText(name));
    });
    this.handedOut.add(id);
    return id;
  }

  /** Ids of the groups that are wanted: nobody is assigned twice. */
  ids({ named = true, external = false, further = {} }: GroupsWanted): GroupIds {
    const found = Object.keys(named ? this.names(false) : {}).map(key => this.reference(key));
    const later = Object.entries(named ? this.names(true) : {}).map(([now, name]): Called => ({
      id: expression(() => this.reference(now, this.later)),
      before: this.firstWith(name, 'idpGroup'),
      now,
    }));
    const listed = Object.entries(further).map(([before, given]): Called => {
      const id = isReference(given) ? given : escapeText(given);
      return { id, before, now: isReference(given) ? before : id };
    });
    const rest = [...listed, ...later, ...(external ? this.externalIds(further) : [])];
    return {
      found: [...found, ...rest.flatMap(({ id }) => (isReference(id) ? [] : [quoted(id)]))],
      referred: Object.fromEntries(rest.flatMap(({ id, now }) => (isReference(id) ? [[now, id]] : []))),
      moved: eachOnce(rest),
    };
  }

  /** Ids that mappings give as they are. */
  private externalIds(beside: Readonly<Record<string, string>>): Called[] {
    const listed = new Set(Object.values(beside).map(id => this.meaning(id)));
    const given = this.app.mappings.flatMap(({ idpGroupExternalId: id }) =>
      id === undefined || this.handedOut.has(id) || listed.has(this.meaning(id)) ? [] : [id],
    );
    return Object.entries(this.byKey(given)).map(([now, id]) => ({
      id,
      before: Token.isUnresolved(id) ? this.firstWith(id, 'idpGroupExternalId') : now,
      now,
    }));
  }

  /** Those that are references, or those that are not, by key. Mappings compare names without case: two spellings are one group. */
  private names(areReferences: boolean): Record<string, string> {
    const named = this.app.mappings.flatMap(({ idpGroup }) => (idpGroup === undefined ? [] : [idpGroup]));
    const names = [...this.asked, ...named].filter(name => Token.isUnresolved(name) === areReferences);
    return this.byKey([...new Map(names.map(name => [identityKey(name), name])).values()]);
  }

  private byKey(texts: readonly string[]): Record<string, string> {
    return Object.fromEntries(
      texts.map(text => [this.keyOf(text), escapeText(text)] as const).sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** What an instance is called in the state. What is known when Terraform runs can be no key: it is called as what it refers to. */
  private keyOf(text: string): string {
    return escapeText(Token.isUnresolved(text) ? this.meaning(text).replace(/^\$\{(.*)\}$/s, '$1') : text);
  }

  /** The path of the mapping that says so first. */
  private firstWith(text: string, property: 'idpGroup' | 'idpGroupExternalId'): string {
    const meant = this.meaning(text);
    const first = this.app.mappings.find(one => one[property] !== undefined && this.meaning(one[property]) === meant);
    return first?.node.path.slice(this.app.node.path.length + 1) ?? '';
  }

  private reference(key: string, data = this.data): string {
    const { type, idAttribute } = this.lookup;
    return `data.${type}.${data.friendlyUniqueId}[${JSON.stringify(key)}].${idAttribute}`;
  }

  /** What Terraform will read: cdktf has another text for a reference each time that it is asked for. */
  private meaning(text: string): string {
    if (!Token.isUnresolved(text)) return text;
    const resolver = new DefaultTokenResolver(new StringConcat());
    return String(Tokenization.resolve(text, { scope: this.app, resolver, preparing: false }));
  }
}

/** Stands in the stack where it has instances. */
class WhereAny extends ForeignData<object> {
  override toTerraform(): unknown {
    return this.hasInstances ? super.toTerraform() : {};
  }

  /** @internal For `cdktf synth --hcl`. */
  override toHclTerraform(): unknown {
    return this.hasInstances ? super.toHclTerraform() : {};
  }
}

/** Also where somebody wrote Terraform's own form into a text. */
function isReference(id: string): boolean {
  return Token.isUnresolved(id) || id.includes('${');
}

/** Two instances can't become one, and one not two: the first one is moved. */
function eachOnce(called: readonly Called[]): GroupIds['moved'] {
  const [from, to] = [new Set<string>(), new Set<string>()];
  return called.flatMap(({ before, now }) => {
    if (from.has(before) || to.has(now)) return [];
    from.add(before);
    to.add(now);
    return [[before, now] as const];
  });
}
