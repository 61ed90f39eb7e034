/** What a list is sorted by, in SQL (RFC 7644 §3.4.2.3). */
import { type RawBuilder, sql } from 'kysely';
import { type AttributePath, target } from '../../../scim-language/schema/attribute';
import { type Position } from './cursor';
import { type UserOrGroup } from '../resources';
import { type Scope, type Slot, placeOf } from './slots';
import { type Sql, folded } from './sql-text';

/** Characters of a value that count: long values are sorted by their beginning, and a cursor stays short. */
const LONGEST_KEY = 256;

/**
 * The value that a row is sorted by, null when there is none: of a multi-valued attribute that of the primary element, else of the first;
 * of a complex one its `value`.
 */
export function sortKey(scope: Scope, path: AttributePath): Sql {
  const attribute = target(path);
  const value = attribute.type === 'complex' ? attribute.children.get('value') : attribute;
  if (value === undefined) return sql`null`;
  if (isColumn(scope.type, path))
    return sql.ref(scope.type === 'User' ? 'users.user_name_key' : 'groups.display_name_key');
  const full: AttributePath = attribute === value ? path : { attribute, subAttribute: value };
  const place = placeOf(scope, full);
  const comparable = (slot: Slot) => comparableValue(scope, slot, value);
  return place.kind === 'one'
    ? comparable(place.slot)
    : place.elements.chosen(slot => comparable(slot(full.subAttribute)));
}

function comparableValue(
  { backend }: Scope,
  slot: Slot,
  { type, caseExact }: { type: string; caseExact: boolean },
): Sql {
  if (slot.milliseconds !== undefined) return slot.milliseconds;
  switch (type) {
    case 'integer':
    case 'decimal':
      return backend === 'sqlite' ? slot.value : sql`cast(${slot.value} as double precision)`;
    case 'boolean':
      return backend === 'sqlite'
        ? slot.value
        : sql`case when ${slot.value} = 'true' then 1 when ${slot.value} = 'false' then 0 end`;
    case 'dateTime':
      return slot.value;
    default: {
      const text = caseExact ? slot.value : (slot.folded ?? folded(backend, slot.value));
      return sql`substr(${text}, 1, ${sql.lit(LONGEST_KEY)})`;
    }
  }
}

export type Direction = 'ascending' | 'descending';

/** What kind of order a list is in. */
export interface Order {
  /** By a value and then by id, or by id alone. */
  readonly sorted: boolean;
  /** Whether a value may be missing. Where it can not, an index of the value is the order. */
  readonly nullable: boolean;
}

export function orderOf(selections: readonly { type: UserOrGroup; sortBy?: AttributePath | undefined }[]): Order {
  const stated = selections.filter(({ sortBy }) => sortBy !== undefined);
  const always =
    selections.length === 1 && stated.every(({ type, sortBy }) => sortBy !== undefined && isColumn(type, sortBy));
  return { sorted: stated.length > 0, nullable: !always };
}

/** The unique names: their columns are never null, are sorted by as they are, and have an index. */
function isColumn(type: UserOrGroup, path: AttributePath): boolean {
  return target(path).path === (type === 'User' ? 'userName' : 'displayName');
}

/** Columns of what is sorted: `sort_key` and `id`. Without a value last when ascending, first when descending. */
export function orderBy({ sorted, nullable }: Order, direction: Direction): RawBuilder<unknown> {
  const way = direction === 'ascending' ? sql`asc` : sql`desc`;
  if (!sorted) return sql`id ${way}`;
  return nullable ? sql`(sort_key is null) ${way}, sort_key ${way}, id ${way}` : sql`sort_key ${way}, id ${way}`;
}

/** Rows that come after a place, in the direction. */
export function isAfter({ sorted, nullable }: Order, direction: Direction, { key, id }: Position): RawBuilder<unknown> {
  const beyond = direction === 'ascending' ? sql`>` : sql`<`;
  if (!sorted) return sql`id ${beyond} ${id}`;
  if (key === null) {
    return direction === 'ascending'
      ? sql`(sort_key is null and id > ${id})`
      : sql`((sort_key is null and id < ${id}) or sort_key is not null)`;
  }
  const wanted = typeof key === 'number' ? sql`cast(${key} as double precision)` : sql`cast(${key} as text)`;
  // The first condition is what an index can be searched by.
  const behind = sql`(sort_key ${beyond}= ${wanted} and (sort_key ${beyond} ${wanted} or id ${beyond} ${id}))`;
  return nullable && direction === 'ascending' ? sql`(${behind} or sort_key is null)` : behind;
}
