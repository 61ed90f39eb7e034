/**
 * Sends the sealed audit trail to one destination, at least once and in order: the cursor in the database moves when a delivery has
 * succeeded. One process at a time for each destination; what can't be delivered waits, and is not pruned meanwhile. Where a bridge that was
 * started without the destination has forgotten it, nothing is sent until one that is started with it begins anew. Where the trail was emptied,
 * and its end with it, what there is now is sent from its beginning.
 */
import { type Log } from '../http/log';
import { readChain, readSealed } from '../store/audit/chain';
import { advanceCursor, beginCursor, readCursor } from '../store/audit/cursors';
import { tellOnFrom } from '../store/audit/loss';
import { type Database } from '../store/database/database';
import { dropLease, takeLease } from '../store/work/leases';
import { type Destination } from './destinations/destination';

export interface AuditExporter {
  start(): void;
  stop(): Promise<void>;
}

export interface AuditExporterOptions {
  readonly database: Database;
  readonly destination: Destination;
  /** Name of this process among the replicas. */
  readonly owner: string;
  readonly log: Log;
  readonly clock: () => number;
  /** Told after each look how many lines the destination has not been told of. */
  readonly observe?: (behind: number) => void;
  /** How often new lines are looked for, and the first pause after a failure. @default 1_000 */
  readonly pollMs?: number;
}

const LINES_AT_ONCE = 250;
const LEASE_MS = 60_000;
const LONGEST_PAUSE_MS = 60_000;

/** The cursor is gone that this process began with. */
class Forgotten extends Error {}

const NOT_TAKEN = 'audit lines could not be delivered: tried again until they are';
const FORGOTTEN =
  'audit lines are not sent there any more: a bridge on this database was started without the destination; where it is wanted, configure all of them alike and start this one again';
const LOST =
  'lines of the audit trail are gone that were sent there, and the end of its chain with them: what there is now is sent from its beginning; see who can write to the database';

export function createAuditExporter(options: AuditExporterOptions): AuditExporter {
  const { database, destination, owner, log, clock, observe, pollMs = 1_000 } = options;
  const { db } = database;
  const lease = `audit-export:${destination.name}`;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let failures = 0;
  let said: string | undefined;
  let begun = false;
  /** What the destination has, as far as this process knows: what is counted on from where the cursor is gone. */
  let last = 0;

  /** Where the next delivery begins. @throws Forgotten */
  async function position(): Promise<number> {
    if (!begun) await begin();
    begun = true;
    const known = await readCursor(db, destination.name);
    // Begun anew, everything would be sent once more, and kept for a destination that is nobody's in the end.
    if (known === undefined) throw new Forgotten();
    const { from, loss } = await tellOnFrom(database, destination.name, known, clock());
    if (loss !== undefined) log.warn({ destination: destination.name, told: loss.told, end: loss.end }, LOST);
    last = from;
    return from;
  }

  async function begin(): Promise<void> {
    const { cut, head } = await readChain(db);
    await beginCursor(db, destination.name, destination.begins === 'oldest' ? cut.seq : head.seq, clock());
  }

  async function look(): Promise<void> {
    if ((await readSealed(db, await position(), 1)).length > 0) await exportAll();
    await tellBehind();
  }

  async function tellBehind(): Promise<void> {
    const at = await position().catch((error: unknown) => {
      // What is not sent any more is what an alert looks at, too.
      if (error instanceof Forgotten) return last;
      throw error;
    });
    observe?.((await readChain(db)).head.seq - at);
  }

  async function exportAll(): Promise<void> {
    while (!stopped && (await takeLease(db, lease, owner, clock(), LEASE_MS))) {
      const lines = await readSealed(db, await position(), LINES_AT_ONCE);
      const newest = lines.at(-1);
      if (newest === undefined) break;
      const wanted = destination.wants === undefined ? lines : lines.filter(destination.wants);
      const taken = wanted.length > 0 ? await destination.deliver(wanted) : 0;
      // What is left of them comes with the next delivery.
      last = (taken < wanted.length ? wanted[taken - 1] : newest)?.seq ?? newest.seq;
      await advanceCursor(db, destination.name, last, clock());
    }
    await dropLease(db, lease, owner);
  }

  async function round(): Promise<number> {
    try {
      await look();
      if (failures > 0) log.info({ destination: destination.name }, 'audit lines are taken again');
      failures = 0;
      said = undefined;
      return pollMs;
    } catch (error) {
      await dropLease(db, lease, owner).catch(() => undefined);
      // Once for each outage: nothing is lost, it waits in the database.
      const what = error instanceof Forgotten ? FORGOTTEN : NOT_TAKEN;
      if (said !== what) log.warn({ destination: destination.name, ...(what === NOT_TAKEN ? { error } : {}) }, what);
      said = what;
      failures += 1;
      // What waits while the place takes nothing is what an alert looks at.
      await tellBehind().catch(() => undefined);
      return Math.min(pollMs * 2 ** failures, LONGEST_PAUSE_MS);
    }
  }

  function schedule(pauseMs: number): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = round().then(schedule);
    }, pauseMs).unref();
  }

  return {
    start: () => schedule(0),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
