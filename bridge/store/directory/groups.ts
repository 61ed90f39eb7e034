/** Writing groups. The group's row is locked first, so that changes of one group come one after the other. */
import { type Expression, sql } from 'kysely';
import { type JsonObject } from '../../scim-language/json';
import { type MemberChange } from '../../scim-language/patch/operation';
import { type MemberValue } from '../../scim-language/schema/member-value';
import { fold } from '../../scim-language/schema/fold';
import { mappingsBoundTo } from '../apps/bindings';
import { type WorkKey, PRIORITY, enqueue } from '../work/enqueue';
import { unsettledOf } from '../work/pending';
import { newId } from '../database/id';
import { statement } from '../database/statement';
import { concernsCoder, leavesSomething } from './concern';
import { type GroupName, claimName, lockNames, markNamesakes } from './namesakes';
import { type ReadyMembers } from './large/change';
import { areLarge } from './large/delta';
import {
  applyChanges,
  changeMembers,
  enqueueDelta,
  enqueuePeopleIn,
  leaveAllGroups,
  removeWithGroup,
  resolveMembers,
} from './members';
import { settleGone, settleMembers } from './refused-leavings';
import {
  type Change,
  type Deleted,
  type GroupChange,
  MOST_TOUCHED,
  type Resource,
  type WriteOptions,
  type Written,
} from './resources';
import {
  type Locked,
  type Write,
  checkVersion,
  externalIdOf,
  indexed,
  lockResource,
  refuseLongPair,
  textOf,
  writeUnique,
} from './rows';

type Columns = ReturnType<typeof columnsOf>;

const insertGroup = statement<Columns & { id: string; app: string; now: number }>()((db, at) =>
  db.insertInto('groups').values({
    id: at.id,
    app: at.app,
    display_name: at.display_name,
    display_name_key: at.display_name_key,
    external_id: at.external_id,
    document: at.document,
    version: 1,
    member_set: at.id,
    created_at: at.now,
    modified_at: at.now,
  }),
);

/** @param isFirst whether it has its first member from now on, or the first one again */
const firstMember = (isFirst: Expression<number>, now: Expression<number>) =>
  sql<number | null>`case when ${isFirst} = 1 then cast(${now} as bigint) else first_member_at end`;

const writeGroup = statement<Columns & { id: string; version: number; now: number; isFirst: number }>()(
  (db, { id, display_name, display_name_key, external_id, document, version, now, isFirst }) =>
    db
      .updateTable('groups')
      .set({ display_name, display_name_key, external_id, document, version, modified_at: now })
      .set({ first_member_at: firstMember(isFirst, now) })
      .where('id', '=', id),
);

/** Its members changed: no more than the version tells that. */
const touchGroup = statement<{ id: string; version: number; now: number; isFirst: number }>()(
  (db, { id, version, now, isFirst }) =>
    db
      .updateTable('groups')
      .set({ version, modified_at: now, first_member_at: firstMember(isFirst, now) })
      .where('id', '=', id),
);

const countSharing = statement<{ app: string; externalId: string }>()((db, { app, externalId }) =>
  db.selectFrom('groups').select('id').where('app', '=', app).where('external_id', '=', externalId).limit(2),
);

/** @throws UniquenessError, UnknownMembers, NestedGroupsRefused */
export async function createGroup(
  write: Write,
  document: JsonObject,
  members: readonly MemberValue[],
  ready?: ReadyMembers,
): Promise<Change<Written>> {
  const { db, app, now } = write;
  const changes = ready === undefined ? [{ kind: 'add', members } as const] : [];
  const known = await resolveMembers(write, undefined, changes);
  const id = newId(now);
  const name = nameToBe(document);
  await lockNames(write, [name]);
  await claimName(write, name, id);
  await writeUnique('Group', document, () => insertGroup(db, { id, app, ...columnsOf(document), now }));
  await markNamesakes(write, name.key);
  const membership = { groupId: id, setId: id };
  const resource: Resource = { type: 'Group', id, app, document, version: 1, createdAt: now, modifiedAt: now };
  const concerns = await concernsCoder(write, id, [name]);
  await ready?.apply(write, membership, concerns);
  const delta = await changeMembers(write, membership, changes, known, '');
  if (!concerns) return { resource, changed: true, touched: [] };
  const group = await enqueueGroup(write, id);
  const told = await tellOfShared(write, name);
  return { resource, changed: true, touched: first(group, told, await enqueueDelta(write, delta)) };
}

