/** Groups in groups, at any depth: what a statement about them begins with. Circles end, since a row is followed once. */
import { type Expression, type RawBuilder, sql } from 'kysely';
import { type Db } from './database';
import { statement } from './statement';

/** An id, or the place of one in a statement that is compiled once. */
type Id = string | Expression<string>;

/** `with recursive inside (id) as (…)`: the group itself, and all groups in it. */
export function withInside(groupId: Id): RawBuilder<unknown> {
  return sql`with recursive inside (id) as (
      select id from groups where id = ${groupId}
      union
      select members.member_id from members join inside on members.group_id = inside.id where members.member_type = 'Group'
    )`;
}

/** `with recursive above (id) as (…)`: the groups that a user or group is in, directly and through others. */
export function withAbove(memberId: Id): RawBuilder<unknown> {
  return sql`with recursive above (id) as (
      select group_id from members where member_id = ${memberId}
      union
      select members.group_id from members join above on members.member_id = above.id
    )`;
}

const selectInside = statement<{ groupId: string }>()(
  (_db, { groupId }) => sql<{ id: string }>`${withInside(groupId)} select id from inside`,
);

/** The group itself and all groups in it, at any depth. */
export async function groupsInside(db: Db, groupId: string): Promise<string[]> {
  return (await selectInside(db, { groupId })).rows.map(({ id }) => id);
}
