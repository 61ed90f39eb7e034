/** What a decision about Coder groups is made from, what it says, and the state that it is in while it is being made. Pure. */
import { type CoderGroup, type GroupSettings, type NewGroup } from '../../../coder';
import { type DirectoryGroup } from '../../../contract/directory';
import { type GroupMapping, type MappingState } from '../../../contract/mapping-state';
import { type ManagedGroup } from '../../../store/accounts/coder-groups';
import { imaginedGroup, type KnownOrganization, findOrganization, organizationMeant } from '../rules';

/** A group as Coder has it, without its members. */
export type PresentGroup = Pick<
  CoderGroup,
  'id' | 'organizationId' | 'name' | 'displayName' | 'avatarUrl' | 'quotaAllowance'
>;

/** A group whose creation was begun and has not been noted. */
export interface BegunGroup {
  /** Organization id. */
  readonly organization: string;
  readonly name: string;
  readonly app: string | undefined;
  /** The group of the directory that it is for. */
  readonly scimGroupId: string | undefined;
  /** The mapping that it is for: `groupMappings/<key>`. */
  readonly mapping: string | undefined;
  /** The name is a new one, begun for the Coder group with this id: it says nothing of any other that has it. */
  readonly renames?: string | undefined;
}

/** Everything that the decision is made from. */
export interface GroupsObserved {
  readonly app: string;
  readonly state: MappingState;
  readonly organizations: readonly KnownOrganization[];
  /** Groups of Coder: all of the organizations that the app names, or those that were looked for. */
  readonly present: readonly PresentGroup[];
  /** Ids of the organizations whose managed groups would be in `present`. */
  readonly read: ReadonlySet<string>;
  /** Organizations whose groups can't be read, by id, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Groups under management, as far as they are in `present` or belong to `pushed`. */
  readonly managed: readonly ManagedGroup[];
  readonly begun: readonly BegunGroup[];
  /** Groups of the directory that the rule for pushed groups is about. */
  readonly pushed: readonly DirectoryGroup[];
  /** Ids of those of them that have no group of Coder noted as their own, and no member yet. */
  readonly empty: ReadonlySet<string>;
  /** The apps of the groups of the directory for which managed groups were made, by id, as far as these still exist. */
  readonly alive: ReadonlyMap<string, string>;
  /** Ids of managed groups that nothing declares any more and that people of another app are in still. */
  readonly inhabited: ReadonlySet<string>;
  /** `<organization id>/<name>` that mappings of other apps name, with one of these apps. */
  readonly mappedByOthers: ReadonlyMap<string, string>;
  /** What mappings of other apps say of the groups that they name, by the same key. */
  readonly settingsByOthers: ReadonlyMap<string, readonly SettingsOf[]>;
  /** The Coder group that each mapping was given last. */
  readonly groupOfMapping: ReadonlyMap<string, string>;
}

/** What one mapping says of its group. */
export interface SettingsOf {
  readonly app: string;
  readonly settings: GroupSettings;
}

/** What is noted of a group under management. */
export type ManagedRow = Pick<ManagedGroup, 'organization' | 'name' | 'origin' | 'scimGroupId'>;

/** One group that is to be made, changed or put under management. */
export interface GroupChange {
  /** What asks for it, as in problems: `groupMappings/<key>` or `pushedGroups "<displayName>"`. */
  readonly what: string;
  /** The mappings that it is for. */
  readonly mappings: readonly string[];
  readonly organization: KnownOrganization;
  /** As Coder has it; undefined: to be made. */
  readonly present: PresentGroup | undefined;
  /** What it is to have; what is left out stays as it is. */
  readonly settings: GroupSettings;
  readonly row: ManagedRow;
  /** Begun creations that are settled by noting this. */
  readonly settles: readonly BegunGroup[];
}

