/** Observes everything that a decision about Coder groups needs: what Coder has, what is under management, what was begun. */
import { type CoderClient, CoderError, type CoderGroup } from '../../coder';
import { type DirectoryGroup } from '../../contract/directory';
import {
  listManagedGroups,
  type ManagedGroup,
  managedGroupsOf,
  readManagedGroup,
} from '../../store/accounts/coder-groups';
import { hasOthersInside } from '../../store/accounts/coder-members';
import { type StoredApp } from '../../store/apps/apps';
import { readMappedGroups } from '../../store/apps/mapped-groups';
import { type Db } from '../../store/database/database';
import { existingGroups, groupsWithMembers, readGroups } from '../../store/directory/reading';
import { entriesOfSubject } from '../../store/journal/journal';
import {
  type BegunGroup,
  type GroupsObserved,
  groupKey,
  mappedNames,
  type PresentGroup,
  settingsByApps,
} from '../decide/group/groups-draft';
import { isOfAnother, namesOfPushed } from '../decide/group/pushed-groups';
import { findOrganization, isPushed, type KnownOrganization } from '../decide/rules';
import { begunGroup, readBegunGroups } from './begun';

/** The apps and organizations that a decision is made among: as they are, or as a plan imagines them. */
export interface Declared {
  readonly apps: ReadonlyMap<string, StoredApp>;
  readonly organizations: readonly KnownOrganization[];
}

/** Groups, or why they can't be read: rights or the licence are missing. */
type Listed = readonly PresentGroup[] | { readonly unreadable: string };

/** All groups of an organization, read once however often they are asked for; the members are not looked at. */
export class GroupListing {
  readonly #groups = new Map<string, Promise<Listed>>();

  constructor(private readonly coder: CoderClient) {}

  of(organizationId: string): Promise<Listed> {
    const known = this.#groups.get(organizationId);
    if (known !== undefined) return known;
    const listing = this.coder
      .allGroups(organizationId)
      .then(groups => groups.filter(group => !group.isEveryone).map(presentGroup))
      .catch((error: unknown) => {
        if (!(error instanceof CoderError) || error.retryable) throw error;
        return { unreadable: error.message };
      });
    this.#groups.set(organizationId, listing);
    return listing;
  }
}

const presentGroup = (group: CoderGroup): PresentGroup => {
  const { id, organizationId, name, displayName, avatarUrl, quotaAllowance } = group;
  return { id, organizationId, name, displayName, avatarUrl, quotaAllowance };
};

/** For a whole declaration: everything is read at once. */
export async function observeGroups(
  db: Db,
  declared: Declared,
  app: Pick<StoredApp, 'name' | 'state'>,
  listing: GroupListing,
  managed?: readonly ManagedGroup[],
): Promise<GroupsObserved> {
  const { state } = app;
  // What is noted is read first: what is made meanwhile must not seem to be gone.
  const known = managed ?? (await listManagedGroups(db));
  const begun = await readBegunGroups(db);
  const organizations = organizationsOf(declared, state);
  const present: PresentGroup[] = [];
  const read = new Set<string>();
  const unreadable = new Map<string, string>();
  for (const { id } of organizations) {
    const listed = await listing.of(id);
    if ('unreadable' in listed) unreadable.set(id, listed.unreadable);
    else {
      read.add(id);
      present.push(...listed);
    }
  }
  const pushed =
    state.pushedGroups === undefined || state.mode !== 'push'
      ? []
      : (await readGroups(db, app.name)).filter(group => isPushed(state, group));
  const alive = await aliveAmong(db, [...known, ...begun, ...pushed.map(({ id }) => ({ scimGroupId: id }))]);
  return {
    ...frame(declared, app),
    present,
    read,
    unreadable,
    managed: known,
    begun,
    pushed,
    empty: await emptyAmong(db, pushed, known),
    alive,
    inhabited: pushed.length === 0 ? new Set() : await inhabitedAmong(db, declared, app.name, known, alive),
    groupOfMapping: await readMappedGroups(db, app.name),
  };
}

