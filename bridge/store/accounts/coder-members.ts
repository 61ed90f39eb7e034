/**
 * Members of the Coder groups under management, as last known and as wanted. A person's change sets what is wanted; one
 * writer per group makes the difference true with one call.
 */
import { type Expression, type ExpressionBuilder, type RawBuilder, sql, type SqlBool } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { nextTurn } from '../database/turns';
import { type Tables } from '../database/tables';
import { type Flag } from '../database/tables/columns';
import { lockManagedGroup, type ManagedGroup } from './coder-groups';

export interface MemberState {
  readonly coderGroupId: string;
  readonly coderUserId: string;
  readonly present: boolean;
  readonly wanted: boolean | undefined;
  readonly because: string | null;
}

/** Membership of one account, without why. */
export type Membership = Pick<MemberState, 'coderGroupId' | 'present' | 'wanted'>;

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

const selectOfAccount = statement<{ coderUserId: string }>()((db, { coderUserId }) =>
  db.selectFrom('coder_members').selectAll().where('coder_user_id', '=', coderUserId),
);

/** The managed groups an account is in or is to be in. */
export async function memberStatesOf(db: Db, coderUserId: string): Promise<MemberState[]> {
  return (await selectOfAccount(db, { coderUserId })).rows.map(toMember);
}

const selectOfOthers = statement<{ coderGroupId: string; app: string }>()((db, { coderGroupId, app }) =>
  db
    .selectFrom('coder_members')
    .innerJoin('people', 'people.coder_user_id', 'coder_members.coder_user_id')
    .select('people.user_id')
    .where('coder_members.coder_group_id', '=', coderGroupId)
    .where('people.app', '<>', app)
    .where(eb =>
      eb.or([
        eb('coder_members.wanted', '=', 1),
        eb.and([eb('coder_members.present', '=', 1), eb('coder_members.wanted', 'is not', null)]),
      ]),
    )
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('people as own')
            .select('own.user_id')
            .whereRef('own.coder_user_id', '=', 'coder_members.coder_user_id')
            .where('own.app', '=', app),
        ),
      ),
    )
    .limit(1),
);

/** Whether somebody is in the group by another app, or on the way out of it, who is nobody of this one. */
export async function hasOthersInside(db: Db, coderGroupId: string, app: string): Promise<boolean> {
  return (await selectOfOthers(db, { coderGroupId, app })).rows.length > 0;
}

const selectOfAccounts = statement<{ coderUserIds: readonly string[] }>()((db, { coderUserIds }) =>
  db.selectFrom('coder_members').selectAll().where('coder_user_id', 'in', among(db, coderUserIds)),
);

/** The same for several accounts, by account. */
export async function memberStatesOfAccounts(
  db: Db,
  coderUserIds: readonly string[],
): Promise<Map<string, MemberState[]>> {
  const states = new Map<string, MemberState[]>();
  if (coderUserIds.length === 0) return states;
  const { rows } = await selectOfAccounts(db, { coderUserIds });
  for (const row of rows) {
    const known = states.get(row.coder_user_id);
    if (known === undefined) states.set(row.coder_user_id, [toMember(row)]);
    else known.push(toMember(row));
  }
  return states;
}

const wish = statement<{ groupId: string; coderUserId: string; wanted: Flag; because: string }>()(
  (db, { groupId, coderUserId, wanted, because }) =>
    db
      .insertInto('coder_members')
      .values({ coder_group_id: groupId, coder_user_id: coderUserId, present: 0, wanted, because })
      .onConflict(conflict => conflict.columns(['coder_group_id', 'coder_user_id']).doUpdateSet({ wanted, because })),
);

/** Sets whether an account is to be in a group, and why. */
export async function wantMember(
  db: Db,
  groupId: string,
  coderUserId: string,
  wanted: boolean,
  because: string,
): Promise<void> {
  await wish(db, { groupId, coderUserId, wanted: wanted ? 1 : 0, because });
}

/** Nobody asks for this of these accounts any more: what they are in is as if put there by hand. */
export async function withdrawWishes(db: Db, groupId: string, coderUserIds: readonly string[]): Promise<void> {
  await db
    .updateTable('coder_members')
    .set({ wanted: null, because: null })
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', 'in', among(db, coderUserIds))
    .execute();
}

