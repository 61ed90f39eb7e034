/**
 * The audit trail as a chain: each line gets a number without gaps and the hash of itself and the line before it, so that a line that was
 * changed, taken out or put in afterwards shows. Lines are sealed a moment after they were written, by one process at a time, so that
 * nothing waits for another's line; and since a number is given after the commit, who follows the numbers misses no line.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { backendOf, type Database, type Db } from '../database/database';
import { type AuditRecord, toRecord } from './audit';

/** One end of the chain: the number of a line, and its hash. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** Where the chain begins and ends. */
export interface Chain {
  /** The last line that was removed by age; the first that is there follows it. */
  readonly cut: Link;
  readonly head: Link;
}

/** A line that is part of the chain. */
export type SealedRecord = AuditRecord & { readonly seq: number; readonly hash: string };

const SETTING = 'audit-chain';
const BEGINNING: Link = { seq: 0, hash: '0'.repeat(64) };

/** Lines of one transaction: bounds how long other work waits for the event loop. */
const SEALED_AT_ONCE = 200;

export async function readChain(db: Db): Promise<Chain> {
  const row = await db.selectFrom('settings').select('value').where('key', '=', SETTING).executeTakeFirst();
  return row === undefined ? { cut: BEGINNING, head: BEGINNING } : (JSON.parse(row.value) as Chain);
}

/** SHA-256, as 64 hex digits, of the hash before and every column of the line in a fixed order. */
export function hashOf(before: string, seq: number, row: AuditRecord): string {
  const line = JSON.stringify([
    before,
    seq,
    row.id,
    row.at,
    row.app,
    row.actor,
    row.token,
    row.request_id,
    row.subject,
    row.subject_name,
    row.coder_user_id,
    row.action,
    row.target,
    row.idp_group,
    row.mapping,
    row.before,
    row.after,
    row.result,
    row.detail,
  ]);
  return createHash('sha256').update(line, 'utf8').digest('hex');
}

/** Seals the next lines, if there are any and no other process is at it. @returns those, in order */
export async function sealAudit(database: Database): Promise<SealedRecord[]> {
  const waiting = await database.db.selectFrom('audit').select('id').where('seq', 'is', null).limit(1).execute();
  if (waiting.length === 0) return [];
  return database.transact(async db => {
    const chain = await lockChain(db);
    if (chain === undefined) return [];
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', 'is', null)
      .orderBy('id')
      .limit(SEALED_AT_ONCE)
      .execute();
    let head = chain.head;
    const sealed = rows.map(toRecord).map((row): SealedRecord => {
      const seq = head.seq + 1;
      head = { seq, hash: hashOf(head.hash, seq, row) };
      return { ...row, ...head };
    });
    if (sealed.length === 0) return [];
    await writeSeals(db, sealed);
    await writeChain(db, { ...chain, head });
    return sealed;
  });
}

async function writeSeals(db: Db, sealed: readonly SealedRecord[]): Promise<void> {
  const list = JSON.stringify(sealed.map(({ id, seq, hash }) => [id, seq, hash]));
  const rows =
    backendOf(db) === 'sqlite'
      ? sql`select value ->> 0 as id, value ->> 1 as seq, value ->> 2 as hash from json_each(${list})`
      : sql`select cast(value ->> 0 as bigint) as id, cast(value ->> 1 as bigint) as seq, value ->> 2 as hash
          from jsonb_array_elements(cast(${list} as jsonb)) as list (value)`;
  await sql`update audit set seq = seals.seq, hash = seals.hash from (${rows}) as seals where audit.id = seals.id`.execute(
    db,
  );
}

/** The chain, for this transaction alone; undefined while another one has it. */
async function lockChain(db: Db): Promise<Chain | undefined> {
  await db
    .insertInto('settings')
    .values({ key: SETTING, value: JSON.stringify({ cut: BEGINNING, head: BEGINNING } satisfies Chain) })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('key', '=', SETTING)
    .$if(backendOf(db) === 'postgres', query => query.forUpdate().skipLocked())
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.value) as Chain);
}

async function writeChain(db: Db, chain: Chain): Promise<void> {
  await db
    .updateTable('settings')
    .set({ value: JSON.stringify(chain) })
    .where('key', '=', SETTING)
    .execute();
}

/** Sealed lines after a number, in order. */
export async function readSealed(db: Db, after: number, limit: number): Promise<SealedRecord[]> {
  const rows = await db.selectFrom('audit').selectAll().where('seq', '>', after).orderBy('seq').limit(limit).execute();
  return rows.map(row => toRecord(row) as SealedRecord);
}

/** Lines that one transaction removes at most: a piece holds nobody up. */
const CUT_AT_ONCE = 1_000;

/**
 * Removes lines that are older than this, the oldest thousand of them: the one way out of the trail. Only the beginning of the chain is
 * cut off, where everything is old enough and every destination has been told of it; what was cut stays known by its last hash, so that
 * the rest can be verified. Part of the caller's transaction.
 * @returns how many were removed; 0: none is left to remove
 */
export async function pruneAudit(db: Db, before: number): Promise<number> {
  const chain = await lockChain(db);
  if (chain === undefined) return 0;
  const last = await lastToCut(db, before);
  if (last === undefined) return 0;
  const { numDeletedRows } = await db.deleteFrom('audit').where('seq', '<=', last.seq).executeTakeFirstOrThrow();
  await writeChain(db, { ...chain, cut: last });
  return Number(numDeletedRows);
}

async function lastToCut(db: Db, before: number): Promise<Link | undefined> {
  const told = await db
    .selectFrom('audit_cursors')
    .select(eb => eb.fn.min('seq').as('seq'))
    .executeTakeFirst();
  const oldest = await db
    .selectFrom('audit')
    .select(['seq', 'hash', 'at'])
    .where('seq', 'is not', null)
    .where('seq', '<=', Number(told?.seq ?? Number.MAX_SAFE_INTEGER))
    .orderBy('seq')
    .limit(CUT_AT_ONCE)
    .execute();
  // Times need not be in the order of numbers: clocks differ, and a transaction may take long.
  const young = oldest.findIndex(({ at }) => Number(at) >= before);
  const row = oldest[(young === -1 ? oldest.length : young) - 1];
  return row === undefined ? undefined : { seq: Number(row.seq), hash: row.hash ?? '' };
}
