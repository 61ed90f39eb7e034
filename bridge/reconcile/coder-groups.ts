/** Sees to it that the groups and custom roles of a mapping state are there in Coder, and that those no longer declared go. */
import {
  cleanDisplayName,
  type CoderClient,
  CoderError,
  type CoderGroup,
  type CoderRole,
  deriveGroupNames,
  isRefusal,
  PREBUILDS_GROUP,
} from '../coder';
import { type DirectoryGroup } from '../directory';
import { type MappingState } from '../mapping-state';
import { bumpRules } from '../store/apps';
import { writeAudit } from '../store/audit';
import {
  countMembers,
  forgetGroup,
  forgetManagedRole,
  listManagedGroups,
  listManagedRoles,
  type ManagedGroup,
  putManagedGroup,
  putManagedRole,
  replaceMembers,
} from '../store/coder-groups';
import { readGroups } from '../store/directory/reading';
import { organizationName } from './apply';
import { type Context } from './context';
import { type Rim } from './deps';
import { findOrganization, isPushed, type KnownOrganization } from './rules';
import { type Trail } from './trail';

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
      let origin: 'created' | 'matched' = 'matched';
      if (present === undefined) {
        const { outcome } = await rim.coder.createCustomRole(organization.id, shape);
        origin = outcome === 'created' ? 'created' : 'matched';
        trail.note({ app }, 'custom-role.create', 'done', { target, after: sayPermissions(shape) });
      } else if (differs(present, shape)) {
        await rim.coder.updateCustomRole(organization.id, { ...shape, name: present.name });
        trail.note({ app }, 'custom-role.update', 'done', {
          target,
          before: sayPermissions(present),
          after: sayPermissions(shape),
        });
      }
      await putManagedRole(rim.database.db, {
        organization: organization.id,
        name: role.name.toLowerCase(),
        origin,
      });
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

/** Groups of one organization, read once however many mappings are about it. */
export class GroupIndex {
  readonly #groups = new Map<string, Promise<Map<string, CoderGroup>>>();
  constructor(private readonly coder: CoderClient) {}

  of(organizationId: string): Promise<Map<string, CoderGroup>> {
    let groups = this.#groups.get(organizationId);
    if (groups === undefined) {
      groups = this.coder
        .allGroups(organizationId)
        .then(list => new Map(list.filter(group => !group.isEveryone).map(group => [group.name, group])));
      this.#groups.set(organizationId, groups);
    }
    return groups;
  }
}

/** What the work on the groups of one app is done with. */
export interface Keep {
  readonly rim: Rim;
  readonly app: string;
  readonly state: MappingState;
  readonly context: Context;
  readonly index: GroupIndex;
  readonly trail: Trail;
  /** Groups under management, by id; kept in step with the store. */
  readonly managed: Map<string, ManagedGroup>;
}

