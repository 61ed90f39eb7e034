/** Everything that the store has of one person, and of the account that they are linked to: read at once, since each piece of work on a person begins so. */
import { type RawBuilder, sql } from 'kysely';
import { type DirectoryGroup, type DirectoryUser } from '../../contract/directory';
import { type Db, backendOf } from '../database/database';
import { gathered, gatheredRows } from '../database/gathered';
import { withAbove } from '../database/nesting';
import { statement } from '../database/statement';
import { type PersonTable } from '../database/tables/accounts';
import { groupsOfUser, groupsOfUsers, readUser, readUsersById, toUser, type UserRow } from '../directory/reading';
import {
  entriesOfSubject,
  entriesOfSubjects,
  type JournalEntry,
  readEntries,
  readEntry,
  toEntry,
} from '../journal/journal';
import { type Address, addressesOf, addressesOfPeople, addressOf } from './addresses';
import { memberStatesOf, memberStatesOfAccounts, type Membership } from './coder-members';
import { type Grant, grantsOf, grantsOfAccounts } from './grants';
import { type HeldRemovals, type HoldRow, readHeld, readHeldOf, toHeld } from './holds';
import { peopleOfAccount, peopleOfAccounts, type Person, readPeopleById, readPerson, toPerson } from './people';

export interface Told {
  /** Undefined: the directory has no such user. */
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** Every address that they have had, the one that they had first before the others. */
  readonly former: readonly Address[];
  /** Open entries of the journal that were for them, the oldest first. */
  readonly entries: readonly JournalEntry[];
  /** All groups that they are in, directly and through groups in groups, in order of id. */
  readonly groups: readonly DirectoryGroup[];
  /** What was held or released of them. */
  readonly held: HeldRemovals | undefined;
  /** Of the account that they are linked to; undefined when they are linked to none. */
  readonly linked: KnownAccount | undefined;
}

/** What the store has of an account. */
export interface KnownAccount {
  /** Everybody else, of any app, who is this account. */
  readonly others: readonly Person[];
  readonly grants: readonly Grant[];
  /** The managed groups that it is in or is to be in. */
  readonly members: readonly Membership[];
  /** What was about to be done to it, and is not noted as done. */
  readonly steps: JournalEntry | undefined;
}

type Prefixed<Prefix extends string, Row> = { [Name in keyof Row & string as `${Prefix}${Name}`]: Row[Name] | null };

const PERSON = [
  ...['user_id', 'app', 'coder_user_id', 'coder_username', 'how', 'linked_at', 'held_reason', 'held_detail', 'left_at'],
  ...['user_name', 'email', 'external_id', 'full_name', 'followed_user_name', 'converged_at', 'former_owner'],
  ...['out_since', 'former_external_id'],
] as (keyof PersonTable)[];
const HOLD = [
  ...['app', 'subject', 'digest', 'reason', 'changes', 'cause', 'created_at', 'released_at'],
] as (keyof HoldRow)[];
const ENTRY = ['kind', 'key', 'app', 'subject', 'note', 'since'];

type Row = Prefixed<'u_', UserRow> &
  Prefixed<'p_', PersonTable> &
  Prefixed<'h_', HoldRow> & {
    readonly former: unknown;
    readonly entries: unknown;
    readonly above: unknown;
    readonly grants: unknown;
    readonly members: unknown;
    readonly steps: unknown;
    readonly shared: number | boolean;
  };

const columnsOf = (table: string, prefix: string, names: readonly string[]): RawBuilder<unknown> =>
  sql.join(names.map(name => sql`${sql.ref(`${table}.${name}`)} as ${sql.ref(`${prefix}${name}`)}`));

