/** Whose a Coder group is by what is declared, and so whose word counts on what somebody changes in it by hand. */
import { type ManagedGroup } from '../../store/accounts/coder-groups';
import { type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { existingGroups } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { declaredBy, type IsDeclaredBy } from '../decide/group/undeclared';

/** What each app declares: a sweep asks about every group, and there may be thousands of mappings. */
const declarations = new WeakMap<Context, ReadonlyMap<StoredApp, IsDeclaredBy>>();

function declarationsOf(context: Context): ReadonlyMap<StoredApp, IsDeclaredBy> {
  const { apps, catalog } = context;
  const known =
    declarations.get(context) ??
    new Map([...apps.values()].map(app => [app, declaredBy([app], catalog.organizations)] as const));
  declarations.set(context, known);
  return known;
}

/** The apps of which a mapping names the group, or whose directory has the group that it was made for. */
export async function declaringApps(
  db: Db,
  context: Context,
  group: Pick<ManagedGroup, 'organization' | 'name' | 'scimGroupId'>,
): Promise<StoredApp[]> {
  const directory = await existingGroups(db, group.scimGroupId === undefined ? [] : [group.scimGroupId]);
  return [...declarationsOf(context)].flatMap(([app, isDeclared]) => (isDeclared(group, directory) ? app : []));
}

/** Whether any of these apps repairs what differs. */
export function isRepaired(apps: readonly StoredApp[]): boolean {
  return apps.some(({ state }) => state.policies.drift === 'repair');
}
