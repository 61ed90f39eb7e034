/** The Coder group of a group that the identity provider pushes: which one it is, what it is called, whether it may be taken. Pure. */
import { cleanDisplayName, deriveGroupNames } from '../../../coder/names';
import { type DirectoryGroup } from '../../../contract/directory';
import { type MappingState } from '../../../contract/mapping-state';
import { type ManagedGroup } from '../../../store/accounts/coder-groups';
import { begunAs, type GroupChange, type GroupsDraft, groupKey, type PresentGroup } from './groups-draft';
import { findOrganization, type KnownOrganization } from '../rules';

/** Names that a pushed group may have in Coder, best first, and its display name there. */
export function namesOfPushed(
  rule: NonNullable<MappingState['pushedGroups']>,
  group: DirectoryGroup,
): { readonly names: readonly string[]; readonly displayName: string } {
  const shown = rule.stripPrefix ? group.displayName.slice(rule.prefix.length).trim() : group.displayName;
  return {
    names: deriveGroupNames({ displayName: shown, key: group.id }),
    displayName: cleanDisplayName(shown),
  };
}

/** Whether a Coder group belongs to another group of the directory, which still exists. */
export function isOfAnother(
  group: DirectoryGroup,
  holder: Pick<ManagedGroup, 'scimGroupId'> | undefined,
  alive: Pick<ReadonlyMap<string, string>, 'has'>,
): boolean {
  return holder?.scimGroupId !== undefined && holder.scimGroupId !== group.id && alive.has(holder.scimGroupId);
}

/** Adds to the draft what a pushed group asks for. */
export function decidePushedGroup(draft: GroupsDraft, group: DirectoryGroup): void {
  const { state, organizations, unreadable: hidden } = draft.observed;
  const rule = state.pushedGroups;
  const organization = rule && findOrganization(organizations, rule.organization);
  if (rule === undefined || organization === undefined) return;
  const unreadable = hidden.get(organization.id);
  if (unreadable !== undefined) {
    draft.problems.push(`pushedGroups: ${unreadable}`);
    return;
  }
  const { names, displayName } = namesOfPushed(rule, group);
  const own = ownGroup(draft, organization, group);
  const shared = own === undefined ? undefined : draft.plannedFor(own.present.id);
  if (shared !== undefined) {
    // A mapping names the group too, and says what it is called.
    draft.plan({ ...shared, row: { ...shared.row, scimGroupId: group.id } });
    return;
  }
  if (own !== undefined) {
    const change = renamed(draft, group, organization, own, names, displayName);
    draft.plan(change);
    tellNextName(draft, group, organization, names, change.row.name);
    return;
  }
  for (const name of names) {
    const taken = take(draft, group, organization, name, displayName);
    if (taken === 'next') continue;
    if (taken === 'later') return;
    if ('problem' in taken) draft.problems.push(taken.problem);
    else {
      draft.plan(taken);
      tellNextName(draft, group, organization, names, name);
    }
    return;
  }
  draft.problems.push(
    `${sayPushed(group)}: every name derived from it is taken in organization ${JSON.stringify(organization.name)} (${names.join(', ')}): rename the group in the identity provider`,
  );
}

/** Beside a group of an app that shares its people, as in a move from one identity provider to another: templates are not shared with this one. */
function tellNextName(
  draft: GroupsDraft,
  group: DirectoryGroup,
  organization: KnownOrganization,
  [wanted = '']: readonly string[],
  name: string,
): void {
  const { state, alive } = draft.observed;
  const holder = draft.managed(draft.byName(organization.id, wanted)?.id ?? '');
  const other = alive.get(holder?.scimGroupId ?? '');
  if (name === wanted || other === undefined || !isOfAnother(group, holder, alive)) return;
  // Said already that they are one: a mapping keeps the group when the other app goes.
  if (!state.people.sharedWith.includes(other) || draft.mapped.has(groupKey(organization.id, wanted))) return;
  draft.problems.push(
    `${sayPushed(group)}: group ${JSON.stringify(wanted)} in Coder is that of a group which app ${JSON.stringify(other)} pushes, so this one is ${JSON.stringify(name)}, and what is shared with ${JSON.stringify(wanted)} is not shared with it: let a mapping of this app name ${JSON.stringify(wanted)} before the move is done`,
  );
}

