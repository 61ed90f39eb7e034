/**
 * Brings Coder's sync settings to what mode `claims` asks for: observed, decided, written as whole objects, and remembered,
 * entry by entry, as the bridge's own.
 */
import { type CoderClient, CoderError, lookAgain, outcomeOf, type WriteWatch } from '../../coder';
import { readBindings } from '../../store/apps/bindings';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { deleteSetting, readSetting, readSettingsUnder, writeSetting } from '../../store/database/settings';
import { readGroups } from '../../store/directory/reading';
import { type Cause } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type CheckLease } from '../context/mutex';
import { oneAtATime } from '../context/one-at-a-time';
import { type Context, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import {
  type ClaimsInput,
  claimsSettings,
  type ClaimsSettings,
  type SyncMapping,
  type Written,
} from '../decide/declaration/claims';
import {
  appsPushingOrganizations,
  decideOrganizationSync,
  decideSync,
  filteredOut,
  isForAnotherClaim,
  lostByWriting,
  ownMeanwhile,
  ownStill,
  saySync,
  type SyncChange,
  type SyncObserved,
} from '../decide/declaration/sync-settings';
import { type LosesOrganization, losesOrganizations } from './organization-sync-reach';

/** What is to be written, and in words what can't be, and who loses a membership by it. */
export interface SyncPlan {
  readonly changes: readonly SyncChange[];
  readonly problems: readonly string[];
  readonly joins: ClaimsSettings['joins'];
}

const STAYS = new Set(['forbidden', 'not_found_or_forbidden', 'licence', 'unsupported', 'refused']);

/**
 * What all apps in mode `claims` ask for, compared with what Coder has; nothing is written.
 * @param later as for `orProblem`
 */
export async function planSyncSettings(
  db: Db,
  coder: CoderClient,
  context: Context,
  later?: CoderError[],
): Promise<SyncPlan> {
  const wanted = await wantedClaims(db, context);
  const problems = [...wanted.problems];
  const observed: SyncObserved[] = [];
  const observe = async (
    kind: SyncObserved['kind'],
    organization: string,
    ask: boolean,
    read: () => Promise<Pick<SyncObserved, 'present' | 'wanted' | 'names'>>,
  ): Promise<void> => {
    const before = await readWritten(db, keyFor(kind, organization));
    if (!ask && before === undefined) return;
    const task = async () => void observed.push({ kind, organization, before, ...(await read()) });
    await orSyncProblem(problems, targetOf(context, kind, organization), task, later);
  };
  for (const organization of context.catalog.organizations) {
    const { id } = organization;
    const [groups, roles] = [wanted.groups.get(id), wanted.roles.get(id)];
    await observe('groups', id, groups !== undefined, async () => {
      const present = await coder.getGroupSync(id);
      for (const claim of filteredOut(present.regexFilter, Object.keys(groups?.mapping ?? {})))
        problems.push(
          `group sync of organization ${JSON.stringify(organization.name)}: its filter ${JSON.stringify(present.regexFilter)} leaves out the claim ${JSON.stringify(claim)}, so that its mapping has no effect: widen the filter`,
        );
      const names = [...context.groups.values()].flatMap(group => (group.organization === id ? group.name : []));
      return { present, wanted: groups, names };
    });
    await observe('roles', id, roles !== undefined, async () => ({
      present: await coder.getRoleSync(id),
      wanted: roles,
      names: organization.roles === 'unreadable' ? [] : (organization.roles ?? []),
    }));
  }
  await observe('organizations', '', wanted.joins.length > 0, async () => {
    const present = await coder.getOrganizationSync();
    const decided = decideOrganizationSync({
      joins: wanted.joins,
      present,
      before: await readWritten(db, keyFor('organizations', '')),
      pushing: appsPushingOrganizations(context.apps.values(), context.catalog.organizations),
    });
    problems.push(...decided.problems);
    return { present, wanted: decided.wanted };
  });
  const possible = observed.flatMap(one => {
    const lost = lostByWriting(one);
    if (lost.length > 0) {
      if (one.wanted !== undefined)
        problems.push(
          `sync settings ${targetOf(context, one.kind, one.organization)}: Coder has names of groups in its own configuration (CODER_OIDC_GROUP_MAPPING) that count only as long as nobody writes these settings, and whoever is in a group by one would be taken out of it at their next sign-in: nothing is written there; declare ${lost.join(', ')} as group mappings too, or unset the variable and start Coder again`,
        );
      return [];
    }
    if (!isForAnotherClaim(one)) return [one];
    problems.push(
      `sync settings ${targetOf(context, one.kind, one.organization)}: they read the claim ${JSON.stringify(one.present.field)} for entries that are not the bridge's, and the app declares ${JSON.stringify(one.wanted?.field)}: Coder reads one claim, so nothing of the app is in there, and what the bridge wrote for its own claim goes; declare that claim, or take those entries out in Coder`,
    );
    // What the bridge wrote for its own claim goes: it would be read in the other one.
    return [{ ...one, wanted: undefined }];
  });
  return { changes: decideSync(possible), problems, joins: wanted.joins };
}

/**
 * Observe, decide, act and record; by one at a time, since each setting is written whole: what was decided before another one wrote would
 * bring back what that one took.
 * @param later as for `orProblem`: settings that Coder fails to tell of, or to write, keep the others from nothing
 * @returns problems in words
 * @throws LeaseTaken
 */
export async function bringSyncSettings(rim: Rim, work: Work, later?: CoderError[]): Promise<string[]> {
  const { changes, problems } = await planSyncSettings(rim.database.db, rim.coder, await rim.context.get(), later);
  if (changes.length === 0) return [...problems];
  return await oneAtATime(rim, 'sync-settings', async check => {
    const context = await rim.context.get();
    const plan = await planSyncSettings(rim.database.db, rim.coder, context, later);
    const checkOurs = async () => {
      await checkStillOurs(rim, rim.database.db, work);
      await check();
    };
    return await writeSyncSettings(rim, context, plan, { cause: work.cause, checkOurs, later });
  });
}

async function writeSyncSettings(
  rim: Rim,
  context: Context,
  plan: SyncPlan,
  {
    cause,
    checkOurs,
    later,
  }: { readonly cause: Cause; readonly checkOurs: CheckLease; readonly later: CoderError[] | undefined },
): Promise<string[]> {
  const problems = [...plan.problems];
  for (const change of plan.changes) {
    const { kind, organization } = change.observed;
    const task = async () => {
      const losers =
        kind === 'organizations' && change.next !== undefined
          ? await losesOrganizations(rim, context, change, plan.joins)
          : [];
      // Everybody may have been read since it was decided.
      await checkOurs();
      if (change.next !== undefined) await writeNoted(rim, change, change.next);
      await record(rim, context, change, losers, cause);
    };
    await orSyncProblem(problems, targetOf(context, kind, organization), task, later);
  }
  return problems;
}

/** On the disk before Coder is asked: an entry that is written there, and that nobody noted, would be somebody else's for ever. */
async function writeNoted(rim: Rim, change: SyncChange, next: SyncMapping): Promise<void> {
  const { kind, organization } = change.observed;
  const key = keyFor(kind, organization);
  await rim.database.transact(db => noteWritten(db, key, ownMeanwhile(change)));
  try {
    await write(rim.coder, change, next);
  } catch (error) {
    if (error instanceof CoderError && !error.maybeDone)
      await noteWritten(rim.database.db, key, ownStill(change.observed));
    throw error;
  }
}

async function write(coder: CoderClient, { observed }: SyncChange, next: SyncMapping): Promise<void> {
  const { kind, organization, wanted } = observed;
  // What others have named is theirs, whether it is there or not.
  const own = [...new Set(Object.values(wanted?.mapping ?? {}).flat())];
  const settings = {
    field: next.field,
    mapping: Object.fromEntries(Object.entries(next.mapping).map(([claim, values]) => [claim, [...values]])),
  };
  const watch: WriteWatch = {
    async delayed() {
      if (JSON.stringify(await readPresent(coder, kind, organization)) !== JSON.stringify(observed.present))
        throw lookAgain('PATCH of sync settings', 'somebody has changed them meanwhile');
    },
  };
  if (kind === 'roles') await coder.setRoleSync(organization, settings, own, watch);
  else if (kind === 'groups') {
    const { regexFilter = null, autoCreateMissingGroups = false } = observed.present;
    await coder.setGroupSync(organization, { ...settings, regexFilter, autoCreateMissingGroups }, own, watch);
  } else {
    const { assignDefault = false } = observed.present;
    await coder.setOrganizationSync({ ...settings, assignDefault }, own, watch);
  }
}

async function readPresent(
  coder: CoderClient,
  kind: SyncObserved['kind'],
  organization: string,
): Promise<SyncObserved['present']> {
  if (kind === 'roles') return await coder.getRoleSync(organization);
  return kind === 'groups' ? await coder.getGroupSync(organization) : await coder.getOrganizationSync();
}

async function record(
  rim: Rim,
  context: Context,
  { observed, next, written }: SyncChange,
  losers: readonly LosesOrganization[],
  cause: Cause,
): Promise<void> {
  const { kind, organization, present } = observed;
  const lines = new AuditLines(cause, () => rim.clock.now());
  if (next !== undefined)
    lines.note({ app: null }, 'sync-settings.set', 'done', {
      target: targetOf(context, kind, organization),
      before: saySync(present),
      after: saySync(next),
      ...(losers.length === 0 ? {} : { detail: sayLosers(losers) }),
    });
  await rim.database.transact(async db => {
    await noteWritten(db, keyFor(kind, organization), written);
    await writeAudit(db, lines.rows);
  });
}

/**
 * What the bridge wrote into the sync settings of organizations that it sees, and nothing declares any more, in words: whoever has such a
 * claim gets by it what nobody gives them. Of an organization that was deleted nobody gets anything.
 */
export async function undeclaredEntries(db: Db, context: Context): Promise<string[]> {
  const wanted = await wantedClaims(db, context);
  const names = ({ mapping, unclear = [] }: SyncMapping): string[] => [...Object.keys(mapping), ...unclear];
  const declared: Readonly<Record<SyncObserved['kind'], (organization: string) => readonly string[]>> = {
    groups: organization => names(wanted.groups.get(organization) ?? NOTHING),
    roles: organization => names(wanted.roles.get(organization) ?? NOTHING),
    organizations: () => wanted.joins.map(({ claim }) => claim),
  };
  const seen = new Set(['', ...context.catalog.organizations.map(({ id }) => id)]);
  const left: string[] = [];
  for (const kind of KINDS)
    for (const [organization, text] of await readSettingsUnder(db, keyFor(kind, ''))) {
      if (!seen.has(organization)) continue;
      const stays = new Set(declared[kind](organization));
      const claims = (JSON.parse(text) as Written).claims.filter(claim => !stays.has(claim));
      if (claims.length > 0)
        left.push(`${targetOf(context, kind, organization)}: ${claims.map(claim => JSON.stringify(claim)).join(', ')}`);
    }
  return left;
}

const KINDS = ['groups', 'roles', 'organizations'] as const satisfies readonly SyncObserved['kind'][];
const NOTHING: SyncMapping = { field: '', mapping: {} };

const NAMED = 20;

function sayLosers(losers: readonly LosesOrganization[]): string {
  const named = losers.slice(0, NAMED).map(({ username, organization }) => `${username} (${organization})`);
  const more = losers.length - named.length;
  return `at their next sign-in leave an organization: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** One of the settings for people to read: `<organization>/groups`, `<organization>/roles` or `organizations`. */
export function targetOf(context: Context, kind: SyncObserved['kind'], organization: string): string {
  return organization === '' ? kind : `${organizationName(context, organization)}/${kind}`;
}

async function orSyncProblem(
  problems: string[],
  target: string,
  task: () => Promise<void>,
  later: CoderError[] | undefined,
): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    const stays = STAYS.has(error.kind);
    if (!stays && (later === undefined || outcomeOf(error).kind !== 'failed')) throw error;
    if (!stays) later?.push(error);
    problems.push(`sync settings ${target}: ${error.message}`);
  }
}

const keyFor = (kind: string, organization: string): string => `claims:${kind}:${organization}`;

/** Settings that the bridge has written into are looked at also when no mapping asks for them now. */
async function readWritten(db: Db, key: string): Promise<Written | undefined> {
  const text = await readSetting(db, key);
  return text === undefined ? undefined : (JSON.parse(text) as Written);
}

async function noteWritten(db: Db, key: string, written: Written | undefined): Promise<void> {
  if (written === undefined) await deleteSetting(db, key);
  else await writeSetting(db, key, JSON.stringify(written));
}

async function wantedClaims(db: Db, context: Context): Promise<ClaimsSettings> {
  return claimsSettings(await readClaimsInput(db, context));
}

/** What the apps in mode `claims` declare, with what their mappings have matched. */
export async function readClaimsInput(db: Db, context: Context): Promise<ClaimsInput> {
  const apps = [...context.apps.values()].filter(app => !app.deleting && app.state.mode === 'claims');
  const names = new Map<string, string>();
  for (const app of apps) for (const group of await readGroups(db, app.name)) names.set(group.id, group.displayName);
  const written = {
    groups: await readSettingsUnder(db, keyFor('groups', '')),
    roles: await readSettingsUnder(db, keyFor('roles', '')),
  };
  return {
    states: apps.map(app => app.state),
    organizations: context.catalog.organizations,
    groups: [...context.groups.values()],
    bindings: await readBindings(db),
    groupNames: names,
    isUnclear: (app, mapping) => context.rules.get(app)?.unclearMappings.has(mapping) === true,
    fieldWritten: (kind, organization) => {
      const text = written[kind].get(organization);
      return text === undefined ? undefined : (JSON.parse(text) as Written).field;
    },
  };
}
