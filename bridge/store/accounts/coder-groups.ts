/**
 * Coder groups under management and their members, as last known and as wanted. A person's change sets what is wanted;
 * one writer per group makes the difference true with one call.
 */
import { type Selectable, sql } from 'kysely';
import { type Db } from '../database/database';
import { type CoderGroupTable, type Flag } from '../database/tables';

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
  };
}

export async function listManagedGroups(db: Db): Promise<ManagedGroup[]> {
  return (await db.selectFrom('coder_groups').selectAll().orderBy('id').execute()).map(toGroup);
}

export async function readManagedGroup(db: Db, id: string): Promise<ManagedGroup | undefined> {
  const row = await db.selectFrom('coder_groups').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toGroup(row);
}

/** Coder groups of a group of the directory. */
export async function managedGroupsOf(db: Db, scimGroupId: string): Promise<ManagedGroup[]> {
  const rows = await db.selectFrom('coder_groups').selectAll().where('scim_group_id', '=', scimGroupId).execute();
  return rows.map(toGroup);
}

/** Puts a group under management; what is known of it stays. */
export async function putManagedGroup(
  db: Db,
  group: Pick<ManagedGroup, 'id' | 'organization' | 'name' | 'origin' | 'scimGroupId'>,
): Promise<void> {
  await db
    .insertInto('coder_groups')
    .values({
      id: group.id,
      organization: group.organization,
      name: group.name,
      origin: group.origin,
      scim_group_id: group.scimGroupId ?? null,
    })
    .onConflict(conflict =>
      conflict
        .column('id')
        .doUpdateSet({ organization: group.organization, name: group.name, scim_group_id: group.scimGroupId ?? null }),
    )
    .execute();
}

/** Forgets a group and its members. */
export async function forgetGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('coder_members').where('coder_group_id', '=', id).execute();
  await db.deleteFrom('coder_groups').where('id', '=', id).execute();
}

export interface MemberState {
  readonly coderGroupId: string;
  readonly coderUserId: string;
  readonly present: boolean;
  readonly wanted: boolean | undefined;
  readonly because: string | null;
}

interface MemberRow {
  coder_group_id: string;
  coder_user_id: string;
  present: Flag;
  wanted: Flag | null;
  because: string | null;
}

const toMember = (row: MemberRow): MemberState => ({
  coderGroupId: row.coder_group_id,
  coderUserId: row.coder_user_id,
  present: row.present === 1,
  wanted: row.wanted === null ? undefined : row.wanted === 1,
  because: row.because,
});

/** The managed groups an account is in or is to be in. */
export async function memberStatesOf(db: Db, coderUserId: string): Promise<MemberState[]> {
  const rows = await db.selectFrom('coder_members').selectAll().where('coder_user_id', '=', coderUserId).execute();
  return rows.map(toMember);
}

/** The same for several accounts, by account. */
export async function memberStatesOfAccounts(
  db: Db,
  coderUserIds: readonly string[],
): Promise<Map<string, MemberState[]>> {
  const states = new Map<string, MemberState[]>();
  if (coderUserIds.length === 0) return states;
  const rows = await db.selectFrom('coder_members').selectAll().where('coder_user_id', 'in', coderUserIds).execute();
  for (const row of rows) {
    const known = states.get(row.coder_user_id);
    if (known === undefined) states.set(row.coder_user_id, [toMember(row)]);
    else known.push(toMember(row));
  }
  return states;
}

/** Sets whether an account is to be in a group, and why. */
export async function wantMember(
  db: Db,
  groupId: string,
  coderUserId: string,
  wanted: boolean,
  because: string,
): Promise<void> {
  const flag: Flag = wanted ? 1 : 0;
  await db
    .insertInto('coder_members')
    .values({ coder_group_id: groupId, coder_user_id: coderUserId, present: 0, wanted: flag, because })
    .onConflict(conflict =>
      conflict.columns(['coder_group_id', 'coder_user_id']).doUpdateSet({ wanted: flag, because }),
    )
    .execute();
}

