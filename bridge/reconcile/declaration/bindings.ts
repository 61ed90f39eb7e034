/** Remembers which group of the directory each mapping has matched, so that it can follow a rename and miss a loss. */
import { type DirectoryGroup } from '../../contract/directory';
import { bind, endFilling, type Filling, type FillingBinding, readBindings, unbind } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { groupsWithMembers, readGroupsNamed } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { foldName } from '../decide/rules';
import { beingFilled } from '../context/filled-groups';
import { idpGroupOf } from '../context/vanished-groups';
import { restedBindings } from '../context/filling-mappings';

/** What binding anew came to. */
export interface Rebound {
  readonly changed: boolean;
  /** Whether a mapping takes something from now on, since its group has come to rest: everybody is to be compared. */
  readonly rested: boolean;
  /** Groups that a mapping is bound to from now on: whoever is in them may have something to gain. */
  readonly groups: ReadonlySet<string>;
}

/**
 * Binds mappings of an app to the groups that they match now. A mapping whose group is gone keeps its binding, which is how
 * the guard knows; it is bound anew as soon as a group fits. Identity providers make groups empty and fill them by later requests: one that
 * has no member yet says of nobody that they are not in it, and fits as if it had not come. The one that a mapping is bound to may be emptied.
 * One that is being filled gives from its first member on, and takes nothing before it has come to rest.
 */
export async function refreshBindings(db: Db, context: Context, app: string, now: number): Promise<Rebound> {
  const { rebound, stale, rested } = await compareBindings(db, context, app, now);
  for (const [mapping, { group, filling }] of rebound) await bind(db, app, mapping, group, filling);
  await endFilling(db, rested);
  await unbind(db, app, stale);
  return {
    changed: rebound.size + rested.length + stale.length > 0,
    rested: rested.length > 0,
    groups: new Set([...rebound.values()].map(({ group }) => group)),
  };
}

/** How bindings are to what the mappings match now. */
export interface BindingState {
  /** Whether there is something to bind, or to unbind, or has come to rest. */
  readonly differ: boolean;
  /** Groups that a mapping is bound to and matches, and did not while they had another name or externalId. */
  readonly matched: ReadonlySet<string>;
}

export async function readBindingState(db: Db, context: Context, app: string, now: number): Promise<BindingState> {
  const { rebound, stale, rested, matched } = await compareBindings(db, context, app, now);
  return { differ: rebound.size + rested.length + stale.length > 0, matched };
}

interface Comparison {
  /** As of `BindingState`. */
  readonly matched: ReadonlySet<string>;
  /** Groups by the mapping that is to be bound to them, and how. */
  readonly rebound: ReadonlyMap<string, { readonly group: string; readonly filling: Filling | undefined }>;
  /** Bindings that stay, and count from now on. */
  readonly rested: readonly FillingBinding[];
  /** Mappings that are declared no more. */
  readonly stale: readonly string[];
}

async function compareBindings(db: Db, context: Context, app: string, now: number): Promise<Comparison> {
  const rules = context.rules.get(app);
  if (rules === undefined) return { matched: new Set(), rebound: new Map(), rested: [], stale: [] };
  const bindings = new Map((await readBindings(db, app)).map(binding => [binding.mapping, binding]));
  const bound = new Map([...bindings].map(([mapping, { scimGroupId }]) => [mapping, scimGroupId]));
  const named = [...rules.gives.keys()].flatMap(mapping => idpGroupOf(context, app, mapping) ?? []);
  const groups = await readGroupsNamed(db, app, {
    ids: [...bound.values()].flatMap(id => id ?? []),
    names: named.flatMap(wanted => ('name' in wanted ? wanted.name : [])),
    externalIds: named.flatMap(wanted => ('externalId' in wanted ? wanted.externalId : [])),
  });
  const byId = new Map(groups.map(group => [group.id, group]));
  const byName = groupedBy(groups, group => foldName(group.displayName));
  const byExternalId = groupedBy(groups, group => group.externalId);
  const follows = rules.state.policies.renamedGroups === 'follow';
  const matched = new Set<string>();
  const fitting: { mapping: string; before: string | undefined; fits: readonly DirectoryGroup[] }[] = [];
  for (const mapping of rules.gives.keys()) {
    const wanted = idpGroupOf(context, app, mapping);
    if (wanted === undefined) continue;
    const before = bound.get(mapping);
    if ('name' in wanted && follows && before !== undefined && byId.has(before)) continue;
    const found = 'externalId' in wanted ? byExternalId.get(wanted.externalId) : byName.get(foldName(wanted.name));
    // Which of several groups of one name is meant is not for the bridge to choose.
    if (found === undefined || ('name' in wanted && found.length > 1)) continue;
    fitting.push({ mapping, before, fits: found });
  }
  const others = fitting.flatMap(({ before, fits }) => fits.flatMap(({ id }) => (id === before ? [] : [id])));
  const inhabited = await groupsWithMembers(db, others);
  const filled = await beingFilled(db, others, now);
  const fillingOf = (mapping: string, group: string, isByClaim: boolean): Filling | undefined => {
    if (!filled.has(group) && !(isByClaim && !inhabited.has(group))) return undefined;
    const before = bindings.get(mapping);
    // What another group gave, of which it was the last word, is missed until this one has come to rest.
    return before?.scimGroupId === undefined ? 'first' : 'again';
  };
  const rebound = new Map<string, { group: string; filling: Filling | undefined }>();
  for (const { mapping, before, fits } of fitting) {
    // What Coder gives at sign-ins alone takes nothing here, and follows a rename from the beginning; it counts with its first member, should it
    // be pushed one day.
    const isByClaim = rules.state.mode === 'claims' && before === undefined && rules.gives.get(mapping)?.length === 0;
    const match = fits.filter(({ id }) => id === before || isByClaim || inhabited.has(id)).at(-1);
    if (match === undefined) continue;
    if (match.id !== before)
      rebound.set(mapping, { group: match.id, filling: fillingOf(mapping, match.id, isByClaim) });
    else matched.add(match.id);
  }
  const isFilling = [...bindings.values()].some(({ filling }) => filling !== undefined);
  const rested = isFilling ? await restedBindings(db, now, app) : [];
  return {
    matched,
    rebound,
    rested: rested.filter(({ mapping }) => rules.gives.has(mapping) && !rebound.has(mapping)),
    stale: [...bound.keys()].filter(mapping => !rules.gives.has(mapping)),
  };
}

function groupedBy(
  groups: readonly DirectoryGroup[],
  textOf: (group: DirectoryGroup) => string | undefined,
): Map<string, DirectoryGroup[]> {
  const found = new Map<string, DirectoryGroup[]>();
  for (const group of groups) {
    const text = textOf(group);
    if (text !== undefined) found.set(text, [...(found.get(text) ?? []), group]);
  }
  return found;
}
