/** Accounts: look-up that is not fooled by Coder's listings, and every change of one account. */
import * as z from 'zod';
import { type Capabilities } from './capabilities';
import { CoderError, isRefusal, lookAfter, withoutEffect } from './transport/errors';
import { type Page, readListing } from './transport/paging';
import { type Visibility, orUndefined } from './visibility';
import { type Transport, type WriteWatch } from './transport/transport';
import { CoderRoles, CoderUser, UserPage } from './types';
import { PREBUILDS_USER_ID } from './names';
import { coderKey, identityKey, isSameIdentity } from '../contract/identity';

/** What stands behind an id. A deleted account still answers to its id, and even to writes; it is `deleted` here. */
export type FoundUser =
  | { readonly state: 'present'; readonly user: CoderUser }
  | { readonly state: 'deleted'; readonly user: CoderUser }
  | { readonly state: 'absent' };

export interface NewUser {
  readonly email: string;
  /** By Coder's rules: see `deriveUsernames`. */
  readonly username: string;
  /** Cleaned by `cleanRealName`; empty for none. */
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
  /** Accounts with the site role `owner`, of any status. @throws CoderError `incomplete_listing` */
  listOwners(): AsyncIterable<CoderUser>;
  /**
   * The account with exactly this e-mail, compared without case. Undefined is proof of absence.
   * @param wasThere an account was seen before: that there is none now counts only with rights that are looked at anew
   */
  findUserByEmail(email: string, wasThere?: boolean): Promise<CoderUser | undefined>;
  /** The account with this username, compared without case; undefined for `me` and for 32 hex digits, which Coder reads otherwise. */
  findUserByUsername(username: string): Promise<CoderUser | undefined>;
  /** The account with this id, deleted ones told apart. */
  getUser(id: string): Promise<FoundUser>;
  /**
   * Creates a dormant account (no seat). Not idempotent in Coder; made so here: after 409, 500 or no answer it looks again.
   * @throws CoderError refused `username-taken` when the username, not the e-mail, is in use: derive the next one;
   *   `email-conflict` when Coder's database takes the e-mail for another one, which nobody has letter by letter
   */
  createUser(user: NewUser, watch?: WriteWatch): Promise<CreatedUser>;
  /**
   * Replaces the site roles by exactly this list; idempotent. Duplicates and `member` left in the list are sent as they are.
   * @throws TypeError when the list is not an array: Coder would take every role away
   * @throws CoderError refused `site-role-sync`, `role-not-assignable`, `role-unknown`, `own-account`
   */
  setSiteRoles(id: string, roles: readonly string[], watch?: WriteWatch): Promise<CoderUser>;
  /** Locks out at once; idempotent. @throws CoderError refused `owner-role-first`, `own-account` */
  suspend(id: string, watch?: WriteWatch): Promise<CoderUser>;
  /** Lets a suspended account in again (takes a seat); undefined, and no call, when it is active or dormant. Idempotent. */
  activate(user: Pick<CoderUser, 'id' | 'status'>, watch?: WriteWatch): Promise<CoderUser | undefined>;
  /** Sets username and name, both always, and keeps the avatar; idempotent. @throws CoderError refused `username-taken` */
  setProfile(
    user: Pick<CoderUser, 'id' | 'avatarUrl'>,
    profile: { readonly username: string; readonly name: string },
    watch?: WriteWatch,
  ): Promise<CoderUser>;
  /** Deletes for good; idempotent. @throws CoderError refused `has-workspaces` (417), `own-account` */
  deleteUser(id: string, watch?: WriteWatch): Promise<void>;
  /** Explicit site roles and organization roles, and so the organizations, of one account, in one call. */
  getRoles(id: string): Promise<CoderRoles>;
}

// A listing of 50,000 accounts stays far below Coder's 512 calls a minute.
const PAGE = 500;
const LIST = 'GET /users';
const ONE = 'GET /users/{user}';
const UUID_LIKE = /^[0-9a-f]{32}$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SKEW_MS = 60_000;