export interface GroupsPlan {
  readonly changes: readonly GroupChange[];
  /** Groups under management that somebody deleted in Coder. */
  readonly gone: readonly ManagedGroup[];
  /** In words. */
  readonly problems: readonly string[];
}

/** What has to be written to Coder for a change; `note`: nothing, it is noted under management alone. */
export function callOf(change: GroupChange): 'create' | 'change' | 'note' {
  if (change.present === undefined) return 'create';
  return Object.keys(partsToChange(change)).length === 0 ? 'note' : 'change';
}

/** Name and settings that are to be others than they are: what Coder is asked for, nothing else. */
export function partsToChange({ present, settings, row }: GroupChange): Partial<NewGroup> {
  const wanted = { name: row.name, ...settings };
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([part, value]) => value !== undefined && value !== present?.[part as keyof typeof wanted],
    ),
  );
}

/** `<organization id>/<name>`: a Coder group by its name, which is case-sensitive; the key of its journal entry too. */
export function groupKey(organization: string, name: string): string {
  return `${organization}/${name}`;
}

/** Names of Coder groups that mappings of these apps name, with an app of each. */
export function mappedNames(
  apps: readonly { readonly name: string; readonly state: MappingState; readonly deleting: boolean }[],
  organizations: readonly KnownOrganization[],
): Map<string, string> {
  return new Map(
    apps
      .filter(app => !app.deleting)
      .flatMap(app =>
        Object.values(app.state.groupMappings).flatMap((mapping): [string, string][] => {
          const organization = organizationMeant(organizations, mapping.organization);
          return organization === undefined ? [] : [[groupKey(organization.id, mapping.group), app.name]];
        }),
      ),
  );
}

/** What a mapping says of its group. */
export function settingsOf({ displayName, avatarUrl, quotaAllowance }: GroupMapping): GroupSettings {
  return { displayName, avatarUrl, quotaAllowance };
}

/** What mappings of these apps say of the groups that they name, by `<organization id>/<name>`. */
export function settingsByApps(
  apps: readonly { readonly name: string; readonly state: MappingState; readonly deleting: boolean }[],
  organizations: readonly KnownOrganization[],
): Map<string, SettingsOf[]> {
  const settings = new Map<string, SettingsOf[]>();
  for (const app of apps.filter(one => !one.deleting))
    for (const mapping of Object.values(app.state.groupMappings)) {
      const organization = findOrganization(organizations, mapping.organization);
      if (organization === undefined) continue;
      const key = groupKey(organization.id, mapping.group);
      settings.set(key, [...(settings.get(key) ?? []), { app: app.name, settings: settingsOf(mapping) }]);
    }
  return settings;
}

/** The decision while it is being made: what is there, and what is planned already. */
export class GroupsDraft {
  readonly #byId = new Map<string, PresentGroup>();
  readonly #byName = new Map<string, PresentGroup>();
  readonly #managed = new Map<string, ManagedGroup>();
  readonly #ofScimGroup = new Map<string, ManagedGroup[]>();
  /** Changes by the name that the group will have. */
  readonly #planned = new Map<string, GroupChange>();
  readonly #plannedById = new Map<string, GroupChange>();
  /** Names that mappings of the app name. */
  readonly mapped: ReadonlyMap<string, string>;
  readonly problems: string[] = [];

  readonly observed: GroupsObserved;

  constructor(observed: GroupsObserved) {
    for (const group of observed.present) {
      this.#byId.set(group.id, group);
      this.#byName.set(groupKey(group.organizationId, group.name), group);
    }
    const idOf = ({ organization, name }: BegunGroup) => this.#byName.get(groupKey(organization, name))?.id;
    const begun = observed.begun.filter(one => one.renames === undefined || one.renames === idOf(one));
    this.observed = { ...observed, begun };
    for (const group of observed.managed) {
      this.#managed.set(group.id, group);
      if (group.scimGroupId === undefined) continue;
      const known = this.#ofScimGroup.get(group.scimGroupId);
      if (known === undefined) this.#ofScimGroup.set(group.scimGroupId, [group]);
      else known.push(group);
    }
    const { app: name, state } = observed;
    this.mapped = mappedNames([{ name, state, deleting: false }], observed.organizations);
  }

