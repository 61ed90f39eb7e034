/** Writing users. Each write keeps in step: the row, the look-up keys, the e-mail index, the person, and the queue. */
import { sql } from 'kysely';
import { emailOf, fullNameOf, usernameOf } from '../../contract/directory';
import { identityKey } from '../../contract/identity';
import { isJsonObject, type JsonObject } from '../../scim-language/json';
import { fold } from '../../scim-language/schema/fold';
import { type WorkKey, PRIORITY, enqueue } from '../work/enqueue';
import { unsettledKeys } from '../work/pending';
import { type Db, backendOf } from '../database/database';
import { newId } from '../database/id';
import { type Places, statement } from '../database/statement';
import { among, listed } from '../database/listed';
import { addressesOf, noteAddress, type OtherOfAddress, othersOfAddress } from '../accounts/addresses';
import { isDealtWith, isSettled, isSettledNewcomer } from './concern';
import { storedText } from './document-size';
import { leaveAllGroups } from './members';
import { settleGone, settleUser } from './refused-leavings';
import { type Change, type Deleted, type Resource, type WriteOptions, type Written } from './resources';
import {
  isId,
  LOCK_OF,
  type Write,
  checkVersion,
  externalIdOf,
  indexed,
  lockByName,
  lockResource,
  textOf,
  writeUnique,
} from './rows';

type Columns = ReturnType<typeof columnsOf>;
type PersonColumns = ReturnType<typeof personOf>;

function placesOf(at: Places<Columns>): Places<Columns> {
  const { user_name, user_name_key, external_id, display_name_key, active, document } = at;
  return { user_name, user_name_key, external_id, display_name_key, active, document };
}

const insertUser = statement<Columns & { id: string; app: string; now: number }>()((db, at) =>
  db
    .insertInto('users')
    .values({ id: at.id, app: at.app, ...placesOf(at), version: 1, created_at: at.now, modified_at: at.now }),
);

const writeUser = statement<Columns & { id: string; version: number; now: number }>()((db, at) =>
  db
    .updateTable('users')
    .set({ ...placesOf(at), version: at.version, modified_at: at.now })
    .where('id', '=', at.id),
);

const insertPerson = statement<PersonColumns & { id: string; app: string }>()(
  (db, { id, app, user_name, email, external_id }) =>
    db.insertInto('people').values({ user_id: id, app, user_name, email, external_id }),
);

const renamePerson = statement<PersonColumns & { id: string; former: string | null }>()(
  (db, { id, user_name, email, external_id, former }) =>
    db
      .updateTable('people')
      .set({
        user_name,
        email,
        external_id,
        // Of several the first one used the account; whoever is that one again is nobody else.
        former_external_id: sql`nullif(coalesce(former_external_id, cast(${former} as text)), cast(${external_id} as text))`,
      })
      .where('user_id', '=', id),
);

const lockWhole = statement<{ id: string }>()((db, { id }) =>
  db.selectFrom('users').select('id').where('id', '=', id).forUpdate(),
);

const insertEmails = statement<{ id: string; app: string; texts: readonly string[] }>()(
  (db, { id, app, texts }) => sql`insert into user_emails (user_id, app, email_key)
    select cast(${id} as text), cast(${app} as text), value from (${listed(db, texts)}) as keys`,
);

/** @throws UniquenessError */
export async function createUser(write: Write, document: JsonObject): Promise<Change<Written>> {
  const { db, app, now } = write;
  const id = newId(now);
  await writeUnique('User', document, () => insertUser(db, { id, app, ...columnsOf(document), now }));
  await addEmails(write, id, emailKeys(document));
  const person = personOf(write, document);
  await insertPerson(db, { id, app, ...person });
  // From now on, so that whoever frees the address in the same moment knows who may wait for it.
  if (person.email !== null) await noteAddress(db, { userId: id, app }, person.email, now);
  const resource: Resource = { type: 'User', id, app, document, version: 1, createdAt: now, modifiedAt: now };
  // Who comes as one who has left may be in: by an account with their address.
  const leaves = !isActive(document);
  if (leaves || !(await isSettledNewcomer(write)))
    return { resource, changed: true, touched: await enqueuePerson(write, id, leaves ? LEAVES : STAYS) };
  return { resource, changed: true, touched: [] };
}

