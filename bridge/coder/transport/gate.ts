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

/** How a call waits for its place. */
export interface Waiting {
  readonly first?: boolean | undefined;
  readonly before?: (() => (() => Promise<void>) | undefined) | undefined;
}

export class Gate {
  private running = 0;
  private runningInBackground = 0;
  private readonly lines: Readonly<Record<Lane, { readonly first: Line; readonly usual: Line }>> = {
    request: { first: new Line(), usual: new Line() },
    background: { first: new Line(), usual: new Line() },
  };

  /**
   * @param total calls at once
   * @param background how many of them may be background calls
   */
  constructor(
    private readonly total: number,
    private readonly backgroundTotal: number,
  ) {}

  /**
   * Runs the call as soon as a place is free.
   * @param how.first it goes before everybody else of the lane
   * @param how.before asked then: what has to be done without a place before it; whoever comes back from that goes first as well
   */
  async run<T>(lane: Lane, call: () => Promise<T>, how: Waiting = {}): Promise<T> {
    await this.enter(lane, how.first);
    for (let task = how.before?.(); task !== undefined; task = how.before?.()) {
      this.leave(lane);
      await task();
      await this.enter(lane, true);
    }
    try {
      return await call();
    } finally {
      this.leave(lane);
    }
  }

  private enter(lane: Lane, first = false): Promise<void> {
    return new Promise(resolve => {
      this.lines[lane][first ? 'first' : 'usual'].add(resolve);
      this.startNext();
    });
  }

  private leave(lane: Lane): void {
    this.running -= 1;
    if (lane === 'background') this.runningInBackground -= 1;
    this.startNext();
  }

  private startNext(): void {
    while (this.running < this.total) {
      const request = this.take('request');
      if (request !== undefined) {
        this.running += 1;
        request();
        continue;
      }
      if (this.runningInBackground >= this.backgroundTotal) return;
      const background = this.take('background');
      if (background === undefined) return;
      this.running += 1;
      this.runningInBackground += 1;
      background();
    }
  }

  private take(lane: Lane): (() => void) | undefined {
    const { first, usual } = this.lines[lane];
    return first.take() ?? usual.take();
  }
}
