/** Sees to it that the groups and custom roles of a mapping state are there in Coder, and that those no longer declared go. */
import {
  cleanDisplayName,
  CoderError,
  type CoderGroup,
  type CoderRole,
  deriveGroupNames,
  isRefusal,
  PREBUILDS_GROUP,
} from '../../coder';
import { type DirectoryGroup } from '../../contract/directory';
import { type MappingState } from '../../contract/mapping-state';
import { bumpRules } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { forgetGroup, listManagedGroups, type ManagedGroup, putManagedGroup } from '../../store/accounts/coder-groups';
import { replaceMembers } from '../../store/accounts/coder-members';
import { putManagedRole } from '../../store/accounts/custom-roles';
import { readGroup, readGroups } from '../../store/directory/reading';
import { enqueueMembersOf, PRIORITY } from '../../store/work/enqueue';
import { deleteSetting } from '../../store/database/settings';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { type GroupIndex, type ListedGroups, ManagedGroups, SoughtGroups } from './group-index';
import { isInMaking, making, makingGroup, makingRole } from './being-made';
import { findOrganization, isPushed, type KnownOrganization } from '../decide/rules';
import { type Trail } from '../context/audit-lines';

/** A refusal that stays one until something changes becomes a problem in words; everything else is passed on. */
async function orProblem(problems: string[], what: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    const stays = error instanceof CoderError && !error.retryable && error.kind !== 'not_found_or_forbidden';
    if (!stays && !isRefusal(error)) throw error;
    problems.push(`${what}: ${error.message}`);
  }
}

/** Custom roles of one app, created or brought to what is declared. @returns problems in words */
export async function ensureCustomRoles(
  rim: Rim,
  context: Context,
  app: string,
  state: MappingState,
  trail: Trail,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [key, role] of Object.entries(state.customRoles)) {
    const organization = findOrganization(context.catalog.organizations, role.organization);
    if (organization === undefined) {
      problems.push(
        `customRoles/${key}: Coder has no organization ${JSON.stringify(role.organization)} that the bridge may see`,
      );
      continue;
    }
    await orProblem(problems, `customRoles/${key}`, async () => {
      const present = (await rim.coder.listOrganizationRoles(organization.id)).find(
        known => known.name.toLowerCase() === role.name.toLowerCase(),
      );
      const shape = { name: role.name, displayName: role.displayName ?? role.name, permissions: role.permissions };
      const target = `${organization.name}/${role.name}`;
      const { db } = rim.database;
      const begun = makingRole(organization.id, role.name);
      // One that an earlier try made is the bridge's own, although that try could not note it.
      let origin: 'created' | 'matched' = (await isInMaking(db, begun)) ? 'created' : 'matched';
      if (present === undefined) {
        const { outcome, answerLost } = await making(db, begun, { since: rim.clock.now() }, () =>
          rim.coder.createCustomRole(organization.id, shape),
        );
        origin = outcome === 'created' || answerLost === true ? 'created' : 'matched';
        trail.note({ app }, 'custom-role.create', 'done', { target, after: sayPermissions(shape) });
      } else if (differs(present, shape)) {
        await rim.coder.updateCustomRole(organization.id, { ...shape, name: present.name });
        trail.note({ app }, 'custom-role.update', 'done', {
          target,
          before: sayPermissions(present),
          after: sayPermissions(shape),
        });
      }
      await putManagedRole(db, { organization: organization.id, name: role.name.toLowerCase(), origin });
      await deleteSetting(db, begun);
    });
  }
  return problems;
}

export function sayPermissions(role: Pick<CoderRole, 'permissions'>): string {
  return role.permissions
    .map(({ negate, resourceType, action }) => `${negate ? '!' : ''}${resourceType}.${action}`)
    .sort()
    .join(' ');
}

export function differs(present: CoderRole, wanted: Pick<CoderRole, 'displayName' | 'permissions'>): boolean {
  return present.displayName !== wanted.displayName || sayPermissions(present) !== sayPermissions(wanted);
}

