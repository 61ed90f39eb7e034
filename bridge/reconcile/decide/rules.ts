/**
 * The mapping states of all apps, resolved against what Coder has: which group of an identity provider gives what. Pure.
 * What can not be resolved becomes a problem in words, and the rest still counts.
 */
import { type DirectoryGroup } from '../../contract/directory';
import { DEFAULT_ORGANIZATION, type MappingState } from '../../contract/mapping-state';
import { type Entitlement, type EntitlementKey, isImplied, keyOf } from './entitlement';
import { identityKey } from '../../contract/identity';
import { namesakesOf, sharedByIdentity } from './namesakes';

/** An organization as far as rules need it. */
export interface KnownOrganization {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** Folded names under which documents found it last: its own, or those that it had until somebody renamed it. */
  readonly foundAs?: readonly string[] | undefined;
  /** Names of the roles there; undefined when nobody needed them, `unreadable` where Coder would not say. */
  readonly roles: readonly string[] | 'unreadable' | undefined;
  /** Roles that every member has without being given them. */
  readonly impliedRoles: readonly string[];
}

/** Parts of Coder that its own sign-in sync governs: pushes there are refused, or undone at the next sign-in. */
export interface SyncSettings {
  readonly siteRoles: boolean;
  readonly organizations: boolean;
  /** Organization ids whose role sync is on. */
  readonly organizationRoles: ReadonlySet<string>;
  /** Organization ids whose group sync is on. */
  readonly groups: ReadonlySet<string>;
}

export const NO_SYNC: SyncSettings = {
  siteRoles: false,
  organizations: false,
  organizationRoles: new Set(),
  groups: new Set(),
};

export interface KnownGroup {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly scimGroupId: string | undefined;
}

export interface RuleInput {
  readonly app: string;
  readonly state: MappingState;
  readonly deleting: boolean;
  readonly organizations: readonly KnownOrganization[];
  readonly groups: readonly KnownGroup[];
  readonly sync: SyncSettings;
  /** SCIM group ids by mapping name, for groups that the directory still has. */
  readonly bindings: ReadonlyMap<string, string>;
  /** Whether a mapping has ever matched a group. One that has not says nothing of anybody yet, so it takes nothing. */
  readonly hasMatched: (mapping: string) => boolean;
  /** Groups that share their displayName with another one: a mapping by that name is held. */
  readonly namesakes?: readonly { readonly id: string; readonly displayName: string }[] | undefined;
  /** Plan groups that are not there yet under a stand-in id, instead of leaving them out. */
  readonly imagine?: boolean | undefined;
}

/** One mapping, ready to be applied to groups. */
export interface Rule {
  readonly name: string;
  readonly gives: readonly Entitlement[];
}

/** An app's rules by how they find their group. */
export interface AppRules {
  readonly app: string;
  readonly state: MappingState;
  readonly deleting: boolean;
  readonly byGroupId: ReadonlyMap<string, readonly Rule[]>;
  readonly byExternalId: ReadonlyMap<string, readonly Rule[]>;
  readonly byName: ReadonlyMap<string, readonly Rule[]>;
  /** Coder group of each pushed group, by SCIM group id. */
  readonly pushed: ReadonlyMap<string, KnownGroup>;
  /** Everything that the mappings name. */
  readonly managed: ReadonlySet<EntitlementKey>;
  /**
   * What mappings give whose name several groups have, or whose organization has another name by now: neither given nor taken until it is
   * clear what is meant.
   */
  readonly unclear: ReadonlySet<EntitlementKey>;
  /** Names of those mappings. */
  readonly unclearMappings: ReadonlySet<string>;
  /** Ids of the groups of which one is meant by such a mapping. */
  readonly unclearGroups: ReadonlySet<string>;
  /** What each mapping gives, whether or not its group exists. */
  readonly gives: ReadonlyMap<string, readonly Entitlement[]>;
  readonly problems: readonly string[];
}

/** A displayName as mappings are compared with it: by the rule for identity, not by the directory's. */
export function foldName(name: string): string {
  return identityKey(name);
}

/** The organization that has a name, and had it when a document named it first: undefined where that one has another name by now. */
export function findOrganization(
  organizations: readonly KnownOrganization[],
  name: string,
): KnownOrganization | undefined {
  const named = organizationNamed(organizations, name);
  const meant = organizationFoundAs(organizations, name);
  return meant === undefined || meant.id === named?.id ? named : undefined;
}

