/** Coder groups under management, and how far what is known of their members can be trusted. */
import { type Selectable } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { statement } from '../database/statement';
import { type DirectoryGroup } from '../../contract/directory';
import { type CoderGroupTable } from '../database/tables/accounts';

export interface ManagedGroup {
  /** Coder's id. */
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly origin: 'created' | 'matched';
  readonly scimGroupId: string | undefined;
  readonly readAt: number | undefined;
  readonly flushedAt: number;
  readonly windowMs: number;
  /** Counts up with whatever changes its members in Coder. */
  readonly writes: number;
  /** A write is under way, or was when its bridge died: what is known of the members may be wrong. */
  readonly unsure: boolean;
  /** When a write was sent last whose answer was lost, in milliseconds: Coder may take it up still, for a while. */
  readonly unheardAt: number | undefined;
}

function toGroup(row: Selectable<CoderGroupTable>): ManagedGroup {
  return {
    id: row.id,
    organization: row.organization,
    name: row.name,
    origin: row.origin,
    scimGroupId: row.scim_group_id ?? undefined,
    readAt: row.read_at ?? undefined,
    flushedAt: row.flushed_at ?? 0,
    windowMs: row.window_ms ?? 0,
    writes: Number(row.writes),
    unsure: row.unsure === 1,
    unheardAt: row.unheard_at ?? undefined,
  };
}

export async function listManagedGroups(db: Db): Promise<ManagedGroup[]> {
  return (await db.selectFrom('coder_groups').selectAll().orderBy('id').execute()).map(toGroup);
}

const selectGroup = statement<{ id: string }>()((db, { id }) =>
  db.selectFrom('coder_groups').selectAll().where('id', '=', id),
);

export async function readManagedGroup(db: Db, id: string): Promise<ManagedGroup | undefined> {
  const [row] = (await selectGroup(db, { id })).rows;
  return row === undefined ? undefined : toGroup(row);
}

const lockGroup = statement<{ id: string }>()((db, { id }) =>
  db
    .selectFrom('coder_groups')
    .selectAll()
    .where('id', '=', id)
    .$if(backendOf(db) === 'postgres', query => query.forUpdate()),
);

/** The same, and nobody changes it before this transaction ends. */
export async function lockManagedGroup(db: Db, id: string): Promise<ManagedGroup | undefined> {
  const [row] = (await lockGroup(db, { id })).rows;
  return row === undefined ? undefined : toGroup(row);
}

const selectWithDirectory = statement<{ id: string }>()((db, { id }) =>
  db
    .selectFrom('coder_groups')
    .leftJoin('groups', 'groups.id', 'coder_groups.scim_group_id')
    .selectAll('coder_groups')
    .select(['groups.app as d_app', 'groups.display_name as d_name', 'groups.external_id as d_external_id'])
    .where('coder_groups.id', '=', id),
);

/** A managed group, with the group of the directory that it was made for as far as there is one. */
export async function readManagedGroupWithDirectory(
  db: Db,
  id: string,
): Promise<{ readonly group: ManagedGroup; readonly directory: DirectoryGroup | undefined } | undefined> {
  const [row] = (await selectWithDirectory(db, { id })).rows;
  if (row === undefined) return undefined;
  const group = toGroup(row);
  const { d_app: app, d_name: displayName, d_external_id: externalId } = row;
  if (group.scimGroupId === undefined || app === null || displayName === null) return { group, directory: undefined };
  return { group, directory: { id: group.scimGroupId, app, displayName, externalId: externalId ?? undefined } };
}

const selectOfDirectory = statement<{ scimGroupId: string }>()((db, { scimGroupId }) =>
  db.selectFrom('coder_groups').selectAll().where('scim_group_id', '=', scimGroupId),
);

/** Coder groups of a group of the directory. */
export async function managedGroupsOf(db: Db, scimGroupId: string): Promise<ManagedGroup[]> {
  return (await selectOfDirectory(db, { scimGroupId })).rows.map(toGroup);
}

/** What is noted of a group when it is put under management. */
export type NotedGroup = Pick<ManagedGroup, 'id' | 'organization' | 'name' | 'origin' | 'scimGroupId'>;

/** Puts a group under management. @returns false where it is already: then nothing changes */
export async function addManagedGroup(db: Db, group: NotedGroup): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('coder_groups')
    .values({
      id: group.id,
      organization: group.organization,
      name: group.name,
      origin: group.origin,
      scim_group_id: group.scimGroupId ?? null,
    })
    .onConflict(conflict => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Notes what a group under management is called, and for which group of the directory it is; everything else known of it stays. */
export async function updateManagedGroup(db: Db, group: Omit<NotedGroup, 'origin'>): Promise<void> {
  await db
    .updateTable('coder_groups')
    .set({ organization: group.organization, name: group.name, scim_group_id: group.scimGroupId ?? null })
    .where('id', '=', group.id)
    .execute();
}

/** Forgets a group and its members. */
export async function forgetGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('coder_members').where('coder_group_id', '=', id).execute();
  await db.deleteFrom('coder_groups').where('id', '=', id).execute();
}

const markUnsure = statement<{ id: string }>()((db, { id }) =>
  db
    .updateTable('coder_groups')
    .set(eb => ({ writes: eb('writes', '+', 1), unsure: 1 as const }))
    .where('id', '=', id),
);

const noteFlush = statement<{ id: string; at: number; windowMs: number }>()((db, { id, at, windowMs }) =>
  db.updateTable('coder_groups').set({ flushed_at: at, window_ms: windowMs, unsure: 0 }).where('id', '=', id),
);

/**
 * Notes that a write to a group is about to be sent. Until `markFlushed` or a full reading says what became of it, nothing that
 * is known of the members counts: the answer may be lost, and this process may die.
 */
export async function beginWrite(db: Db, groupId: string): Promise<void> {
  await markUnsure(db, { id: groupId });
}

/** Notes that a write was refused: it did nothing. */
export async function endWrite(db: Db, groupId: string): Promise<void> {
  await db.updateTable('coder_groups').set({ unsure: 0 }).where('id', '=', groupId).execute();
}

/** Notes that the answer of a write was lost: Coder may take it up later than what is asked of it next. */
export async function noteUnheard(db: Db, groupId: string, at: number): Promise<void> {
  await db.updateTable('coder_groups').set({ unheard_at: at }).where('id', '=', groupId).execute();
}

/**
 * Notes that a write whose answer was lost can not come any more, and that the members were read since.
 * @param at when it was sent
 * @returns false where another one was sent since
 */
export async function forgetUnheard(db: Db, groupId: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('coder_groups')
    .set({ unheard_at: null })
    .where('id', '=', groupId)
    .where('unheard_at', '=', at)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** The members of a group are to be read as a whole before the next write. */
export async function markUnread(db: Db, groupId: string): Promise<void> {
  await db.updateTable('coder_groups').set({ read_at: null }).where('id', '=', groupId).execute();
}

/** Notes that a write is done, and how long the next changes gather. */
export async function markFlushed(db: Db, groupId: string, at: number, windowMs: number): Promise<void> {
  await noteFlush(db, { id: groupId, at, windowMs });
}
