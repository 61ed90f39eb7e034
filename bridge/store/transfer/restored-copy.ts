/** A backup as it is put in place: all of it in one file, brought up to date, and marked as one that Coder has gone on without. */
import { accessSync, constants, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type SqliteDatabase } from 'kysely';
import { writeAudit } from '../audit/audit';
import { FileRefused } from '../database/backend';
import { openDatabase } from '../database/database';
import { examineSqlite } from '../database/examine-sqlite';
import { realPath } from '../database/real-path';
import { sqliteEngine } from '../database/sqlite-engine';
import { troubleOf } from '../database/trouble';
import { type PendingRecovery, readInstallation, RECOVERY, writePendingRecovery } from '../recovery/position';
import { hasLog } from './place';

/** As the database is at one moment, whoever writes to it meanwhile; closes the connection. */
export function vacuumInto(connection: SqliteDatabase, copy: string): void {
  try {
    connection.prepare('vacuum into ?').run([copy]);
  } finally {
    connection.close();
  }
}

/**
 * Copies what is restored. A log beside it, as a snapshot of a volume and the database of a killed bridge have one, holds what was committed
 * last: only SQLite can read both as one. The source itself is not written to.
 * @throws FileRefused
 */
export function takeIn(named: string, folder: string, copy: string): void {
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

function openSource(source: string, folder: string): SqliteDatabase {
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
export async function mark(copy: string, by: string, now: number): Promise<void> {
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
export function wantMarked(copy: string, now: number): void {
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
