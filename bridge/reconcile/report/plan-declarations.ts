/**
 * The part of a plan that is about no person: groups and custom roles to make, mend and remove, sync settings, and members that
 * somebody changed by hand. Nothing is written; the context that people are compared with is as it would be afterwards.
 */
import { ORGANIZATION_SYNC, type PlannedChange } from '../../contract/admin-api';
import { type MappingState } from '../../contract/mapping-state';
import { listManagedGroups, type ManagedGroup } from '../../store/accounts/coder-groups';
import { listManagedRoles } from '../../store/accounts/custom-roles';
import { knownMembers } from '../../store/accounts/known-members';
import { peopleOfAccounts } from '../../store/accounts/people';
import { listAllApps, type StoredApp } from '../../store/apps/apps';
import { readBindings, repointedMappings } from '../../store/apps/bindings';
import { readNamesakes } from '../../store/directory';
import { existingGroups } from '../../store/directory/reading';
import { readOrganizationNames } from '../../store/apps/organization-names';
import { loadCatalog } from '../context/catalog';
import { buildContext, type Catalog, type Context, groupName, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { decideRoles, type RolesPlan } from '../decide/declaration/custom-roles';
import { decideGroups } from '../decide/group/groups';
import { withPlan } from '../decide/group/groups-draft';
import { type KnownOrganization, type SyncSettings } from '../decide/rules';
import { type SyncChange } from '../decide/declaration/sync-settings';
import { declaredGroups, declaredRoles, undeclaredRoles } from '../decide/group/undeclared';
import { observeRoles } from '../declaration/custom-roles';
import { losesOrganizations } from '../declaration/organization-sync-reach';
import { noLongerSpokenFor } from '../declaration/no-longer-spoken-for';
import { sharedExternalIds } from '../declaration/shared-external-ids';
import { planSyncSettings } from '../declaration/sync-settings';
import { GroupListing, observeGroups } from '../group/observe-groups';
import { type SaidChange, sayGroupChange, sayRoleChange, saySyncChange } from '../declaration/change-text';

/** Of what is one for all apps, and whichever is dealt with brings it about: no plan of one app leaves it out. */
export const ALL_APPS = '';

export interface DeclarationsPlan {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly string[];
  /** As it would be after these changes. */
  readonly context: Context;
  /** Ids of the groups that Coder has each account in now, whatever is noted of them. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** What is planned as if it were done. */
interface AsIf {
  /** This document were applied. */
  readonly state: MappingState | undefined;
  /** The app of this name were deleted. */
  readonly deleted: string | undefined;
}

/** @throws CoderError. @throws AbortError by `until`, once it is aborted */
export async function planDeclarations(
  rim: Rim,
  { state, deleted }: AsIf,
  until: AbortSignal,
): Promise<DeclarationsPlan> {
  const { db } = rim.database;
  const stored = (await listAllApps(db)).map(app => (app.name === deleted ? { ...app, deleting: true } : app));
  const apps = state === undefined ? stored : [...stored.filter(app => app.name !== state.app), asStored(state)];
  const states = apps.map(app => app.state);
  const before = stored.find(app => app.name === state?.app);
  const repointed = new Set(state === undefined || before === undefined ? [] : repointedMappings(before.state, state));
  const { catalog: present } = await rim.context.get();
  const catalog = await loadCatalog(rim.coder.background, {
    states,
    foundAs: await readOrganizationNames(db),
    asksSiteRoleSync: present.sync.siteRoles,
    now: rim.clock.now(),
  });
  const changes: PlannedChange[] = [];
  const problems = [...catalog.problems];
  const declaring = apps.filter(app => !app.deleting);
  let organizations = catalog.organizations;
  let groups = await listManagedGroups(db);
  const listing = new GroupListing(rim.coder.background);
  for (const app of declaring) {
    until.throwIfAborted();
    const roles = decideRoles(await observeRoles(db, rim.coder.background, organizations, app, apps));
    organizations = withRoles(organizations, roles);
    const declared = { apps: new Map(apps.map(one => [one.name, one])), organizations };
    const plan = decideGroups(await observeGroups(db, declared, app, listing, groups));
    groups = withPlan(groups, plan);
    const said = [...roles.changes.flatMap(sayRoleChange), ...plan.changes.flatMap(sayGroupChange)];
    changes.push(...said.map(change => planned(app.name, change)));
    problems.push(...roles.problems, ...plan.problems, ...(await sharedExternalIds(db, app)));
    problems.push(...(await noLongerSpokenFor(db, declared, app)));
  }
  const input = {
    apps,
    catalog: { ...catalog, organizations },
    groups,
    bindings: (await readBindings(db)).filter(({ app, mapping }) => app !== state?.app || !repointed.has(mapping)),
    namesakes: await readNamesakes(db),
    imagine: true,
    takeAllAsMatched: state !== undefined,
  };
  const sync = await planSync(rim, buildContext(input), until);
  // What Coder's own sync governs from then on, nobody takes from anybody.
  const context = buildContext({ ...input, catalog: { ...input.catalog, sync: sync.governs } });
  const { members, byHand } = await readMembers(rim, context, groups, until);
  changes.push(...sync.changes, ...byHand, ...(await planRemovals(rim, context, groups, members)));
  return { changes, problems: [...problems, ...sync.problems], context, members };
}

function asStored(state: MappingState): StoredApp {
  return {
    name: state.app,
    generation: 0,
    state,
    createdAt: 0,
    updatedAt: 0,
    appliedGeneration: undefined,
    problems: [],
    sweptAt: undefined,
    deleting: false,
  };
}

/** The organizations with the roles that would be made in them. */
function withRoles(organizations: Catalog['organizations'], { changes }: RolesPlan): KnownOrganization[] {
  return organizations.map(organization => {
    const made = changes.filter(change => change.kind === 'create' && change.organization.id === organization.id);
    if (made.length === 0 || organization.roles === undefined || organization.roles === 'unreadable')
      return organization;
    return { ...organization, roles: [...organization.roles, ...made.map(change => change.wanted.name)] };
  });
}

function planned(app: string, said: SaidChange, removal = false): PlannedChange {
  const { action, target, before = null, after, because = null } = said;
  return { app, subject: '', action, target, before, after, because, removal };
}

/** What of the sync settings would be written, and who would lose a membership at the next sign-in. */
async function planSync(
  rim: Rim,
  context: Context,
  until: AbortSignal,
): Promise<{ changes: PlannedChange[]; problems: string[]; governs: SyncSettings }> {
  const plan = await planSyncSettings(rim.database.db, rim.coder.background, context);
  const changes: PlannedChange[] = [];
  for (const change of plan.changes) {
    changes.push(...saySyncChange(context, change).map(said => planned(ALL_APPS, said)));
    if (change.observed.kind !== 'organizations') continue;
    for (const { username, organization } of await losesOrganizations(rim, context, change, plan.joins, until))
      changes.push({
        app: ALL_APPS,
        subject: username,
        action: 'organization.remove',
        target: organization,
        before: 'member',
        after: 'no member from the next sign-in on',
        because: `${ORGANIZATION_SYNC} (claims.organizations)`,
        removal: true,
      });
  }
  return { changes, problems: [...plan.problems], governs: governedAfter(context.catalog.sync, plan.changes) };
}

/** What sign-in sync governs once these settings are written. */
function governedAfter(before: SyncSettings, changes: readonly SyncChange[]): SyncSettings {
  const groups = new Set(before.groups);
  const organizationRoles = new Set(before.organizationRoles);
  let { organizations } = before;
  for (const { observed, next } of changes) {
    if (next === undefined) continue;
    const isOn = next.field !== '';
    if (observed.kind === 'organizations') organizations = isOn;
    else {
      const governed = observed.kind === 'groups' ? groups : organizationRoles;
      if (isOn) governed.add(observed.organization);
      else governed.delete(observed.organization);
    }
  }
  return { ...before, groups, organizationRoles, organizations };
}

interface ActualMembers {
  readonly members: Map<string, string[]>;
  readonly byHand: PlannedChange[];
}

/** Who is in which group now, and who was taken out of one by hand and would be put back. */
async function readMembers(
  rim: Rim,
  context: Context,
  groups: readonly ManagedGroup[],
  until: AbortSignal,
): Promise<ActualMembers> {
  const { db } = rim.database;
  const members = new Map<string, string[]>();
  const byHand: PlannedChange[] = [];
  for (const group of groups) {
    until.throwIfAborted();
    if (group.id.startsWith('new:') || (await rim.coder.background.getGroup(group.id)) === undefined) continue;
    const actual = new Set<string>();
    for await (const member of rim.coder.background.listGroupMembers(group.id)) {
      until.throwIfAborted();
      actual.add(member.id);
      members.set(member.id, [...(members.get(member.id) ?? []), group.id]);
    }
    const missing = (await knownMembers(db, group.id)).filter(
      known => known.present && known.wanted === true && !actual.has(known.coderUserId),
    );
    for (const person of await peopleOfAccounts(
      db,
      missing.map(known => known.coderUserId),
    ))
      if (context.apps.get(person.app)?.deleting !== true)
        byHand.push({
          app: person.app,
          subject: person.userName,
          action: 'group.add',
          target: groupName(context, group.id),
          before: 'no member',
          after: 'member',
          because: 'taken out by hand',
          removal: false,
        });
  }
  return { members, byHand };
}

/** What the bridge made and nothing declares any more; a group goes only when nobody but people of the directory is in it. */
async function planRemovals(
  rim: Rim,
  context: Context,
  groups: readonly ManagedGroup[],
  members: DeclarationsPlan['members'],
): Promise<PlannedChange[]> {
  const { db } = rim.database;
  const apps = [...context.apps.values()];
  const { organizations } = context.catalog;
  const directory = await existingGroups(
    db,
    groups.flatMap(group => group.scimGroupId ?? []),
  );
  const isDeclared = declaredGroups(apps, organizations, directory);
  const removal = (action: string, target: string): PlannedChange => ({
    app: ALL_APPS,
    subject: '',
    action,
    target,
    before: 'present',
    after: null,
    because: 'nothing declares it any more',
    removal: true,
  });
  const removals: PlannedChange[] = [];
  for (const group of groups) {
    if (group.origin !== 'created' || isDeclared(group)) continue;
    const inside = [...members].flatMap(([account, ids]) => (ids.includes(group.id) ? [account] : []));
    const people = new Set((await peopleOfAccounts(db, inside)).map(person => person.coderUserId));
    if (inside.every(account => people.has(account)))
      removals.push(removal('group.delete', groupName(context, group.id)));
  }
  for (const role of undeclaredRoles(await listManagedRoles(db), declaredRoles(apps, organizations)))
    if (role.origin === 'created')
      removals.push(removal('custom-role.delete', `${organizationName(context, role.organization)}/${role.name}`));
  return removals;
}