/** What is to be made ready in turns, outside of the transaction. */
export interface InTurns {
  readonly setId: string;
  readonly change: GroupChange & { readonly memberChanges: readonly MemberChange[] };
}

/**
 * @param ready members of a large group, made ready for what `change` returns
 * @returns what has to be made ready first, when that is much; nothing is written then
 * @throws UniquenessError, VersionMismatch, UnknownMembers, NestedGroupsRefused, GroupCycle, and whatever `change` throws
 */
export async function updateGroup(
  write: Write,
  id: string,
  change: (current: Resource) => GroupChange | undefined,
  options?: WriteOptions & { readonly baseUrl?: string },
  ready?: ReadyMembers,
): Promise<Change<Written> | InTurns | undefined> {
  const { db, now } = write;
  const locked = await lockResource(write, 'Group', id, 'update');
  if (locked === undefined) return undefined;
  const current = locked.resource;
  checkVersion(current, options);
  const { document, memberChanges = [] } = change(current) ?? {};
  const membership = { groupId: id, setId: locked.memberSet ?? id };
  if (ready === undefined && (await areLarge(db, membership.setId, memberChanges)))
    return { setId: membership.setId, change: { ...(document === undefined ? {} : { document }), memberChanges } };
  const renamed = document !== undefined && isRenamed(current.document, document);
  if (renamed) await lockNames(write, [nameOf(current.document), nameToBe(document)], true);
  const concerns =
    (memberChanges.length > 0 || renamed) &&
    (await concernsCoder(write, id, [nameOf(current.document), ...(renamed ? [nameOf(document)] : [])]));
  const people =
    ready === undefined
      ? await applyChanges(write, membership, memberChanges, concerns, options?.baseUrl ?? '')
      : await ready.apply(write, membership, concerns);
  if (locked.refused && memberChanges.length > 0) await settleMembers(db, write.app, id, memberChanges);
  if (document === undefined && people === undefined) {
    // What an earlier request asked for may not be done: whoever asks the same again is answered when it is.
    const isNothing = memberChanges.length > 0 && !concerns;
    const touched = isNothing ? [] : await unsettledOf(db, { group: id, people: statedBy(memberChanges), now });
    return { resource: current, changed: false, touched };
  }
  const version = current.version + 1;
  const isFirst = locked.empty && people !== undefined ? 1 : 0;
  if (renamed) await claimName(write, nameOf(document), id);
  await writeUnique('Group', document ?? current.document, () =>
    document === undefined
      ? touchGroup(db, { id, version, now, isFirst })
      : writeGroup(db, { id, ...columnsOf(document), version, now, isFirst }),
  );
  const touched = people ?? [];
  const resource = { ...current, document: document ?? current.document, version, modifiedAt: now };
  if (!renamed) {
    const counts = people !== undefined && concerns && (await countsFromNowOn(write, locked));
    return { resource, changed: true, touched: counts ? first(await enqueueGroup(write, id), touched) : touched };
  }
  for (const key of new Set([nameOf(current.document).key, nameOf(document).key])) await markNamesakes(write, key);
  if (!concerns) return { resource, changed: true, touched };
  // Which mappings match depends on the name and the externalId, so what the group gives may differ for everybody in it.
  const group = await enqueueGroup(write, id);
  const everybody = await enqueuePeopleIn(write, id, PRIORITY.request);
  const told = await tellOfShared(write, nameOf(document));
  return { resource, changed: true, touched: first(group, told, touched, everybody) };
}

