/** Keeps the audit trail: seals new lines into the chain a moment after they were written, and counts them. */
import { type Log } from '../http/log';
import { type SealedRecord, sealAudit } from '../store/audit/chain';
import { type Database } from '../store/database/database';

export interface AuditKeeper {
  start(): void;
  /** Seals what is left, as far as the database can be written. */
  stop(): Promise<void>;
}

export interface AuditKeeperOptions {
  readonly database: Database;
  readonly log: Log;
  /** Told of each sealed line once, by the process that sealed it. */
  readonly observe?: (line: SealedRecord) => void;
  /** How often new lines are looked for. @default 1_000 */
  readonly pollMs?: number;
}

export function createAuditKeeper({ database, log, observe, pollMs = 1_000 }: AuditKeeperOptions): AuditKeeper {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let failing = false;

  async function seal(): Promise<void> {
    try {
      for (let sealed = await sealAudit(database); sealed.length > 0; sealed = await sealAudit(database))
        sealed.forEach(line => observe?.(line));
      failing = false;
    } catch (error) {
      // Once for each outage: the lines are in the database and wait.
      if (!failing) log.warn({ error }, 'audit lines could not be sealed: tried again soon');
      failing = true;
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = seal().finally(schedule);
    }, pollMs).unref();
  }

  return {
    start: schedule,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      await seal();
    },
  };
}
