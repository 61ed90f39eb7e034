/** The two databases the bridge runs on, and the error of both. */
export type Backend = 'sqlite' | 'postgres';

/** The database can't be opened or used as it is; the message says what to do. */
export class DatabaseError extends Error {
  override readonly name: string = 'DatabaseError';
}

/** A file that somebody named is not what it must be, or not there, or is where it must not: they name another one. */
export class FileRefused extends DatabaseError {
  override readonly name = 'FileRefused';
}
