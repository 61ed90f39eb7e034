/** What the bridge made and nothing declares any more goes, once nobody is in it; what it merely found is forgotten. */
import { type CoderError, lookAgain } from '../../coder';
import { type DirectoryGroup } from '../../contract/directory';
import {
  forgetGroup,
  listManagedGroups,
  lockManagedGroup,
  type ManagedGroup,
  readManagedGroup,
} from '../../store/accounts/coder-groups';
import {
  countMembers,
  type MemberCounts,
  wantedMembers,
  wantedNobodys,
  wantMember,
  withdrawWishes,
} from '../../store/accounts/coder-members';
import { forgetManagedRole, listManagedRoles, type ManagedRole } from '../../store/accounts/custom-roles';
import { noteLeftOver } from '../../store/accounts/left-over';
import { peopleOfAccounts } from '../../store/accounts/people';
import { bumpRules, listApps, type StoredApp } from '../../store/apps/apps';
import { forgetMappedGroups } from '../../store/apps/mapped-groups';
import { type AuditRow, writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { existingGroups, readGroup } from '../../store/directory/reading';
import { type Cause, enqueue, enqueueGroupWrite, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { AuditLines } from '../context/audit-lines';
import { type Context, organizationName, untouchable } from '../decide/context';
import { accountOf } from '../decide/observation';
import { type Rim } from '../context/rim';
import { checkStillOurs, type DoneFor } from '../context/still-ours';
import {
  declaredGroups,
  declaredRoles,
  roleKey,
  sayLeftGroup,
  sayLeftRole,
  undeclaredGroups,
  undeclaredRoles,
} from '../decide/group/undeclared';
import { orProblem } from './act-on-groups';
import { lookAtGroupMembers } from './read-members';
import { wakeForName } from './wake-for-name';

/**
 * Deletes groups and custom roles that the bridge made, that nothing declares any more and that nobody is in; forgets
 * groups that it merely found.
 * @param later as for `orProblem`
 * @returns problems in words: what could not be removed
 */
export async function removeUndeclared(rim: Rim, work: DoneFor, later?: CoderError[]): Promise<string[]> {
  const context = await rim.context.get();
  const problems: string[] = [];
  const left: string[] = [];
  for (const { group, fate, byHand } of undeclaredGroups(await observeUndeclared(rim, context))) {
    const name = `${organizationName(context, group.organization)}/${group.name}`;
    await orProblem(
      problems,
      `group ${name}`,
      async () => {
        if (fate === 'stay') left.push(sayLeftGroup(name, byHand));
        else if (fate === 'forget') await forget(rim, group, work);
        else if (fate === 'awaits') await releaseNobodys(rim, context, group, work);
        else if ((await removeGroup(rim, group, { justRead: false, lines: [], work })) === 'others-inside') {
          const inside = await othersInside(rim, group, work.cause);
          if (inside > 0) left.push(sayLeftGroup(name, inside));
        }
      },
      later,
    );
  }
  const declared = declaredRoles(context.apps.values(), context.catalog.organizations);
  for (const role of undeclaredRoles(await listManagedRoles(rim.database.db), declared))
    await orProblem(
      problems,
      `custom role ${organizationName(context, role.organization)}/${role.name}`,
      async () => {
        if ((await removeRole(rim, context, role, work)) === 'in use')
          left.push(sayLeftRole(`${organizationName(context, role.organization)}/${role.name}`));
      },
      later,
    );
  await noteLeftOver(rim.database.db, left);
  return problems;
}

/**
 * Takes out whoever is still to be in a group that nothing declares, and whose account is nobody's: no person's work would ever say that they
 * are not to be in it any more, and the group would stay for ever. An account that is never touched counts as put there by hand.
 */
async function releaseNobodys(rim: Rim, context: Context, group: ManagedGroup, work: DoneFor): Promise<void> {
  const { cause } = work;
  const accounts = await wantedNobodys(rim.database.db, group.id);
  const stays: string[] = [];
  for (const account of accounts) {
    const found = await rim.coder.getUser(account);
    if (found.state === 'present' && untouchable(context, accountOf(found.user)) !== undefined) stays.push(account);
  }
  if (accounts.length === 0) return;
  const [app = ''] = context.apps.keys();
  const now = rim.clock.now();
  await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    // Somebody may have been linked to one of them since.
    const still = await wantedNobodys(db, group.id);
    if (stays.length > 0) await withdrawWishes(db, group.id, stays);
    const out = accounts.filter(account => still.includes(account) && !stays.includes(account));
    for (const account of out) {
      const because = { subject: { app: null, coderUserId: account }, cause, because: [] };
      await wantMember(db, group.id, account, false, JSON.stringify(because));
    }
    await enqueueGroupWrite(db, { groupId: group.id, app, priority: PRIORITY.request, dueAt: now }, cause, now);
  });
}

