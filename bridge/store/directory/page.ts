/** Lists: pages by index and by cursor, over one resource type or both, counted with the very filter of the page. */
import { type RawBuilder, sql } from 'kysely';
import { type Database, type Db, backendOf } from '../database';
import { among } from '../listed';
import { secretKey } from '../settings';
import { type Cursor, type Position, openCursor, sealCursor } from './cursor';
import { filterSql } from './filter-sql';
import {
  type CursorPage,
  type CursorQuery,
  type IndexPage,
  type IndexQuery,
  type ListQuery,
  type Resource,
  type UserOrGroup,
} from './resources';
import { RESOURCE_COLUMNS, type ResourceRow, toResource } from './rows';
import { type Scope } from './slots';
import { type Direction, isAfter, orderBy, sortKey } from './sort-sql';

/** A resource as it was found: enough to order it, and to read it. */
interface Found {
  readonly type: UserOrGroup;
  readonly id: string;
  readonly sort_key: string | number | null;
}

export async function listByIndex(db: Db, app: string, query: IndexQuery): Promise<IndexPage> {
  const { count } = query;
  const skip = Math.max(1, query.startIndex ?? 1) - 1;
  if (count <= 0) return { totalResults: await countAll(db, app, query), resources: [] };
  const found = await find(db, app, query, sql`limit ${sql.lit(count)} offset ${skip}`);
  // A page that is not full tells the total, unless it lies behind the end.
  const isLast = found.length < count && (found.length > 0 || skip === 0);
  const totalResults = isLast ? skip + found.length : await countAll(db, app, query);
  return { totalResults, resources: await readAll(db, found) };
}

/** @throws InvalidCursor, ExpiredCursor, InvalidCount */
export async function listByCursor(
  { db }: Pick<Database, 'db'>,
  app: string,
  query: CursorQuery,
  now: number,
  lifetimeMs: number,
): Promise<CursorPage> {
  const key = await secretKey(db, 'cursor-key');
  const binding = { app, subject: query.subject, queryText: query.queryText };
  const isFirst = query.cursor === undefined || query.cursor === '';
  const stated = query.countStated === false ? undefined : query.count;
  const cursor = isFirst ? undefined : openCursor(key, binding, query.cursor, stated, now);
  const count = cursor?.count ?? query.count;
  if (count <= 0) {
    const totalResults = await countAll(db, app, query);
    return { totalResults, resources: [], nextCursor: undefined, previousCursor: undefined };
  }
  const { rows, hasMore } = await findFrom(db, app, query, cursor, count);
  const backwards = cursor?.direction === 'previous';
  const totalResults = cursor?.totalResults ?? (hasMore ? await countAll(db, app, query) : rows.length);
  const seal = (direction: Cursor['direction'], at: Found | undefined) => {
    const position: Position | undefined = at === undefined ? cursor?.position : { key: at.sort_key, id: at.id };
    return position === undefined
      ? undefined
      : sealCursor(key, binding, { direction, position, count, totalResults }, now + lifetimeMs);
  };
  const hasNext = backwards || hasMore;
  const hasPrevious = backwards ? hasMore : cursor !== undefined;
  return {
    totalResults,
    resources: await readAll(db, rows),
    nextCursor: hasNext ? seal('next', rows.at(-1)) : undefined,
    previousCursor: hasPrevious ? seal('previous', rows[0]) : undefined,
  };
}

/** One page from a place on, in the order of the list whatever the direction it was read in. */
async function findFrom(db: Db, app: string, query: ListQuery, cursor: Cursor | undefined, count: number) {
  const order = query.sortOrder ?? 'ascending';
  const backwards = cursor?.direction === 'previous';
  const direction = backwards ? (order === 'ascending' ? 'descending' : 'ascending') : order;
  const after = cursor === undefined ? undefined : isAfter(isSorted(query), direction, cursor.position);
  const rows = await find(db, app, query, sql`limit ${sql.lit(count + 1)}`, direction, after);
  const page = rows.slice(0, count);
  return { rows: backwards ? page.reverse() : page, hasMore: rows.length > count };
}

function isSorted({ selections }: ListQuery): boolean {
  return selections.some(selection => selection.sortBy !== undefined);
}

async function find(
  db: Db,
  app: string,
  query: ListQuery,
  bounds: RawBuilder<unknown>,
  direction: Direction = query.sortOrder ?? 'ascending',
  after?: RawBuilder<unknown>,
): Promise<Found[]> {
  const sorted = isSorted(query);
  const parts = selections(db, app, query, sorted);
  // Unsorted, each type is read in order of its key and stops at the bounds; sorted, all that is found has to be seen anyhow.
  const { rows } = await sql<Found>`
    select * from (${sql.join(parts, sql` union all `)}) as found
    ${after === undefined ? sql`` : sql`where ${after}`}
    order by ${orderBy(sorted, direction)} ${bounds}`.execute(db);
  return rows;
}

function selections(db: Db, app: string, query: ListQuery, sorted: boolean): RawBuilder<unknown>[] {
  return query.selections.map(selection => {
    const scope: Scope = { backend: backendOf(db), type: selection.type, app, baseUrl: query.baseUrl };
    const table = selection.type === 'User' ? 'users' : 'groups';
    const key = !sorted || selection.sortBy === undefined ? sql`null` : sortKey(scope, selection.sortBy);
    const condition = selection.filter === undefined ? sql`` : sql`and ${filterSql(scope, selection.filter)}`;
    return sql`select ${sql.lit(selection.type)} as type, ${sql.ref(`${table}.id`)} as id, ${key} as sort_key
      from ${sql.table(table)} where ${sql.ref(`${table}.app`)} = ${app} ${condition}`;
  });
}

async function countAll(db: Db, app: string, query: ListQuery): Promise<number> {
  const parts = query.selections.map(selection => {
    const scope: Scope = { backend: backendOf(db), type: selection.type, app, baseUrl: query.baseUrl };
    const table = selection.type === 'User' ? 'users' : 'groups';
    const condition = selection.filter === undefined ? sql`` : sql`and ${filterSql(scope, selection.filter)}`;
    return sql`(select count(*) from ${sql.table(table)} where ${sql.ref(`${table}.app`)} = ${app} ${condition})`;
  });
  const { rows } = await sql<{ total: number }>`select ${sql.join(parts, sql` + `)} as total`.execute(db);
  return Number(rows[0]?.total ?? 0);
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
