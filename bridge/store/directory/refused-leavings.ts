/**
 * Requests that would have locked somebody out and were refused. Each is an entry, by name and with the reason, until it went through:
 * the person is inactive or gone, is no member any more, or is stated anew to be in.
 */
import { type Selectable, sql } from 'kysely';
import { type MemberChange } from '../../scim-language/patch/operation';
import { fold } from '../../scim-language/schema/fold';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type RefusedLeavingTable } from '../database/tables/directory';
import { wasRestored } from '../recovery/position';
import { isId } from './rows';

/** Whom a request meant to lock out, as far as it says. */
export type Leaving =
  | { readonly kind: 'user'; readonly id: string }
  /** A user out of the groups that they are in. */
  | { readonly kind: 'groups'; readonly id: string }
  | { readonly kind: 'userName'; readonly userName: string }
  /** Whoever a Bulk was about that could not be read. */
  | { readonly kind: 'bulk' }
  /** Members of a group: these, or whoever is not stated any more. */
  | { readonly kind: 'group'; readonly id: string; readonly members: readonly string[] | undefined };

export interface RefusedLeaving {
  readonly app: string;
  /** Key of the entry: `user:<id>`, `group:<id>`, `member:<group>/<user>`, `bulk`. */
  readonly subject: string;
  readonly userId: string | undefined;
  readonly groupId: string | undefined;
  /** Who, or who in which group. */
  readonly name: string;
  readonly reason: string;
  readonly requestId: string;
  readonly times: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
}

/** Members of one refused request that are entries of their own; of more, the group is one. */
const MOST_NAMED = 1_000;

interface Entry {
  readonly subject: string;
  readonly userId: string | null;
  readonly groupId: string | null;
  readonly name: string;
}

/**
 * Notes whom a refused request would have locked out. Who is out already, or was never in, is no entry; who was lost with a database that was
 * restored is one, by the id alone.
 * @returns how many entries there are of it
 */
export async function noteRefusedLeaving(
  db: Db,
  app: string,
  leaving: Leaving,
  refused: { readonly reason: string; readonly requestId: string },
  now: number,
): Promise<number> {
  const present = await presentOf(db, app, leaving);
  const entries = present.length > 0 ? present : await lostByRestore(db, leaving);
  for (const { subject, userId, groupId, name } of entries) {
    const { reason, requestId } = refused;
    await db
      .insertInto('refused_leavings')
      .values({
        app,
        subject,
        user_id: userId,
        group_id: groupId,
        name,
        reason,
        request_id: requestId,
        times: 1,
        first_at: now,
        last_at: now,
      })
      .onConflict(conflict =>
        conflict.columns(['app', 'subject']).doUpdateSet(eb => ({
          name,
          reason,
          request_id: requestId,
          times: eb('refused_leavings.times', '+', 1),
          last_at: now,
        })),
      )
      .execute();
  }
  return entries.length;
}

async function presentOf(db: Db, app: string, leaving: Leaving): Promise<readonly Entry[]> {
  switch (leaving.kind) {
    case 'bulk':
      return [
        { subject: 'bulk', userId: null, groupId: null, name: 'whoever a Bulk was about that could not be read' },
      ];
    case 'group':
      return await membersLeft(db, app, leaving);
    case 'groups':
      return await groupsOfOne(db, app, leaving.id);
    default:
      return await activeUser(db, app, leaving);
  }
}

const known = statement<{ id: string }>()(
  (_db, { id }) => sql<{ something: number | boolean }>`
    select exists (select 1 from users where id = ${id}) or exists (select 1 from groups where id = ${id})
      or exists (select 1 from people where user_id = ${id}) or exists (select 1 from audit where subject = ${id}) as something`,
);

/** What the identity provider knows and a restored database never heard of; what was deleted here is in its audit trail. */
async function lostByRestore(db: Db, leaving: Leaving): Promise<readonly Entry[]> {
  if (leaving.kind === 'userName' || leaving.kind === 'bulk' || !isId(leaving.id) || !(await wasRestored(db)))
    return [];
  const { kind, id } = leaving;
  if ((await known(db, { id })).rows[0]?.something) return [];
  const what = kind === 'group' ? 'group' : 'user';
  const [userId, groupId] = kind === 'group' ? [null, id] : [id, null];
  return [
    { subject: `${what}:${id}`, userId, groupId, name: `${what} ${id}, unknown since the database was restored` },
  ];
}

async function activeUser(
  db: Db,
  app: string,
  leaving: Extract<Leaving, { kind: 'user' | 'userName' }>,
): Promise<readonly Entry[]> {
  if (leaving.kind === 'user' && !isId(leaving.id)) return [];
  const rows = await db
    .selectFrom('users')
    .select(['id', 'user_name'])
    .where('app', '=', app)
    .where('active', '=', 1)
    .$if(leaving.kind === 'user', query => query.where('id', '=', leaving.kind === 'user' ? leaving.id : ''))
    .$if(leaving.kind === 'userName', query =>
      query.where('user_name_key', '=', leaving.kind === 'userName' ? fold(leaving.userName) : ''),
    )
    .execute();
  return rows.map(({ id, user_name }) => ({ subject: `user:${id}`, userId: id, groupId: null, name: user_name }));
}

