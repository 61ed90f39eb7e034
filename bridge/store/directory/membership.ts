/** Reading who is in what: the members of groups, however many, and the groups of users. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Database, type Db } from '../database/database';
import { statement } from '../database/statement';
import { among } from '../database/listed';
import { type GroupOfUser, type Member, type UserOrGroup } from './resources';
import { isId } from './rows';

/** Rows that are read in one go where groups are small. */
const CHUNK = 2_000;

/** Rows of a large group between two turns of the event loop: whoever else waits has theirs. */
const TURN = 500;

interface MemberRow {
  group_id: string;
  member_id: string;
  member_type: UserOrGroup;
  display: string | null;
}

/** Members of groups in chunks, ordered by group id and member id. Small groups share a query; a large one is read as it was at one moment. */
export async function* membersOf(
  database: Database,
  app: string,
  groupIds: readonly string[],
): AsyncGenerator<readonly Member[]> {
  const { db } = database;
  const ids = groupIds.filter(isId);
  if (ids.length === 0) return;
  // One group alone is read from its first row on; of several we ask for sizes first, to know which go together.
  const sizes = ids.length === 1 ? await existing(db, app, ids) : await sizesOf(db, app, ids);
  let together: string[] = [];
  let rows = 0;
  for (const { id, size } of sizes) {
    if (rows + size > CHUNK && together.length > 0) {
      yield* readTogether(db, together);
      together = [];
      rows = 0;
    }
    if (size > CHUNK) {
      yield* readAlone(database, id);
    } else {
      together.push(id);
      rows += size;
    }
  }
  if (together.length > 0) yield* readTogether(db, together);
}

async function existing(db: Db, app: string, ids: readonly string[]) {
  const found = await db
    .selectFrom('groups')
    .select('id')
    .where('app', '=', app)
    .where('id', 'in', among(db, ids))
    .execute();
  return found.map(({ id }) => ({ id, size: Number.POSITIVE_INFINITY }));
}

async function sizesOf(db: Db, app: string, ids: readonly string[]) {
  const { rows } = await sql<{ id: string; size: number }>`
    select groups.id as id, count(*) as size from groups join members on members.group_id = groups.id
    where groups.app = ${app} and groups.id in ${among(db, ids)} group by groups.id order by groups.id`.execute(db);
  return rows.map(({ id, size }) => ({ id, size: Number(size) }));
}

const membersAfter = statement<{ groupId: string; after: string }>()((db, { groupId, after }) =>
  db
    .selectFrom('member_rows')
    .select(['member_id', 'member_type', 'display'])
    .where('set_id', '=', db.selectFrom('groups').select('member_set').where('id', '=', groupId))
    .where('member_id', '>', after)
    .orderBy('member_id')
    .limit(TURN),
);

async function* readAlone(database: Database, groupId: string): AsyncGenerator<readonly Member[]> {
  const { rows } = await membersAfter(database.db, { groupId, after: '' });
  if (rows.length < TURN) {
    if (rows.length > 0) yield rows.map(memberOf(groupId));
    return;
  }
  // In memory as a whole: a client that takes its time must not keep the database from forgetting what was.
  for (const members of await database.snapshot(db => readWhole(db, groupId))) {
    yield members;
    await nextTurn();
  }
}

async function readWhole(db: Db, groupId: string): Promise<Member[][]> {
  const chunks: Member[][] = [];
  for (let after = ''; ;) {
    const { rows } = await membersAfter(db, { groupId, after });
    chunks.push(rows.map(memberOf(groupId)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < TURN) return chunks;
    after = last.member_id;
    await nextTurn();
  }
}

async function* readTogether(db: Db, ids: readonly string[]): AsyncGenerator<readonly Member[]> {
  const rows = await db
    .selectFrom('members')
    .selectAll()
    .where('group_id', 'in', among(db, ids))
    .orderBy('group_id')
    .orderBy('member_id')
    .execute();
  if (rows.length > 0) yield rows.map(toMember);
}

const memberOf =
  (groupId: string) =>
  (row: Omit<MemberRow, 'group_id'>): Member => ({
    groupId,
    value: row.member_id,
    type: row.member_type,
    display: row.display ?? undefined,
  });

const toMember = (row: MemberRow): Member => memberOf(row.group_id)(row);

const above = statement<{ ids: readonly string[] }>()(
  (db, { ids }) => sql<{ user_id: string; id: string; app: string; display_name: string; direct: number }>`
    with recursive above (user_id, group_id, direct) as (
      select member_id, group_id, 1 from members where member_id in ${among(db, ids)}
      union
      select above.user_id, members.group_id, 0 from members join above on members.member_id = above.group_id
    )
    select above.user_id, groups.id, groups.app, groups.display_name, max(above.direct) as direct
    from above join groups on groups.id = above.group_id
    group by above.user_id, groups.id, groups.app, groups.display_name order by above.user_id, groups.id`,
);

/** The groups of each user, in order of id: those it is a member of, and those that contain these. */
export async function groupsOf(
  db: Db,
  app: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly GroupOfUser[]>> {
  const groups = new Map<string, GroupOfUser[]>(userIds.map(id => [id, []]));
  const ids = userIds.filter(isId);
  if (ids.length === 0) return groups;
  const { rows } = await above(db, { ids });
  for (const row of rows) {
    // As a condition of the query it makes SQLite walk all groups of the app.
    if (row.app !== app) continue;
    groups.get(row.user_id)?.push({
      value: row.id,
      display: row.display_name,
      type: Number(row.direct) === 1 ? 'direct' : 'indirect',
    });
  }
  return groups;
}