const selectTold = statement<{ userId: string; app: string; subject: string }>()((db, { userId, app, subject }) => {
  const above = sql`
    from (${withAbove(userId)}
    select groups.id, groups.app, groups.display_name, groups.external_id
    from above join groups on groups.id = above.id) as found order by id`;
  return sql<Row>`
    select ${columnsOf('users', 'u_', ['id', 'app', 'user_name', 'external_id', 'active', 'document'])}, apps.attributes as u_attributes,
      ${columnsOf('people', 'p_', PERSON)}, ${columnsOf('holds', 'h_', HOLD)},
      ${gathered(db, ['address', 'since', 'first_since'], sql`from addresses where user_id = ${userId} order by since, address_key`)} as former,
      ${gathered(db, ENTRY, sql`from journal where subject = ${userId} order by id`)} as entries,
      ${gathered(db, ['id', 'app', 'display_name', 'external_id'], above)} as above,
      ${gathered(db, ['kind', 'organization', 'target'], sql`from grants where coder_user_id = people.coder_user_id`)} as grants,
      ${gathered(db, ['coder_group_id', 'present', 'wanted'], sql`from coder_members where coder_user_id = people.coder_user_id`)} as members,
      ${gathered(db, ENTRY, sql`from journal where kind = 'steps' and key = people.coder_user_id`)} as steps,
      exists (select 1 from people as others where others.coder_user_id = people.coder_user_id and others.user_id <> people.user_id) as shared
    from (select cast(${userId} as text) as id) as who
      left join users on users.id = who.id left join apps on apps.name = users.app left join people on people.user_id = who.id
      left join holds on holds.app = ${app} and holds.subject = ${subject}`;
});

function unprefixed<Wanted>(row: Row, prefix: string): Wanted {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row))
    if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
  return found as Wanted;
}

type EntryRow = readonly [string, string, string | null, string | null, unknown, number];

const entryOf = ([kind, key, app, subject, note, since]: EntryRow): JournalEntry =>
  toEntry({ kind, key, app, subject, note: note as string, since });

interface Asked extends Question {
  readonly resolve: (told: Told) => void;
  readonly reject: (error: unknown) => void;
}

/** Whom to tell of, and whose work it is: what is held of somebody is held in an app. */
export interface Question {
  readonly app: string;
  readonly userId: string;
}

const asked = new WeakMap<Db, Asked[]>();

/** On SQLite several who are asked for in one turn are read together: a request about a group is about many. */
export function readTold(db: Db, app: string, userId: string): Promise<Told> {
  if (backendOf(db) !== 'sqlite') return readAtOnce(db, app, userId);
  return new Promise((resolve, reject) => {
    const one = { app, userId, resolve, reject };
    const others = asked.get(db);
    if (others !== undefined) {
      others.push(one);
      return;
    }
    const all = [one];
    asked.set(db, all);
    queueMicrotask(() => {
      asked.delete(db);
      void answer(db, all);
    });
  });
}

async function answer(db: Db, all: readonly Asked[]): Promise<void> {
  try {
    const [only] = all;
    const told =
      all.length === 1 && only !== undefined
        ? [await readApart(db, only.app, only.userId)]
        : await readTogether(db, all);
    all.forEach(({ resolve, reject }, index) => {
      const one = told[index];
      if (one === undefined) reject(new Error('nothing was read of a person'));
      else resolve(one);
    });
  } catch (error) {
    for (const { reject } of all) reject(error);
  }
}

