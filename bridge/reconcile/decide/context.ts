/** What decisions are made from, beside what is decided on: apps, their rules, and what Coder and the bridge have. Pure. */
import { type CoderUser, type WorkspaceRights } from '../../coder';
import { PREBUILDS_USER_ID } from '../../coder/names';
import { identityKey } from '../../contract/identity';
import { type ManagedGroup } from '../../store/accounts/coder-groups';
import { type StoredApp } from '../../store/apps/apps';
import { type Binding } from '../../store/apps/bindings';
import { type Entitlement, type EntitlementKey, keyOf } from './entitlement';
import { type AppRules, compileRules, organizationMeant, type KnownOrganization, type SyncSettings } from './rules';

/** What Coder has that rules are resolved against. */
export interface Catalog {
  readonly organizations: readonly KnownOrganization[];
  readonly defaultOrganization: string;
  readonly sync: SyncSettings;
  /** The bridge's own account. */
  readonly own: { readonly id: string; readonly username: string };
  /** What the bridge's own account may not do with the workspaces of people. */
  readonly workspaceRights: WorkspaceRights;
  /** What could not be read, in sentences. */
  readonly problems: readonly string[];
  /** Whether Coder failed at some of it: soon to be read again. */
  readonly isPartial: boolean;
  readonly loadedAt: number;
  /** `CoderClient.tokenChanges` before it was read: after another one, the bridge may be another account. */
  readonly tokenChanges: number;
  /** Whether Coder was asked if its site role sync is on, and told. */
  readonly siteRoleSyncKnown: boolean;
}

export interface Context {
  readonly apps: ReadonlyMap<string, StoredApp>;
  readonly rules: ReadonlyMap<string, AppRules>;
  readonly catalog: Catalog;
  readonly groups: ReadonlyMap<string, ManagedGroup>;
  /** What the mappings of any app name. */
  readonly managed: ReadonlySet<EntitlementKey>;
  /** What mappings give whose name several groups have, or whose organization has another name by now: left as it is. */
  readonly unclear: ReadonlySet<EntitlementKey>;
  /** Ids of the organizations that Coder told of: of another one nobody knows what is declared there. */
  readonly knownOrganizations: ReadonlySet<string>;
  /** Ids of those whose roles Coder does not tell, though a mapping names one. */
  readonly unreadRoles: ReadonlySet<string>;
  /** Ids of the organizations that a mapping gives a role of, whether or not it takes any yet: who gets one has the others read first. */
  readonly organizationRoles: ReadonlySet<string>;
  readonly minOwners: number;
  /** Folded usernames and e-mails. */
  readonly protectedNames: ReadonlySet<string>;
}

export const UNTOUCHABLE = ['own-account', 'service-account', 'prebuilds-account', 'protected-account'] as const;

/** Why an account is nobody's to change; undefined for ordinary ones. */
export function untouchable(
  context: Context,
  account: Pick<CoderUser, 'id' | 'username' | 'email' | 'serviceAccount'>,
): (typeof UNTOUCHABLE)[number] | undefined {
  if (account.id === context.catalog.own.id) return 'own-account';
  if (account.id === PREBUILDS_USER_ID) return 'prebuilds-account';
  if (account.serviceAccount) return 'service-account';
  return isProtected(context, account.username) || isProtected(context, account.email)
    ? 'protected-account'
    : undefined;
}

/** Whether an app protects whatever account has this username or e-mail. */
export function isProtected(context: Pick<Context, 'protectedNames'>, name: string): boolean {
  return name !== '' && context.protectedNames.has(identityKey(name));
}

/** Whether roles, groups and memberships like this one are the bridge's to take. */
export function isManaged(context: Context, entitlement: Entitlement, authoritative: boolean): boolean {
  return (authoritative && entitlement.kind !== 'organization') || context.managed.has(keyOf(entitlement));
}

export interface ContextInput {
  readonly apps: readonly StoredApp[];
  readonly catalog: Catalog;
  readonly groups: readonly ManagedGroup[];
  readonly bindings: readonly Binding[];
  readonly namesakes: readonly { id: string; app: string; displayName: string }[];
  readonly imagine?: boolean | undefined;
  /** For a declaration that is looked at before it is made: as if the group of each mapping were there. */
  readonly takeAllAsMatched?: boolean | undefined;
}

