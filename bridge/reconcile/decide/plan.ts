/**
 * The difference between what a person should have and what the account has, as ordered steps. Pure data: the same plan
 * is applied, guarded, printed. A plan with no steps calls nothing; every step is one call to Coder, or a wish to a
 * group's writer.
 */
import { type Desired, type Reasoned } from './desired';
import { type Entitlement, keyOf, isImplied } from './entitlement';
import { NO_SYNC, type SyncSettings } from './rules';
import {
  type Actual,
  groupRemovals,
  organizationRemovals,
  organizationRoleSteps,
  siteRoleStep,
  type Step,
} from './steps';

export interface PlanInput {
  readonly desired: Desired;
  readonly actual: Actual;
  /** Whether it is the bridge's to take: named in a mapping, or given by the bridge. */
  readonly managed: (entitlement: Entitlement) => boolean;
  /** The same, though it may be unclear at the moment which group gives it: it is nobody's hand that gave it. @default as `managed` */
  readonly declared?: ((entitlement: Entitlement) => boolean) | undefined;
  readonly defaultOrganization: string;
  readonly sync: SyncSettings;
  /** What becomes of the account of somebody who leaves. @default 'suspend' */
  readonly leaving?: 'suspend' | 'delete' | undefined;
  /** The guard's word on each removal. @default everything may go */
  readonly allows?: ((removal: Removal) => boolean) | undefined;
  /** The guard's word on each gain that lets somebody in or gives privilege. @default everything may be given */
  readonly allowsGain?: ((gain: GuardedGain) => boolean) | undefined;
}

/** Something that a person loses: the account, or one entitlement. */
export type Removal =
  { readonly kind: 'account'; /** For good, not locked. */ readonly deletes: boolean } | Entitlement;

/** Something that an accident must not give to many: being let in again, or a role that rules over others. */
export type GuardedGain = { readonly kind: 'activation' } | Entitlement;

const PRIVILEGED: ReadonlySet<string> = new Set(['owner', 'user-admin', 'organization-admin']);

/** Whether a role rules over others' access. */
export function isPrivileged({ kind, target }: Entitlement): boolean {
  return (kind === 'site-role' || kind === 'organization-role') && PRIVILEGED.has(target);
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Given by the steps. */
  readonly gains: readonly Reasoned[];
  /** Everything that the person would lose, allowed or not. */
  readonly removals: readonly Removal[];
  /** Wanted, but governed by Coder's sign-in sync. */
  readonly blocked: readonly Entitlement[];
  /** What of it the guard counts as gained, allowed or not. */
  readonly guardedGains: readonly GuardedGain[];
  /** Coder suspends no owner: this one is an owner by somebody's hand, and is none afterwards. */
  readonly endsFormerOwner: boolean;
}

/** A plan of nothing. */
export const NO_PLAN: Plan = {
  steps: [],
  gains: [],
  removals: [],
  blocked: [],
  guardedGains: [],
  endsFormerOwner: false,
};

export function removalKey(removal: Removal): string {
  if (removal.kind !== 'account') return keyOf(removal);
  return removal.deletes ? 'account deleted' : 'account';
}

export function gainKey(gain: GuardedGain): string {
  return gain.kind === 'activation' ? 'activation' : keyOf(gain);
}

/** The shortest ordered way from actual to desired, as far as the guard and Coder's own sync let it. */
export function plan(input: PlanInput): Plan {
  return input.desired.account === 'absent' ? planLeaving(input) : planPresent(input);
}

const isAllowed = (input: PlanInput, removal: Removal): boolean => input.allows?.(removal) ?? true;

/** The entitlements that an account holds. */
export function entitlementsOf(actual: Actual): Entitlement[] {
  return [
    ...actual.siteRoles.map(target => ({ kind: 'site-role' as const, organization: '', target })),
    ...actual.organizations.map(organization => ({ kind: 'organization' as const, organization, target: '' })),
    ...[...actual.organizationRoles].flatMap(([organization, roles]) =>
      roles.map(target => ({ kind: 'organization-role' as const, organization, target })),
    ),
    ...[...actual.groups].map(([target, organization]) => ({ kind: 'group' as const, organization, target })),
  ].filter(entitlement => !isImplied(entitlement.target));
}

/** Whether Coder's own sign-in sync governs it. */
export function isFrozen(sync: SyncSettings, { kind, organization }: Entitlement): boolean {
  switch (kind) {
    case 'site-role':
      return sync.siteRoles;
    case 'organization':
      return sync.organizations;
    case 'organization-role':
      return sync.organizationRoles.has(organization);
    case 'group':
      return sync.groups.has(organization);
  }
}

