/** Directory and rules in, what a person should have in Coder out. Pure: no I/O, no clock. */
import { type DirectoryGroup, type DirectoryUser } from '../../contract/directory';
import { type Because, type Entitlement, type EntitlementKey, keyOf } from './entitlement';
import { type AppRules, isPushed, rulesOf } from './rules';

/** An entitlement with every reason for it. */
export interface Reasoned extends Entitlement {
  readonly because: readonly Because[];
}

export interface Desired {
  /** `absent`: the person is to be locked out. */
  readonly account: 'present' | 'absent';
  /**
   * Nobody knows whether a group lets the person in, as several have the name that lets people in: whoever is in stays in, and nobody comes
   * in by it. @default somebody knows
   */
  readonly unclear?: boolean;
  readonly entitlements: ReadonlyMap<EntitlementKey, Reasoned>;
}

export const ABSENT: Desired = { account: 'absent', entitlements: new Map() };

/**
 * What one SCIM user should have: everything that the user's groups, direct and nested, map to. Nobody who is inactive,
 * or whose app is being deleted, has anything.
 */
export function desire(rules: AppRules, user: DirectoryUser, groups: readonly DirectoryGroup[]): Desired {
  if (!user.active || rules.deleting) return ABSENT;
  const entitlements = new Map<EntitlementKey, { entitlement: Entitlement; because: Because[] }>();
  let mapped = false;
  let unclear = false;
  const give = (entitlement: Entitlement, because: Because): void => {
    const key = keyOf(entitlement);
    const known = entitlements.get(key);
    if (known === undefined) entitlements.set(key, { entitlement, because: [because] });
    else known.because.push(because);
  };
  for (const group of groups) {
    for (const rule of rulesOf(rules, group)) {
      mapped = true;
      for (const entitlement of rule.gives) give(entitlement, { idpGroup: group.displayName, mapping: rule.name });
    }
    unclear ||= rules.unclearGroups.has(group.id);
    if (rules.state.mode !== 'push' || !isPushed(rules.state, group)) continue;
    // Whether or not its Coder group is there just now.
    mapped = true;
    const pushed = rules.pushed.get(group.id);
    if (pushed === undefined) continue;
    const because = { idpGroup: group.displayName, mapping: 'pushedGroups' };
    give({ kind: 'organization', organization: pushed.organization, target: '' }, because);
    give({ kind: 'group', organization: pushed.organization, target: pushed.id }, because);
  }
  const isLetIn = mapped || rules.state.policies.accounts !== 'mapped';
  if (!isLetIn && !unclear) return ABSENT;
  return {
    account: 'present',
    ...(!isLetIn && { unclear: true }),
    entitlements: new Map(
      [...entitlements].map(([key, { entitlement, because }]) => [key, { ...entitlement, because }]),
    ),
  };
}

/** One account for several SCIM users: it has what any of them has, and is locked out only if all of them are. */
export function unite(desires: readonly Desired[]): Desired {
  const present = desires.filter(desired => desired.account === 'present');
  const [only] = present;
  if (only === undefined) return ABSENT;
  if (present.length === 1) return only;
  const entitlements = new Map<EntitlementKey, Reasoned>();
  for (const desired of present) {
    for (const [key, reasoned] of desired.entitlements) {
      const known = entitlements.get(key);
      entitlements.set(
        key,
        known === undefined ? reasoned : { ...known, because: [...known.because, ...reasoned.because] },
      );
    }
  }
  return { account: 'present', ...(present.every(({ unclear }) => unclear) && { unclear: true }), entitlements };
}
