/** The audit trail: append-only rows, read by filter; chain.ts seals them, and removes them by age alone. */
import { type Selectable, sql } from 'kysely';
import { type Db, backendOf } from '../database/database';
import { statement } from '../database/statement';
import { type AuditTable } from '../database/tables';
import { piecesOf } from '../database/pieces';
import { nextTurn } from '../database/turns';

export type AuditResult = 'done' | 'failed' | 'held' | 'skipped' | 'reported';

/** One change to Coder, or one decision not to change. */
export interface AuditRow {
  readonly at: number;
  readonly app: string | null;
  readonly actor: string;
  readonly token?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly subject?: string | null | undefined;
  readonly subjectName?: string | null | undefined;
  readonly coderUserId?: string | null | undefined;
  readonly action: string;
  readonly target?: string | null | undefined;
  readonly idpGroup?: string | null | undefined;
  readonly mapping?: string | null | undefined;
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
  readonly result: AuditResult;
  readonly detail?: string | null | undefined;
}

/** So many are written between two turns of the event loop. */
const ROWS_PER_STATEMENT = 100;

const columnsOf = (row: AuditRow) => ({
  at: row.at,
  app: row.app,
  actor: row.actor,
  token: row.token ?? null,
  request_id: row.requestId ?? null,
  subject: row.subject ?? null,
  subject_name: row.subjectName ?? null,
  coder_user_id: row.coderUserId ?? null,
  action: row.action,
  target: row.target ?? null,
  idp_group: row.idpGroup ?? null,
  mapping: row.mapping ?? null,
  before: row.before ?? null,
  after: row.after ?? null,
  result: row.result,
  detail: row.detail ?? null,
});

const insertLine = statement<ReturnType<typeof columnsOf>>()((db, at) =>
  db.insertInto('audit').values({
    at: at.at,
    app: at.app,
    actor: at.actor,
    token: at.token,
    request_id: at.request_id,
    subject: at.subject,
    subject_name: at.subject_name,
    coder_user_id: at.coder_user_id,
    action: at.action,
    target: at.target,
    idp_group: at.idp_group,
    mapping: at.mapping,
    before: at.before,
    after: at.after,
    result: at.result,
    detail: at.detail,
  }),
);

export async function writeAudit(db: Db, rows: readonly AuditRow[]): Promise<void> {
  // One text whatever the number; across a network each line would cost a way there and back.
  if (rows.length === 1 || backendOf(db) === 'sqlite') {
    for (const row of rows) await insertLine(db, columnsOf(row));
    return;
  }
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT)
    await db
      .insertInto('audit')
      .values(rows.slice(start, start + ROWS_PER_STATEMENT).map(columnsOf))
      .execute();
}

/** As {@link writeAudit}, outside of any transaction, and with a turn of the event loop for others after some lines. */
export async function writeAuditInTurns(db: Db, rows: readonly AuditRow[]): Promise<void> {
  for await (const some of piecesOf(rows, ROWS_PER_STATEMENT)) await writeAudit(db, some);
}

/** What to look for in the audit trail; every field narrows. */
export interface AuditQuery {
  readonly app?: string | undefined;
  /** SCIM id, userName, Coder id, or group name: matched against subject, its name, and the Coder account. */
  readonly subject?: string | undefined;
  /** `scim`, `declaration`, `sweep`, `operator` or `bridge`. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly result?: string | undefined;
  readonly requestId?: string | undefined;
  readonly token?: string | undefined;
  /** Instants in milliseconds: `since` is included, `until` is not. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only entries after this id, oldest first. Without it the newest come first. */
  readonly afterId?: number | undefined;
  /**
   * Only sealed entries after this number, in the order of numbers: who follows by it misses none. A lower id may be committed
   * after a higher one was read, a number is given after the commit.
   */
  readonly afterSeq?: number | undefined;
  /** Only entries before this id: the next older page. */
  readonly beforeId?: number | undefined;
  /** @default 100, at most 1_000 */
  readonly limit?: number | undefined;
}

export type AuditRecord = Selectable<AuditTable>;

