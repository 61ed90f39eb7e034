/**
 * Searches that no index answers, on SQLite. There a query holds up everything else in the process, so the directory is searched in
 * slices of some milliseconds, with room for other work in between, and by one search at a time.
 */
import { setImmediate as others } from 'node:timers/promises';
import { type RawBuilder, sql } from 'kysely';
import { type Db } from '../database';

/** What a slice should take, and how many rows it may have. */
const SLICE_MS = 5;
const FEWEST = 50;
const MOST = 5_000;
const FIRST = 500;

/** One after the other: many searches at once would take turns slice by slice, and leave the others as little as one long one. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a search when those before it have ended. */
export function oneAtATime<T>(search: () => Promise<T>): Promise<T> {
  const mine = last.then(search, search);
  last = mine.catch(() => undefined);
  return mine;
}

/**
 * Calls `visit` with a condition on ids for each slice of a table in order of id, until it returns false or the table ends.
 * @param after the id behind which to begin
 */
export async function inSlices(
  db: Db,
  app: string,
  table: 'users' | 'groups',
  after: string,
  visit: (ids: RawBuilder<unknown>) => Promise<boolean>,
): Promise<void> {
  const id = sql.ref(`${table}.id`);
  let from = after;
  let size = FIRST;
  for (;;) {
    const { rows } = await sql<{ id: string }>`
      select id from ${sql.table(table)} where app = ${app} and id > ${from} order by id limit 1 offset ${size - 1}`.execute(
      db,
    );
    const end = rows[0]?.id;
    const start = performance.now();
    const goesOn = await visit(end === undefined ? sql`${id} > ${from}` : sql`${id} > ${from} and ${id} <= ${end}`);
    if (!goesOn || end === undefined) return;
    from = end;
    size = Math.round(Math.min(MOST, Math.max(FEWEST, (size * SLICE_MS) / Math.max(0.1, performance.now() - start))));
    await others();
  }
}