/** What the work on the groups of one app is done with. */
export interface Keep {
  readonly rim: Rim;
  readonly app: string;
  readonly state: MappingState;
  readonly context: Context;
  readonly index: GroupIndex;
  readonly trail: Trail;
  readonly managed: ManagedGroups;
  /** Everybody of the app is compared afterwards, under the same work: nobody has to be queued group by group. */
  readonly surveyed: boolean;
}

/** For a whole declaration: everything is read at once, and everybody is surveyed afterwards. */
export async function keepAll(
  rim: Rim,
  context: Context,
  app: string,
  state: MappingState,
  index: ListedGroups,
  trail: Trail,
): Promise<Keep> {
  const { db } = rim.database;
  const managed = new ManagedGroups(db, await listManagedGroups(db), true);
  return { rim, app, state, context, index, trail, managed, surveyed: true };
}

/** For a single group: what it costs does not grow with the number of groups. */
export function keepOne(rim: Rim, context: Context, app: string, state: MappingState, trail: Trail): Keep {
  const managed = new ManagedGroups(rim.database.db, [], false);
  return { rim, app, state, context, index: new SoughtGroups(rim.coder), trail, managed, surveyed: false };
}

/** Groups that mappings name, created or matched, and under management from now on. @returns problems in words */
export async function ensureDeclaredGroups(keep: Keep): Promise<string[]> {
  const { rim, context, app, state, index, trail } = keep;
  const problems: string[] = [];
  for (const [key, mapping] of Object.entries(state.groupMappings)) {
    const organization = findOrganization(context.catalog.organizations, mapping.organization);
    if (organization === undefined) continue;
    await orProblem(problems, `groupMappings/${key}`, async () => {
      const found =
        (await index.byName(organization.id, mapping.group)) ?? (await nameBack(keep, organization, mapping.group));
      if (mapping.group === PREBUILDS_GROUP) {
        problems.push(
          `groupMappings/${key}: group ${JSON.stringify(PREBUILDS_GROUP)} is Coder's own and never touched`,
        );
        return;
      }
      if (found === undefined && !mapping.create) {
        problems.push(
          `groupMappings/${key}: organization ${JSON.stringify(organization.name)} has no group ${JSON.stringify(mapping.group)}: create it, or set "create" to true`,
        );
        return;
      }
      const group = found ?? (await create(keep, organization, mapping.group, mapping.displayName ?? '', undefined));
      if (found !== undefined) {
        await manage(keep, organization, found, undefined);
        if (mapping.displayName !== undefined && mapping.displayName !== found.displayName) {
          await rim.coder.patchGroup(group.id, { displayName: mapping.displayName });
          trail.note({ app }, 'group.rename', 'done', {
            target: `${organization.name}/${group.name}`,
            before: found.displayName,
            after: mapping.displayName,
          });
        }
      }
    });
  }
  return problems;
}

/** A declared group that somebody renamed in Coder gets its name back; undefined when there is no such group. */
async function nameBack(
  { rim, app, index, trail, managed }: Keep,
  organization: KnownOrganization,
  name: string,
): Promise<CoderGroup | undefined> {
  const mine = [...managed.values()].find(
    known => known.organization === organization.id && known.name === name && known.scimGroupId === undefined,
  );
  const actual = mine && (await index.byId(organization.id, mine.id));
  if (actual === undefined) return undefined;
  await rim.coder.patchGroup(actual.id, { name });
  trail.note({ app }, 'group.rename', 'done', {
    target: `${organization.name}/${actual.name}`,
    before: actual.name,
    after: name,
  });
  const renamed = { ...actual, name };
  await index.note(renamed, actual.name);
  return renamed;
}

