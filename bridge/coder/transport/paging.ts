/**
 * Reads a listing of Coder to its real end. A page after an id that was deleted meanwhile is empty and says count 0, and a
 * server may send fewer rows than asked for, or the same page for ever where it does not know the cursor: so each page is held against the counts
 * that Coder stated, the listing starts again once, and a listing that stays short is an error, never a shorter truth.
 */
import { CoderError } from './errors';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Rows from this page on, or rows in all: servers differ. */
  readonly count: number;
}

export interface Listing<Row> {
  readonly route: string;
  readonly pageSize: number;
  /** Fetches the page after this row; the first one without. */
  readonly fetch: (after: Row | undefined, limit: number) => Promise<Page<Row>>;
  readonly idOf: (row: Row) => string;
}

/** Yields each row once. @throws CoderError `incomplete_listing` */
export async function* readListing<Row>(listing: Listing<Row>): AsyncGenerator<Row, void, undefined> {
  const yielded = new Set<string>();
  for (let pass = 1; ; pass += 1) {
    const seen = new Set<string>();
    let first: Page<Row> | undefined;
    let before: Page<Row> | undefined;
    let complete = false;
    while (!complete) {
      const page = await listing.fetch(before?.rows.at(-1), listing.pageSize);
      first ??= page;
      const seenBefore = seen.size;
      for (const row of page.rows) {
        const id = listing.idOf(row);
        seen.add(id);
        if (yielded.has(id)) continue;
        yielded.add(id);
        yield row;
      }
      complete = isLast(page, seen.size, first.count, listing.pageSize);
      // A page with nothing new in it would come again and again.
      if (complete || seen.size === seenBefore) break;
      before = page;
    }
    if (complete || (await isShorterNow(listing, before, seen.size))) return;
    if (pass === 2) {
      throw new CoderError(
        `${listing.route} ended after ${seen.size} of ${first?.count ?? 0} rows, twice: rows are being deleted while it is read, the token sees a part of them only, or Coder does not know how it is to go on; it is tried again later`,
        { kind: 'incomplete_listing', route: listing.route },
      );
    }
  }
}

function isLast(page: Page<unknown>, seen: number, firstCount: number, pageSize: number): boolean {
  // A page that holds as many rows as Coder says are left proves that its cursor was alive.
  if (page.rows.length > 0 && page.rows.length >= page.count) return true;
  return seen >= firstCount && page.rows.length < pageSize;
}

/** Whether rows that were deleted meanwhile explain the shortfall: only after a short page, whose cursor was alive. */
async function isShorterNow<Row>(listing: Listing<Row>, last: Page<Row> | undefined, seen: number): Promise<boolean> {
  if (last === undefined || last.rows.length >= listing.pageSize) return false;
  return seen >= (await listing.fetch(undefined, 1)).count;
}
