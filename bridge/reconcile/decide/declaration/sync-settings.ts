/** What is to be written into Coder's sync settings, given what is there: whole objects, with the entries of others kept. Pure. */
import { type MappingState } from '../../../contract/mapping-state';
import { Draft, type Join, type SyncMapping, type Written } from './claims';
import { findOrganization, type KnownOrganization } from '../rules';

/** A settings object as Coder has it, with what is kept of it: filter and switches are not the bridge's. */
export interface PresentSync extends SyncMapping {
  readonly regexFilter?: string | null | undefined;
  readonly autoCreateMissingGroups?: boolean | undefined;
  /** Groups by name that Coder has from its own start (`CODER_OIDC_GROUP_MAPPING`), by claim: they count until somebody writes the settings. */
  readonly legacyNames?: Readonly<Record<string, string>> | undefined;
  /** Organization sync: whether everybody stays in the default organization. Left out of a write it would be false. */
  readonly assignDefault?: boolean | undefined;
}

/** One settings object of Coder, as it is and as mappings ask for it. */
export interface SyncObserved {
  readonly kind: 'groups' | 'roles' | 'organizations';
  /** Organization id; empty for organization sync, which is for the whole deployment. */
  readonly organization: string;
  readonly present: PresentSync;
  /** Undefined: no mapping asks for it. */
  readonly wanted: SyncMapping | undefined;
  /** What the bridge wrote into it last. */
  readonly before: Written | undefined;
  /** Groups or roles there, by name: Coder takes a claim without an entry for one of these. @default none */
  readonly names?: readonly string[];
}

export interface SyncChange {
  readonly observed: SyncObserved;
  /** The object to write; undefined when what is there says it already. */
  readonly next: SyncMapping | undefined;
  /** What is the bridge's own in it from now on. */
  readonly written: Written | undefined;
}

/**
 * Whether entries that are not the bridge's are there for another claim than the wanted one. Coder reads one claim: under the other one they would
 * give to whoever has their value in that.
 */
export function isForAnotherClaim({ kind, present, wanted, before }: SyncObserved): boolean {
  if (wanted === undefined || present.field === '' || present.field === wanted.field) return false;
  // Without an entry it gives by names.
  if (kind !== 'organizations' && (before === undefined || before.wasOn === true)) return true;
  return entriesOfOthers(present, before).some(([, values]) => values.length > 0);
}

/**
 * Names of groups from Coder's own start, for claims that the mappings give nothing for: whoever is in a group by one would be taken out at their next
 * sign-in, once anything is written there. In words; empty where nothing is lost.
 */
export function lostByWriting({ present, wanted }: Pick<SyncObserved, 'present' | 'wanted'>): string[] {
  const given = wanted?.mapping ?? {};
  return Object.entries(present.legacyNames ?? {})
    .filter(([claim]) => (given[claim] ?? []).length === 0)
    .map(([claim, group]) => `${JSON.stringify(claim)} (group ${JSON.stringify(group)})`)
    .sort();
}

/** What is not the bridge's own in a settings object, also of claims for which it writes as well. */
function entriesOfOthers({ mapping }: SyncMapping, before: Written | undefined): [string, readonly string[]][] {
  const own = new Set([...(before?.claims ?? []), ...(before?.silenced ?? [])]);
  return Object.entries(mapping).flatMap(([claim, values]): [string, readonly string[]][] => {
    if (!own.has(claim)) return [[claim, values]];
    // What somebody has written over an entry that was to give nothing.
    if (before?.claims.includes(claim) !== true && values.length > 0) return [[claim, values]];
    const theirs = before?.others?.[claim];
    const left = theirs?.filter(value => values.includes(value));
    return left === undefined || (left.length === 0 && theirs?.length !== 0) ? [] : [[claim, left]];
  });
}

export function decideSync(observed: readonly SyncObserved[]): SyncChange[] {
  return observed.map(one => {
    const wanted = withUnclear(one);
    const written = writtenOf(one, wanted);
    return { observed: one, next: mergeSync(one.present, wanted, one.before, written), written };
  });
}

/** What is the bridge's own once this is written. */
function writtenOf(
  { kind, present, before, names = [] }: SyncObserved,
  wanted: SyncMapping | undefined,
): Written | undefined {
  const theirs = new Map(entriesOfOthers(present, before));
  const wasOn = before === undefined ? present.field !== '' : before.wasOn === true && present.field !== '';
  // A sync that nobody but the bridge turned on gives what mappings say, not what happens to have the same name; nor what a mapping gave before.
  const isByName = kind !== 'organizations' && !wasOn;
  // Nor where the last mapping is gone, and entries of others keep it on.
  const staysOn = theirs.size > 0 && isByName && isOwnField(before, present.field);
  if (wanted === undefined && !staysOn) return undefined;
  const claims = Object.keys(wanted?.mapping ?? {});
  const silenced = isByName ? [...names, ...(before?.claims ?? []), ...(before?.silenced ?? [])] : [];
  return {
    field: wanted?.field ?? present.field,
    claims,
    silenced: [...new Set(silenced)].filter(claim => !claims.includes(claim) && !theirs.has(claim)).sort(),
    others: Object.fromEntries([...theirs].filter(([claim]) => claims.includes(claim))),
    ...(wasOn && { wasOn }),
  };
}

