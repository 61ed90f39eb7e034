import { setTimeout as sleep } from 'node:timers/promises';

/** Long after the slowest machine would be there: the bound names what hangs, it measures nothing. */
const PATIENCE_MS = 90_000;

/** Between two looks: a tenth of what has passed, so that who waits for something does not keep the machine busy with asking. */
const PAUSE_MS = { least: 25, most: 200 };

/**
 * Waits until something is so. Tests wait for what they need to be so, never for a time that should be enough.
 * @param what names it in the error
 * @throws Error when it is not so after 90 seconds
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    const passed = performance.now() - began;
    if (passed > PATIENCE_MS) throw new Error(`waited ${PATIENCE_MS / 1_000} seconds for ${what}`);
    await sleep(Math.max(PAUSE_MS.least, Math.min(passed / 10, PAUSE_MS.most)));
  }
}