/** Whether Coder reads `/users/{name}` as that username; `me` and ids are read otherwise. */
function isAddressable(username: string): boolean {
  return username !== '' && identityKey(username) !== 'me' && !UUID_LIKE.test(username);
}

/**
 * A piece of an e-mail that is safe as free text of Coder's search and whose matches include the address: colons, quotes
 * and backslashes have a meaning there, `%` and `_` match too much (harmless), letters beyond ASCII may not fold.
 */
export function searchText(email: string): string {
  const pieces = identityKey(email).split(/[^a-z0-9@.+_%-]+/);
  return pieces.reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '');
}

export function userCalls(
  transport: Transport,
  visibility: Visibility,
  capabilities: () => Promise<Capabilities>,
): UserCalls {
  const fetchPage = async (query: Record<string, string | number | undefined>): Promise<Page<CoderUser>> => {
    const { users, count } = await transport.send({ method: 'GET', path: '/users', query, read: UserPage });
    return { rows: users, count };
  };
  const search = (q: string): AsyncIterable<CoderUser> =>
    readListing({
      route: LIST,
      pageSize: PAGE,
      fetch: (after, limit) => fetchPage({ q, limit, after_id: after?.id }),
      idOf: user => user.id,
    });
  const put = (path: string, id: string, body?: unknown, watch?: WriteWatch): Promise<CoderUser> =>
    transport.send({ method: 'PUT', path, params: { user: id }, body, read: CoderUser, idempotent: true, watch });

  /** By username or id. */
  const get = (user: string): Promise<CoderUser | undefined> =>
    orUndefined(transport.send({ method: 'GET', path: '/users/{user}', params: { user }, read: CoderUser }));

  /** @returns undefined where the server does not know such a search: while Coder is upgraded, older ones answer beside the one that told its version */
  async function exactly(email: string): Promise<readonly CoderUser[] | undefined> {
    try {
      return (await fetchPage({ q: `email:${email}`, limit: 2 })).rows;
    } catch (error) {
      if (isRefusal(error) && error.status === 400) return undefined;
      throw error;
    }
  }

  async function searchByEmail(email: string): Promise<CoderUser | undefined> {
    const plain = /^[a-z0-9@.+_%-]+$/i.test(email);
    if (plain && (await capabilities()).exactSearch) {
      const exact = await exactly(email);
      if (exact !== undefined) return exact.find(user => isSameIdentity(user.email, email));
    }
    // Coder may have an account of each way to write it: the one that is written so first.
    let same: CoderUser | undefined;
    for await (const user of search(searchText(email))) {
      if (coderKey(user.email) === coderKey(email)) return user;
      if (isSameIdentity(user.email, email)) same ??= user;
    }
    return same;
  }

  async function findUserByEmail(email: string, wasThere = false): Promise<CoderUser | undefined> {
    if (email.trim() === '') throw new TypeError('an empty e-mail finds nobody: service accounts have none');
    const user = await searchByEmail(email);
    if (user === undefined) await (wasThere ? visibility.stillSeesAll(LIST) : visibility.seesAll(LIST));
    return user;
  }

  async function findUserByUsername(username: string): Promise<CoderUser | undefined> {
    if (!isAddressable(username)) return undefined;
    const found = await get(username);
    if (found === undefined) await visibility.seesAll(ONE);
    return found;
  }

  /** Whether an id is still the account that its username leads to; a deleted one is found by its id alone. */
  async function isDeleted(user: CoderUser): Promise<boolean> {
    if (user.organizationIds.length > 0 || user.id === PREBUILDS_USER_ID) return false;
    if (isAddressable(user.username)) {
      if ((await get(user.username))?.id === user.id) return false;
    } else for await (const listed of search(user.username)) if (listed.id === user.id) return false;
    await visibility.stillSeesAll(ONE);
    return true;
  }

  async function createUser(user: NewUser, watch?: WriteWatch): Promise<CreatedUser> {
    const started = Date.now();
    try {
      const created = await transport.send({
        method: 'POST',
        path: '/users',
        body: {
          email: user.email,
          username: user.username,
          name: user.name,
          login_type: user.loginType ?? 'oidc',
          organization_ids: user.organizationIds,
        },
        read: CoderUser,
        watch,
      });
      return { outcome: 'created', user: created };
    } catch (error) {
      const exists = isRefusal(error, 'user-exists');
      if (!(error instanceof CoderError) || !(exists || error.maybeDone)) throw error;
      const found = await lookAfter(error, findUserByEmail(user.email));
      if (found !== undefined) {
        // An unclear answer may hide our own success: the account is then as asked for, and no older than the call.
        const ours =
          !exists && found.username === user.username && Date.parse(found.createdAt ?? '') >= started - SKEW_MS;
        return { outcome: ours ? 'created' : 'existed', user: found };
      }
      if ((await lookAfter(error, findUserByUsername(user.username))) !== undefined) {
        throw new CoderError(`username ${JSON.stringify(user.username)} is taken in Coder: derive another one`, {
          kind: 'refused',
          route: error.route,
          status: error.status,
          reason: 'username-taken',
          answer: error.answer,
        });
      }
      // Coder's word that the address is somebody's, though nobody has it letter by letter: its database folds more letters.
      if (exists)
        throw new CoderError(
          `Coder takes the e-mail ${JSON.stringify(user.email)} for that of another account, which writes it with other letters: nobody is taken for somebody else, so change one of the two addresses`,
          { kind: 'refused', route: error.route, status: error.status, reason: 'email-conflict', answer: error.answer },
        );
      // An answer of Coder's own ends the call: what is not there now does not come later.
      throw error.status === 500 ? withoutEffect(error) : error;
    }
  }

  return {
    async *listUsers() {
      yield* readListing({
        route: LIST,
        pageSize: PAGE,
        fetch: (after, limit) => fetchPage({ limit, after_id: after?.id }),
        idOf: user => user.id,
      });
      // Who is not in it is taken for gone.
      await visibility.stillSeesAll(LIST);
    },
    async *listOwners() {
      await visibility.seesAll(LIST);
      for await (const user of search('role:owner')) if (user.roles.includes('owner')) yield user;
    },
    findUserByEmail,
    findUserByUsername,
    async getUser(id) {
      if (!UUID_LIKE.test(id)) throw new TypeError(`${JSON.stringify(id)} is no id of a Coder account: wanted a UUID`);
      const user = await get(id);
      if (user === undefined) {
        await visibility.stillSeesAll(ONE);
        return { state: 'absent' };
      }
      return { state: (await isDeleted(user)) ? 'deleted' : 'present', user };
    },
    createUser,
    async setSiteRoles(id, roles, watch) {
      return put('/users/{user}/roles', id, { roles: fullList(roles) }, watch);
    },
    async suspend(id, watch) {
      return put('/users/{user}/status/suspend', id, undefined, watch);
    },
    async activate({ id, status }, watch) {
      return status === 'suspended' ? put('/users/{user}/status/activate', id, undefined, watch) : undefined;
    },
    async setProfile({ id, avatarUrl }, { username, name }, watch) {
      // Left out, the name would become empty, and from v2.35 on the avatar of accounts without OIDC too.
      const avatar = avatarUrl === '' ? {} : { avatar_url: avatarUrl };
      return put('/users/{user}/profile', id, { username, name, ...avatar }, watch);
    },
    async deleteUser(id, watch) {
      await transport.send({
        method: 'DELETE',
        path: '/users/{user}',
        params: { user: id },
        read: z.unknown(),
        idempotent: true,
        watch,
      });
    },
    async getRoles(id) {
      return transport.send({ method: 'GET', path: '/users/{user}/roles', params: { user: id }, read: CoderRoles });
    },
  };
}

/** A list of roles as it must be sent: `{}` and `null` would strip every role and be answered with 200. */
export function fullList(roles: readonly string[]): readonly string[] {
  const given: unknown = roles;
  if (!Array.isArray(given) || given.some(role => typeof role !== 'string')) {
    throw new TypeError(`roles ${JSON.stringify(roles)}: wanted the full list of role names; an empty list takes all`);
  }
  return roles;
}
