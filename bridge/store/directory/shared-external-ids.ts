/** Resources of one app that hold the same externalId. SCIM leaves it to the client that they differ (RFC 7643 section 3.1). */
import { type Db } from '../database/database';

export interface SharedExternalId {
  readonly externalId: string;
  /** userNames or displayNames of those who hold it, in order. */
  readonly names: readonly string[];
}

/** How many are told of at once: more say nothing new. */
const SHOWN = 10;

export async function holdersOfSharedExternalIds(
  db: Db,
  table: 'users' | 'groups',
  app: string,
): Promise<SharedExternalId[]> {
  const shared = db
    .selectFrom(table)
    .select('external_id')
    .where('app', '=', app)
    .where('external_id', 'is not', null)
    .groupBy('external_id')
    .having(eb => eb.fn.countAll<number>(), '>', 1)
    .orderBy('external_id')
    .limit(SHOWN);
  const ids = (await shared.execute()).flatMap(row => row.external_id ?? []);
  if (ids.length === 0) return [];
  const rows =
    table === 'users'
      ? await db
          .selectFrom('users')
          .select(['external_id', 'user_name as name'])
          .where('app', '=', app)
          .where('external_id', 'in', ids)
          .orderBy('user_name')
          .execute()
      : await db
          .selectFrom('groups')
          .select(['external_id', 'display_name as name'])
          .where('app', '=', app)
          .where('external_id', 'in', ids)
          .orderBy('display_name')
          .execute();
  return ids.map(externalId => ({
    externalId,
    names: rows.filter(row => row.external_id === externalId).map(row => row.name),
  }));
}