/**
 * The organization that a document means: the one that had the name when it was named first, as long as it exists. A name that somebody
 * changed by hand says of nobody that they are to lose what they have there, nor that they are to get it where the name is now.
 */
export function organizationMeant(
  organizations: readonly KnownOrganization[],
  name: string,
): KnownOrganization | undefined {
  return organizationFoundAs(organizations, name) ?? organizationNamed(organizations, name);
}

/** The organization that has a name in Coder now, whatever was meant by it. */
function organizationNamed(organizations: readonly KnownOrganization[], name: string): KnownOrganization | undefined {
  const folded = identityKey(name);
  return (
    organizations.find(organization => identityKey(organization.name) === folded) ??
    (folded === DEFAULT_ORGANIZATION ? organizations.find(organization => organization.isDefault) : undefined)
  );
}

function organizationFoundAs(organizations: readonly KnownOrganization[], name: string): KnownOrganization | undefined {
  const folded = identityKey(name);
  return organizations.find(({ foundAs }) => foundAs?.includes(folded) === true);
}

/** A role of an organization as Coder spells it; undefined where there is none, or nobody knows. */
export function findRole({ roles }: KnownOrganization, name: string): string | undefined {
  const folded = identityKey(name);
  return roles === 'unreadable' ? undefined : roles?.find(known => identityKey(known) === folded);
}

/** Stand-in id of a group that is not there yet. */
export function imaginedGroup(organization: string, name: string): string {
  return `new:${organization}/${name}`;
}

/** Whether an app's pushed-group rule is about this group. */
export function isPushed(state: MappingState, group: Pick<DirectoryGroup, 'displayName'>): boolean {
  return (
    state.pushedGroups !== undefined && foldName(group.displayName).startsWith(foldName(state.pushedGroups.prefix))
  );
}