/** The same of these accounts in every group, as far as they are nobody's. */
export async function withdrawWishesOfNobodys(db: Db, coderUserIds: readonly string[]): Promise<void> {
  await db
    .updateTable('coder_members')
    .set({ wanted: null, because: null })
    .where('coder_user_id', 'in', among(db, coderUserIds))
    .where(isNobodys)
    .execute();
}

/**
 * Members of a group for whom wanted and present differ, as what stands after `select … `. SQLite knows no numbers of rows, and would rather look
 * through all members of the group.
 */
export function fromDifferences(db: Db, groupId: Expression<unknown>): RawBuilder<unknown> {
  const table = backendOf(db) === 'sqlite' ? sql`coder_members indexed by coder_members_differing` : sql`coder_members`;
  return sql`from ${table} where coder_group_id = ${groupId} and wanted is not null and wanted != present`;
}

const selectDifferences = statement<{ groupId: string }>()(
  (db, { groupId }) =>
    sql<MemberRow>`select coder_group_id, coder_user_id, present, wanted, because ${fromDifferences(db, groupId)}
      order by coder_user_id`,
);

/** Members of a group for whom wanted and present differ. */
export async function memberDifferences(db: Db, groupId: string): Promise<MemberState[]> {
  return (await selectDifferences(db, { groupId })).rows.map(toMember);
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

/** Whether the account of a member is linked to nobody. */
const isNobodys = (eb: ExpressionBuilder<Tables, 'coder_members'>): Expression<SqlBool> =>
  eb.not(
    eb.exists(
      eb
        .selectFrom('people')
        .select('people.user_id')
        .whereRef('people.coder_user_id', '=', 'coder_members.coder_user_id'),
    ),
  );

/** Those of them whose account is linked to nobody. */
export async function wantedNobodys(db: Db, groupId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('coder_members')
    .select('coder_user_id')
    .where('coder_group_id', '=', groupId)
    .where('wanted', '=', 1)
    .where(isNobodys)
    .orderBy('coder_user_id')
    .execute();
  return rows.map(row => row.coder_user_id);
}

export interface MemberCounts {
  readonly present: number;
  /** Who are to be in. */
  readonly wanted: number;
  /** Who are in and nobody's wish: put there by hand. */
  readonly byHand: number;
}

const count = statement<{ groupId: string }>()((db, { groupId }) =>
  db
    .selectFrom('coder_members')
    .select(eb => [
      eb.fn.sum<number | null>('present').as('present'),
      eb.fn.sum<number | null>('wanted').as('wanted'),
      eb.fn.sum<number | null>(eb.case().when('wanted', 'is', null).then(eb.ref('present')).else(0).end()).as('byHand'),
    ])
    .where('coder_group_id', '=', groupId),
);

/** How many are in a group, how many are to be, and how many of those inside nobody asked for. */
export async function countMembers(db: Db, groupId: string): Promise<MemberCounts> {
  const [row] = (await count(db, { groupId })).rows;
  return { present: Number(row?.present ?? 0), wanted: Number(row?.wanted ?? 0), byHand: Number(row?.byHand ?? 0) };
}

const ROWS_PER_STATEMENT = 2_000;

const writePresent = statement<{ groupId: string; ids: readonly string[]; present: Flag }>()(
  (db, { groupId, ids, present }) =>
    db
      .updateTable('coder_members')
      .set({ present })
      .where('coder_group_id', '=', groupId)
      .where('coder_user_id', 'in', among(db, ids)),
);

const isSettled = (eb: ExpressionBuilder<Tables, 'coder_members'>): Expression<SqlBool> =>
  eb.and([eb('present', '=', 0), eb.or([eb('wanted', 'is', null), eb('wanted', '=', 0)])]);

// Rows that say "is not in, and is not to be in" say nothing, unless a write may come that puts somebody in.
const dropSettled = statement<{ groupId: string; ids: readonly string[] }>()((db, { groupId, ids }) =>
  db
    .deleteFrom('coder_members')
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', 'in', among(db, ids))
    .where(isSettled)
    .where(eb =>
      eb.not(
        eb.exists(
          eb.selectFrom('coder_groups').select('id').where('id', '=', groupId).where('unheard_at', 'is not', null),
        ),
      ),
    ),
);

/** Forgets who is not in a group and is not to be: nothing may come any more that puts them in. */
export async function dropAllSettled(db: Db, groupId: string): Promise<void> {
  await db.deleteFrom('coder_members').where('coder_group_id', '=', groupId).where(isSettled).execute();
}

/** Notes that these accounts are, or are no longer, in a group. */
export async function setPresent(
  db: Db,
  groupId: string,
  coderUserIds: readonly string[],
  present: boolean,
): Promise<void> {
  for (let start = 0; start < coderUserIds.length; start += ROWS_PER_STATEMENT) {
    const ids = coderUserIds.slice(start, start + ROWS_PER_STATEMENT);
    await writePresent(db, { groupId, ids, present: present ? 1 : 0 });
    if (!present) await dropSettled(db, { groupId, ids });
  }
}

/** How a group stood when the reading of its members began. */
export type Before = Pick<ManagedGroup, 'writes' | 'unsure'>;

// Whoever waits for an operator may be on the way out: what somebody took of them by hand is not given back by an old wish. Who is to have it
// all the same gets it when they are compared.
const forgetWishesOfHeld = statement<{ groupId: string; ids: readonly string[] }>()((db, { groupId, ids }) =>
  db
    .updateTable('coder_members')
    .set({ wanted: null })
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', 'in', among(db, ids))
    .where('coder_user_id', 'in', db.selectFrom('people').select('coder_user_id').where('held_reason', 'is not', null)),
);

/**
 * Takes over a full reading of a group's members, in pieces: others have a turn between two of them. Each is true by itself, and the group
 * counts as read with the last one.
 * @param how.before as the group was when the reading began
 * @param how.repairs whether whoever was known to be in, is to be, and is not any more counts as absent: else they count as present, so
 *   that the next change of the group does not put them back. @default true
 * @returns undefined when the members were changed since `before`: it has to be read again
 */
export async function replaceMembers(
  db: Db,
  groupId: string,
  members: ReadonlySet<string>,
  now: number,
  { before, repairs = true }: { readonly before?: Before | undefined; readonly repairs?: boolean } = {},
): Promise<Replaced | undefined> {
  const { arrived, fresh, ...missing } = await compareMembers(db, groupId, members);
  const gone = repairs ? [...missing.gone, ...missing.missed] : missing.gone;
  const replaced = { takenByHand: repairs ? [] : missing.missed };
  // Who has arrived comes first: rows without anybody in them and without a wish are dropped along with those who are gone.
  const pieces = [
    ...inPieces(arrived, (trx, ids) => setPresent(trx, groupId, ids, true)),
    ...inPieces(gone, async (trx, ids) => {
      await forgetWishesOfHeld(trx, { groupId, ids });
      await setPresent(trx, groupId, ids, false);
    }),
    ...inPieces(fresh, (trx, ids) => insertPresent(trx, groupId, ids)),
  ];
  const last = pieces.pop();
  for (const piece of pieces) {
    const isCurrent = await db.transaction().execute(async trx => {
      if (!(await isAsBefore(trx, groupId, before))) return false;
      await piece(trx);
      return true;
    });
    if (!isCurrent) return undefined;
    await nextTurn();
  }
  return await db.transaction().execute(async trx => {
    if (!(await noteRead(trx, groupId, now, before))) return undefined;
    await last?.(trx);
    return replaced;
  });
}

export interface Replaced {
  /** Coder ids of those who are to be in, are not any more, and are kept as present all the same. */
  readonly takenByHand: readonly string[];
}

/** Rows that are read, or changed, between two turns of the event loop. */
const ROWS_PER_PIECE = 500;

type Piece = (db: Db) => Promise<void>;

function inPieces(ids: readonly string[], change: (db: Db, ids: readonly string[]) => Promise<void>): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < ids.length; start += ROWS_PER_PIECE) {
    const some = ids.slice(start, start + ROWS_PER_PIECE);
    pieces.push(db => change(db, some));
  }
  return pieces;
}

