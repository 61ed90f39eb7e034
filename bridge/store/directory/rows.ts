/** Rows of users and groups as resources, and what both kinds of write have in common. */
import { sql } from 'kysely';
import { type JsonObject } from '../../scim-language/json';
import { backendOf, type Db, readJson } from '../database/database';
import { listed } from '../database/listed';
import { statement } from '../database/statement';
import { type ReadReach } from '../apps/reach';
import { type Claim } from '../work/claim';
import { TextTooLong, UniquenessError, VersionMismatch } from './errors';
import { type Resource, type UserOrGroup, type WriteContext, type WriteOptions } from './resources';

export const RESOURCE_COLUMNS = ['id', 'app', 'document', 'version', 'created_at', 'modified_at'] as const;

export interface ResourceRow {
  readonly id: string;
  readonly app: string;
  readonly document: unknown;
  readonly version: number;
  readonly created_at: number;
  readonly modified_at: number;
}

export function toResource(type: UserOrGroup, row: ResourceRow): Resource {
  return {
    type,
    id: row.id,
    app: row.app,
    document: readJson(row.document) as JsonObject,
    version: row.version,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** What a write works with: the transaction, who writes, and the time, which is the same for all it does. */
export interface Write extends WriteContext {
  readonly db: Db;
  readonly now: number;
  /** When what is touched is to be dealt with. */
  readonly dueAt: number;
  readonly reach: ReadReach;
  /** Takes what is queued. */
  readonly claim?: Claim | undefined;
  /** Where it notes sets of members that are loose with it: whoever commits sees to them. */
  readonly loose?: string[];
}

/** A resource as a write locks it. */
export interface Locked {
  /** Which rows are its members; undefined for a user. */
  readonly memberSet: string | undefined;
  readonly resource: Resource;
  /** Whether a refused request about it, or about somebody in it, has not gone through yet. */
  readonly refused: boolean;
  /** A group without members: the first one who comes may make it count. */
  readonly empty: boolean;
  /** Of such a group that is pushed: no group of Coder is noted as its own. */
  readonly unmade: boolean;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be an id at all; spares the database what it would refuse, such as NUL in Postgres. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** @throws VersionMismatch when the resource has none of the versions that the caller expects; what the caller's `check` throws */
export function checkVersion(current: Resource, options: WriteOptions | undefined): void {
  const expected = options?.expectedVersions;
  if (expected !== undefined && !expected.includes(current.version))
    throw new VersionMismatch(current.id, current.version, expected);
  options?.check?.(current);
}

/** A text attribute of a document; undefined when it is absent. */
export function textOf(document: JsonObject, name: string): string | undefined {
  const value = document[name];
  return typeof value === 'string' ? value : undefined;
}

/** Bytes of a text in an index: Postgres takes 2,704 for a whole entry, in which the app and an id have to fit too. */
const MOST_INDEXED_BYTES = 2_048;

/** Bytes of two texts in one entry, beside the longest name of an app. */
const MOST_INDEXED_TOGETHER_BYTES = 2_560;

/** The text, as it goes into an index. @throws TextTooLong */
export function indexed(attribute: string, text: string): string {
  refuseLonger(MOST_INDEXED_BYTES, attribute, text);
  return text;
}

/** Two texts that go into an index together. @throws TextTooLong */
export function refuseLongPair(attributes: string, one: string, other: string): void {
  refuseLonger(MOST_INDEXED_TOGETHER_BYTES, `${attributes} together`, one + other);
}

function refuseLonger(most: number, attribute: string, text: string): void {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > most) throw new TextTooLong(attribute, bytes, most);
}

/** @throws TextTooLong */
export function externalIdOf(document: JsonObject): string | null {
  const externalId = textOf(document, 'externalId');
  return externalId === undefined ? null : indexed('externalId', externalId);
}

/** Whether an insert or update met a row that has the value already. */
function isUniqueViolation(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === '23505';
}

const HAS_MEMBERS = sql`exists (select 1 from member_rows where set_id = groups.member_set)`;

const locking = (type: UserOrGroup, to: 'update' | 'delete') =>
  statement<{ id: string; app: string }>()((db, { id, app }) =>
    db
      .selectFrom(type === 'User' ? 'users' : 'groups')
      .select(RESOURCE_COLUMNS)
      .select(eb =>
        eb
          .exists(
            eb
              .selectFrom('refused_leavings')
              .select('app')
              .where(type === 'User' ? 'refused_leavings.user_id' : 'refused_leavings.group_id', '=', id),
          )
          .as('refused'),
      )
      .select(type === 'User' ? sql<null>`null`.as('member_set') : sql<string>`member_set`.as('member_set'))
      .select(
        type === 'User' || to === 'delete'
          ? [sql<number>`0`.as('empty'), sql<number>`0`.as('unmade')]
          : [
              sql<number>`case when ${HAS_MEMBERS} then 0 else 1 end`.as('empty'),
              // Looked for only then.
              sql<number>`case when ${HAS_MEMBERS} then 0
                when exists (select 1 from coder_groups where scim_group_id = ${id}) then 0 else 1 end`.as('unmade'),
            ],
      )
      .where('id', '=', id)
      .where('app', '=', app)
      .$if(backendOf(db) === 'postgres', query => (to === 'delete' ? query.forUpdate() : query.forNoKeyUpdate())),
  );

const LOCK = {
  User: { update: locking('User', 'update'), delete: locking('User', 'delete') },
  Group: { update: locking('Group', 'update'), delete: locking('Group', 'delete') },
};

const reading = (type: UserOrGroup) =>
  statement<{ id: string; app: string }>()((db, { id, app }) =>
    db
      .selectFrom(type === 'User' ? 'users' : 'groups')
      .select(RESOURCE_COLUMNS)
      .where('id', '=', id)
      .where('app', '=', app),
  );

const READ = { User: reading('User'), Group: reading('Group') };

/** A resource of the app. */
export async function readResource(db: Db, type: UserOrGroup, app: string, id: string): Promise<Resource | undefined> {
  if (!isId(id)) return undefined;
  const [row] = (await READ[type](db, { id, app })).rows;
  return row === undefined ? undefined : toResource(type, row);
}

/**
 * A resource of the app, locked for a change of it. Postgres: an update must not keep others from making sure that the row stays
 * (`for key share`), which a deletion must.
 */
export async function lockResource(
  { db, app }: Pick<Write, 'db' | 'app'>,
  type: UserOrGroup,
  id: string,
  to: 'update' | 'delete',
): Promise<Locked | undefined> {
  if (!isId(id)) return undefined;
  const [row] = (await LOCK[type][to](db, { id, app })).rows;
  if (row === undefined) return undefined;
  return {
    resource: toResource(type, row),
    memberSet: row.member_set ?? undefined,
    refused: Boolean(row.refused),
    empty: row.empty === 1,
    unmade: row.unmade === 1,
  };
}

/**
 * What of a directory is locked by name, as no row stands for it. Several are taken in the order of their names, in which names of groups come
 * before what is in groups; and all of them before people are queued, whom others may be queuing too.
 */
export const LOCK_OF = {
  /** Who has a displayName. */
  name: (app: string, key: string) => `${app} ${key}`,
  /** Which groups are in groups. */
  nesting: (app: string) => `nested groups of ${app}`,
  /** What groups are called, as far as they give something by it. */
  renaming: (app: string) => `named groups of ${app}`,
};

/** Postgres: locks until the transaction ends, one's own or shared with others who share it. SQLite has one transaction at a time anyway. */
export async function lockByName(
  { db }: Pick<Write, 'db'>,
  names: readonly string[],
  how: 'alone' | 'shared',
): Promise<void> {
  if (backendOf(db) !== 'postgres') return;
  const take = sql.raw(how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock');
  await sql`select ${take}(hashtextextended(value, 0)) from (${listed(db, [...new Set(names)].sort())}) as names`.execute(
    db,
  );
}

/** Writes a document whose name is unique in its app. @throws UniquenessError when another resource has it */
export async function writeUnique(
  type: UserOrGroup,
  document: JsonObject,
  write: () => Promise<unknown>,
): Promise<void> {
  const attribute = type === 'User' ? 'userName' : 'displayName';
  try {
    await write();
  } catch (error) {
    throw isUniqueViolation(error) ? new UniquenessError(type, attribute, textOf(document, attribute) ?? '') : error;
  }
}
