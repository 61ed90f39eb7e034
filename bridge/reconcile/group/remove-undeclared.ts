/** What the bridge made and nothing declares any more goes, once nobody is in it; what it merely found is forgotten. */
import { bumpRules } from '../../store/apps/apps';
import { type AuditRow, writeAudit } from '../../store/audit/audit';
import {
  forgetGroup,
  listManagedGroups,
  type ManagedGroup,
  putManagedGroup,
  readManagedGroup,
} from '../../store/accounts/coder-groups';
import { countMembers, wantedMembers } from '../../store/accounts/coder-members';
import { forgetManagedRole, listManagedRoles } from '../../store/accounts/custom-roles';
import { readGroup } from '../../store/directory/reading';
import { type Cause, enqueue, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { peopleOfAccounts } from '../../store/accounts/people';
import { deleteSetting } from '../../store/database/settings';
import { organizationName } from '../person/apply-steps';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { groupsInMaking, makingGroup } from './being-made';
import { findOrganization, isPushed } from '../decide/rules';
import { Trail } from '../context/audit-lines';

/**
 * Deletes groups and custom roles that the bridge made, that nothing declares any more and that nobody is in; forgets
 * groups that it merely found.
 */
export async function tidy(rim: Rim, trail: Trail): Promise<void> {
  const context = await rim.context.get();
  if (!managesAll(context)) await tidyGroups(rim, context, trail.cause);
  await tidyRoles(rim, context, trail);
}

/** Whether any app has every group of Coder under management. */
function managesAll(context: Context): boolean {
  return [...context.apps.values()].some(app => app.state.policies.authoritative && !app.deleting);
}

async function tidyGroups(rim: Rim, context: Context, cause: Cause): Promise<void> {
  const { db } = rim.database;
  await findHalfMade(rim, context);
  for (const group of await listManagedGroups(db)) {
    if (await isDeclared(rim, context, group)) continue;
    const { present, wanted } = await countMembers(db, group.id);
    if (wanted > 0) continue;
    if (group.origin === 'matched') await forget(rim, group, cause, []);
    else if (present === 0) await removeGroup(rim, group, { members: 0, lines: [], cause });
  }
}

export interface GroupRemoval {
  /** How many are in it, all of them to leave. */
  readonly members: number;
  /** What the audit trail tells of them. */
  readonly lines: readonly AuditRow[];
  readonly cause: Cause;
}

/** Deletes a group that the bridge made, with who is in it; false when somebody else is, or something declares it by now. */
export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<boolean> {
  const inside = await rim.coder.getGroup(group.id);
  if (inside !== undefined && inside.memberCount > removal.members) return false;
  // Meanwhile it may have been declared, or taken over by another group of the directory.
  const now = await readManagedGroup(rim.database.db, group.id);
  const context = await rim.context.get();
  if (now === undefined || managesAll(context) || (await isDeclared(rim, context, now))) return false;
  await rim.coder.deleteGroup(group.id);
  const trail = new Trail(removal.cause, () => rim.clock.now());
  trail.note({ app: null }, 'group.delete', 'done', {
    target: `${organizationName(context, group.organization)}/${group.name}`,
  });
  await forget(rim, group, removal.cause, [...removal.lines, ...trail.rows]);
  return true;
}

/** Forgets a group, and has a second look at whoever came to count on it at the last moment. */
async function forget(rim: Rim, group: ManagedGroup, cause: Cause, lines: readonly AuditRow[]): Promise<void> {
  const now = rim.clock.now();
  rim.context.invalidate();
  await rim.database.transact(async db => {
    await writeAudit(db, lines);
    const last = await readManagedGroup(db, group.id);
    const people = await peopleOfAccounts(db, await wantedMembers(db, group.id));
    const items: WorkItem[] = people.map(person => ({
      key: `person:${person.userId}`,
      app: person.app,
      priority: PRIORITY.request,
    }));
    const heir = last?.scimGroupId === group.scimGroupId ? undefined : last?.scimGroupId;
    const directory = heir === undefined ? undefined : await readGroup(db, heir);
    if (directory !== undefined)
      items.push({ key: `scim-group:${directory.id}`, app: directory.app, priority: PRIORITY.request });
    await forgetGroup(db, group.id);
    await bumpRules(db);
    await enqueue(db, items, cause, now);
  });
}

/** How long a group may be in the making before it counts as left by a process that died. */
const MAKING_MS = 60_000;

/** Groups that were made for a group of the directory, or a mapping, which is gone: put under management, so that they go as well. */
async function findHalfMade(rim: Rim, context: Context): Promise<void> {
  const { db } = rim.database;
  for (const half of await groupsInMaking(db)) {
    if (await isDeclared(rim, context, half)) continue;
    const found = await rim.coder.getGroupByName(half.organization, half.name);
    if (found === undefined) {
      if (rim.clock.now() - half.since > MAKING_MS) await deleteSetting(db, makingGroup(half.organization, half.name));
      continue;
    }
    await rim.database.transact(async trx => {
      if ((await readManagedGroup(trx, found.id)) === undefined)
        await putManagedGroup(trx, {
          id: found.id,
          organization: half.organization,
          name: found.name,
          origin: 'created',
          scimGroupId: half.scimGroupId,
        });
      await deleteSetting(trx, makingGroup(half.organization, half.name));
    });
  }
}

/** Whether a mapping names this Coder group, or the directory has the group that it was made for. */
export async function isDeclared(
  rim: Rim,
  context: Context,
  group: Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>,
): Promise<boolean> {
  for (const rules of context.rules.values()) {
    if (rules.deleting) continue;
    for (const mapping of Object.values(rules.state.groupMappings))
      if (
        mapping.group === group.name &&
        findOrganization(context.catalog.organizations, mapping.organization)?.id === group.organization
      )
        return true;
  }
  const directory = group.scimGroupId === undefined ? undefined : await readGroup(rim.database.db, group.scimGroupId);
  if (directory === undefined) return false;
  const rules = context.rules.get(directory.app);
  return rules !== undefined && !rules.deleting && isPushed(rules.state, directory);
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