/** Members of a group for whom wanted and present differ. */
export async function memberDifferences(db: Db, groupId: string): Promise<MemberState[]> {
  const rows = await db
    .selectFrom('coder_members')
    .selectAll()
    .where('coder_group_id', '=', groupId)
    .where('wanted', 'is not', null)
    .whereRef('wanted', '!=', 'present')
    .orderBy('coder_user_id')
    .execute();
  return rows.map(toMember);
}

/** Coder ids of those who are to be in a group. */
export async function wantedMembers(db: Db, groupId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('coder_members')
    .select('coder_user_id')
    .where('coder_group_id', '=', groupId)
    .where('wanted', '=', 1)
    .execute();
  return rows.map(row => row.coder_user_id);
}

/** How many are in a group, and how many are to be. */
export async function countMembers(db: Db, groupId: string): Promise<{ present: number; wanted: number }> {
  const row = await db
    .selectFrom('coder_members')
    .select(eb => [eb.fn.sum<number | null>('present').as('present'), eb.fn.sum<number | null>('wanted').as('wanted')])
    .where('coder_group_id', '=', groupId)
    .executeTakeFirstOrThrow();
  return { present: Number(row.present ?? 0), wanted: Number(row.wanted ?? 0) };
}

const ROWS_PER_STATEMENT = 2_000;

/** Notes that these accounts are, or are no longer, in a group. */
export async function setPresent(
  db: Db,
  groupId: string,
  coderUserIds: readonly string[],
  present: boolean,
): Promise<void> {
  for (let start = 0; start < coderUserIds.length; start += ROWS_PER_STATEMENT) {
    const some = coderUserIds.slice(start, start + ROWS_PER_STATEMENT);
    await db
      .updateTable('coder_members')
      .set({ present: present ? 1 : 0 })
      .where('coder_group_id', '=', groupId)
      .where('coder_user_id', 'in', some)
      .execute();
    if (!present) await dropSettled(db, groupId);
  }
}

// Rows that say "is not in, and is not to be in" say nothing.
async function dropSettled(db: Db, groupId: string): Promise<void> {
  await db
    .deleteFrom('coder_members')
    .where('coder_group_id', '=', groupId)
    .where('present', '=', 0)
    .where(eb => eb.or([eb('wanted', 'is', null), eb('wanted', '=', 0)]))
    .execute();
}

/** How a group stood when the reading of its members began. */
export type Before = Pick<ManagedGroup, 'writes' | 'unsure'>;

/**
 * Takes over a full reading of a group's members. Part of the caller's transaction.
 * @returns false when the members were changed since `before`, and nothing was taken over
 */
export async function replaceMembers(
  db: Db,
  groupId: string,
  members: ReadonlySet<string>,
  now: number,
  before?: Before,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('coder_groups')
    .set({ read_at: now, unsure: 0 })
    .where('id', '=', groupId)
    .$if(before !== undefined, query =>
      query.where('writes', '=', before?.writes ?? 0).where('unsure', '=', before?.unsure === true ? 1 : 0),
    )
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  const known = await db
    .selectFrom('coder_members')
    .select(['coder_user_id', 'present'])
    .where('coder_group_id', '=', groupId)
    .execute();
  const gone = known.filter(row => row.present === 1 && !members.has(row.coder_user_id)).map(row => row.coder_user_id);
  const presence = new Map(known.map(row => [row.coder_user_id, row.present]));
  const arrived: string[] = [];
  const fresh: string[] = [];
  for (const member of members) {
    const present = presence.get(member);
    if (present === undefined) fresh.push(member);
    else if (present === 0) arrived.push(member);
  }
  // Who has arrived comes first: rows without anybody in them and without a wish are dropped along with those who are gone.
  await setPresent(db, groupId, arrived, true);
  await setPresent(db, groupId, gone, false);
  for (let start = 0; start < fresh.length; start += ROWS_PER_STATEMENT) {
    await db
      .insertInto('coder_members')
      .values(
        fresh.slice(start, start + ROWS_PER_STATEMENT).map(member => ({
          coder_group_id: groupId,
          coder_user_id: member,
          present: 1 as const,
        })),
      )
      .onConflict(conflict => conflict.columns(['coder_group_id', 'coder_user_id']).doUpdateSet({ present: 1 }))
      .execute();
  }
  return true;
}

