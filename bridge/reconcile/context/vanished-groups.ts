/**
 * Mappings whose group was matched once and is gone from the directory: what they gave is not taken without a word. One that was made again
 * and has no member yet, or is being filled, is still gone: an identity provider fills it by later requests.
 */
import { type DirectoryGroup } from '../../contract/directory';
import { identityKey } from '../../contract/identity';
import { type MappingState } from '../../contract/mapping-state';
import { type Binding, readBindings } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { groupsWithMembers, readGroupsNamed } from '../../store/directory/reading';
import { type EntitlementKey, keyOf } from '../decide/entitlement';
import { type Context } from '../decide/context';
import { type Removal } from '../decide/plan';
import { beingFilled } from './filled-groups';

/** Mappings whose group was matched once and is gone from the directory, read now; not those whose loss an operator has accepted. */
export async function vanishedMappings(db: Db, context: Context, app: string, now: number): Promise<string[]> {
  const rules = context.rules.get(app);
  if (rules === undefined || rules.deleting) return [];
  const bindings = await readBindings(db, app);
  const suspects = bindings.filter(
    binding =>
      binding.scimGroupId !== undefined &&
      rules.gives.has(binding.mapping) &&
      (binding.filling === 'again' ||
        !readsItsGroup(binding, idpGroupOf(context, app, binding.mapping), rules.state.policies)),
  );
  if (suspects.length === 0) return [];
  const wanted = suspects.flatMap(({ mapping, filling }) => {
    const group = idpGroupOf(context, app, mapping);
    return group === undefined ? [] : [{ mapping, group, isFilling: filling === 'again' }];
  });
  const fitting = await groupsFitting(
    db,
    app,
    wanted.map(({ group }) => group),
  );
  const ids = [...new Set(fitting.flat().map(({ id }) => id))];
  const inhabited = await groupsWithMembers(db, ids);
  const filled = await beingFilled(db, ids, now);
  const isBack = ({ id }: DirectoryGroup): boolean => inhabited.has(id) && !filled.has(id);
  // Until it is noted that the group has come to rest, and everybody is looked at with that, it has not.
  return wanted
    .filter(({ isFilling }, index) => isFilling || !(fitting[index] ?? []).some(isBack))
    .map(({ mapping }) => mapping);
}

/** Groups of the directory that fit what mappings name, of each of them. */
export async function groupsFitting(db: Db, app: string, wanted: readonly IdpGroup[]): Promise<DirectoryGroup[][]> {
  const groups = await readGroupsNamed(db, app, {
    ids: [],
    names: wanted.flatMap(one => ('name' in one ? one.name : [])),
    externalIds: wanted.flatMap(one => ('externalId' in one ? one.externalId : [])),
  });
  return wanted.map(one =>
    groups.filter(group =>
      'externalId' in one
        ? group.externalId === one.externalId
        : identityKey(group.displayName) === identityKey(one.name),
    ),
  );
}

/** Whether something is lost, as far as anybody can tell, because of a group that is gone. */
export type IsVanished = (removal: Removal) => boolean;

export const NOTHING_VANISHED: IsVanished = () => false;

/**
 * What those mappings give, and the way in where groups let people in. Also where a mapping with a living group gives the same: who was in the
 * group that is gone went from the directory with it, so that nobody can tell who had it by the other one alone.
 */
export async function vanishedLosses(db: Db, context: Context, app: string, now: number): Promise<IsVanished> {
  const mappings = await vanishedMappings(db, context, app, now);
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

/** A group as a mapping names it. */
export type IdpGroup = { readonly name: string } | { readonly externalId: string };

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
