/** Whether the database can be written: a disk that is full still reads. Asked when somebody wants to know, remembered for a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database } from '../store/database/database';
import { writeSetting } from '../store/database/settings';

export interface DatabaseProbeOptions {
  /** @default 5 seconds */
  readonly rememberMs?: number;
  /** A failure is asked about again sooner. @default 500 milliseconds */
  readonly rememberFailureMs?: number;
  /** Longest wait for the database. @default 1 second */
  readonly timeoutMs?: number;
}

/** @returns a function that says what is wrong, or null */
export function createDatabaseProbe(
  database: Pick<Database, 'transact' | 'trouble'>,
  clock: () => number,
  { rememberMs = 5_000, rememberFailureMs = 500, timeoutMs = 1_000 }: DatabaseProbeOptions = {},
): () => Promise<string | null> {
  let known: { readonly problem: string | null; readonly until: number } | undefined;
  let asking: Promise<string | null> | undefined;

  async function ask(): Promise<string | null> {
    const now = new Date(clock()).toISOString();
    // Until it has reached the disk.
    const problem = await database
      .transact(db => writeSetting(db, 'written-at', now))
      .then(
        () => database.trouble() ?? null,
        (error: unknown) => database.trouble() ?? (error instanceof Error ? error.message : String(error)),
      );
    known = { problem, until: clock() + (problem === null ? rememberMs : rememberFailureMs) };
    return problem;
  }

  /** What it does not say in time is what is wrong; the question goes on, so that its answer is known next time. */
  async function askInTime(): Promise<string | null> {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    const answered = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: answered.signal }).then(
      () => database.trouble() ?? `it did not answer within ${timeoutMs / 1_000} s`,
      () => null,
    );
    const problem = await Promise.race([asking, late]);
    answered.abort();
    return problem;
  }

  return async () => {
    const now = clock();
    // A clock that went back must not make an old answer last.
    const recent = known !== undefined && now < known.until && known.until - now <= rememberMs ? known : undefined;
    const asked = recent === undefined ? askInTime() : undefined;
    // What is known to be wrong is told at once; the question above finds out when it is over.
    const problem = recent === undefined ? (database.trouble() ?? (await asked) ?? null) : recent.problem;
    return problem === null ? null : `can not be written: ${problem}`;
  };
}