/** Coder groups of the pushed-group rule of one app. @returns problems in words */
export async function ensurePushedGroups(keep: Keep): Promise<string[]> {
  const { rim, context, app, state } = keep;
  const problems: string[] = [];
  const rule = state.pushedGroups;
  if (rule === undefined || state.mode !== 'push') return problems;
  const organization = findOrganization(context.catalog.organizations, rule.organization);
  if (organization === undefined) return problems;
  for (const group of await readGroups(rim.database.db, app))
    if (isPushed(state, group)) problems.push(...(await ensurePushedGroup(keep, organization, group)));
  return problems;
}

/** The Coder group of one pushed group, by the rule of its app. @returns problems in words */
export async function ensurePushedGroup(
  keep: Keep,
  organization: KnownOrganization,
  group: DirectoryGroup,
): Promise<string[]> {
  const problems: string[] = [];
  await orProblem(problems, `pushedGroups ${JSON.stringify(group.displayName)}`, async () => {
    const problem = await placePushedGroup(keep, organization, group);
    if (problem !== undefined) problems.push(problem);
  });
  return problems;
}

async function placePushedGroup(
  keep: Keep,
  organization: KnownOrganization,
  group: DirectoryGroup,
): Promise<string | undefined> {
  const rule = keep.state.pushedGroups;
  if (rule === undefined) return undefined;
  const shown = rule.stripPrefix ? group.displayName.slice(rule.prefix.length).trim() : group.displayName;
  const names = deriveGroupNames({ displayName: shown, key: group.id });
  const mine = await keep.managed.ofScimGroup(group.id, organization.id);
  const displayName = cleanDisplayName(shown);
  if (mine !== undefined) {
    const actual = await keep.index.byId(organization.id, mine.id);
    if (actual !== undefined) {
      await followRename(keep, organization, mine, actual, names[0] ?? actual.name, displayName);
      return undefined;
    }
    await forgetGroup(keep.rim.database.db, mine.id);
    keep.managed.delete(mine.id);
  }
  for (const name of names) {
    const found = await keep.index.byName(organization.id, name);
    const holder = found === undefined ? undefined : await keep.managed.get(found.id);
    // Two groups of the directory never share a Coder group by the accident of a derived name; what one left is free.
    if (
      holder?.scimGroupId !== undefined &&
      holder.scimGroupId !== group.id &&
      (await readGroup(keep.rim.database.db, holder.scimGroupId)) !== undefined
    )
      continue;
    if (found === undefined && !rule.create)
      return `pushedGroups ${JSON.stringify(group.displayName)}: organization ${JSON.stringify(organization.name)} has no group ${JSON.stringify(name)}: create it, or set "create" to true`;
    if (found === undefined) await create(keep, organization, name, displayName, group.id);
    else await manage(keep, organization, found, group.id);
    return undefined;
  }
  return `pushedGroups ${JSON.stringify(group.displayName)}: every name derived from it is taken (${names.join(', ')})`;
}

async function followRename(
  { rim, app, index, trail, managed }: Keep,
  organization: KnownOrganization,
  mine: ManagedGroup,
  actual: CoderGroup,
  wantedName: string,
  displayName: string,
): Promise<void> {
  // A matched group keeps the name it was found under; a created one follows, unless the name is taken.
  const follows = mine.origin === 'created' && wantedName !== actual.name;
  const name = follows && (await index.byName(organization.id, wantedName)) === undefined ? wantedName : actual.name;
  if (name === actual.name && (displayName === actual.displayName || mine.origin === 'matched')) {
    if (mine.name !== actual.name) await putManagedGroup(rim.database.db, { ...mine, name: actual.name });
    managed.set({ ...mine, name: actual.name });
    return;
  }
  await rim.coder.patchGroup(actual.id, { ...(name === actual.name ? {} : { name }), displayName });
  await putManagedGroup(rim.database.db, { ...mine, name });
  managed.set({ ...mine, name });
  await index.note({ ...actual, name, displayName }, actual.name);
  trail.note({ app }, 'group.rename', 'done', {
    target: `${organization.name}/${actual.name}`,
    before: `${actual.name} ${JSON.stringify(actual.displayName)}`,
    after: `${name} ${JSON.stringify(displayName)}`,
  });
}

