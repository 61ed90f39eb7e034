/** A name that a Coder group gives up is another pushed group's to take, which has a derived one meanwhile. */
import { type Db } from '../../store/database/database';
import { readGroupsNamed } from '../../store/directory/reading';
import { type Cause, enqueue, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { type Context } from '../decide/context';
import { namesOfPushed } from '../decide/group/pushed-groups';
import { findOrganization } from '../decide/rules';

/** Queues the groups of the directory that would be called so in this organization. The sweep sees to those that are called so in another writing. */
export async function wakeForName(
  db: Db,
  { apps, catalog }: Pick<Context, 'apps' | 'catalog'>,
  freed: { readonly organization: string; readonly name: string },
  cause: Cause,
  now: number,
): Promise<void> {
  const items: WorkItem[] = [];
  for (const { name: app, state, deleting } of apps.values()) {
    const rule = state.pushedGroups;
    if (rule === undefined || deleting || state.mode !== 'push') continue;
    if (findOrganization(catalog.organizations, rule.organization)?.id !== freed.organization) continue;
    const written = [freed.name, freed.name.replaceAll('-', ' ')];
    const names = rule.stripPrefix ? written.map(text => `${rule.prefix}${text}`) : written;
    for (const group of await readGroupsNamed(db, app, { ids: [], names, externalIds: [] }))
      if (namesOfPushed(rule, group).names[0] === freed.name)
        items.push({ key: `scim-group:${group.id}`, app, priority: PRIORITY.request });
  }
  await enqueue(db, items, cause, now);
}