/** @throws UniquenessError, VersionMismatch, and whatever `change` throws */
export async function updateUser(
  write: Write,
  id: string,
  change: (current: Resource) => JsonObject | undefined,
  options?: WriteOptions,
): Promise<Change<Written> | undefined> {
  const { db, now } = write;
  const locked = await lockResource(write, 'User', id, 'update');
  if (locked === undefined) return undefined;
  const current = locked.resource;
  checkVersion(current, options);
  const document = change(current);
  if (locked.refused && (options?.statesActive === true || !isActive(document ?? current.document)))
    await settleUser(db, write.app, id);
  if (document === undefined) {
    // What an earlier request asked for may not be done: whoever asks the same again is answered when it is.
    const touched = await unsettledKeys(db, [`person:${id}`], { now, early: 0 });
    return { resource: current, changed: false, touched };
  }
  const version = current.version + 1;
  await writeUnique('User', document, () =>
    writeUser(db, { id, ...columnsOf(document, current.document), version, now }),
  );
  await replaceEmails(write, id, emailKeys(current.document), emailKeys(document));
  const before = personOf(write, current.document);
  const after = personOf(write, document);
  const [was, is] = [isActive(current.document), isActive(document)];
  // Another object in the place of one who is out is somebody who comes back, or somebody else; of whoever stays in it says nothing.
  const former = (was && is) || before.external_id === after.external_id ? null : before.external_id;
  if (before.user_name !== after.user_name || before.email !== after.email || before.external_id !== after.external_id)
    await renamePerson(db, { id, ...after, former });
  if (after.email !== null && before.email !== after.email)
    await noteAddress(db, { userId: id, app: write.app }, after.email, now);
  const others = before.email === after.email ? [] : await enqueueOthersOf(write, id, before.email, after.email);
  const resource = { ...current, document, version, modifiedAt: now };
  if (was && is && (await isOfNoConcern(write, id, current.document, document)))
    return { resource, changed: true, touched: others };
  // Whoever is out may be in by an account with the address that is stated now.
  const out = after.email === null || before.email === after.email ? STAYS : LEFT_BEFORE;
  const own = await enqueuePerson(write, id, is ? STAYS : was ? LEAVES : out);
  return { resource, changed: true, touched: [...own, ...others] };
}

/** Whether nothing in Coder can differ by this change of somebody who stays. */
async function isOfNoConcern(write: Write, id: string, before: JsonObject, after: JsonObject): Promise<boolean> {
  const isSame = sameText(toldOf(write, before), toldOf(write, after));
  // Whoever is just adding them to a group that gives something, or makes one of their groups give something, has read what they were: either
  // that is seen here, or it waits for this.
  if (!isSame && backendOf(write.db) === 'postgres') {
    await lockWhole(write.db, { id });
    await lockByName(write, [LOCK_OF.nesting(write.app), LOCK_OF.renaming(write.app)], 'shared');
  }
  if (await isSettled(write, id)) return true;
  return isSame && (await isDealtWith(write, id));
}

/** Everything of a user that decisions are made from, beside whether they are active. */
function toldOf(write: Write, document: JsonObject): readonly (string | null)[] {
  const { user_name, email, external_id } = personOf(write, document);
  const { attributes } = write;
  return [user_name, email, external_id, usernameOf(document, attributes), fullNameOf(document, attributes)];
}

const sameText = (left: readonly (string | null)[], right: readonly (string | null)[]): boolean =>
  left.every((text, index) => text === right[index]);

/**
 * Whoever else states an address that somebody gives up may have waited for that; and of one that they gave up before, which their account has
 * until they sign in, it is told which address they have now.
 */
async function enqueueOthersOf(
  write: Write,
  id: string,
  given: string | null,
  stated: string | null,
): Promise<WorkKey[]> {
  const { db, cause, now } = write;
  const former = (await addressesOf(db, id)).map(({ address }) => address);
  const givenUp = new Map([...former, ...(given === null ? [] : [given])].map(one => [identityKey(one), one]));
  if (stated !== null) givenUp.delete(identityKey(stated));
  const found = new Map<string, OtherOfAddress>();
  for (const address of givenUp.values())
    for (const other of await othersOfAddress(db, address, id)) found.set(other.userId, other);
  const others = [...found.values()];
  const items = others.map(({ userId, app }) => ({
    key: `person:${userId}` as const,
    app,
    priority: PRIORITY.request,
  }));
  await enqueue(db, items, cause, now, write);
  return items.map(({ key }) => key);
}

