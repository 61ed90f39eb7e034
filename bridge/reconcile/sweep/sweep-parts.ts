/** The parts of a sweep: what Coder fails at in one of them keeps nobody from being compared in the others, and is told. */
import { CoderError, type CoderErrorKind } from '../../coder';
import { LeaseTaken } from '../context/mutex';

const SHOWN = 5;

/** Kinds of an error after which the next call would fail as well. */
const AWAY: ReadonlySet<CoderErrorKind> = new Set(['circuit_open', 'unauthorized', 'rate_limited']);

/** Whether nothing can be compared at all: Coder is away or takes no call, or something else is, such as the database. */
export function isAway(error: unknown): boolean {
  return !(error instanceof CoderError) || AWAY.has(error.kind);
}

/** What keeps a part from being compared. */
type Failure = CoderError | LeaseTaken;

export class SweepParts {
  readonly #failures: { readonly what: string; readonly error: Failure; readonly app?: string | undefined }[] = [];

  /** @param ending no part is begun once this process ends. @default it never does */
  constructor(private readonly ending: AbortSignal = new AbortController().signal) {}

  /** @returns undefined when Coder failed at it, or somebody else is at it, which is noted. @throws whatever else ended it, and what says that Coder is away */
  async part<T>(what: string, task: () => Promise<T>): Promise<T | undefined> {
    this.ending.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof CoderError || error instanceof LeaseTaken)) throw error;
      this.#failures.push({ what, error });
      if (error instanceof CoderError && isAway(error)) throw error;
      return undefined;
    }
  }

  /** Coder failed at something of one app. */
  failed(app: string, what: string, error: CoderError): void {
    this.#failures.push({ app, what, error });
  }

  /** Whether Coder told everything that every app is compared with; what it failed at is one app's each. */
  get isWhole(): boolean {
    return this.#failures.every(({ app }) => app !== undefined);
  }

  /** The first failure; undefined where everything was compared. */
  get error(): Failure | undefined {
    return this.#failures[0]?.error;
  }

  /** What was not compared, in words; of many the first. Of what is one app's nothing is said of the others. */
  saidOf(name: string): readonly string[] {
    const failures = this.#failures.filter(({ app }) => app === undefined || app === name);
    const lines = failures.slice(0, SHOWN).map(({ what, error }) => sayNotCompared(what, error));
    const more = failures.length - lines.length;
    return more === 0 ? lines : [...lines, `not compared by the last sweep: ${more} more`];
  }
}

function sayNotCompared(what: string, error: Failure): string {
  return `not compared by the last sweep: ${what}: ${error.message}`;
}