export async function keepOf(
  rim: Rim,
  context: Context,
  app: string,
  state: MappingState,
  index: GroupIndex,
  trail: Trail,
): Promise<Keep> {
  const managed = new Map((await listManagedGroups(rim.database.db)).map(group => [group.id, group]));
  return { rim, app, state, context, index, trail, managed };
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
        (await index.of(organization.id)).get(mapping.group) ?? (await nameBack(keep, organization, mapping.group));
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
        await manage(keep, found, undefined);
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
  const groups = await index.of(organization.id);
  const actual = mine && [...groups.values()].find(known => known.id === mine.id);
  if (actual === undefined) return undefined;
  await rim.coder.patchGroup(actual.id, { name });
  trail.note({ app }, 'group.rename', 'done', {
    target: `${organization.name}/${actual.name}`,
    before: actual.name,
    after: name,
  });
  groups.delete(actual.name);
  const renamed = { ...actual, name };
  groups.set(name, renamed);
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
  const mine = [...keep.managed.values()].find(
    known => known.scimGroupId === group.id && known.organization === organization.id,
  );
  const present = await keep.index.of(organization.id);
  const displayName = cleanDisplayName(shown);
  if (mine !== undefined) {
    const actual = [...present.values()].find(known => known.id === mine.id);
    if (actual !== undefined) {
      await followRename(keep, organization, mine, actual, names[0] ?? actual.name, displayName, present);
      return undefined;
    }
    await forgetGroup(keep.rim.database.db, mine.id);
    keep.managed.delete(mine.id);
  }
  for (const name of names) {
    const found = present.get(name);
    const holder = found === undefined ? undefined : keep.managed.get(found.id);
    // Two groups of the directory never share a Coder group by the accident of a derived name.
    if (holder?.scimGroupId !== undefined && holder.scimGroupId !== group.id) continue;
    if (found === undefined && !rule.create)
      return `pushedGroups ${JSON.stringify(group.displayName)}: organization ${JSON.stringify(organization.name)} has no group ${JSON.stringify(name)}: create it, or set "create" to true`;
    if (found === undefined) await create(keep, organization, name, displayName, group.id);
    else await manage(keep, found, group.id);
    return undefined;
  }
  return `pushedGroups ${JSON.stringify(group.displayName)}: every name derived from it is taken (${names.join(', ')})`;
}

async function followRename(
  { rim, app, trail, managed }: Keep,
  organization: KnownOrganization,
  mine: ManagedGroup,
  actual: CoderGroup,
  wantedName: string,
  displayName: string,
  present: ReadonlyMap<string, CoderGroup>,
): Promise<void> {
  // A matched group keeps the name it was found under; a created one follows, unless the name is taken.
  const name = mine.origin === 'created' && !present.has(wantedName) ? wantedName : actual.name;
  if (name === actual.name && (displayName === actual.displayName || mine.origin === 'matched')) {
    if (mine.name !== actual.name) await putManagedGroup(rim.database.db, { ...mine, name: actual.name });
    managed.set(mine.id, { ...mine, name: actual.name });
    return;
  }
  await rim.coder.patchGroup(actual.id, { ...(name === actual.name ? {} : { name }), displayName });
  await putManagedGroup(rim.database.db, { ...mine, name });
  managed.set(mine.id, { ...mine, name });
  trail.note({ app }, 'group.rename', 'done', {
    target: `${organization.name}/${actual.name}`,
    before: `${actual.name} ${JSON.stringify(actual.displayName)}`,
    after: `${name} ${JSON.stringify(displayName)}`,
  });
}

/** What is known of a group's members at first: nothing. */
export const NOT_READ = { readAt: undefined, flushedAt: 0, windowMs: 0, writes: 0, unsure: false };

async function create(
  { rim, app, index, trail, managed }: Keep,
  organization: KnownOrganization,
  name: string,
  displayName: string,
  scimGroupId: string | undefined,
): Promise<CoderGroup> {
  const { outcome, group } = await rim.coder.createGroup(organization.id, { name, displayName });
  const { db } = rim.database;
  const row = {
    id: group.id,
    organization: organization.id,
    name: group.name,
    origin: outcome === 'created' ? ('created' as const) : ('matched' as const),
    scimGroupId,
  };
  await putManagedGroup(db, row);
  managed.set(group.id, { ...row, ...NOT_READ });
  if (outcome === 'created') {
    await replaceMembers(db, group.id, new Set(), rim.clock.now());
    trail.note({ app }, 'group.create', 'done', { target: `${organization.name}/${group.name}`, after: displayName });
  }
  (await index.of(organization.id)).set(group.name, group);
  return group;
}

/** Puts a group that Coder has under management. */
async function manage({ rim, managed }: Keep, group: CoderGroup, scimGroupId: string | undefined): Promise<void> {
  const known = managed.get(group.id);
  if (known?.name === group.name && (scimGroupId === undefined || known.scimGroupId === scimGroupId)) return;
  const row = {
    id: group.id,
    organization: group.organizationId,
    name: group.name,
    origin: known?.origin ?? ('matched' as const),
    scimGroupId: scimGroupId ?? known?.scimGroupId,
  };
  await putManagedGroup(rim.database.db, row);
  managed.set(group.id, { ...NOT_READ, ...known, ...row });
}

