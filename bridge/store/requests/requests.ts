/**
 * The last SCIM requests of each app: what an identity provider sent, and what became of it. Bounded; bodies only while an operator has
 * opened a window for the app, and never with a secret in them.
 */
import { sql } from 'kysely';
import { type Db, backendOf } from '../database/database';
import { newId } from '../database/id';
import { deleteSetting, readSetting, writeSetting } from '../database/settings';

/** Requests that are kept of each app. */
export const KEPT_REQUESTS = 1_000;

/** A body, and the debug window that was open when its request began. */
export interface TakenBody {
  readonly text: string;
  /** Id of the window. */
  readonly window: string;
}

export interface RequestRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly app: string;
  readonly requestId: string;
  /** Name of the token. */
  readonly token: string;
  readonly method: string;
  /** Path and query, without values that name people. */
  readonly path: string;
  readonly status: number;
  readonly scimType: string | undefined;
  /** Of an error. */
  readonly detail: string | undefined;
  /** Each coercion with where it was needed: `booleanStrings active`. */
  readonly coercions: readonly string[];
  /** What was written: `User 2819… changed`. */
  readonly changes: readonly string[];
  readonly milliseconds: number;
  /** Within a debug window alone. */
  readonly body: TakenBody | undefined;
}

export interface StoredRequest extends Omit<RequestRecord, 'body'> {
  readonly id: number;
  readonly body: string | undefined;
}

/**
 * Adds records, in order, and forgets what is over the bound. A body is kept where its window is still the one that is open: what came
 * before the window was closed is not written after that, however long its request took and whoever has it in memory.
 */
export async function writeRequests(db: Db, records: readonly RequestRecord[]): Promise<void> {
  if (records.length === 0) return;
  const withBody = records.filter(({ body }) => body !== undefined).map(({ app }) => app);
  const windows = withBody.length === 0 ? undefined : await holdWindows(db, withBody);
  await db
    .insertInto('requests')
    .values(
      records.map(record => ({
        at: record.at,
        app: record.app,
        request_id: record.requestId,
        token: record.token,
        method: record.method,
        path: record.path,
        status: record.status,
        scim_type: record.scimType ?? null,
        detail: record.detail ?? null,
        coercions: JSON.stringify(record.coercions),
        changes: JSON.stringify(record.changes),
        milliseconds: Math.round(record.milliseconds),
        body: isOpenFor(record, windows?.get(record.app)) ? record.body?.text : null,
      })),
    )
    .execute();
  for (const app of new Set(records.map(record => record.app))) {
    const oldest = await db
      .selectFrom('requests')
      .select('id')
      .where('app', '=', app)
      .orderBy('id', 'desc')
      .offset(KEPT_REQUESTS)
      .limit(1)
      .executeTakeFirst();
    if (oldest !== undefined)
      await db.deleteFrom('requests').where('app', '=', app).where('id', '<=', oldest.id).execute();
  }
}

export interface RequestQuery {
  readonly app?: string | undefined;
  /** Only those after this id, oldest first; without it the newest come first. */
  readonly after?: number | undefined;
  /** Only those before this id: the next older page. */
  readonly before?: number | undefined;
  /** Only those that were answered with an error. */
  readonly refused?: boolean | undefined;
  /** Only those that wrote this user or group: SCIM id. */
  readonly about?: string | undefined;
  readonly limit: number;
}

