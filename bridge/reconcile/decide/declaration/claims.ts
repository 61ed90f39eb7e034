/**
 * Mode `claims`: the same mapping as settings of Coder's own OIDC sync, effective at each sign-in. Pure: from mapping
 * states to whole settings objects. Entries that the bridge did not write stay, and so do filters and switches.
 */
import { type MappingState } from '../../../contract/mapping-state';
import { type Binding } from '../../../store/apps/bindings';
import { findRole, organizationMeant, type KnownGroup, type KnownOrganization } from '../rules';
import { identityKey } from '../../../contract/identity';

/** What one of Coder's sync settings should say: claim value to group ids, role names or organization ids. */
export interface SyncMapping {
  readonly field: string;
  readonly mapping: Readonly<Record<string, readonly string[]>>;
  /** Claims of which it is unclear whose they are: what is written for them stays, and nothing is added. */
  readonly unclear?: readonly string[] | undefined;
}

/** What the bridge wrote into a settings object last: its field, and the entries that are its own. */
export interface Written {
  readonly field: string;
  /** Claims for which a mapping gives something. */
  readonly claims: readonly string[];
  /** Claims that are to give nothing, and would by their name. */
  readonly silenced?: readonly string[] | undefined;
  /** What others had written for the same claims: it stays, and stays when the bridge's own goes. */
  readonly others?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Somebody else had turned the sync on: what it gives by names is their wish, and nobody turns it off. */
  readonly wasOn?: boolean | undefined;
  /** The field before, where nobody has noted yet that the new one was written. */
  readonly formerField?: string | undefined;
}

export interface ClaimsInput {
  readonly states: readonly MappingState[];
  readonly organizations: readonly KnownOrganization[];
  readonly groups: readonly KnownGroup[];
  readonly bindings: readonly Binding[];
  /** Present displayName of SCIM groups, by id. */
  readonly groupNames: ReadonlyMap<string, string>;
  /** Whether several groups have the name that the mapping means, or its organization has another name by now. */
  readonly isUnclear: (app: string, mapping: string) => boolean;
  /** The claim that the bridge declared there last: another app that declares another one does not take it away. */
  readonly fieldWritten: (kind: 'groups' | 'roles', organization: string) => string | undefined;
}

/** A mapping that makes people members of an organization. */
export interface Join {
  readonly app: string;
  /** The claim that the app declares for organization sync. */
  readonly field: string | undefined;
  /** The value of the claim. */
  readonly claim: string;
  readonly organization: KnownOrganization;
  /** Several groups have the name that is the claim, or the organization has another name by now. */
  readonly unclear: boolean;
}

export interface ClaimsSettings {
  /** By organization id. */
  readonly groups: ReadonlyMap<string, SyncMapping>;
  readonly roles: ReadonlyMap<string, SyncMapping>;
  /** What organization sync would have to say, if it is needed at all: see `decideOrganizationSync`. */
  readonly joins: readonly Join[];
  readonly problems: readonly string[];
}

/** The value of a claim that a mapping means: the name of its group as it is now, where that is followed, or its `externalId`. */
export function claimOf(
  { bindings, groupNames }: Pick<ClaimsInput, 'bindings' | 'groupNames'>,
  { app, policies }: MappingState,
  name: string,
  mapping: { readonly idpGroup?: string | undefined; readonly idpGroupExternalId?: string | undefined },
): string {
  if (mapping.idpGroupExternalId !== undefined) return mapping.idpGroupExternalId;
  const bound = bindings.find(binding => binding.alive && binding.app === app && binding.mapping === name);
  const followed = policies.renamedGroups === 'follow' ? bound?.scimGroupId : undefined;
  return groupNames.get(followed ?? '') ?? mapping.idpGroup ?? '';
}

/** One settings object while it is put together. */
export class Draft {
  readonly mapping = new Map<string, Set<string>>();
  readonly unclear = new Set<string>();
  constructor(readonly field: string) {}
  add(claim: string, value: string, unclear: boolean): void {
    if (unclear) this.unclear.add(claim);
    const known = this.mapping.get(claim);
    if (known === undefined) this.mapping.set(claim, new Set([value]));
    else known.add(value);
  }
  /** Whether anything of it is clear. */
  get isClear(): boolean {
    return [...this.mapping.keys()].some(claim => !this.unclear.has(claim));
  }
  done(): SyncMapping {
    const clear = [...this.mapping].filter(([claim]) => !this.unclear.has(claim)).sort();
    return {
      field: this.field,
      mapping: Object.fromEntries(clear.map(([claim, values]) => [claim, [...values].sort()])),
      ...(this.unclear.size === 0 ? {} : { unclear: [...this.unclear].sort() }),
    };
  }
}

