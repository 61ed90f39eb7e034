/**
 * The directory: what the identity providers said, in domain verbs. Everything is scoped by app: ids of other apps are not found.
 * Each write is one transaction that also enqueues what it touches.
 */
import { createReadReach } from '../apps/reach';
import { type Claimant, createClaims } from '../work/claim';
import { type Work } from '../work/work';
import { type Database } from '../database/database';
import { type SearchBounds } from './search/cost';
import { type Begin, createGroupWrites, settled } from './large/writes';
import { groupsOf, membersOf } from './membership';
import { listByCursor, listByIndex } from './search/page';
import { createUser, deleteUser, updateUser, wasUser } from './users';
import { makeDue, putOff } from '../work/enqueue';
import { type Leaving, noteRefusedLeaving } from './refused-leavings';
import { readResource, type Write } from './rows';
import { type JsonObject } from '../../scim-language/json';
import { type MemberValue } from '../../scim-language/schema/member-value';
import {
  type CursorPage,
  type CursorQuery,
  type Deleted,
  type GroupChange,
  type GroupOfUser,
  type IndexPage,
  type IndexQuery,
  type Member,
  type Resource,
  type Settled,
  type WriteContext,
  type WriteOptions,
  type Written,
} from './resources';

export interface Directory {
  /** @throws UniquenessError */
  createUser(context: WriteContext, document: JsonObject): Promise<Written>;
  getUser(app: string, id: string): Promise<Resource | undefined>;
  /**
   * Reads the user, calls `change` with it, and writes what that returns, in one transaction. `change` returns the next document, or
   * undefined when nothing differs; what it throws rolls back and is passed on. It may be called again when the database asks for a retry.
   * @returns undefined when there is no such user
   * @throws UniquenessError, VersionMismatch
   */
  updateUser(
    context: WriteContext,
    id: string,
    change: (current: Resource) => JsonObject | undefined,
    options?: WriteOptions,
  ): Promise<Written | undefined>;
  /** @throws VersionMismatch */
  deleteUser(context: WriteContext, id: string, options?: WriteOptions): Promise<Deleted | undefined>;
  /** Whether somebody who is no user any more was one of this app, and may not be out yet. */
  wasUser(app: string, id: string): Promise<boolean>;
  /** The groups of users, direct and through other groups, in one query: users without groups have an empty list. */
  groupsOf(app: string, userIds: readonly string[]): Promise<ReadonlyMap<string, readonly GroupOfUser[]>>;

  /** @throws UniquenessError, UnknownMembers, NestedGroupsRefused */
  createGroup(context: WriteContext, document: JsonObject, members: readonly MemberValue[]): Promise<Written>;
  /** The group without its members. */
  getGroup(app: string, id: string): Promise<Resource | undefined>;
  /**
   * As {@link updateUser}; member changes become row changes, and only rows that change count as a change of the group.
   * @throws UniquenessError, VersionMismatch, UnknownMembers, NestedGroupsRefused, GroupCycle
   */
  updateGroup(
    context: WriteContext,
    id: string,
    change: (current: Resource) => GroupChange | undefined,
    options?: WriteOptions & { readonly baseUrl?: string },
  ): Promise<Written | undefined>;
  /** Writes of a context that `gathers` go on, some seconds after the first: what they touched waits on. */
  gathering(context: Pick<WriteContext, 'cause'>): Promise<void>;
  /** All writes of a context that `gathers` are done: what they touched is due at once. */
  gathered(context: Pick<WriteContext, 'cause'>): Promise<void>;
  /** @throws VersionMismatch */
  deleteGroup(context: WriteContext, id: string, options?: WriteOptions): Promise<Deleted | undefined>;
  /**
   * The members of groups, in chunks, ordered by group id and member id; memory stays bounded whatever the size. One query for
   * a page of small groups.
   */
  membersOf(app: string, groupIds: readonly string[]): AsyncIterable<readonly Member[]>;

