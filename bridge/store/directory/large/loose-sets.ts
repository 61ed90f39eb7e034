/**
 * What is left to do after the members of a large group were put in place of others: everybody who is in one of the two sets alone goes into
 * the queue, and then the rows of the old one go, a few in each turn of the event loop. Both are in the database, so that whatever ends this
 * process, the next one goes on; and until it is done, status says that something waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Database, type Db } from '../../database/database';
import { newId } from '../../database/id';
import { statement } from '../../database/statement';
import { withInside } from '../../database/nesting';
import { listed } from '../../database/listed';
import { nextTurn } from '../../database/turns';
import { type Cause, type WorkKey, PRIORITY, enqueuePeople } from '../../work/enqueue';
import { type UserOrGroup, MOST_TOUCHED } from '../resources';
import { type Write } from '../rows';
import { ROWS_OF_TURN, pagesOf } from './pages';

/** After a failure, such as of a full disk. */
const PAUSE_MS = 1_000;

const insertLoose = statement<{ id: string; app: string; since: number; next: string | null; cause: string | null }>()(
  (db, { id, app, since, next, cause }) => db.insertInto('loose_sets').values({ id, app, since, next, cause }),
);

const deleteLoose = statement<{ id: string }>()((db, { id }) => db.deleteFrom('loose_sets').where('id', '=', id));

const removeRows = statement<{ setId: string }>()(
  (_db, { setId }) => sql`
    delete from member_rows where set_id = ${setId} and member_id in (
      select member_id from member_rows where set_id = ${setId} order by member_id limit ${sql.lit(ROWS_OF_TURN)}
    ) and not exists (select 1 from groups where member_set = ${setId})`,
);

const outsideOf = statement<{ setId: string; ids: readonly string[] }>()(
  (db, { setId, ids }) => sql<{ value: string }>`
    select value from (${listed(db, ids)}) as stated where not exists (
      select 1 from member_rows where set_id = ${setId} and member_id = stated.value
    )`,
);

/** A group, and the set of rows that are its members. */
export interface Membership {
  readonly groupId: string;
  readonly setId: string;
}

/** What of a write is needed. */
export type Loosening = Pick<Write, 'db' | 'app' | 'now' | 'cause' | 'loose'> & Partial<Pick<Write, 'dueAt'>>;

const setOfGroup = statement<{ groupId: string; setId: string }>()((db, { groupId, setId }) =>
  db.updateTable('groups').set({ member_set: setId }).where('id', '=', groupId),
);

/** What is stored of why everybody is to be queued, and how. */
interface Owed extends Cause {
  /** @default when the set became loose */
  readonly dueAt?: number;
  /** Of those who are in the next set alone. @default that of people who come */
  readonly priority?: number;
}

interface Exchange extends Pick<Owed, 'priority'> {
  readonly old: string;
  readonly next: string | null;
  readonly concerns: boolean;
}

/** A set comes in place of another one, or of none. Part of the write that changes the group. */
export async function loosen(write: Loosening, { old, next, concerns, priority }: Exchange): Promise<void> {
  const { dueAt = write.now } = write;
  const owed: Owed = {
    ...write.cause,
    ...(dueAt === write.now ? {} : { dueAt }),
    ...(priority === undefined ? {} : { priority }),
  };
  const cause = concerns ? JSON.stringify(owed) : null;
  await insertLoose(write.db, { id: old, app: write.app, since: write.now, next, cause });
  write.loose?.push(old);
}

/** One set of members in the place of another; part of a transaction. */
export async function exchange(
  write: Loosening,
  { groupId, setId }: Membership,
  next: string,
  concerns: boolean,
): Promise<void> {
  await setOfGroup(write.db, { groupId, setId: next });
  await loosen(write, { old: setId, next, concerns });
}

/** Everybody in a set goes into the queue, though it stays what it is. */
export async function loosenNone(write: Loosening, set: string, priority: number): Promise<void> {
  await loosen(write, { old: newId(write.now), next: set, concerns: true, priority });
}

/** The set is a group's from now on. */
export async function fasten(db: Db, set: string): Promise<void> {
  await deleteLoose(db, { id: set });
}

export class LooseSets {
  /** Is told what went wrong, and is tried again. */
  tell: (error: unknown) => void = () => undefined;
  /** Sets that are being filled. */
  readonly #filling = new Set<string>();
  readonly #waiting = new Map<string, (keys: readonly WorkKey[]) => void>();
  #running = false;
  #again = false;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(private readonly database: Database) {}

  /** A new set that is filled by `fill`; when that fails, its rows go. */
  async filled(app: string, now: number, fill: (set: string) => Promise<void>): Promise<string> {
    const set = newId(now);
    this.#filling.add(set);
    try {
      await insertLoose(this.database.db, { id: set, app, since: now, next: null, cause: null });
      await fill(set);
      return set;
    } catch (error) {
      this.dropped(set);
      throw error;
    }
  }