/** The settings objects of one kind, by organization, while they are put together: of each claim that an app declares for it one draft. */
class Drafts {
  readonly #drafts = new Map<string, Map<string, { readonly draft: Draft; readonly askedBy: string[] }>>();
  constructor(readonly kind: 'groups' | 'roles') {}

  of(organization: string, field: string, mapping: string): Draft {
    const known = this.#drafts.get(organization) ?? new Map<string, { draft: Draft; askedBy: string[] }>();
    this.#drafts.set(organization, known);
    const one = known.get(field) ?? { draft: new Draft(field), askedBy: [] };
    known.set(field, one);
    one.askedBy.push(mapping);
    return one.draft;
  }

  /** One for each organization: Coder reads one claim, and what is meant of another one would give to whoever has it in that. */
  done(fieldWritten: ClaimsInput['fieldWritten'], problems: string[]): Map<string, SyncMapping> {
    const settings = new Map<string, SyncMapping>();
    for (const [organization, drafts] of this.#drafts) {
      const written = fieldWritten(this.kind, organization);
      // Nor does an app of which nothing can be written keep out another one.
      const clear = [...drafts].find(([, { draft }]) => draft.isClear)?.[0];
      const field = written !== undefined && drafts.has(written) ? written : (clear ?? [...drafts.keys()][0]);
      for (const [other, { draft, askedBy }] of drafts)
        if (other === field) settings.set(organization, draft.done());
        else
          problems.push(
            ...askedBy.map(
              mapping =>
                `${mapping}: claim ${JSON.stringify(other)} is not the claim ${JSON.stringify(field)} that another app reads there: Coder reads one claim, and nothing is written of this one`,
            ),
          );
    }
    return settings;
  }
}

/** The settings that all apps in mode `claims` ask for together. */
export function claimsSettings(input: ClaimsInput): ClaimsSettings {
  const groups = new Drafts('groups');
  const roles = new Drafts('roles');
  const joins: Join[] = [];
  const problems: string[] = [];
  for (const state of input.states) {
    const join = (claim: string, organization: KnownOrganization, unclear: boolean): void => {
      joins.push({ app: state.app, field: state.claims.organizations, claim, organization, unclear });
    };
    for (const [key, mapping] of Object.entries(state.groupMappings)) {
      const unclear = input.isUnclear(state.app, `groupMappings/${key}`);
      const organization = organizationMeant(input.organizations, mapping.organization);
      const group = input.groups.find(known => known.organization === organization?.id && known.name === mapping.group);
      if (organization === undefined || group === undefined) continue;
      const claim = claimOf(input, state, `groupMappings/${key}`, mapping);
      groups.of(organization.id, state.claims.groups, `groupMappings/${key}`).add(claim, group.id, unclear);
      join(claim, organization, unclear);
    }
    for (const [key, mapping] of Object.entries(state.roleMappings)) {
      if (mapping.organization === undefined) continue;
      const organization = organizationMeant(input.organizations, mapping.organization);
      if (organization === undefined) continue;
      const isUnread = organization.roles === 'unreadable';
      const role = isUnread ? identityKey(mapping.role) : findRole(organization, mapping.role);
      if (role === undefined) {
        problems.push(
          `roleMappings/${key}: organization ${JSON.stringify(organization.name)} has no role ${JSON.stringify(mapping.role)}`,
        );
        continue;
      }
      const claim = claimOf(input, state, `roleMappings/${key}`, mapping);
      if (isUnread)
        problems.push(
          `roleMappings/${key}: Coder does not tell the roles of organization ${JSON.stringify(organization.name)}, so the entry stays as it is, and none is added`,
        );
      const unclear = isUnread || input.isUnclear(state.app, `roleMappings/${key}`);
      roles.of(organization.id, state.claims.roles, `roleMappings/${key}`).add(claim, role, unclear);
      join(claim, organization, unclear);
    }
    for (const [key, mapping] of Object.entries(state.organizationMappings)) {
      const organization = organizationMeant(input.organizations, mapping.organization);
      const unclear = input.isUnclear(state.app, `organizationMappings/${key}`);
      if (organization !== undefined)
        join(claimOf(input, state, `organizationMappings/${key}`, mapping), organization, unclear);
    }
  }
  return {
    groups: groups.done(input.fieldWritten, problems),
    roles: roles.done(input.fieldWritten, problems),
    joins,
    problems,
  };
}
