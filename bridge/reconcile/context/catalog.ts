/** What Coder has that rules are resolved against: organizations, their roles, its own sign-in sync, and who we are. */
import {
  type CoderClient,
  CoderError,
  type CoderErrorKind,
  type CoderOrganization,
  type CoderRole,
  type CoderRoles,
  workspaceRights,
} from '../../coder';
import { type MappingState, ORGANIZATION_ROLES } from '../../contract/mapping-state';
import { type Catalog } from '../decide/context';
import { findOrganization, findRole, type KnownOrganization, organizationMeant } from '../decide/rules';

/** Names of the organizations that mapping states speak of. */
export function namedOrganizations(states: readonly MappingState[]): Set<string> {
  return new Set(
    states.flatMap(state =>
      [
        ...Object.values(state.groupMappings),
        ...Object.values(state.roleMappings),
        ...Object.values(state.organizationMappings),
        ...Object.values(state.customRoles),
        ...(state.pushedGroups === undefined ? [] : [state.pushedGroups]),
      ].flatMap(mapping => mapping.organization ?? []),
    ),
  );
}

/**
 * Whether documents name an organization or a role that was not read, or not there, when this was: another replica may have been told of them,
 * or somebody has just made them.
 */
export function isBehind({ organizations }: Pick<Catalog, 'organizations'>, states: readonly MappingState[]): boolean {
  const isUnread = (name: string): boolean => findOrganization(organizations, name)?.roles === undefined;
  const lacksRole = (organization: string, role: string): boolean => {
    const found = findOrganization(organizations, organization);
    return found !== undefined && found.roles !== 'unreadable' && findRole(found, role) === undefined;
  };
  return (
    [...namedOrganizations(states)].some(isUnread) ||
    states
      .flatMap(({ roleMappings }) => Object.values(roleMappings))
      .some(({ organization, role }) => organization !== undefined && lacksRole(organization, role))
  );
}

const UNREADABLE: readonly CoderErrorKind[] = ['forbidden', 'not_found_or_forbidden', 'licence', 'unsupported'];
/** What one route of Coder fails with while the others answer. */
const FAILS_IN_PART: readonly CoderErrorKind[] = ['failed', 'timeout', 'unexpected', 'incomplete_listing'];

const isOf = (kinds: readonly CoderErrorKind[], error: unknown): error is CoderError =>
  error instanceof CoderError && kinds.includes(error.kind);

/** Whether it may be a part of Coder that failed, and the rest could be read. */
export function mayBeInPart(error: unknown): boolean {
  return isOf(FAILS_IN_PART, error);
}

/** Reads what may be missing: it becomes a problem in words, and undefined. */
class Reading {
  readonly problems: string[] = [];
  /** Whether something failed that another look may find. */
  isPartial = false;

  constructor(private readonly takesFailures: boolean) {}

  /** @param what none where the lack of it is told elsewhere, or nothing depends on it */
  async orNone<T>(read: Promise<T>, what?: string): Promise<T | undefined> {
    const found = await this.#read(read, what);
    return typeof found === 'object' ? found.value : undefined;
  }

  /** Whether a sync of Coder's is on. One that Coder fails to tell counts as on: what it governs is neither given nor taken. */
  async isOn(read: Promise<{ readonly field: string }>, what: string): Promise<boolean> {
    const found = await this.#read(read, what);
    return typeof found === 'object' ? found.value.field !== '' : found === 'failed';
  }

  async #read<T>(read: Promise<T>, what: string | undefined): Promise<{ readonly value: T } | 'unreadable' | 'failed'> {
    try {
      return { value: await read };
    } catch (error) {
      const failed = this.takesFailures && mayBeInPart(error);
      if (!(failed || isOf(UNREADABLE, error))) throw error;
      this.isPartial ||= failed;
      if (what !== undefined) this.problems.push(`${what} can not be read: ${(error as CoderError).message}`);
      return failed ? 'failed' : 'unreadable';
    }
  }
}