/** @throws VersionMismatch */
export async function deleteGroup(
  write: Write,
  id: string,
  options?: WriteOptions,
): Promise<Change<Deleted> | undefined> {
  const { db } = write;
  const locked = await lockResource(write, 'Group', id, 'delete');
  if (locked === undefined) return undefined;
  const current = locked.resource;
  checkVersion(current, options);
  await lockNames(write, [nameOf(current.document)]);
  if (locked.refused) await settleGone(db, write.app, 'group', id);
  const concerns = await concernsCoder(write, id, [nameOf(current.document)]);
  const people = await removeWithGroup(write, { groupId: id, setId: locked.memberSet ?? id }, concerns);
  await leaveAllGroups(write, id);
  await db.deleteFrom('groups').where('id', '=', id).execute();
  await markNamesakes(write, nameOf(current.document).key);
  if (!concerns && !(await leavesSomething(write, id))) return { resource: current, touched: [] };
  return { resource: current, touched: first(await enqueueGroup(write, id), people) };
}

function columnsOf(document: JsonObject) {
  const { displayName, key, externalId } = nameOf(document);
  return {
    display_name: displayName,
    display_name_key: key,
    external_id: externalId,
    document: JSON.stringify(document),
  };
}

/** @throws TextTooLong */
function nameOf(document: JsonObject): GroupName {
  const displayName = textOf(document, 'displayName') ?? '';
  return { displayName, key: indexed('displayName', fold(displayName)), externalId: externalIdOf(document) };
}

/** The name that a group is to have from now on. @throws TextTooLong */
function nameToBe(document: JsonObject): GroupName {
  const name = nameOf(document);
  refuseLongPair('displayName and externalId', name.key, name.externalId ?? '');
  return name;
}

function isRenamed(before: JsonObject, after: JsonObject): boolean {
  return before['displayName'] !== after['displayName'] || before['externalId'] !== after['externalId'];
}

/**
 * Whether a group that had no members means something now that one has come: a mapping that reads it is bound to it with that, whether or not
 * another one is bound to it already, and a group that Coder has already is taken for it. One that is pushed and Coder has none of was made with
 * its creation.
 */
async function countsFromNowOn({ db, app, reach }: Write, { empty, unmade, resource }: Locked): Promise<boolean> {
  if (!empty) return false;
  const { mappingsOf, pushes } = await reach(db, app);
  const name = nameOf(resource.document);
  if (unmade && pushes(name)) return true;
  const mappings = mappingsOf(name);
  // Which mappings there are is being dealt with, and may have been looked at before the member came.
  if (mappings === undefined) return true;
  if (mappings.length === 0) return false;
  const bound = await mappingsBoundTo(db, app, resource.id);
  return mappings.some(mapping => !bound.has(mapping));
}

/** Whom changes of members state, by id: the first of them, as many as a write names. */
function statedBy(changes: readonly MemberChange[]): string[] {
  const ids = new Set<string>();
  for (const change of changes) {
    const stated = 'members' in change ? change.members : 'values' in change ? change.values : [];
    for (const one of stated) {
      if (ids.size === MOST_TOUCHED) return [...ids];
      ids.add(typeof one === 'string' ? one : one.value);
    }
  }
  return [...ids];
}

async function enqueueGroup(write: Write, id: string): Promise<WorkKey[]> {
  const key: WorkKey = `scim-group:${id}`;
  await enqueue(write.db, [{ key, app: write.app, priority: PRIORITY.request }], write.cause, write.now, write);
  return [key];
}

/** A mapping by externalId reads every group that holds it: where several do, the app's declaration is looked at again, and warns. */
async function tellOfShared({ db, app, cause, now }: Write, { externalId }: GroupName): Promise<WorkKey[]> {
  if (externalId === null || (await countSharing(db, { app, externalId })).rows.length < 2) return [];
  const key: WorkKey = `app:${app}`;
  await enqueue(db, [{ key, app, priority: PRIORITY.request }], cause, now);
  return [key];
}

function first(...keys: readonly (readonly WorkKey[])[]): WorkKey[] {
  return [...new Set(keys.flat())].slice(0, MOST_TOUCHED);
}
