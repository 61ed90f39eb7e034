/** The SQLite engine: no part of this package, but installed beside it where a bridge keeps its data in a file. */
import type BetterSqlite3 from 'better-sqlite3';
import { peerDependencies } from '../../../package.json';
import { DatabaseError } from './backend';

const ENGINE = 'better-sqlite3';
const [MAJOR] = /\d+/.exec(peerDependencies[ENGINE]) ?? [];
// Its built parts come with it; the script that npm would run is one that npm makes up, and wants a compiler's tools.
const INSTALL = `npm install --ignore-scripts ${ENGINE}@${MAJOR}`;

/** @throws DatabaseError that says what to install */
export function sqliteEngine(): typeof BetterSqlite3 {
  try {
    // Loaded when it is used: a bridge on Postgres runs without it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('better-sqlite3') as typeof BetterSqlite3;
  } catch (cause) {
    throw new DatabaseError(
      isMissing(cause)
        ? `SQLite is not installed: \`${INSTALL}\` where coder-scim is installed, or set CODER_SCIM_DATABASE_URL to postgres://…, which needs nothing more`
        : `SQLite can not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function isMissing(cause: unknown): boolean {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  return code === 'MODULE_NOT_FOUND' && String(message).includes(`'${ENGINE}'`);
}