/**
 * Whether it is unclear what is declared: which group a mapping means, which roles an organization has, or what organization that is. It
 * is not taken from anybody then.
 */
export function isUnclear(context: Context, entitlement: Entitlement): boolean {
  const { kind, organization } = entitlement;
  return (
    context.unclear.has(keyOf(entitlement)) ||
    (organization !== '' && !context.knownOrganizations.has(organization)) ||
    (kind === 'organization-role' && context.unreadRoles.has(organization))
  );
}

/** Puts a context together. Pure. */
export function buildContext(input: ContextInput): Context {
  // One whose group is being filled says of nobody yet that they are not in it.
  const counting = input.bindings.filter(({ filling }) => filling !== 'first');
  const matched = new Set(counting.map(binding => `${binding.app}\n${binding.mapping}`));
  const rules = new Map(
    input.apps.map(app => [
      app.name,
      compileRules({
        app: app.name,
        state: app.state,
        deleting: app.deleting,
        organizations: input.catalog.organizations,
        groups: input.groups,
        sync: input.catalog.sync,
        bindings: new Map(
          input.bindings.flatMap(({ app: of, mapping, scimGroupId, alive }) =>
            of === app.name && alive && scimGroupId !== undefined ? [[mapping, scimGroupId]] : [],
          ),
        ),
        hasMatched: mapping => input.takeAllAsMatched === true || matched.has(`${app.name}\n${mapping}`),
        namesakes: input.namesakes.filter(group => group.app === app.name),
        imagine: input.imagine,
      }),
    ]),
  );
  const managed = new Set<EntitlementKey>();
  for (const app of rules.values()) for (const key of app.managed) managed.add(key);
  // What a deleted app gave is declared by it no more, whichever of its groups was meant.
  const stay = input.apps.filter(({ deleting }) => !deleting);
  const unclear = new Set(stay.flatMap(app => [...(rules.get(app.name)?.unclear ?? [])]));
  return {
    apps: new Map(input.apps.map(app => [app.name, app])),
    rules,
    catalog: input.catalog,
    groups: new Map(input.groups.map(group => [group.id, group])),
    managed,
    unclear,
    knownOrganizations: new Set(input.catalog.organizations.map(({ id }) => id)),
    unreadRoles: unreadRoles(input),
    organizationRoles: rolesGivenIn(rules),
    // Also of an app that is being deleted: its work runs until it is gone, and what it asks for is for everybody's.
    minOwners: Math.max(1, ...input.apps.map(({ state }) => state.guard.minOwners)),
    protectedNames: new Set(
      input.apps.flatMap(({ state }) => state.guard.protectedAccounts.map(name => identityKey(name))),
    ),
  };
}

function rolesGivenIn(rules: Context['rules']): Set<string> {
  const given = [...rules.values()].flatMap(({ gives }) => [...gives.values()].flat());
  return new Set(given.flatMap(({ kind, organization }) => (kind === 'organization-role' ? organization : [])));
}

// What nothing names any more is taken, whoever may read it.
function unreadRoles({ apps, catalog: { organizations } }: ContextInput): Set<string> {
  const mappings = apps.filter(({ deleting }) => !deleting).flatMap(({ state }) => Object.values(state.roleMappings));
  const named = mappings.map(({ organization }) =>
    organization === undefined ? undefined : organizationMeant(organizations, organization),
  );
  return new Set(named.flatMap(found => (found?.roles === 'unreadable' ? [found.id] : [])));
}

/** Name of an organization for people to read. */
export function organizationName(context: Context, id: string): string {
  return context.catalog.organizations.find(organization => organization.id === id)?.name ?? id;
}

/** `organization/group` for people to read. */
export function groupName(context: Context, id: string): string {
  const group = context.groups.get(id);
  if (group !== undefined) return `${organizationName(context, group.organization)}/${group.name}`;
  const imagined = /^new:([^/]+)\/(.+)$/.exec(id);
  return imagined === null ? id : `${organizationName(context, imagined[1] ?? '')}/${imagined[2] ?? ''}`;
}
