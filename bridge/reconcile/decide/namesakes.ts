/** Which names several groups of the directory have by the rule for identity. Pure. */
import { identityKey, isSameIdentity } from '../../contract/identity';

export interface SharedNames {
  /** By `identityKey`. */
  readonly names: ReadonlySet<string>;
  /** SCIM ids of the groups that have them. */
  readonly groups: ReadonlySet<string>;
}

/** @param namesakes groups that share a name by the directory's own rule, which takes more names for the same */
export function sharedByIdentity(
  namesakes: readonly { readonly id: string; readonly displayName: string }[],
): SharedNames {
  const byName = new Map<string, string[]>();
  for (const { id, displayName } of namesakes) {
    const name = identityKey(displayName);
    byName.set(name, [...(byName.get(name) ?? []), id]);
  }
  const shared = [...byName].filter(([, ids]) => ids.length > 1);
  return { names: new Set(shared.map(([name]) => name)), groups: new Set(shared.flatMap(([, ids]) => ids)) };
}

/** Ids of the groups of which a mapping means one: those that are named as it says, or as the one that it is bound to. */
export function namesakesOf(
  namesakes: readonly { readonly id: string; readonly displayName: string }[],
  bound: string | undefined,
  idpGroup: string | undefined,
): string[] {
  const name = bound === undefined ? idpGroup : namesakes.find(({ id }) => id === bound)?.displayName;
  return namesakes.flatMap(({ id, displayName }) => (isSameIdentity(displayName, name ?? '') ? [id] : []));
}