async function membersLeft(
  db: Db,
  app: string,
  { id, members }: Extract<Leaving, { kind: 'group' }>,
): Promise<readonly Entry[]> {
  if (!isId(id)) return [];
  const group = await db
    .selectFrom('groups')
    .select('display_name')
    .where('id', '=', id)
    .where('app', '=', app)
    .executeTakeFirst();
  if (group === undefined) return [];
  // What is no id may mean anybody.
  const named = members === undefined || members.length > MOST_NAMED || !members.every(isId) ? undefined : members;
  const rows = await db
    .selectFrom('members')
    .leftJoin('users', 'users.id', 'members.member_id')
    .select(['members.member_id', 'users.user_name'])
    .where('members.group_id', '=', id)
    .$if(named !== undefined, query => query.where('members.member_id', 'in', among(db, named ?? [])))
    .limit(named === undefined ? 1 : MOST_NAMED)
    .execute();
  const of = `members of group ${group.display_name}`;
  if (named === undefined) {
    return rows.length === 0 ? [] : [{ subject: `group:${id}`, userId: null, groupId: id, name: of }];
  }
  return rows.map(({ member_id, user_name }) => memberOf(id, group.display_name, member_id, user_name));
}

async function groupsOfOne(db: Db, app: string, id: string): Promise<readonly Entry[]> {
  if (!isId(id)) return [];
  const rows = await db
    .selectFrom('members')
    .innerJoin('groups', 'groups.id', 'members.group_id')
    .innerJoin('users', 'users.id', 'members.member_id')
    .select(['groups.id', 'groups.display_name', 'users.user_name'])
    .where('members.member_id', '=', id)
    .where('groups.app', '=', app)
    .limit(MOST_NAMED)
    .execute();
  return rows.map(group => memberOf(group.id, group.display_name, id, group.user_name));
}

function memberOf(groupId: string, group: string, userId: string, userName: string | null): Entry {
  const name = `${userName ?? userId} in group ${group}`;
  return { subject: `member:${groupId}/${userId}`, userId, groupId, name };
}

/** A user is inactive, or stated to be active: what was refused of the account itself is settled. */
export async function settleUser(db: Db, app: string, id: string): Promise<void> {
  await db.deleteFrom('refused_leavings').where('app', '=', app).where('subject', '=', `user:${id}`).execute();
}

/** A user or a group is gone, and with it whatever was refused about it. */
export async function settleGone(db: Db, app: string, kind: 'user' | 'group', id: string): Promise<void> {
  await db
    .deleteFrom('refused_leavings')
    .where('app', '=', app)
    .where(kind === 'user' ? 'user_id' : 'group_id', '=', id)
    .execute();
}

/** Members of a group were changed: whoever left is settled, and whoever was stated to be in. */
export async function settleMembers(
  db: Db,
  app: string,
  groupId: string,
  changes: readonly MemberChange[],
): Promise<void> {
  const stated = new Set(
    changes.flatMap(change =>
      change.kind === 'add' || change.kind === 'replaceAll' ? change.members.map(({ value }) => value) : [],
    ),
  );
  const whole = changes.some(({ kind }) => kind === 'replaceAll' || kind === 'removeAll');
  const open = await db
    .selectFrom('refused_leavings')
    .leftJoin('members', join =>
      join
        .onRef('members.group_id', '=', 'refused_leavings.group_id')
        .onRef('members.member_id', '=', 'refused_leavings.user_id'),
    )
    .select(['refused_leavings.subject', 'refused_leavings.user_id', 'members.member_id'])
    .where('refused_leavings.app', '=', app)
    .where('refused_leavings.group_id', '=', groupId)
    .execute();
  const settled = open.filter(({ user_id, member_id }) =>
    user_id === null ? whole : member_id === null || stated.has(user_id),
  );
  if (settled.length === 0) return;
  await db
    .deleteFrom('refused_leavings')
    .where('app', '=', app)
    .where(
      'subject',
      'in',
      among(
        db,
        settled.map(({ subject }) => subject),
      ),
    )
    .execute();
}

/** The oldest entries of all apps, or of one. */
export async function listRefusedLeavings(db: Db, limit: number, app?: string): Promise<RefusedLeaving[]> {
  const rows = await db
    .selectFrom('refused_leavings')
    .selectAll()
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
    .orderBy('first_at')
    .limit(limit)
    .execute();
  return rows.map(toRefusedLeaving);
}

/** Entries of an app by key, or by name as it is shown. */
export async function findRefusedLeavings(db: Db, app: string, who: string): Promise<RefusedLeaving[]> {
  const rows = await db
    .selectFrom('refused_leavings')
    .selectAll()
    .where('app', '=', app)
    .where(eb => eb.or([eb('subject', '=', who), eb('name', '=', who)]))
    .orderBy('first_at')
    .execute();
  return rows.map(toRefusedLeaving);
}

/** Takes an entry away that an operator has dealt with. One more refusal is an entry again. @returns whether it was as it is here */
export async function dropRefusedLeaving(db: Db, { app, subject, times }: RefusedLeaving): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('refused_leavings')
    .where('app', '=', app)
    .where('subject', '=', subject)
    .where('times', '=', times)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function toRefusedLeaving(row: Selectable<RefusedLeavingTable>): RefusedLeaving {
  return {
    app: row.app,
    subject: row.subject,
    userId: row.user_id ?? undefined,
    groupId: row.group_id ?? undefined,
    name: row.name,
    reason: row.reason,
    requestId: row.request_id,
    times: Number(row.times),
    firstAt: Number(row.first_at),
  };
}

/** How many entries each app has. */
export async function countRefusedLeavings(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('refused_leavings')
    .select(({ fn }) => ['app', fn.countAll<number>().as('count')])
    .groupBy('app')
    .execute();
  return new Map(rows.map(({ app, count }) => [app, Number(count)]));
}
