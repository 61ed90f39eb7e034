/** Rows of a subquery as one column, so that one statement reads what several would: each row a list of its columns, in order. */
import { type RawBuilder, sql } from 'kysely';
import { type Db, backendOf, readJson } from './database';

/** @param from what follows `select …`, in the order that the rows are to have */
export function gathered(db: Db, columns: readonly string[], from: RawBuilder<unknown>): RawBuilder<unknown> {
  const names = sql.join(columns.map(column => sql.ref(column)));
  return backendOf(db) === 'sqlite'
    ? sql`(select json_group_array(json_array(${names})) from (select ${names} ${from}))`
    : sql`(select coalesce(json_agg(json_build_array(${names})), '[]') from (select ${names} ${from}) as rows)`;
}

/** The rows that such a column holds. */
export function gatheredRows<Row extends readonly unknown[]>(column: unknown): readonly Row[] {
  return column === '[]' ? [] : (readJson(column) as readonly Row[]);
}
