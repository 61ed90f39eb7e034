/**
 * Members as rows. A change of members is applied as rows that come and go, never by reading the membership, and what the
 * rows come to in the end decides whether the group changed: one who goes and comes back within a request has not left.
 */
import { type RawBuilder, sql } from 'kysely';
import { type Filter } from '../../scim-language/filter/ast';
import { type MemberChange } from '../../scim-language/patch/operation';
import { type MemberValue } from '../../scim-language/schema/member-value';
import { type Db, backendOf } from '../database/database';
import { statement } from '../database/statement';
import { type WorkKey, PRIORITY, enqueuePeople } from '../work/enqueue';
import { newId } from '../database/id';
import { withInside } from '../database/nesting';
import { among, listed } from '../database/listed';
import { LONGEST_LIST, statementsOf } from '../database/pieces';
import { refuseLongText } from './document-size';
import { GroupCycle, NestedGroupsRefused, UnknownMembers } from './errors';
import { enqueueEverybodyIn } from './large/everybody';
import { type Membership, exchange, loosen } from './large/loose-sets';
import { isLargeRemoval, pagesOf } from './large/pages';
import { memberFilter } from './search/filter-sql';
import { MOST_TOUCHED, type UserOrGroup } from './resources';
import { LOCK_OF, type Write, isId, lockByName } from './rows';

/** Which stated members exist, by id, with their type. */
export type Known = ReadonlyMap<string, UserOrGroup>;

interface MemberRow {
  member_id: string;
  member_type: UserOrGroup;
}

/** Who is in the group after a change and was not before, and the other way round. */
export interface MemberDelta {
  readonly joined: ReadonlyMap<string, UserOrGroup>;
  readonly left: ReadonlyMap<string, UserOrGroup>;
}

/**
 * Whoever is gone may be removed again and again, but what is no id at all means somebody else than it says: a success that removes nobody
 * would leave them in.
 */
export function refuseNoIds(changes: readonly MemberChange[]): void {
  const values = changes.flatMap(change => {
    if (change.kind === 'remove') return change.values;
    return change.kind === 'removeWhere' ? statedIn(change.filter, 'value') : [];
  });
  const wrong = values.filter(value => !isId(value));
  if (wrong.length > 0) throw new UnknownMembers(wrong);
}

/**
 * The same of a filter that nobody meets: a name may have changed since, and a reference that is none of ours may mean somebody who is in.
 * @throws UnknownMembers
 */
export function refuseNames(filter: Filter, baseUrl: string): void {
  const isOurs = (reference: string): boolean =>
    [`${baseUrl}/Users/`, `${baseUrl}/Groups/`].some(
      start => reference.startsWith(start) && isId(reference.slice(start.length)),
    );
  const names = [...statedIn(filter, 'display'), ...statedIn(filter, '$ref').filter(reference => !isOurs(reference))];
  if (names.length > 0) throw new UnknownMembers(names);
}

/** What a filter says that a sub-attribute of a member is to be. */
function statedIn(filter: Filter, name: 'value' | 'display' | '$ref'): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.flatMap(term => statedIn(term, name));
    case 'comparison':
      return filter.operator === 'eq' && filter.path.attribute.name === name && typeof filter.value === 'string'
        ? [filter.value]
        : [];
    default:
      return [];
  }
}

const existing = (type: UserOrGroup) =>
  statement<{ app: string; ids: readonly string[] }>()((db, { app, ids }) => {
    const lock = backendOf(db) === 'postgres' ? sql`order by id for key share` : sql``;
    return sql<{ id: string }>`
      select id from ${sql.table(type === 'User' ? 'users' : 'groups')} where app = ${app} and id in ${among(db, ids)} ${lock}`;
  });

const EXISTING = { User: existing('User'), Group: existing('Group') };

const outside = statement<{ setId: string; ids: readonly string[] }>()(
  (db, { setId, ids }) => sql<{ value: string }>`
    select value from (${listed(db, ids)}) as stated where not exists (
      select 1 from member_rows where member_rows.set_id = ${setId} and member_rows.member_id = stated.value
    )`,
);

const insertPlain = statement<{ setId: string; ids: readonly string[] }>()(
  (db, { setId, ids }) => sql<MemberRow>`
    insert into member_rows (set_id, member_id, member_type, display)
    select cast(${setId} as text), value, 'User', cast(null as text) from (${listed(db, ids)}) as plain where true
    on conflict (set_id, member_id) do nothing`,
);

