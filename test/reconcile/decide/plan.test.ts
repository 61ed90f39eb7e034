/** Laws of the plan: minimal, complete, and blind to what is not the bridge's. */
import fc from 'fast-check';
import { type Desired, type Reasoned } from '../../../bridge/reconcile/decide/desired';
import { type Entitlement, keyOf } from '../../../bridge/reconcile/decide/entitlement';
import { plan, type PlanInput, type Removal } from '../../../bridge/reconcile/decide/plan';
import { type Actual, type Step } from '../../../bridge/reconcile/decide/steps';
import { NO_SYNC } from '../../../bridge/reconcile/decide/rules';

const ORGANIZATIONS = ['default', 'science', 'sales'];
const SITE_ROLES = ['owner', 'auditor', 'template-admin', 'user-admin', 'member'];
const ORGANIZATION_ROLES = ['organization-admin', 'organization-auditor', 'reader'];
const GROUPS = ORGANIZATIONS.flatMap(organization => [`${organization}-a`, `${organization}-b`]);
const organizationOf = (group: string): string => group.split('-')[0] ?? '';

const entitlements: Entitlement[] = [
  ...SITE_ROLES.filter(role => role !== 'member').map(target => ({
    kind: 'site-role' as const,
    organization: '',
    target,
  })),
  ...ORGANIZATIONS.map(organization => ({ kind: 'organization' as const, organization, target: '' })),
  ...ORGANIZATIONS.flatMap(organization =>
    ORGANIZATION_ROLES.map(target => ({ kind: 'organization-role' as const, organization, target })),
  ),
  ...GROUPS.map(target => ({ kind: 'group' as const, organization: organizationOf(target), target })),
];

const actuals: fc.Arbitrary<Actual> = fc
  .record({
    status: fc.constantFrom('active', 'dormant', 'suspended'),
    siteRoles: fc.uniqueArray(fc.constantFrom(...SITE_ROLES)),
    memberships: fc.uniqueArray(
      fc.record({
        organization: fc.constantFrom(...ORGANIZATIONS),
        roles: fc.uniqueArray(fc.constantFrom(...ORGANIZATION_ROLES)),
        groups: fc.uniqueArray(fc.constantFrom('a', 'b')),
      }),
      { selector: membership => membership.organization },
    ),
  })
  .map(({ status, siteRoles, memberships }) => ({
    status: status,
    loginType: 'oidc',
    siteRoles,
    organizations: memberships.map(membership => membership.organization),
    organizationRoles: new Map(memberships.map(membership => [membership.organization, membership.roles])),
    groups: new Map(
      memberships.flatMap(({ organization, groups }) =>
        groups.map(group => [`${organization}-${group}`, organization] as const),
      ),
    ),
  }));

const desires: fc.Arbitrary<Desired> = fc
  .record({
    present: fc.boolean(),
    wanted: fc.subarray(entitlements.filter(entitlement => entitlement.kind !== 'organization')),
    memberships: fc.subarray(ORGANIZATIONS),
  })
  .map(({ present, wanted, memberships }) => {
    const all = [
      ...wanted,
      ...[...wanted.map(entitlement => entitlement.organization), ...memberships]
        .filter(organization => organization !== '')
        .map(organization => ({ kind: 'organization' as const, organization, target: '' })),
    ];
    const reasoned = new Map(
      all.map(entitlement => [
        keyOf(entitlement),
        { ...entitlement, because: [{ idpGroup: 'g', mapping: 'm' }] } satisfies Reasoned,
      ]),
    );
    return present
      ? { account: 'present' as const, entitlements: reasoned }
      : { account: 'absent' as const, entitlements: new Map() };
  });

const inputs = fc
  .record({ actual: actuals, desired: desires, managed: fc.subarray(entitlements) })
  .map(({ actual, desired, managed }): PlanInput => {
    const keys = new Set(managed.map(keyOf));
    return {
      actual,
      desired,
      managed: entitlement => keys.has(keyOf(entitlement)),
      defaultOrganization: 'default',
      sync: NO_SYNC,
    };
  });

