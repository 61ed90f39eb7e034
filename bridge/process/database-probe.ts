/** Whether the database can be written: a disk that is full still reads. Asked when somebody wants to know, remembered for a moment. */
import { type Database } from '../store/database/database';
import { writeSetting } from '../store/database/settings';

/** @returns a function that says what is wrong, or null */
export function createDatabaseProbe(
  { db }: Database,
  clock: () => number,
  rememberMs = 5_000,
): () => Promise<string | null> {
  let known: { readonly problem: string | null; readonly until: number } | undefined;
  let asking: Promise<string | null> | undefined;

  async function ask(): Promise<string | null> {
    const problem = await writeSetting(db, 'written-at', new Date(clock()).toISOString()).then(
      () => null,
      (error: unknown) => `can not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
    known = { problem, until: clock() + rememberMs };
    return problem;
  }

  return () => {
    if (known !== undefined && clock() < known.until) return Promise.resolve(known.problem);
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
