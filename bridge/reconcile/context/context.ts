/**
 * Everything that decisions about people are made from, kept in memory and known to be current: one small query tells
 * whether another replica changed an app, a binding or a group. What Coder has is believed for a while and then read
 * again beside the work, not before it.
 */
import { type CoderClient, type CoderUser, PREBUILDS_USER_ID } from '../../coder';
import { type MappingState } from '../../contract/mapping-state';
import { listAllApps, readRulesVersion, type StoredApp } from '../../store/apps/apps';
import { readBindings } from '../../store/apps/bindings';
import { listManagedGroups, type ManagedGroup } from '../../store/accounts/coder-groups';
import { type Database } from '../../store/database/database';
import { type Catalog, loadCatalog } from './catalog';
import { type Entitlement, type EntitlementKey, keyOf } from '../decide/entitlement';
import { readNamesakes } from '../../store/directory';
import { type AppRules, compileRules, type SyncSettings } from '../decide/rules';
import { type Clock, type Log } from '../types';
import { identityKey } from '../../contract/identity';

export interface Context {
  readonly apps: ReadonlyMap<string, StoredApp>;
  readonly rules: ReadonlyMap<string, AppRules>;
  readonly catalog: Catalog;
  readonly groups: ReadonlyMap<string, ManagedGroup>;
  /** What the mappings of any app name. */
  readonly managed: ReadonlySet<EntitlementKey>;
  /** What mappings give whose name several groups have: left as it is. */
  readonly unclear: ReadonlySet<EntitlementKey>;
  /** Whether any mapping is about roles of an organization. */
  readonly organizationRoles: boolean;
  readonly minOwners: number;
  /** Folded usernames and e-mails. */
  readonly protectedNames: ReadonlySet<string>;
}

/** Why an account is nobody's to change; undefined for ordinary ones. */
export function untouchable(
  context: Context,
  account: Pick<CoderUser, 'id' | 'username' | 'email' | 'serviceAccount'>,
): 'own-account' | 'service-account' | 'prebuilds-account' | 'protected-account' | undefined {
  if (account.id === context.catalog.own.id) return 'own-account';
  if (account.id === PREBUILDS_USER_ID) return 'prebuilds-account';
  if (account.serviceAccount) return 'service-account';
  const names = context.protectedNames;
  if (names.has(identityKey(account.username)) || (account.email !== '' && names.has(identityKey(account.email))))
    return 'protected-account';
  return undefined;
}

/** Whether roles, groups and memberships like this one are the bridge's to take. */
export function isManaged(context: Context, entitlement: Entitlement, authoritative: boolean): boolean {
  return (authoritative && entitlement.kind !== 'organization') || context.managed.has(keyOf(entitlement));
}

export interface ContextInput {
  readonly apps: readonly StoredApp[];
  readonly catalog: Catalog;
  readonly groups: readonly ManagedGroup[];
  readonly bindings: readonly { app: string; mapping: string; scimGroupId: string; alive: boolean }[];
  readonly namesakes: readonly { id: string; app: string; displayName: string }[];
  readonly imagine?: boolean | undefined;
  /** For a declaration that is looked at before it is made: as if the group of each mapping were there. */
  readonly takeAllAsMatched?: boolean | undefined;
}