/** Resolves one app's mapping state. */
export function compileRules(input: RuleInput): AppRules {
  const { state } = input;
  const problems = new Set<string>();
  const rules: { rule: Rule; idpGroup: string | undefined; externalId: string | undefined }[] = [];
  const lost = new Set<string>();
  const organizationOf = (mapping: string, name: string): KnownOrganization | undefined => {
    const organization = organizationMeant(input.organizations, name);
    if (findOrganization(input.organizations, name) === undefined) {
      tellLost(problems, mapping, name, input, organization);
      lost.add(mapping);
    }
    return organization;
  };
  const pushes = state.mode === 'push';
  // Given by push before, and not written as a setting until `claims.organizations` is declared: until then it stays. So does what was given
  // in an organization that has another name by now.
  const waiting: Entitlement[] = [];
  const waits = (organization: KnownOrganization): boolean =>
    !pushes && state.claims.organizations === undefined && !organization.isDefault;
  const givesNow = (mapping: string, gives: readonly Entitlement[]): readonly Entitlement[] => {
    const isNow = pushes && !lost.has(mapping);
    if (!isNow) waiting.push(...gives);
    return isNow ? gives : [];
  };

  for (const [key, mapping] of Object.entries(state.groupMappings)) {
    const name = `groupMappings/${key}`;
    const organization = organizationOf(name, mapping.organization);
    const gives: Entitlement[] = [];
    if (organization !== undefined && (pushes || waits(organization))) {
      gives.push({ kind: 'organization', organization: organization.id, target: '' });
      const group = input.groups.find(known => known.organization === organization.id && known.name === mapping.group);
      if (pushes && input.sync.groups.has(organization.id))
        problems.add(
          `${name}: group sync is on in organization ${JSON.stringify(organization.name)} and would undo memberships at the next sign-in; they are held: turn it off, or set the app's mode to claims`,
        );
      if (group !== undefined) gives.push({ kind: 'group', organization: organization.id, target: group.id });
      else if (input.imagine === true && mapping.create)
        gives.push({
          kind: 'group',
          organization: organization.id,
          target: imaginedGroup(organization.id, mapping.group),
        });
    }
    rules.push({
      rule: { name, gives: givesNow(name, gives) },
      idpGroup: mapping.idpGroup,
      externalId: mapping.idpGroupExternalId,
    });
  }

  for (const [key, mapping] of Object.entries(state.roleMappings)) {
    const name = `roleMappings/${key}`;
    let gives: readonly Entitlement[] = [];
    if (mapping.organization === undefined) {
      if (input.sync.siteRoles)
        problems.add(
          `${name}: site role sync is on (CODER_OIDC_USER_ROLE_FIELD) and Coder refuses site roles from anybody else; they are held: unset it, or remove the mapping`,
        );
      if (!isImplied(mapping.role)) gives = [{ kind: 'site-role', organization: '', target: mapping.role }];
    } else {
      const organization = organizationOf(name, mapping.organization);
      if (organization !== undefined && (pushes || waits(organization))) {
        const inside: Entitlement[] = [{ kind: 'organization', organization: organization.id, target: '' }];
        const folded = identityKey(mapping.role);
        const declared = Object.values(state.customRoles).some(
          role =>
            identityKey(role.name) === folded &&
            organizationMeant(input.organizations, role.organization)?.id === organization.id,
        );
        const role = findRole(organization, mapping.role) ?? (declared ? folded : undefined);
        if (pushes && input.sync.organizationRoles.has(organization.id))
          problems.add(
            `${name}: role sync is on in organization ${JSON.stringify(organization.name)} and Coder refuses roles from anybody else; they are held: turn it off, or set the app's mode to claims`,
          );
        if (role !== undefined) {
          if (!isImplied(role) && !organization.impliedRoles.includes(role))
            inside.push({ kind: 'organization-role', organization: organization.id, target: role });
        } else if (pushes && organization.roles === 'unreadable')
          problems.add(
            `${name}: Coder does not tell the roles of organization ${JSON.stringify(organization.name)}, so no role of it is given or taken`,
          );
        else if (pushes)
          problems.add(
            `${name}: organization ${JSON.stringify(organization.name)} has no role ${JSON.stringify(mapping.role)}: wanted one of ${[organization.roles ?? []].flat().join(', ') || 'its roles'}, or a custom role of the document`,
          );
        gives = givesNow(name, inside);
      }
    }
    rules.push({ rule: { name, gives }, idpGroup: mapping.idpGroup, externalId: mapping.idpGroupExternalId });
  }

  for (const [key, mapping] of Object.entries(state.organizationMappings)) {
    const name = `organizationMappings/${key}`;
    const organization = organizationOf(name, mapping.organization);
    const gives: Entitlement[] =
      organization !== undefined && (pushes || waits(organization))
        ? [{ kind: 'organization', organization: organization.id, target: '' }]
        : [];
    rules.push({
      rule: { name, gives: givesNow(name, gives) },
      idpGroup: mapping.idpGroup,
      externalId: mapping.idpGroupExternalId,
    });
  }
  if (
    pushes &&
    input.sync.organizations &&
    rules.some(({ rule }) => rule.gives.some(give => give.kind === 'organization'))
  )
    problems.add(
      "organization sync is on and Coder refuses memberships from anybody else; they are held: turn it off, or set the app's mode to claims",
    );

  const pushed = pushedGroups(input, pushes, problems, waiting);
  return index(input, rules, pushed, { waiting, lost }, problems);
}

/** @param meant the one that had the name */
function tellLost(
  problems: Set<string>,
  what: string,
  name: string,
  { organizations }: Pick<RuleInput, 'organizations'>,
  meant: KnownOrganization | undefined,
): void {
  const named = JSON.stringify(name);
  const called = JSON.stringify(meant?.name);
  if (meant === undefined)
    problems.add(
      `${what}: Coder has no organization ${named} that the bridge may see: create it, or grant the bridge's account access to it`,
    );
  else if (organizationNamed(organizations, name) === undefined)
    problems.add(
      `${what}: Coder has no organization ${named} that the bridge may see: it is called ${called} now, and nothing is given or taken there by this until somebody corrects the name, or renames it back`,
    );
  else
    problems.add(
      `${what}: organization ${named} of Coder is another one by now, and the one that this named is called ${called}: nothing is given or taken in either by this until somebody corrects the name, renames the two back, or, where the new one is meant, takes this out, deploys, and puts it in again`,
    );
}

