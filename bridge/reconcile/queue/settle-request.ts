/**
 * Everything that a request asked for, dealt with before its answer: what it touched, what that makes different, and what others,
 * here or on another replica, are doing of it already. Where all of it is dealt with here it costs no look of its own.
 */
import { groupsOwed } from '../../store/accounts/groups-owed';
import { type Db } from '../../store/database/database';
import { type WorkKey } from '../../store/work/enqueue';
import { unsettledKeys } from '../../store/work/pending';
import { LONGEST_WINDOW_MS } from '../group/write-members';
import { GATHER_MS, type EndedWork } from './end-work';

/** How soon a request looks whether another replica is done with what it waits for, and how late: a quarter of what it waited already is between. */
const ELSEWHERE_MS = { first: 25, longest: 250 } as const;
/** Apps and groups first: what people should have depends on them. Coder groups last: people leave word who is in them. */
const ORDER = ['app:', 'scim-group:', 'person:', 'coder-group:'] as const;

/** The queue as a request uses it. */
export interface Hands {
  readonly db: Db;
  readonly now: () => number;
  /** What this process is doing about a key. */
  readonly running: (key: WorkKey) => Promise<EndedWork | undefined> | undefined;
  /** Resolves when nothing is between the queue and what runs. */
  readonly claimed: () => Promise<unknown>;
  /** Claims keys as far as they are free and due by so many milliseconds, and deals with them; undefined when nothing may be done now. */
  readonly take: (keys: readonly WorkKey[], early: number) => Promise<ReadonlyMap<WorkKey, EndedWork> | undefined>;
  /** Nobody waits any more. */
  readonly stopped: () => boolean;
}

/** Deals with these keys, then with the groups that they made different, as far as those are not large and written to all the time, and with people who waited. */
export async function settleRequest(hands: Hands, keys: readonly WorkKey[]): Promise<void> {
  const { db } = hands;
  const owed = new Set<WorkKey>(keys);
  const people = new Set<WorkKey>();
  while (owed.size > 0 && !hands.stopped()) {
    const kind = ORDER.find(prefix => [...owed].some(key => key.startsWith(prefix))) ?? '';
    const some = [...owed].filter(key => key.startsWith(kind));
    for (const key of some) owed.delete(key);
    if (kind === 'person:') for (const key of some) people.add(key);
    const { touched, unseen } = await settleKeys(hands, some, kind === 'coder-group:' ? GATHER_MS : 0);
    for (const key of touched) owed.add(key);
    if (unseen.length === 0) continue;
    if (kind === 'person:') for (const key of await groupsOwed(db, unseen)) owed.add(key);
    // What gives access may gather a little longer in a large group; what takes it does not.
    if (kind === 'coder-group:') {
      const taking = new Set(await groupsOwed(db, [...people], { taken: true }));
      const urgent = unseen.filter(key => taking.has(key));
      await settleKeys(hands, urgent, LONGEST_WINDOW_MS);
    }
  }
}

/**
 * Deals with these keys until none of them is being worked on: what runs already read what it works with before this request
 * wrote, so it is awaited, here and on other replicas, and what came in between is done again.
 * @returns what they made different, and those whose end nobody saw here
 */
async function settleKeys(
  hands: Hands,
  keys: readonly WorkKey[],
  early: number,
): Promise<{ readonly touched: ReadonlySet<WorkKey>; readonly unseen: readonly WorkKey[] }> {
  const touched = new Set<WorkKey>();
  let unseen = [...keys];
  let left = unseen;
  const begun = hands.now();
  while (left.length > 0 && !hands.stopped()) {
    await hands.claimed();
    const awaited = await ended(hands, left);
    const taken = await hands.take(left, early);
    if (taken === undefined) break;
    // What it made different is this request's as well: the second look finds it done, and would not touch it again.
    for (const one of [...awaited.values(), ...taken.values()]) for (const key of one.touched) touched.add(key);
    // What has changed meanwhile is not at its end, whoever goes on with it.
    const isSeen = (one: EndedWork | undefined): boolean => one !== undefined && one.outcome !== 'again';
    unseen = unseen.filter(key => !isSeen(taken.get(key) ?? awaited.get(key)));
    await hands.claimed();
    const again = [...taken].filter(([, { outcome, againMs }]) => outcome === 'again' || againMs !== undefined);
    // Somebody works on it, or was done with it just now and it is due again.
    const unsettled = await unsettledKeys(hands.db, unseen, { now: hands.now(), early });
    const isRunning = (key: WorkKey): boolean => hands.running(key) !== undefined;
    left = [...new Set([...left.filter(isRunning), ...again.map(([key]) => key), ...unsettled])];
    // What runs here is awaited itself.
    const elsewhere = unsettled.some(key => !isRunning(key));
    const pause = Math.max(
      ...again.map(([, { againMs = 0 }]) => againMs),
      elsewhere ? lookAgainMs(hands.now() - begun) : 0,
    );
    if (pause > 0) await new Promise(resolve => setTimeout(resolve, pause));
  }
  return { touched, unseen };
}

/** Somebody who waits long is not kept much longer by looking seldom, and the database is looked at ten times less. */
function lookAgainMs(waitedMs: number): number {
  return Math.min(Math.max(Math.round(waitedMs / 4), ELSEWHERE_MS.first), ELSEWHERE_MS.longest);
}

/** What becomes of those of these keys that this process is working on. */
async function ended({ running }: Hands, keys: readonly WorkKey[]): Promise<Map<WorkKey, EndedWork>> {
  const all = new Map<WorkKey, EndedWork>();
  await Promise.all(
    keys.map(async key => {
      const one = await running(key);
      if (one !== undefined) all.set(key, one);
    }),
  );
  return all;
}
