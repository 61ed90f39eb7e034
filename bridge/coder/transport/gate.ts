/** How many calls go to Coder at once: two lanes, and whoever waits for an answer to a person goes first. */

export type Lane = 'request' | 'background';

/** Waiting line of one lane; taking from its front is constant time on average. */
class Line {
  private readonly waiting: (() => void)[] = [];
  private front = 0;

  add(start: () => void): void {
    this.waiting.push(start);
  }

  take(): (() => void) | undefined {
    const start = this.waiting[this.front];
    if (start === undefined) return undefined;
    this.front += 1;
    if (this.front > 1_024 && this.front * 2 > this.waiting.length) {
      this.waiting.splice(0, this.front);
      this.front = 0;
    }
    return start;
  }
}

export class Gate {
  private running = 0;
  private runningInBackground = 0;
  private readonly requests = new Line();
  private readonly background = new Line();

  /**
   * @param total calls at once
   * @param background how many of them may be background calls
   */
  constructor(
    private readonly total: number,
    private readonly backgroundTotal: number,
  ) {}

  /** Runs the call as soon as a place is free. */
  async run<T>(lane: Lane, call: () => Promise<T>): Promise<T> {
    await this.enter(lane);
    try {
      return await call();
    } finally {
      this.running -= 1;
      if (lane === 'background') this.runningInBackground -= 1;
      this.startNext();
    }
  }

  private enter(lane: Lane): Promise<void> {
    return new Promise(resolve => {
      (lane === 'request' ? this.requests : this.background).add(resolve);
      this.startNext();
    });
  }

  private startNext(): void {
    while (this.running < this.total) {
      const request = this.requests.take();
      if (request !== undefined) {
        this.running += 1;
        request();
        continue;
      }
      if (this.runningInBackground >= this.backgroundTotal) return;
      const background = this.background.take();
      if (background === undefined) return;
      this.running += 1;
      this.runningInBackground += 1;
      background();
    }
  }
}
