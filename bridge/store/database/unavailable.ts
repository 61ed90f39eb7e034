/** Whether an error means that the database can't be used at the moment, so that the same request may succeed later. */

const UNAVAILABLE =
  /^(?:SQLITE_(?:BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN)|ECONN|ETIMEDOUT|ENOTFOUND|EPIPE|57P0|53|08|40001|40P01)/;

// SQLite: locked, full disk; Postgres: gone, shutting down, out of resources, serialization retries used up.
export function isUnavailable(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && UNAVAILABLE.test(code)) return true;
  return (
    typeof message === 'string' && /^(?:timeout exceeded when trying to connect|Connection terminated)/.test(message)
  );
}