/** @param waiting gets what stays as it is */
function pushedGroups(
  input: RuleInput,
  pushes: boolean,
  problems: Set<string>,
  waiting: Entitlement[],
): Map<string, KnownGroup> {
  const rule = input.state.pushedGroups;
  if (rule === undefined || !pushes) return new Map();
  const organization = organizationMeant(input.organizations, rule.organization);
  const made = input.groups.filter(
    ({ organization: id, scimGroupId }) => scimGroupId !== undefined && id === organization?.id,
  );
  if (organization === undefined || findOrganization(input.organizations, rule.organization) === undefined) {
    tellLost(problems, 'pushedGroups', rule.organization, input, organization);
    for (const group of made)
      waiting.push(
        { kind: 'organization', organization: group.organization, target: '' },
        { kind: 'group', organization: group.organization, target: group.id },
      );
    return new Map();
  }
  if (input.sync.groups.has(organization.id))
    problems.add(
      `pushedGroups: group sync is on in organization ${JSON.stringify(organization.name)} and would undo memberships at the next sign-in; they are held: turn it off, or set the app's mode to claims`,
    );
  return new Map(made.flatMap(group => (group.scimGroupId === undefined ? [] : [[group.scimGroupId, group]])));
}

function index(
  input: RuleInput,
  rules: readonly { rule: Rule; idpGroup: string | undefined; externalId: string | undefined }[],
  pushed: ReadonlyMap<string, KnownGroup>,
  { waiting, lost }: { readonly waiting: readonly Entitlement[]; readonly lost: ReadonlySet<string> },
  problems: Set<string>,
): AppRules {
  const byGroupId = new Map<string, Rule[]>();
  const byExternalId = new Map<string, Rule[]>();
  const byName = new Map<string, Rule[]>();
  const add = (map: Map<string, Rule[]>, key: string, rule: Rule): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [rule]);
    else known.push(rule);
  };
  const { names: sharedNames, groups: sharing } = sharedByIdentity(input.namesakes ?? []);
  const unclear = new Set<EntitlementKey>(waiting.map(keyOf));
  const unclearMappings = new Set<string>(lost);
  const unclearGroups = new Set<string>();
  for (const { rule, idpGroup, externalId } of rules) {
    const bound = input.state.policies.renamedGroups === 'follow' ? input.bindings.get(rule.name) : undefined;
    const shared = bound === undefined ? sharedNames.has(foldName(idpGroup ?? '')) : sharing.has(bound);
    if (externalId !== undefined) add(byExternalId, externalId, rule);
    else if (shared) {
      problems.add(
        `${rule.name}: several groups of the identity provider are named ${JSON.stringify(idpGroup)}, so ${input.state.mode === 'push' ? 'nothing is given or taken by it' : 'its entry in Coder stays as it is, and none is added'}: name the one that is meant by idpGroupExternalId, or rename the others`,
      );
      unclearMappings.add(rule.name);
      for (const id of namesakesOf(input.namesakes ?? [], bound, idpGroup)) unclearGroups.add(id);
      for (const give of rule.gives) unclear.add(keyOf(give));
    } else if (bound !== undefined) add(byGroupId, bound, rule);
    else add(byName, foldName(idpGroup ?? ''), rule);
  }
  const managed = new Set<EntitlementKey>();
  // A membership that a role or group merely implies is taken back when it was given, not when it was found.
  // What a mapping names is managed once the identity provider has pushed its group: people come before groups, and an owner who
  // is taken over would lose the role in between.
  for (const { rule } of rules.filter(({ rule }) => input.hasMatched(rule.name)))
    for (const give of rule.gives)
      if (give.kind !== 'organization' || rule.name.startsWith('organizationMappings/')) managed.add(keyOf(give));
  for (const group of pushed.values())
    managed.add(keyOf({ kind: 'group', organization: group.organization, target: group.id }));
  return {
    app: input.app,
    state: input.state,
    deleting: input.deleting,
    byGroupId,
    byExternalId,
    byName,
    pushed,
    managed,
    unclear,
    unclearMappings,
    unclearGroups,
    gives: new Map(rules.map(({ rule }) => [rule.name, rule.gives])),
    problems: [...problems],
  };
}

/** The rules that this group of the identity provider satisfies. */
export function rulesOf(rules: AppRules, group: DirectoryGroup): Rule[] {
  return [
    ...(rules.byGroupId.get(group.id) ?? []),
    ...(group.externalId === undefined ? [] : (rules.byExternalId.get(group.externalId) ?? [])),
    ...(rules.byName.get(foldName(group.displayName)) ?? []),
  ];
}
