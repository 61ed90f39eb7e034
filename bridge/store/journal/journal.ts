/**
 * What is about to be made or changed in Coder, written down before the call and closed only with its outcome. Whatever
 * ends a process in between, the entry tells the next one what to look for; it outlives the person, group or app that it
 * was for.
 */
import { sql } from 'kysely';
import { type Db, readJson } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type JournalTable } from '../database/tables/accounts';

/**
 * What an entry is about, and its key.
 * - `account`: an account being made; `identityKey` of its e-mail
 * - `steps`: an account being changed; Coder's id of it
 * - `group`: a group being made; `<organization id>/<name>`
 * - `custom-role`: a custom role being made; `<organization id>/<name>`
 */
export type JournalKind = 'account' | 'steps' | 'group' | 'custom-role';

export interface JournalEntry {
  readonly kind: JournalKind;
  readonly key: string;
  readonly app: string | undefined;
  /** SCIM id of the user or group that it is for. */
  readonly subject: string | undefined;
  readonly note: Readonly<Record<string, unknown>>;
  /** When it was first about to be done. */
  readonly since: number;
}

/** How long a call whose answer was lost may still be at work in Coder: so long an entry whose thing is not found stays open. */
export const CALL_MAY_LAST_MS = 60_000;

/** Until when a call that was begun may be at work; one of a time that is yet to come, by a clock that was ahead, may have been begun just now. */
export function mayLastUntil(since: number, now: number): number {
  return Math.min(since, now) + CALL_MAY_LAST_MS;
}

type EntryRow = Omit<JournalTable, 'id'>;

export const toEntry = (row: EntryRow): JournalEntry => ({
  kind: row.kind as JournalKind,
  key: row.key,
  app: row.app ?? undefined,
  subject: row.subject ?? undefined,
  note: readJson(row.note) as Record<string, unknown>,
  since: Number(row.since),
});

const COLUMNS = ['kind', 'key', 'app', 'subject', 'note', 'since'] as const;

const deleteEntry = statement<{ kind: string; key: string }>()((db, { kind, key }) =>
  db.deleteFrom('journal').where('kind', '=', kind).where('key', '=', key),
);

const selectEntry = statement<{ kind: string; key: string }>()((db, { kind, key }) =>
  db.selectFrom('journal').select(COLUMNS).where('kind', '=', kind).where('key', '=', key),
);

const selectOfSubject = statement<{ subject: string }>()((db, { subject }) =>
  db.selectFrom('journal').select(COLUMNS).where('subject', '=', subject).orderBy('id'),
);

const insertEntry = statement<EntryRow>()((db, { kind, key, app, subject, note, since }) =>
  db
    .insertInto('journal')
    .values({ kind, key, app, subject, note, since })
    .onConflict(conflict => conflict.columns(['kind', 'key']).doNothing()),
);

const rewriteEntry = statement<EntryRow>()((db, { kind, key, app, subject, note, since }) =>
  db.updateTable('journal').set({ app, subject, note, since }).where('kind', '=', kind).where('key', '=', key),
);

const deleteSame = statement<{ kind: string; key: string; since: number }>()((db, { kind, key, since }) =>
  db.deleteFrom('journal').where('kind', '=', kind).where('key', '=', key).where('since', '=', since),
);

const handEntry = statement<{ kind: string; key: string; since: number; app: string; subject: string }>()(
  (db, { kind, key, since, app, subject }) =>
    db
      .updateTable('journal')
      .set({ app, subject })
      .where('kind', '=', kind)
      .where('key', '=', key)
      .where('since', '=', since),
);

const selectOfSubjects = statement<{ subjects: readonly string[] }>()((db, { subjects }) =>
  db.selectFrom('journal').select(COLUMNS).where('subject', 'in', among(db, subjects)).orderBy('id'),
);

const selectOfKeys = statement<{ kind: string; keys: readonly string[] }>()((db, { kind, keys }) =>
  db.selectFrom('journal').select(COLUMNS).where('kind', '=', kind).where('key', 'in', among(db, keys)),
);

const selectOfKind = statement<{ kind: string }>()((db, { kind }) =>
  db.selectFrom('journal').select(COLUMNS).where('kind', '=', kind).orderBy('id'),
);

/**
 * Writes down what is about to be done; an entry that is open already keeps nothing but its key.
 * @param merged the note where one is open. @default that of the new one
 * @returns whether none was open: else somebody may have made it already, or be about to
 */
