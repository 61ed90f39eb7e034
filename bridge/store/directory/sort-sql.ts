/** What a list is sorted by, in SQL (RFC 7644 §3.4.2.3). */
import { type RawBuilder, sql } from 'kysely';
import { type AttributePath, target } from '../../scim/schema/attribute';
import { type Position } from './cursor';
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

/** Columns of what is sorted: `sort_key` and `id`. Without a value last when ascending, first when descending. */
export function orderBy(sorted: boolean, direction: Direction): RawBuilder<unknown> {
  const way = direction === 'ascending' ? sql`asc` : sql`desc`;
  return sorted ? sql`(sort_key is null) ${way}, sort_key ${way}, id ${way}` : sql`id ${way}`;
}

/** Rows that come after a place, in the direction. */
export function isAfter(sorted: boolean, direction: Direction, { key, id }: Position): RawBuilder<unknown> {
  const beyond = direction === 'ascending' ? sql`>` : sql`<`;
  if (!sorted) return sql`id ${beyond} ${id}`;
  const wanted = typeof key === 'number' ? sql`cast(${key} as double precision)` : sql`cast(${key} as text)`;
  if (direction === 'ascending') {
    return key === null
      ? sql`(sort_key is null and id > ${id})`
      : sql`(sort_key > ${wanted} or (sort_key = ${wanted} and id > ${id}) or sort_key is null)`;
  }
  return key === null
    ? sql`((sort_key is null and id < ${id}) or sort_key is not null)`
    : sql`(sort_key < ${wanted} or (sort_key = ${wanted} and id < ${id}))`;
}
