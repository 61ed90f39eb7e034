/** Users and groups as the directory keeps and gives them. */
import { type Attributes } from '../../contract/attributes';
import { type Filter } from '../../scim-language/filter/ast';
import { type JsonObject } from '../../scim-language/json';
import { type MemberChange } from '../../scim-language/patch/operation';
import { type AttributePath } from '../../scim-language/schema/attribute';
import { type Cause, type WorkKey } from '../work/enqueue';
import { type Work } from '../work/work';

export type UserOrGroup = 'User' | 'Group';

/** A User or a Group without its members. */
export interface Resource {
  readonly type: UserOrGroup;
  readonly id: string;
  readonly app: string;
  /**
   * What the identity provider stated. Holds neither `id`, `meta` and `password`, nor what is kept as rows: `members` of a
   * group, `groups` of a user.
   */
  readonly document: JsonObject;
  /** Counts up with each real change; {@link etagOf} makes the ETag of it. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** A member of a group as it is stored. */
export interface Member {
  readonly groupId: string;
  /** Id of a User or a Group. */
  readonly value: string;
  readonly type: UserOrGroup;
  readonly display: string | undefined;
}

/** A group that a user belongs to: an element of the read-only `groups`. */
export interface GroupOfUser {
  readonly value: string;
  readonly display: string;
  readonly type: 'direct' | 'indirect';
}

/** Who writes, and why. */
export interface WriteContext {
  readonly app: string;
  readonly cause: Cause;
  /**
   * The app's policy for groups as members of groups.
   * @default resolve
   */
  readonly nestedGroups?: 'resolve' | 'refuse';
  /**
   * Which attributes give an account its e-mail, username and name.
   * @default the usual ones
   */
  readonly attributes?: Attributes;
  /**
   * Whether the writer deals with what was touched, and waits for the disk, before it answers: then what is queued is taken for it, and the
   * write is there as soon as it is committed.
   * @default false
   */
  readonly settles?: boolean;
  /**
   * Further writes of the same cause follow: what they touch is dealt with together, once `gathered` is called, or after some seconds
   * when nobody can call it any more.
   * @default false
   */
  readonly gathers?: boolean;
}

/** What is left to do before a write is answered. */
export interface Settling {
  /** Of what was touched, what was taken for the writer. */
  readonly claimed: readonly Work[];
  /** Resolves once the write is on the disk. */
  readonly durable: () => Promise<void>;
}

export interface WriteOptions {
  /** Versions of which the resource must have one (If-Match); an empty list matches nothing. @default any version */
  readonly expectedVersions?: readonly number[];
  /** Throws when the resource, as it is now, is not to be written: then nothing is. @default it may be */
  readonly check?: (current: Resource) => void;
  /**
   * Whether the request states that the user is active: then nothing that was refused before is waited for.
   * @default false
   */
  readonly statesActive?: boolean;
}

/** What a write came to. */
export interface Written extends Settling {
  readonly resource: Resource;
  /** False when nothing differed: then the version is the old one and nothing was enqueued. */
  readonly changed: boolean;
  /** What the reconciler was told of, at most {@link MOST_TOUCHED} keys; more are in the queue all the same. */
  readonly touched: readonly WorkKey[];
}

/** What a deletion came to. */
export interface Deleted extends Settling {
  readonly resource: Resource;
  readonly touched: readonly WorkKey[];
}

/** A write with what is left to do. */
export type Settled<T> = T extends undefined ? undefined : T & Settling;

/** What a write itself has to tell. */
export type Change<Outcome extends Settling> = Omit<Outcome, keyof Settling>;

/** Keys that one write names for convergence within the request. */
export const MOST_TOUCHED = 1_000;

/** What is to become of a group: the next document, changes of member rows in order, or both. */
export interface GroupChange {
  readonly document?: JsonObject;
  readonly memberChanges?: readonly MemberChange[];
}

/** A query over one resource type, in the terms of that type. */
export interface Selection {
  readonly type: UserOrGroup;
  /** @default everything */
  readonly filter?: Filter | undefined;
  /** Attribute to sort by; a type that lacks the attribute leaves it out, and its resources count as without a value. */
  readonly sortBy?: AttributePath | undefined;
}

/** What a list asks for. */
export interface ListQuery {
  /** One type, or both for a query of the root (RFC 7644 §3.4.2.1). */
  readonly selections: readonly Selection[];
  /** @default ascending */
  readonly sortOrder?: 'ascending' | 'descending' | undefined;
  /** Base URL of the SCIM endpoint, for `meta.location` and `$ref` in filters: `https://…/scim/v2`. */
  readonly baseUrl: string;
  /** Most resources of the page; 0 asks for `totalResults` alone. */
  readonly count: number;
}

/** A page by index (RFC 7644 §3.4.2.4). */
export interface IndexQuery extends ListQuery {
  /** 1-based. @default 1 */
  readonly startIndex?: number;
}

/** A page by cursor (RFC 9865). */
export interface CursorQuery extends ListQuery {
  /** What the client sent; empty or absent for the first page. */
  readonly cursor?: string | undefined;
  /** Who asks: the name of the token. A cursor of one token is of no use to another. */
  readonly subject: string;
  /**
   * The query as the client sent it (filter, sortBy, sortOrder, path …), in any one form: a cursor is refused for another one.
   */
  readonly queryText: string;
  /**
   * Whether the client states `count`: a stated one must be that of the first page, an unstated one is taken from the cursor.
   * @default true
   */
  readonly countStated?: boolean;
}

export interface IndexPage {
  readonly totalResults: number;
  readonly resources: readonly Resource[];
}

export interface CursorPage extends IndexPage {
  readonly nextCursor: string | undefined;
  readonly previousCursor: string | undefined;
}

/** The weak ETag of a version: `W/"3"`. */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}
