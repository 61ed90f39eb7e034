/**
 * Works the queue: claims what is due, the most urgent first, a bounded number at once; keeps the leases of what takes
 * long; stands still while Coder can't be worked with. Requests bring their own work and do not wait for it.
 */
import { outcomeOf } from '../../coder';
import { PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { pullBack } from '../../store/work/clock-jump';
import { dropLeases } from '../../store/work/leases';
import {
  claimKeys,
  claimWork,
  releaseAllWork,
  releaseWork,
  renewWork,
  type Work,
  unsettledKeys,
} from '../../store/work/work';
import { groupsToWriteFor } from '../../store/accounts/coder-members';
import { convergeApp } from '../declaration/declaration';
import { type Rim } from '../context/rim';
import { convergeGroup } from '../group/coder-group';
import { convergePerson } from '../person/person';
import { type ConvergedWork } from '../types';
import { convergeScimGroup } from '../declaration/scim-group';
import { GATHER_MS, endWork, type EndedWork } from './end-work';
import { Outage } from './outage';

/** How long a request takes from its last work to its answer, at most. */
const ANSWER_MS = 10;

/** Between two looks at work of a request that somebody else is doing. */
const OTHERS_MS = 20;

export interface PumpOptions {
  readonly concurrency: number;
  readonly pollMs: number;
}

/** Deals with one piece of claimed work; what is thrown is written down as a failed try. */
export async function work(rim: Rim, item: Work): Promise<EndedWork> {
  try {
    const kind = item.key.slice(0, item.key.indexOf(':'));
    if (kind === 'person') return await convergePerson(rim, item);
    if (kind === 'coder-group') return await convergeGroup(rim, item);
    if (kind === 'scim-group') return await convergeScimGroup(rim, item);
    return await convergeApp(rim, item);
  } catch (error) {
    const outcome = outcomeOf(error);
    // An outage is told once, by the Coder client; what waits for its end says nothing of its own.
    const level = outcome.kind === 'retry' ? 'debug' : 'error';
    rim.log[level]({ err: error, key: item.key, app: item.app }, 'work failed');
    return await endWork(rim, item, outcome);
  }
}

function converged({ key, app, priority, enqueuedAt }: Work, now: number): ConvergedWork {
  const kind = key.slice(0, key.indexOf(':')) as ConvergedWork['kind'];
  return { app, kind, leaving: priority === PRIORITY.leaving, milliseconds: Math.max(0, now - enqueuedAt) };
}

export class Pump {
  readonly #running = new Map<WorkKey, Promise<EndedWork | undefined>>();
  #wake: (() => void) | undefined;
  #stopping = false;
  #loop: Promise<void> | undefined;
  #renewal: NodeJS.Timeout | undefined;
  readonly #outage = new Outage();
  #lookedAt: number | undefined;
  /** What is claimed from the queue right now is not among what runs yet. */
  #claiming: Promise<number> = Promise.resolve(0);

  constructor(
    private readonly rim: Rim,
    private readonly options: PumpOptions,
  ) {}

  start(): void {
    if (this.#loop !== undefined) return;
    this.#stopping = false;
    this.#loop = this.#run();
    this.#renewal = setInterval(() => void this.#renew(), Math.max(this.rim.options.leaseMs / 3, 20));
    this.#renewal.unref();
  }

  /** Takes nothing new and waits for what is running. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
    this.#loop = undefined;
    await Promise.allSettled([...this.#running.values()]);
    clearInterval(this.#renewal);
  }

  /** Looks at the queue now instead of at the next interval. */
  wake(): void {
    this.#wake?.();
  }

  /**
   * Deals with these keys now, and then with the groups that they made different as far as those are quiet.
   * @returns when all of them are settled, by whichever replica, or wait for a later time
   */
  async converge(keys: readonly WorkKey[], stopped: () => boolean): Promise<void> {
    if ((await this.rim.recovery.holds()) !== undefined) return;
    const touched = new Set<WorkKey>();
    // Apps and groups first: what people should have depends on them.
    for (const kind of ['app:', 'scim-group:', 'person:', 'coder-group:']) {
      const some = keys.filter(key => key.startsWith(kind));
      for (const key of await this.#settleKeys(some, 0, stopped)) touched.add(key);
    }
    await this.#settleKeys([...touched], GATHER_MS, stopped);
    // What is left, if anything, can wait until the request has its answer.
    setTimeout(() => this.wake(), ANSWER_MS).unref();
  }

  /**
   * Deals with these keys until none of them is being worked on: what runs already read what it works with before this request
   * wrote, so it is awaited, and what came in between is done again.
   */
  async #settleKeys(keys: readonly WorkKey[], early: number, stopped: () => boolean): Promise<Set<WorkKey>> {
    const touched = new Set<WorkKey>();
    const notOurs = new Set<WorkKey>();
    let left = [...keys];
    while (left.length > 0 && !stopped() && !this.#stopping) {
      await this.#claiming;
      const running = left.flatMap(key => this.#running.get(key) ?? []);
      // What it made different is this request's as well: the second look finds it done, and would not touch it again.
      for (const one of await Promise.allSettled(running))
        if (one.status === 'fulfilled') for (const key of one.value?.touched ?? []) touched.add(key);
      const dealt = await this.#take(left, early, stopped, touched);
      if (dealt === undefined) break;
      const { taken, again } = dealt;
      await this.#claiming;
      const missed = left.filter(key => !taken.has(key));
      for (const key of missed) notOurs.add(key);
      const unsettled = await this.#awaitOthers(missed, early);
      left = left.filter(key => again.has(key) || this.#running.has(key) || unsettled.has(key));
    }
    // What others did for this request, they tell nobody of: the store says which groups it made different.
    const people = [...notOurs].flatMap(key => (key.startsWith('person:') ? [key.slice('person:'.length)] : []));
    for (const id of await groupsToWriteFor(this.rim.database.db, people)) touched.add(`coder-group:${id}`);
    return touched;
  }

  /** Whoever works on those of these keys that are not settled, here or on another replica, gets a moment. @returns them */
  async #awaitOthers(keys: readonly WorkKey[], early: number): Promise<Set<WorkKey>> {
    const unsettled = await unsettledKeys(this.rim.database.db, keys, this.rim.clock.now() + early);
    // What runs here is awaited itself.
    if ([...unsettled].some(key => !this.#running.has(key)))
      await new Promise(resolve => setTimeout(resolve, OTHERS_MS));
    return unsettled;
  }

  /**
   * Claims these keys as far as they are free, and deals with them.
   * @returns which those were, and which changed meanwhile; undefined when nothing may be done now
   */
  async #take(
    keys: readonly WorkKey[],
    early: number,
    stopped: () => boolean,
    touched: Set<WorkKey>,
  ): Promise<{ readonly taken: ReadonlySet<WorkKey>; readonly again: ReadonlySet<WorkKey> } | undefined> {
    const { rim } = this;
    const taken = new Set<WorkKey>();
    const again = new Set<WorkKey>();
    const batch = Math.max(this.options.concurrency, 8);
    for (let start = 0; start < keys.length && !stopped() && !this.#stopping; start += batch) {
      const items = await claimKeys(rim.database, keys.slice(start, start + batch), {
        owner: rim.owner,
        now: rim.clock.now() + early,
        leaseMs: rim.options.leaseMs,
      });
      if (!(await this.#mayWork(items))) return undefined;
      await Promise.all(
        items.map(async item => {
          taken.add(item.key);
          const settled = await this.#do(item);
          for (const key of settled?.touched ?? []) touched.add(key);
          if (settled?.outcome === 'again') again.add(item.key);
        }),
      );
    }
    return { taken, again };
  }

  async #do(item: Work): Promise<EndedWork | undefined> {
    this.#outage.started(item);
    const task = work(this.rim, item)
      .catch((error: unknown) => {
        // The database refused the outcome: the lease runs out and the work is done again.
        this.rim.log.error({ err: error, key: item.key }, 'outcome of work could not be written');
        return undefined;
      })
      .finally(() => this.#running.delete(item.key));
    this.#running.set(item.key, task);
    const settled = await task;
    if (settled?.outcome === 'done') this.rim.observe(converged(item, this.rim.clock.now()));
    // While somebody waits to be locked out, Coder is asked soon whether it is back.
    if (item.priority === PRIORITY.leaving && settled !== undefined)
      this.rim.coder.hurry(settled.pauseMs !== undefined);
    this.#outage.ended(item, settled, this.rim.clock.now());
    return settled;
  }

  async #run(): Promise<void> {
    await this.#takeOver().catch((error: unknown) =>
      this.rim.log.warn({ err: error }, 'leases of an earlier process stay until they run out'),
    );
    while (!this.#stopping) {
      this.#claiming = this.#claim().catch((error: unknown) => {
        this.rim.log.error({ err: error }, 'queue can not be read');
        return 0;
      });
      const claimed = await this.#claiming;
      if (this.#stopping) break;
      if (claimed === 0) await this.#sleep(this.options.pollMs);
    }
  }

  /** A SQLite file has one bridge: what is leased was leased by one that was killed, and need not wait. */
  async #takeOver(): Promise<void> {
    const { database } = this.rim;
    if (database.backend !== 'sqlite') return;
    const mine = [...this.#running.keys()];
    await releaseAllWork(database.db);
    await dropLeases(database.db);
    await renewWork(database.db, mine, this.rim.owner, this.rim.clock.now() + this.rim.options.leaseMs);
  }

  async #claim(): Promise<number> {
    const { rim, options } = this;
    if ((await rim.recovery.holds()) !== undefined) return 0;
    const now = rim.clock.now();
    await this.#minded(now);
    const free = options.concurrency - this.#running.size;
    if (free <= 0 || this.#outage.isPaused(now)) return 0;
    const request = { owner: rim.owner, now, leaseMs: rim.options.leaseMs };
    // Half of the places are kept for what somebody waits for.
    const patient = Math.min(free, Math.max(1, Math.floor(options.concurrency / 2)));
    let items = await this.#outage.claimLeavers(rim.database, { ...request, limit: free });
    if (items === undefined) {
      items = await claimWork(rim.database, { ...request, limit: free, maxPriority: PRIORITY.declaration });
      if (items.length < patient)
        items = [...items, ...(await claimWork(rim.database, { ...request, limit: patient - items.length }))];
    }
    if (this.#stopping) {
      await releaseWork(
        rim.database.db,
        items.map(item => item.key),
        rim.owner,
      );
      return 0;
    }
    if (!(await this.#mayWork(items))) return 0;
    for (const item of items) void this.#do(item).finally(() => this.wake());
    return items.length;
  }

  /** What was claimed is given back when nothing may be given or taken. */
  async #mayWork(items: readonly Work[]): Promise<boolean> {
    const { rim } = this;
    if (items.length === 0 || (await rim.recovery.advance())) return true;
    await releaseWork(
      rim.database.db,
      items.map(item => item.key),
      rim.owner,
    );
    return false;
  }

  /** A clock that jumped ahead and came back has written times that are far away: nothing waits for them. */
  async #minded(now: number): Promise<void> {
    const before = this.#lookedAt;
    this.#lookedAt = now;
    if (before !== undefined && now >= before) return;
    this.#outage.endPause();
    const pulled = await pullBack(this.rim.database.db, now);
    if (pulled > 0) this.rim.log.warn({ pulled }, 'the clock went back: what waited for a time far ahead is due now');
  }

  async #renew(): Promise<void> {
    const { rim } = this;
    await renewWork(rim.database.db, [...this.#running.keys()], rim.owner, rim.clock.now() + rim.options.leaseMs).catch(
      (error: unknown) => rim.log.warn({ err: error }, 'leases could not be renewed'),
    );
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
