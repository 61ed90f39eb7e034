/** Writes down what became of a piece of work, together with what it changed in the store: one transaction. */
import { CoderError, type Outcome } from '../../coder';
import { type Db } from '../../store/database/database';
import { isUnavailable } from '../../store/database/unavailable';
import { markUnread } from '../../store/accounts/coder-groups';
import { enqueue, enqueueGroupWrite, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { writeAudit } from '../../store/audit/audit';
import { completeWork, parkWork, retryWork, type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { LeaseTaken } from '../context/mutex';

export interface EndedWork {
  readonly outcome: Outcome['kind'] | 'again' | 'parked';
  /** Keys that this work made different, or that were to be written for it already. */
  readonly touched: readonly WorkKey[];
  /** Somebody else is in the way for a moment: due again after so long. */
  readonly againMs?: number | undefined;
  /** Coder can't be worked with for so long: everything else may wait as well. */
  readonly pauseMs?: number | undefined;
  /** It comes back by itself, and Coder has answered what it asked. */
  readonly answered?: boolean | undefined;
  /** It would be parked, and is tried on: somebody is to be locked out. */
  readonly isUsedUp?: boolean | undefined;
}

/** Changes of a quiet group that come from the background gather for so long; requests do not wait for it. */
export const GATHER_MS = 250;
const LONGEST_BACKOFF_MS = 300_000;
/** Whoever has left is locked out half a minute after Coder is well again, however long it was not. */
const LONGEST_LEAVING_BACKOFF_MS = 20_000;
const LEASE_PAUSE_MS = 200;
/** Nothing is tried again sooner, whatever Coder, or a proxy, says. */
const SOONEST_MS = 100;
const GROUP = 'coder-group:';

/** Half to one and a half: so that what failed together does not come back together. */
export function jittered(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.5 + random()));
}

/** Why work is looked at again although it is done: what a call may still be making in Coder was not there. */
export const LOOKED_FOR_AGAIN =
  'what was about to be made is not there: looked for once more when the call can not be at work any more';

/** Why somebody waits who would lose something while the declaration of their app is being dealt with. */
export const AWAITS_DECLARATION =
  'what the app declares is being compared with everybody, and judged as a whole: what would be lost waits for that';

/** Another look at what is done for now. */
export interface Later {
  readonly dueAt: number;
  readonly reason: string;
  /** Whether a request waits for it with its answer, where it is soon. @default false */
  readonly awaited?: boolean;
  /** It waits for something else than Coder, which may not have been asked anything. @default false */
  readonly elsewhere?: boolean;
}

/** So soon another look is awaited. */
const SOON_MS = 2_000;

export interface EndOptions {
  /** When work that came in between is due. @default at once */
  readonly againAt?: number | undefined;
  /** It is done for now, and is to be looked at once more. */
  readonly later?: Later | undefined;
  /** Whether whoever leaves is locked out, whatever is left to do: then it is tried as anything else is. @default false */
  readonly isOut?: boolean | undefined;
  /** Whether the directory says that the person leaves and they are known to be in: then it waits as a leaving, whatever it was queued as. @default false */
  readonly isIn?: boolean | undefined;
  /** Keys that are in the queue for it already, by an earlier work. */
  readonly owed?: readonly WorkKey[] | undefined;
  /**
   * Whether nothing is written but what the same work would find out again: then nobody waits for the disk.
   * @default whether there are no `writes` and it is done
   */
  readonly found?: boolean | undefined;
  /**
   * Whether what is written is so in Coder, whoever has the work by now. What was decided is not written where another bridge has taken it over:
   * as after a crash, it is told by the journal what was done of it.
   * @default false
   */
  readonly isDone?: boolean | undefined;
  /** Written where another bridge has taken it over: what that one could not find out of what was done in Coder. */
  readonly lost?: ((db: Db) => Promise<void>) | undefined;
}

/** The work is not this process's any more. */
class TakenOver extends Error {}

/** Once to twice as long, so that what failed together comes back one after the other, and after whoever leaves. */
function later(ms: number): number {
  return Math.round(ms * (1 + Math.random()));
}

/**
 * @param writes what it changed in the store; may name further keys that became different by that
 * @throws the error of a failed outcome when it is the database's: that is no try of the work, which is given back as it was
 */
export async function endWork(
  rim: Rim,
  work: Work,
  outcome: Outcome,
  touched: readonly WorkKey[] = [],
  writes?: (db: Db) => Promise<readonly WorkKey[] | void>,
  options: EndOptions = {},
): Promise<EndedWork> {
  if (outcome.kind === 'failed' && !(outcome.error instanceof CoderError) && isUnavailable(outcome.error))
    throw outcome.error;
  const now = rim.clock.now();
  const write = async (db: Db): Promise<readonly WorkKey[]> => {
    const all = new Set([...touched, ...((await writes?.(db)) ?? [])]);
    for (const key of all) await enqueueTouched(db, work, key, now);
    return [...all, ...(options.owed ?? [])];
  };
  const { value, durable } = await rim.database
    .commit(async (db): Promise<EndedWork> => {
      const all = await write(db);
      const ended = await endClaimed(db, rim, work, outcome, now, options);
      if (ended === undefined) throw new TakenOver();
      return { touched: all, ...ended };
    })
    .catch(async (error: unknown) => {
      if (!(error instanceof TakenOver)) throw error;
      return await rim.database.commit(async (db): Promise<EndedWork> => {
        const all = options.isDone === true ? await write(db) : [];
        await options.lost?.(db);
        return { touched: all, ...(await endTakenOver(db, rim, work, now)) };
      });
    });
  if ((value.outcome === 'parked' || value.isUsedUp === true) && outcome.kind !== 'done')
    rim.parked.set(work.key, textOf(outcome.error));
  else rim.parked.delete(work.key);
  if (!(options.found ?? (writes === undefined && outcome.kind === 'done'))) await durable();
  return value;
}

