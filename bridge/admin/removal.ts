/** An app on its way out: what of it is left in Coder, and what holds that. Its end is that nobody can find it any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Removal } from '../contract/admin-api';
import { readAnyApp } from '../store/apps/apps';
import { type AdminDeps } from './deps';

/** What is left of an app that was removed; undefined when nothing is, or when it is declared. */
export async function readRemoval({ database, reconciler }: AdminDeps, app: string): Promise<Removal | undefined> {
  const stored = await readAnyApp(database.db, app);
  if (stored?.deleting !== true) return undefined;
  return { app, since: new Date(stored.updatedAt).toISOString(), ...(await reconciler.leftOf(app)) };
}

/** Waits for the end of a removal, or for somebody to be needed, or for the deadline; returns what is left then. */
export async function awaitRemoval(deps: AdminDeps, app: string, deadlineMs: number): Promise<Removal | undefined> {
  const deadline = performance.now() + deadlineMs;
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const left = await readRemoval(deps, app);
    const remaining = deadline - performance.now();
    if (left === undefined || left.hold !== null || remaining <= 0) return left;
    await sleep(Math.min(pause, remaining));
  }
}