export interface ToRead {
  readonly states: readonly MappingState[];
  /** Ids of organizations by the folded names under which documents found them last. */
  readonly foundAs: ReadonlyMap<string, string>;
  /** Whether it is to be known if Coder's site role sync is on, though no document has a site role. */
  readonly asksSiteRoleSync: boolean;
  readonly now: number;
  /** Whether what Coder fails to tell is taken like what it may not tell, and the rest counts. @default false */
  readonly inPart?: boolean | undefined;
}

/**
 * Reads what the mapping states of all apps need: three calls for each organization they name, four in all besides,
 * and one for each other organization in which the account itself holds a custom role.
 * @throws CoderError when Coder can't be asked
 */
export async function loadCatalog(
  coder: CoderClient,
  { states, foundAs, asksSiteRoleSync, now, inPart = false }: ToRead,
): Promise<Catalog> {
  const reading = new Reading(inPart);
  const tokenChanges = await coder.tokenChanges();
  const [organizations, own, organizationSync] = await Promise.all([
    coder.listOrganizations(),
    coder.whoami(),
    reading.isOn(coder.getOrganizationSync(), 'organization sync settings'),
  ]);
  const namesOf = (id: string): string[] => [...foundAs].flatMap(([name, found]) => (found === id ? [name] : []));
  const known = organizations.map(one => ({ ...knownOrganization(one), foundAs: namesOf(one.id) }));
  const siteRoles =
    asksSiteRoleSync ||
    states.some(state => Object.values(state.roleMappings).some(mapping => mapping.organization === undefined));
  const siteRoleSync = siteRoles
    ? ((await reading.orNone(coder.getSiteRoleSync())) ?? { state: 'unknown' as const })
    : { state: 'off' as const };
  const organizationRoles = new Set<string>();
  const groups = new Set<string>();
  const named = new Set([...namedOrganizations(states)].flatMap(name => organizationMeant(known, name)?.id ?? []));
  const customRoles = new Map<string, readonly CoderRole[]>();
  const resolved = await Promise.all(
    known.map(async organization => {
      if (!named.has(organization.id)) {
        if (holdsCustomRole(own.roles, organization.id))
          customRoles.set(organization.id, (await reading.orNone(coder.listOrganizationRoles(organization.id))) ?? []);
        return organization;
      }
      const of = `of organization ${JSON.stringify(organization.name)}`;
      const [roles, roleSync, groupSync] = await Promise.all([
        reading.orNone(coder.listOrganizationRoles(organization.id), `roles ${of}`),
        reading.isOn(coder.getRoleSync(organization.id), `role sync settings ${of}`),
        reading.isOn(coder.getGroupSync(organization.id), `group sync settings ${of}`),
      ]);
      customRoles.set(organization.id, roles ?? []);
      if (roleSync) organizationRoles.add(organization.id);
      if (groupSync) groups.add(organization.id);
      return { ...organization, roles: roles?.map(role => role.name) ?? ('unreadable' as const) };
    }),
  );
  const fallback = known.find(organization => organization.isDefault) ?? known[0];
  return {
    organizations: resolved,
    defaultOrganization: fallback?.id ?? '',
    sync: {
      siteRoles: siteRoleSync.state === 'on',
      organizations: organizationSync,
      organizationRoles,
      groups,
    },
    own: { id: own.user.id, username: own.user.username },
    workspaceRights: workspaceRights(
      own.roles,
      known.map(organization => organization.id),
      customRoles,
    ),
    problems: reading.problems,
    isPartial: reading.isPartial,
    loadedAt: now,
    tokenChanges,
    siteRoleSyncKnown: siteRoles && siteRoleSync.state !== 'unknown',
  };
}

/** Owners may do everything: nobody asks what their roles say. */
function holdsCustomRole({ site, organizations }: CoderRoles, organization: string): boolean {
  const builtIn: readonly string[] = ORGANIZATION_ROLES;
  return !site.includes('owner') && (organizations.get(organization) ?? []).some(role => !builtIn.includes(role));
}

function knownOrganization(organization: CoderOrganization): KnownOrganization {
  return {
    id: organization.id,
    name: organization.name,
    isDefault: organization.isDefault,
    roles: undefined,
    impliedRoles: organization.impliedRoles,
  };
}
