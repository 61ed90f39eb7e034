/** Whose a Coder group is by what is declared, and so whose word counts on what somebody changes in it by hand. */
import { type ManagedGroup } from '../../store/accounts/coder-groups';
import { type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { existingGroups } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { declaredGroups } from '../decide/group/undeclared';

/** The apps of which a mapping names the group, or whose directory has the group that it was made for. */
export async function declaringApps(
  db: Db,
  { apps, catalog }: Context,
  group: Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>,
): Promise<StoredApp[]> {
  const directory = await existingGroups(db, group.scimGroupId === undefined ? [] : [group.scimGroupId]);
  return [...apps.values()].filter(app => declaredGroups([app], catalog.organizations, directory)(group));
}

/** Whether any of these apps repairs what differs. */
export function isRepaired(apps: readonly StoredApp[]): boolean {
  return apps.some(({ state }) => state.policies.drift === 'repair');
}