/** Queues a Coder group for its writer. */
export async function enqueueTouched(db: Db, work: Work, key: WorkKey, now: number): Promise<void> {
  // People are queued by whoever touched them, in the same transaction.
  if (!key.startsWith(GROUP)) return;
  await enqueueGroupWrite(
    db,
    {
      groupId: key.slice(GROUP.length),
      app: work.app,
      // A suspended person in a group can wait; a person to be suspended can not.
      priority: Math.max(work.priority, PRIORITY.request),
      dueAt: now + GATHER_MS,
    },
    work.cause,
    now,
  );
}

/** As what work waits on: whoever is to be locked out comes first, by whatever route that was found; whoever is out is no leaver to wait for. */
function priorityOf({ priority }: Work, { isIn, isOut }: EndOptions): number {
  if (isIn === true) return PRIORITY.leaving;
  return isOut === true ? Math.max(priority, PRIORITY.request) : priority;
}

/** @returns undefined when the work is not this process's any more */
async function endClaimed(
  db: Db,
  rim: Rim,
  work: Work,
  outcome: Outcome,
  now: number,
  options: EndOptions,
): Promise<Omit<EndedWork, 'touched'> | undefined> {
  if (outcome.kind === 'done') {
    if (options.later !== undefined) {
      const { dueAt, reason, awaited, elsewhere = false } = options.later;
      const priority = options.isIn === true ? PRIORITY.leaving : work.priority;
      if (!(await retryWork(db, work, rim.owner, { dueAt, error: reason, counted: false, priority }))) return undefined;
      const againMs = dueAt - now;
      return { outcome: 'retry', answered: !elsewhere, ...(awaited === true && againMs <= SOON_MS && { againMs }) };
    }
    const completed = await completeWork(db, work, rim.owner, options.againAt);
    return completed === 'lost' ? undefined : { outcome: completed };
  }
  const error = textOf(outcome.error);
  const priority = priorityOf(work, options);
  const leaves = priority === PRIORITY.leaving;
  if (outcome.kind === 'retry') {
    // Leavers first, by order and not by luck: they come back when it is time, and everybody else after them.
    const afterMs = Math.max(outcome.afterMs, SOONEST_MS);
    const dueAt = now + (leaves ? afterMs : later(afterMs));
    if (!(await retryWork(db, work, rim.owner, { dueAt, error, counted: false, priority }))) return undefined;
    const stops = ['unreachable', 'timeout', 'circuit_open', 'unauthorized'].includes(outcome.error.kind);
    return {
      outcome: 'retry',
      pauseMs: stops ? outcome.afterMs : undefined,
      // It has waited already, and is looked at again.
      ...(outcome.afterMs === 0 && { againMs: dueAt - now }),
    };
  }
  if (outcome.kind === 'failed' && outcome.error instanceof LeaseTaken) {
    const againMs = jittered(LEASE_PAUSE_MS);
    const dueAt = now + againMs;
    if (!(await retryWork(db, work, rim.owner, { dueAt, error, counted: false, priority }))) return undefined;
    return { outcome: 'retry', againMs };
  }
  const isUsedUp = outcome.kind === 'terminal' || work.attempts + 1 >= rim.options.maxAttempts;
  if (!isUsedUp || leaves) {
    const longest = leaves ? LONGEST_LEAVING_BACKOFF_MS : LONGEST_BACKOFF_MS;
    const dueAt = now + jittered(Math.min(rim.options.backoffMs * 2 ** work.attempts, longest));
    if (!(await retryWork(db, work, rim.owner, { dueAt, error, counted: true, priority }))) return undefined;
    if (isUsedUp && !rim.parked.has(work.key)) await tellUsedUp(db, rim, work, error, now, TRIED_ON);
    return { outcome: 'failed', isUsedUp };
  }
  if (!(await parkWork(db, work, rim.owner, error, now, priority))) return undefined;
  // Each sweep tries it once more: that it is parked was told.
  if (rim.parked.get(work.key) !== error) await tellUsedUp(db, rim, work, error, now);
  return { outcome: 'parked' };
}

/** Nobody who has left stays in because nobody looks any more. */
const TRIED_ON = 'not parked, since somebody is to be locked out: tried again every half a minute';

async function tellUsedUp(db: Db, rim: Rim, work: Work, error: string, now: number, tried?: string): Promise<void> {
  const detail = tried === undefined ? error : `${tried}: ${error}`;
  await writeAudit(db, [
    { at: now, app: work.app, actor: 'bridge', action: 'work.park', target: work.key, result: 'failed', detail },
  ]);
  rim.log.error(
    { key: work.key, app: work.app, attempts: work.attempts + 1, error },
    tried === undefined ? 'work is parked' : 'work fails or is refused, and is tried on: somebody is to be locked out',
  );
}

/** This process stood still for longer than its lease: somebody else may have decided from what was in Coder before this did what it did. */
async function endTakenOver(db: Db, rim: Rim, work: Work, now: number): Promise<Omit<EndedWork, 'touched'>> {
  rim.log.warn(
    { key: work.key, app: work.app },
    'work was taken over by another bridge while it was done here: it is looked at again',
  );
  if (work.key.startsWith(GROUP)) await markUnread(db, work.key.slice(GROUP.length));
  await enqueue(db, [{ key: work.key, app: work.app, priority: work.priority }], work.cause, now);
  return { outcome: 'again' };
}

function textOf(error: unknown): string {
  if (error instanceof CoderError && error.answer !== undefined && !error.message.includes(error.answer))
    return `${error.message}: ${error.answer}`;
  return error instanceof Error ? error.message : String(error);
}
