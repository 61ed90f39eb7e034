/** Which custom roles of an app's declaration are to be made, changed or put under management. Pure. */
import { type CoderRole, type CustomRoleShape } from '../../../coder';
import { identityKey } from '../../../contract/identity';
import { type MappingState } from '../../../contract/mapping-state';
import { type ManagedRole } from '../../../store/accounts/custom-roles';
import { findOrganization, type KnownOrganization } from '../rules';
import { roleKey } from '../group/undeclared';

export interface RolesObserved {
  readonly state: MappingState;
  /** Declarations of other apps. */
  readonly others: readonly MappingState[];
  readonly organizations: readonly KnownOrganization[];
  /** Roles by organization id, or why they can't be read. */
  readonly present: ReadonlyMap<string, readonly CoderRole[] | { readonly unreadable: string }>;
  readonly managed: readonly ManagedRole[];
  /** `roleKey` of roles whose creation was begun and has not been noted. */
  readonly begun: ReadonlySet<string>;
}

export interface RoleChange {
  /** What asks for it, as in problems: `customRoles/<key>`. */
  readonly what: string;
  readonly kind: 'create' | 'update' | 'note';
  readonly organization: KnownOrganization;
  /** As Coder has it; undefined: to be made. */
  readonly present: CoderRole | undefined;
  readonly wanted: CustomRoleShape;
  readonly origin: 'created' | 'matched';
}

export interface RolesPlan {
  readonly changes: readonly RoleChange[];
  /** In words. */
  readonly problems: readonly string[];
}

export function decideRoles({ state, others, organizations, present, managed, begun }: RolesObserved): RolesPlan {
  const changes: RoleChange[] = [];
  const problems: string[] = [];
  for (const [key, role] of Object.entries(state.customRoles)) {
    const what = `customRoles/${key}`;
    const organization = findOrganization(organizations, role.organization);
    if (organization === undefined) {
      problems.push(`${what}: Coder has no organization ${JSON.stringify(role.organization)} that the bridge may see`);
      continue;
    }
    const roles = present.get(organization.id) ?? [];
    if ('unreadable' in roles) {
      problems.push(`${what}: ${roles.unreadable}`);
      continue;
    }
    // Coder keeps names in small letters, and looks them up exactly.
    const name = identityKey(role.name);
    const found = roles.find(known => known.name === name);
    const wanted = shapeOf(role);
    const other = others.find(({ customRoles }) =>
      Object.values(customRoles).some(
        theirs =>
          findOrganization(organizations, theirs.organization)?.id === organization.id &&
          identityKey(theirs.name) === name &&
          !isMended(shapeOf(theirs), wanted),
      ),
    );
    if (other !== undefined) {
      problems.push(
        `${what}: app ${JSON.stringify(other.app)} declares custom role ${JSON.stringify(name)} of organization ${JSON.stringify(organization.name)} otherwise, and nothing of it is written until both declare the same, or one of them none`,
      );
      continue;
    }
    const isBegun = begun.has(roleKey(organization.id, name));
    const isKnown = managed.some(known => known.organization === organization.id && known.name === name);
    const kind = found === undefined ? 'create' : isMended(found, wanted) ? 'note' : 'update';
    if (kind === 'note' && isKnown && !isBegun) continue;
    const origin = found === undefined || isBegun ? 'created' : 'matched';
    changes.push({ what, kind, organization, present: found, wanted, origin });
  }
  return { changes, problems };
}

function shapeOf({ name, displayName = name, permissions }: MappingState['customRoles'][string]): CustomRoleShape {
  return { name: identityKey(name), displayName, permissions };
}

/** A role's permissions for people to read. */
export function sayPermissions(role: Pick<CustomRoleShape, 'permissions'>): string {
  return role.permissions
    .map(({ negate, resourceType, action }) => `${negate ? '!' : ''}${resourceType}.${action}`)
    .sort()
    .join(' ');
}

function isMended(present: Pick<CustomRoleShape, 'displayName' | 'permissions'>, wanted: CustomRoleShape): boolean {
  return present.displayName === wanted.displayName && sayPermissions(present) === sayPermissions(wanted);
}