export async function openEntry(
  db: Db,
  entry: JournalEntry,
  merged?: (before: JournalEntry) => JournalEntry['note'],
): Promise<boolean> {
  const row = {
    kind: entry.kind,
    key: entry.key,
    app: entry.app ?? null,
    subject: entry.subject ?? null,
    note: JSON.stringify(entry.note),
    since: entry.since,
  };
  if ((await insertEntry(db, row)).changes > 0) return true;
  const before = merged === undefined ? undefined : await readEntry(db, entry.kind, entry.key);
  const note = before === undefined ? row.note : JSON.stringify(merged?.(before));
  await rewriteEntry(db, { ...row, note });
  return false;
}

/** Somebody else is to see to it from now on; one that was opened anew since it was read stays whose it is. */
export async function handOverEntry(
  db: Db,
  { kind, key, since }: Pick<JournalEntry, 'kind' | 'key' | 'since'>,
  to: { readonly app: string; readonly subject: string },
): Promise<void> {
  await handEntry(db, { kind, key, since, ...to });
}

/** What came of it is known, and written down in the same transaction. */
export async function closeEntry(db: Db, kind: JournalKind, key: string): Promise<void> {
  await deleteEntry(db, { kind, key });
}

/**
 * What came of an entry as it was opened or read is known; one that somebody opened anew since then stays.
 * @returns whether it was open as it was
 */
export async function closeSame(
  db: Db,
  { kind, key, since }: Pick<JournalEntry, 'kind' | 'key' | 'since'>,
): Promise<boolean> {
  return (await deleteSame(db, { kind, key, since })).changes > 0;
}

export async function readEntry(db: Db, kind: JournalKind, key: string): Promise<JournalEntry | undefined> {
  const [row] = (await selectEntry(db, { kind, key })).rows;
  return row === undefined ? undefined : toEntry(row);
}

/** Open entries of one kind, the oldest first. */
export async function entriesOfKind(db: Db, kind: JournalKind): Promise<JournalEntry[]> {
  return (await selectOfKind(db, { kind })).rows.map(toEntry);
}

/** Open entries that were for this user or group. */
export async function entriesOfSubject(db: Db, subject: string): Promise<JournalEntry[]> {
  return (await selectOfSubject(db, { subject })).rows.map(toEntry);
}

/** How many entries are open for each app. */
export async function countOpenEntries(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('journal')
    .select(eb => ['app', eb.fn.countAll<number>().as('open')])
    .groupBy('app')
    .execute();
  return new Map(rows.map(row => [row.app ?? '', Number(row.open)]));
}

/**
 * What was about to be done for a person, is open, and has nobody in the queue who would look at it, the oldest first; who is held is told of so,
 * and looked at with the others of their app.
 * @param which.apps entries of these apps, and of those that are deleted or gone. @default of every app
 */
export async function unattendedEntries(
  db: Db,
  { apps, limit }: { readonly apps?: readonly string[]; readonly limit?: number },
): Promise<JournalEntry[]> {
  const rows = await db
    .selectFrom('journal')
    .select(COLUMNS)
    .where('kind', 'in', ['account', 'steps'])
    .where('subject', 'is not', null)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('work')
            .select('work.key')
            .where('work.key', '=', sql<string>`'person:' || ${eb.ref('journal.subject')}`),
        ),
      ),
    )
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('people')
            .innerJoin('apps', 'apps.name', 'people.app')
            .select('people.user_id')
            .whereRef('people.user_id', '=', 'journal.subject')
            .where('people.held_reason', 'is not', null),
        ),
      ),
    )
    .$if(apps !== undefined, query =>
      query.where(eb =>
        eb.or([
          eb('app', 'in', among(db, apps ?? [])),
          eb('app', 'not in', eb.selectFrom('apps').select('name').where('deleted_at', 'is', null)),
        ]),
      ),
    )
    .orderBy('id')
    .$if(limit !== undefined, query => query.limit(limit ?? 0))
    .execute();
  return rows.map(toEntry);
}

/** Open entries of one kind about several things, by key. */
export async function readEntries(
  db: Db,
  kind: JournalKind,
  keys: readonly string[],
): Promise<Map<string, JournalEntry>> {
  if (keys.length === 0) return new Map();
  const { rows } = await selectOfKeys(db, { kind, keys });
  return new Map(rows.map(row => [row.key, toEntry(row)]));
}

/** Open entries of several users or groups, by SCIM id, the oldest first. */
export async function entriesOfSubjects(db: Db, subjects: readonly string[]): Promise<Map<string, JournalEntry[]>> {
  const known = new Map<string, JournalEntry[]>();
  if (subjects.length === 0) return known;
  const { rows } = await selectOfSubjects(db, { subjects });
  for (const row of rows) known.set(row.subject ?? '', [...(known.get(row.subject ?? '') ?? []), toEntry(row)]);
  return known;
}