/** For one group of the directory: what it costs does not grow with the number of groups. */
export async function observePushedGroup(
  db: Db,
  declared: Declared,
  app: Pick<StoredApp, 'name' | 'state'>,
  group: DirectoryGroup,
  coder: Pick<CoderClient, 'getGroup' | 'getGroupByName'>,
): Promise<GroupsObserved> {
  const rule = app.state.pushedGroups;
  const organization = rule && findOrganization(declared.organizations, rule.organization);
  const own = await managedGroupsOf(db, group.id);
  const begun = (await entriesOfSubject(db, group.id)).flatMap(begunGroup);
  const present = new Map<string, PresentGroup>();
  const managed = new Map(own.map(known => [known.id, known]));
  const alive = new Map([[group.id, app.name]]);
  const inhabited = new Set<string>();
  const note = (found: CoderGroup | undefined): PresentGroup | undefined => {
    if (found === undefined || found.isEveryone) return undefined;
    present.set(found.id, presentGroup(found));
    return presentGroup(found);
  };
  const lookFor = async (organizationId: string, name: string): Promise<'free' | 'another' | 'taken'> => {
    const found = note(await coder.getGroupByName(organizationId, name));
    if (found === undefined) return 'free';
    const holder = managed.get(found.id) ?? (await readManagedGroup(db, found.id));
    if (holder !== undefined) managed.set(holder.id, holder);
    for (const [id, of] of await aliveAmong(db, holder === undefined ? [] : [holder])) alive.set(id, of);
    for (const id of await inhabitedAmong(db, declared, app.name, holder === undefined ? [] : [holder], alive))
      inhabited.add(id);
    return isOfAnother(group, holder, alive) || inhabited.has(found.id) ? 'another' : 'taken';
  };
  if (rule !== undefined && organization !== undefined) {
    const names = namesOfPushed(rule, group).names;
    // Each is read: what was not would count as deleted by somebody, and be forgotten.
    let found: PresentGroup | undefined;
    for (const mine of own.filter(known => known.organization === organization.id))
      found = note(await coder.getGroup(mine.id)) ?? found;
    for (const entry of begun)
      if (found === undefined && entry.organization === organization.id) {
        await lookFor(organization.id, entry.name);
        found = [...present.values()].find(one => one.name === entry.name && (entry.renames ?? one.id) === one.id);
      }
    // Its own group keeps its name when the wanted one is taken; without one of its own the first name that is free counts.
    for (const name of found === undefined ? names : names.slice(0, 1)) {
      if (found?.name === name) break;
      if ((await lookFor(organization.id, name)) !== 'another') break;
    }
  }
  return {
    ...frame(declared, app),
    present: [...present.values()],
    read: new Set(organization === undefined ? [] : [organization.id]),
    unreadable: new Map(),
    managed: [...managed.values()],
    begun: [...begun, ...(await begunUnder(db, begun, [...present.values()]))],
    pushed: [group],
    empty: present.size === 0 ? new Set() : await emptyAmong(db, [group], own),
    alive,
    inhabited,
    groupOfMapping: new Map(),
  };
}

/** Begun creations of others that have led to one of these groups. */
async function begunUnder(
  db: Db,
  known: readonly BegunGroup[],
  present: readonly PresentGroup[],
): Promise<BegunGroup[]> {
  if (present.length === 0) return [];
  const seen = new Set(known.map(one => groupKey(one.organization, one.name)));
  const keys = new Set(present.map(one => groupKey(one.organizationId, one.name)));
  return (await readBegunGroups(db)).filter(one => {
    const key = groupKey(one.organization, one.name);
    return keys.has(key) && !seen.has(key);
  });
}

function frame(
  { apps, organizations }: Declared,
  { name, state }: Pick<StoredApp, 'name' | 'state'>,
): Pick<GroupsObserved, 'app' | 'state' | 'organizations' | 'mappedByOthers' | 'settingsByOthers'> {
  const others = [...apps.values()].filter(other => other.name !== name);
  return {
    app: name,
    state,
    organizations,
    mappedByOthers: mappedNames(others, organizations),
    settingsByOthers: settingsByApps(others, organizations),
  };
}

function organizationsOf({ organizations }: Declared, state: StoredApp['state']): readonly KnownOrganization[] {
  if (state.policies.authoritative) return organizations;
  const named = [
    ...Object.values(state.groupMappings).map(mapping => mapping.organization),
    ...(state.pushedGroups === undefined || state.mode !== 'push' ? [] : [state.pushedGroups.organization]),
  ];
  const ids = new Set(named.map(name => findOrganization(organizations, name)?.id));
  return organizations.filter(organization => ids.has(organization.id));
}

/** Pushed groups that Coder has none noted for and that nobody is in yet. */
async function emptyAmong(
  db: Db,
  pushed: readonly DirectoryGroup[],
  managed: readonly ManagedGroup[],
): Promise<Set<string>> {
  const noted = new Set(managed.map(({ scimGroupId }) => scimGroupId));
  const open = pushed.flatMap(({ id }) => (noted.has(id) ? [] : [id]));
  const inhabited = await groupsWithMembers(db, open);
  return new Set(open.filter(id => !inhabited.has(id)));
}

async function aliveAmong(
  db: Db,
  groups: readonly { readonly scimGroupId: string | undefined }[],
): Promise<Map<string, string>> {
  const ids = [...new Set(groups.flatMap(group => group.scimGroupId ?? []))];
  return new Map([...(await existingGroups(db, ids))].map(([id, { app }]) => [id, app]));
}

/** Groups that nothing declares any more, and whose people have not been let go: what was deleted by mistake is held, and nobody else's. */
async function inhabitedAmong(
  db: Db,
  { apps, organizations }: Declared,
  app: string,
  managed: readonly ManagedGroup[],
  alive: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  const inhabited = new Set<string>();
  const left = managed.filter(
    ({ origin, scimGroupId }) => origin === 'created' && (scimGroupId === undefined || !alive.has(scimGroupId)),
  );
  if (left.length === 0) return inhabited;
  const mapped = mappedNames([...apps.values()], organizations);
  for (const { id, organization, name } of left)
    if (!mapped.has(groupKey(organization, name)) && (await hasOthersInside(db, id, app))) inhabited.add(id);
  return inhabited;
}
