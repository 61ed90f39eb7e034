/**
 * What people of an app lost and gained within the guard's hour. A removal is reserved here, in the transaction that
 * decides, before anything is taken; one app's ledger is written by one at a time, across requests and replicas.
 */
import { sql } from 'kysely';
import { backendOf, type Db } from '../database/database';
import { among, listed } from '../database/listed';
import { statement } from '../database/statement';
import { nextTurn } from '../database/turns';
import { names } from '../work/causes';

/**
 * - `removal`: lost a role, group or membership, or the account because no mapping lets them in any more
 * - `leaving`: a person whom the identity provider deactivated or deleted
 * - `privilege`: became owner, user-admin or organization-admin
 * - `activation`: was let in again after a suspension
 */
export type LedgerKind = 'removal' | 'leaving' | 'privilege' | 'activation';

/** From here to the end of the transaction nobody else reads or writes this app's ledger. SQLite has one writer anyway. */
export async function lockLedger(db: Db, app: string): Promise<void> {
  if (backendOf(db) === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtextextended(${`ledger ${app}`}, 0))`.execute(db);
}

const insertReserved = statement<{ app: string; kind: string; subject: string; at: number; released: number }>()(
  (db, { app, kind, subject, at, released }) =>
    db
      .insertInto('ledger')
      .values({ app, kind, subject, at, released })
      .onConflict(conflict => conflict.columns(['app', 'kind', 'subject']).doUpdateSet({ at, released })),
);

/** Reserves that a person loses or gains something. `released`: by an operator's word, so that it counts against nobody. */
export async function reserve(
  db: Db,
  entry: { readonly app: string; readonly kind: LedgerKind; readonly subject: string; readonly at: number },
  released: boolean,
): Promise<void> {
  await insertReserved(db, { ...entry, released: released ? 1 : 0 });
}

const selectEntry = statement<{ app: string; kind: string; subject: string }>()((db, { app, kind, subject }) =>
  db
    .selectFrom('ledger')
    .select(['at', 'released'])
    .where('app', '=', app)
    .where('kind', '=', kind)
    .where('subject', '=', subject),
);

/** What is reserved for a person, of which this is to be put back where nothing comes of it. */
export interface Reserved {
  readonly app: string;
  readonly kind: LedgerKind;
  readonly subject: string;
  readonly at: number;
  /** What was in the ledger of them until then. */
  readonly before: { readonly at: number; readonly released: boolean } | undefined;
}

/** As {@link reserve}. @returns what {@link putBack} needs */
export async function reserveAnew(
  db: Db,
  entry: { readonly app: string; readonly kind: LedgerKind; readonly subject: string; readonly at: number },
  released: boolean,
): Promise<Reserved> {
  const { app, kind, subject, at } = entry;
  const [row] = (await selectEntry(db, { app, kind, subject })).rows;
  await reserve(db, entry, released);
  const before = row === undefined ? undefined : { at: Number(row.at), released: row.released === 1 };
  return { app, kind, subject, at, before };
}

/** Nothing was taken of what was reserved: what was taken before counts as it did. What somebody has reserved since stays. */
export async function putBack(db: Db, { app, kind, subject, at, before }: Reserved): Promise<void> {
  if (before === undefined)
    await db
      .deleteFrom('ledger')
      .where('app', '=', app)
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .where('at', '=', at)
      .execute();
  else
    await db
      .updateTable('ledger')
      .set({ at: before.at, released: before.released ? 1 : 0 })
      .where('app', '=', app)
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .where('at', '=', at)
      .execute();
}

/** How many people of an app, other than these, are in the ledger since, released ones left out. */
export async function countReserved(
  db: Db,
  ledger: { readonly app: string; readonly kind: LedgerKind },
  since: number,
  otherThan: readonly string[],
): Promise<number> {
  const row = await db
    .selectFrom('ledger')
    .select(eb => eb.fn.countAll<number>().as('people'))
    .where('app', '=', ledger.app)
    .where('kind', '=', ledger.kind)
    .where('at', '>', since)
    .where('released', '=', 0)
    .where('subject', 'not in', among(db, otherThan))
    .executeTakeFirstOrThrow();
  return Number(row.people);
}

/** What the guard asks of a ledger: who counts beside this person. */
export interface OthersQuestion {
  readonly app: string;
  readonly kind: LedgerKind;
  readonly since: number;
  /** `person:<SCIM id>` of the person who does not count as another. */
  readonly subject: string;
  /** Why this person is dealt with, and under which this person's part of a plan was held before: each as JSON. */
  readonly causes: readonly string[];
  /** Reasons under which the guard holds what this ledger counts. */
  readonly heldAs: readonly string[];
}

const selectReserved = statement<{ app: string; kind: string; since: number; subject: string; atMost: number }>()(
  (_db, { app, kind, since, subject, atMost }) => sql<{ subject: string }>`
    select subject from ledger
      where app = ${app} and kind = ${kind} and at > ${since} and released = 0 and subject <> ${subject} limit ${atMost}`,
);

const selectHeldAlike = statement<{
  app: string;
  subject: string;
  causes: readonly string[];
  heldAs: readonly string[];
  atMost: number;
}>()(
  (db, { app, subject, causes, heldAs, atMost }) => sql<{ subject: string }>`
    select subject from holds
      where app = ${app} and released_at is null and ${names(db, sql.ref('cause'), causes)}
        and exists (
          select 1 from (${listed(db, heldAs)}) as wanted where ', ' || holds.reason || ',' like '%, ' || wanted.value || ',%')
        and subject <> ${subject} limit ${atMost}`,
);

// Told by the index alone.
const countEntries = statement<{ app: string; kind: string; since: number; atMost: number }>()(
  (_db, { app, kind, since, atMost }) => sql<{ counted: number }>`
    select count(*) as counted from (
      select 1 from ledger where app = ${app} and kind = ${kind} and at > ${since} limit ${atMost}) as lost`,
);

/** People who are asked about between two turns of the event loop. */
const ASKED_AT_ONCE = 500;

const selectWaiting = (who: 'active' | 'leaving') =>
  statement<{ app: string; subject: string; causes: readonly string[]; after: string }>()((db, at) => {
    const { app, subject, causes, after } = at;
    const active = sql`exists (select 1 from users where users.id = substr(work.key, 8) and users.active = 1)`;
    // Whoever left before and is locked, since the account can't be deleted for its workspaces, was counted then.
    const leaving = sql`not ${active} and not exists (
      select 1 from people where people.user_id = substr(work.key, 8) and people.held_reason = 'has-workspaces'
        and people.left_at is not null and people.converged_at >= people.left_at)`;
    return sql<{ key: string }>`
      select key from work
        where app = ${app} and ${names(db, sql.ref('cause'), causes)} and key like 'person:%' and key <> ${subject}
          and parked_at is null and ${who === 'active' ? active : leaving} and key > ${after}
      order by key limit ${sql.lit(ASKED_AT_ONCE)}`;
  });

const SELECT_WAITING = { active: selectWaiting('active'), leaving: selectWaiting('leaving') };

/**
 * Other people who lost (or gained) something since, or are held because of the same cause: what one request does is one plan.
 * @param atMost of more than these nobody asks
 */
export async function countedOthers(db: Db, question: OthersQuestion, atMost: number): Promise<Set<string>> {
  const others = new Set<string>();
  for (const row of (await selectReserved(db, { ...question, atMost })).rows) others.add(row.subject);
  if (others.size >= atMost) return others;
  for (const row of (await selectHeldAlike(db, { ...question, atMost })).rows) others.add(row.subject);
  return others;
}

/**
 * As many as {@link countedOthers} finds, or more: this person counts as well, who was released too, and who has lost something and is held
 * twice. A tenth of the work.
 */
export async function countedOrMore(db: Db, question: OthersQuestion, atMost: number): Promise<number> {
  const held = (await selectHeldAlike(db, { ...question, atMost })).rows.length;
  return held + Number((await countEntries(db, { ...question, atMost })).rows[0]?.counted);
}

/**
 * Other people who wait to be dealt with because of the same cause: those whom the directory has as active, or those who leave. In pages:
 * a request may be about many, and few of them decide.
 */
export async function* waitingOthers(
  db: Db,
  question: Pick<OthersQuestion, 'app' | 'subject' | 'causes'>,
  who: 'active' | 'leaving',
): AsyncGenerator<readonly string[], undefined> {
  const { app, subject, causes } = question;
  for (let after = ''; ;) {
    const { rows } = await SELECT_WAITING[who](db, { app, subject, causes, after });
    yield rows.map(({ key }) => key);
    const last = rows.at(-1);
    if (last === undefined || rows.length < ASKED_AT_ONCE) return undefined;
    after = last.key;
    await nextTurn();
  }
}

const someOfThem = (onlyMapped: boolean) =>
  statement<{ ids: readonly string[] }>()(
    (db, { ids }) => sql<{ user_id: string }>`
    select user_id from people where user_id in ${among(db, ids)} and coder_user_id is not null and (
      ${onlyMapped ? sql`out_since is null or` : sql``}
      exists (select 1 from grants where grants.coder_user_id = people.coder_user_id)
      or exists (select 1 from coder_members where coder_members.coder_user_id = people.coder_user_id))`,
  );

const SOME_OF_THEM = { everybody: someOfThem(false), onlyMapped: someOfThem(true) };

/**
 * Those of these people, as `person:<SCIM id>`, whose account the bridge gave something, or knows in a group: nobody else can lose anything that
 * the store knows of.
 * @param onlyMapped people have accounts only by being in a group: then whoever is in can lose that
 */
export async function whoMayLose(db: Db, subjects: readonly string[], onlyMapped: boolean): Promise<string[]> {
  const some = SOME_OF_THEM[onlyMapped ? 'onlyMapped' : 'everybody'];
  const may: string[] = [];
  for (let start = 0; start < subjects.length; start += ASKED_AT_ONCE) {
    // In a transaction that others wait for.
    if (start > 0) await nextTurn();
    const ids = subjects.slice(start, start + ASKED_AT_ONCE).map(subject => subject.slice('person:'.length));
    const found = new Set((await some(db, { ids })).rows.map(({ user_id }) => user_id));
    for (const id of ids) if (found.has(id)) may.push(`person:${id}`);
  }
  return may;
}

export async function pruneLedger(db: Db, before: number): Promise<void> {
  await db.deleteFrom('ledger').where('at', '<=', before).execute();
}
