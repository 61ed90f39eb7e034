/** Pieces of SQL that differ between the two databases: JSON values, comparison without case, and plain substrings. */
import { type RawBuilder, sql } from 'kysely';
import { type Backend } from '../../database/backend';

export type Sql = RawBuilder<unknown>;

export const TRUE: Sql = sql`true`;
export const FALSE: Sql = sql`false`;

/** The node at keys of a JSON value: to be asked whether it is there. */
export function jsonNode(backend: Backend, json: Sql, keys: readonly string[]): Sql {
  return backend === 'sqlite'
    ? sql`json_extract(${json}, ${sql.lit(jsonPath(keys))})`
    : sql.join([json, ...keys.map(key => sql.lit(key))], sql` -> `);
}

/** The text, number or truth value at keys of a JSON value: of its own type on SQLite, as text on Postgres. */
export function jsonScalar(backend: Backend, json: Sql, keys: readonly string[]): Sql {
  if (backend === 'sqlite') return jsonNode(backend, json, keys);
  return sql`(${jsonNode(backend, json, keys)} #>> '{}') collate "C"`;
}

/** Rows of a JSON list as `element (value)`; none when there is no list at the keys. */
export function jsonElements(backend: Backend, json: Sql, keys: readonly string[]): Sql {
  if (backend === 'sqlite') return sql`json_each(${json}, ${sql.lit(jsonPath(keys))}) as element`;
  const node = jsonNode(backend, json, keys);
  return sql`jsonb_array_elements(case when jsonb_typeof(${node}) = 'array' then ${node} else '[]' end) with ordinality as element (value, key)`;
}

/** SQLite's form of a path; a key in double quotes is taken as it is. Keys come from schemas, never from requests. */
function jsonPath(keys: readonly string[]): string {
  return `$${keys.map(key => `."${key}"`).join('')}`;
}

/**
 * The same as `fold` of scim-language/schema/fold.ts, of a column. SQLite calls that very function; Postgres spells it, with ICU's lower case, which is that of
 * JavaScript.
 */
export function folded(backend: Backend, text: Sql): Sql {
  return backend === 'sqlite'
    ? sql`fold(${text})`
    : sql`normalize(replace(lower((${text}) collate "und-x-icu"), '\u03c2', '\u03c3'), nfc) collate "C"`;
}

/** Whether a text holds, starts with or ends with another one: plain characters, no patterns. */
export function hasPart(backend: Backend, text: Sql, operator: 'co' | 'sw' | 'ew', part: string): Sql {
  if (part === '') return TRUE;
  const wanted = sql`cast(${part} as text)`;
  switch (operator) {
    case 'co':
      return backend === 'sqlite' ? sql`instr(${text}, ${wanted}) > 0` : sql`strpos(${text}, ${wanted}) > 0`;
    case 'sw':
      return sql`substr(${text}, 1, length(${wanted})) = ${wanted}`;
    case 'ew':
      return backend === 'sqlite'
        ? sql`substr(${text}, -length(${wanted})) = ${wanted}`
        : sql`right(${text}, length(${wanted})) = ${wanted}`;
  }
}

/** `in` one of many texts, as one parameter however many they are; a single one is simply compared. */
export function isOneOf(backend: Backend, texts: readonly string[]): Sql {
  const [first] = texts;
  if (texts.length === 1 && first !== undefined) return sql`= ${first}`;
  return backend === 'sqlite'
    ? sql`in (select value from json_each(${JSON.stringify(texts)}))`
    : sql`= any(cast(${texts} as text[]))`;
}

/** A time in milliseconds as the canonical text of a dateTime. */
export function dateTimeText(backend: Backend, milliseconds: Sql): Sql {
  return backend === 'sqlite'
    ? sql`strftime('%Y-%m-%dT%H:%M:%fZ', ${milliseconds} / 1000.0, 'unixepoch')`
    : sql`to_char(to_timestamp(${milliseconds} / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') collate "C"`;
}

/** The same as `encodeURIComponent`, of a column. */
export function uriComponent(backend: Backend, text: Sql): Sql {
  if (backend === 'sqlite') return sql`encode_uri_component(${text})`;
  return sql`(select string_agg(case when part ~ '[A-Za-z0-9_.!~*''()-]' then part
      else upper(regexp_replace(encode(convert_to(part, 'UTF8'), 'hex'), '(..)', '%\\1', 'g')) end, '' order by at)
    from regexp_split_to_table(${text}, '') with ordinality as parts (part, at)) collate "C"`;
}
