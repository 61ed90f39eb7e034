/**
 * Keeps the bridge from acting on a database that is older than what it did in Coder: a restored backup, a standby that had not got
 * everything. Compared before the first work of a process, and when the database is found to have gone back under it. Until an operator
 * has ended it, nothing is given and nothing taken; every replica of the database keeps to that.
 */
import { type CoderClient, CoderError } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { listManagedGroups, markUnread } from '../../store/accounts/coder-groups';
import { type Database } from '../../store/database/database';
import {
  advancePosition,
  dropPendingRecovery,
  forgetImported,
  isImported,
  type PendingRecovery,
  raisePosition,
  readInstallation,
  readPendingRecovery,
  writePendingRecovery,
} from '../../store/recovery/position';
import { type Clock, type Decision, type Log, sayDecision } from '../types';
import { callerOf } from './compare';
import { readLog } from './read-log';

const WHY =
  "the database is older than what Coder's audit log says that it did, as after a restored backup: nothing is given and nothing taken until `coder-scim recover` has shown what differs and ended this";

const WHY_IMPORTED =
  "the database was imported, and how old it is can not be told, since Coder's audit log may not be read by the bridge's account: nothing is given and nothing taken until `coder-scim recover` has ended this, or a bridge has started whose account may read it (site role auditor)";

/** Pause after a comparison that Coder did not answer. */
const PAUSE_MS = 1_000;

type State =
  | { readonly is: 'unchecked'; readonly problem?: string; readonly since?: number }
  | { readonly is: 'current'; readonly unreadable?: string }
  | { readonly is: 'pending'; readonly why: string };

/** What Coder answers where its audit log is not for the bridge's account, or there is none. */
const UNREADABLE: readonly string[] = ['forbidden', 'licence', 'unsupported', 'not_found_or_forbidden', 'refused'];

const whyOf = (pending: PendingRecovery | undefined): string => (pending?.imported === true ? WHY_IMPORTED : WHY);

