/** Whether an error means that the database can't be used at the moment, so that the same request may succeed later. */

// SQLite: locked, full disk, damaged file; the disk below it; Postgres: gone, shutting down, tired of a transaction that stood still, out of
// resources, a standby that is not the primary yet, serialization retries used up.
const UNAVAILABLE =
  /^(?:SQLITE_(?:BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)|ENOSPC|EDQUOT|EIO|EROFS|EMFILE|ENFILE|ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|57P0|25P03|53|08|25006|40001|40P01)/;

const SAYS =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;

export function isUnavailable(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  const { code, message, syscall, errors } = cause as Record<string, unknown>;
  if (typeof code === 'string' && UNAVAILABLE.test(code)) return true;
  // The socket file of a server that is not there; both addresses of a name, tried in turn.
  if (code === 'ENOENT' && syscall === 'connect') return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnavailable);
  return typeof message === 'string' && SAYS.test(message);
}