/** Coder, as far as a plan can change it. */
function apply(actual: Actual, steps: readonly Step[]): Actual {
  let { status, siteRoles } = actual;
  const organizations = new Set(actual.organizations);
  const roles = new Map(actual.organizationRoles);
  const groups = new Map(actual.groups);
  for (const step of steps) {
    switch (step.kind) {
      case 'activate':
        status = 'active';
        break;
      case 'suspend':
        if (siteRoles.includes('owner')) throw new Error('Coder suspends no owner');
        status = 'suspended';
        break;
      case 'delete':
        throw new Error('nobody asked for that');
      case 'site-roles':
        siteRoles = step.after;
        break;
      case 'organization-add':
        organizations.add(step.organization);
        break;
      case 'organization-remove':
        organizations.delete(step.organization);
        roles.delete(step.organization);
        for (const [group, organization] of groups) if (organization === step.organization) groups.delete(group);
        break;
      case 'organization-roles':
        if (!organizations.has(step.organization)) throw new Error('no member');
        roles.set(step.organization, step.after);
        break;
      case 'group-add':
        if (!organizations.has(step.organization)) throw new Error('no member');
        groups.set(step.group, step.organization);
        break;
      case 'group-remove':
        if (!organizations.has(step.organization)) throw new Error('no member');
        groups.delete(step.group);
    }
  }
  return { ...actual, status, siteRoles, organizations: [...organizations], organizationRoles: roles, groups };
}

function keysOf(actual: Actual): Set<string> {
  return new Set(
    [
      ...actual.siteRoles.map(target => ({ kind: 'site-role' as const, organization: '', target })),
      ...actual.organizations.map(organization => ({ kind: 'organization' as const, organization, target: '' })),
      ...[...actual.organizationRoles].flatMap(([organization, roles]) =>
        roles.map(target => ({ kind: 'organization-role' as const, organization, target })),
      ),
      ...[...actual.groups].map(([target, organization]) => ({ kind: 'group' as const, organization, target })),
    ].map(keyOf),
  );
}

const check = (property: (input: PlanInput) => void): void =>
  fc.assert(fc.property(inputs, property), { numRuns: 600 });

it('reaches what is desired, and has nothing to do then', () => {
  check(input => {
    const { steps } = plan(input);
    const after = apply(input.actual, steps);
    expect(plan({ ...input, actual: after }).steps).toEqual([]);
    if (input.desired.account === 'absent') {
      expect(after.status).toBe('suspended');
      return;
    }
    expect(after.status).not.toBe('suspended');
    const keys = keysOf(after);
    for (const key of input.desired.entitlements.keys()) expect(keys).toContain(key);
    expect(after.organizations.length).toBeGreaterThan(0);
  });
});

it('takes nothing that is not managed, save an owner who is locked out and what goes with a membership', () => {
  check(input => {
    const after = keysOf(apply(input.actual, plan(input).steps));
    for (const key of keysOf(input.actual)) {
      if (after.has(key)) continue;
      const [kind = '', organization = '', target = ''] = key.split(' ');
      const entitlement = { kind, organization, target } as Entitlement;
      const withMembership =
        (kind === 'group' || kind === 'organization-role') && !after.has(`organization ${organization} `);
      const owner = target === 'owner' && input.desired.account === 'absent';
      expect(input.managed(entitlement) || withMembership || owner).toBe(true);
    }
  });
});

it('never asks for more than one call for each thing that can be written', () => {
  check(input => {
    const calls = plan(input).steps.map(step =>
      'group' in step
        ? `group ${step.group}`
        : 'organization' in step
          ? `${step.kind} ${step.organization}`
          : step.kind,
    );
    expect(new Set(calls).size).toBe(calls.length);
    for (const step of plan(input).steps)
      if ('after' in step) expect([...step.after].sort()).not.toEqual([...step.before].sort());
  });
});

it('keeps everything that the guard does not let go, and still gives', () => {
  fc.assert(
    fc.property(inputs, fc.func(fc.boolean()), (input, allowed) => {
      const allows = (removal: Removal): boolean => allowed(removal.kind === 'account' ? 'account' : keyOf(removal));
      const { steps, removals, gains } = plan({ ...input, allows });
      const after = keysOf(apply(input.actual, steps));
      for (const removal of removals)
        if (removal.kind !== 'account' && !allows(removal)) expect(after).toContain(keyOf(removal));
      for (const gain of gains) expect(after).toContain(keyOf(gain));
    }),
    { numRuns: 600 },
  );
});

it('leaves alone what sign-in sync governs, for accounts that sign in by OIDC', () => {
  fc.assert(
    fc.property(inputs, fc.constantFrom('oidc', 'password'), (input, loginType) => {
      if (input.desired.account === 'absent') return;
      const sync = {
        siteRoles: true,
        organizations: true,
        organizationRoles: new Set(ORGANIZATIONS),
        groups: new Set(ORGANIZATIONS),
      };
      const { steps } = plan({ ...input, actual: { ...input.actual, loginType }, sync });
      if (loginType === 'oidc') expect(steps.filter(step => step.kind !== 'activate')).toEqual([]);
    }),
  );
});

it('deletes with one call where that is the policy, owners included', () => {
  check(input => {
    if (input.desired.account === 'present') return;
    expect(plan({ ...input, leaving: 'delete' }).steps).toEqual([{ kind: 'delete' }]);
  });
});
