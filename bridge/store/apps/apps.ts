/** SCIM applications: the document each was given last, with its tokens, under a generation that counts every change, and on from an earlier app of its name. */
import { sql } from 'kysely';
import { type AppTable } from '../database/tables';
import { type Precondition } from '../../contract/admin-api';
import { DEFAULT_ATTRIBUTES } from '../../contract/attributes';
import { canonicalJson, type MappingState } from '../../contract/mapping-state';
import { writeAudit } from '../audit/audit';
import { backendOf, type Database, type Db, readJson } from '../database/database';
import { type Cause, enqueue, PRIORITY } from '../work/enqueue';
import { newId } from '../database/id';
import { deleteSetting, readSetting, writeSetting } from '../database/settings';
import { statement } from '../database/statement';
import { repointedMappings, unbind } from './bindings';
import { readStoredDocument, UnreadableDocument } from './stored-document';
import { deleteCredentials, writeCredentials } from './credentials';
import { declareLine, deleteLine } from './declaration-lines';
import { lockDeclaration } from './declaration-lock';
import { noteSweepFailures } from './sweep-failures';

export interface StoredApp {
  readonly name: string;
  readonly generation: number;
  readonly state: MappingState;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The generation that was dealt with in Coder. */
  readonly appliedGeneration: number | undefined;
  readonly problems: readonly string[];
  readonly sweptAt: number | undefined;
  /** Deleted, but not everybody of it is dealt with yet. */
  readonly deleting: boolean;
}

/**
 * Tells one declaration of an app from every other: a database that went back to an older state counts generations once more, of other documents.
 */
export function declarationOf(row: { readonly generation: number; readonly updated_at: number }): string {
  return `${row.generation} of ${row.updated_at}`;
}

/** The app is not as the writer believed; nothing was changed. */
export class GenerationConflict extends Error {
  override readonly name = 'GenerationConflict';
  constructor(
    readonly app: string,
    /** Undefined when there is no such app. */
    readonly actual: number | undefined,
    expected: Precondition,
  ) {
    super(
      `app ${JSON.stringify(app)} is ${actual === undefined ? 'absent' : `at generation ${actual}`}, the change was made for ${
        expected === 'absent' || expected === 'any' ? expected : `generation ${expected.generation}`
      }: read it again and decide anew`,
    );
  }
}

interface AppRow {
  name: string;
  generation: number;
  state: unknown;
  created_at: number;
  updated_at: number;
  applied_generation: number | null;
  problems: string | null;
  swept_at: number | null;
  deleted_at: number | null;
}

/** @throws UnreadableDocument */
function toApp(row: AppRow): StoredApp {
  const { state, readAs } = readStoredDocument(row.name, readJson(row.state));
  return {
    name: row.name,
    generation: Number(row.generation),
    state,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    appliedGeneration: row.applied_generation ?? undefined,
    problems: [...readAs, ...(row.problems === null ? [] : (JSON.parse(row.problems) as string[]))],
    sweptAt: row.swept_at ?? undefined,
    deleting: row.deleted_at !== null,
  };
}

/** One that can't be read may be replaced all the same. */
function readableDocument(row: AppRow): MappingState | undefined {
  try {
    return toApp(row).state;
  } catch (error) {
    if (error instanceof UnreadableDocument) return undefined;
    throw error;
  }
}

/** Every app that is declared. */
export async function listApps(db: Db): Promise<StoredApp[]> {
  const rows = await db.selectFrom('apps').selectAll().where('deleted_at', 'is', null).orderBy('name').execute();
  return rows.map(toApp);
}

/** Every app, also those whose people are still being dealt with after a delete. */
export async function listAllApps(db: Db): Promise<StoredApp[]> {
  return (await db.selectFrom('apps').selectAll().orderBy('name').execute()).map(toApp);
}

const RULES_VERSION = 'rules-version';

const writeVersion = statement<{ value: string }>()((db, { value }) =>
  db
    .insertInto('settings')
    .values({ key: sql.lit(RULES_VERSION), value })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value })),
);

/** Tells all replicas that something which rules are made of (bindings, managed groups) has changed. */
export async function bumpRules(db: Db): Promise<void> {
  await writeVersion(db, { value: newId() });
}

const selectVersions = statement<Record<never, never>>()(
  () => sql<Pick<AppTable, 'name' | 'generation' | 'applied_generation' | 'deleted_at'>>`
    select name, generation, applied_generation, deleted_at from apps
    union all select value, 0, null, null from settings where key = ${RULES_VERSION}
    order by 1`,
);

