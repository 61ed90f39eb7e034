/**
 * How Postgres looks for something is decided by how much there is, and what is planned once keeps to it. By itself the server counts once a
 * minute at most: until then every look for one person goes through all members that an import has written meanwhile, because there were
 * none when it was planned.
 */
import type * as Pg from 'pg';
import { type Ask } from './postgres-patience';

/**
 * Everything here is asked for by what has an index, some rows at a time: joined row by row it takes the same however much there is, whatever the
 * server thinks of that. What it estimates of nested groups is off by thousands, and so it would read all members for the sake of one, or
 * compile the statement first. And what is read is in memory mostly, or on a disk that has no head to move.
 */
export const PLANNER_SETTINGS = [
  'set enable_hashjoin = off',
  'set enable_mergejoin = off',
  'set jit = off',
  'set random_page_cost = 1.1',
];

/** Between two looks at how large the tables are, milliseconds. */
const LOOK_EVERY_MS = 500;

/** Pages of a table, of 8 KiB each, up to which it does not matter how it is read. */
const FEW_PAGES = 32;

/** A table that is so many times as large as it was may want another way to be read. */
const GROWTH = 4;

/** Rows that nobody else can see yet have their place as well, and are gone through by whoever goes through all. */
const PAGES = `select relname as name, pg_relation_size(oid) / current_setting('block_size')::integer as pages
  from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`;

export interface TableSize {
  readonly name: string;
  readonly pages: number;
}

/** Has each connection plan anew what a table was much smaller for. */
export class PlansInTime {
  #lookedAt = -Infinity;
  #isLooking = false;
  readonly #pages = new Map<string, number>();
  /** Counts the looks that found something grown. */
  #grown = 0;
  readonly #planned = new WeakMap<Pg.ClientBase, number>();

  /** @param look gives the rows of a statement; @param now milliseconds of a clock that never jumps */
  constructor(
    private readonly look: (statement: string) => Promise<readonly TableSize[]>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Called before a connection is used. @param ask of that connection */
  async use(client: Pg.ClientBase, ask: Ask): Promise<void> {
    const now = this.now();
    // One at a time: a table that somebody has locked is waited for, and not with every connection there is.
    if (!this.#isLooking && now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#isLooking = true;
      // Nobody waits for it. Where it fails the plans stay what they are, and who asks next meets the same fault.
      void this.#lookAtSizes()
        .catch(() => undefined)
        .finally(() => (this.#isLooking = false));
    }
    const grown = this.#grown;
    const planned = this.#planned.get(client) ?? grown;
    this.#planned.set(client, grown);
    if (planned !== grown) await ask('discard plans');
  }

  async #lookAtSizes(): Promise<void> {
    let hasGrown = false;
    for (const { name, pages } of await this.look(PAGES)) {
      const before = this.#pages.get(name) ?? 0;
      const grown = pages > Math.max(FEW_PAGES, GROWTH * before);
      if (grown || pages < before) this.#pages.set(name, pages);
      hasGrown ||= grown;
    }
    if (hasGrown) this.#grown += 1;
  }
}
