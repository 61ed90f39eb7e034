/** Remembers which group of the directory each mapping has matched, so that it can follow a rename and miss a loss. */
import { bind, readBindings, unbind } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { readGroupsNamed } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { foldName } from '../decide/rules';
import { idpGroupOf } from '../context/vanished-groups';

/** What binding anew came to. */
export interface Rebound {
  readonly changed: boolean;
  /** Groups that a mapping is bound to from now on: whoever is in them may have something to gain. */
  readonly groups: ReadonlySet<string>;
}

/**
 * Binds mappings of an app to the groups that they match now. A mapping whose group is gone keeps its binding, which is how
 * the guard knows; it is bound anew as soon as a group fits.
 */
export async function refreshBindings(db: Db, context: Context, app: string): Promise<Rebound> {
  const { rebound, stale } = await compareBindings(db, context, app);
  for (const [mapping, group] of rebound) await bind(db, app, mapping, group);
  await unbind(db, app, stale);
  return { changed: rebound.size > 0 || stale.length > 0, groups: new Set(rebound.values()) };
}

/** How bindings are to what the mappings match now. */
export interface BindingState {
  /** Whether there is something to bind, or to unbind. */
  readonly differ: boolean;
  /** Groups that a mapping is bound to and matches, and did not while they had another name or externalId. */
  readonly matched: ReadonlySet<string>;
}

export async function readBindingState(db: Db, context: Context, app: string): Promise<BindingState> {
  const { rebound, stale, matched } = await compareBindings(db, context, app);
  return { differ: rebound.size > 0 || stale.length > 0, matched };
}

interface Comparison {
  /** As of `BindingState`. */
  readonly matched: ReadonlySet<string>;
  /** Groups by the mapping that is to be bound to them. */
  readonly rebound: ReadonlyMap<string, string>;
  /** Mappings that are declared no more. */
  readonly stale: readonly string[];
}

async function compareBindings(db: Db, context: Context, app: string): Promise<Comparison> {
  const rules = context.rules.get(app);
  if (rules === undefined) return { matched: new Set(), rebound: new Map(), stale: [] };
  const bound = new Map((await readBindings(db, app)).map(binding => [binding.mapping, binding.scimGroupId]));
  const named = [...rules.gives.keys()].flatMap(mapping => idpGroupOf(context, app, mapping) ?? []);
  const groups = await readGroupsNamed(db, app, {
    ids: [...bound.values()].flatMap(id => id ?? []),
    names: named.flatMap(wanted => ('name' in wanted ? wanted.name : [])),
    externalIds: named.flatMap(wanted => ('externalId' in wanted ? wanted.externalId : [])),
  });
  const byId = new Map(groups.map(group => [group.id, group]));
  const byName = new Map(groups.map(group => [foldName(group.displayName), group]));
  // Which of several groups of one name is meant is not for the bridge to choose.
  const shared = new Set(
    groups.map(group => foldName(group.displayName)).filter((name, index, names) => names.indexOf(name) !== index),
  );
  const byExternalId = new Map(
    groups.flatMap(group => (group.externalId === undefined ? [] : [[group.externalId, group] as const])),
  );
  const follows = rules.state.policies.renamedGroups === 'follow';
  const matched = new Set<string>();
  const rebound = new Map<string, string>();
  for (const mapping of rules.gives.keys()) {
    const wanted = idpGroupOf(context, app, mapping);
    if (wanted === undefined) continue;
    const before = bound.get(mapping);
    const stays = 'name' in wanted && follows && before !== undefined && byId.has(before);
    const match =
      'externalId' in wanted
        ? byExternalId.get(wanted.externalId)
        : stays
          ? byId.get(before)
          : shared.has(foldName(wanted.name))
            ? undefined
            : byName.get(foldName(wanted.name));
    if (match === undefined) continue;
    if (match.id !== before) rebound.set(mapping, match.id);
    else if (!stays) matched.add(match.id);
  }
  return { matched, rebound, stale: [...bound.keys()].filter(mapping => !rules.gives.has(mapping)) };
}
