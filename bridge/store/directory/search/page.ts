/** Lists: pages by index and by cursor, over one resource type or both, counted with the very filter of the page. */
import { type Db } from '../../database/database';
import { among } from '../../database/listed';
import { secretKey } from '../../database/settings';
import { type Cursor, type Position, openCursor, sealCursor } from './cursor';
import { type SearchBounds } from './cost';
import { nameAsked, userNamed } from './user-named';
import { type Found, type Search, createSearch } from './search';
import {
  type CursorPage,
  type CursorQuery,
  type IndexPage,
  type IndexQuery,
  type ListQuery,
  type Resource,
} from '../resources';
import { RESOURCE_COLUMNS, type ResourceRow, toResource } from '../rows';

/** @throws CostlyFilter */
export async function listByIndex(
  db: Db,
  app: string,
  query: IndexQuery,
  bounds: SearchBounds | undefined,
): Promise<IndexPage> {
  const { count } = query;
  const skip = Math.max(1, query.startIndex ?? 1) - 1;
  const name = nameAsked(query);
  if (name !== undefined) {
    const found = await userNamed(db, app, name);
    return { totalResults: found.length, resources: found.slice(skip, skip + Math.max(0, count)) };
  }
  const search = createSearch(db, app, query, bounds);
  const { found, total } = await search.page(skip, Math.max(0, count));
  return { totalResults: total, resources: await readAll(db, found) };
}

/** @throws CostlyFilter, InvalidCursor, ExpiredCursor, InvalidCount */
export async function listByCursor(
  db: Db,
  app: string,
  query: CursorQuery,
  now: number,
  lifetimeMs: number,
  bounds: SearchBounds | undefined,
): Promise<CursorPage> {
  const key = await secretKey(db, 'cursor-key');
  const binding = { app, subject: query.subject, queryText: query.queryText };
  const isFirst = query.cursor === undefined || query.cursor === '';
  const stated = query.countStated === false ? undefined : query.count;
  const cursor = isFirst ? undefined : openCursor(key, binding, query.cursor, stated, now);
  const count = Math.max(0, cursor?.count ?? query.count);
  const { rows, hasMore, totalResults } = await pageFrom(createSearch(db, app, query, bounds), query, cursor, count);
  // Beyond an empty page, which whoever went in between may leave, lies all of the list: also the resource that the cursor was made from.
  const seal = (direction: Cursor['direction'], at: Found | undefined) => {
    const position: Position | undefined = at === undefined ? undefined : { key: at.sort_key, id: at.id };
    return sealCursor(key, binding, { direction, position, count, totalResults }, now + lifetimeMs);
  };
  const cameFromThere = cursor?.position !== undefined;
  const backwards = cursor?.direction === 'previous';
  const hasNext = backwards ? cameFromThere : hasMore;
  const hasPrevious = backwards ? hasMore : cameFromThere;
  return {
    totalResults,
    resources: await readAll(db, rows),
    nextCursor: hasNext ? seal('next', rows.at(-1)) : undefined,
    previousCursor: hasPrevious ? seal('previous', rows[0]) : undefined,
  };
}

/** One page from a place on, in the order of the list whatever the direction it is read in. */
async function pageFrom(search: Search, query: ListQuery, cursor: Cursor | undefined, count: number) {
  if (cursor === undefined) {
    const { found, total } = await search.page(0, count);
    return { rows: found, hasMore: count > 0 && total > found.length, totalResults: total };
  }
  const order = query.sortOrder ?? 'ascending';
  const backwards = cursor.direction === 'previous';
  const direction = backwards ? (order === 'ascending' ? 'descending' : 'ascending') : order;
  const read = await search.from(cursor.position, direction, count + 1);
  const page = read.slice(0, count);
  return {
    rows: backwards ? page.reverse() : page,
    hasMore: read.length > count,
    totalResults: cursor.totalResults,
  };
}

/** Reads what was found, in its order. */
async function readAll(db: Db, found: readonly Found[]): Promise<Resource[]> {
  const rows = new Map<string, Resource>();
  for (const [type, table] of [
    ['User', 'users'],
    ['Group', 'groups'],
  ] as const) {
    const ids = found.filter(one => one.type === type).map(one => one.id);
    if (ids.length === 0) continue;
    const read: ResourceRow[] = await db
      .selectFrom(table)
      .select(RESOURCE_COLUMNS)
      .where('id', 'in', among(db, ids))
      .execute();
    for (const row of read) rows.set(row.id, toResource(type, row));
  }
  return found.flatMap(({ id }) => rows.get(id) ?? []);
}
