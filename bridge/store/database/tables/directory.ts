/** Tables of the directory: what identity providers state. */
import { type Generated } from 'kysely';
import { type Flag, type Json } from './columns';

/** A User as the identity provider states it. `id` is a UUIDv7: order by id is order of creation. */
export interface UserTable {
  id: string;
  app: string;
  user_name: string;
  /** userName folded for case-insensitive equality; unique in the app. */
  user_name_key: string;
  external_id: string | null;
  display_name_key: string | null;
  active: Flag;
  document: Json;
  /** Counts up with each real change: the ETag. */
  version: number;
  created_at: number;
  modified_at: number;
}

/** E-mail addresses of users, folded, for `emails.value eq`. */
export interface UserEmailTable {
  user_id: string;
  app: string;
  email_key: string;
}

/** A Group as the identity provider states it; its members are the rows of its set. */
export interface GroupTable {
  id: string;
  app: string;
  display_name: string;
  /** displayName folded; unique in the app, but for groups that each have an `externalId` of their own. */
  display_name_key: string;
  external_id: string | null;
  /** 1 while another group of the app has the same name. */
  shares_name: Generated<Flag>;
  /** Which rows of `member_rows` are its members. */
  member_set: string;
  /** When somebody came into it last while nobody was in it; null where it was made with its members. */
  first_member_at: number | null;
  document: Json;
  version: number;
  created_at: number;
  modified_at: number;
}

/** A view: who is in which group. */
export interface MemberView {
  group_id: string;
  /** A user or a group of the same app. */
  member_id: string;
  member_type: 'User' | 'Group';
  display: string | null;
}

/** Members, in sets: the one of a group, or one that is none's yet or any more, and then is in `loose_sets`. */
export interface MemberRowTable {
  set_id: string;
  /** A user or a group of the same app. */
  member_id: string;
  member_type: 'User' | 'Group';
  display: string | null;
}

/** A set that is no group's: being filled, or what a group had before. Its rows go as soon as nothing is left to do because of it. */
export interface LooseSetTable {
  id: string;
  app: string;
  since: number;
  /** The set in its place; null when there is none. */
  next: string | null;
  /** JSON of what caused the change, and of how they are queued, until everybody who is in one of the two sets alone is in the queue. */
  cause: string | null;
}

/** Requests that would have locked somebody out and were refused, until they went through. */
export interface RefusedLeavingTable {
  app: string;
  /** `user:<id>`, `member:<group id>/<member id>`, or `group:<id>` for whoever is not stated any more. */
  subject: string;
  user_id: string | null;
  group_id: string | null;
  name: string;
  /** Status and detail of the answer. */
  reason: string;
  /** Of the last such request. */
  request_id: string;
  times: number;
  first_at: number;
  last_at: number;
}
