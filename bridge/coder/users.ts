/** Accounts: look-up that is not fooled by Coder's listings, and every change of one account. */
import { type CoderRoles, type CoderUser } from './types';

/** What stands behind an id. A deleted account still answers to its id, and even to writes; it is `deleted` here. */
export type FoundUser =
  | { readonly state: 'present'; readonly user: CoderUser }
  | { readonly state: 'deleted'; readonly user: CoderUser }
  | { readonly state: 'absent' };

export interface NewUser {
  readonly email: string;
  /** By Coder's rules: see `deriveUsername`. */
  readonly username: string;
  /** Cleaned by `realName`; empty for none. */
  readonly name: string;
  /** At least one organization id. */
  readonly organizationIds: readonly string[];
  /** @default 'oidc' */
  readonly loginType?: 'oidc' | 'github' | 'password' | 'none' | undefined;
}

/**
 * `created` by this call; or `existed`: the e-mail is in use by `user` already, who may be a stranger, so that adopting
 * is the caller's decision.
 */
export type CreatedUser = { readonly outcome: 'created' | 'existed'; readonly user: CoderUser };

export interface UserCalls {
  /**
   * Every account, service accounts included, deleted ones not. Compares what it read with Coder's own count, starts
   * again once (yielding no account twice), then gives up.
   * @throws CoderError `incomplete_listing`; `forbidden` when the token sees only itself
   */
  listUsers(): AsyncIterable<CoderUser>;
  /** The account with exactly this e-mail, compared without case. Undefined is proof of absence. */
  findUserByEmail(email: string): Promise<CoderUser | undefined>;
  /** The account with this username, compared without case; undefined for `me` and for 32 hex digits, which Coder reads otherwise. */
  findUserByUsername(username: string): Promise<CoderUser | undefined>;
  /** The account with this id, deleted ones told apart. */
  getUser(id: string): Promise<FoundUser>;
  /**
   * Creates a dormant account (no seat). Not idempotent in Coder; made so here: after 409, 500 or no answer it looks again.
   * @throws CoderError refused `username-taken` when the username, not the e-mail, is in use: derive the next one
   */
  createUser(user: NewUser): Promise<CreatedUser>;
  /**
   * Replaces the site roles by exactly this list; idempotent. Duplicates and `member` left in the list are sent as they are.
   * @throws TypeError when the list is not an array: Coder would take every role away
   * @throws CoderError refused `site-role-sync`, `role-not-assignable`, `role-unknown`, `own-account`
   */
  setSiteRoles(id: string, roles: readonly string[]): Promise<CoderUser>;
  /** Locks out at once; idempotent. @throws CoderError refused `owner-role-first`, `own-account` */
  suspend(id: string): Promise<CoderUser>;
  /** Lets a suspended account in again (takes a seat); no call when it is active or dormant. Idempotent. */
  activate(user: Pick<CoderUser, 'id' | 'status'>): Promise<'activated' | 'unchanged'>;
  /** Sets username and name, both always, and keeps the avatar; idempotent. @throws CoderError refused `username-taken` */
  setProfile(
    user: Pick<CoderUser, 'id' | 'avatarUrl'>,
    profile: { readonly username: string; readonly name: string },
  ): Promise<CoderUser>;
  /** Deletes for good; idempotent. @throws CoderError refused `has-workspaces` (417), `own-account` */
  deleteUser(id: string): Promise<void>;
  /** Explicit site roles and organization roles, and so the organizations, of one account, in one call. */
  getRoles(id: string): Promise<CoderRoles>;
}
