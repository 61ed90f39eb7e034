/** Mappings whose group was matched once and is gone from the directory: what they gave is not taken without a word. */
import { identityKey } from '../../contract/identity';
import { type MappingState } from '../../contract/mapping-state';
import { type Binding, readBindings } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { readGroups } from '../../store/directory/reading';
import { type EntitlementKey, keyOf } from '../decide/entitlement';
import { type Context } from '../decide/context';
import { type Removal } from '../decide/plan';

/** Mappings whose group was matched once and is gone from the directory, read now; not those whose loss an operator has accepted. */
export async function vanishedMappings(db: Db, context: Context, app: string): Promise<string[]> {
  const rules = context.rules.get(app);
  if (rules === undefined || rules.deleting) return [];
  const bindings = await readBindings(db, app);
  const suspects = bindings.filter(
    binding =>
      binding.scimGroupId !== undefined &&
      rules.gives.has(binding.mapping) &&
      !readsItsGroup(binding, idpGroupOf(context, app, binding.mapping), rules.state.policies),
  );
  if (suspects.length === 0) return [];
  const groups = await readGroups(db, app);
  const names = new Set(groups.map(group => identityKey(group.displayName)));
  const externalIds = new Set(groups.flatMap(group => group.externalId ?? []));
  return suspects
    .map(binding => binding.mapping)
    .filter(mapping => {
      const wanted = idpGroupOf(context, app, mapping);
      if (wanted === undefined) return false;
      return 'externalId' in wanted ? !externalIds.has(wanted.externalId) : !names.has(identityKey(wanted.name));
    });
}

/** Whether something is lost, as far as anybody can tell, because of a group that is gone. */
export type IsVanished = (removal: Removal) => boolean;

export const NOTHING_VANISHED: IsVanished = () => false;

/**
 * What those mappings give, and the way in where groups let people in. Also where a mapping with a living group gives the same: who was in the
 * group that is gone went from the directory with it, so that nobody can tell who had it by the other one alone.
 */
export async function vanishedLosses(db: Db, context: Context, app: string): Promise<IsVanished> {
  const mappings = await vanishedMappings(db, context, app);
  if (mappings.length === 0) return NOTHING_VANISHED;
  const rules = context.rules.get(app);
  const gone = new Set<EntitlementKey>();
  for (const mapping of mappings)
    for (const entitlement of rules?.gives.get(mapping) ?? []) gone.add(keyOf(entitlement));
  const letsIn = rules?.state.policies.accounts === 'mapped';
  return removal => (removal.kind === 'account' ? letsIn : gone.has(keyOf(removal)));
}

/** Whether a mapping reads the group that it is bound to: one by externalId only while the group has that, whatever becomes of its name. */
export function readsItsGroup(
  { group }: Pick<Binding, 'group'>,
  wanted: IdpGroup | undefined,
  { renamedGroups }: Pick<MappingState['policies'], 'renamedGroups'>,
): boolean {
  if (group === undefined || wanted === undefined) return group !== undefined;
  if ('externalId' in wanted) return group.externalId === wanted.externalId;
  return renamedGroups === 'follow' || identityKey(group.displayName) === identityKey(wanted.name);
}

type IdpGroup = { readonly name: string } | { readonly externalId: string };

/** The group that a mapping reads, as declared. */
export function idpGroupOf(context: Context, app: string, mapping: string): IdpGroup | undefined {
  const state = context.apps.get(app)?.state;
  const [kind, ...rest] = mapping.split('/');
  const name = rest.join('/');
  const declared =
    kind === 'groupMappings'
      ? state?.groupMappings[name]
      : kind === 'roleMappings'
        ? state?.roleMappings[name]
        : state?.organizationMappings[name];
  if (declared === undefined) return undefined;
  if (declared.idpGroupExternalId !== undefined) return { externalId: declared.idpGroupExternalId };
  return { name: declared.idpGroup ?? '' };
}