const selectPresence = statement<{ groupId: string; after: string }>()((db, { groupId, after }) =>
  db
    .selectFrom('coder_members')
    .select(['coder_user_id', 'present', 'wanted'])
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', '>', after)
    .orderBy('coder_user_id')
    .limit(ROWS_PER_PIECE),
);

/** Who is in the group now and was not known to be, who was and is not (apart: who is to be), and who was not known at all. */
async function compareMembers(
  db: Db,
  groupId: string,
  members: ReadonlySet<string>,
): Promise<Record<'arrived' | 'gone' | 'missed' | 'fresh', string[]>> {
  const arrived: string[] = [];
  const gone: string[] = [];
  const missed: string[] = [];
  const unknown = new Set(members);
  for (let after = ''; ;) {
    const { rows } = await selectPresence(db, { groupId, after });
    for (const { coder_user_id: id, present, wanted } of rows) {
      unknown.delete(id);
      if (members.has(id) && present === 0) arrived.push(id);
      if (!members.has(id) && present === 1) (wanted === 1 ? missed : gone).push(id);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_PIECE) break;
    after = last.coder_user_id;
    await nextTurn();
  }
  return { arrived, gone, missed, fresh: [...unknown] };
}

/** Whether no write to the group has begun since. */
async function isAsBefore(db: Db, groupId: string, before: Before | undefined): Promise<boolean> {
  const group = await lockManagedGroup(db, groupId);
  if (group === undefined) return false;
  return before === undefined || (group.writes === before.writes && group.unsure === before.unsure);
}