/** Several people, in order. */
export async function readTogether(db: Db, questions: readonly Question[]): Promise<Told[]> {
  const ids = [...new Set(questions.map(({ userId }) => userId))];
  const users = await readUsersById(db, ids);
  const people = await readPeopleById(db, ids);
  const former = await addressesOfPeople(db, ids);
  const entries = await entriesOfSubjects(db, ids);
  const groups = await groupsOfUsers(db, ids);
  const held = await readHeldOf(
    db,
    ids.map(id => `person:${id}`),
  );
  const accounts = [...new Set([...people.values()].flatMap(({ coderUserId }) => coderUserId ?? []))];
  const others = await peopleOfAccounts(db, accounts);
  const grants = await grantsOfAccounts(db, accounts);
  const members = await memberStatesOfAccounts(db, accounts);
  const steps = await readEntries(db, 'steps', accounts);
  return questions.map(({ app, userId }): Told => {
    const person = people.get(userId);
    const account = person?.coderUserId;
    return {
      user: users.get(userId),
      person,
      former: former.get(userId) ?? [],
      entries: entries.get(userId) ?? [],
      groups: users.has(userId) ? (groups.get(userId) ?? []) : [],
      held: held.find(one => one.app === app && one.subject === `person:${userId}`),
      linked:
        account === undefined
          ? undefined
          : {
              others: others.filter(other => other.coderUserId === account && other.userId !== userId),
              grants: grants.get(account) ?? [],
              members: members.get(account) ?? [],
              steps: steps.get(account),
            },
    };
  });
}

/** Without a network between, plain statements cost half of what the one does that has all of them in it. */
export async function readApart(db: Db, app: string, userId: string): Promise<Told> {
  const user = await readUser(db, userId);
  const person = await readPerson(db, userId);
  return {
    user,
    person,
    former: await addressesOf(db, userId),
    entries: await entriesOfSubject(db, userId),
    groups: user === undefined ? [] : await groupsOfUser(db, userId),
    held: await readHeld(db, app, `person:${userId}`),
    linked: person?.coderUserId === undefined ? undefined : await readKnownAccount(db, person.coderUserId, userId),
  };
}

export async function readAtOnce(db: Db, app: string, userId: string): Promise<Told> {
  const [row] = (await selectTold(db, { userId, app, subject: `person:${userId}` })).rows;
  if (row === undefined) throw new Error(`nothing was read of person ${userId}`);
  const person = row.p_user_id === null ? undefined : toPerson(unprefixed<PersonTable>(row, 'p_'));
  const others =
    person?.coderUserId !== undefined && Boolean(row.shared)
      ? (await peopleOfAccount(db, person.coderUserId)).filter(other => other.userId !== userId)
      : [];
  return {
    user: row.u_id === null ? undefined : toUser(unprefixed<UserRow>(row, 'u_')),
    person,
    former: gatheredRows<readonly [string, number, number | null]>(row.former).map(([address, since, first]) =>
      addressOf({ address, since, first_since: first }),
    ),
    entries: gatheredRows<EntryRow>(row.entries).map(entryOf),
    groups: gatheredRows<readonly [string, string, string, string | null]>(row.above).map(
      ([id, of, displayName, externalId]) => ({ id, app: of, displayName, externalId: externalId ?? undefined }),
    ),
    held: row.h_app === null ? undefined : toHeld(unprefixed<HoldRow>(row, 'h_')),
    linked: person?.coderUserId === undefined ? undefined : { others, ...linkedOf(row) },
  };
}

function linkedOf(row: Row): Omit<KnownAccount, 'others'> {
  const [steps] = gatheredRows<EntryRow>(row.steps);
  return {
    grants: gatheredRows<readonly [Grant['kind'], string, string]>(row.grants).map(([kind, organization, target]) => ({
      kind,
      organization,
      target,
    })),
    members: gatheredRows<readonly [string, number, number | null]>(row.members).map(
      ([coderGroupId, present, wanted]) => ({
        coderGroupId,
        present: present === 1,
        wanted: wanted === null ? undefined : wanted === 1,
      }),
    ),
    steps: steps === undefined ? undefined : entryOf(steps),
  };
}

/** The same of an account that the person is not linked to. */
export async function readKnownAccount(db: Db, accountId: string, userId: string): Promise<KnownAccount> {
  return {
    others: (await peopleOfAccount(db, accountId)).filter(person => person.userId !== userId),
    grants: await grantsOf(db, accountId),
    members: await memberStatesOf(db, accountId),
    steps: await readEntry(db, 'steps', accountId),
  };
}
