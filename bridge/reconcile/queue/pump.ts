/**
 * Works the queue: claims what is due, the most urgent first, a bounded number at once; keeps the leases of what takes
 * long; stands still while Coder can't be worked with. Requests bring their own work and do not wait for it.
 */
import { groupsOwed } from '../../store/accounts/groups-owed';
import { PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { unsettledKeys } from '../../store/work/pending';
import { pullBack } from '../../store/work/clock-jump';
import { dropLeases } from '../../store/work/leases';
import { claimKeys, claimWork, releaseAllWork, releaseWork, renewWork, type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { LONGEST_WINDOW_MS } from '../group/write-members';
import { converged, work } from './deal';
import { GATHER_MS, type EndedWork } from './end-work';
import { Outage } from './outage';

/** How long a request takes from its last work to its answer, at most. */
const ANSWER_MS = 10;
/** How often a request looks whether another replica is done with what it waits for. */
const ELSEWHERE_MS = 25;
/** Apps and groups first: what people should have depends on them. Coder groups last: people leave word who is in them. */
const ORDER = ['app:', 'scim-group:', 'person:', 'coder-group:'] as const;

export interface PumpOptions {
  readonly concurrency: number;
  readonly pollMs: number;
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
   * Deals with these keys now, and then with what they made different: the groups, as far as those are not large and written to
   * all the time, and people who waited for it.
   * @returns when all of them are settled, by this replica or another one
   */
  async converge(keys: readonly WorkKey[], stopped: () => boolean): Promise<void> {
    const { db } = this.rim.database;
    if ((await this.rim.recovery.holds()) !== undefined) return;
    const owed = new Set<WorkKey>(keys);
    const people = new Set<WorkKey>();
    while (owed.size > 0 && !stopped() && !this.#stopping) {
      const kind = ORDER.find(prefix => [...owed].some(key => key.startsWith(prefix))) ?? '';
      const some = [...owed].filter(key => key.startsWith(kind));
      for (const key of some) owed.delete(key);
      if (kind === 'person:') for (const key of some) people.add(key);
      const { touched, unseen } = await this.#settleKeys(some, kind === 'coder-group:' ? GATHER_MS : 0, stopped);
      for (const key of touched) owed.add(key);
      if (unseen.length === 0) continue;
      if (kind === 'person:') for (const key of await groupsOwed(db, unseen)) owed.add(key);
      // What gives access may gather a little longer in a large group; what takes it does not.
      if (kind === 'coder-group:') {
        const taking = new Set(await groupsOwed(db, [...people], { taken: true }));
        const urgent = unseen.filter(key => taking.has(key));
        await this.#settleKeys(urgent, LONGEST_WINDOW_MS, stopped);
      }
    }
    // What is left, if anything, can wait until the request has its answer.
    setTimeout(() => this.wake(), ANSWER_MS).unref();
  }

  /**
   * Deals with these keys until none of them is being worked on: what runs already read what it works with before this request
   * wrote, so it is awaited, here and on other replicas, and what came in between is done again.
   * @returns what they made different, and those whose end nobody saw here
   */
  async #settleKeys(
    keys: readonly WorkKey[],
    early: number,
    stopped: () => boolean,
  ): Promise<{ readonly touched: ReadonlySet<WorkKey>; readonly unseen: readonly WorkKey[] }> {
    const { rim } = this;
    const touched = new Set<WorkKey>();
    let unseen = [...keys];
    let left = unseen;
    while (left.length > 0 && !stopped() && !this.#stopping) {
      await this.#claiming;
      const ended = new Map<WorkKey, EndedWork>();
      await Promise.all(
        left.map(async key => {
          const one = await this.#running.get(key);
          if (one !== undefined) ended.set(key, one);
        }),
      );
      const taken = await this.#take(left, early, stopped);
      if (taken === undefined) break;
      // What it made different is this request's as well: the second look finds it done, and would not touch it again.
      for (const one of [...ended.values(), ...taken.values()]) for (const key of one.touched) touched.add(key);
      // What has changed meanwhile is not at its end, whoever goes on with it.
      const isSeen = (one: EndedWork | undefined): boolean => one !== undefined && one.outcome !== 'again';
      unseen = unseen.filter(key => !isSeen(taken.get(key) ?? ended.get(key)));
      await this.#claiming;
      const again = [...taken].filter(([, { outcome, againMs }]) => outcome === 'again' || againMs !== undefined);
      // Somebody works on it, or was done with it just now and it is due again.
      const unsettled = await unsettledKeys(rim.database.db, unseen, { now: rim.clock.now(), early });
      left = [...new Set([...left.filter(key => this.#running.has(key)), ...again.map(([key]) => key), ...unsettled])];
      // What runs here is awaited itself.
      const elsewhere = unsettled.some(key => !this.#running.has(key));
      const pause = Math.max(...again.map(([, { againMs = 0 }]) => againMs), elsewhere ? ELSEWHERE_MS : 0);
      if (pause > 0) await new Promise(resolve => setTimeout(resolve, pause));
    }
    return { touched, unseen };
  }

  /** Claims these keys as far as they are free, and deals with them. @returns what became of those that were free; undefined when nothing may be done now */
  async #take(
    keys: readonly WorkKey[],
    early: number,
    stopped: () => boolean,
  ): Promise<ReadonlyMap<WorkKey, EndedWork> | undefined> {
    const { rim } = this;
    const ended = new Map<WorkKey, EndedWork>();
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
          const one = await this.#do(item);
          if (one !== undefined) ended.set(item.key, one);
        }),
      );
    }
    return ended;
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
