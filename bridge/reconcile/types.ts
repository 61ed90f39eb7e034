/** What the reconciler offers to the rest of the bridge, in its own words; the admin API turns these into its answers. */
import {
  type AuditEntry,
  type DoctorCheck,
  type Explanation,
  type HoldSummary,
  type Identity,
  type PendingItem,
  type PlanReport,
} from '../contract/admin-api';
import { type CoderClient } from '../coder';
import { type MappingState } from '../contract/mapping-state';
import { type Database } from '../store/database/database';
import { type WorkKey } from '../store/work/enqueue';

/** Structured log, as pino has it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface ReconcilerOptions {
  /** Name of this process among the replicas; leases carry it. @default random */
  readonly owner?: string | undefined;
  /** Pieces of work in the background at once. @default 8 */
  readonly concurrency?: number | undefined;
  /** How often the queue is looked at when nothing wakes it. @default 500 */
  readonly pollMs?: number | undefined;
  /** Time between two sweeps of an app; 0: only on command. @default 3_600_000 */
  readonly sweepIntervalMs?: number | undefined;
  /** How long a lease on work lasts without being renewed: what a killed replica delays. @default 15_000 */
  readonly leaseMs?: number | undefined;
  /** Tries of work that fails while Coder is well, before it is parked. @default 10 */
  readonly maxAttempts?: number | undefined;
  /** First pause after a failed try; doubles with each, with jitter. @default 1_000 */
  readonly backoffMs?: number | undefined;
  /** How long the answer about organizations and sync settings is believed. @default 60_000 */
  readonly catalogMs?: number | undefined;
  /** Audit lines older than this are pruned by the sweep; 0: kept for ever. @default 0 */
  readonly auditRetentionMs?: number | undefined;
}

export interface ReconcilerDependencies {
  readonly database: Database;
  readonly coder: CoderClient;
  readonly clock?: Clock | undefined;
  readonly log: Log;
  readonly options?: ReconcilerOptions | undefined;
}

/** State of one app as the reconciler knows it: a part of the admin API's AppStatus. */
export interface AppConvergence {
  readonly app: string;
  /** Nothing waits, nothing is held or parked, and the last document has been dealt with. */
  readonly converged: boolean;
  readonly waiting: number;
  readonly held: number;
  readonly parked: number;
  readonly lastError: string | null;
  readonly lastSweepAt: string | null;
  /** What of the declaration Coder can not take as it is, in sentences. */
  readonly warnings: readonly string[];
}

export interface ReconcilerStatus {
  readonly apps: readonly AppConvergence[];
  readonly pending: readonly PendingItem[];
  readonly holds: readonly HoldSummary[];
}

/** What to look for in the audit trail; every field narrows. */
export interface AuditFilter {
  readonly app?: string | undefined;
  /** SCIM id, userName, Coder id, or group name: matched against subject, its name, and the Coder account. */
  readonly subject?: string | undefined;
  /** `scim`, `declaration`, `sweep`, `operator` or `bridge`. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly result?: string | undefined;
  readonly requestId?: string | undefined;
  readonly token?: string | undefined;
  /** Instants in milliseconds: `since` is included, `until` is not. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Only entries after this id, oldest first: what `--follow` asks for. Without it the newest come first. */
  readonly afterId?: number | undefined;
  /** Only entries before this id: the next older page. */
  readonly beforeId?: number | undefined;
  /** @default 100, at most 1_000 */
  readonly limit?: number | undefined;
}

/** The hold is not the one that was named: it has changed since, or it is gone. */
export class HoldChanged extends Error {
  override readonly name = 'HoldChanged';
}

export interface Reconciler {
  /** Works the queue and sweeps from now on. */
  start(): void;
  /** Takes no new work, waits for what is running, gives back its leases. */
  stop(): Promise<void>;
  /**
   * Deals with these keys at once, without the delay of the queue, leavers first. Returns when they are done, held or
   * waiting for something slow, or at the deadline; what is not done stays queued. Never rejects.
   */
  converge(keys: readonly WorkKey[], options: { readonly deadlineMs: number }): Promise<void>;
  /** Compares everything of an app (or of all) with Coder now. Resolves when the comparison is done; repairs are queued. */
  sweep(app?: string): Promise<void>;
  /** What would change in Coder, nothing written. `state`: as if that document were applied to its app. */
  planWorld(request: {
    readonly app?: string | undefined;
    readonly state?: MappingState | undefined;
  }): Promise<PlanReport>;
  /** Why people have what they have: by SCIM id, userName, externalId, e-mail, Coder id or Coder username; empty when nobody fits. */
  explain(user: string): Promise<Explanation[]>;
  status(): Promise<ReconcilerStatus>;
  /** Lets exactly this set of removals pass. @throws HoldChanged when the open hold is another one by now */
  releaseHold(id: string, by: string): Promise<{ released: number }>;
  /** Tries parked work again: one key, or all of it. */
  retry(key?: string): Promise<{ retried: number }>;
  doctorChecks(): Promise<DoctorCheck[]>;
  identities(app?: string): Promise<Identity[]>;
  audit(filter: AuditFilter): Promise<AuditEntry[]>;
}