export interface RecoveryParts {
  readonly database: Database;
  readonly coder: Pick<CoderClient, 'whoami' | 'listAuditRows' | 'callAs'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Recovery {
  #state: State = { is: 'unchecked' };
  #checking: Promise<void> | undefined;
  #installation = '';
  /** The highest position that this process has had from the database. */
  #latest = 0;

  constructor(private readonly parts: RecoveryParts) {}

  /** Why nothing may be given or taken now; undefined when all may. @throws what the database throws */
  async holds(): Promise<string | undefined> {
    if (this.#state.is === 'current') return undefined;
    if (this.#state.is === 'pending' && (await readPendingRecovery(this.parts.database.db)) === undefined)
      this.#state = { is: 'unchecked' };
    if (this.#state.is === 'unchecked' && !this.#pausing()) await this.#checkOnce();
    return this.problem;
  }

  /** The same as far as it is known without asking. */
  get problem(): string | undefined {
    if (this.#state.is === 'pending') return this.#state.why;
    return this.#state.is === 'unchecked' ? this.#state.problem : undefined;
  }

  /** Whether that is for an operator to end, and not for Coder to answer. */
  get isPending(): boolean {
    return this.#state.is === 'pending';
  }

  /** Why a restored database could not be told from a current one; undefined when it can. */
  get unreadable(): string | undefined {
    return this.#state.is === 'current' ? this.#state.unreadable : undefined;
  }

  /** Called before work that may change Coder. False: it must not be done. */
  async advance(): Promise<boolean> {
    const before = this.#latest;
    const position = await advancePosition(this.parts.database.db);
    if (position === undefined) {
      this.#state = { is: 'pending', why: whyOf(await this.pending()) };
      return false;
    }
    if (position <= before) {
      this.parts.log.error({ position, before }, 'the database went back: compared with Coder before anything is done');
      this.#state = { is: 'unchecked', problem: 'the database went back, and is being compared with Coder' };
      await this.#checkOnce(position - 1);
      if (this.problem !== undefined) return false;
    }
    this.#latest = Math.max(position, this.#latest);
    this.parts.coder.callAs(callerOf(this.#installation, this.#latest));
    return true;
  }

  pending(): Promise<PendingRecovery | undefined> {
    return readPendingRecovery(this.parts.database.db);
  }

  /** Goes on with the database as it is. False when nothing was pending. */
  async end(decision: Decision): Promise<boolean> {
    const { database, clock } = this.parts;
    const now = clock.now();
    const pending = await this.pending();
    if (pending === undefined && this.problem === undefined) return false;
    const seen = pending === undefined ? 0 : await this.#highestSeen(pending);
    await database.transact(async db => {
      await raisePosition(db, seen);
      await dropPendingRecovery(db);
      await forgetImported(db);
      // Who is in which group was remembered from before as well.
      for (const group of await listManagedGroups(db)) await markUnread(db, group.id);
      await writeAudit(db, [
        {
          at: now,
          app: null,
          actor: 'operator',
          token: decision.by,
          action: 'recovery.end',
          result: 'done',
          detail: `ended by ${sayDecision(decision)}`,
        },
      ]);
    });
    const { id, position } = await readInstallation(database.db);
    this.#installation = id;
    this.#latest = position;
    this.#state = { is: 'current' };
    this.parts.log.warn({ by: decision.by }, 'the recovery was ended: the bridge gives and takes again');
    return true;
  }

  /** Who restored the database said so without asking Coder: what is not raised to here is found anew by the next process. */
  async #highestSeen(pending: PendingRecovery): Promise<number> {
    try {
      const { id, position } = await readInstallation(this.parts.database.db);
      return Math.max(pending.seen, (await readLog(this.parts.coder, { id, position })).seen);
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
      this.parts.log.warn({ err: error }, "Coder's audit log could not be read at the end of the recovery");
      return pending.seen;
    }
  }

  #pausing(): boolean {
    const { problem, since } = this.#state as { readonly problem?: string; readonly since?: number };
    if (problem === undefined || since === undefined) return false;
    const passed = this.parts.clock.now() - since;
    return passed >= 0 && passed < PAUSE_MS;
  }

  #checkOnce(position?: number): Promise<void> {
    this.#checking ??= this.#check(position).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(went?: number): Promise<void> {
    const { database, coder, clock, log } = this.parts;
    const { db } = database;
    const installation = await readInstallation(db);
    this.#installation = installation.id;
    const pending = await readPendingRecovery(db);
    // Of an imported database the log says more, once it may be read.
    if (pending !== undefined && pending.imported !== true) {
      if (this.#state.is !== 'pending') log.error({}, WHY);
      this.#state = { is: 'pending', why: WHY };
      return;
    }
    const position = Math.min(went ?? installation.position, installation.position);
    if (installation.fresh) return this.#goOn(installation.position);
    try {
      const { unknown, seen } = await readLog(coder, { id: installation.id, position });
      if (unknown.length === 0) {
        if (seen > installation.position) await raisePosition(db, seen);
        await database.transact(async trx => {
          if (pending !== undefined) await dropPendingRecovery(trx);
          if (await isImported(trx)) await forgetImported(trx);
        });
        return this.#goOn(Math.max(seen, installation.position));
      }
      // Another replica may have gone on while the log was read: the database is asked once more, after it.
      const current = (await readInstallation(db)).position;
      if (went === undefined && seen <= current) return this.#goOn(current);
      const now = clock.now();
      await database.transact(async trx => {
        await writePendingRecovery(trx, { since: now, position, seen });
        await writeAudit(trx, [
          {
            at: now,
            app: null,
            actor: 'bridge',
            action: 'recovery.begin',
            result: 'held',
            detail: `${unknown.length} changes in Coder are newer than the database`,
          },
        ]);
      });
      this.#state = { is: 'pending', why: WHY };
      log.error({ changes: unknown.length }, WHY);
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
      if (UNREADABLE.includes(error.kind) && (await isImported(db))) {
        await writePendingRecovery(db, { since: clock.now(), position, seen: position, imported: true });
        if (this.#state.is !== 'pending') log.error({ err: error }, WHY_IMPORTED);
        this.#state = { is: 'pending', why: WHY_IMPORTED };
        return;
      }
      if (UNREADABLE.includes(error.kind)) {
        this.#goOn(installation.position, error.message);
        log.warn(
          { err: error },
          "Coder's audit log may not be read by the bridge's account: a restored database can not be told; see Restoring in docs/operations.md",
        );
        return;
      }
      this.#state = {
        is: 'unchecked',
        since: clock.now(),
        problem: `not known yet whether the database is current: ${error.message}; nothing is given and nothing taken meanwhile`,
      };
    }
  }

  #goOn(position: number, unreadable?: string): void {
    this.#latest = position;
    this.#state = unreadable === undefined ? { is: 'current' } : { is: 'current', unreadable };
  }
}
