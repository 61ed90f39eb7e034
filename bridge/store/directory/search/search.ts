/** Finds resources in the order of a list: with one query where an index helps or the database has threads of its own, else in slices. */
import { type RawBuilder, sql } from 'kysely';
import { compareText } from '../../../scim-language/schema/fold';
import { type Db, backendOf } from '../../database/database';
import { type Position } from './cursor';
import { SEARCH_BOUNDS, type SearchBounds, checkCost, countRowComparisons } from './cost';
import { filterSql } from './filter-sql';
import { mergeLists } from './merge-lists';
import { type MergedFilter, countComparisons, mergeComparisons } from './merge-comparisons';
import { isLookUp } from './look-up';
import { type ListQuery, type Selection, type UserOrGroup } from '../resources';
import { createBudget, inSlices, oneAtATime, withinTime } from './scan';
import { type Scope } from './slots';
import { type Direction, type Order, isAfter, orderBy, orderOf, sortKey } from './sort-sql';

/** A resource as it was found: enough to order it, and to read it. */
export interface Found {
  readonly type: UserOrGroup;
  readonly id: string;
  /** What it is sorted by; null when it has no value, or the list is not sorted. */
  readonly sort_key: string | number | null;
}

export interface Search {
  /** A part of the list, and how long the list is. */
  page(skip: number, count: number): Promise<{ found: Found[]; total: number }>;
  /** What comes after a place, in a direction; of the whole list where there is none. */
  from(position: Position | undefined, direction: Direction, count: number): Promise<Found[]>;
}

/**
 * Finds resources within bounds of work.
 * @throws CostlyFilter; its verbs as well
 */
export function createSearch(db: Db, app: string, query: ListQuery, bounds: SearchBounds = SEARCH_BOUNDS): Search {
  for (const { filter } of query.selections) if (filter !== undefined) checkCost(mergeComparisons(filter));
  const parts = query.selections.map(selection => partOf(db, app, query, selection));
  const order = orderOf(query.selections);
  const direction = query.sortOrder ?? 'ascending';
  if (!parts.some(part => part.isHeavy)) return searchAtOnce(db, parts, order, direction);
  if (backendOf(db) === 'sqlite') return searchInSlices(db, app, parts, order, direction, bounds);
  // So that searches never take all connections of the pool.
  const search = <T>(read: (within: Search) => Promise<T>) =>
    oneAtATime(() => withinTime(db, bounds.statementMs, on => read(searchAtOnce(on, parts, order, direction))));
  return {
    page: (...asked) => search(within => within.page(...asked)),
    from: (...asked) => search(within => within.from(...asked)),
  };
}

/** One resource type of the list. */
interface Part {
  readonly table: 'users' | 'groups';
  /** Whether rows have to be looked at one by one, or so much of each that it matters. */
  readonly isHeavy: boolean;
  /** Values that the filter and the sort look at, for one resource. */
  readonly comparisons: number;
  /** How often the filter compares each row of one resource. */
  readonly rowComparisons: number;
  /** `from … where …` of what is found. */
  readonly source: RawBuilder<unknown>;
  /** Columns of {@link Found}. */
  readonly columns: RawBuilder<unknown>;
}

/** Comparisons that may be made with what a look-up finds, which may be many resources of one displayName, in one go. */
const MOST_BESIDE_LOOK_UP = 20;

function partOf(db: Db, app: string, query: ListQuery, { type, filter, sortBy }: Selection): Part {
  const scope: Scope = { backend: backendOf(db), type, app, baseUrl: query.baseUrl };
  const table = type === 'User' ? 'users' : 'groups';
  const merged = filter === undefined ? undefined : mergeComparisons(filter);
  const condition = merged === undefined ? sql`` : sql`and ${filterSql(scope, merged)}`;
  const key = sortBy === undefined ? sql`null` : sortKey(scope, sortBy);
  const comparisons = (merged === undefined ? 0 : countComparisons(merged)) + (sortBy === undefined ? 0 : 1);
  return {
    table,
    comparisons,
    rowComparisons: merged === undefined ? 0 : countRowComparisons(merged),
    isHeavy: isHeavy(scope, merged, comparisons, sortBy),
    source: sql`from ${sql.table(table)} where ${sql.ref(`${table}.app`)} = ${app} ${condition}`,
    columns: sql`${sql.lit(type)} as type, ${sql.ref(`${table}.id`)} as id, ${key} as sort_key`,
  };
}

