/** What each SCIM user is in Coder: the link, what is held and why, and what was known of the person last. */
import { type RawBuilder, sql } from 'kysely';
import { type DirectoryUser } from '../../contract/directory';
import { isSameIdentity, spellings } from '../../contract/identity';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { type Statement, statement } from '../database/statement';
import { nextTurn } from '../database/turns';
import { forgetAddresses } from './addresses';
import { type PersonTable } from '../database/tables/accounts';

export interface Person {
  readonly userId: string;
  readonly app: string;
  readonly coderUserId: string | undefined;
  readonly coderUsername: string | undefined;
  readonly how: 'created' | 'adopted' | undefined;
  readonly linkedAt: number | undefined;
  readonly heldReason: string | undefined;
  readonly heldDetail: string | undefined;
  readonly leftAt: number | undefined;
  readonly userName: string;
  readonly email: string | undefined;
  readonly externalId: string | undefined;
  /** Full name when the person was last dealt with. */
  readonly fullName: string | undefined;
  /** The userName that the Coder username was last derived from. */
  readonly followedUserName: string | undefined;
  readonly convergedAt: number | undefined;
  /** An owner by somebody's hand when the account had to be suspended. */
  readonly formerOwner: boolean;
  /** Since when nothing lets them in, and that is dealt with: they have nothing to lose. */
  readonly outSince: number | undefined;
  /** The object of the identity provider that they were before another one was stated of them while inactive; undefined once they are in again. */
  readonly formerExternalId: string | undefined;
}

export function toPerson(row: PersonTable): Person {
  return {
    userId: row.user_id,
    app: row.app,
    coderUserId: row.coder_user_id ?? undefined,
    coderUsername: row.coder_username ?? undefined,
    how: row.how ?? undefined,
    linkedAt: row.linked_at ?? undefined,
    heldReason: row.held_reason ?? undefined,
    heldDetail: row.held_detail ?? undefined,
    leftAt: row.left_at ?? undefined,
    userName: row.user_name,
    email: row.email ?? undefined,
    externalId: row.external_id ?? undefined,
    fullName: row.full_name ?? undefined,
    followedUserName: row.followed_user_name ?? undefined,
    convergedAt: row.converged_at ?? undefined,
    formerOwner: row.former_owner === 1,
    outSince: row.out_since ?? undefined,
    formerExternalId: row.former_external_id ?? undefined,
  };
}

const selectPerson = statement<{ userId: string }>()((db, { userId }) =>
  db.selectFrom('people').selectAll().where('user_id', '=', userId),
);

const selectOfAccount = statement<{ coderUserId: string }>()((db, { coderUserId }) =>
  db.selectFrom('people').selectAll().where('coder_user_id', '=', coderUserId),
);

export async function readPerson(db: Db, userId: string): Promise<Person | undefined> {
  const [row] = (await selectPerson(db, { userId })).rows;
  return row === undefined ? undefined : toPerson(row);
}

/** Everybody, of any app, who is this Coder account. */
export async function peopleOfAccount(db: Db, coderUserId: string): Promise<Person[]> {
  return (await selectOfAccount(db, { coderUserId })).rows.map(toPerson);
}

const selectOfAccounts = statement<{ coderUserIds: readonly string[] }>()((db, { coderUserIds }) =>
  db.selectFrom('people').selectAll().where('coder_user_id', 'in', among(db, coderUserIds)),
);

/** Everybody who is one of these Coder accounts. */
export async function peopleOfAccounts(db: Db, coderUserIds: readonly string[]): Promise<Person[]> {
  if (coderUserIds.length === 0) return [];
  return (await selectOfAccounts(db, { coderUserIds })).rows.map(toPerson);
}

/** A page of an app's people, those who left included, in order of SCIM id. */
export async function readPeople(db: Db, app: string | undefined, afterId: string, limit: number): Promise<Person[]> {
  const rows = await db
    .selectFrom('people')
    .selectAll()
    .$if(app !== undefined, query => query.where('app', '=', app ?? ''))
    .where('user_id', '>', afterId)
    .orderBy('user_id')
    .limit(limit)
    .execute();
  return rows.map(toPerson);
}