/** Coder has members that the store did not know of. @returns how many of them were put there by hand; whoever else is inside is on the way out */
async function othersInside(rim: Rim, group: ManagedGroup, cause: Cause): Promise<number> {
  const { db } = rim.database;
  await lookAtGroupMembers(rim, group.id);
  const { present, byHand } = await countMembers(db, group.id);
  if (present > byHand) {
    const [app = ''] = (await rim.context.get()).apps.keys();
    const now = rim.clock.now();
    await enqueueGroupWrite(db, { groupId: group.id, app, priority: PRIORITY.request, dueAt: now }, cause, now);
  }
  return byHand;
}

/** With how many are in each. */
async function observeUndeclared(
  rim: Rim,
  context: Context,
): Promise<(MemberCounts & { readonly group: ManagedGroup })[]> {
  const { db } = rim.database;
  const managed = await listManagedGroups(db);
  const ids = managed.flatMap(group => group.scimGroupId ?? []);
  const isDeclaredNow = declaredGroups(
    context.apps.values(),
    context.catalog.organizations,
    await existingGroups(db, ids),
  );
  const observed: (MemberCounts & { readonly group: ManagedGroup })[] = [];
  for (const group of managed.filter(one => !isDeclaredNow(one)))
    observed.push({ group, ...(await countMembers(db, group.id)) });
  return observed;
}

/** Whether a mapping names this Coder group, or the directory has the group that it was made for. */
export async function isDeclared(
  rim: Rim,
  context: Context,
  group: Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>,
): Promise<boolean> {
  const ids = group.scimGroupId === undefined ? [] : [group.scimGroupId];
  const directory = await existingGroups(rim.database.db, ids);
  return isDeclaredAs(context, group, directory.get(group.scimGroupId ?? ''));
}

/** The same with the group of the directory that it was made for, as it was read with it. */
export function isDeclaredAs(
  context: Context,
  group: Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>,
  directory: DirectoryGroup | undefined,
): boolean {
  const known = new Map(directory === undefined ? [] : [[directory.id, directory]]);
  return declaredGroups(context.apps.values(), context.catalog.organizations, known)(group);
}

export interface GroupRemoval {
  /** Its members were read a moment ago, and all of them are to leave; else it is to be empty. */
  readonly justRead: boolean;
  /** What the audit trail tells of them. */
  readonly lines: readonly AuditRow[];
  readonly work: DoneFor;
}

/** What became of a group that was to be deleted: it is, somebody else is in it, or something counts on it by now. */
export type Removed = 'gone' | 'others-inside' | 'wanted';

/** Deletes a group that the bridge made, with who is to leave it, unless somebody else is in it. */
export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<Removed> {
  const inside = removal.justRead ? undefined : await rim.coder.getGroup(group.id);
  if (inside !== undefined && inside.memberCount > 0) return 'others-inside';
  // Meanwhile it may have been declared, or taken over by another group of the directory.
  const now = await readManagedGroup(rim.database.db, group.id);
  const context = await rim.context.get();
  if (now === undefined) return 'wanted';
  // What made it empty, and was reserved with the guard, is on the disk before.
  await rim.database.transact(db => checkStillOurs(rim, db, removal.work));
  if (await isDeclared(rim, await rim.context.get(), now)) return 'wanted';
  await rim.coder.deleteGroup(group.id, {
    async delayed() {
      const isStill =
        !removal.justRead &&
        ((await rim.coder.getGroup(group.id))?.memberCount ?? 0) === 0 &&
        !(await isDeclared(rim, await rim.context.get(), now));
      if (!isStill) throw lookAgain('DELETE /groups/{group}', 'somebody may be in the group, or count on it, by now');
    },
  });
  const lines = new AuditLines(removal.work.cause, () => rim.clock.now());
  lines.note({ app: null }, 'group.delete', 'done', {
    target: `${organizationName(context, group.organization)}/${group.name}`,
  });
  await forget(rim, group, removal.work, [...removal.lines, ...lines.rows]);
  return 'gone';
}