function isHeavy(
  scope: Scope,
  filter: MergedFilter | undefined,
  comparisons: number,
  sortBy: Selection['sortBy'],
): boolean {
  if (filter === undefined) return sortBy !== undefined && orderOf([{ type: scope.type, sortBy }]).nullable;
  if (!isLookUp(scope, filter)) return true;
  return filter.kind === 'and' && comparisons > MOST_BESIDE_LOOK_UP;
}

const behind = (order: Order, towards: Direction, at: Position | undefined): RawBuilder<unknown> =>
  at === undefined ? sql`` : sql`where ${isAfter(order, towards, at)}`;

function searchAtOnce(db: Db, parts: readonly Part[], order: Order, direction: Direction): Search {
  const rows = sql.join(
    parts.map(({ columns, source }) => sql`select ${columns} ${source}`),
    sql` union all `,
  );
  const find = async (rest: RawBuilder<unknown>) => {
    const result = await sql<Found>`select * from (${rows}) as found ${rest}`.execute(db);
    return result.rows;
  };
  const countAll = async () => {
    const counts = parts.map(({ source }) => sql`(select count(*) ${source})`);
    const result = await sql<{ total: number }>`select ${sql.join(counts, sql` + `)} as total`.execute(db);
    return Number(result.rows[0]?.total ?? 0);
  };
  return {
    async page(skip, count) {
      if (count === 0) return { found: [], total: await countAll() };
      const found = await find(sql`order by ${orderBy(order, direction)} limit ${sql.lit(count)} offset ${skip}`);
      // A page that is not full tells the total, unless it lies behind the end.
      const isLast = found.length < count && (found.length > 0 || skip === 0);
      return { found, total: isLast ? skip + found.length : await countAll() };
    },
    from: (position, towards, count) =>
      find(sql`${behind(order, towards, position)} order by ${orderBy(order, towards)} limit ${sql.lit(count)}`),
  };
}

function searchInSlices(
  db: Db,
  app: string,
  parts: readonly Part[],
  order: Order,
  direction: Direction,
  bounds: SearchBounds,
): Search {
  const slice = async (
    { columns, source, table }: Part,
    ids: RawBuilder<unknown>,
    towards: Direction,
    at?: Position,
  ) => {
    const { rows } = await sql<Found>`
      select * from (select ${columns} ${source} and ${ids} order by ${sql.ref(`${table}.id`)}) as found ${behind(order, towards, at)}
      order by ${orderBy(order, towards)}`.execute(db);
    return rows;
  };
  /** All that is found, as lists that are each in order. */
  const collect = (towards: Direction, at: Position | undefined, enough: number) =>
    oneAtATime(async () => {
      const lists: Found[][] = [];
      let seen = 0;
      const budget = createBudget(bounds);
      // In the order of ids, a place is a place in the table, and what is behind it need not be looked at.
      const byId = !order.sorted && towards === 'ascending' && parts.length === 1;
      for (const part of parts) {
        const { table, comparisons, rowComparisons } = part;
        const slices = { app, table, after: byId ? (at?.id ?? '') : '', comparisons, rowComparisons };
        await inSlices(db, slices, budget, async ids => {
          const rows = await slice(part, ids, towards, at);
          if (rows.length > 0) lists.push(rows);
          seen += rows.length;
          return !byId || seen < enough;
        });
      }
      return { lists, seen };
    });
  return {
    async page(skip, count) {
      const { lists, seen } = await collect(direction, undefined, Number.POSITIVE_INFINITY);
      return { found: count === 0 ? [] : await merge(lists, order, direction, skip, count), total: seen };
    },
    async from(position, towards, count) {
      const { lists } = await collect(towards, position, count);
      return await merge(lists, order, towards, 0, count);
    },
  };
}

/** A part of what the lists are together, in order. */
function merge(
  lists: readonly (readonly Found[])[],
  order: Order,
  direction: Direction,
  skip: number,
  count: number,
): Promise<Found[]> {
  const sign = direction === 'ascending' ? 1 : -1;
  return mergeLists(lists, (a, b) => sign * compare(order, a, b), skip, count);
}

function compare(order: Order, a: Found, b: Found): number {
  if (order.sorted) {
    if (a.sort_key === null || b.sort_key === null) {
      const missing = Number(a.sort_key === null) - Number(b.sort_key === null);
      if (missing !== 0) return missing;
    } else {
      const difference =
        typeof a.sort_key === 'number' && typeof b.sort_key === 'number'
          ? a.sort_key - b.sort_key
          : compareText(String(a.sort_key), String(b.sort_key));
      if (difference !== 0) return difference;
    }
  }
  return compareText(a.id, b.id);
}