/** Changes when any app, binding or managed group does: cheap enough to ask before each piece of work. */
export async function readRulesVersion(db: Db): Promise<string> {
  const { rows } = await selectVersions(db, {});
  return rows
    .map(row => `${row.name}:${row.generation}:${row.applied_generation ?? ''}:${row.deleted_at ?? ''}`)
    .join(' ');
}

/** A declared app; undefined when there is none or it is being deleted. */
export async function readApp(db: Db, name: string): Promise<StoredApp | undefined> {
  const row = await db
    .selectFrom('apps')
    .selectAll()
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toApp(row);
}

/** An app, deleted or not. */
export async function readAnyApp(db: Db, name: string): Promise<StoredApp | undefined> {
  const row = await db.selectFrom('apps').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : toApp(row);
}

function check(app: string, row: AppRow | undefined, expected: Precondition): void {
  const actual = row === undefined || row.deleted_at !== null ? undefined : Number(row.generation);
  if (expected === 'any') return;
  if (expected === 'absent' ? actual !== undefined : actual !== expected.generation)
    throw new GenerationConflict(app, actual, expected);
}

const lastKey = (app: string): string => `last-generation:${app}`;

/** The last generation of an app that was forgotten: it counts on from there, since somebody may still know that one. */
async function lastGeneration(db: Db, app: string): Promise<number> {
  return Number((await readSetting(db, lastKey(app))) ?? 0);
}

/**
 * Replaces the whole document of an app: document, tokens, the work it causes and the line of who declared what in one
 * transaction. A document that says what is there already changes nothing, the generation neither.
 * @throws GenerationConflict, TokenTaken
 */
