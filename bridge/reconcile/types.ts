/** What the reconciler offers to the rest of the bridge, in its own words; the admin API turns these into its answers. */
import {
  type AiUsage,
  type AppStatus,
  type AuditEntry,
  type DoctorCheck,
  type EndingApp,
  type Explanation,
  type GroupsReport,
  type HoldDetail,
  type HoldSummary,
  type Identity,
  type PendingItem,
  type PlanReport,
  type RecoveryReport,
  type Removal,
  type Status,
} from '../contract/admin-api';
import { type CoderClient } from '../coder';
import { type MappingState } from '../contract/mapping-state';
import { type AuditQuery } from '../store/audit/audit';
import { type Database } from '../store/database/database';
import { type WorkKey } from '../store/work/enqueue';
import { type Work } from '../store/work/work';

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
  /** Tries of work that fails while Coder is well, before it is parked; whoever is to be locked out never is. @default 10 */
  readonly maxAttempts?: number | undefined;
  /** First pause after a failed try; doubles with each, with jitter. @default 1_000 */
  readonly backoffMs?: number | undefined;
  /** How long the answer about organizations and sync settings is believed. @default 60_000 */
  readonly catalogMs?: number | undefined;
  /** Audit lines older than this are removed, by a sweep or within an hour; 0: kept for ever. @default 0 */
  readonly auditRetentionMs?: number | undefined;
}

/** Work that is done: Coder agrees about what it is of. */
export interface ConvergedWork {
  readonly app: string;
  readonly kind: 'person' | 'scim-group' | 'coder-group' | 'app';
  /** Whether somebody was to be locked out. */
  readonly leaving: boolean;
  /** Since it was queued. */
  readonly milliseconds: number;
}

/** What the reconciler does as spans of traces. */
export interface Spans {
  work<Ended extends { readonly outcome: string }>(
    item: {
      readonly key: string;
      readonly app: string;
      readonly attempts: number;
      readonly causes: readonly string[];
    },
    run: () => Promise<Ended>,
  ): Promise<Ended>;
  sweep<T>(apps: readonly string[], run: () => Promise<T>): Promise<T>;
}

export interface ReconcilerDependencies {
  readonly database: Database;
  readonly coder: CoderClient;
  readonly clock?: Clock | undefined;
  readonly log: Log;
  readonly options?: ReconcilerOptions | undefined;
  /** Called for each piece of work that is done, for metrics. */
  readonly observe?: ((done: ConvergedWork) => void) | undefined;
  /** @default none: nothing is traced */
  readonly spans?: Spans | undefined;
}

/** State of one app as the reconciler knows it: a part of the admin API's AppStatus. */
export interface AppConvergence {
  readonly app: string;
  /** Nothing waits, nothing is held, parked or refused to a leaver, and the last document has been dealt with. */
  readonly converged: boolean;
  readonly waiting: number;
  readonly held: number;
  readonly parked: number;
  /** Refused requests that would have locked somebody out. */
  readonly refused: number;
  /** Leavers who are not known to be locked out. */
  readonly leavers: AppStatus['leavers'];
  readonly lastError: string | null;
  readonly lastSweepAt: string | null;
  /** Groups that mappings name and that have no member yet, each with its mapping. */
  readonly noMemberYet: readonly string[];
  /** Groups that are being filled, so that mappings take nothing by them yet, each with its mapping. */
  readonly beingFilled: readonly string[];
  /** Groups that mappings name and that never came, each with its mapping. */
  readonly neverCame: readonly string[];
  /** What of the declaration Coder can not take as it is, in sentences. */
  readonly warnings: readonly string[];
}

export interface ReconcilerStatus {
  readonly apps: readonly AppConvergence[];
  /** Apps that were deleted and are not gone. */
  readonly ending: readonly EndingApp[];
  /** The first few hundred of each kind. */
  readonly pending: readonly PendingItem[];
  /** How many people are held, by what for: all of them. */
  readonly heldFor: Readonly<Status['heldFor']>;
  readonly holds: readonly HoldSummary[];
  /** What the bridge made in Coder, nothing declares any more, and stays because somebody else uses it: in words. */
  readonly leftOver: readonly string[];
  /** Why nothing is given and nothing taken, as after a restored backup; null when all is. */
  readonly recovery: string | null;
  /** Whether that is for an operator to end. */
  readonly recoveryPending: boolean;
  /** What is wrong with the keeping of the audit trail; null when nothing is seen to be. */
  readonly auditProblem: string | null;
}

/** The hold is not the one that was named: it has changed since, or it is gone. */
export class HoldChanged extends Error {
  override readonly name = 'HoldChanged';
}

/** Nobody of that name waits for an answer. */
export class NobodyWaits extends Error {
  override readonly name = 'NobodyWaits';
}

/** Nothing is given or taken until an operator has ended the recovery; the message says why. */
export class RecoveryPending extends Error {
  override readonly name = 'RecoveryPending';
}

/** What an operator wants to end is another recovery by now, or none. */
export class RecoveryChanged extends Error {
  override readonly name = 'RecoveryChanged';
  constructor() {
    super('the recovery is another one than the one that was shown: nothing was ended; look again');
  }
}

/** The database could not be compared with Coder's audit log so far, or not everything with Coder, which passes by itself; the message says why. */
export class NotYetCompared extends Error {
  override readonly name = 'NotYetCompared';
}