export async function listRequests(
  db: Db,
  { app, after, before, refused, about, limit }: RequestQuery,
): Promise<StoredRequest[]> {
  const rows = await db
    .selectFrom('requests')
    .selectAll()
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
    .$if(after !== undefined, query => query.where('id', '>', after ?? 0))
    .$if(before !== undefined, query => query.where('id', '<', before ?? 0))
    .$if(refused === true, query => query.where('status', '>=', 400))
    .$if(about !== undefined, query => query.where('changes', 'like', `% ${(about ?? '').replace(/[^\w-]/g, '')} %`))
    .orderBy('id', after === undefined ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(row => ({
    id: Number(row.id),
    at: Number(row.at),
    app: row.app,
    requestId: row.request_id,
    token: row.token,
    method: row.method,
    path: row.path,
    status: row.status,
    scimType: row.scim_type ?? undefined,
    detail: row.detail ?? undefined,
    coercions: JSON.parse(row.coercions) as string[],
    changes: JSON.parse(row.changes) as string[],
    milliseconds: Number(row.milliseconds),
    body: row.body ?? undefined,
  }));
}

export interface RequestCounts {
  readonly requests: number;
  readonly refused: number;
}

/** How many requests came in each step of time from an instant on, by the number of the step. */
export async function countRequests(db: Db, since: number, stepMs: number): Promise<Map<number, RequestCounts>> {
  const { rows } = await sql<{ step: number; requests: number; refused: number }>`
    select (at - ${sql.lit(since)}) / ${sql.lit(stepMs)} as step, count(*) as requests,
      sum(case when status >= 400 then 1 else 0 end) as refused
    from requests where at >= ${sql.lit(since)} group by 1`.execute(db);
  return new Map(rows.map(row => [Number(row.step), { requests: Number(row.requests), refused: Number(row.refused) }]));
}

/** From when on all requests are still there: after the oldest one that is kept of an app that has reached the bound; undefined: all are. */
export async function requestsCompleteSince(db: Db): Promise<number | undefined> {
  const full = await db
    .selectFrom('requests')
    .select(eb => eb.fn.min<number>('at').as('first'))
    .groupBy('app')
    .having(eb => eb.fn.countAll<number>(), '>=', KEPT_REQUESTS)
    .execute();
  return full.length === 0 ? undefined : Math.max(...full.map(row => Number(row.first)));
}

/** The newest request of each app: when it came, in milliseconds. */
export async function readLastRequests(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('requests')
    .select(eb => ['app', eb.fn.max<number>('at').as('last')])
    .groupBy('app')
    .execute();
  return new Map(rows.map(row => [row.app, Number(row.last)]));
}

/** The last caller of an app's address whose credential was none of the app. */
export interface RefusedCaller {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
}

const refusedKey = (app: string) => `refused-caller/${app}`;

/** One entry for each app, however many come: what was served is not pushed out by who knocks at the door. */
export function noteRefusedCaller(db: Db, app: string, { at, reason }: RefusedCaller): Promise<void> {
  return writeSetting(db, refusedKey(app), JSON.stringify({ at, reason }));
}

/** The last one, where nothing was served since. */
export async function lastRefusedCaller(db: Db, app: string): Promise<RefusedCaller | undefined> {
  const text = await readSetting(db, refusedKey(app));
  if (text === undefined) return undefined;
  const refused = JSON.parse(text) as RefusedCaller;
  const [newest] = await listRequests(db, { app, limit: 1 });
  return newest === undefined || newest.at < refused.at ? refused : undefined;
}

/** A window in which bodies of an app are kept. It may be made longer; once it was closed, the next one is another. */
export interface DebugWindow {
  readonly id: string;
  /** Milliseconds since 1970; of one that an earlier version opened it is not known. */
  readonly since?: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Whether bodies are kept at this time. One that is yet to begin was opened while the clock was ahead. */
export function isOpenAt({ since = 0, until }: DebugWindow, at: number): boolean {
  return since <= at && at < until;
}

const windowKey = (app: string) => `debug-window/${app}`;

/** Windows of apps, by the app, as they are until the end of the transaction: whoever opens or closes one waits for it. */
async function holdWindows(db: Db, apps: readonly string[]): Promise<Map<string, DebugWindow>> {
  const names = new Map(apps.map(app => [windowKey(app), app]));
  const rows = await db
    .selectFrom('settings')
    .selectAll()
    .where('key', 'in', [...names.keys()])
    .orderBy('key')
    .$if(backendOf(db) === 'postgres', query => query.forUpdate())
    .execute();
  return new Map(rows.map(({ key, value }) => [names.get(key) ?? '', JSON.parse(value) as DebugWindow]));
}

function isOpenFor({ at, body }: RequestRecord, window: DebugWindow | undefined): boolean {
  return window !== undefined && body?.window === window.id && isOpenAt(window, at);
}

/** Opens the window in which bodies of an app are kept, or has it end at another time. @param until milliseconds since 1970 */
export async function openDebugWindow(db: Db, app: string, until: number, now: number): Promise<void> {
  const { id, since = now } = (await holdWindows(db, [app])).get(app) ?? { id: newId() };
  await writeSetting(
    db,
    windowKey(app),
    JSON.stringify({ id, since: Math.min(since, now), until } satisfies DebugWindow),
  );
}

/** The window of an app, open or over; undefined where none was opened, or it was closed. */
export async function debugWindowOf(db: Db, app: string): Promise<DebugWindow | undefined> {
  const text = await readSetting(db, windowKey(app));
  return text === undefined ? undefined : (JSON.parse(text) as DebugWindow);
}

/** Closes a window, and forgets every body that was kept of the app. */
export async function closeDebugWindow(db: Db, app: string): Promise<void> {
  await deleteSetting(db, windowKey(app));
  await db.updateTable('requests').set({ body: null }).where('app', '=', app).execute();
}
