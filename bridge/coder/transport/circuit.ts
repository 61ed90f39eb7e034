/**
 * Stops calling a Coder that does not answer: after some failures in a row every call fails at once, until one probe
 * gets through. Only what says something about the server counts (no connection, no answer, a gateway's word that it has none, 500 on whatever is
 * asked), never a refusal.
 */

export interface CircuitLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** So many different calls that fail, and none that goes well in between, are no fault of the calls. */
const ROUTES = 3;

/** Tells a Coder that fails at single calls from one that fails at all of them, as it does while its database is away. */
export class Failing {
  private readonly routes = new Set<string>();

  /** Coder answered. @returns whether it fails at whatever is asked */
  answered(route: string, isFailure: boolean): boolean {
    if (isFailure) this.routes.add(route);
    else this.routes.clear();
    return this.routes.size >= ROUTES;
  }
}

export class Circuit {
  private failed = 0;
  private opened = 0;
  private openUntil = 0;
  private probing = false;
  private hurried = false;
  private openedAt = 0;

  constructor(
    private readonly limits: CircuitLimits,
    /** 0 to 1, for the jitter of the pause. */
    private readonly random: () => number = Math.random,
  ) {}

  /** Whether calls go through, as far as is known. */
  get closed(): boolean {
    return this.openUntil === 0;
  }

  /** While people wait to be locked out, Coder's return is looked for after each first pause. */
  hurry(on: boolean): void {
    this.hurried = on;
  }

  /** Undefined lets the call through; otherwise the milliseconds after which to try again. */
  admit(now: number): number | undefined {
    if (this.openUntil === 0) return undefined;
    const pause = this.pauseLeft(now);
    if (pause > 0) return pause;
    if (this.probing) return this.limits.firstPauseMs;
    this.probing = true;
    return undefined;
  }

  private pauseLeft(now: number): number {
    // A clock that jumped ahead and back must not leave it open until then.
    if (now < this.openedAt) return 0;
    const until = this.hurried ? Math.min(this.openUntil, this.openedAt + this.limits.firstPauseMs) : this.openUntil;
    return until - now;
  }

  /** The server answered. @returns whether that closed the circuit */
  succeed(): boolean {
    const wasOpen = this.openUntil !== 0;
    this.failed = 0;
    this.opened = 0;
    this.openUntil = 0;
    this.probing = false;
    return wasOpen;
  }

  /** The server did not answer. @returns the pause in milliseconds when this opened the circuit */
  fail(now: number): number | undefined {
    this.failed += 1;
    const probe = this.probing;
    this.probing = false;
    // Calls that were under way when it opened fail too; they must not make the pause longer.
    if (!probe && (this.failed < this.limits.failures || this.openUntil > now)) return undefined;
    const pause = Math.min(this.limits.firstPauseMs * 2 ** this.opened, this.limits.longestPauseMs);
    const jittered = Math.round(pause * (0.75 + this.random() / 2));
    this.opened += 1;
    this.openedAt = now;
    this.openUntil = now + jittered;
    return jittered;
  }
}
