/** Lists as one bound parameter: no limit on their length but memory, and one statement text whatever the length. */
import { type RawBuilder, sql } from 'kysely';
import { type Db, backendOf } from './database';

/** `select value from …` over the texts, one row each. */
export function listed(db: Db, texts: readonly string[]): RawBuilder<{ value: string }> {
  return backendOf(db) === 'sqlite'
    ? sql`select value from json_each(${JSON.stringify(texts)})`
    : sql`select value from unnest(cast(${texts} as text[])) as list (value)`;
}

/** `(…)`, for `column in (…)`. */
export function among(db: Db, texts: readonly string[]): RawBuilder<string> {
  return sql`(${listed(db, texts)})`;
}