const selectPeople = statement<{ userIds: readonly string[] }>()((db, { userIds }) =>
  db.selectFrom('people').selectAll().where('user_id', 'in', among(db, userIds)),
);

/** Rows of these SCIM users, by SCIM id. */
export async function readPeopleById(db: Db, userIds: readonly string[]): Promise<Map<string, Person>> {
  if (userIds.length === 0) return new Map();
  const { rows } = await selectPeople(db, { userIds });
  return new Map(rows.map(row => [row.user_id, toPerson(row)]));
}

export interface PersonChange {
  readonly coder?: { readonly id: string; readonly username: string; readonly how: 'created' | 'adopted' } | null;
  readonly coderUsername?: string;
  readonly formerOwner?: boolean;
  readonly outSince?: number | null;
  readonly held?: { readonly reason: string; readonly detail: string } | null;
  readonly leftAt?: number;
  readonly convergedAt?: number;
  /** Take over userName, e-mail and externalId. */
  readonly known?: Pick<DirectoryUser, 'userName' | 'email' | 'externalId'>;
  /** Take over full name and userName as those that Coder's name and username were last compared with. */
  readonly profile?: Pick<DirectoryUser, 'username' | 'fullName'>;
}

type PersonColumns = Partial<Omit<PersonTable, 'user_id' | 'app'>>;

/** Who it was before them is told of an account alone. */
const NO_ACCOUNT = {
  coder_user_id: null,
  coder_username: null,
  how: null,
  linked_at: null,
  former_external_id: null,
} satisfies PersonColumns;

const updates = new Map<string, Statement<{ readonly [name: string]: string | number | null }, unknown>>();

/** The update of these columns: there are few sets of them. */
function updateOf(set: PersonColumns) {
  const names = Object.keys(set);
  const known = updates.get(names.join());
  if (known !== undefined) return known;
  const made = statement<{ [name: string]: string | number | null }>()((db, places) =>
    db
      .updateTable('people')
      .set({ user_id: places['userId'], ...Object.fromEntries(names.map(name => [name, places[name]])) } as object)
      .where(sql`user_id`, '=', places['userId']),
  );
  updates.set(names.join(), made);
  return made;
}

/** Writes a person's row, new or not; what `change` leaves out stays. */
export async function writePerson(
  db: Db,
  who: { readonly userId: string; readonly app: string; readonly userName: string },
  change: PersonChange,
  now: number,
): Promise<void> {
  const set: PersonColumns = {
    ...(change.coder === undefined
      ? {}
      : change.coder === null
        ? NO_ACCOUNT
        : {
            coder_user_id: change.coder.id,
            coder_username: change.coder.username,
            how: change.coder.how,
            linked_at: now,
            former_external_id: null,
          }),
    ...(change.formerOwner === undefined ? {} : { former_owner: change.formerOwner ? 1 : null }),
    ...(change.outSince === undefined ? {} : { out_since: change.outSince }),
    ...(change.coderUsername === undefined ? {} : { coder_username: change.coderUsername }),
    ...(change.held === undefined
      ? {}
      : { held_reason: change.held?.reason ?? null, held_detail: change.held?.detail ?? null }),
    ...(change.leftAt === undefined ? {} : { left_at: change.leftAt }),
    ...(change.convergedAt === undefined ? {} : { converged_at: change.convergedAt }),
    ...(change.known === undefined
      ? {}
      : {
          user_name: change.known.userName,
          email: change.known.email ?? null,
          external_id: change.known.externalId ?? null,
        }),
    ...(change.profile === undefined
      ? {}
      : { full_name: change.profile.fullName, followed_user_name: change.profile.username }),
  };
  if ((await updateOf(set)(db, { ...set, userId: who.userId })).changes > 0) return;
  await db
    .insertInto('people')
    .values({ user_id: who.userId, app: who.app, user_name: who.userName, ...set })
    .onConflict(conflict => conflict.column('user_id').doUpdateSet({ app: who.app, ...set }))
    .execute();
}

/** Forgets who left and is dealt with. */
export async function deletePerson(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('people').where('user_id', '=', userId).execute();
  await forgetHolds(db, userId);
  await forgetAddresses(db, userId);
}