/**
 * Forgets a group, and has a second look at whoever came to count on it at the last moment.
 * @param gone what the audit trail tells of it where it is no more; undefined where it stays in Coder, and is forgotten only as nothing declares it
 */
async function forget(rim: Rim, group: ManagedGroup, work: DoneFor, gone?: readonly AuditRow[]): Promise<void> {
  const { cause } = work;
  const now = rim.clock.now();
  const context = await rim.context.get();
  rim.context.invalidate();
  await rim.database.transact(async db => {
    if (gone === undefined) await checkStillOurs(rim, db, work);
    // Whoever is about to note that another group of the directory takes it over has done so by now, or finds it forgotten.
    const last = await lockManagedGroup(db, group.id);
    // An app that was declared meanwhile has found it managed, and is done with it.
    const declaring = (await listApps(db)).filter(app =>
      declaredGroups([app], context.catalog.organizations, new Map())(group),
    );
    if (gone === undefined && declaring.length > 0) return;
    await writeAudit(db, gone ?? []);
    await wakeForName(db, context, group, cause, now);
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
    await forgetMappedGroups(db, { coderGroupId: group.id });
    await bumpRules(db);
    await enqueue(db, [...items, ...declarations(declaring)], cause, now);
  });
}

const declarations = (apps: readonly StoredApp[]): WorkItem[] =>
  apps.map(({ name }) => ({ key: `app:${name}`, app: name, priority: PRIORITY.declaration }));

/** The apps that declare a custom role, as they are now. */
async function appsDeclaring(db: Db, { catalog }: Context, role: ManagedRole): Promise<StoredApp[]> {
  const key = roleKey(role.organization, role.name);
  return (await listApps(db)).filter(app => declaredRoles([app], catalog.organizations).has(key));
}

async function removeRole(
  rim: Rim,
  context: Context,
  role: ManagedRole,
  work: DoneFor,
): Promise<'gone' | 'in use' | 'wanted'> {
  const { db } = rim.database;
  const { cause } = work;
  if (role.origin === 'matched')
    return await rim.database.transact(async trx => {
      await checkStillOurs(rim, trx, work);
      if ((await appsDeclaring(trx, context, role)).length > 0) return 'wanted';
      await forgetManagedRole(trx, role.organization, role.name);
      return 'gone';
    });
  if (await isRoleInUse(rim, role)) return 'in use';
  // Reading everybody takes long: meanwhile it may have been declared, and with it Coder would take it from whoever has got it.
  if ((await appsDeclaring(db, context, role)).length > 0) return 'wanted';
  await checkStillOurs(rim, db, work);
  await rim.coder.deleteCustomRole(role.organization, role.name, {
    async delayed() {
      if ((await isRoleInUse(rim, role)) || (await appsDeclaring(db, context, role)).length > 0)
        throw lookAgain(`DELETE of custom role ${JSON.stringify(role.name)}`, 'it is in use, or declared, by now');
    },
  });
  const lines = new AuditLines(cause, () => rim.clock.now());
  lines.note({ app: null }, 'custom-role.delete', 'done', {
    target: `${organizationName(context, role.organization)}/${role.name}`,
  });
  await rim.database.transact(async trx => {
    await forgetManagedRole(trx, role.organization, role.name);
    await writeAudit(trx, lines.rows);
    // Whoever declares it by now may have found it there, and be done.
    await enqueue(trx, declarations(await appsDeclaring(trx, context, role)), cause, rim.clock.now());
  });
  return 'gone';
}

async function isRoleInUse(rim: Rim, { organization, name }: ManagedRole): Promise<boolean> {
  for await (const member of rim.coder.background.listMembers(organization))
    if (member.roles.includes(name)) return true;
  return false;
}