const deleteListed = statement<{ setId: string; ids: readonly string[] }>()(
  (db, { setId, ids }) => sql<MemberRow>`
    delete from member_rows where set_id = ${setId} and member_id in ${among(db, ids)} returning member_id, member_type`,
);

/**
 * Finds out what the members of all changes are. On Postgres they are kept from being deleted until the transaction ends.
 * @param setId the members of the group that they are to join; undefined for a new one
 * @throws UnknownMembers, NestedGroupsRefused
 */
export async function resolveMembers(
  write: Write,
  setId: string | undefined,
  changes: readonly MemberChange[],
): Promise<Known> {
  refuseNoIds(changes);
  const stated = new Map<string, MemberValue>();
  for (const change of changes)
    if (change.kind === 'add' || change.kind === 'replaceAll')
      for await (const some of statementsOf(change.members))
        for (const member of some) {
          if (member.display !== undefined) refuseLongText('members.display', member.display);
          stated.set(member.value, member);
        }
  // Whoever is in the group is known to exist: of a list that is sent whole again and again, only who is new is looked up.
  const unresolved =
    setId === undefined || changes.length > 1
      ? [...stated.keys()]
      : await membersNotIn(write, setId, [...stated.keys()]);
  const known = new Map<string, UserOrGroup>();
  const find = async (type: UserOrGroup, ids: readonly string[]): Promise<string[]> => {
    const missing: string[] = [];
    for await (const some of statementsOf(ids)) {
      const asked = some.filter(isId);
      if (asked.length === 0) continue;
      for (const { id } of (await EXISTING[type](write.db, { app: write.app, ids: asked })).rows) known.set(id, type);
      for (const id of asked) if (!known.has(id)) missing.push(id);
    }
    return missing;
  };
  await find('Group', await find('User', unresolved));
  const unknown: string[] = [];
  const groups: string[] = [];
  for await (const some of statementsOf(unresolved))
    for (const id of some) {
      const found = known.get(id);
      const type = stated.get(id)?.type;
      if (found === undefined || (type !== undefined && type !== found)) unknown.push(id);
      if (found === 'Group') groups.push(id);
    }
  if (unknown.length > 0) throw new UnknownMembers(unknown);
  if (groups.length > 0 && write.nestedGroups === 'refuse') throw new NestedGroupsRefused(groups);
  return known;
}

/** Which of the ids are not in the set. */
export async function membersNotIn(
  { db }: Pick<Write, 'db'>,
  setId: string,
  ids: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for await (const some of statementsOf(ids))
    for (const { value } of (await outside(db, { setId, ids: some })).rows) found.push(value);
  return found;
}

/**
 * Applies the changes in order. The members must have been resolved, and the group's row be locked.
 * @throws GroupCycle, UnknownMembers
 */
export async function changeMembers(
  write: Write,
  { groupId, setId }: Membership,
  changes: readonly MemberChange[],
  known: Known,
  baseUrl: string,
): Promise<MemberDelta> {
  const joined = new Map<string, UserOrGroup>();
  const left = new Map<string, UserOrGroup>();
  const gone = (rows: readonly MemberRow[]) => {
    for (const { member_id, member_type } of rows) if (!joined.delete(member_id)) left.set(member_id, member_type);
  };
  const came = (rows: readonly MemberRow[]) => {
    for (const { member_id, member_type } of rows) if (!left.delete(member_id)) joined.set(member_id, member_type);
  };
  const isOnly = changes.length === 1;
  for (const change of changes) {
    switch (change.kind) {
      case 'add':
        await insertMembers(write, setId, change.members, known, isOnly, came);
        break;
      case 'remove':
        for await (const ids of statementsOf(change.values)) gone((await deleteListed(write.db, { setId, ids })).rows);
        break;
      case 'removeWhere': {
        const met = await deleteMembers(write.db, setId, memberFilter(write.db, change.filter, baseUrl));
        if (met.length === 0) refuseNames(change.filter, baseUrl);
        for await (const rows of statementsOf(met)) gone(rows);
        break;
      }
      case 'removeAll':
        for await (const rows of statementsOf(await deleteMembers(write.db, setId, sql`true`))) gone(rows);
        break;
      case 'replaceAll': {
        for await (const rows of deleteOthers(write, setId, change.members)) gone(rows);
        await insertMembers(write, setId, change.members, known, isOnly, came);
        break;
      }
    }
  }
  const groups: string[] = [];
  for (const [id, type] of joined) if (type === 'Group') groups.push(id);
  if (groups.length > 0) await refuseCycle(write, groupId, groups);
  return { joined, left };
}