async function forgetHolds(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('holds').where('subject', '=', `person:${userId}`).execute();
}

/** The account is of the object that the directory states now: who it was before says nothing any more. */
export async function forgetFormerObject(db: Db, userId: string, externalId: string | undefined): Promise<void> {
  await db
    .updateTable('people')
    .set({ former_external_id: null })
    .where('user_id', '=', userId)
    // Whoever became another one since is judged by that.
    .where('external_id', externalId === undefined ? 'is' : '=', externalId ?? null)
    .execute();
}

/** Nothing that a bridge knows of this account is believed any more of the people who are it. */
export async function unsettle(db: Db, coderUserId: string): Promise<void> {
  await db.updateTable('people').set({ converged_at: null }).where('coder_user_id', '=', coderUserId).execute();
}

/** These people, who have left, are this account no more; what is known of them stays, since another one may be theirs as well. */
export async function leaveAccount(
  db: Db,
  userIds: readonly string[],
): Promise<Pick<PersonTable, 'user_id' | 'app'>[]> {
  // What of the account was held of them is somebody else's.
  for (const userId of userIds) await forgetHolds(db, userId);
  if (userIds.length === 0) return [];
  return await db
    .updateTable('people')
    .set(NO_ACCOUNT)
    .where('user_id', 'in', userIds)
    .returning(['user_id', 'app'])
    .execute();
}

/** A former owner who stays none, by an operator's word. @returns whose app they are of; undefined where nobody is asked of them */
export async function acceptFormerOwner(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .updateTable('people')
    .set({ former_owner: null })
    .where('held_reason', '=', 'former-owner')
    .where('user_id', '=', userId)
    .returning('app')
    .executeTakeFirst();
  return row?.app;
}

/**
 * Somebody who has left and was held since Coder has their e-mail in another spelling, which an operator has seen to.
 * @param isOut whether nothing lets them in, although they have not left
 * @returns whose app they are of; undefined where nobody is asked of them
 */
export async function acceptEmailConflict(db: Db, userId: string, isOut: boolean): Promise<string | undefined> {
  const row = await db
    .updateTable('people')
    .set({ held_reason: null, held_detail: null })
    .where('held_reason', '=', 'email-conflict')
    .where('user_id', '=', userId)
    .$if(!isOut, query =>
      query.where(eb =>
        eb.not(
          eb.exists(eb.selectFrom('users').select('users.id').where('users.id', '=', userId).where('active', '=', 1)),
        ),
      ),
    )
    .returning('app')
    .executeTakeFirst();
  return row?.app;
}

