/**
 * Works the queue: claims what is due, the most urgent first, a bounded number at once; keeps the leases of what takes
 * long; stands still while Coder can't be worked with. Requests bring their own work and do not wait for it.
 */
import { PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { pullBack } from '../../store/work/clock-jump';
import { dropLeasesOfOthers } from '../../store/work/leases';
import {
  claimKeys,
  claimWork,
  isWorkDue,
  releaseWork,
  releaseWorkOfOthers,
  renewWork,
  type Work,
} from '../../store/work/work';
import { type Rim } from '../context/rim';
import { converged, work } from './deal';
import { type EndedWork } from './end-work';
import { Outage, sawCoder } from './outage';
import { settleRequest } from './settle-request';

/** How long a request takes from its last work to its answer, at most. */
const ANSWER_MS = 10;
/** After so long the database is tried again with what it did not take; twice as long each time, up to two seconds. */
const STRANDED_MS = 100;
const LONGEST_STRANDED_MS = 2_000;

export interface PumpOptions {
  readonly concurrency: number;
  readonly pollMs: number;
}

export class Pump {
  readonly #running = new Map<WorkKey, Promise<EndedWork | undefined>>();
  /** Taken by requests that have not come to it yet. */
  readonly #held = new Map<WorkKey, Work>();
  /** Claimed, and the database did not take what became of it: to be given back once it can be written to again. */
  readonly #stranded = new Set<WorkKey>();
  /** How often in a row that was tried, with nothing written in between. */
  #tries = 0;
  #freeing: NodeJS.Timeout | 'now' | undefined;
  #wake: (() => void) | undefined;
  #soon: NodeJS.Timeout | undefined;
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
    clearTimeout(this.#soon);
    this.#soon = undefined;
  }

  /** Looks at the queue now instead of at the next interval. */
  wake(): void {
    this.#wake?.();
  }

  /**
   * Deals with the keys of a request, and with everything that they make different.
   * @param claimed those of the keys that were taken for it when they were queued
   * @returns when that is settled, by this replica or another one
   */
  async converge(keys: readonly WorkKey[], claimed: readonly Work[], stopped: () => boolean): Promise<void> {
    for (const item of claimed) this.#held.set(item.key, item);
    try {
      if ((await this.rim.recovery.holds()) !== undefined) return;
      await settleRequest(
        {
          db: this.rim.database.db,
          now: () => this.rim.clock.now(),
          running: key => this.#running.get(key),
          claimed: () => this.#claiming,
          take: (some, early) => this.#take(some, early, stopped),
          stopped: () => stopped() || this.#stopping,
        },
        keys,
      );
    } finally {
      await this.#giveBack(claimed.filter(item => this.#held.get(item.key) === item));
      this.#lookSoon();
    }
  }

  /** What is left, if anything, can wait until the request has its answer; one look does for all that are answered meanwhile. */
  #lookSoon(): void {
    if (this.#soon !== undefined || this.#stopping) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.wake();
    }, ANSWER_MS);
    this.#soon.unref();
  }

  /**
   * Claims these keys as far as they are free, and deals with them; what was claimed for requests already is dealt with first.
   * @returns what became of those that were free; undefined when nothing may be done now
   */
  async #take(
    keys: readonly WorkKey[],
    early: number,
    stopped: () => boolean,
  ): Promise<ReadonlyMap<WorkKey, EndedWork> | undefined> {
    const { rim } = this;
    const ended = new Map<WorkKey, EndedWork>();
    const deal = async (items: readonly Work[]): Promise<void> => {
      await Promise.all(
        items.map(async item => {
          const one = await this.#do(item);
          if (one !== undefined) ended.set(item.key, one);
        }),
      );
    };
    const held = keys.flatMap(key => this.#held.get(key) ?? []);
    if (held.length > 0) {
      if (!(await this.#mayWork(held))) return undefined;
      // Meanwhile another request may have come to it.
      await deal(held.filter(item => this.#held.get(item.key) === item));
      keys = keys.filter(key => !held.some(item => item.key === key));
    }
    const batch = Math.max(this.options.concurrency, 8);
    for (let start = 0; start < keys.length && !stopped() && !this.#stopping; start += batch) {
      const items = await claimKeys(rim.database, keys.slice(start, start + batch), {
        owner: rim.owner,
        now: rim.clock.now() + early,
        leaseMs: rim.options.leaseMs,
      });
      if (!(await this.#mayWork(items))) return undefined;
      await deal(items);
    }
    return ended;
  }

  async #do(item: Work): Promise<EndedWork | undefined> {
    this.#outage.started(item);
    const task = work(this.rim, item)
      .catch((error: unknown) => {
        this.rim.log.error({ err: error, key: item.key }, 'outcome of work could not be written');
        this.#strand([item.key]);
        return undefined;
      })
      .finally(() => {
        // Claimed anew since, after its lease had run out, it is at work still.
        if (this.#running.get(item.key) === task) this.#running.delete(item.key);
      });
    this.#running.set(item.key, task);
    this.#held.delete(item.key);
    const settled = await task;
    if (settled !== undefined) this.#tries = 0;
    if (settled?.outcome === 'done') this.rim.observe(converged(item, this.rim.clock.now()));
    // While somebody waits to be locked out, Coder is asked soon whether it is back.
    if (item.priority === PRIORITY.leaving && settled !== undefined && sawCoder(settled))
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
    const { database, owner } = this.rim;
    if (database.backend !== 'sqlite') return;
    await releaseWorkOfOthers(database.db, owner);
    await dropLeasesOfOthers(database.db, owner);
  }

  async #claim(): Promise<number> {
    const { rim, options } = this;
    await this.#freeStranded();
    if ((await rim.recovery.holds()) !== undefined) return 0;
    const now = rim.clock.now();
    await this.#minded(now);
    const free = options.concurrency - this.#running.size;
    if (free <= 0 || this.#outage.isPaused(now)) return 0;
    if (!this.#outage.hasInterrupted && !(await isWorkDue(rim.database.db, now))) return 0;
    const request = { owner: rim.owner, now, leaseMs: rim.options.leaseMs };
    // Half of the places are kept for what somebody waits for.
    const patient = Math.min(free, Math.max(1, Math.floor(options.concurrency / 2)));
    let items = await this.#outage.claimLeavers(rim.database, { ...request, limit: free });
    if (items === undefined) {
      items = await claimWork(rim.database, { ...request, limit: free, maxPriority: PRIORITY.declaration });
      if (items.length < patient)
        items = [
          ...items,
          ...(await this.#orStrand(items, claimWork(rim.database, { ...request, limit: patient - items.length }))),
        ];
    }
    if (this.#stopping) {
      await this.#giveBack(items);
      return 0;
    }
    if (!(await this.#mayWork(items))) return 0;
    for (const item of items) void this.#do(item).finally(() => this.wake());
    return items.length;
  }

  /** What was claimed is given back when nothing may be given or taken. */
  async #mayWork(items: readonly Work[]): Promise<boolean> {
    const { rim } = this;
    if (items.length === 0 || (await this.#orStrand(items, rim.recovery.advance()))) return true;
    await this.#giveBack(items);
    return false;
  }

  async #giveBack(items: readonly Work[]): Promise<void> {
    const keys = items.map(({ key }) => key);
    for (const key of keys) this.#held.delete(key);
    await releaseWork(this.rim.database.db, keys, this.rim.owner).catch((error: unknown) => {
      this.rim.log.warn({ err: error, keys: keys.length }, 'claimed work could not be given back yet');
      this.#strand(keys);
    });
  }

  /** What was claimed is not forgotten until its lease ends when the next step fails. */
  async #orStrand<T>(items: readonly Work[], next: Promise<T>): Promise<T> {
    try {
      return await next;
    } catch (error) {
      this.#strand(items.map(({ key }) => key));
      throw error;
    }
  }

  /** Looked at again soon: whoever waits for it waits for the database, and not for the end of a lease. */
  #strand(keys: readonly WorkKey[]): void {
    for (const key of keys) this.#stranded.add(key);
    if (this.#freeing !== undefined) return;
    const pause = Math.min(STRANDED_MS * 2 ** this.#tries, LONGEST_STRANDED_MS);
    this.#freeing = setTimeout(() => {
      this.#freeing = 'now';
      this.wake();
    }, pause);
    this.#freeing.unref();
  }

  async #freeStranded(): Promise<void> {
    if (this.#freeing !== 'now') return;
    this.#freeing = undefined;
    this.#tries += 1;
    // What was claimed anew since, after its lease had run out, is at work.
    const keys = [...this.#stranded].filter(key => !this.#running.has(key) && !this.#held.has(key));
    this.#stranded.clear();
    await releaseWork(this.rim.database.db, keys, this.rim.owner).catch((error: unknown) => {
      this.#strand(keys);
      throw error;
    });
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
    const keys = [...this.#running.keys(), ...this.#held.keys()];
    await renewWork(rim.database.db, keys, rim.owner, rim.clock.now() + rim.options.leaseMs).catch((error: unknown) =>
      rim.log.warn({ err: error }, 'leases could not be renewed'),
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