  /** Notes whom a refused request would have locked out, until it goes through. @returns how many that are */
  noteRefusedLeaving(
    app: string,
    leaving: Leaving,
    refused: { readonly reason: string; readonly requestId: string },
  ): Promise<number>;

  /** A page by index with the total of the very same filter. Ordered by age where no sort is asked for. @throws CostlyFilter */
  list(app: string, query: IndexQuery): Promise<IndexPage>;
  /** @throws CostlyFilter, InvalidCursor, ExpiredCursor, InvalidCount */
  listByCursor(app: string, query: CursorQuery): Promise<CursorPage>;
}

export interface DirectoryOptions {
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
  /** How long a cursor may be used. @default one hour */
  readonly cursorLifetimeMs?: number;
  /** How much work one search may cause. @default see {@link SearchBounds} */
  readonly searchBounds?: SearchBounds;
  /** Who deals with what is written by a context that `settles`. @default nobody: it is queued alone */
  readonly claimant?: Claimant;
}

/** Longer than one write takes, and than what {@link Directory.gathering} is called in: who died meanwhile waits no longer. */
const LONGEST_GATHERING_MS = 20_000;

/** The directory in a database. */
export function createDirectory(database: Database, options: DirectoryOptions = {}): Directory {
  const { db } = database;
  const { clock = Date.now, cursorLifetimeMs = 3_600_000, searchBounds } = options;
  const reach = createReadReach(database.changes);
  const claims = options.claimant === undefined ? undefined : createClaims(options.claimant);
  const timesOf = ({ gathers }: WriteContext): Pick<Write, 'now' | 'dueAt'> => {
    const now = clock();
    return { now, dueAt: gathers === true ? now + LONGEST_GATHERING_MS : now };
  };

  /** A transaction of somebody who writes, and what is left to do before that is answered. */
  const begin: Begin = async (context, work) => {
    let claimed: readonly Work[] = [];
    const { value, durable } = await database.commit(async transaction => {
      const times = timesOf(context);
      const claim = context.settles === true ? claims?.(times.now) : undefined;
      const written = await work({ ...context, db: transaction, ...times, reach, claim });
      claimed = claim?.taken ?? [];
      return written;
    });
    if (context.settles !== true) await durable();
    return { value, settling: { claimed, durable } };
  };
  const write = async <T extends object | undefined>(
    context: WriteContext,
    work: (write: Write) => Promise<T>,
  ): Promise<Settled<T>> => settled(await begin(context, work));
  const groups = createGroupWrites(database, begin, context => ({ ...context, db, ...timesOf(context), reach }));
  return {
    createUser: (context, document) => write(context, on => createUser(on, document)),
    getUser: (app, id) => readResource(db, 'User', app, id),
    updateUser: (context, id, change, given) => write(context, on => updateUser(on, id, change, given)),
    deleteUser: (context, id, given) => write(context, on => deleteUser(on, id, given)),
    wasUser: (app, id) => wasUser(db, app, id),
    groupsOf: (app, userIds) => groupsOf(db, app, userIds),
    createGroup: (context, document, members) => groups.create(context, document, members),
    getGroup: (app, id) => readResource(db, 'Group', app, id),
    updateGroup: (context, id, change, given) => groups.update(context, id, change, given),
    deleteGroup: (context, id, given) => groups.remove(context, id, given),
    gathering: ({ cause }) =>
      database.transact(transaction => {
        const now = clock();
        return putOff(transaction, cause, now, now + LONGEST_GATHERING_MS);
      }),
    gathered: ({ cause }) => makeDue(db, cause, clock()),
    membersOf: (app, groupIds) => membersOf(database, app, groupIds),
    noteRefusedLeaving: (app, leaving, refused) =>
      database.transact(transaction => noteRefusedLeaving(transaction, app, leaving, refused, clock())),
    list: (app, query) => listByIndex(db, app, query, searchBounds),
    listByCursor: (app, query) => listByCursor(db, app, query, clock(), cursorLifetimeMs, searchBounds),
  };
}
