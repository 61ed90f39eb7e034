/**
 * Which Coder groups an app's declaration asks for: those that mappings name, and those of the groups that the identity
 * provider pushes. Pure: from what was observed to changes, each with the row to be recorded. A group that the bridge made is
 * renamed and never replaced, since Coder gives templates to its id.
 */
import { type GroupSettings } from '../../../coder';
import { PREBUILDS_GROUP } from '../../../coder/names';
import { type MappingState } from '../../../contract/mapping-state';
import {
  begunAs,
  groupKey,
  GroupsDraft,
  type GroupsObserved,
  type GroupsPlan,
  type PresentGroup,
  type SettingsOf,
  settingsOf,
} from './groups-draft';
import { decidePushedGroup } from './pushed-groups';
import { findOrganization, type KnownOrganization } from '../rules';

/** Decides over all groups that an app asks for, or over the one pushed group that was observed. */
export function decideGroups(observed: GroupsObserved): GroupsPlan {
  const draft = new GroupsDraft(observed);
  for (const [key, mapping] of Object.entries(observed.state.groupMappings)) decideMapping(draft, key, mapping);
  for (const group of observed.pushed) decidePushedGroup(draft, group);
  if (observed.state.policies.authoritative) manageAll(draft);
  return draft.done();
}

/** The one pushed group that was observed, nothing else of the app. */
export function decideOneGroup(observed: GroupsObserved): GroupsPlan {
  const draft = new GroupsDraft(observed);
  for (const group of observed.pushed) decidePushedGroup(draft, group);
  return draft.done();
}

function decideMapping(draft: GroupsDraft, key: string, mapping: MappingState['groupMappings'][string]): void {
  const { observed } = draft;
  const what = `groupMappings/${key}`;
  const organization = findOrganization(observed.organizations, mapping.organization);
  if (organization === undefined) return;
  if (mapping.group === PREBUILDS_GROUP) {
    draft.problems.push(`${what}: group ${JSON.stringify(PREBUILDS_GROUP)} is Coder's own and never touched`);
    return;
  }
  const unreadable = observed.unreadable.get(organization.id);
  if (unreadable !== undefined) {
    draft.problems.push(`${what}: ${unreadable}`);
    return;
  }
  const shared = draft.planned(organization.id, mapping.group);
  if (shared !== undefined) {
    draft.plan({ ...shared, mappings: [...shared.mappings, what] });
    return;
  }
  const elsewhere = renamedAway(draft, organization.id, mapping.group);
  if (elsewhere !== undefined) {
    draft.problems.push(
      `${what}: the group that the bridge made as ${JSON.stringify(mapping.group)} was renamed to ${JSON.stringify(elsewhere.name)} in Coder, and another one has its name by now: members stay in ${JSON.stringify(elsewhere.name)}, which templates may be shared with; rename or delete one of the two in Coder`,
    );
    return;
  }
  const present = draft.byName(organization.id, mapping.group) ?? formerGroup(draft, what, organization, mapping.group);
  if (present === undefined && !mapping.create) {
    draft.problems.push(
      `${what}: organization ${JSON.stringify(organization.name)} has no group ${JSON.stringify(mapping.group)}: create it, or set "create" to true`,
    );
    return;
  }
  const known = present === undefined ? undefined : draft.managed(present.id);
  const settles = begunAs(draft, organization.id, present?.name, mapping.group);
  draft.plan({
    what,
    mappings: [what],
    organization,
    present,
    settings: agreedSettings(draft, what, groupKey(organization.id, mapping.group), settingsOf(mapping)),
    row: {
      organization: organization.id,
      name: mapping.group,
      origin: known?.origin ?? (present === undefined || settles.length > 0 ? 'created' : 'matched'),
      scimGroupId: known?.scimGroupId,
    },
    settles,
  });
}

/** The group of the bridge's making that somebody renamed, where a group that was made by hand has its name. */
function renamedAway(draft: GroupsDraft, organization: string, name: string): PresentGroup | undefined {
  const named = draft.byName(organization, name);
  const own = draft.lastNamed(organization, name);
  if (named === undefined || draft.managed(named.id) !== undefined || own?.origin !== 'created') return undefined;
  return draft.byId(own.id);
}

/** What the mapping says, without what a mapping of another app says otherwise: that would be written in turns, for ever. */
function agreedSettings(draft: GroupsDraft, what: string, key: string, declared: GroupSettings): GroupSettings {
  const others = draft.observed.settingsByOthers.get(key) ?? [];
  return Object.fromEntries(
    Object.entries(declared).filter(([setting, value]: [string, string | number | undefined]) => {
      if (value === undefined) return false;
      const said = ({ settings }: SettingsOf) => settings[setting as keyof GroupSettings];
      const other = others.find(one => said(one) !== undefined && said(one) !== value);
      if (other === undefined) return true;
      draft.problems.push(
        `${what}: ${setting} is ${JSON.stringify(value)} here and ${JSON.stringify(said(other))} in app ${JSON.stringify(other.app)}, and a Coder group has one: neither is written until both say the same`,
      );
      return false;
    }),
  );
}

/** The group that the mapping had under another name: renamed in Coder by hand, or declared otherwise since. */
function formerGroup(
  draft: GroupsDraft,
  what: string,
  organization: KnownOrganization,
  name: string,
): PresentGroup | undefined {
  const { observed } = draft;
  const renamedByHand = draft.lastNamed(organization.id, name);
  if (renamedByHand !== undefined) return draft.byId(renamedByHand.id);
  const before = draft.managed(observed.groupOfMapping.get(what) ?? '');
  if (before !== undefined && before.organization === organization.id && before.origin === 'created') {
    const present = draft.byId(before.id);
    if (present !== undefined && !isWantedOtherwise(draft, present, before.scimGroupId)) return present;
  }
  for (const begun of observed.begun) {
    if (begun.app !== observed.app || begun.mapping !== what || begun.organization !== organization.id) continue;
    const present = draft.byName(organization.id, begun.name);
    if (
      present !== undefined &&
      draft.managed(present.id) === undefined &&
      !isWantedOtherwise(draft, present, undefined)
    )
      return present;
  }
  return undefined;
}

function isWantedOtherwise(draft: GroupsDraft, group: PresentGroup, scimGroupId: string | undefined): boolean {
  return (
    draft.isMapped(group) ||
    draft.plannedFor(group.id) !== undefined ||
    (scimGroupId !== undefined && draft.observed.alive.has(scimGroupId))
  );
}

/** Every group of every organization is managed for authoritative apps. */
function manageAll(draft: GroupsDraft): void {
  for (const present of draft.observed.present) {
    const organization = draft.observed.organizations.find(one => one.id === present.organizationId);
    const known = draft.managed(present.id) !== undefined || draft.plannedFor(present.id) !== undefined;
    if (organization === undefined || known || present.name === PREBUILDS_GROUP) continue;
    const settles = begunAs(draft, organization.id, present.name);
    draft.plan({
      what: 'policies.authoritative',
      mappings: [],
      organization,
      present,
      settings: {},
      row: {
        organization: organization.id,
        name: present.name,
        origin: settles.length > 0 ? 'created' : 'matched',
        scimGroupId: undefined,
      },
      settles,
    });
  }
}
