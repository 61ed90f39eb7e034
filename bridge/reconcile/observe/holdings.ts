/** What the store knows of an account's holdings, in the shapes that a decision takes. Pure. */
import { type Membership } from '../../store/accounts/coder-members';
import { type Grant } from '../../store/accounts/grants';
import { type Context } from '../decide/context';
import { type Entitlement, keyOf } from '../decide/entitlement';

/** Organization by group id, of the managed groups that the account is in or is to be in. */
export function groupsHeld(
  context: Context,
  organizations: readonly string[],
  members: readonly Membership[],
  presentOnly = false,
): Map<string, string> {
  const held = new Map<string, string>();
  for (const member of members) {
    const group = context.groups.get(member.coderGroupId);
    // Nobody is in a group of an organization they are not in, whatever was last known.
    if (group === undefined || !organizations.includes(group.organization)) continue;
    if (presentOnly ? member.present : (member.wanted ?? member.present)) held.set(group.id, group.organization);
  }
  return held;
}

/** Organizations that the account is not in, but memberships of whose groups are remembered. */
export function organizationsLeft(
  context: Context,
  organizations: readonly string[],
  members: readonly Membership[],
): string[] {
  return [
    ...new Set(
      members.flatMap(member => {
        const group = context.groups.get(member.coderGroupId);
        return group === undefined || organizations.includes(group.organization) ? [] : [group.organization];
      }),
    ),
  ];
}

/** Groups that the account is wanted in and is not, or the other way round: their writer has yet to make it so. */
export function groupsUnwritten(members: readonly Membership[]): string[] {
  return members.flatMap(({ coderGroupId, present, wanted }) =>
    wanted === undefined || wanted === present ? [] : [coderGroupId],
  );
}

/** Whether the bridge gave something to the account, or is about to. */
export function grantedBy(
  grants: readonly Grant[],
  members: readonly Membership[],
): (entitlement: Entitlement) => boolean {
  const granted = new Set(grants.map(grant => keyOf(grant)));
  const wanted = new Set(members.filter(member => member.wanted === true).map(member => member.coderGroupId));
  return entitlement =>
    granted.has(keyOf(entitlement)) || (entitlement.kind === 'group' && wanted.has(entitlement.target));
}
