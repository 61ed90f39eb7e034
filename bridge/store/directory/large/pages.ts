/** The rows of large sets, a few in each turn of the event loop. */
import { sql } from 'kysely';
import { type Db, backendOf } from '../../database/database';
import { withInside } from '../../database/nesting';
import { statement } from '../../database/statement';
import { nextTurn } from '../../database/turns';
import { type UserOrGroup } from '../resources';

/** Rows that are read, written or removed between two turns of the event loop. */
export const ROWS_OF_TURN = 500;

/** Members from which on a group is changed in turns, and not in one go. */
export const LARGE = 1_000;

export interface SetRow {
  readonly member_id: string;
  readonly member_type: UserOrGroup;
}

const rowsAfter = statement<{ setId: string; after: string }>()((db, { setId, after }) =>
  db
    .selectFrom('member_rows')
    .select(['member_id', 'member_type'])
    .where('set_id', '=', setId)
    .where('member_id', '>', after)
    .orderBy('member_id')
    .limit(ROWS_OF_TURN),
);

/** The rows of a set in order of id, as far as they are there when their turn comes. */
export async function* pagesOf(db: Db, setId: string): AsyncGenerator<readonly SetRow[]> {
  for (let after = ''; ;) {
    const { rows } = await rowsAfter(db, { setId, after });
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_OF_TURN) return;
    after = last.member_id;
    await nextTurn();
  }
}

const oneBeyond = statement<{ setId: string }>()(
  (_db, { setId }) => sql`select 1 from member_rows where set_id = ${setId} limit 1 offset ${sql.lit(LARGE)}`,
);

/** Whether a set is changed in turns. On Postgres others go on whatever takes long: there it never is. */
export async function isLargeSet(db: Db, setId: string): Promise<boolean> {
  return backendOf(db) === 'sqlite' && (await oneBeyond(db, { setId })).rows.length > 0;
}

/** The set of a group where that is large; or where the groups within it are, all together. */
export async function largeSetOf(db: Db, groupId: string): Promise<string | undefined> {
  if (backendOf(db) !== 'sqlite') return undefined;
  const { rows } = await sql<{ set_id: string }>`
    ${withInside(groupId)}
    select (select member_set from groups where id = ${groupId}) as set_id from inside
    join members on members.group_id = inside.id limit 1 offset ${sql.lit(LARGE)}`.execute(db);
  return rows[0]?.set_id;
}

/**
 * Whether everybody is taken out of a group in turns. Whom that concerns is read from the rows, and of many after the transaction: the rows
 * have to be there then, however few of them are the group's own.
 */
export async function isLargeRemoval(
  db: Db,
  { groupId, setId }: { readonly groupId: string; readonly setId: string },
  concerns: boolean,
): Promise<boolean> {
  return concerns ? (await largeSetOf(db, groupId)) !== undefined : await isLargeSet(db, setId);
}
