/** Looks at Coder itself, beside what the bridge says of it: the second witness of `coder-scim verify`. */
import { type CoderClient } from '../../coder';
import { type Explanation } from '../../contract/admin-api';

type Entitlement = Explanation['entitlements'][number];

export interface Witness {
  /** What differs from a person who has these entitlements, in sentences; empty when Coder agrees. */
  differences(
    coderUserId: string,
    expected: { status: string; entitlements: readonly Entitlement[] },
  ): Promise<string[]>;
  close(): Promise<void>;
}

type Coder = Pick<
  CoderClient,
  'getUser' | 'getRoles' | 'listOrganizations' | 'getGroupByName' | 'isGroupMember' | 'close'
>;

export function createWitness(coder: Coder): Witness {
  async function has(entitlement: Entitlement, account: { id: string; username: string }): Promise<boolean> {
    const roles = await coder.getRoles(account.id);
    const { kind, target, organization } = entitlement;
    if (kind === 'site-role') return target === 'member' || roles.site.includes(target);
    const named = organization ?? target;
    const organizations = await coder.listOrganizations();
    const found = organizations.find(({ id, name, isDefault }) =>
      [id, name, isDefault ? 'default' : name].includes(named),
    );
    if (found === undefined) return false;
    if (kind === 'organization') return roles.organizations.has(found.id);
    if (kind === 'organization-role') return roles.organizations.get(found.id)?.includes(target) ?? false;
    const group = await coder.getGroupByName(found.id, target);
    return group !== undefined && (await coder.isGroupMember(group.id, account));
  }

  return {
    async differences(coderUserId, { status, entitlements }) {
      const found = await coder.getUser(coderUserId);
      if (found.state !== 'present') return [`Coder has no account ${coderUserId}`];
      const { user } = found;
      const differences = user.status === status ? [] : [`Coder says ${user.status}, wanted ${status}`];
      for (const entitlement of entitlements) {
        const { kind, target, present } = entitlement;
        if ((await has(entitlement, user)) !== (present ?? true)) {
          differences.push(
            `Coder ${present === false ? 'still has' : 'does not have'} ${kind.replace('-', ' ')} ${target}`,
          );
        }
      }
      return differences;
    },
    close: () => coder.close(),
  };
}
