/** Keeps the bridge's own Coder token alive: looks when it ends, and renews it in time, one replica at a time. */
import { type CoderClient } from '../coder';
import { type Log } from '../http/log';
import { wasWithin } from '../contract/was-within';
import { type Database } from '../store/database/database';
import { dropLease, takeLease } from '../store/work/leases';

export interface CredentialKeeper {
  start(): void;
  stop(): Promise<void>;
  /** When the token in use ends (RFC 3339); undefined when Coder has not said it yet. */
  expiresAt(): Promise<string | undefined>;
}

export interface CredentialKeeperOptions {
  readonly coder: Pick<CoderClient, 'getTokenExpiry' | 'renewToken'>;
  readonly database: Database;
  /** Name of this process among the replicas. */
  readonly owner: string;
  /** False: the token is watched, not renewed. */
  readonly renew: boolean;
  readonly log: Log;
  readonly clock: () => number;
}

const LEASE = 'credential';
const LEASE_MS = 120_000;
const LONGEST_PAUSE_MS = 3_600_000;
const SHORTEST_PAUSE_MS = 60_000;
const REMEMBER_MS = 300_000;
const WARN_MS = 3 * 86_400_000;

export function createCredentialKeeper(options: CredentialKeeperOptions): CredentialKeeper {
  const { coder, database, owner, log, clock } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let known: { readonly expiresAt: string; readonly at: number } | undefined;

  async function look(): Promise<string> {
    const { expiresAt } = await coder.getTokenExpiry();
    known = { expiresAt, at: clock() };
    return expiresAt;
  }

  async function renew(): Promise<void> {
    if (!(await takeLease(database.db, LEASE, owner, clock(), LEASE_MS))) return;
    try {
      const renewal = await coder.renewToken();
      known = { expiresAt: renewal.expiresAt, at: clock() };
      if (renewal.outcome === 'not-due') return;
      const { expiresAt, keptIn, oldDeleted } = renewal;
      log.info({ expiresAt, keptIn, oldDeleted }, 'the bridge renewed its Coder token');
    } finally {
      await dropLease(database.db, LEASE, owner);
    }
  }

  /** One round; the pause to the next one in milliseconds. */
  async function keep(): Promise<number> {
    try {
      if (options.renew) await renew();
      const left = Date.parse(await look()) - clock();
      if (left < WARN_MS && !options.renew) {
        log.warn(
          { expiresAt: known?.expiresAt },
          "the bridge's Coder token expires soon: put a new one in place, or let the bridge renew it",
        );
      }
      return Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, left / 10));
    } catch (error) {
      log.warn({ error }, "the bridge's Coder token could not be looked at or renewed: tried again soon");
      return SHORTEST_PAUSE_MS;
    }
  }

  function schedule(pauseMs: number): void {
    if (stopped) return;
    timer = setTimeout(
      () => {
        running = keep().then(schedule);
      },
      pauseMs * (0.9 + Math.random() * 0.2),
    ).unref();
  }

  return {
    start: () => schedule(0),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
    async expiresAt() {
      return known !== undefined && wasWithin(clock(), known.at, REMEMBER_MS) ? known.expiresAt : look();
    },
  };
}