/** How many people of an app the guard counts against: everybody who has an account through it and has not left. */
export async function countLinkedPeople(db: Db, app: string): Promise<number> {
  const row = await db
    .selectFrom('people')
    .select(eb => eb.fn.countAll<number>().as('people'))
    .where('app', '=', app)
    .where('coder_user_id', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(row.people);
}

/**
 * How many people of an app have an account and were in at some time since: what a share of the people is a share of. Whoever left earlier,
 * or was let in by nothing any more, and is dealt with has nothing to lose.
 */
export async function countPeopleIn(
  db: Db,
  app: string,
  since: number,
): Promise<{ readonly people: number; readonly lookedAt: number }> {
  let people = 0;
  let lookedAt = 0;
  for (let after = ''; ;) {
    const [page] = (await countPage(db, { app, since, after })).rows;
    const looked = Number(page?.looked ?? 0);
    people += Number(page?.people ?? 0);
    lookedAt += looked;
    if (page?.last === undefined || page.last === null || looked < COUNTED_AT_ONCE) return { people, lookedAt };
    after = page.last;
    await nextTurn();
  }
}

/** People who are counted between two turns of the event loop. */
const COUNTED_AT_ONCE = 5_000;

const countPage = statement<{ app: string; since: number; after: string }>()(
  (_db, { app, since, after }) => sql<{ people: number; looked: number; last: string | null }>`
    with page as (
      select user_id, app, coder_user_id, held_reason, out_since from people where app = ${app} and user_id > ${after}
      order by user_id limit ${sql.lit(COUNTED_AT_ONCE)}
    )
    select count(*) as looked, max(page.user_id) as last, count(case when page.coder_user_id is not null and (
        (users.active = 1 and page.out_since is null) or page.held_reason is not null
        or exists (select 1 from work where work.key = 'person:' || page.user_id)
        or exists (select 1 from ledger where ledger.app = page.app and ledger.kind in ('leaving', 'removal')
          and ledger.subject = 'person:' || page.user_id and ledger.at > ${since})) then 1 end) as people
    from page left join users on users.id = page.user_id`,
);

/** As the database folds, SQLite A to Z alone: never less than what is the same somebody. To look for people, not to tell who they are. */
function inSmallLetters(text: RawBuilder<unknown>): RawBuilder<string> {
  // eslint-disable-next-line no-restricted-syntax
  return sql`lower(${text})`;
}

/** Somebody whom a search found, with what the directory says of them. */
export interface FoundPerson extends Person {
  /** Undefined when the directory has them no more. */
  readonly active: boolean | undefined;
}

export interface PeopleSearch {
  /** Part of a userName, an e-mail or a Coder username, without case; empty: everybody. */
  readonly text: string;
  readonly app?: string | undefined;
  readonly held?: boolean | undefined;
  /** Only the one of this SCIM id. */
  readonly userId?: string | undefined;
  /** Only those after this userName and SCIM id. */
  readonly after?: { readonly userName: string; readonly userId: string } | undefined;
  readonly limit: number;
}

/** People whose names have a text in them, in order of userName and SCIM id. */
export async function searchPeople(
  db: Db,
  { text, app, held, userId, after, limit }: PeopleSearch,
): Promise<FoundPerson[]> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  const like = (column: string) =>
    sql<boolean>`${inSmallLetters(sql.ref(column))} like ${inSmallLetters(sql`cast(${pattern} as text)`)} escape '\\'`;
  const rows = await db
    .selectFrom('people')
    .leftJoin('users', 'users.id', 'people.user_id')
    .selectAll('people')
    .select('users.active as directory_active')
    .$if(text !== '', query =>
      query.where(eb => eb.or([like('people.user_name'), like('people.email'), like('people.coder_username')])),
    )
    .$if(app !== undefined, query => query.where('people.app', '=', app ?? ''))
    .$if(userId !== undefined, query => query.where('people.user_id', '=', userId ?? ''))
    .$if(held === true, query => query.where('people.held_reason', 'is not', null))
    .$if(after !== undefined, query =>
      query.where(eb =>
        eb.or([
          eb('people.user_name', '>', after?.userName ?? ''),
          eb.and([eb('people.user_name', '=', after?.userName ?? ''), eb('people.user_id', '>', after?.userId ?? '')]),
        ]),
      ),
    )
    .orderBy('people.user_name')
    .orderBy('people.user_id')
    .limit(limit)
    .execute();
  return rows.map(({ directory_active: active, ...row }) => ({
    ...toPerson(row),
    active: active === null ? undefined : active === 1,
  }));
}

/**
 * People by anything that names them: SCIM id, userName, externalId, e-mail, Coder id, Coder username. Names and addresses are the same by
 * `isSameIdentity`: whoever asks may delete an account by the answer.
 */
export async function findPeople(db: Db, text: string): Promise<Person[]> {
  const named = (column: string) => {
    const forms = spellings(text).map(form => inSmallLetters(sql`cast(${form} as text)`));
    return sql<boolean>`${inSmallLetters(sql.ref(column))} in (${sql.join(forms)})`;
  };
  const rows = await db
    .selectFrom('people')
    .selectAll()
    .where(eb =>
      eb.or([
        eb('user_id', '=', text),
        eb('coder_user_id', '=', text),
        eb('external_id', '=', text),
        named('user_name'),
        named('email'),
        named('coder_username'),
      ]),
    )
    .execute();
  return rows
    .map(toPerson)
    .filter(
      ({ userId, coderUserId, externalId, userName, email, coderUsername }) =>
        [userId, coderUserId, externalId].includes(text) ||
        [userName, email, coderUsername].some(name => name !== undefined && isSameIdentity(name, text)),
    )
    .slice(0, 50);
}
