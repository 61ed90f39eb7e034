/** Counts what happens, and tells when it has happened often enough: the run goes by work done, not by time. */
export class Tally {
  #count = 0;
  private waiting: { readonly at: number; readonly reached: () => void }[] = [];

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
    const due = this.waiting.filter(({ at }) => at <= this.#count);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter(({ at }) => at > this.#count);
    for (const { reached } of due) reached();
  }

  /** Resolves when it has happened so often in all. */
  reached(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    return new Promise(reached => void this.waiting.push({ at: count, reached }));
  }

  /** Resolves when it has happened so many times more. */
  more(times: number): Promise<void> {
    return this.reached(this.#count + times);
  }
}
