/** The directory as the reconciler reads it: people, groups, and who is in what, through nested groups as well. */
import { sql } from 'kysely';
import { Attributes, DEFAULT_ATTRIBUTES } from '../../contract/attributes';
import { type DirectoryGroup, type DirectoryUser, emailOf, fullNameOf, usernameOf } from '../../contract/directory';
import { fold } from '../../scim-language/schema/fold';
import { type Db, readJson } from '../database/database';
import { statement } from '../database/statement';
import { groupsInside, withAbove } from '../database/nesting';
import { among } from '../database/listed';

export interface UserRow {
  id: string;
  app: string;
  user_name: string;
  external_id: string | null;
  active: number;
  document: unknown;
  /** JSON of the app's attributes; null for the usual ones. */
  attributes: string | null;
}

interface GroupRow {
  id: string;
  app: string;
  display_name: string;
  external_id: string | null;
}

const USER_COLUMNS = [
  'users.id',
  'users.app',
  'users.user_name',
  'users.external_id',
  'users.active',
  'users.document',
  'apps.attributes',
] as const;
const GROUP_COLUMNS = ['id', 'app', 'display_name', 'external_id'] as const;

export function toUser(row: UserRow): DirectoryUser {
  const document = readJson(row.document) as Record<string, unknown>;
  const attributes = row.attributes === null ? DEFAULT_ATTRIBUTES : Attributes.parse(JSON.parse(row.attributes));
  return {
    id: row.id,
    app: row.app,
    userName: row.user_name,
    externalId: row.external_id ?? undefined,
    active: row.active === 1,
    username: usernameOf(document, attributes),
    fullName: fullNameOf(document, attributes),
    email: emailOf(document, attributes),
  };
}

function toGroup(row: GroupRow): DirectoryGroup {
  return { id: row.id, app: row.app, displayName: row.display_name, externalId: row.external_id ?? undefined };
}

const selectUser = statement<{ id: string }>()((db, { id }) =>
  db.selectFrom('users').leftJoin('apps', 'apps.name', 'users.app').select(USER_COLUMNS).where('users.id', '=', id),
);

const selectGroup = statement<{ id: string }>()((db, { id }) =>
  db.selectFrom('groups').select(GROUP_COLUMNS).where('id', '=', id),
);

// A cross join is made in its order: SQLite would walk all groups for the sake of theirs.
const selectGroupsAbove = statement<{ userId: string }>()(
  (_db, { userId }) => sql<GroupRow>`
    ${withAbove(userId)}
    select groups.id, groups.app, groups.display_name, groups.external_id
    from above cross join groups where groups.id = above.id order by above.id`,
);

const selectUsers = statement<{ ids: readonly string[] }>()((db, { ids }) =>
  db
    .selectFrom('users')
    .leftJoin('apps', 'apps.name', 'users.app')
    .select(USER_COLUMNS)
    .where('users.id', 'in', among(db, ids)),
);

const selectGroupsAboveAny = statement<{ userIds: readonly string[] }>()(
  (db, { userIds }) => sql<GroupRow & { user_id: string }>`
    with recursive above (user_id, id) as (
      select member_id, group_id from members where member_id in ${among(db, userIds)}
      union
      select above.user_id, members.group_id from members join above on members.member_id = above.id
    )
    select above.user_id, groups.id, groups.app, groups.display_name, groups.external_id
    from above cross join groups where groups.id = above.id order by above.user_id, above.id`,
);

/** A user of any app by SCIM id. */
export async function readUser(db: Db, id: string): Promise<DirectoryUser | undefined> {
  const [row] = (await selectUser(db, { id })).rows;
  return row === undefined ? undefined : toUser(row);
}

/** A group of any app by SCIM id. */
export async function readGroup(db: Db, id: string): Promise<DirectoryGroup | undefined> {
  const [row] = (await selectGroup(db, { id })).rows;
  return row === undefined ? undefined : toGroup(row);
}

const selectGroups = statement<{ ids: readonly string[] }>()((db, { ids }) =>
  db.selectFrom('groups').select(GROUP_COLUMNS).where('id', 'in', among(db, ids)),
);

/** Which of these groups exist, in whatever app. */
export async function existingGroups(db: Db, ids: readonly string[]): Promise<Map<string, DirectoryGroup>> {
  if (ids.length === 0) return new Map();
  const { rows } = await selectGroups(db, { ids });
  return new Map(rows.map(row => [row.id, toGroup(row)]));
}

