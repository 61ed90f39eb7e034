/** What the groups of the run's identity provider mean in Coder; the mapping state is written from it, and the verdict reads it. */
import { type MappingStateInput } from '../../bridge/contract/mapping-state';

export const APP = 'kill';
/** Groups with this at the beginning of their name become Coder groups of their own. */
export const TEAM_PREFIX = 'team-';
export const DEFAULT_ORGANIZATION = 'coder';
export const FURTHER_ORGANIZATIONS = ['research', 'operations'] as const;

export interface Meaning {
  readonly siteRole?: string;
  readonly organization?: string;
  readonly organizationRole?: string;
  /** Name of a Coder group, in `organization`. */
  readonly group?: string;
}

/** By displayName of the identity provider's group. */
export const MEANINGS: Readonly<Record<string, readonly Meaning[]>> = {
  developers: [{ organization: DEFAULT_ORGANIZATION, group: 'developers' }],
  platform: [{ siteRole: 'template-admin' }, { organization: DEFAULT_ORGANIZATION, group: 'platform' }],
  auditors: [{ siteRole: 'auditor' }],
  supervisors: [{ siteRole: 'auditor' }, { siteRole: 'template-admin' }],
  admins: [{ siteRole: 'owner' }],
  gpu: [{ organization: 'research', group: 'gpu' }],
  'research-leads': [
    { organization: 'research', organizationRole: 'organization-admin' },
    { organization: 'research', group: 'gpu' },
  ],
  'on-call': [{ organization: 'operations', group: 'on-call' }],
  operations: [{ organization: 'operations' }],
};

export const MANAGED_SITE_ROLES = new Set(
  Object.values(MEANINGS).flatMap(meanings => meanings.flatMap(({ siteRole }) => siteRole ?? [])),
);

export function mappingState(tokens: NonNullable<MappingStateInput['tokens']>): MappingStateInput {
  const state = { groupMappings: {}, roleMappings: {}, organizationMappings: {} } as Record<
    'groupMappings' | 'roleMappings' | 'organizationMappings',
    Record<string, object>
  >;
  for (const [idpGroup, meanings] of Object.entries(MEANINGS)) {
    for (const [index, { siteRole, organization, organizationRole, group }] of meanings.entries()) {
      const key = `${idpGroup}-${index}`;
      const where = organization === undefined ? {} : { organization };
      if (group !== undefined) state.groupMappings[key] = { idpGroup, ...where, group };
      else if (siteRole !== undefined) state.roleMappings[key] = { idpGroup, role: siteRole };
      else if (organizationRole !== undefined) state.roleMappings[key] = { idpGroup, ...where, role: organizationRole };
      else state.organizationMappings[key] = { idpGroup, ...where };
    }
  }
  return {
    version: 1,
    app: APP,
    tokens,
    ...state,
    pushedGroups: { prefix: TEAM_PREFIX },
    // The run takes away as much as chance wants; what the guard does has tests of its own.
    guard: { maxRemovalsPercent: 100, minRemovals: 1_000_000, maxPrivilegeGains: 1_000_000 },
  } as MappingStateInput;
}
