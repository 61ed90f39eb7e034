/**
 * Searches that no index answers. On SQLite a query holds up everything else in the process, so the directory is searched in
 * slices of some milliseconds, with room for other work in between; on Postgres a statement has so much time and no more. Either way
 * one search runs at a time.
 */
import { setImmediate as others } from 'node:timers/promises';
import { type RawBuilder, sql } from 'kysely';
import { type Db } from '../../database/database';
import { type SearchBounds } from './cost';
import { CostlyFilter } from '../errors';

/** What a slice should take, and how many rows it may have. */
const SLICE_MS = 5;
const FEWEST = 10;
const MOST = 5_000;
const FIRST = 500;

/** Bytes of documents times comparisons that a slice may have, if it has more than one row. */
const SLICE_WORK = 8_000_000;

/** What a comparison of one row is: its text is read, and compared without case, for it alone. */
const ROW_WORK = 500;

/** One after the other: many searches at once would take turns slice by slice, and leave the others as little as one long one. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a search when those before it have ended. */
export function oneAtATime<T>(search: () => Promise<T>): Promise<T> {
  const mine = last.then(search, search);
  last = mine.catch(() => undefined);
  return mine;
}

/** Work that a search has left. */
export interface Budget {
  /** @throws CostlyFilter when a resource, or all so far, is more than the bounds allow */
  spend(work: number, mostOfOne: number): void;
}

export function createBudget({ work: most, workOfOne }: SearchBounds): Budget {
  let spent = 0;
  return {
    spend(work, mostOfOne) {
      spent += work;
      if (mostOfOne > workOfOne)
        throw tooMuch(`makes ${mostOfOne} bytes of comparisons with one resource, wanted at most ${workOfOne}`);
      if (spent > most)
        throw tooMuch(`makes more than ${most} bytes of comparisons with all resources, wanted less than that`);
    },
  };
}

/** Postgres: runs a search whose statements each end after so many milliseconds. @throws CostlyFilter */
export async function withinTime<T>(db: Db, statementMs: number, search: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().execute(async transaction => {
      await sql`select set_config('statement_timeout', ${String(statementMs)}, true)`.execute(transaction);
      return await search(transaction);
    });
  } catch (error) {
    // `query_canceled`, which a person at the database can cause too.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code !== '57014' || !String(message).includes('statement timeout')) throw error;
    throw tooMuch(`takes longer than ${statementMs} ms in the database, wanted less than that`);
  }
}

function tooMuch(fault: string): CostlyFilter {
  return new CostlyFilter(`search ${fault}: use fewer comparisons in one filter`);
}

/** What is to be searched. */
export interface Slices {
  readonly app: string;
  readonly table: 'users' | 'groups';
  /** The id behind which to begin. */
  readonly after: string;
  /** Values of each row that are looked at. */
  readonly comparisons: number;
  /** Comparisons of each of its rows: members of a group, groups of a user. @default 0 */
  readonly rowComparisons?: number;
}

/**
 * Calls `visit` with a condition on ids for each slice of a table in order of id, until it returns false or the table ends.
 * @throws CostlyFilter when the work is more than the budget has
 */
export async function inSlices(
  db: Db,
  { app, table, after, comparisons, rowComparisons = 0 }: Slices,
  budget: Budget,
  visit: (ids: RawBuilder<unknown>) => Promise<boolean>,
): Promise<void> {
  const id = sql.ref(`${table}.id`);
  let from = after;
  // Nobody knows yet how many rows a resource has: one is seen first, and counted in turn.
  const fewest = rowComparisons > 0 ? 1 : FEWEST;
  let size = rowComparisons > 0 ? 1 : FIRST;
  const rowsOf = sql`(select count(*) from members where ${sql.ref(table === 'groups' ? 'members.group_id' : 'members.member_id')} = ${id})`;
  const ofRows = rowComparisons > 0 ? sql`${rowsOf} * ${rowComparisons * ROW_WORK}` : sql`0`;
  for (;;) {
    const start = performance.now();
    const { rows } = await sql<{ id: string; work: number; most: number }>`
      select max(id) as id, max(work) as work, max(own) as most from (
        select id, own, at, sum(own + of_rows) over (order by id rows unbounded preceding) as work from (
          select id, octet_length(document) * ${comparisons} as own, ${ofRows} as of_rows, row_number() over (order by id) as at
          from ${sql.table(table)} where app = ${app} and id > ${from} order by id limit ${size}
        )
      ) where at = 1 or work <= ${SLICE_WORK}`.execute(db);
    const slice = rows[0];
    if (slice === undefined || (slice.id as string | null) === null) return;
    budget.spend(slice.work, slice.most);
    if (!(await visit(sql`${id} > ${from} and ${id} <= ${slice.id}`))) return;
    from = slice.id;
    size = Math.round(Math.min(MOST, Math.max(fewest, (size * SLICE_MS) / Math.max(0.1, performance.now() - start))));
    await others();
  }
}
