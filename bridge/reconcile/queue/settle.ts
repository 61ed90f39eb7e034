/** Writes down what became of a piece of work, together with what it changed in the store: one transaction. */
import { CoderError, type Outcome } from '../../coder';
import { readManagedGroup } from '../../store/accounts/coder-groups';
import { type Db } from '../../store/database/database';
import { enqueueGroupWrite, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { writeAudit } from '../../store/audit/audit';
import { completeWork, parkWork, retryWork, type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { LeaseTaken } from '../context/one-at-a-time';

export interface Settled {
  readonly outcome: Outcome['kind'] | 'again' | 'parked';
  /** Keys that this work made different. */
  readonly touched: readonly WorkKey[];
  /** Coder can't be worked with for so long: everything else may wait as well. */
  readonly pauseMs?: number | undefined;
}

/** Changes of a quiet group that come from the background gather for so long; requests do not wait for it. */
export const GATHER_MS = 250;
const LONGEST_BACKOFF_MS = 300_000;
const LEASE_PAUSE_MS = 200;

/** Half to one and a half: so that what failed together does not come back together. */
export function jittered(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.5 + random()));
}

export async function settle(
  rim: Rim,
  work: Work,
  outcome: Outcome,
  touched: readonly WorkKey[] = [],
  writes: (db: Db) => Promise<void> = () => Promise.resolve(),
  options: { readonly againAt?: number | undefined } = {},
): Promise<Settled> {
  const now = rim.clock.now();
  return await rim.database.transact(async db => {
    await writes(db);
    for (const key of touched) await enqueueTouched(db, work, key, now);
    return { touched, ...(await settleWork(db, rim, work, outcome, now, options.againAt)) };
  });
}

async function enqueueTouched(db: Db, work: Work, key: WorkKey, now: number): Promise<void> {
  if (!key.startsWith('coder-group:')) return;
  const groupId = key.slice('coder-group:'.length);
  const group = await readManagedGroup(db, groupId);
  const hotUntil = group === undefined || group.windowMs === 0 ? 0 : group.flushedAt + group.windowMs;
  await enqueueGroupWrite(
    db,
    {
      groupId,
      app: work.app,
      // A suspended person in a group can wait; a person to be suspended can not.
      priority: Math.max(work.priority, PRIORITY.request),
      dueAt: Math.max(hotUntil, now + GATHER_MS),
    },
    work.cause,
    now,
  );
}

async function settleWork(
  db: Db,
  rim: Rim,
  work: Work,
  outcome: Outcome,
  now: number,
  againAt: number | undefined,
): Promise<Omit<Settled, 'touched'>> {
  if (outcome.kind === 'done') {
    const completed = await completeWork(db, work, rim.owner, againAt);
    return { outcome: completed === 'again' ? 'again' : 'done' };
  }
  const error = textOf(outcome.error);
  if (outcome.kind === 'retry') {
    const dueAt = now + jittered(outcome.afterMs);
    await retryWork(db, work, rim.owner, { dueAt, error, counted: false });
    const stops = ['unreachable', 'timeout', 'circuit_open', 'unauthorized'].includes(outcome.error.kind);
    return { outcome: 'retry', pauseMs: stops ? outcome.afterMs : undefined };
  }
  if (outcome.kind === 'failed' && outcome.error instanceof LeaseTaken) {
    await retryWork(db, work, rim.owner, { dueAt: now + jittered(LEASE_PAUSE_MS), error, counted: false });
    return { outcome: 'retry' };
  }
  if (outcome.kind === 'failed' && work.attempts + 1 < rim.options.maxAttempts) {
    const backoff = Math.min(rim.options.backoffMs * 2 ** work.attempts, LONGEST_BACKOFF_MS);
    await retryWork(db, work, rim.owner, { dueAt: now + jittered(backoff), error, counted: true });
    return { outcome: 'failed' };
  }
  await parkWork(db, work, rim.owner, error, now);
  await writeAudit(db, [
    { at: now, app: work.app, actor: 'bridge', action: 'work.park', target: work.key, result: 'failed', detail: error },
  ]);
  rim.log.error({ key: work.key, app: work.app, attempts: work.attempts + 1, error }, 'work is parked');
  return { outcome: 'parked' };
}

function textOf(error: unknown): string {
  if (error instanceof CoderError && error.answer !== undefined && !error.message.includes(error.answer))
    return `${error.message}: ${error.answer}`;
  return error instanceof Error ? error.message : String(error);
}