/** What is known of a group's members at first: nothing. */
export const NOT_READ = { readAt: undefined, flushedAt: 0, windowMs: 0, writes: 0, unsure: false };

async function create(
  keep: Keep,
  organization: KnownOrganization,
  name: string,
  displayName: string,
  scimGroupId: string | undefined,
): Promise<CoderGroup> {
  const { rim, index } = keep;
  const { outcome, group, answerLost } = await making(
    rim.database.db,
    makingGroup(organization.id, name),
    { scimGroupId, since: rim.clock.now() },
    () => rim.coder.createGroup(organization.id, { name, displayName }),
  );
  await index.note(group);
  if (outcome === 'existed' && answerLost !== true) await manage(keep, organization, group, scimGroupId);
  else await takeOver(keep, organization, group, scimGroupId, outcome === 'created');
  return group;
}

/** Puts a group that the bridge made under management. */
async function takeOver(
  keep: Keep,
  organization: KnownOrganization,
  group: CoderGroup,
  scimGroupId: string | undefined,
  isEmpty: boolean,
): Promise<void> {
  const row = {
    id: group.id,
    organization: organization.id,
    name: group.name,
    origin: 'created' as const,
    scimGroupId,
  };
  await place(keep, row, isEmpty);
  keep.trail.note({ app: keep.app }, 'group.create', 'done', {
    target: `${organization.name}/${group.name}`,
    after: group.displayName,
    ...(isEmpty ? {} : { detail: 'the answer to the creation was lost' }),
  });
}

type Placed = Pick<ManagedGroup, 'id' | 'organization' | 'name' | 'origin' | 'scimGroupId'>;

/** Notes a group under management, and in the same transaction that everybody who is to be in it has to be looked at. */
async function place({ rim, app, managed, trail, surveyed }: Keep, row: Placed, isEmpty: boolean): Promise<void> {
  const now = rim.clock.now();
  await rim.database.transact(async db => {
    await putManagedGroup(db, row);
    if (isEmpty) await replaceMembers(db, row.id, new Set(), now);
    await deleteSetting(db, makingGroup(row.organization, row.name));
    if (surveyed) return;
    if (row.scimGroupId !== undefined)
      await enqueueMembersOf(db, row.scimGroupId, app, PRIORITY.request, trail.cause, now);
    await bumpRules(db);
  });
  managed.set({ ...NOT_READ, ...(await managed.get(row.id)), ...row });
}

/** Puts a group that Coder has under management. */
async function manage(
  keep: Keep,
  organization: KnownOrganization,
  group: CoderGroup,
  scimGroupId: string | undefined,
): Promise<void> {
  const known = await keep.managed.get(group.id);
  if (known?.name === group.name && (scimGroupId === undefined || known.scimGroupId === scimGroupId)) return;
  if (known === undefined && (await isInMaking(keep.rim.database.db, makingGroup(organization.id, group.name)))) {
    await takeOver(keep, organization, group, scimGroupId, false);
    return;
  }
  const row = {
    id: group.id,
    organization: group.organizationId,
    name: group.name,
    origin: known?.origin ?? ('matched' as const),
    scimGroupId: scimGroupId ?? known?.scimGroupId,
  };
  await place(keep, row, false);
}

/** Every group of every organization is managed for authoritative apps. */
export async function manageAllGroups(keep: Keep, groups: ListedGroups): Promise<void> {
  for (const organization of keep.context.catalog.organizations)
    for (const group of await groups.all(organization.id))
      if (group.name !== PREBUILDS_GROUP) await manage(keep, organization, group, undefined);
}

/** Writes the lines that a trail gathered. */
export async function writeTrail(rim: Rim, trail: Trail): Promise<void> {
  await writeAudit(rim.database.db, trail.rows.splice(0));
}