/**
 * @param areNew whether whoever is known is known not to be inside: then the database need not tell who came
 * @param came is told who came
 */
export async function insertMembers(
  { db }: Write,
  setId: string,
  members: readonly MemberValue[],
  known: Known,
  areNew: boolean,
  came: (rows: readonly MemberRow[]) => void = () => undefined,
): Promise<void> {
  const seen = new Set<string>();
  for await (const some of statementsOf(members)) {
    // Who was not looked up is a member already; of who is stated twice the first counts.
    const rows: MemberRow[] = [];
    const plain: string[] = [];
    const displays: (readonly [id: string, type: UserOrGroup, display: string | null])[] = [];
    for (const { value, display = null } of some) {
      const member_type = known.get(value);
      if (member_type === undefined || seen.has(value)) continue;
      seen.add(value);
      rows.push({ member_id: value, member_type });
      // Users without a display are nearly all there are, and a plain list is read much faster.
      if (display !== null || member_type === 'Group') displays.push([value, member_type, display]);
      else plain.push(value);
    }
    plain.sort();
    const insert = async (source: RawBuilder<unknown>) => {
      const result = await sql<MemberRow>`
        insert into member_rows (set_id, member_id, member_type, display) ${source}
        on conflict (set_id, member_id) do nothing ${areNew ? sql`` : sql`returning member_id, member_type`}`.execute(
        db,
      );
      if (!areNew) came(result.rows);
    };
    if (plain.length > 0 && areNew) await insertPlain(db, { setId, ids: plain });
    else if (plain.length > 0)
      await insert(
        sql`select cast(${setId} as text), value, 'User', cast(null as text) from (${listed(db, plain)}) as plain where true`,
      );
    if (displays.length > 0)
      await insert(
        backendOf(db) === 'sqlite'
          ? sql`select ${setId}, value ->> 0, value ->> 1, value ->> 2 from json_each(${JSON.stringify(displays)}) where true`
          : sql`select cast(${setId} as text), * from unnest(cast(${displays.map(row => row[0])} as text[]),
            cast(${displays.map(row => row[1])} as text[]), cast(${displays.map(row => row[2])} as text[]))`,
      );
    if (areNew) came(rows);
  }
}

/** Takes out whoever is not in the list: in one statement where that is short. @returns who went */
async function* deleteOthers(
  { db }: Write,
  setId: string,
  stay: readonly MemberValue[],
): AsyncGenerator<readonly MemberRow[]> {
  if (stay.length <= LONGEST_LIST) {
    const values = stay.map(({ value }) => value);
    // `not in` is looked up for each row; Postgres would join what does not exist, row by row.
    yield* statementsOf(await deleteMembers(db, setId, sql`member_id not in ${among(db, values)}`));
    return;
  }
  const values = new Set<string>();
  for await (const some of statementsOf(stay)) for (const { value } of some) values.add(value);
  for await (const page of pagesOf(db, setId)) {
    const ids = page.map(({ member_id }) => member_id).filter(id => !values.has(id));
    if (ids.length > 0) yield (await deleteListed(db, { setId, ids })).rows;
  }
}

async function deleteMembers(db: Db, setId: string, which: RawBuilder<unknown>): Promise<MemberRow[]> {
  const { rows } = await sql<MemberRow>`
    delete from member_rows as members where set_id = ${setId} and ${which} returning member_id, member_type`.execute(
    db,
  );
  return rows;
}

/** @throws GroupCycle when the group is inside one of the groups, or is one of them */
export async function refuseCycle(write: Write, groupId: string, groups: readonly string[]): Promise<void> {
  const { db, app } = write;
  // Two transactions that each see no circle could close one between them.
  await lockByName(write, [LOCK_OF.nesting(app)], 'alone');
  const { rows } = await sql<{ top: string }>`
    with recursive inside (top, id) as (
      select id, id from groups where id in ${among(db, groups)}
      union
      select inside.top, members.member_id from members join inside on members.group_id = inside.id where members.member_type = 'Group'
    )
    select top from inside where id = ${groupId} limit 1`.execute(db);
  if (rows[0] !== undefined) throw new GroupCycle(groupId, rows[0].top);
}

/** Whether a change leaves nobody in, whoever was. */
export function isRemovalOfAll(change: MemberChange | undefined): boolean {
  return change?.kind === 'removeAll' || (change?.kind === 'replaceAll' && change.members.length === 0);
}

