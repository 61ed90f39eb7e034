/** Coder as a whole, read once for a sweep or a plan: every account in a few hundred bytes, organization roles where needed. */
import { type CoderClient } from '../../coder';
import { type Account, accountOf } from '../decide/observation';
import { type Context } from '../decide/context';
import { isImplied } from '../decide/entitlement';
import { coderKey } from '../../contract/identity';

export interface World {
  readonly accounts: ReadonlyMap<string, Account>;
  /** The account with this e-mail, by the rule of identity. */
  readonly accountOf: (email: string) => Account | undefined;
  /** Explicit roles by organization id and account id; accounts without any are left out. */
  readonly organizationRoles: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Ids of organizations whose members' roles Coder did not tell: whoever is in one counts as having what the bridge gave. */
  readonly unreadRoles: ReadonlySet<string>;
}

/** Reads the roles of the members of an organization, or says that it can't be and gives nothing. */
export type OrUnread = <T>(organization: string, read: () => Promise<T>) => Promise<T | undefined>;

// Most accounts have one of a few lists: one copy of each serves all of them.
class Lists {
  readonly #known = new Map<string, readonly string[]>();
  same(list: readonly string[]): readonly string[] {
    const key = list.join(' ');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, list);
    return list;
  }
}

/**
 * Reads every account, and the roles of organizations in `withRoles`.
 * @param looking.until nothing more is asked for once this is aborted
 * @param looking.orUnread see {@link OrUnread}. @default all of it fails
 * @throws CoderError `incomplete_listing` and all that Coder may say. @throws AbortError by `until`
 */
export async function readWorld(
  coder: CoderClient,
  withRoles: readonly string[],
  {
    progress,
    until,
    orUnread = async (_, read) => await read(),
  }: {
    readonly progress?: (accounts: number) => void;
    readonly until?: AbortSignal | undefined;
    readonly orUnread?: OrUnread | undefined;
  } = {},
): Promise<World> {
  const accounts = new Map<string, Account>();
  const byEmail = new Map<string, string>();
  const lists = new Lists();
  const loginTypes = new Map<string, string>();
  for await (const user of coder.listUsers()) {
    until?.throwIfAborted();
    const loginType = loginTypes.get(user.loginType) ?? user.loginType;
    loginTypes.set(loginType, loginType);
    accounts.set(user.id, {
      ...accountOf(user),
      loginType,
      organizationIds: lists.same(user.organizationIds) as string[],
      roles: lists.same(user.roles) as string[],
    });
    if (user.email !== '') byEmail.set(coderKey(user.email), user.id);
    if (accounts.size % 5_000 === 0) progress?.(accounts.size);
  }
  const organizationRoles = new Map<string, Map<string, readonly string[]>>();
  const unreadRoles = new Set<string>();
  const rolesIn = async (organization: string): Promise<Map<string, readonly string[]>> => {
    const roles = new Map<string, readonly string[]>();
    for await (const member of coder.listMembers(organization)) {
      until?.throwIfAborted();
      const explicit = member.roles.filter(role => !isImplied(role));
      if (explicit.length > 0) roles.set(member.userId, lists.same(explicit));
    }
    return roles;
  };
  for (const organization of withRoles) {
    until?.throwIfAborted();
    const roles = await orUnread(organization, () => rolesIn(organization));
    if (roles === undefined) unreadRoles.add(organization);
    else organizationRoles.set(organization, roles);
  }
  return {
    accounts,
    accountOf: email => accounts.get(byEmail.get(coderKey(email)) ?? ''),
    organizationRoles,
    unreadRoles,
  };
}

/** Organizations whose roles a comparison needs: those that a mapping gives a role of, all of them for authoritative apps. */
export function organizationsWithRoles(context: Context, granted: readonly string[]): string[] {
  const authoritative = [...context.apps.values()].some(app => app.state.policies.authoritative);
  const needed = new Set([...context.organizationRoles, ...granted]);
  return context.catalog.organizations
    .map(organization => organization.id)
    .filter(id => authoritative || needed.has(id));
}
