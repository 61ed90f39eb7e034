/**
 * Everything that decisions about people are made from, kept in memory and known to be current: one small query tells whether another
 * replica changed an app, a binding or a group, and where there is none the database's own count of such writes does. What Coder has is
 * believed for a while and then read again beside the work, not before it.
 */
import { wasWithin } from '../../contract/was-within';
import { type CoderClient } from '../../coder';
import { identityKey } from '../../contract/identity';
import { type MappingState } from '../../contract/mapping-state';
import { listAllApps, readRulesVersion, type StoredApp } from '../../store/apps/apps';
import { readBindings } from '../../store/apps/bindings';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { type Database } from '../../store/database/database';
import {
  forgetOrganizationName,
  putOrganizationName,
  readOrganizationNames,
} from '../../store/apps/organization-names';
import { isBehind, loadCatalog, mayBeInPart, namedOrganizations } from './catalog';
import { readNamesakes } from '../../store/directory';
import { buildContext, type Catalog, type Context } from '../decide/context';
import { findOrganization } from '../decide/rules';
import { type Clock, type Log } from '../types';

/** For so long a refusal is believed where Coder does not tell whether its site role sync is on; then a write is tried again. */
const LEARNED_MS = 3_600_000;
/** For so long nothing is read again that Coder has just failed at. */
const PAUSE_MS = 5_000;

export class ContextSource {
  #context: Context | undefined;
  #version = '';
  /** What `Database.changes` said before the version was last found to be that of the context. */
  #changes: number | undefined;
  #catalog: Catalog | undefined;
  #learnedAt: number | undefined;
  #loading: Promise<Catalog> | undefined;
  /** When reading it beside the work failed last. */
  #failedAt: number | undefined;
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
    await this.#recogniseItself();
    const changes = this.database.changes?.();
    if (this.#context !== undefined && changes !== undefined && changes === this.#changes)
      return this.#believed(this.#context);
    const version = await readRulesVersion(this.database.db);
    if (this.#context !== undefined && version === this.#version) {
      this.#changes = changes;
      return this.#believed(this.#context);
    }
    return await this.#build(version, this.#catalog);
  }

  /** Where another token is in use than what is known of Coder was read with, the bridge may be another account by now. */
  async #recogniseItself(): Promise<void> {
    const tokenChanges = await this.coder.tokenChanges();
    if (this.#catalog === undefined || this.#catalog.tokenChanges === tokenChanges) return;
    const { user } = await this.coder.whoami();
    this.#catalog = { ...this.#catalog, own: { id: user.id, username: user.username }, tokenChanges };
    this.invalidate();
    // It may have other rights, too.
    this.#refreshBeside();
  }

