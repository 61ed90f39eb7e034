/**
 * Faults that the double is told to show: slow, failing, failing after the work is done, dropped, rate limited.
 * Rules apply in the order in which they were given; slowness adds up, the first other fault that matches decides.
 */

/** Which requests a fault is for; all when empty. */
export interface FaultMatch {
  readonly method?: string;
  /** Regular expression, tested on the path with `/api/v2` in front and without the query. */
  readonly path?: string | RegExp;
}

export interface FaultScope {
  /** How many matching requests it is for. @default all */
  readonly times?: number;
  /** Share of the matching requests, 0 to 1, drawn by a generator with a fixed seed. @default 1 */
  readonly probability?: number;
}

export type Fault =
  | { readonly kind: 'slow'; readonly ms: number }
  /** `page`: HTML of something in front of Coder, instead of an answer of its API; `foreign`: JSON of something in front, which Coder did not sign. */
  | {
      readonly kind: 'fail';
      readonly status: number;
      readonly message?: string;
      readonly page?: string;
      readonly foreign?: boolean;
    }
  | { readonly kind: 'fail-after-doing'; readonly status?: number }
  | { readonly kind: 'drop'; readonly afterDoing?: boolean }
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds: number };

export type FaultRule = Fault & FaultScope & { readonly match?: FaultMatch };

export interface FaultEffect {
  readonly delay: number;
  readonly fault?: Fault;
}

/** Requests that wait at the door, for as long as a test wants. */
export interface Held {
  /** Resolves when the first one is there. */
  readonly arrived: Promise<void>;
  /** Lets them in, and holds no more. */
  release(): void;
  /** Holds no more; those that are here stay until they are released. */
  holdNoMore(): void;
}

interface Hold {
  readonly method: string | undefined;
  readonly path: RegExp;
  readonly released: Promise<void>;
  arrive(): void;
}

interface LiveRule {
  readonly rule: FaultRule;
  readonly path?: RegExp;
  left: number;
}

export class Faults {
  private rules: LiveRule[] = [];
  private readonly holds = new Set<Hold>();
  private seed = 1;

  /** Sets a rule until `clear` or until its times are used up. */
  add(rule: FaultRule): void {
    const path = rule.match?.path;
    this.rules.push({ rule, left: rule.times ?? Infinity, ...(path !== undefined && { path: new RegExp(path) }) });
  }

  slow(ms: number, match?: FaultMatch, scope: FaultScope = {}): void {
    this.add({ kind: 'slow', ms, match, ...scope });
  }

  /** Answers with the status and does nothing. */
  fail(status: number, match?: FaultMatch, scope: FaultScope = {}): void {
    this.add({ kind: 'fail', status, match, ...scope });
  }

  /** A page of something in front of Coder, which does not hear of it. */
  page(status: number, match?: FaultMatch, scope: FaultScope = {}): void {
    this.add({ kind: 'fail', status, page: '<html><h1>Blocked</h1></html>', match, ...scope });
  }

  /** JSON of a gateway in front of Coder, which does not hear of it: with a message, as Coder's own, and without Coder's version. */
  gateway(status: number, match?: FaultMatch, scope: FaultScope = {}): void {
    const message = status === 404 ? 'no Route matched with those values' : 'Forbidden';
    this.add({ kind: 'fail', status, message, foreign: true, match, ...scope });
  }

  /** Does the work, then answers as if it had failed. */
  failAfterDoing(match?: FaultMatch, scope: FaultScope & { readonly status?: number } = {}): void {
    this.add({ kind: 'fail-after-doing', match, ...scope });
  }

  /** Cuts the connection, before or after the work. */
  dropConnection(match?: FaultMatch, scope: FaultScope & { readonly afterDoing?: boolean } = {}): void {
    this.add({ kind: 'drop', match, ...scope });
  }

  answer429(match?: FaultMatch, times = 1, retryAfterSeconds = 60): void {
    this.add({ kind: 'rate-limit', match, times, retryAfterSeconds });
  }

  /** Holds requests until they are released; `clear` does not release them. */
  hold({ method, path = '' }: FaultMatch = {}, until = Infinity): Held {
    const [arrived, noteArrival] = signal();
    const [released, letIn] = signal();
    let waiting = 0;
    const release = () => {
      this.holds.delete(hold);
      letIn();
    };
    const arrive = () => {
      noteArrival();
      waiting += 1;
      if (waiting >= until) release();
    };
    const hold: Hold = { method, path: new RegExp(path), released, arrive };
    this.holds.add(hold);
    return { arrived, release, holdNoMore: () => this.holds.delete(hold) };
  }

  /** Holds requests until so many are there, and lets them in together: at the same time, however slow the machine is. */
  gather(count: number, match?: FaultMatch): void {
    this.hold(match, count);
  }

  /** Whether any request is held: else it goes on in the same turn, as a caller with a clock of its own expects. */
  get holding(): boolean {
    return this.holds.size > 0;
  }

  /** Resolves when nothing holds this request any more. */
  async pass(method: string, path: string): Promise<void> {
    for (const hold of this.holds) {
      if ((hold.method !== undefined && hold.method !== method) || !hold.path.test(path)) continue;
      hold.arrive();
      await hold.released;
    }
  }

  clear(): void {
    this.rules = [];
  }

  /** What happens to one request; uses up rules that have a number of times. */
  decide(method: string, path: string): FaultEffect {
    let delay = 0;
    for (const live of this.rules) {
      if (!this.applies(live, method, path)) continue;
      live.left -= 1;
      if (live.rule.kind !== 'slow') return { delay, fault: live.rule };
      delay += live.rule.ms;
    }
    return { delay };
  }

  private applies({ rule, path, left }: LiveRule, method: string, requested: string): boolean {
    if (left <= 0) return false;
    if (rule.match?.method !== undefined && rule.match.method !== method) return false;
    if (path && !path.test(requested)) return false;
    return rule.probability === undefined || this.random() < rule.probability;
  }

  private random(): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.seed / 2 ** 32;
  }
}

/** A promise and what resolves it. */
function signal(): readonly [happened: Promise<void>, happen: () => void] {
  let happen: () => void = () => undefined;
  const happened = new Promise<void>(resolve => (happen = resolve));
  return [happened, happen];
}
