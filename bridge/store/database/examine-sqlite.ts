/** What a SQLite file is, before anything is done with it. */
import { statSync } from 'node:fs';
import { FileRefused } from './backend';
import { sqliteEngine } from './sqlite-engine';

export interface BackupFacts {
  readonly bytes: number;
  /** Version of the tables. */
  readonly schema: number;
}

/**
 * @param named what it is a copy of, for the message
 * @throws FileRefused when it is damaged, or no database of coder-scim
 */
export function examineSqlite(path: string, named = path): BackupFacts {
  const Engine = sqliteEngine();
  try {
    const file = new Engine(path, { readonly: true, fileMustExist: true });
    try {
      const check = file.pragma('quick_check', { simple: true });
      if (check !== 'ok') throw new Error(`it is damaged: ${String(check)}`);
      const row = file.prepare<[], { version: number }>('select version from schema_version').get();
      if (row === undefined) throw new Error('it has no tables of coder-scim');
      return { bytes: statSync(path).size, schema: row.version };
    } finally {
      file.close();
    }
  } catch (cause) {
    throw new FileRefused(
      `${JSON.stringify(named)} is no backup of coder-scim that can be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