/** What may be the bridge's own while a change is written: until its end is noted, Coder may have what was, or what is to be. */
export function ownMeanwhile({ observed: { before, present }, written }: SyncChange): Written | undefined {
  if (before === undefined || written === undefined) return written ?? before;
  return {
    ...written,
    claims: [...new Set([...before.claims, ...written.claims])],
    silenced: [...new Set([...(before.silenced ?? []), ...(written.silenced ?? [])])],
    others: { ...written.others, ...before.others },
    ...(isOwnField(before, present.field) && { formerField: present.field }),
  };
}

/** What is the bridge's own where Coder refused the change: entries that somebody has taken out meanwhile give nothing any more. */
export function ownStill({ before, present }: SyncObserved): Written | undefined {
  if (before === undefined) return undefined;
  const isThere = (claim: string): boolean => Object.hasOwn(present.mapping, claim);
  const gone = before.claims.filter(claim => !isThere(claim));
  return { ...before, claims: before.claims.filter(isThere), silenced: [...(before.silenced ?? []), ...gone] };
}

/** Whether the bridge set this field. */
function isOwnField(before: Written | undefined, field: string): boolean {
  return before !== undefined && (field === before.field || field === before.formerField);
}

/**
 * What is wanted, with an answer for claims of which it is unclear whose they are. What the bridge wrote for them stays; else they
 * give nothing, said in so many words, since Coder takes a claim without an entry for the name of a group or role. No sync is
 * turned on for that alone.
 */
function withUnclear({ kind, present, wanted, before }: Omit<SyncObserved, 'organization'>): SyncMapping | undefined {
  const claims = wanted?.unclear ?? [];
  if (wanted === undefined || claims.length === 0) return wanted;
  const mapping = { ...wanted.mapping };
  // Of another claim the same value is something else.
  const isSame = present.field === wanted.field && isOwnField(before, wanted.field);
  for (const claim of claims) {
    const stands = isSame && before?.claims.includes(claim) === true ? present.mapping[claim] : undefined;
    if (stands !== undefined) mapping[claim] = stands;
    else if (kind !== 'organizations') mapping[claim] = [];
  }
  const gives = Object.values(mapping).some(values => values.length > 0);
  const saysNothing = kind !== 'organizations' && present.field !== '';
  return gives || saysNothing ? { field: wanted.field, mapping } : undefined;
}

export interface OrganizationSyncObserved {
  readonly joins: readonly Join[];
  readonly present: SyncMapping & { readonly assignDefault: boolean };
  readonly before: Written | undefined;
  /** Apps in mode `push` that map other organizations than the default one. */
  readonly pushing: readonly string[];
}

/**
 * Organization sync is for the whole deployment: it takes everybody who signs in by OIDC out of organizations that no entry
 * gives them. So it is written only when a mapping needs it, when it is declared, and when no app pushes into organizations.
 */
export function decideOrganizationSync({ joins, present, before, pushing }: OrganizationSyncObserved): {
  readonly wanted: SyncMapping | undefined;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const isOnAnyway = present.field !== '' && (before === undefined || entriesOfOthers(present, before).length > 0);
  const drafts = new Map<string, Draft>();
  for (const { field, claim, organization, unclear } of pushing.length === 0 ? joins : []) {
    // Everybody is in the default organization, unless a sync that is on leaves it out.
    if (field === undefined || (organization.isDefault && present.assignDefault)) continue;
    const draft = drafts.get(field) ?? new Draft(field);
    drafts.set(field, draft);
    draft.add(claim, organization.id, unclear);
  }
  const defaultIds = new Set(joins.flatMap(({ organization }) => (organization.isDefault ? organization.id : [])));
  // None is turned on for the default organization alone, nor for what is not written.
  const turnsOn = (draft: Draft): boolean => {
    const written = withUnclear({ kind: 'organizations', present, wanted: draft.done(), before });
    return Object.values(written?.mapping ?? {})
      .flat()
      .some(id => !defaultIds.has(id));
  };
  // An app does not take away what is written for another one's claim, nor what turns the sync on.
  const fields = [...drafts].flatMap(([field, draft]) => (turnsOn(draft) ? field : []));
  const written = fields.find(field => field === present.field && isOwnField(before, field)) ?? fields[0];
  const isOn = isOnAnyway || written !== undefined;
  const isNeeded = (join: Join): boolean => !join.organization.isDefault || (isOn && !present.assignDefault);
  const apps = new Map(joins.filter(isNeeded).map(join => [join.app, join]));
  for (const { app, field, organization } of apps.values()) {
    const into = `mappings of app ${JSON.stringify(app)} into organization ${JSON.stringify(organization.name)} need Coder's organization sync`;
    if (field === undefined)
      problems.push(
        `claims.organizations is not declared: ${into}, which is for the whole deployment and takes everybody who signs in by OIDC out of organizations that no mapping gives them; declare the claim (coder-scim plan names whom it touches), or map into the default organization alone`,
      );
    else if (pushing.length > 0)
      problems.push(
        `claims.organizations: ${into}, and Coder refuses memberships from app ${pushing.map(name => JSON.stringify(name)).join(', ')} in mode push while that is on; it is not written: set that app to mode claims, or take the mappings into other organizations out of one of the two`,
      );
  }
  if (!isOn || pushing.length > 0) return { wanted: undefined, problems };
  const needed = joins.flatMap(({ app, field }) => (field !== undefined && apps.has(app) ? field : []));
  const read = written ?? needed[0];
  for (const field of new Set(needed))
    if (field !== read)
      problems.push(
        `claims.organizations: claim ${JSON.stringify(field)} is not the claim ${JSON.stringify(read)} that another app reads: Coder reads one claim, and nothing is written of this one`,
      );
  return { wanted: read === undefined ? undefined : drafts.get(read)?.done(), problems };
}