/** @throws VersionMismatch */
export async function deleteUser(
  write: Write,
  id: string,
  options?: WriteOptions,
): Promise<Change<Deleted> | undefined> {
  const { db, now } = write;
  const locked = await lockResource(write, 'User', id, 'delete');
  if (locked === undefined) return undefined;
  const current = locked.resource;
  checkVersion(current, options);
  if (locked.refused) await settleGone(db, write.app, 'user', id);
  await leaveAllGroups(write, id);
  await db.deleteFrom('user_emails').where('user_id', '=', id).execute();
  await db.deleteFrom('users').where('id', '=', id).execute();
  await db.updateTable('people').set({ left_at: now }).where('user_id', '=', id).execute();
  return { resource: current, touched: await enqueuePerson(write, id, LEAVES) };
}

const ofApp = statement<{ id: string; app: string; key: string }>()(
  (_db, { id, app, key }) => sql<{ known: number | boolean }>`
    select exists (select 1 from people where user_id = ${id} and app = ${app})
      or exists (select 1 from work where key = ${key} and app = ${app}) as known`,
);

/** Whether an id is, or was, somebody of the app of whom something is kept or queued. */
export async function wasUser(db: Db, app: string, id: string): Promise<boolean> {
  return isId(id) && Boolean((await ofApp(db, { id, app, key: `person:${id}` })).rows[0]?.known);
}

/** @throws TextTooLong, DocumentTooLong */
function columnsOf(document: JsonObject, before?: JsonObject) {
  const userName = textOf(document, 'userName') ?? '';
  const displayName = textOf(document, 'displayName');
  return {
    user_name: userName,
    user_name_key: indexed('userName', fold(userName)),
    external_id: externalIdOf(document),
    display_name_key: displayName === undefined ? null : indexed('displayName', fold(displayName)),
    active: isActive(document) ? (1 as const) : (0 as const),
    document: storedText(document, before),
  };
}

/** Nothing said of `active` means active: RFC 7643 has no default, and an identity provider that never sends it locks nobody out. */
function isActive(document: JsonObject): boolean {
  return document['active'] !== false;
}

function personOf({ attributes }: Write, document: JsonObject) {
  return {
    user_name: textOf(document, 'userName') ?? '',
    email: emailOf(document, attributes) ?? null,
    external_id: textOf(document, 'externalId') ?? null,
  };
}

function emailKeys(document: JsonObject): ReadonlySet<string> {
  const emails = Array.isArray(document['emails']) ? document['emails'] : [];
  return new Set(
    emails.flatMap(email =>
      isJsonObject(email) && typeof email['value'] === 'string' ? [indexed('emails.value', fold(email['value']))] : [],
    ),
  );
}

async function addEmails({ db, app }: Write, id: string, keys: Iterable<string>): Promise<void> {
  const texts = [...keys];
  if (texts.length === 0) return;
  await insertEmails(db, { id, app, texts });
}

async function replaceEmails(
  write: Write,
  id: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<void> {
  const gone = [...before].filter(key => !after.has(key));
  if (gone.length > 0)
    await write.db
      .deleteFrom('user_emails')
      .where('user_id', '=', id)
      .where('email_key', 'in', among(write.db, gone))
      .execute();
  await addEmails(
    write,
    id,
    [...after].filter(key => !before.has(key)),
  );
}

/** As what somebody is queued, and whether this write is what says that they leave. */
interface QueuedAs {
  readonly priority: number;
  readonly leaves: boolean;
}

const STAYS: QueuedAs = { priority: PRIORITY.request, leaves: false };
const LEAVES: QueuedAs = { priority: PRIORITY.leaving, leaves: true };
const LEFT_BEFORE: QueuedAs = { priority: PRIORITY.leaving, leaves: false };

async function enqueuePerson(write: Write, id: string, { priority, leaves }: QueuedAs): Promise<WorkKey[]> {
  const key: WorkKey = `person:${id}`;
  await enqueue(write.db, [{ key, app: write.app, priority }], write.cause, write.now, { ...write, leaves });
  return [key];
}
