/** A copy of a SQLite database that a bridge may have open, and the way back. */
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { type SqliteDatabase } from 'kysely';
import { writeAudit } from '../audit/audit';
import { DatabaseError, FileRefused } from '../database/backend';
import { openDatabase } from '../database/database';
import { type BackupFacts, examineSqlite } from '../database/examine-sqlite';
import { claimFile } from '../database/one-bridge';
import { realPath } from '../database/real-path';
import { connectSqlite } from '../database/sqlite-connection';
import { sqliteEngine } from '../database/sqlite-engine';
import { troubleOf } from '../database/trouble';
import { type PendingRecovery, readInstallation, RECOVERY, writePendingRecovery } from '../recovery/position';

const OWNER_ONLY = 0o600;

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

/** As the database is at one moment, whoever writes to it meanwhile; closes the connection. */
function vacuumInto(connection: SqliteDatabase, copy: string): void {
  try {
    connection.prepare('vacuum into ?').run([copy]);
  } finally {
    connection.close();
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

/**
 * Copies what is restored. A log beside it, as a snapshot of a volume and the database of a killed bridge have one, holds what was committed
 * last: only SQLite can read both as one. The source itself is not written to.
 * @throws FileRefused
 */
function takeIn(named: string, folder: string, copy: string): void {
  const source = realPath(named);
  try {
    if (hasLog(source)) vacuumInto(openSource(source, folder), copy);
    else copyFileSync(source, copy);
  } catch (cause) {
    // Of where the copy is made, and not of the source.
    if (troubleOf(cause) !== undefined && !isUnreadable(cause)) throw cause;
    throw new FileRefused(
      `${JSON.stringify(named)} can not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

const isUnreadable = (error: unknown): boolean =>
  /^SQLITE_(?:CORRUPT|NOTADB|BUSY|LOCKED|CANTOPEN)/.test(String((error as { code?: unknown }).code));

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function openSource(source: string, folder: string): BetterSqlite3.Database {
  let readable = source;
  if (!mayWrite(dirname(source))) {
    // SQLite reads a log by an index beside it, which can not be made there. Nor can anybody be writing there.
    readable = join(folder, 'source.db');
    for (const part of ['', '-wal']) copyFileSync(`${source}${part}`, `${readable}${part}`);
  }
  const Engine = sqliteEngine();
  return new Engine(readable, { readonly: true, fileMustExist: true });
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Brings the tables up to date, and says in them that they are a backup. */
async function mark(copy: string, by: string, now: number): Promise<void> {
  const database = await openDatabase(copy);
  try {
    await database.transact(async db => {
      const { position } = await readInstallation(db);
      await writePendingRecovery(db, { since: now, position, seen: position });
      // Who signed out, or whose access token's client was taken away since, is not signed in again by an old copy.
      await db.deleteFrom('page_sessions').execute();
      await db.deleteFrom('access_tokens').execute();
      await writeAudit(db, [
        {
          at: now,
          app: null,
          actor: 'operator',
          action: 'recovery.begin',
          result: 'done',
          detail: `a backup was restored by ${by}`,
        },
      ]);
    });
  } finally {
    await database.close();
  }
}

/**
 * One file is moved, so all of it must be in that one, and on its own: where the disk is full, closing leaves what could not be brought
 * over in the log beside it, without a word. @throws FileRefused, and what SQLite says of the disk
 */
function wantMarked(copy: string, now: number): void {
  const Engine = sqliteEngine();
  const file = new Engine(copy, { fileMustExist: true });
  try {
    // Brings everything over and ends the log, or fails; a bridge that opens it begins a new one.
    const mode: unknown = file.pragma('journal_mode = DELETE', { simple: true });
    if (mode !== 'delete' || hasLog(copy)) throw notWhole('its log could not be brought into the file');
  } finally {
    file.close();
  }
  examineSqlite(copy);
  const read = new Engine(copy, { readonly: true, fileMustExist: true });
  try {
    const row = read.prepare<[string], { value: string }>('select value from settings where key = ?').get(RECOVERY);
    const { since } = JSON.parse(row?.value ?? '{}') as Partial<PendingRecovery>;
    if (since !== now) throw notWhole('that it was restored is not in the file');
  } finally {
    read.close();
  }
}

const notWhole = (what: string): FileRefused =>
  new FileRefused(
    `the restored copy is not whole, and was not put in place: ${what}; make room on the disk, and restore again`,
  );

/**
 * The database is kept beside, and the copy takes its place in one step: whoever starts meanwhile finds the one or the other, and never none,
 * which would be a first rollout.
 * @returns where the database of before is now. @throws DatabaseError naming it
 */
function exchange(copy: string, path: string, now: number): string | undefined {
  if (!existsSync(path)) {
    settle(copy, path);
    return undefined;
  }
  const before = `${path}.before-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  try {
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

function keep(path: string, before: string): void {
  try {
    linkSync(path, before);
  } catch {
    // Not every file system has a second name for a file.
    renameSync(path, before);
  }
}

/** A folder of our own on the same disk, so that what is made there can be moved in one step. */
function beside(target: string): string {
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
function giveOver(made: string, path: string): void {
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
function prepare(copy: string): void {
  chmodSync(copy, OWNER_ONLY);
  sync(copy, 'r+');
}

function settle(copy: string, target: string): void {
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