export async function putApp(
  database: Database,
  state: MappingState,
  expected: Precondition,
  cause: Cause,
  now: number,
): Promise<StoredApp> {
  return await database.transact(async db => {
    if (backendOf(db) === 'postgres') await lockDeclaration(db, state.app, 'alone');
    const query = db.selectFrom('apps').selectAll().where('name', '=', state.app);
    const row = await (database.backend === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
    check(state.app, row, expected);
    const same =
      row !== undefined && row.deleted_at === null && canonicalJson(readJson(row.state)) === canonicalJson(state);
    if (same) return toApp(row);
    // A mapping that reads another group from now on follows the one that it matched no longer.
    const before = row === undefined ? undefined : readableDocument(row);
    if (before !== undefined) await unbind(db, state.app, repointedMappings(before, state));
    const text = JSON.stringify(state);
    const usual = canonicalJson(state.attributes) === canonicalJson(DEFAULT_ATTRIBUTES);
    const attributes = usual ? null : JSON.stringify(state.attributes);
    await db
      .insertInto('apps')
      .values({
        name: state.app,
        generation: (row === undefined ? await lastGeneration(db, state.app) : Number(row.generation)) + 1,
        state: text,
        attributes,
        created_at: now,
        updated_at: now,
      })
      .onConflict(conflict =>
        conflict.column('name').doUpdateSet(eb => ({
          generation: eb('apps.generation', '+', 1),
          state: text,
          attributes,
          updated_at: now,
          deleted_at: null,
        })),
      )
      .execute();
    await writeCredentials(db, state);
    await enqueue(db, [{ key: `app:${state.app}`, app: state.app, priority: PRIORITY.declaration }], cause, now, {
      declares: true,
    });
    const stored = toApp(
      await db.selectFrom('apps').selectAll().where('name', '=', state.app).executeTakeFirstOrThrow(),
    );
    const until =
      row === undefined
        ? undefined
        : { document: before ?? (readJson(row.state) as object), isDeleted: row.deleted_at !== null };
    await writeAudit(db, [declareLine({ app: state.app, generation: stored.generation, cause, now }, until, state)]);
    return stored;
  });
}

/**
 * Removes an app: its tokens stop working with the commit, its people leave by the policies of its last document, and
 * what is left of it goes when that is done. Who did is a line of the audit trail.
 * @returns false when there was no such app
 * @throws GenerationConflict
 */
export async function deleteApp(
  database: Database,
  name: string,
  expected: Precondition,
  cause: Cause,
  now: number,
): Promise<boolean> {
  return await database.transact(async db => {
    if (backendOf(db) === 'postgres') await lockDeclaration(db, name, 'alone');
    const query = db.selectFrom('apps').selectAll().where('name', '=', name);
    const row = await (database.backend === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
    const ends = [{ key: `app:${name}`, app: name, priority: PRIORITY.declaration }] as const;
    if (row === undefined) {
      if (expected !== 'any') check(name, row, expected);
      return false;
    }
    if (row.deleted_at !== null) {
      // Asked again: whoever kept it from its end may have been seen to in Coder, which nobody tells.
      await enqueue(db, ends, cause, now);
      return false;
    }
    check(name, row, expected);
    await db
      .updateTable('apps')
      .set(eb => ({ deleted_at: now, updated_at: now, generation: eb('generation', '+', 1) }))
      .where('name', '=', name)
      .execute();
    await deleteCredentials(db, name);
    await enqueue(db, ends, cause, now, { declares: true });
    const generation = Number(row.generation) + 1;
    await writeAudit(db, [deleteLine({ app: name, generation, cause, now }, readableDocument(row))]);
    return true;
  });
}

/** Notes that a generation was dealt with in Coder, and what of it could not be. */
export async function markApplied(
  db: Db,
  name: string,
  generation: number,
  problems: readonly string[],
): Promise<void> {
  await db
    .updateTable('apps')
    .set({ applied_generation: generation, problems: problems.length === 0 ? null : JSON.stringify(problems) })
    .where('name', '=', name)
    .where('generation', '=', generation)
    .execute();
}

/** Replaces some of what was told of a generation; nothing where it is another one by now. */
export async function replaceProblems(
  db: Db,
  { name, generation }: Pick<StoredApp, 'name' | 'generation'>,
  over: (problem: string) => boolean,
  problems: readonly string[],
): Promise<void> {
  const query = db
    .selectFrom('apps')
    .select('problems')
    .where('name', '=', name)
    .where('applied_generation', '=', generation);
  const row = await (backendOf(db) === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
  if (row === undefined) return;
  const told = row.problems === null ? [] : (JSON.parse(row.problems) as string[]);
  await markApplied(db, name, generation, [...told.filter(problem => !over(problem)), ...problems]);
}

export async function markSwept(db: Db, name: string, at: number): Promise<void> {
  await db.updateTable('apps').set({ swept_at: at }).where('name', '=', name).execute();
}

/** Whether an app is as it was looked at; nobody declares or deletes it before this transaction ends. */
export async function isStill(db: Db, { name, generation }: Pick<StoredApp, 'name' | 'generation'>): Promise<boolean> {
  const query = db.selectFrom('apps').select('generation').where('name', '=', name);
  const row = await (backendOf(db) === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
  return row !== undefined && Number(row.generation) === generation;
}

const claimsKey = (app: string): string => `wrote-claims:${app}`;

/** The app is dealt with in mode `claims`: however it is declared later, something of it may be in Coder's sync settings. */
export async function noteWroteClaims(db: Db, app: string): Promise<void> {
  if (!(await hasWrittenClaims(db, app))) await writeSetting(db, claimsKey(app), '1');
}

export async function hasWrittenClaims(db: Db, app: string): Promise<boolean> {
  return (await readSetting(db, claimsKey(app))) !== undefined;
}

/**
 * Forgets a deleted app and its directory once nobody of it is left to deal with; what stays is how far its generations went.
 * @returns false when it was declared again since it was looked at: then nothing is forgotten
 */
export async function purgeApp(db: Db, app: Pick<StoredApp, 'name' | 'generation' | 'deleting'>): Promise<boolean> {
  const { name } = app;
  if (backendOf(db) === 'postgres') await lockDeclaration(db, name, 'alone');
  if (!app.deleting || !(await isStill(db, app))) return false;
  await db
    .deleteFrom('member_rows')
    .where('set_id', 'in', db.selectFrom('groups').select('member_set').where('app', '=', name))
    .execute();
  for (const table of [
    'users',
    'user_emails',
    'groups',
    'people',
    'bindings',
    'holds',
    'ledger',
    'addresses',
    'coercions',
    'refused_leavings',
    'requests',
  ] as const)
    await db.deleteFrom(table).where('app', '=', name).execute();
  // Pushed groups that could not be made; one that somebody has just taken ends by itself.
  await db
    .deleteFrom('work')
    .where('app', '=', name)
    .where('key', 'like', 'scim-group:%')
    .where('lease_until', 'is', null)
    .execute();
  await db.deleteFrom('apps').where('name', '=', name).where('deleted_at', 'is not', null).execute();
  await noteSweepFailures(db, name, []);
  await deleteSetting(db, claimsKey(name));
  await writeSetting(db, lastKey(name), String(app.generation));
  return true;
}