  byId(id: string): PresentGroup | undefined {
    return this.#byId.get(id);
  }

  /** The group that has the name now; undefined also when a planned rename frees it. */
  byName(organization: string, name: string): PresentGroup | undefined {
    const group = this.#byName.get(groupKey(organization, name));
    const planned = group === undefined ? undefined : this.#plannedById.get(group.id);
    return planned === undefined || planned.row.name === name ? group : undefined;
  }

  managed(id: string): ManagedGroup | undefined {
    return this.#managed.get(id);
  }

  /** The managed group that was last known under this name and is no group of the directory. */
  lastNamed(organization: string, name: string): ManagedGroup | undefined {
    return this.observed.managed.find(
      known => known.organization === organization && known.name === name && known.scimGroupId === undefined,
    );
  }

  ofScimGroup(scimGroupId: string): readonly ManagedGroup[] {
    return this.#ofScimGroup.get(scimGroupId) ?? [];
  }

  planned(organization: string, name: string): GroupChange | undefined {
    return this.#planned.get(groupKey(organization, name));
  }

  plannedFor(id: string): GroupChange | undefined {
    return this.#plannedById.get(id);
  }

  begun(organization: string, name: string): BegunGroup | undefined {
    return this.observed.begun.find(one => one.organization === organization && one.name === name);
  }

  /** Whether a mapping of any app names this group as it is called now. */
  isMapped(group: PresentGroup): boolean {
    const key = groupKey(group.organizationId, group.name);
    return this.mapped.has(key) || this.observed.mappedByOthers.has(key);
  }

  plan(change: GroupChange): void {
    this.#planned.set(groupKey(change.organization.id, change.row.name), change);
    if (change.present !== undefined) this.#plannedById.set(change.present.id, change);
  }

  done(): GroupsPlan {
    const { managed, read } = this.observed;
    return {
      changes: [...this.#planned.values()].filter(change => this.#differs(change)),
      gone: managed.filter(group => read.has(group.organization) && !this.#byId.has(group.id)),
      problems: [...new Set(this.problems)],
    };
  }

  #differs(change: GroupChange): boolean {
    if (callOf(change) !== 'note' || change.settles.length > 0) return true;
    const known = change.present === undefined ? undefined : this.managed(change.present.id);
    const { row } = change;
    return (
      known === undefined ||
      known.name !== row.name ||
      known.scimGroupId !== row.scimGroupId ||
      change.mappings.some(mapping => this.observed.groupOfMapping.get(mapping) !== known.id)
    );
  }
}

/** The begun creations behind a group that is there: noting it settles them. */
export function begunAs(draft: GroupsDraft, organization: string, ...names: (string | undefined)[]): BegunGroup[] {
  return [...new Set(names)].flatMap(name => {
    const present = name === undefined ? undefined : draft.byName(organization, name);
    return present === undefined || name === undefined ? [] : (draft.begun(organization, name) ?? []);
  });
}

/** Groups under management as they would be after a plan; one that is not there yet has a stand-in id. */
export function withPlan(managed: readonly ManagedGroup[], { changes, gone }: GroupsPlan): ManagedGroup[] {
  const groups = new Map(managed.map(group => [group.id, group]));
  for (const { id } of gone) groups.delete(id);
  for (const { present, row } of changes) {
    const id = present?.id ?? imaginedGroup(row.organization, row.name);
    groups.set(id, { ...NOT_READ, ...groups.get(id), ...row, id });
  }
  return [...groups.values()];
}

/** What is known of a group's members at first: nothing. */
const NOT_READ = { readAt: undefined, flushedAt: 0, windowMs: 0, writes: 0, unsure: false, unheardAt: undefined };
