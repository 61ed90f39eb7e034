/** What a person can have in Coder, one thing at a time, and why. Pure. */

/** The identity provider's group and the mapping that ask for something. */
export interface Because {
  readonly idpGroup: string;
  /** e.g. `roleMappings/admins`, or `pushedGroups`. */
  readonly mapping: string;
}

/** One role, membership or group. Organizations and groups are Coder's ids. */
export interface Entitlement {
  readonly kind: 'site-role' | 'organization' | 'organization-role' | 'group';
  /** Empty for site roles. */
  readonly organization: string;
  /** Role name or group id; empty for a membership. */
  readonly target: string;
}

export type EntitlementKey = `${Entitlement['kind']} ${string} ${string}`;

export function keyOf(entitlement: Entitlement): EntitlementKey {
  return `${entitlement.kind} ${entitlement.organization} ${entitlement.target}`;
}

/** Roles that everybody has, or that come with every membership: tolerated where somebody assigned them, never managed. */
const IMPLIED_ROLES = new Set(['member', 'organization-member']);

export function isImplied(role: string): boolean {
  return IMPLIED_ROLES.has(role);
}
