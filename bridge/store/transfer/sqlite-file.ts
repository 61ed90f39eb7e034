/** A copy of a SQLite database that a bridge may have open, and the way back. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FileRefused } from '../database/backend';
import { type BackupFacts, examineSqlite } from '../database/examine-sqlite';
import { claimFile } from '../database/one-bridge';
import { realPath } from '../database/real-path';
import { connectSqlite } from '../database/sqlite-connection';
import { beside, exchange, giveOver, prepare, settle } from './place';
import { mark, takeIn, vacuumInto, wantMarked } from './restored-copy';

/** What is carried away is there: an empty database that was just made is not what somebody wants to have kept. @throws FileRefused */
export function wantSqlite(path: string): void {
  if (!existsSync(path))
    throw new FileRefused(
      `there is no SQLite database ${JSON.stringify(path)}: set CODER_SCIM_DATABASE_URL or CODER_SCIM_STATE_DIR as the bridge has them`,
    );
}

/**
 * Copies the database as it is at one moment; a bridge that has it open goes on meanwhile. The copy appears as a whole or not at all.
 * @throws DatabaseError
 */
export function backupSqlite(path: string, target: string): BackupFacts {
  wantSqlite(path);
  if (existsSync(target)) throw new FileRefused(`${JSON.stringify(target)} is there already: wanted a new file`);
  const folder = beside(target);
  const copy = join(folder, 'copy.db');
  try {
    vacuumInto(connectSqlite(path), copy);
    const facts = examineSqlite(copy);
    prepare(copy);
    settle(copy, target);
    return facts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export type { BackupFacts };

export interface Restored extends BackupFacts {
  /** Where the database of before is now; undefined when there was none. */
  readonly before: string | undefined;
}

/**
 * Puts a backup in the place of the database, which is kept beside it. Whatever it is that Coder has seen since, the bridge gives and takes
 * nothing with it until an operator has looked.
 * @param by who restores, for the audit trail
 * @throws DatabaseError also while a bridge has the database open
 */
export async function restoreSqlite(source: string, named: string, by: string, now: number): Promise<Restored> {
  const path = realPath(named);
  if (!existsSync(source)) throw new FileRefused(`there is no file ${JSON.stringify(source)}`);
  const lock = `${path}.lock`;
  const isLockNew = !existsSync(lock);
  const claim = claimFile(path);
  try {
    if (isLockNew) giveOver(lock, path);
    const folder = beside(path);
    try {
      const copy = join(folder, 'restored.db');
      takeIn(source, folder, copy);
      const facts = examineSqlite(copy, source);
      await mark(copy, by, now);
      wantMarked(copy, now);
      giveOver(copy, path);
      prepare(copy);
      const before = exchange(copy, path, now);
      return { ...facts, before };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    claim.release();
  }
}