/** Every group of every organization is managed for authoritative apps. */
export async function manageAllGroups(keep: Keep): Promise<void> {
  for (const organization of keep.context.catalog.organizations)
    for (const group of (await keep.index.of(organization.id)).values())
      if (group.name !== PREBUILDS_GROUP) await manage(keep, group, undefined);
}

/**
 * Deletes groups and custom roles that the bridge made, that nothing declares any more and that nobody is in; forgets
 * groups that it merely found.
 */
export async function tidy(rim: Rim, context: Context, trail: Trail): Promise<void> {
  const { db } = rim.database;
  const authoritative = [...context.apps.values()].some(app => app.state.policies.authoritative && !app.deleting);
  const declared = await declaredGroups(rim, context);
  let forgotten = false;
  for (const group of authoritative ? [] : await listManagedGroups(db)) {
    if (declared.has(group.id) || (group.scimGroupId !== undefined && declared.has(group.scimGroupId))) continue;
    const { present, wanted } = await countMembers(db, group.id);
    if (wanted > 0) continue;
    if (group.origin === 'created') {
      if (present > 0) continue;
      const inside = await rim.coder.getGroup(group.id);
      if (inside !== undefined && inside.memberCount > 0) continue;
      await rim.coder.deleteGroup(group.id);
      trail.note({ app: null }, 'group.delete', 'done', {
        target: `${organizationName(context, group.organization)}/${group.name}`,
      });
    }
    await forgetGroup(db, group.id);
    forgotten = true;
  }
  await tidyRoles(rim, context, trail);
  if (!forgotten) return;
  await bumpRules(db);
  rim.context.invalidate();
}

/** Ids of Coder groups that mappings name, and of SCIM groups that the pushed-group rules are about. */
async function declaredGroups(rim: Rim, context: Context): Promise<Set<string>> {
  const declared = new Set<string>();
  for (const rules of context.rules.values()) {
    if (rules.deleting) continue;
    for (const mapping of Object.values(rules.state.groupMappings)) {
      const organization = findOrganization(context.catalog.organizations, mapping.organization);
      for (const group of context.groups.values())
        if (group.organization === organization?.id && group.name === mapping.group) declared.add(group.id);
    }
    if (rules.state.pushedGroups === undefined) continue;
    for (const group of await readGroups(rim.database.db, rules.app))
      if (isPushed(rules.state, group)) declared.add(group.id);
  }
  return declared;
}

async function tidyRoles(rim: Rim, context: Context, trail: Trail): Promise<void> {
  const declared = new Set(
    [...context.apps.values()]
      .filter(app => !app.deleting)
      .flatMap(app =>
        Object.values(app.state.customRoles).map(
          role =>
            `${findOrganization(context.catalog.organizations, role.organization)?.id ?? ''}/${role.name.toLowerCase()}`,
        ),
      ),
  );
  for (const role of await listManagedRoles(rim.database.db)) {
    if (declared.has(`${role.organization}/${role.name}`)) continue;
    if (role.origin === 'created') {
      if (await isRoleInUse(rim, role.organization, role.name)) continue;
      await rim.coder.deleteCustomRole(role.organization, role.name);
      trail.note({ app: null }, 'custom-role.delete', 'done', {
        target: `${organizationName(context, role.organization)}/${role.name}`,
      });
    }
    await forgetManagedRole(rim.database.db, role.organization, role.name);
  }
}

async function isRoleInUse(rim: Rim, organization: string, name: string): Promise<boolean> {
  for await (const member of rim.coder.background.listMembers(organization))
    if (member.roles.some(role => role.toLowerCase() === name)) return true;
  return false;
}

/** Writes the lines that a trail gathered. */
export async function writeTrail(rim: Rim, trail: Trail): Promise<void> {
  await writeAudit(rim.database.db, trail.rows.splice(0));
}