function planPresent(input: PlanInput): Plan {
  const { desired, actual } = input;
  const sync = actual.loginType === 'oidc' ? input.sync : NO_SYNC;
  const has = new Map(entitlementsOf(actual).map(entitlement => [keyOf(entitlement), entitlement]));
  const blocked: Entitlement[] = [];
  const guardedGains: GuardedGain[] = actual.status === 'suspended' ? [{ kind: 'activation' }] : [];
  const allowsGain = input.allowsGain ?? (() => true);
  let gains: Reasoned[] = [];
  for (const [key, wanted] of desired.entitlements) {
    if (has.has(key)) continue;
    if (isFrozen(sync, wanted)) {
      blocked.push(wanted);
      continue;
    }
    if (isPrivileged(wanted)) guardedGains.push(wanted);
    if (!isPrivileged(wanted) || allowsGain(wanted)) gains.push(wanted);
  }
  let removals = [...has.values()].filter(
    entitlement =>
      !desired.entitlements.has(keyOf(entitlement)) && !isFrozen(sync, entitlement) && input.managed(entitlement),
  );

  // Nobody who has an account is left without any organization.
  const leftOrganizations = new Set(
    removals.filter(removal => removal.kind === 'organization').map(removal => removal.organization),
  );
  const stays =
    actual.organizations.some(organization => !leftOrganizations.has(organization)) ||
    gains.some(gain => gain.kind === 'organization');
  if (!stays && !sync.organizations) {
    if (leftOrganizations.has(input.defaultOrganization))
      removals = removals.filter(
        removal => removal.kind !== 'organization' || removal.organization !== input.defaultOrganization,
      );
    else gains.push({ kind: 'organization', organization: input.defaultOrganization, target: '', because: [] });
  }

  // Whoever may not be let in again gets nothing either.
  if (actual.status === 'suspended' && desired.unclear === true) return NO_PLAN;
  if (actual.status === 'suspended' && !allowsGain({ kind: 'activation' }))
    return { ...NO_PLAN, removals, blocked, guardedGains };

  const going = new Set(removals.filter(removal => isAllowed(input, removal)).map(keyOf));
  // A membership takes the groups and roles in it along: it goes only when all of them may.
  for (const removal of removals)
    if (
      removal.kind === 'organization' &&
      removals.some(other => other.organization === removal.organization && !going.has(keyOf(other)))
    )
      going.delete(keyOf(removal));
  const goes = (entitlement: Entitlement): boolean => going.has(keyOf(entitlement));
  const organizations = new Set([
    ...actual.organizations.filter(organization => !goes({ kind: 'organization', organization, target: '' })),
    ...gains.filter(gain => gain.kind === 'organization').map(gain => gain.organization),
  ]);
  gains = gains.filter(gain => {
    if (gain.kind === 'site-role' || gain.kind === 'organization' || organizations.has(gain.organization)) return true;
    blocked.push(gain);
    return false;
  });

  const steps: Step[] = actual.status === 'suspended' ? [{ kind: 'activate' }] : [];
  // What somebody changes while other calls are made would be undone by the whole list: that of most weight goes first.
  steps.push(...siteRoleStep(actual, gains, goes));
  for (const gain of gains)
    if (gain.kind === 'organization')
      steps.push({ kind: 'organization-add', organization: gain.organization, because: gain.because });
  steps.push(...organizationRoleSteps(actual, gains, goes, organizations));
  for (const gain of gains)
    if (gain.kind === 'group')
      steps.push({ kind: 'group-add', organization: gain.organization, group: gain.target, because: gain.because });
  steps.push(
    ...groupRemovals(removals, goes, organizations),
    ...organizationRemovals(removals, goes, [...has.values()]),
  );
  return { steps, gains, removals, blocked, guardedGains, endsFormerOwner: false };
}

/** Memberships stay through a suspension: the account is locked anyway, and what was given by hand in there survives. */
function planLeaving(input: PlanInput): Plan {
  const { actual } = input;
  const deletes = input.leaving === 'delete';
  const out = actual.status === 'suspended' && !deletes;
  const sync = actual.loginType === 'oidc' ? input.sync : NO_SYNC;
  const entitlements = entitlementsOf(actual).filter(entitlement => {
    if (entitlement.kind === 'organization') return deletes && input.managed(entitlement);
    if (entitlement.kind === 'group') return input.managed(entitlement);
    // Coder does not suspend owners, whoever made them one.
    if (isOwner(entitlement) && !out) return true;
    return !isFrozen(sync, entitlement) && input.managed(entitlement);
  });
  const { declared = input.managed } = input;
  const endsFormerOwner = !out && entitlements.some(entitlement => isOwner(entitlement) && !declared(entitlement));
  // Whoever is locked out already loses no account a second time, though it may still be deleted.
  const removals: Removal[] =
    actual.status === 'suspended' ? entitlements : [{ kind: 'account', deletes }, ...entitlements];
  if (!removals.every(removal => isAllowed(input, removal))) return { ...NO_PLAN, removals, endsFormerOwner };
  if (deletes) return { ...NO_PLAN, steps: [{ kind: 'delete' }], removals, endsFormerOwner };
  const going = new Set(entitlements.map(keyOf));
  const goes = (entitlement: Entitlement): boolean => going.has(keyOf(entitlement));
  const organizations = new Set(actual.organizations);
  const siteRoles = siteRoleStep(actual, [], goes);
  // Coder suspends no owner; whatever else is to be taken waits for the lock, and does not keep it waiting.
  const first = actual.siteRoles.includes('owner');
  return {
    ...NO_PLAN,
    steps: [
      ...(first ? siteRoles : []),
      ...(out ? [] : [{ kind: 'suspend' as const }]),
      ...(first ? [] : siteRoles),
      ...organizationRoleSteps(actual, [], goes, organizations),
      ...groupRemovals(entitlements, goes, organizations),
    ],
    removals,
    endsFormerOwner,
  };
}

export function isOwner({ kind, target }: Entitlement): boolean {
  return kind === 'site-role' && target === 'owner';
}