/**
 * Applies changes of members and enqueues whom they concern, if anybody.
 * @returns undefined when nobody came or went
 */
export async function applyChanges(
  write: Write,
  membership: Membership,
  changes: readonly MemberChange[],
  concerns: boolean,
  baseUrl: string,
): Promise<WorkKey[] | undefined> {
  const [only] = changes;
  if (only === undefined) return undefined;
  if (changes.length === 1 && isRemovalOfAll(only)) return removeEverybody(write, membership, concerns);
  const known = await resolveMembers(write, membership.setId, changes);
  const delta = await changeMembers(write, membership, changes, known, baseUrl);
  if (delta.joined.size === 0 && delta.left.size === 0) return undefined;
  return concerns ? enqueueDelta(write, delta) : [];
}

/**
 * Takes everybody out of a group, without reading who that is.
 * @param concerns whether that means something to them
 * @returns undefined when nobody was in it
 */
async function removeEverybody(
  write: Write,
  membership: Membership,
  concerns: boolean,
): Promise<WorkKey[] | undefined> {
  if (await isLargeRemoval(write.db, membership, concerns)) {
    await exchange(write, membership, newId(write.now), concerns);
    return [];
  }
  return removeRows(write, membership, concerns);
}

/** Takes the members away of a group that goes. */
export async function removeWithGroup(write: Write, membership: Membership, concerns: boolean): Promise<WorkKey[]> {
  if (await isLargeRemoval(write.db, membership, concerns)) {
    await loosen(write, { old: membership.setId, next: null, concerns });
    return [];
  }
  return (await removeRows(write, membership, concerns)) ?? [];
}

/** Of members who are few with those in groups within them: whoever is to be queued is, before the rows go. */
async function removeRows(
  write: Write,
  { groupId, setId }: Membership,
  concerns: boolean,
): Promise<WorkKey[] | undefined> {
  const touched = concerns ? await enqueuePeopleIn(write, groupId, PRIORITY.leaving) : [];
  const { numDeletedRows } = await write.db
    .deleteFrom('member_rows')
    .where('set_id', '=', setId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n ? touched : undefined;
}

/** Enqueues the people whom a change of members concerns, those inside nested groups too. Names at most {@link MOST_TOUCHED} of them. */
export async function enqueueDelta(write: Write, { joined, left }: MemberDelta): Promise<WorkKey[]> {
  const { db, app, cause, now } = write;
  const people: string[] = [];
  const inside: WorkKey[] = [];
  for (const [members, priority] of [
    [left, PRIORITY.leaving],
    [joined, PRIORITY.request],
  ] as const) {
    const ids: string[] = [];
    for (const [id, type] of members) {
      if (type === 'User') ids.push(id);
      else inside.push(...(await enqueuePeopleIn(write, id, priority)));
    }
    await enqueuePeople(db, { ids, app, priority }, cause, now, write);
    people.push(...ids.slice(0, MOST_TOUCHED));
  }
  return [...people.map((id): WorkKey => `person:${id}`), ...inside].slice(0, MOST_TOUCHED);
}

/** Enqueues everybody inside a group, and names the first of them: of a large one when that is done, in turns. */
export async function enqueuePeopleIn(write: Write, groupId: string, priority: number): Promise<WorkKey[]> {
  if (!(await enqueueEverybodyIn(write, groupId, priority))) return [];
  const { rows } = await sql<{ member_id: string }>`
    ${withInside(groupId)}
    select members.member_id from members join inside on members.group_id = inside.id
    where members.member_type = 'User' limit ${sql.lit(MOST_TOUCHED)}`.execute(write.db);
  return rows.map((row): WorkKey => `person:${row.member_id}`);
}

const deleteEverywhere = statement<{ memberId: string }>()(
  (_db, { memberId }) => sql<{ set_id: string }>`
    delete from member_rows where member_id = ${memberId} returning set_id`,
);

/** Takes a user or group out of all groups it is a direct member of; each of them has changed. */
export async function leaveAllGroups(write: Write, memberId: string): Promise<void> {
  const { db, now } = write;
  const { rows } = await deleteEverywhere(db, { memberId });
  if (rows.length === 0) return;
  const ids = rows.map(row => row.set_id).sort();
  await sql`
    update groups set version = version + 1, modified_at = ${now} where member_set in (${listed(db, ids)})`.execute(db);
}
