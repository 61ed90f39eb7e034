/**
 * Virtual time and whose turn it is. Everything that happens is an event at an instant; between two events all promises run
 * dry. What runs in a process that was killed is skipped. One scheduler is in force at a time: the globals ask for it.
 */
import { type Random } from './random';

/** What an event belongs to; once it is dead its events do not happen. */
export interface Owner {
  readonly name: string;
  readonly alive: boolean;
  /** Until then nothing of it happens: the process stands still, and goes on afterwards as if no time had passed. */
  readonly standsUntil: number;
}

export interface Event {
  at: number;
  readonly order: number;
  readonly run: () => void;
  readonly owner: Owner | undefined;
  cancelled: boolean;
}

/** The first instant of every history: a Monday. */
export const EPOCH = Date.UTC(2027, 0, 4, 9);

const realImmediate = setImmediate;
const MOST_EVENTS = 400_000;

/** The history does not end: something goes round and round. */
export class Endless extends Error {
  override readonly name = 'Endless';
}

export class Scheduler {
  now = EPOCH;
  owner: Owner | undefined;
  events = 0;
  readonly #heap: Event[] = [];
  #sequence = 0;

  /** @param shuffle draws the order of what happens at the same instant; undefined: first come, first served */
  constructor(private readonly shuffle: Random | undefined) {}

  /** Happens after so many milliseconds, in the process that asks now unless told otherwise. */
  after(ms: number, run: () => void, owner: Owner | undefined = this.owner): Event {
    this.#sequence += 1;
    const order = this.shuffle === undefined ? this.#sequence : this.shuffle.next();
    const event: Event = { at: this.now + Math.max(0, ms), order, run, owner, cancelled: false };
    this.#push(event);
    return event;
  }

  /** Happens outside of every process: what the network, Coder and people do. */
  outside(ms: number, run: () => void): Event {
    this.#sequence += 1;
    const order = this.shuffle === undefined ? this.#sequence : this.shuffle.next();
    const event: Event = { at: this.now + Math.max(0, ms), order, run, owner: undefined, cancelled: false };
    this.#push(event);
    return event;
  }

  /** Resolves outside of every process. */
  pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.outside(ms, resolve));
  }

  /** Runs until `done` settles. @throws Endless */
  async runUntil<T>(done: Promise<T>): Promise<T> {
    let over = false;
    const end = () => (over = true);
    done.then(end, end);
    await drained();
    while (!over) {
      const event = this.#pop();
      if (event === undefined) throw new Endless('nothing is left to happen, and the history waits');
      if (event.cancelled || event.owner?.alive === false) continue;
      if (event.owner !== undefined && event.owner.standsUntil > event.at) {
        event.at = event.owner.standsUntil;
        this.#push(event);
        continue;
      }
      this.events += 1;
      if (this.events > MOST_EVENTS) throw new Endless(`no end after ${MOST_EVENTS} events`);
      if (event.at > this.now) this.now = event.at;
      this.owner = event.owner;
      event.run();
      await drained();
      this.owner = undefined;
    }
    return await done;
  }

  #before(a: Event, b: Event): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    heap.push(event);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Event;
      if (!this.#before(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!this.#before(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** All promises and ticks that can run have run. */
function drained(): Promise<void> {
  return new Promise(resolve => realImmediate(resolve));
}

let current: Scheduler | undefined;

export function install(scheduler: Scheduler | undefined): void {
  current = scheduler;
}

/** Virtual milliseconds since 1970; the first instant while no history runs. */
export function virtualNow(): number {
  return current?.now ?? EPOCH;
}

/** The scheduler in force. @throws outside of a history */
export function scheduler(): Scheduler {
  if (current === undefined) throw new Error('no history is running');
  return current;
}