  #believed(context: Context): Context {
    const { loadedAt, isPartial } = context.catalog;
    if (this.clock.now() - loadedAt > (isPartial ? PAUSE_MS : this.catalogMs)) this.#refreshBeside();
    return context;
  }

  /** The context with everything of Coder read anew. */
  async refresh(): Promise<Context> {
    const apps = await listAllApps(this.database.db);
    this.#catalog = await this.#load(apps.map(app => app.state));
    return await this.#build(await readRulesVersion(this.database.db), this.#catalog);
  }

  /**
   * The same where one route of Coder fails: the rest counts, and a sync that it does not tell of counts as on.
   * @param forAll everybody else goes by it as well. They do in any case where nothing was read as a whole before
   * @throws CoderError where nothing of it can be read: what was known stays then
   */
  async refreshInPart(forAll: boolean): Promise<Context> {
    const apps = await listAllApps(this.database.db);
    const states = apps.map(app => app.state);
    const catalog = await this.#loadNow(states, true);
    const known = this.#catalog;
    if (!forAll && known !== undefined && !known.isPartial && !isBehind(known, states))
      return await this.#contextWith(apps, catalog);
    this.#catalog = catalog;
    return await this.#build(await readRulesVersion(this.database.db), catalog);
  }

  /** The context from the database anew; what is known of Coder stays. */
  invalidate(): void {
    this.#version = '';
    this.#changes = undefined;
  }

  /** Nothing that is known of Coder is believed any more. */
  forget(): void {
    this.#catalog = undefined;
    this.invalidate();
  }

  /** Coder refused a write because its own sync is on: believed until the settings are read again, or for an hour where the bridge may not read them. */
  learnSiteRoleSync(): void {
    if (this.#catalog === undefined) return;
    this.#learnedAt = this.clock.now();
    this.#catalog = withSiteRoleSync(this.#catalog);
    this.invalidate();
  }

  #hasLearned(): boolean {
    return wasWithin(this.clock.now(), this.#learnedAt, LEARNED_MS);
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
    const states = apps.map(app => app.state);
    let known = catalog;
    // What is read already may be for documents of before.
    if (this.#loading !== undefined && (known === undefined || isBehind(known, states)))
      known = await this.#loadWhatThereIs(states);
    if (known === undefined || isBehind(known, states)) known = await this.#loadWhatThereIs(states);
    this.#catalog = known;
    this.#context = await this.#contextWith(apps, known);
    this.#version = version;
    this.#changes = undefined;
    return this.#context;
  }

  async #contextWith(apps: readonly StoredApp[], catalog: Catalog): Promise<Context> {
    const { db } = this.database;
    const [groups, bindings, namesakes] = [
      await listManagedGroups(db),
      await readBindings(db),
      await readNamesakes(db),
    ];
    return buildContext({ apps, catalog, groups, bindings, namesakes });
  }

  async #load(states: readonly MappingState[]): Promise<Catalog> {
    // One reading at a time: whoever comes meanwhile gets the same answer.
    this.#loading ??= this.#loadNow(states).finally(() => {
      this.#loading = undefined;
    });
    return await this.#loading;
  }

  /** Where one route of Coder fails, the rest: whoever is to be locked out does not wait for what is said of roles somewhere. */
  async #loadWhatThereIs(states: readonly MappingState[]): Promise<Catalog> {
    try {
      return await this.#load(states);
    } catch (error) {
      if (!mayBeInPart(error)) throw error;
      this.log.warn({ err: error }, 'some of what Coder has could not be read; the rest counts meanwhile');
      return await this.#loadNow(states, true);
    }
  }

  /** Reads it, and notes what the names in documents found: whatever they are changed to by hand later, it is known what was meant. */
  async #loadNow(states: readonly MappingState[], inPart = false): Promise<Catalog> {
    const { db } = this.database;
    const foundAs = await readOrganizationNames(db);
    const catalog = await loadCatalog(this.coder, {
      states,
      foundAs,
      asksSiteRoleSync: this.#hasLearned(),
      now: this.clock.now(),
      inPart,
    });
    const names = namedOrganizations(states);
    for (const name of names) {
      const found = findOrganization(catalog.organizations, name);
      if (found !== undefined && foundAs.get(identityKey(name)) !== found.id)
        await putOrganizationName(db, identityKey(name), found.id);
    }
    const named = new Set([...names].map(identityKey));
    for (const name of foundAs.keys()) if (!named.has(name)) await forgetOrganizationName(db, name);
    return this.#hasLearned() && !catalog.siteRoleSyncKnown ? withSiteRoleSync(catalog) : catalog;
  }

  #refreshBeside(): void {
    if (this.#loading !== undefined || wasWithin(this.clock.now(), this.#failedAt, PAUSE_MS)) return;
    void this.refresh().catch((error: unknown) => {
      this.#failedAt = this.clock.now();
      this.log.warn({ err: error }, 'organizations and sync settings of Coder could not be read again');
    });
  }
}

const withSiteRoleSync = (catalog: Catalog): Catalog => ({ ...catalog, sync: { ...catalog.sync, siteRoles: true } });
