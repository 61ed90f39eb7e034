import { setTimeout as sleep } from 'node:timers/promises';

/** Long after the slowest machine would be there: the bound names what hangs, it measures nothing. */
const PATIENCE_MS = 90_000;

/**
 * Waits until something is so. Tests wait for what they need to be so, never for a time that should be enough.
 * @param what names it in the error
 * @throws Error when it is not so after 90 seconds
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await holds()); await sleep(5))
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1_000} seconds for ${what}`);
}