/** Puts a context together. Pure. */
export function buildContext(input: ContextInput): Context {
  const matched = new Set(input.bindings.map(binding => `${binding.app}\n${binding.mapping}`));
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
          input.bindings.flatMap(binding =>
            binding.app === app.name && binding.alive ? [[binding.mapping, binding.scimGroupId]] : [],
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
  const unclear = new Set([...rules.values()].flatMap(app => [...app.unclear]));
  const states = input.apps.filter(app => !app.deleting).map(app => app.state);
  return {
    apps: new Map(input.apps.map(app => [app.name, app])),
    rules,
    catalog: input.catalog,
    groups: new Map(input.groups.map(group => [group.id, group])),
    managed,
    unclear,
    organizationRoles: [...managed].some(key => key.startsWith('organization-role ')),
    minOwners: Math.max(1, ...states.map(state => state.guard.minOwners)),
    // Also of an app that is being deleted: its work runs until it is gone, and protection is for everybody's.
    protectedNames: new Set(
      input.apps.flatMap(({ state }) => state.guard.protectedAccounts.map(name => identityKey(name))),
    ),
  };
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

export class ContextSource {
  #context: Context | undefined;
  #version = '';
  #catalog: Catalog | undefined;
  #learned: SyncSettings | undefined;
  #loading: Promise<Catalog> | undefined;
  #building:
    { readonly version: string; readonly catalog: Catalog | undefined; readonly context: Promise<Context> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly coder: CoderClient,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly catalogMs: number,
  ) {}

  /** The context, as current as the database. @throws CoderError when Coder was never reached and can't be now */
  async get(): Promise<Context> {
    const version = await readRulesVersion(this.database.db);
    if (this.#context !== undefined && version === this.#version) {
      if (this.clock.now() - this.#context.catalog.loadedAt > this.catalogMs) this.#refreshBeside();
      return this.#context;
    }
    return await this.#build(version, this.#catalog);
  }

  /** The context with everything of Coder read anew. */
  async refresh(): Promise<Context> {
    const apps = await listAllApps(this.database.db);
    this.#catalog = await this.#load(apps.map(app => app.state));
    return await this.#build(await readRulesVersion(this.database.db), this.#catalog);
  }

  /** The context from the database anew; what is known of Coder stays. */
  invalidate(): void {
    this.#version = '';
  }

  /** Nothing that is known of Coder is believed any more. */
  forget(): void {
    this.#catalog = undefined;
    this.#version = '';
  }

  /** Coder refused a write because its own sync is on: believed until the settings are read again. */
  learnSiteRoleSync(): void {
    if (this.#catalog === undefined) return;
    this.#learned = { ...this.#catalog.sync, siteRoles: true };
    this.#catalog = { ...this.#catalog, sync: this.#learned };
    this.#version = '';
  }

  /** One building at a time for each version: whoever comes meanwhile gets the same context. */
  async #build(version: string, catalog: Catalog | undefined): Promise<Context> {
    if (this.#building?.version === version && this.#building.catalog === catalog) return await this.#building.context;
    const building = { version, catalog, context: this.#buildAnew(version, catalog) };
    this.#building = building;
    try {
      return await building.context;
    } finally {
      if (this.#building === building) this.#building = undefined;
    }
  }

  async #buildAnew(version: string, catalog: Catalog | undefined): Promise<Context> {
    const { db } = this.database;
    const apps = await listAllApps(db);
    const known = catalog ?? (await this.#load(apps.map(app => app.state)));
    this.#catalog = known;
    const [groups, bindings, namesakes] = [
      await listManagedGroups(db),
      await readBindings(db),
      await readNamesakes(db),
    ];
    this.#context = buildContext({ apps, catalog: known, groups, bindings, namesakes });
    this.#version = version;
    return this.#context;
  }

  async #load(states: readonly MappingState[]): Promise<Catalog> {
    // One reading at a time: whoever comes meanwhile gets the same answer.
    this.#loading ??= loadCatalog(this.coder, states, this.clock.now()).finally(() => {
      this.#loading = undefined;
    });
    const loaded = await this.#loading;
    // Whoever may not read the deployment's settings has learned of site role sync by a refusal alone.
    return this.#learned?.siteRoles === true ? { ...loaded, sync: { ...loaded.sync, siteRoles: true } } : loaded;
  }

  #refreshBeside(): void {
    if (this.#loading !== undefined) return;
    void this.refresh().catch((error: unknown) => {
      this.log.warn({ err: error }, 'organizations and sync settings of Coder could not be read again');
    });
  }
}