/**
 * Notes that a write to a group is about to be sent. Until `markFlushed` or a full reading says what became of it, nothing that
 * is known of the members counts: the answer may be lost, and this process may die.
 */
export async function beginWrite(db: Db, groupId: string): Promise<void> {
  await db
    .updateTable('coder_groups')
    .set(eb => ({ writes: eb('writes', '+', 1), unsure: 1 as const }))
    .where('id', '=', groupId)
    .execute();
}

/** Notes that a write was refused: it did nothing. */
export async function endWrite(db: Db, groupId: string): Promise<void> {
  await db.updateTable('coder_groups').set({ unsure: 0 }).where('id', '=', groupId).execute();
}

// A reading of the members that is under way does not know of this.
async function outdateReadings(db: Db, groupIds: readonly string[]): Promise<void> {
  if (groupIds.length === 0) return;
  await db
    .updateTable('coder_groups')
    .set(eb => ({ writes: eb('writes', '+', 1) }))
    .where('id', 'in', groupIds)
    .execute();
}

/** The members of a group are to be read as a whole before the next write. */
export async function markUnread(db: Db, groupId: string): Promise<void> {
  await db.updateTable('coder_groups').set({ read_at: null }).where('id', '=', groupId).execute();
}

/** Notes that a write is done, and how long the next changes gather. */
export async function markFlushed(db: Db, groupId: string, at: number, windowMs: number): Promise<void> {
  await db
    .updateTable('coder_groups')
    .set({ flushed_at: at, window_ms: windowMs, unsure: 0 })
    .where('id', '=', groupId)
    .execute();
}

/** Forgets what is known and wanted of one member. */
export async function forgetMember(db: Db, groupId: string, coderUserId: string): Promise<void> {
  await db
    .deleteFrom('coder_members')
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', '=', coderUserId)
    .execute();
}

/** An account left an organization: Coder took it out of the groups there. */
export async function leaveOrganization(db: Db, coderUserId: string, organization: string): Promise<void> {
  const left = await db
    .deleteFrom('coder_members')
    .where('coder_user_id', '=', coderUserId)
    .where('coder_group_id', 'in', db.selectFrom('coder_groups').select('id').where('organization', '=', organization))
    .returning('coder_group_id')
    .execute();
  await outdateReadings(db, left.map(row => row.coder_group_id).sort());
}

/** An account is gone. */
export async function forgetMemberships(db: Db, coderUserId: string): Promise<void> {
  await db.deleteFrom('coder_members').where('coder_user_id', '=', coderUserId).execute();
}

/** Members of a group whom no directory stands for. */
export async function countStrangers(db: Db, groupId: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from coder_members left join people on people.coder_user_id = coder_members.coder_user_id
    where coder_members.coder_group_id = ${groupId} and coder_members.present = 1 and people.user_id is null`.execute(
    db,
  );
  return Number(rows[0]?.n ?? 0);
}

export interface ManagedRole {
  readonly organization: string;
  /** Folded. */
  readonly name: string;
  readonly origin: 'created' | 'matched';
}

/** Custom roles that the bridge keeps. */
export async function listManagedRoles(db: Db): Promise<ManagedRole[]> {
  return await db.selectFrom('custom_roles').selectAll().execute();
}

export async function putManagedRole(db: Db, role: ManagedRole): Promise<void> {
  await db
    .insertInto('custom_roles')
    .values(role)
    .onConflict(conflict => conflict.columns(['organization', 'name']).doNothing())
    .execute();
}

export async function forgetManagedRole(db: Db, organization: string, name: string): Promise<void> {
  await db.deleteFrom('custom_roles').where('organization', '=', organization).where('name', '=', name).execute();
}