/** All groups that a user is in, directly and through groups in groups, in order of id. */
export async function groupsOfUser(db: Db, userId: string): Promise<DirectoryGroup[]> {
  return (await selectGroupsAbove(db, { userId })).rows.map(toGroup);
}

/** These users of any app, by SCIM id. */
export async function readUsersById(db: Db, ids: readonly string[]): Promise<Map<string, DirectoryUser>> {
  const { rows } = await selectUsers(db, { ids });
  return new Map(rows.map(row => [row.id, toUser(row)]));
}

/** As `groupsOfUser`, for several users, by SCIM id. */
export async function groupsOfUsers(db: Db, userIds: readonly string[]): Promise<Map<string, DirectoryGroup[]>> {
  const groups = new Map<string, DirectoryGroup[]>();
  for (const row of (await selectGroupsAboveAny(db, { userIds })).rows) {
    const known = groups.get(row.user_id);
    if (known === undefined) groups.set(row.user_id, [toGroup(row)]);
    else known.push(toGroup(row));
  }
  return groups;
}

/** A user with the ids of all groups that the user is in, direct and indirect. */
export interface UserWithGroups {
  readonly user: DirectoryUser;
  readonly groupIds: readonly string[];
}

/**
 * One page of an app's users in order of id, each with the groups it is in: two queries a page.
 * @param afterId the last id of the page before; undefined for the first page
 * @returns fewer than `limit` when it is the last page
 */
export async function readUsers(
  db: Db,
  app: string,
  afterId: string | undefined,
  limit: number,
): Promise<UserWithGroups[]> {
  const rows = await db
    .selectFrom('users')
    .leftJoin('apps', 'apps.name', 'users.app')
    .select(USER_COLUMNS)
    .where('users.app', '=', app)
    .$if(afterId !== undefined, query => query.where('users.id', '>', afterId ?? ''))
    .orderBy('users.id')
    .limit(limit)
    .execute();
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return [];
  const { rows: pairs } = await sql<{ user_id: string; group_id: string }>`
    with recursive above (user_id, group_id) as (
      select members.member_id, members.group_id from users join members on members.member_id = users.id
      where users.app = ${app} and users.id >= ${first.id} and users.id <= ${last.id}
      union
      select above.user_id, members.group_id from members join above on members.member_id = above.group_id
    )
    select user_id, group_id from above order by user_id, group_id`.execute(db);
  const groups = new Map<string, string[]>();
  for (const pair of pairs) {
    const known = groups.get(pair.user_id);
    if (known === undefined) groups.set(pair.user_id, [pair.group_id]);
    else known.push(pair.group_id);
  }
  return rows.map(row => ({ user: toUser(row), groupIds: groups.get(row.id) ?? [] }));
}

/**
 * One page of the users who are in a group, directly and through groups in it, in order of id.
 * @param afterId the last id of the page before; undefined for the first page
 * @returns fewer than `limit` when it is the last page
 */
export async function usersOfGroup(
  db: Db,
  groupId: string,
  afterId: string | undefined,
  limit: number,
): Promise<DirectoryUser[]> {
  const inside = await groupsInside(db, groupId);
  // One group alone is the common case: its rows are in order of member id already, so a page costs a page.
  const members =
    inside.length <= 1
      ? sql`select member_id from member_rows where set_id = (select member_set from groups where id = ${groupId}) and member_type = 'User' and member_id > ${afterId ?? ''}
            order by member_id limit ${sql.lit(limit)}`
      : sql`select distinct member_id from members where group_id in (${sql.join(inside)}) and member_type = 'User' and member_id > ${afterId ?? ''}
            order by member_id limit ${sql.lit(limit)}`;
  const { rows } = await sql<UserRow>`
    select users.id, users.app, users.user_name, users.external_id, users.active, users.document, apps.attributes
    from (${members}) as page join users on users.id = page.member_id left join apps on apps.name = users.app order by users.id`.execute(
    db,
  );
  return rows.map(toUser);
}

/** All groups of an app in order of id, without members. */
export async function readGroups(db: Db, app: string): Promise<DirectoryGroup[]> {
  const rows = await db.selectFrom('groups').select(GROUP_COLUMNS).where('app', '=', app).orderBy('id').execute();
  return rows.map(toGroup);
}