/** Apps in mode `push` whose mappings give memberships of other organizations than the default one. */
export function appsPushingOrganizations(
  apps: Iterable<{ readonly name: string; readonly state: MappingState; readonly deleting: boolean }>,
  organizations: readonly KnownOrganization[],
): string[] {
  return [...apps].flatMap(({ name, state, deleting }) => {
    if (deleting || state.mode !== 'push') return [];
    const named = [
      ...Object.values(state.groupMappings),
      ...Object.values(state.roleMappings),
      ...Object.values(state.organizationMappings),
      ...(state.pushedGroups === undefined ? [] : [state.pushedGroups]),
    ].flatMap(({ organization }) => organization ?? []);
    return named.some(one => findOrganization(organizations, one)?.isDefault === false) ? [name] : [];
  });
}

/** Claims that a filter of Coder drops before it looks at the mapping. */
export function filteredOut(filter: string | null, claims: readonly string[]): string[] {
  if (filter === null || filter === '') return [];
  try {
    const pattern = new RegExp(filter);
    return claims.filter(claim => !pattern.test(claim));
  } catch {
    // Coder's expressions are of another dialect: what this one can't read is not judged.
    return [];
  }
}

/** A settings object for people to read. */
export function saySync({ field, mapping, legacyNames = {} }: SyncMapping & Pick<PresentSync, 'legacyNames'>): string {
  const entries = Object.entries(mapping).filter(([, values]) => values.length > 0);
  const said = entries.map(([claim, values]) => `${claim}=${values.join('+')}`).sort();
  const silenced = Object.keys(mapping)
    .filter(claim => mapping[claim]?.length === 0)
    .sort();
  const more = silenced.length > NAMED ? ` and ${silenced.length - NAMED} more` : '';
  const nothing = silenced.length === 0 ? [] : [`nothing for ${silenced.slice(0, NAMED).join(', ')}${more}`];
  const legacy = Object.entries(legacyNames).map(([claim, group]) => `${claim}=${group} by CODER_OIDC_GROUP_MAPPING`);
  return [`field ${JSON.stringify(field)}`, ...said, ...legacy.sort(), ...nothing].join(' ');
}

const NAMED = 20;

/**
 * The settings object to write: what is there, without what the bridge wrote before, with what it wants now. When nothing
 * of it is left and the bridge had switched the sync on, it is switched off again.
 * @returns undefined when what is there says it already
 */
function mergeSync(
  present: SyncMapping,
  wanted: SyncMapping | undefined,
  before: Written | undefined,
  written: Written | undefined,
): SyncMapping | undefined {
  const mapping = Object.fromEntries(entriesOfOthers(present, before));
  for (const [claim, values] of Object.entries(wanted?.mapping ?? {}))
    mapping[claim] = [...new Set([...(mapping[claim] ?? []), ...values])];
  for (const claim of written?.silenced ?? []) mapping[claim] = [];
  const goes = Object.keys(mapping).length === 0 && isOwnField(before, present.field) && before?.wasOn !== true;
  const field = wanted?.field ?? (goes ? '' : present.field);
  return field === present.field && sameMapping(mapping, present.mapping) ? undefined : { field, mapping };
}

function sameMapping(a: SyncMapping['mapping'], b: SyncMapping['mapping']): boolean {
  const text = (mapping: SyncMapping['mapping']): string =>
    JSON.stringify(
      Object.entries(mapping)
        .map(([claim, values]) => [claim, [...values].sort()] as const)
        .sort(([left], [right]) => (left < right ? -1 : 1)),
    );
  return text(a) === text(b);
}
