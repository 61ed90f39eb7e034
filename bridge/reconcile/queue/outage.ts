/** What an outage of Coder does to the queue: it stands still for a while, and then whoever leaves comes first, by order and not by luck. */
import { type Database } from '../../store/database/database';
import { PRIORITY } from '../../store/work/enqueue';
import { bringForward, type ClaimRequest, claimWork, type Work } from '../../store/work/work';
import { type EndedWork } from './end-work';

/** Whether work has seen whether Coder can be worked with: what waits for something else, such as a declaration, has not. */
export const sawCoder = ({ outcome, pauseMs }: EndedWork): boolean => outcome !== 'retry' || pauseMs !== undefined;

export class Outage {
  #pausedUntil = 0;
  /** Nothing was taken from the queue since Coder could not be worked with. */
  #interrupted = false;
  /** Until nobody who leaves is left, nothing else is taken from the queue. */
  #leaversFirst = false;
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
    if (item.priority === PRIORITY.leaving) this.#leaving += 1;
  }

  /** @param settled undefined where the outcome could not be written */
  ended(item: Work, settled: EndedWork | undefined, now: number): void {
    if (item.priority === PRIORITY.leaving) this.#leaving -= 1;
    if (settled === undefined || !sawCoder(settled)) return;
    this.#pausedUntil = settled.pauseMs === undefined ? 0 : now + settled.pauseMs;
    if (settled.pauseMs !== undefined) this.#interrupted = true;
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