/** A row with its numbers as numbers, whatever the database hands over. */
export function toRecord(row: AuditRecord): AuditRecord {
  return { ...row, id: Number(row.id), at: Number(row.at), seq: row.seq === null ? null : Number(row.seq) };
}

/** Numbers of lines that are looked at between two turns of the event loop, where few of them may fit. */
const LOOKED_AT_ONCE = 5_000;

/** Rows that fit: after `afterId` or `afterSeq` the oldest first, else the newest first. */
export async function queryAudit(db: Db, query: AuditQuery): Promise<AuditRecord[]> {
  const limit = Math.max(1, Math.min(query.limit ?? 100, 1_000));
  const { afterId, beforeId, limit: _limit, ...narrowing } = query;
  // SQLite looks in this thread: for what may be rare, a piece of the trail at a time.
  const looksOnce = query.afterSeq !== undefined || Object.values(narrowing).every(value => value === undefined);
  if (backendOf(db) !== 'sqlite' || looksOnce) return await readAudit(db, query, limit);
  // Each alone is one look into the index; both in one query would be a walk through it.
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select (select min(id) from audit) as first, (select max(id) from audit) as last`.execute(db);
  const [ends] = rows;
  let from = Math.max((afterId ?? 0) + 1, Number(ends?.first ?? 1));
  let to = Math.min((beforeId ?? Infinity) - 1, Number(ends?.last ?? 0));
  const found: AuditRecord[] = [];
  while (from <= to && found.length < limit) {
    const [low, high] =
      afterId === undefined
        ? [Math.max(from, to - LOOKED_AT_ONCE + 1), to]
        : [from, Math.min(to, from + LOOKED_AT_ONCE - 1)];
    const piece = { ...query, ...(afterId === undefined ? {} : { afterId: low - 1 }), beforeId: high + 1 };
    found.push(...(await readAudit(db, piece, limit - found.length, low)));
    if (afterId === undefined) to = low - 1;
    else from = high + 1;
    await nextTurn();
  }
  return found;
}

async function readAudit(db: Db, query: AuditQuery, limit: number, fromId?: number): Promise<AuditRecord[]> {
  let select = db.selectFrom('audit').selectAll();
  if (query.app !== undefined) select = select.where('app', '=', query.app);
  const subject = query.subject;
  if (subject !== undefined) {
    select = select.where(eb =>
      eb.or([
        eb('subject', '=', subject),
        eb('subject_name', '=', subject),
        eb('coder_user_id', '=', subject),
        eb('target', '=', subject),
      ]),
    );
  }
  if (query.actor !== undefined) select = select.where('actor', '=', query.actor);
  if (query.action !== undefined) select = select.where('action', '=', query.action);
  if (query.result !== undefined) select = select.where('result', '=', query.result);
  if (query.requestId !== undefined) select = select.where('request_id', '=', query.requestId);
  if (query.token !== undefined) select = select.where('token', '=', query.token);
  if (query.since !== undefined) select = select.where('at', '>=', query.since);
  if (query.until !== undefined) select = select.where('at', '<', query.until);
  if (query.afterId !== undefined) select = select.where('id', '>', query.afterId);
  if (query.beforeId !== undefined) select = select.where('id', '<', query.beforeId);
  if (fromId !== undefined) select = select.where('id', '>=', fromId);
  if (query.afterSeq !== undefined) select = select.where('seq', '>', query.afterSeq).orderBy('seq');
  const rows = await select
    .orderBy('id', query.afterId === undefined ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

/** How many changes were made in Coder in each step of time from an instant on, by the number of the step. */
export async function countChanges(db: Db, since: number, stepMs: number): Promise<Map<number, number>> {
  const { rows } = await sql<{ step: number; changes: number }>`
    select (at - ${sql.lit(since)}) / ${sql.lit(stepMs)} as step, count(*) as changes from audit
    where at >= ${sql.lit(since)} and result = 'done' and (coder_user_id is not null or action like 'group.%') group by 1`.execute(
    db,
  );
  return new Map(rows.map(row => [Number(row.step), Number(row.changes)]));
}