/** Another bridge compares these apps with Coder right now, or ended while it did: nobody knows what came of that. */
export class SweptElsewhere extends Error {
  override readonly name = 'SweptElsewhere';
  /** @param againInSeconds when nobody compares them any more, should the other one have ended */
  constructor(
    apps: readonly string[],
    readonly againInSeconds: number,
  ) {
    super(
      `another bridge compares ${apps.join(', ')} with Coder right now, or ended while it did: try again in ${againInSeconds} seconds`,
    );
  }
}

/** As many plans are being made as one bridge makes at once. */
export class TooManyPlans extends Error {
  override readonly name = 'TooManyPlans';
  constructor(
    most: number,
    readonly againInSeconds: number,
  ) {
    super(
      `${most} plans are being made by this bridge already, and each of them reads all of Coder: try again in ${againInSeconds} seconds`,
    );
  }
}

/** Who decides, and why: written to the audit trail. */
export interface Decision {
  /** Name of the credential that was shown, or of who signed in. */
  readonly by: string;
  /** Who they say that they are, where several share a credential. */
  readonly says?: string | undefined;
  readonly reason?: string | undefined;
}

/** A decision in the words of the audit trail: `ops (alice): the team was moved`. */
export function sayDecision({ by, says, reason }: Decision): string {
  const who = says === undefined || says === by ? by : `${by} (${says})`;
  return reason === undefined ? who : `${who}: ${reason}`;
}

export interface Reconciler {
  /** Works the queue and sweeps from now on. */
  start(): void;
  /** Takes no new work, waits for what is running, gives back its leases. */
  stop(): Promise<void>;
  /**
   * Deals with these keys at once, without the delay of the queue, leavers first. Returns when they are done, held or
   * waiting for something slow, or at the deadline; what is not done stays queued. Never rejects.
   * @param options.claimed those of the keys that this process took from the queue when it put them there. @default none
   */
  converge(
    keys: readonly WorkKey[],
    options: { readonly deadlineMs: number; readonly claimed?: readonly Work[] },
  ): Promise<void>;
  /**
   * Compares everything of an app (or of all) with Coder now. Resolves when the comparison is done; repairs are queued.
   * @throws RecoveryPending, NotYetCompared, SweptElsewhere, CoderError
   */
  sweep(app?: string): Promise<void>;
  /**
   * What would change in Coder, nothing written. `state`: as if that document were applied to its app; `deleted`: as if the app were deleted;
   * `until`: nothing more is asked of Coder once this is aborted, since nobody waits for the plan any more.
   * @throws TooManyPlans, CoderError. @throws NotYetCompared where it ends before it is made
   */
  planWorld(request: {
    readonly app?: string | undefined;
    readonly state?: MappingState | undefined;
    readonly deleted?: boolean | undefined;
    readonly until?: AbortSignal | undefined;
  }): Promise<PlanReport>;
  /** Why people have what they have: by SCIM id, userName, externalId, e-mail, Coder id or Coder username; empty when nobody fits. */
  explain(user: string): Promise<Explanation[]>;
  status(): Promise<ReconcilerStatus>;
  /** What of one app waits, is held, parked or refused, and what the guard stopped, however much of others does. */
  leftOf(app: string): Promise<Pick<Removal, 'pending' | 'hold'>>;
  /** An open hold with everybody whom it is about; undefined when it is another one by now, or gone. */
  hold(id: string): Promise<HoldDetail | undefined>;
  /** Which group of an identity provider gives what to how many, and which groups no mapping names. */
  groups(query?: {
    readonly app?: string | undefined;
    /** Only groups with this in their names. */
    readonly search?: string | undefined;
    /** Leaves the groups of the directory out. */
    readonly mappingsAlone?: boolean;
  }): Promise<GroupsReport>;
  /**
   * Ids of the Coder groups of an app by the key of their mapping, those left out that are not there yet; null when Coder
   * has to be asked first and does not answer.
   */
  groupIds(app: string): Promise<Readonly<Record<string, string>> | null>;
  /** Lets exactly this set of removals pass. @throws HoldChanged when the open hold is another one by now */
  releaseHold(id: string, decision: Decision): Promise<{ released: number }>;
  /**
   * Whether somebody who came back as a new directory object keeps the account of before, or gets a new one in its place.
   * @param user SCIM id, userName or e-mail
   * @param said.account Coder's id of the account that was asked about; the answer is for no other one
   * @throws NobodyWaits when nobody of that name is held for it, or another account is asked about
   */
  answerReHire(
    user: string,
    said: { readonly answer: 'keep' | 'replace'; readonly account?: string | undefined },
    decision: Decision,
  ): Promise<{ userName: string }>;
  /** Tries parked work again: one key, or all of it. Of a former owner whose key is named it says that they stay none. */
  retry(key: string | undefined, decision: Decision): Promise<{ retried: number }>;
  /** `status().recovery`, as far as this process knows without asking. */
  recoveryProblem(): string | null;
  /** What Coder has seen and the database does not know, in people. */
  recovery(): Promise<RecoveryReport>;
  /**
   * Goes on with the database as it is; false when nothing was pending.
   * @param shown `since` of the report that was looked at; undefined: not said
   * @throws RecoveryChanged when it is another one by now. @throws NotYetCompared while nobody can know yet what would be let in
   */
  endRecovery(decision: Decision, shown?: string | null): Promise<{ ended: boolean }>;
  doctorChecks(): Promise<DoctorCheck[]>;
  identities(app?: string): Promise<Identity[]>;
  /** Who used AI through Coder's gateway in a window; `problem` where that can't be known. */
  aiUsage(window: { readonly since: number; readonly until: number }): Promise<AiUsage>;
  audit(query: AuditQuery): Promise<AuditEntry[]>;
}
