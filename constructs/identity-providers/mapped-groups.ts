/** The groups of the identity provider that an app's mappings name, found by their names when Terraform runs. */
import { type TerraformProvider, Token } from 'cdktf';
import { type Construct } from 'constructs';
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
  private readonly data: ForeignData<object>;

  constructor(
    scope: Construct,
    private readonly app: ScimApp,
    private readonly lookup: GroupLookup,
  ) {
    const { type, given, provider } = lookup;
    const forEach = () => Object.fromEntries(this.names().map(name => [escapeText(name), escapeText(name)]));
    this.data = new ForeignData(scope, 'groups', type, given, { provider, forEach });
  }

  /** Id of a group of this name; it counts as named from then on. */
  idOf(name: string): string {
    this.asked.add(name);
    return this.reference(name);
  }

  /** Ids by name: what mappings name, and what was asked for. */
  ids(): Record<string, string> {
    return Object.fromEntries(this.names().map(name => [escapeText(name), this.reference(name)]));
  }

  /** Ids that mappings give as they are. */
  externalIds(): Record<string, string> {
    const given = this.app.mappings.flatMap(({ idpGroupExternalId: id }) => (id === undefined ? [] : [id]));
    return Object.fromEntries(given.filter(id => !Token.isUnresolved(id)).map(id => [escapeText(id), escapeText(id)]));
  }

  /** Mappings compare names without case: two spellings are one group. */
  private names(): string[] {
    const named = this.app.mappings.flatMap(({ idpGroup }) => (idpGroup === undefined ? [] : [idpGroup]));
    const all = [...this.asked, ...named].filter(name => !Token.isUnresolved(name));
    return [...new Map(all.map(name => [identityKey(name), name])).values()].sort();
  }

  private reference(name: string): string {
    return expression(() => {
      const spelled = this.names().find(one => identityKey(one) === identityKey(name)) ?? name;
      const { type, idAttribute } = this.lookup;
      return `data.${type}.${this.data.friendlyUniqueId}[${JSON.stringify(escapeText(spelled))}].${idAttribute}`;
    });
  }
}