/** How what is told of a pushed group begins, whichever it is. */
export const ABOUT_PUSHED = 'pushedGroups "';

/** How a pushed group is called where something is told of it. */
export const sayPushed = ({ displayName }: Pick<DirectoryGroup, 'displayName'>): string =>
  `pushedGroups ${JSON.stringify(displayName)}`;

/** The Coder group that was made or taken over for this group, also when that has not been noted. */
function ownGroup(
  draft: GroupsDraft,
  organization: KnownOrganization,
  group: DirectoryGroup,
): { readonly present: PresentGroup; readonly origin: 'created' | 'matched' } | undefined {
  for (const known of draft.ofScimGroup(group.id)) {
    if (known.organization !== organization.id) continue;
    const present = draft.byId(known.id);
    if (present !== undefined) return { present, origin: known.origin };
  }
  for (const begun of draft.observed.begun) {
    if (begun.scimGroupId !== group.id || begun.organization !== organization.id) continue;
    const present = draft.byName(organization.id, begun.name);
    if (present === undefined || draft.plannedFor(present.id) !== undefined) continue;
    if (!isOfAnother(group, draft.managed(present.id), draft.observed.alive)) return { present, origin: 'created' };
  }
  return undefined;
}

/** A matched group keeps the name it was found under; one that the bridge made follows, unless the name is taken. */
function renamed(
  draft: GroupsDraft,
  group: DirectoryGroup,
  organization: KnownOrganization,
  own: { readonly present: PresentGroup; readonly origin: 'created' | 'matched' },
  names: readonly string[],
  displayName: string,
): GroupChange {
  const { present, origin } = own;
  const wanted = names[0] ?? present.name;
  const isFree = (name: string): boolean =>
    draft.byName(organization.id, name) === undefined &&
    draft.planned(organization.id, name) === undefined &&
    reservation(draft, organization, name) === undefined;
  const follows = origin === 'created' && wanted !== present.name && !draft.isMapped(present);
  if (follows && draft.byName(organization.id, wanted) === undefined) {
    const reserved = reservation(draft, organization, wanted);
    if (reserved !== undefined) draft.problems.push(`${sayPushed(group)}: ${reserved}`);
  }
  const name = follows ? nextName(draft, organization, names, present, isFree) : present.name;
  return {
    what: sayPushed(group),
    mappings: [],
    organization,
    present,
    settings: origin === 'created' || name !== present.name ? { displayName } : {},
    row: { organization: organization.id, name, origin, scimGroupId: group.id },
    settles: begunAs(draft, organization.id, present.name),
  };
}

/** Coder renames one group at a time: two that swap their names do it through a third. */
function nextName(
  draft: GroupsDraft,
  organization: KnownOrganization,
  names: readonly string[],
  present: PresentGroup,
  isFree: (name: string) => boolean,
): string {
  const [wanted = present.name, ...others] = names;
  if (isFree(wanted)) return wanted;
  const holder = draft.byName(organization.id, wanted);
  const waiting = draft.observed.pushed.find(one => one.id === draft.managed(holder?.id ?? '')?.scimGroupId);
  const rule = draft.observed.state.pushedGroups;
  const leaves = waiting !== undefined && rule !== undefined && namesOfPushed(rule, waiting).names[0] === present.name;
  return leaves ? (others.find(isFree) ?? present.name) : present.name;
}

/**
 * The change that gives a group this name; `next` when the name is another group's; or why it can not be. `later`: Coder has it, and the pushed one
 * has no member yet. Identity providers make groups empty and fill them by later requests: taken now, it would lose whoever is in.
 */
