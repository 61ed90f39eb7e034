/** Where the work on groups looks for Coder's groups, and for those of them that are under management. */
import { type CoderClient, type CoderGroup } from '../../coder';
import { type ManagedGroup, managedGroupsOf, readManagedGroup } from '../../store/accounts/coder-groups';
import { type Db } from '../../store/database/database';

/** Groups of Coder by name and id. */
export interface GroupIndex {
  byName(organizationId: string, name: string): Promise<CoderGroup | undefined>;
  byId(organizationId: string, id: string): Promise<CoderGroup | undefined>;
  /** A group was made, or has another name. */
  note(group: CoderGroup, formerName?: string): Promise<void>;
}

/** All groups of an organization, read once however many are looked for. */
export class ListedGroups implements GroupIndex {
  readonly #groups = new Map<string, Promise<{ byName: Map<string, CoderGroup>; byId: Map<string, CoderGroup> }>>();

  constructor(private readonly coder: CoderClient) {}

  async byName(organizationId: string, name: string): Promise<CoderGroup | undefined> {
    return (await this.#of(organizationId)).byName.get(name);
  }

  async byId(organizationId: string, id: string): Promise<CoderGroup | undefined> {
    return (await this.#of(organizationId)).byId.get(id);
  }

  async all(organizationId: string): Promise<CoderGroup[]> {
    return [...(await this.#of(organizationId)).byId.values()];
  }

  async note(group: CoderGroup, formerName?: string): Promise<void> {
    const { byName, byId } = await this.#of(group.organizationId);
    if (formerName !== undefined) byName.delete(formerName);
    byName.set(group.name, group);
    byId.set(group.id, group);
  }

  #of(organizationId: string) {
    let groups = this.#groups.get(organizationId);
    if (groups === undefined) {
      groups = this.coder.allGroups(organizationId).then(all => {
        const list = all.filter(group => !group.isEveryone);
        return {
          byName: new Map(list.map(group => [group.name, group])),
          byId: new Map(list.map(group => [group.id, group])),
        };
      });
      this.#groups.set(organizationId, groups);
    }
    return groups;
  }
}

/** One call for each question: for a single group among many, whose listing would cost with their number. */
export class SoughtGroups implements GroupIndex {
  constructor(private readonly coder: CoderClient) {}

  async byName(organizationId: string, name: string): Promise<CoderGroup | undefined> {
    const group = await this.coder.getGroupByName(organizationId, name);
    return group?.isEveryone === true ? undefined : group;
  }

  byId(_organizationId: string, id: string): Promise<CoderGroup | undefined> {
    return this.coder.getGroup(id);
  }

  note(): Promise<void> {
    return Promise.resolve();
  }
}

/** Groups under management, as far as the work at hand has come across them; kept in step with the store. */
export class ManagedGroups {
  readonly #byId = new Map<string, ManagedGroup>();
  readonly #byScimGroup = new Map<string, Set<string>>();

  constructor(
    private readonly db: Db,
    known: readonly ManagedGroup[],
    /** Whether that is all there are. */
    private readonly complete: boolean,
  ) {
    for (const group of known) this.set(group);
  }

  async get(id: string): Promise<ManagedGroup | undefined> {
    const known = this.#byId.get(id);
    return known !== undefined || this.complete ? known : await readManagedGroup(this.db, id);
  }

  /** The Coder group of a group of the directory. */
  async ofScimGroup(scimGroupId: string, organization: string): Promise<ManagedGroup | undefined> {
    const ids = this.#byScimGroup.get(scimGroupId);
    const known =
      ids === undefined && !this.complete
        ? await managedGroupsOf(this.db, scimGroupId)
        : [...(ids ?? [])].flatMap(id => this.#byId.get(id) ?? []);
    return known.find(group => group.organization === organization);
  }

  values(): Iterable<ManagedGroup> {
    return this.#byId.values();
  }

  set(group: ManagedGroup): void {
    this.delete(group.id);
    this.#byId.set(group.id, group);
    if (group.scimGroupId === undefined) return;
    const ids = this.#byScimGroup.get(group.scimGroupId) ?? new Set();
    this.#byScimGroup.set(group.scimGroupId, ids.add(group.id));
  }

  delete(id: string): void {
    const known = this.#byId.get(id);
    if (known?.scimGroupId !== undefined) this.#byScimGroup.get(known.scimGroupId)?.delete(id);
    this.#byId.delete(id);
  }
}
