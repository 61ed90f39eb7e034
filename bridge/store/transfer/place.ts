/** The place of a SQLite database: what is put there appears as a whole, what was there is kept. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseError, FileRefused } from '../database/backend';
import { sqliteEngine } from '../database/sqlite-engine';

const OWNER_ONLY = 0o600;

/**
 * The database is kept beside, and the copy takes its place in one step: whoever starts meanwhile finds the one or the other, and never none,
 * which would be a first rollout.
 * @returns where the database of before is now. @throws DatabaseError naming it
 */
export function exchange(copy: string, path: string, now: number): string | undefined {
  if (!existsSync(path)) {
    settle(copy, path);
    return undefined;
  }
  const before = `${path}.before-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  try {
    gather(path);
    keep(path, before);
    // What a killed bridge left must not be read as the log of the new one. Nobody starts in between: the file is claimed.
    for (const part of ['-wal', '-shm'])
      if (existsSync(`${path}${part}`)) renameSync(`${path}${part}`, `${before}${part}`);
    settle(copy, path);
  } catch (cause) {
    throw new DatabaseError(
      `the restored copy could not be put in place: ${cause instanceof Error ? cause.message : String(cause)}; the database of before is ${JSON.stringify(before)}`,
      { cause },
    );
  }
  return before;
}

/** What the log of a killed bridge holds goes into the file, so that one file is moved; one that is damaged is kept as it is, with its log. */
function gather(path: string): void {
  if (!hasLog(path)) return;
  const Engine = sqliteEngine();
  try {
    const file = new Engine(path, { fileMustExist: true });
    try {
      file.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      file.close();
    }
  } catch {
    // Damaged, or no room: both files are kept.
  }
}

function keep(path: string, before: string): void {
  try {
    linkSync(path, before);
  } catch {
    // Not every file system has a second name for a file.
    renameSync(path, before);
  }
}

/** Whether something was committed that is beside the file still. */
export function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** A folder of our own on the same disk, so that what is made there can be moved in one step. */
export function beside(target: string): string {
  try {
    return mkdtempSync(join(dirname(target), '.coder-scim-'));
  } catch (cause) {
    throw new FileRefused(
      `${JSON.stringify(dirname(target))} can not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** What root makes belongs to whom the database belongs, or else its folder: as root's alone the bridge could not open it. @throws FileRefused */
export function giveOver(made: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(existsSync(path) ? path : dirname(path));
  const has = statSync(made);
  if (has.uid === uid && has.gid === gid) return;
  try {
    chownSync(made, uid, gid);
  } catch (cause) {
    throw new FileRefused(
      `what is restored can not be given to user ${uid}, who has the database: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** The copy is its owner's alone and on the disk before anything is moved. */
export function prepare(copy: string): void {
  chmodSync(copy, OWNER_ONLY);
  sync(copy, 'r+');
}

export function settle(copy: string, target: string): void {
  renameSync(copy, target);
  sync(dirname(target), 'r');
}

function sync(path: string, flags: string): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