function take(
  draft: GroupsDraft,
  group: DirectoryGroup,
  organization: KnownOrganization,
  name: string,
  displayName: string,
): GroupChange | 'next' | 'later' | { readonly problem: string } {
  const { state, alive, empty, inhabited, mappedByOthers } = draft.observed;
  const planned = draft.planned(organization.id, name);
  if (planned !== undefined) {
    const shared = planned.row.scimGroupId === undefined || !alive.has(planned.row.scimGroupId);
    if (shared && planned.present !== undefined && empty.has(group.id)) return 'later';
    return shared ? { ...planned, row: { ...planned.row, scimGroupId: group.id } } : 'next';
  }
  const present = draft.byName(organization.id, name);
  const begun = present === undefined ? undefined : draft.begun(organization.id, name);
  const base = { what: sayPushed(group), mappings: [], organization, present };
  const row = { organization: organization.id, name, scimGroupId: group.id };
  if (present === undefined) {
    const reserved = reservation(draft, organization, name);
    if (reserved !== undefined) return { problem: `${base.what}: ${reserved}` };
    return state.pushedGroups?.create === true
      ? { ...base, settings: { displayName }, row: { ...row, origin: 'created' }, settles: [] }
      : {
          problem: `${base.what}: organization ${JSON.stringify(organization.name)} has no group ${JSON.stringify(name)}: create it, or set "create" to true`,
        };
  }
  const holder = draft.managed(present.id);
  // Two groups of the directory never share a Coder group by the accident of a derived name; what one left is free.
  if (isOfAnother(group, holder ?? begun, alive) || inhabited.has(present.id)) return 'next';
  const made = holder?.origin === 'created' || (holder === undefined && begun !== undefined);
  const refusal = refusalToTake(state, {
    organization,
    name,
    otherApp: mappedByOthers.get(groupKey(organization.id, name)),
    isOurs: made || draft.isMapped(present),
  });
  if (refusal !== undefined) return { problem: `${base.what}: ${refusal}` };
  // One that the bridge made for a pushed group has in it whom such a group had.
  const wasPushed = made && (holder ?? begun)?.scimGroupId !== undefined;
  if (!wasPushed && empty.has(group.id)) return 'later';
  const origin = made ? 'created' : 'matched';
  return { ...base, settings: {}, row: { ...row, origin }, settles: begun === undefined ? [] : [begun] };
}

/** Why a name that no group of Coder has is not this app's to give: what a mapping names is its, also before. Undefined when it is. */
function reservation(draft: GroupsDraft, organization: KnownOrganization, name: string): string | undefined {
  const { state, mappedByOthers } = draft.observed;
  const otherApp = mappedByOthers.get(groupKey(organization.id, name));
  if (otherApp === undefined || !isAboutOwn(state.pushedGroups)) return undefined;
  return `a mapping of app ${JSON.stringify(otherApp)} names group ${JSON.stringify(name)} of organization ${JSON.stringify(organization.name)}, which Coder does not have now: set pushedGroups.adopt to true to be part of it, or rename one of the two`;
}

/** A rule that only matches says with that alone that it is about groups of others. */
const isAboutOwn = (rule: MappingState['pushedGroups']): boolean => rule !== undefined && !rule.adopt && rule.create;

/** Why a Coder group that is there already is not this app's to take; undefined when it is. */
function refusalToTake(
  state: MappingState,
  group: {
    readonly organization: KnownOrganization;
    readonly name: string;
    readonly otherApp: string | undefined;
    /** The bridge made it, or a mapping of this app names it. */
    readonly isOurs: boolean;
  },
): string | undefined {
  if (!isAboutOwn(state.pushedGroups) || (group.otherApp === undefined && group.isOurs)) return undefined;
  const whose =
    group.otherApp === undefined
      ? 'that was made by hand'
      : `that a mapping of app ${JSON.stringify(group.otherApp)} names`;
  return `organization ${JSON.stringify(group.organization.name)} has a group ${JSON.stringify(group.name)} ${whose}: set pushedGroups.adopt to true to take such groups over, or rename one of the two`;
}
