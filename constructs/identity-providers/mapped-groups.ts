/** The groups of the identity provider that an app's mappings name, found by their names when Terraform runs. */
import { DefaultTokenResolver, StringConcat, type TerraformProvider, Token, Tokenization } from 'cdktf';
import { type Construct, type IConstruct } from 'constructs';
import { identityKey } from '../../bridge/contract/identity';
import { escapeText, expression } from '../l1/terraform-text';
import { type ScimApp } from '../scim-app';
import { ForeignData } from './foreign-provider';

/** How a provider looks a group up. `${each.value}` stands for its name. */
export interface GroupLookup {
  /** Name of the data source. */
  readonly type: string;
  readonly given: object;
  /** Attribute that has the id. */
  readonly idAttribute: string;
  readonly provider: TerraformProvider;
}

export class MappedGroups {
  private readonly asked = new Set<string>();
  /** Ids that were handed out: whoever is named by one of them is among the names. */
  private readonly handedOut = new Set<string>();
  private readonly data: ForeignData<object>;

  constructor(
    scope: Construct,
    private readonly app: ScimApp,
    private readonly lookup: GroupLookup,
  ) {
    const { type, given, provider } = lookup;
    this.data = new ForeignData(scope, 'groups', type, given, { provider, forEach: () => this.names() });
  }

  /** Id of a group of this name; it counts as named from then on. @throws Error for a name that is known when Terraform runs */
  idOf(name: string): string {
    if (Token.isUnresolved(name))
      throw new Error(
        `${this.app.node.path}: the name of a group is a reference: wanted a name that is known at synth, or the id of what it refers to, as idpGroupExternalId`,
      );
    this.asked.add(name);
    const id = expression(() => {
      const found = Object.entries(this.names()).find(([, one]) => identityKey(one) === identityKey(escapeText(name)));
      return this.reference(found?.[0] ?? escapeText(name));
    });
    this.handedOut.add(id);
    return id;
  }

  /** Ids by name: what mappings name, and what was asked for. */
  ids(): Record<string, string> {
    return Object.fromEntries(Object.keys(this.names()).map(key => [key, expression(() => this.reference(key))]));
  }

  /** Ids of all groups to send. @param further what is listed beside what mappings name: nobody is assigned twice */
  allIds(further: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { ...this.ids(), ...this.externalIds(further), ...further };
  }

  /** Ids that mappings give as they are. */
  private externalIds(beside: Readonly<Record<string, string>>): Record<string, string> {
    const listed = new Set(Object.values(beside).map(id => this.meaning(id)));
    const given = this.app.mappings.flatMap(mapping => {
      const id = mapping.idpGroupExternalId;
      const isListed =
        id === undefined || this.handedOut.has(id) || (Token.isUnresolved(id) && listed.has(this.meaning(id)));
      return isListed ? [] : ([[id, this.keyOf(id, mapping)]] as const);
    });
    return this.byKey(given);
  }

  /** By key. Mappings compare names without case: two spellings are one group. */
  private names(): Record<string, string> {
    const named = this.app.mappings.flatMap(mapping => {
      const name = mapping.idpGroup;
      return name === undefined ? [] : ([[name, this.keyOf(name, mapping)]] as const);
    });
    const asked = [...this.asked].map(name => [name, escapeText(name)] as const);
    const one = new Map([...asked, ...named].map(entry => [identityKey(entry[0]), entry]));
    return this.byKey([...one.values()]);
  }

  /** What an instance is called in the state. What is known when Terraform runs can be no key: it is called as what named it. */
  private keyOf(text: string, by: IConstruct): string {
    return Token.isUnresolved(text) ? by.node.path.slice(this.app.node.path.length + 1) : escapeText(text);
  }

  private reference(key: string): string {
    const { type, idAttribute } = this.lookup;
    return `data.${type}.${this.data.friendlyUniqueId}[${JSON.stringify(key)}].${idAttribute}`;
  }

  /** The first one that names something is who it is called after. */
  private byKey(entries: readonly (readonly [text: string, key: string])[]): Record<string, string> {
    const first = new Map([...entries].reverse().map(entry => [this.meaning(entry[0]), entry]));
    return Object.fromEntries(
      [...first.values()]
        .map(([text, key]) => [key, escapeText(text)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** What Terraform will read: cdktf has another text for a reference each time that it is asked for. */
  private meaning(text: string): string {
    if (!Token.isUnresolved(text)) return text;
    const resolver = new DefaultTokenResolver(new StringConcat());
    return JSON.stringify(Tokenization.resolve(text, { scope: this.app, resolver, preparing: false }));
  }
}
