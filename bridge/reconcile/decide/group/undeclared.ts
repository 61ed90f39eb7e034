/** What the bridge made or took over in Coder and nothing declares any more. Pure. */
import { type DirectoryGroup } from '../../../contract/directory';
import { identityKey } from '../../../contract/identity';
import { type MappingState } from '../../../contract/mapping-state';
import { type ManagedGroup } from '../../../store/accounts/coder-groups';
import { type MemberCounts } from '../../../store/accounts/coder-members';
import { type ManagedRole } from '../../../store/accounts/custom-roles';
import { groupKey, mappedNames } from './groups-draft';
import { organizationMeant, isPushed, type KnownOrganization } from '../rules';

/** An app as far as it declares groups and roles. */
export interface DeclaringApp {
  readonly name: string;
  readonly state: MappingState;
  readonly deleting: boolean;
}

type Declared = Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>;

/** Says of a group whether something declares it. */
export type IsDeclared = (group: Declared) => boolean;

/** The same, by the groups of the directory for which groups were made, as far as they exist. */
export type IsDeclaredBy = (group: Declared, directory: ReadonlyMap<string, DirectoryGroup>) => boolean;

/** Whether a mapping names the Coder group, or the directory has the group that it was made for and its app still pushes it. */
export function declaredGroups(
  apps: Iterable<DeclaringApp>,
  organizations: readonly KnownOrganization[],
  directory: ReadonlyMap<string, DirectoryGroup>,
): IsDeclared {
  const isDeclared = declaredBy(apps, organizations);
  return group => isDeclared(group, directory);
}

/** The same for a directory that is read later, group by group. */
export function declaredBy(apps: Iterable<DeclaringApp>, organizations: readonly KnownOrganization[]): IsDeclaredBy {
  const all = [...apps].filter(app => !app.deleting);
  const mapped = mappedNames(all, organizations);
  const states = new Map(all.map(app => [app.name, app.state]));
  const managesAll = all.some(app => app.state.policies.authoritative);
  return ({ organization, name, scimGroupId }, directory) => {
    if (managesAll || mapped.has(groupKey(organization, name))) return true;
    const group = scimGroupId === undefined ? undefined : directory.get(scimGroupId);
    const state = group === undefined ? undefined : states.get(group.app);
    if (group === undefined || state?.pushedGroups === undefined || !isPushed(state, group)) return false;
    // Where it is not known which organization is meant, nothing goes.
    return (organizationMeant(organizations, state.pushedGroups.organization)?.id ?? organization) === organization;
  };
}

/** `<organization id>/<identity of the name>` of every custom role that an app declares. */
export function declaredRoles(apps: Iterable<DeclaringApp>, organizations: readonly KnownOrganization[]): Set<string> {
  return new Set(
    [...apps]
      .filter(app => !app.deleting)
      .flatMap(app =>
        Object.values(app.state.customRoles).map(role =>
          roleKey(organizationMeant(organizations, role.organization)?.id ?? '', role.name),
        ),
      ),
  );
}

/** A custom role by its name, which Coder keeps in small letters; the key of its journal entry too. */
export function roleKey(organization: string, name: string): string {
  return `${organization}/${identityKey(name)}`;
}

export interface UndeclaredGroup {
  readonly group: ManagedGroup;
  /**
   * `delete`: the bridge made it, and nobody is in it; `forget`: it was there before; `stay`: others were put into it by hand; `awaits`:
   * somebody is still to be in it, which their own work is to end.
   */
  readonly fate: 'delete' | 'forget' | 'stay' | 'awaits';
  readonly byHand: number;
}

/** What becomes of groups that nothing declares any more. */
export function undeclaredGroups(
  groups: readonly (MemberCounts & { readonly group: ManagedGroup })[],
): UndeclaredGroup[] {
  return groups.flatMap(({ group, present, wanted, byHand }): UndeclaredGroup[] => {
    if (wanted > 0) return [{ group, fate: 'awaits', byHand }];
    // Whoever is on the way out of it would stay in for ever, were it forgotten now.
    if (group.origin === 'matched') return present > byHand ? [] : [{ group, fate: 'forget', byHand }];
    if (present === 0) return [{ group, fate: 'delete', byHand }];
    return byHand > 0 ? [{ group, fate: 'stay', byHand }] : [];
  });
}

/** Why a group stays in Coder that nothing declares. */
export function sayLeftGroup(name: string, byHand: number): string {
  return `group ${name}: the bridge made it and nothing declares it any more, but ${byHand === 1 ? 'a member was' : `${byHand} members were`} put into it by hand, or by Coder at a sign-in: it goes with the next sweep once it is empty, or delete it in Coder`;
}

/** Why a custom role stays in Coder that nothing declares. */
export function sayLeftRole(name: string): string {
  return `custom role ${name}: the bridge made it and nothing declares it any more, but somebody had it when it was last looked at: it goes with the next sweep, once nobody has it any more`;
}

export function undeclaredRoles(roles: readonly ManagedRole[], declared: ReadonlySet<string>): ManagedRole[] {
  return roles.filter(role => !declared.has(roleKey(role.organization, role.name)));
}
