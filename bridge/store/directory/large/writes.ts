/** Writing groups of any size: small changes in one transaction, large ones in turns, one after the other for each group. */
import { type JsonObject } from '../../../scim-language/json';
import { type MemberValue } from '../../../scim-language/schema/member-value';
import { type Database } from '../../database/database';
import { type InTurns, createGroup, deleteGroup, updateGroup } from '../groups';
import {
  type Change,
  type Deleted,
  type GroupChange,
  type Resource,
  type Settled,
  type Settling,
  type WriteContext,
  type WriteOptions,
  type Written,
  MOST_TOUCHED,
} from '../resources';
import { type Write } from '../rows';
import { withReadyMembers } from './change';
import { looseSetsOf } from './loose-sets';
import { LARGE } from './pages';

/** A transaction of somebody who writes, with what the directory writes with, and what is left to do before that is answered. */
export type Begin = <T>(context: WriteContext, work: (write: Write) => Promise<T>) => Promise<Begun<T>>;

export interface Begun<T> {
  readonly value: T;
  readonly settling: Settling;
}

/** Both as one. */
export function settled<T extends object | undefined>({ value, settling }: Begun<T>): Settled<T> {
  return (value === undefined ? undefined : { ...value, ...settling }) as Settled<T>;
}

type Options = WriteOptions & { readonly baseUrl?: string };

/** Somebody changes the group in turns: whoever comes now is next. */
class Busy {
  constructor(readonly until: Promise<void>) {}
}

export function createGroupWrites(database: Database, begin: Begin, outside: (context: WriteContext) => Write) {
  const loose = looseSetsOf(database);
  const hands = { database, loose };
  const changing = new Map<string, Promise<void>>();

  /** One transaction, and what it leaves to do. */
  async function commit<T extends object | undefined>(
    context: WriteContext,
    work: (write: Write) => Promise<T>,
  ): Promise<Begun<T>> {
    let sets: string[] = [];
    const { value, settling } = await begin(context, on => {
      // Postgres may run it again.
      sets = [];
      return work({ ...on, loose: sets });
    });
    return { value: sets.length === 0 ? value : withKeys(value, await loose.queued(sets)), settling };
  }

  /** {@link commit} when nobody changes the group in turns. */
  async function write<T extends object | undefined>(
    context: WriteContext,
    id: string,
    work: (write: Write) => Promise<T>,
  ): Promise<Begun<T>> {
    for (;;) {
      const { value, settling } = await commit<T | Busy>(context, async on => {
        const until = changing.get(id);
        return until === undefined ? await work(on) : new Busy(until);
      });
      if (!(value instanceof Busy)) return { value, settling };
      await value.until;
    }
  }

  /** Nobody else changes the group meanwhile. */
  async function alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    for (let until = changing.get(id); until !== undefined; until = changing.get(id)) await until;
    let end = (): void => undefined;
    changing.set(id, new Promise(resolve => (end = resolve)));
    try {
      return await work();
    } finally {
      changing.delete(id);
      end();
    }
  }

  async function updateInTurns(
    context: WriteContext,
    id: string,
    change: (current: Resource) => GroupChange | undefined,
    options: Options | undefined,
  ): Promise<Written | undefined> {
    return await alone(id, async () => {
      // Behind whatever was about to change it: what is read from now on stays.
      const { value: first, settling } = await commit(context, on => updateGroup(on, id, change, options));
      if (!isInTurns(first)) return settled({ value: first, settling });
      const changes = { changes: first.change.memberChanges, baseUrl: options?.baseUrl ?? '' };
      return await withReadyMembers(hands, outside(context), first.setId, changes, async ready => {
        const written = await commit(context, on => updateGroup(on, id, () => first.change, options, ready));
        if (isInTurns(written.value)) throw new Error('members that were made ready have to be made ready');
        return settled({ ...written, value: written.value });
      });
    });
  }

  return {
    async create(context: WriteContext, document: JsonObject, members: readonly MemberValue[]): Promise<Written> {
      if (database.backend !== 'sqlite' || members.length <= LARGE)
        return settled(await commit(context, on => createGroup(on, document, members)));
      const changes = [{ kind: 'add', members }] as const;
      return await withReadyMembers(hands, outside(context), undefined, { changes, baseUrl: '' }, async ready =>
        settled(await commit(context, on => createGroup(on, document, [], ready))),
      );
    },

    async update(
      context: WriteContext,
      id: string,
      change: (current: Resource) => GroupChange | undefined,
      options?: Options,
    ): Promise<Written | undefined> {
      const { value, settling } = await write(context, id, on => updateGroup(on, id, change, options));
      return isInTurns(value) ? await updateInTurns(context, id, change, options) : settled({ value, settling });
    },

    remove: async (context: WriteContext, id: string, options?: WriteOptions): Promise<Deleted | undefined> =>
      settled(await write(context, id, on => deleteGroup(on, id, options))),
  };
}

function isInTurns(written: Change<Written> | InTurns | undefined): written is InTurns {
  return written !== undefined && 'setId' in written;
}

/** With keys of people who were queued after the write. */
function withKeys<T extends object | undefined>(done: T, keys: Written['touched']): T {
  if (done === undefined || !('touched' in done)) return done;
  const { touched } = done as unknown as Change<Written>;
  return { ...done, touched: [...new Set([...touched, ...keys])].slice(0, MOST_TOUCHED) };
}
