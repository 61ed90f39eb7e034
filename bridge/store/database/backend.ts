/** The two databases the bridge runs on, and the error of both. */
export type Backend = 'sqlite' | 'postgres';

/** The database can't be opened or used as it is; the message says what to do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}
