/**
 * Whether what the token sees is the world. A plain member's token lists users with 200 and sees only itself, and a missing
 * right is answered like a missing thing: so "there is none" counts only from an account that would see one.
 */
import { CoderError, isMissing } from './transport/errors';
import { type Transport } from './transport/transport';
import { CoderRoles } from './types';

export interface Visibility {
  /** @throws CoderError `forbidden` when the account does not see all users, groups and members */
  seesAll(route: string): Promise<void>;
  /**
   * The same, by a look that is made after what was seen: where something that was there is gone, roles that were read before say nothing.
   * @throws CoderError `forbidden`
   */
  stillSeesAll(route: string): Promise<void>;
}

const SEES_ALL = new Set(['owner', 'user-admin', 'template-admin', 'auditor']);
const KEPT_MS = 60_000;

/** The account's roles are read only when something seems to be absent: once a minute at most, and each time when it was there before. */
export function createVisibility(transport: Transport, now: () => number = Date.now): Visibility {
  let known: { readonly roles: Promise<CoderRoles>; readonly at: number } | undefined;
  const ownRoles = (): Promise<CoderRoles> => {
    if (known === undefined || now() - known.at > KEPT_MS) {
      const roles = transport.send({ method: 'GET', path: '/users/me/roles', read: CoderRoles });
      known = { roles, at: now() };
      roles.catch(() => (known = undefined));
    }
    return known.roles;
  };
  async function seesAll(route: string): Promise<void> {
    const { site } = await ownRoles();
    if (site.some(role => SEES_ALL.has(role))) return;
    known = undefined;
    throw new CoderError(
      `${route} shows nothing, but the bridge's account may see itself only: give it the site role user-admin (or owner), and run coder-scim doctor`,
      { kind: 'forbidden', route },
    );
  }
  return {
    seesAll,
    async stillSeesAll(route) {
      known = undefined;
      await seesAll(route);
    },
  };
}

/** The result, or undefined for a 404. */
export async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