/** How many active users are in each of these groups, directly and through groups in it. */
export async function countPeopleIn(db: Db, groupIds: readonly string[]): Promise<Map<string, number>> {
  if (groupIds.length === 0) return new Map();
  const { rows } = await sql<{ root: string; people: number }>`
    with recursive inside (root, id) as (
      select id, id from groups where id in ${among(db, groupIds)}
      union
      select inside.root, members.member_id from members join inside on members.group_id = inside.id
      where members.member_type = 'Group'
    )
    select inside.root, count(distinct users.id) as people from inside
    join members on members.group_id = inside.id and members.member_type = 'User'
    join users on users.id = members.member_id and users.active = 1
    group by inside.root`.execute(db);
  return new Map(rows.map(row => [row.root, Number(row.people)]));
}

/** Groups of an app by id, by displayName without case, or by externalId. */
export async function readGroupsNamed(
  db: Db,
  app: string,
  wanted: {
    readonly ids: readonly string[];
    readonly names: readonly string[];
    readonly externalIds: readonly string[];
  },
): Promise<DirectoryGroup[]> {
  const found = new Map<string, DirectoryGroup>();
  const look = async (column: 'id' | 'display_name_key' | 'external_id', texts: readonly string[]): Promise<void> => {
    if (texts.length === 0) return;
    const rows = await db
      .selectFrom('groups')
      .select(GROUP_COLUMNS)
      .where('app', '=', app)
      .where(column, 'in', among(db, texts))
      .execute();
    for (const row of rows) found.set(row.id, toGroup(row));
  };
  await look('id', wanted.ids);
  await look('display_name_key', wanted.names.map(fold));
  await look('external_id', wanted.externalIds);
  return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

const selectInhabited = statement<{ ids: readonly string[] }>()(
  (db, { ids }) => sql<{ id: string }>`
    select id from groups where id in ${among(db, ids)}
      and exists (select 1 from member_rows where set_id = groups.member_set)`,
);

/** Which of these groups have a member, a person or a group. */
export async function groupsWithMembers(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  return new Set((await selectInhabited(db, { ids })).rows.map(({ id }) => id));
}

/** How a group came to its members that was there without any. */
export interface FilledGroup {
  readonly firstMemberAt: number;
  /** When it, or a group in it, was changed last. */
  readonly changedAt: number;
}

const selectFilled = statement<{ ids: readonly string[] }>()(
  (db, { ids }) => sql<{ id: string; first_member_at: number; changed_at: number }>`
    with recursive inside (root, id) as (
      select id, id from groups where id in ${among(db, ids)} and first_member_at is not null
      union
      select inside.root, members.member_id from members join inside on members.group_id = inside.id
      where members.member_type = 'Group'
    )
    select roots.id, roots.first_member_at, max(groups.modified_at) as changed_at
    from inside join groups on groups.id = inside.id join groups as roots on roots.id = inside.root
    group by roots.id, roots.first_member_at`,
);

/** Those of these groups that were there before their first member came, or had lost all before. */
export async function filledGroups(db: Db, ids: readonly string[]): Promise<Map<string, FilledGroup>> {
  if (ids.length === 0) return new Map();
  const { rows } = await selectFilled(db, { ids });
  return new Map(
    rows.map(({ id, first_member_at, changed_at }) => [
      id,
      { firstMemberAt: Number(first_member_at), changedAt: Number(changed_at) },
    ]),
  );
}

/** How much of a directory an app has. */
export interface DirectoryCounts {
  readonly users: number;
  readonly activeUsers: number;
  readonly groups: number;
}

/** Counts of one app. */
export async function countDirectory(db: Db, app: string): Promise<DirectoryCounts> {
  const users = await db
    .selectFrom('users')
    .select(({ fn }) => [fn.countAll<number>().as('all'), fn.sum<number | null>('active').as('active')])
    .where('app', '=', app)
    .executeTakeFirstOrThrow();
  const groups = await db
    .selectFrom('groups')
    .select(({ fn }) => fn.countAll<number>().as('all'))
    .where('app', '=', app)
    .executeTakeFirstOrThrow();
  return { users: Number(users.all), activeUsers: Number(users.active ?? 0), groups: Number(groups.all) };
}
