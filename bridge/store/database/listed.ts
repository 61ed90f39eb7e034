/** Lists as one bound parameter: no limit on their length but memory, and one statement text whatever the length. */
import { type Expression, type RawBuilder, sql } from 'kysely';
import { type Db, backendOf } from './database';

/** A list, or the place of one in a statement that is compiled once. */
type Texts = readonly string[] | Expression<readonly string[]>;

/** `select value from …` over the texts, one row each. */
export function listed(db: Db, texts: Texts): RawBuilder<{ value: string }> {
  const isPlace = 'toOperationNode' in texts;
  return backendOf(db) === 'sqlite'
    ? sql`select value from json_each(${isPlace ? texts : JSON.stringify(texts)})`
    : sql`select value from unnest(cast(${texts} as text[])) as list (value)`;
}

/** `(…)`, for `column in (…)`. */
export function among(db: Db, texts: Texts): RawBuilder<string> {
  return sql`(${listed(db, texts)})`;
}
