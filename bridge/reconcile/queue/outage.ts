/** What an outage of Coder does to the queue: it stands still for a while, and then whoever leaves comes first, by order and not by luck. */
import { type Database } from '../../store/database/database';
import { PRIORITY } from '../../store/work/enqueue';
import { bringForward, type ClaimRequest, claimWork, type Work } from '../../store/work/work';
import { type EndedWork } from './end-work';

/** Whether work has seen whether Coder can be worked with: what waits for something else, such as a declaration, has not. */
export const sawCoder = ({ outcome, pauseMs, answered }: EndedWork): boolean =>
  outcome !== 'retry' || pauseMs !== undefined || answered === true;

export class Outage {
  #pausedUntil = 0;
  /** Nothing was taken from the queue since Coder could not be worked with. */
  #interrupted = false;
  /** Until nobody who leaves is left, nothing else is taken from the queue. */
  #leaversFirst = false;
  /** What runs and was begun after that. */
  readonly #begunSince = new Set<Work>();
  /** How much of what runs is somebody's leaving. */
  #leaving = 0;

  /** Whether leavers are to be brought forward, although nothing may be due. */
  get hasInterrupted(): boolean {
    return this.#interrupted || this.#leaversFirst;
  }

  isPaused(now: number): boolean {
    return now < this.#pausedUntil;
  }

  /** The clock went back: a pause may last far too long. */
  endPause(): void {
    this.#pausedUntil = 0;
  }

  started(item: Work): void {
    this.#begunSince.add(item);
    if (item.priority === PRIORITY.leaving) this.#leaving += 1;
  }

  /** @param settled undefined where the outcome could not be written */
  ended(item: Work, settled: EndedWork | undefined, now: number): void {
    if (item.priority === PRIORITY.leaving) this.#leaving -= 1;
    const isSince = this.#begunSince.delete(item);
    if (settled === undefined || !sawCoder(settled)) return;
    if (settled.pauseMs !== undefined) {
      this.#pausedUntil = now + settled.pauseMs;
      this.#interrupted = true;
      this.#begunSince.clear();
      // What comes back by itself would be taken again at once, with what Coder fails at, and end each pause that this makes.
    } else if (settled.outcome !== 'retry' || isSince) this.#pausedUntil = 0;
  }

  /** Takes whoever leaves, if an outage has made others wait. @returns undefined when everything may go on */
  async claimLeavers(database: Database, request: ClaimRequest): Promise<Work[] | undefined> {
    if (this.#interrupted) {
      this.#interrupted = false;
      this.#leaversFirst = true;
      await bringForward(database.db, { priority: PRIORITY.leaving }, request.now);
    }
    if (!this.#leaversFirst) return undefined;
    const items = await claimWork(database, { ...request, maxPriority: PRIORITY.leaving });
    if (items.length > 0 || this.#leaving > 0) return items;
    this.#leaversFirst = false;
    return undefined;
  }
}
