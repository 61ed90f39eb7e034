/**
 * A machine that vanishes without a word closes no connection: the operating system goes on sending to it for a quarter of an hour, and a
 * server keeps the locks of its transaction for two. A bridge and its Postgres wait for each other for so long only.
 */
import type * as Pg from 'pg';

export interface PostgresPatience {
  /** After so many milliseconds without an answer a connection is given up, as if the server had closed it. It is that of one statement. */
  readonly answerMs: number;
  /** The server ends a transaction in which nothing was asked for so many milliseconds. */
  readonly idleMs: number;
}

/**
 * What no statement of a bridge takes, not one of 100,000 people with all locks that it waits for, and what no transaction of one stands still
 * for: within one it does nothing but ask.
 */
export const BRIDGE_PATIENCE: PostgresPatience = { answerMs: 120_000, idleMs: 30_000 };

export type Ask = (what: string | Pg.QueryConfig, values?: unknown[]) => Promise<Pg.QueryResult>;

/** As `client.query`. */
export function askOf(client: Pg.ClientBase, patience: PostgresPatience | undefined): Ask {
  const ask: Ask = (what, values) => client.query(what, values);
  if (patience === undefined) return ask;
  return async (what, values) => {
    let isWaiting = true;
    // A process that stood still itself looks first at what has come meanwhile.
    const alarm = setTimeout(() => setImmediate(() => isWaiting && giveUp(client)), patience.answerMs);
    try {
      return await ask(what, values);
    } finally {
      isWaiting = false;
      clearTimeout(alarm);
    }
  };
}

/** The pool replaces it; what was asked on it fails as when the server ends. */
export function giveUp(client: Pg.ClientBase): void {
  // As the pool itself does it with one that does not come about: there is no other way to end it without a word of the server.
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/** Has the server mind whom it waits for. */
export function patienceSetting({ idleMs }: PostgresPatience): string {
  return `set idle_in_transaction_session_timeout = ${Math.round(idleMs)}`;
}