  /** A set that was filled is a group's, or nobody's: in the latter case its rows go. */
  dropped(set: string): void {
    this.#filling.delete(set);
    this.wake();
  }

  /** Resolves when everybody whom these concern is in the queue. @returns keys of the first of them */
  async queued(sets: readonly string[]): Promise<readonly WorkKey[]> {
    const all = sets.map(set => new Promise<readonly WorkKey[]>(resolve => this.#waiting.set(set, resolve)));
    this.wake();
    return (await Promise.all(all)).flat();
  }

  /** Goes on with what is left to do, whoever began it. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#loop = this.#run();
  }

  /** What is not done stays for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    this.#answerAll();
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false;
        while (!this.#stopped && (await this.#step())) await nextTurn();
      } while (this.#again);
    } catch (error) {
      // It is stored, and status says that it waits.
      this.tell(error);
      void sleep(PAUSE_MS, undefined, { ref: false }).then(() => this.wake());
    }
    this.#running = false;
    this.#answerAll();
  }

  #answerAll(): void {
    for (const resolve of this.#waiting.values()) resolve([]);
    this.#waiting.clear();
  }

  /** Does the next piece. @returns false when there is none */
  async #step(): Promise<boolean> {
    const { db } = this.database;
    const rows = await db.selectFrom('loose_sets').selectAll().orderBy('since').orderBy('id').execute();
    const owed = rows.find(({ cause }) => cause !== null);
    if (owed !== undefined) {
      const keys = await this.#queue(owed, JSON.parse(owed.cause ?? '{}') as Owed);
      this.#waiting.get(owed.id)?.(keys);
      this.#waiting.delete(owed.id);
      return true;
    }
    const idle = rows.find(({ id }) => !this.#filling.has(id));
    if (idle === undefined) return false;
    this.#waiting.get(idle.id)?.([]);
    this.#waiting.delete(idle.id);
    if ((await removeRows(db, { setId: idle.id })).changes === 0) await deleteLoose(db, { id: idle.id });
    return true;
  }

  /** Leavers first. When all are in the queue, and that on the disk, nothing is owed any more. */
  async #queue(
    { id, next, app, since }: { id: string; next: string | null; app: string; since: number },
    { dueAt = since, priority: ofNext = PRIORITY.request, ...cause }: Owed,
  ): Promise<WorkKey[]> {
    const keys: WorkKey[] = [];
    const queue = async (ids: readonly string[], priority: number): Promise<void> => {
      if (ids.length === 0) return;
      await enqueuePeople(this.database.db, { ids, app, priority }, cause, since, { dueAt });
      for (const one of ids) if (keys.length < MOST_TOUCHED) keys.push(`person:${one}`);
    };
    await this.#onlyIn(id, next, ids => queue(ids, PRIORITY.leaving));
    if (next !== null) await this.#onlyIn(next, id, ids => queue(ids, ofNext));
    await this.database.transact(async db => {
      await db.updateTable('loose_sets').set({ cause: null }).where('id', '=', id).execute();
    });
    return keys;
  }

  /** The people of one set who are not in the other, those in groups within it too, a few in each turn. */
  async #onlyIn(set: string, other: string | null, take: (ids: readonly string[]) => Promise<void>): Promise<void> {
    const { db } = this.database;
    for await (const rows of pagesOf(db, set)) {
      const ids = rows.map(({ member_id }) => member_id);
      const alone =
        other === null
          ? new Set(ids)
          : new Set((await outsideOf(db, { setId: other, ids })).rows.map(({ value }) => value));
      const of = (type: UserOrGroup) =>
        rows.filter(row => row.member_type === type && alone.has(row.member_id)).map(({ member_id }) => member_id);
      await take(of('User'));
      for (const group of of('Group'))
        for (const inner of await setsWithin(db, group)) await this.#everybody(inner, take);
    }
  }

  async #everybody(set: string, take: (ids: readonly string[]) => Promise<void>): Promise<void> {
    for await (const rows of pagesOf(this.database.db, set))
      await take(rows.filter(({ member_type }) => member_type === 'User').map(({ member_id }) => member_id));
  }
}

/** The sets of a group and of all groups within it. */
async function setsWithin(db: Db, groupId: string): Promise<string[]> {
  const { rows } = await sql<{ set_id: string }>`
    ${withInside(groupId)}
    select groups.member_set as set_id from groups join inside on groups.id = inside.id`.execute(db);
  return rows.map(({ set_id }) => set_id);
}

const OF = new WeakMap<Database, LooseSets>();

/** Those of a database: whoever writes to it hands over to the same. */
export function looseSetsOf(database: Database): LooseSets {
  const known = OF.get(database);
  if (known !== undefined) return known;
  const made = new LooseSets(database);
  OF.set(database, made);
  return made;
}
