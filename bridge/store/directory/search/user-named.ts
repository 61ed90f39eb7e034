/** The question that identity providers ask most: is there a user of this name? One look-up, and no search is made for it. */
import { fold } from '../../../scim-language/schema/fold';
import { type Db } from '../../database/database';
import { statement } from '../../database/statement';
import { type IndexQuery, type Resource } from '../resources';
import { RESOURCE_COLUMNS, toResource } from '../rows';

const selectNamed = statement<{ app: string; key: string }>()((db, { app, key }) =>
  db.selectFrom('users').select(RESOURCE_COLUMNS).where('app', '=', app).where('user_name_key', '=', key),
);

/** The name, when `userName eq "…"` is all that is asked. */
export function nameAsked({ selections }: Pick<IndexQuery, 'selections'>): string | undefined {
  const [only] = selections;
  if (selections.length !== 1 || only?.type !== 'User' || only.sortBy !== undefined) return undefined;
  const { filter } = only;
  if (filter?.kind !== 'comparison' || filter.operator !== 'eq' || typeof filter.value !== 'string') return undefined;
  return filter.path.attribute.path === 'userName' && filter.path.subAttribute === undefined ? filter.value : undefined;
}

/** At most one: the name is unique in its app. */
export async function userNamed(db: Db, app: string, name: string): Promise<Resource[]> {
  return (await selectNamed(db, { app, key: fold(name) })).rows.map(row => toResource('User', row));
}
