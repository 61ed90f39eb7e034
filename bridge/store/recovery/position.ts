/**
 * Where this database stands: a number that counts up before each piece of work that may change Coder, once for those that begin in the same
 * moment, and that each call to Coder carries.
 * Coder's audit log keeps it. A number there that is higher than the one here tells that this database is older than what it did: no clock
 * is asked, a lost answer and a killed bridge change nothing about it, and other installations and tools have other names.
 */
import { sql } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { newId } from '../database/id';
import { statement } from '../database/statement';
import { deleteSetting, readSetting, writeSetting } from '../database/settings';

const INSTALLATION = 'installation';
const POSITION = 'position';
/** Key of the setting that a pending recovery is. */
export const RECOVERY = 'recovery';
const RESTORED = 'restored';
const ENDED = 'recovery-ended';
const IMPORTED = 'imported';
const LOG_READ = 'audit-log-read';

export interface Installation {
  /** Made with the database; a copy of the database has the same. */
  readonly id: string;
  readonly position: number;
  /** Just now: this database never changed anything in Coder. */
  readonly fresh: boolean;
}

/** A database that is older than what Coder shows: nothing is given or taken until an operator ends this. */
export interface PendingRecovery {
  readonly since: number;
  /** Where the database stood when that was found. */
  readonly position: number;
  /** The highest position that Coder has seen. */
  readonly seen: number;
  /** Nothing was found: the database was imported, and nobody can say how old it is. */
  readonly imported?: true;
  /** The database went back under a running bridge, and what it does not know can not be read. */
  readonly wentBack?: true;
}

export async function readInstallation(db: Db): Promise<Installation> {
  const found = await readSetting(db, INSTALLATION);
  if (found !== undefined) return { id: found, position: Number((await readSetting(db, POSITION)) ?? 0), fresh: false };
  const id = newId();
  await db
    .insertInto('settings')
    .values([
      { key: INSTALLATION, value: id },
      { key: POSITION, value: '0' },
    ])
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  // Another replica may have been first.
  const kept = (await readSetting(db, INSTALLATION)) ?? id;
  return { id: kept, position: Number((await readSetting(db, POSITION)) ?? 0), fresh: kept === id };
}

const STARTED = sql`extract(epoch from pg_postmaster_start_time())`;

/**
 * Which run of a database server this is: another one after a restart, and where a standby has taken over. The same for ever where the
 * database is a file.
 */
export async function readServer(db: Db): Promise<string> {
  if (backendOf(db) === 'sqlite') return '';
  const { rows } = await sql<{ started: string }>`select cast(${STARTED} as text) as started`.execute(db);
  return rows[0]?.started ?? '';
}

const advance = statement<{ server: string }>()((db, { server }) => {
  const isSame = backendOf(db) === 'sqlite' ? sql`` : sql`and cast(${STARTED} as text) = ${server}`;
  return sql<{ value: string }>`
    update settings set value = cast(cast(value as bigint) + 1 as text)
    where key = ${POSITION} and not exists (select 1 from settings as held where held.key = ${RECOVERY}) ${isSame}
    returning value`;
});

/**
 * Counts up by one; undefined while a recovery is pending, or by another server than this: it may not have got all of what the last one had.
 * Not waited for on the disk: a power cut that loses it has lost what was noted with it as well.
 */
export async function advancePosition(db: Db, server: string): Promise<number | undefined> {
  const { rows } = await advance(db, { server });
  return rows[0] === undefined ? undefined : Number(rows[0].value);
}

/** What Coder has seen is never counted again. */
export async function raisePosition(db: Db, to: number): Promise<void> {
  await sql`
    update settings set value = cast(cast(${to} as bigint) as text)
    where key = ${POSITION} and cast(value as bigint) < cast(${to} as bigint)`.execute(db);
}

export async function readPendingRecovery(db: Db): Promise<PendingRecovery | undefined> {
  const text = await readSetting(db, RECOVERY);
  return text === undefined ? undefined : (JSON.parse(text) as PendingRecovery);
}

export async function writePendingRecovery(db: Db, pending: PendingRecovery): Promise<void> {
  await writeSetting(db, RECOVERY, JSON.stringify(pending));
  await writeSetting(db, RESTORED, String(pending.since));
}

/** Whether this database was once older than what it did: identity providers may know ids that it has lost. */
export async function wasRestored(db: Db): Promise<boolean> {
  return (await readSetting(db, RESTORED)) !== undefined;
}

/** An export may be old: until it was compared with Coder, nobody knows. */
export async function noteImported(db: Db): Promise<void> {
  await writeSetting(db, IMPORTED, 'true');
}

export async function isImported(db: Db): Promise<boolean> {
  return (await readSetting(db, IMPORTED)) !== undefined;
}

/** Compared, or looked at by an operator. */
export async function forgetImported(db: Db): Promise<void> {
  await deleteSetting(db, IMPORTED);
}

/** Coder's audit log can be read: one that can't be later says nothing about this database. */
export async function noteLogRead(db: Db): Promise<void> {
  if (!(await wasLogRead(db))) await writeSetting(db, LOG_READ, 'true');
}

export async function wasLogRead(db: Db): Promise<boolean> {
  return (await readSetting(db, LOG_READ)) !== undefined;
}

/** It may not be read any more, and an operator goes on all the same. */
export async function forgetLogRead(db: Db): Promise<void> {
  await deleteSetting(db, LOG_READ);
}

/** @param at by which other bridges know that what they noticed before is settled */
export async function dropPendingRecovery(db: Db, at: number): Promise<void> {
  await deleteSetting(db, RECOVERY);
  await writeSetting(db, ENDED, String(at));
}

/** When a recovery ended last; undefined: never. */
export async function readRecoveryEnd(db: Db): Promise<number | undefined> {
  const text = await readSetting(db, ENDED);
  return text === undefined ? undefined : Number(text);
}
