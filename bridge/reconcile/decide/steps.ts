/** The account as it is, and the steps that change it: each is one call to Coder, or a wish to a group's writer. Pure data. */
import { type Reasoned } from './desired';
import { type Because, type Entitlement } from './entitlement';

/** The account as it is; groups are those under management. */
export interface Actual {
  readonly status: 'active' | 'dormant' | 'suspended';
  /** Coder's sign-in sync governs `oidc` accounts alone. */
  readonly loginType: string;
  readonly siteRoles: readonly string[];
  readonly organizations: readonly string[];
  readonly organizationRoles: ReadonlyMap<string, readonly string[]>;
  /** Organization by group id. */
  readonly groups: ReadonlyMap<string, string>;
}

export type Step =
  | { readonly kind: 'activate' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'delete' }
  | {
      readonly kind: 'site-roles';
      readonly before: readonly string[];
      readonly after: readonly string[];
      readonly because: readonly Because[];
    }
  | { readonly kind: 'organization-add'; readonly organization: string; readonly because: readonly Because[] }
  | {
      readonly kind: 'organization-remove';
      readonly organization: string;
      /** What somebody gave by hand in there, and Coder takes with the membership. */
      readonly byHand?: readonly Entitlement[] | undefined;
    }
  | {
      readonly kind: 'organization-roles';
      readonly organization: string;
      readonly before: readonly string[];
      readonly after: readonly string[];
      readonly because: readonly Because[];
    }
  | {
      readonly kind: 'group-add';
      readonly organization: string;
      readonly group: string;
      readonly because: readonly Because[];
    }
  | { readonly kind: 'group-remove'; readonly organization: string; readonly group: string };

/** The full new list: Coder replaces, so that there is no moment without any role. */
function newList(before: readonly string[], gained: readonly string[], lost: (role: string) => boolean): string[] {
  return [...before.filter(role => !lost(role)), ...[...gained].sort()];
}

export function siteRoleStep(actual: Actual, gains: readonly Reasoned[], goes: (e: Entitlement) => boolean): Step[] {
  const gained = gains.filter(gain => gain.kind === 'site-role');
  const after = newList(
    actual.siteRoles,
    gained.map(gain => gain.target),
    target => goes({ kind: 'site-role', organization: '', target }),
  );
  if (gained.length === 0 && after.length === actual.siteRoles.length) return [];
  return [{ kind: 'site-roles', before: actual.siteRoles, after, because: gained.flatMap(gain => gain.because) }];
}

export function organizationRoleSteps(
  actual: Actual,
  gains: readonly Reasoned[],
  goes: (e: Entitlement) => boolean,
  organizations: ReadonlySet<string>,
): Step[] {
  return [...organizations].flatMap(organization => {
    const before = actual.organizationRoles.get(organization) ?? [];
    const gained = gains.filter(gain => gain.kind === 'organization-role' && gain.organization === organization);
    const after = newList(
      before,
      gained.map(gain => gain.target),
      target => goes({ kind: 'organization-role', organization, target }),
    );
    if (gained.length === 0 && after.length === before.length) return [];
    return [
      {
        kind: 'organization-roles' as const,
        organization,
        before,
        after,
        because: gained.flatMap(gain => gain.because),
      },
    ];
  });
}

export function groupRemovals(
  removals: readonly Entitlement[],
  goes: (e: Entitlement) => boolean,
  organizations: ReadonlySet<string>,
): Step[] {
  return removals.flatMap(removal =>
    removal.kind === 'group' && goes(removal) && organizations.has(removal.organization)
      ? [{ kind: 'group-remove' as const, organization: removal.organization, group: removal.target }]
      : [],
  );
}

/** @param held everything that the account holds */
export function organizationRemovals(
  removals: readonly Entitlement[],
  goes: (e: Entitlement) => boolean,
  held: readonly Entitlement[],
): Step[] {
  return removals.flatMap(removal => {
    if (removal.kind !== 'organization' || !goes(removal)) return [];
    const { organization } = removal;
    const byHand = held.filter(one => one.organization === organization && one.kind !== 'organization' && !goes(one));
    return [{ kind: 'organization-remove' as const, organization, ...(byHand.length > 0 && { byHand }) }];
  });
}