/** Notes that the members of a group are known. @returns false when they were changed since `before` */
export async function noteRead(db: Db, groupId: string, now: number, before?: Before): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('coder_groups')
    .set({ read_at: now, unsure: 0 })
    .where('id', '=', groupId)
    .$if(before !== undefined, query =>
      query.where('writes', '=', before?.writes ?? 0).where('unsure', '=', before?.unsure === true ? 1 : 0),
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

async function insertPresent(db: Db, groupId: string, ids: readonly string[]): Promise<void> {
  await db
    .insertInto('coder_members')
    .values(ids.map(id => ({ coder_group_id: groupId, coder_user_id: id, present: 1 as const })))
    .onConflict(conflict => conflict.columns(['coder_group_id', 'coder_user_id']).doUpdateSet({ present: 1 }))
    .execute();
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

/** Forgets what is known and wanted of one member. */
export async function forgetMember(db: Db, groupId: string, coderUserId: string): Promise<void> {
  await db
    .deleteFrom('coder_members')
    .where('coder_group_id', '=', groupId)
    .where('coder_user_id', '=', coderUserId)
    .execute();
}

/**
 * An account left an organization: Coder took it out of the groups there.
 * @returns ids of those in which nobody is to be any more: where nothing declares them, nobody else looks at them
 */
export async function leaveOrganization(db: Db, coderUserId: string, organization: string): Promise<string[]> {
  const left = await db
    .deleteFrom('coder_members')
    .where('coder_user_id', '=', coderUserId)
    .where('coder_group_id', 'in', db.selectFrom('coder_groups').select('id').where('organization', '=', organization))
    .returning('coder_group_id')
    .execute();
  const groups = left.map(row => row.coder_group_id).sort();
  await outdateReadings(db, groups);
  if (groups.length === 0) return [];
  const rows = await db
    .selectFrom('coder_groups')
    .select('id')
    .where('id', 'in', groups)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('coder_members')
            .select('coder_members.coder_user_id')
            .whereRef('coder_members.coder_group_id', '=', 'coder_groups.id')
            .where('coder_members.wanted', '=', 1),
        ),
      ),
    )
    .orderBy('id')
    .execute();
  return rows.map(row => row.id);
}

/** An account is gone. @returns ids of the groups that it was in, or was to be in */
export async function forgetMemberships(db: Db, coderUserId: string): Promise<string[]> {
  const left = await db
    .deleteFrom('coder_members')
    .where('coder_user_id', '=', coderUserId)
    .returning('coder_group_id')
    .execute();
  const groups = left.map(row => row.coder_group_id).sort();
  await outdateReadings(db, groups);
  return groups;
}
