/**
 * Settles creations that were begun and never noted, whatever became of whom they were for: found and wanted, the work that
 * wants it is queued and notes it; found and not wanted, it is put under management, so that it goes; not found, the entry is
 * closed once no call of then can still be at work.
 */
import { addManagedGroup, readManagedGroup } from '../../store/accounts/coder-groups';
import { putManagedRole } from '../../store/accounts/custom-roles';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { existingGroups } from '../../store/directory/reading';
import {
  mayLastUntil,
  closeSame,
  entriesOfKind,
  type JournalEntry,
  type JournalKind,
} from '../../store/journal/journal';
import { enqueue, type Cause, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { AuditLines } from '../context/audit-lines';
import { type Context, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { groupKey, mappedNames } from '../decide/group/groups-draft';
import { isPushed } from '../decide/rules';
import { declaredRoles } from '../decide/group/undeclared';
import { begunGroup } from './begun';

const CAUSE: Cause = { actor: 'bridge' };

/** Which entries are settled: all, those of an app, or those for a group of the directory. */
export interface Begun {
  readonly app?: string | undefined;
  readonly subject?: string | undefined;
  /** Queue the work that wants what is found; false where that work is what asks. @default true */
  readonly queue?: boolean | undefined;
}

export interface BegunSettled {
  /** Something is under management now that nothing declares: it is to be removed. */
  readonly unwanted: boolean;
  /** When to look again for what may still be made; undefined when nothing is open. */
  readonly againAt: number | undefined;
}

/** Settles open creations of groups and custom roles. @throws CoderError */
export async function settleBegun(rim: Rim, context: Context, which: Begun = {}): Promise<BegunSettled> {
  let unwanted = false;
  let againAt: number | undefined;
  for (const kind of ['group', 'custom-role'] as const) {
    for (const entry of await openEntries(rim.database.db, kind, which)) {
      const became = await settleEntry(rim, context, entry, which.queue !== false);
      if (became === 'unwanted') unwanted = true;
      if (became === 'open') againAt = Math.min(againAt ?? Infinity, mayLastUntil(entry.since, rim.clock.now()));
    }
  }
  return { unwanted, againAt };
}

async function openEntries(db: Db, kind: JournalKind, { app, subject }: Begun): Promise<JournalEntry[]> {
  const entries = await entriesOfKind(db, kind);
  return entries.filter(
    entry => (app === undefined || entry.app === app) && (subject === undefined || entry.subject === subject),
  );
}

async function settleEntry(
  rim: Rim,
  context: Context,
  entry: JournalEntry,
  queue: boolean,
): Promise<'closed' | 'open' | 'wanted' | 'unwanted'> {
  const { db } = rim.database;
  const slash = entry.key.indexOf('/');
  const [organization, name] = [entry.key.slice(0, slash), entry.key.slice(slash + 1)];
  const found =
    entry.kind === 'group'
      ? (await rim.coder.background.getGroupByName(organization, name, true))?.id
      : await findRole(rim, organization, name);
  if (found === undefined) {
    const now = rim.clock.now();
    if (mayLastUntil(entry.since, now) > now) return 'open';
    await closeSame(db, entry);
    return 'closed';
  }
  const [begun] = begunGroup(entry);
  const isOther = begun?.renames !== undefined && begun.renames !== found;
  if (entry.kind === 'group' && (isOther || (await readManagedGroup(db, found)) !== undefined)) {
    await closeSame(db, entry);
    return 'closed';
  }
  const wantedBy = entry.kind === 'group' ? await wantedGroup(db, context, entry) : wantedRole(context, entry);
  if (wantedBy.length > 0) {
    if (queue) await enqueue(db, wantedBy, CAUSE, rim.clock.now());
    return 'wanted';
  }
  const lines = new AuditLines(CAUSE, () => rim.clock.now());
  lines.note({ app: entry.app ?? null }, entry.kind === 'group' ? 'group.create' : 'custom-role.create', 'done', {
    target: `${organizationName(context, organization)}/${name}`,
    detail: 'the answer to the creation was lost, and nothing declares it any more',
  });
  return await rim.database.transact(async trx => {
    // Another bridge may have noted it for who wants it, or settled it, since it was looked at.
    if (!(await closeSame(trx, entry))) return 'closed';
    if (entry.kind === 'custom-role') await putManagedRole(trx, { organization, name, origin: 'created' });
    else if (
      !(await addManagedGroup(trx, { id: found, organization, name, origin: 'created', scimGroupId: undefined }))
    )
      return 'closed';
    await writeAudit(trx, lines.rows);
    return 'unwanted';
  });
}

async function findRole(rim: Rim, organization: string, name: string): Promise<string | undefined> {
  const roles = await rim.coder.background.listOrganizationRoles(organization);
  return roles.find(role => !role.builtIn && role.name === name)?.name;
}

/** The work that notes a group when it is dealt with: of its group of the directory, or of the apps whose mappings name it. */
async function wantedGroup(db: Db, context: Context, entry: JournalEntry): Promise<WorkItem[]> {
  const items: WorkItem[] = [];
  const { organizations } = context.catalog;
  for (const app of context.apps.values())
    if (mappedNames([app], organizations).has(entry.key))
      items.push({ key: `app:${app.name}`, app: app.name, priority: PRIORITY.declaration });
  const [begun] = begunGroup(entry);
  const subject = begun?.scimGroupId;
  const group = subject === undefined ? undefined : (await existingGroups(db, [subject])).get(subject);
  const state = group === undefined ? undefined : context.apps.get(group.app);
  if (group === undefined || state === undefined || state.deleting) return items;
  if (state.state.mode !== 'push' || !isPushed(state.state, group)) return items;
  // What it has already is its own; a second one that was made under another name is nobody's.
  const has = [...context.groups.values()].some(
    known => known.scimGroupId === subject && groupKey(known.organization, known.name) !== entry.key,
  );
  if (!has) items.push({ key: `scim-group:${group.id}`, app: group.app, priority: PRIORITY.request });
  return items;
}

function wantedRole(context: Context, entry: JournalEntry): WorkItem[] {
  return [...context.apps.values()]
    .filter(app => declaredRoles([app], context.catalog.organizations).has(entry.key))
    .map(app => ({ key: `app:${app.name}`, app: app.name, priority: PRIORITY.declaration }));
}
