/**
 * Keeps the bridge from acting on a database that is older than what it did in Coder: a restored backup, a standby that had not got
 * everything. Compared before the first work of a process, when the database is found to have gone back under it, and when its server was
 * started anew. Until an operator has ended it, nothing is given and nothing taken; every replica of the database keeps to that.
 */
import { wasWithin } from '../../contract/was-within';
import { type CoderClient, CoderError } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { listManagedGroups, markUnread } from '../../store/accounts/coder-groups';
import { type Database } from '../../store/database/database';
import {
  advancePosition,
  dropPendingRecovery,
  forgetImported,
  forgetLogRead,
  isImported,
  noteLogRead,
  type PendingRecovery,
  raisePosition,
  readInstallation,
  readPendingRecovery,
  readRecoveryEnd,
  readServer,
  wasLogRead,
  writePendingRecovery,
} from '../../store/recovery/position';
import { type Clock, type Decision, type Log, RecoveryChanged, sayDecision } from '../types';
import { callerOf } from './compare';
import { readLog, tryLog } from './read-log';

const WHY =
  "the database is older than what Coder's audit log says that it did, as after a restored backup: nothing is given and nothing taken until `coder-scim recover` has shown what differs and ended this";

const WHY_IMPORTED =
  "the database was imported, and how old it is can not be told, since Coder's audit log may not be read by the bridge's account: nothing is given and nothing taken until `coder-scim recover` has ended this, or a bridge has started whose account may read it (site role auditor)";

const WHY_WENT_BACK =
  "the database went back while the bridge ran, and what it lost can not be told, since Coder's audit log may not be read by the bridge's account: nothing is given and nothing taken until `coder-scim recover` has ended this, or a bridge has started whose account may read it (site role auditor)";

const READ_BEFORE =
  "the bridge could read Coder's audit log before, and asks again: give its account the site role auditor if it lost it, or go on without by `coder-scim recover --yes`";

const FAILS_ALONE =
  'Coder answers everything else, and not its audit log: where the database is certainly no restored one, go on without by `coder-scim recover --yes`';

/** For so long Coder fails at its audit log alone before an operator may go on without. */
const FAILS_ALONE_MS = 900_000;

/** Pause after a comparison that Coder did not answer. */
const PAUSE_MS = 1_000;
/** The longest pause where Coder says that its audit log is not to be read: each one is twice as long as the one before. */
const LONGEST_PAUSE_MS = 60_000;

type State =
  | {
      readonly is: 'unchecked';
      readonly problem?: string;
      readonly since?: number;
      readonly pauseMs?: number;
      /** Coder's log could be read before and is refused now, or fails for long: that may stay so, and an operator may go on without. */
      readonly mayEnd?: true;
      /** Since when Coder answers, and fails at its log. */
      readonly failingSince?: number | undefined;
    }
  | { readonly is: 'current'; readonly unreadable?: string }
  | { readonly is: 'pending'; readonly why: string };

/** What Coder answers where its audit log is not for the bridge's account, or there is none. */
const UNREADABLE: readonly string[] = ['forbidden', 'licence', 'unsupported', 'not_found_or_forbidden', 'refused'];

/** What Coder, or something before it, answers where the log is what fails. */
const FAILING: readonly string[] = ['failed', 'timeout', 'unexpected', 'incomplete_listing'];

function whyOf(pending: PendingRecovery | undefined): string {
  if (pending?.wentBack === true) return WHY_WENT_BACK;
  return pending?.imported === true ? WHY_IMPORTED : WHY;
}

/** Of these the log says more, once it may be read. */
const isUnread = (pending: PendingRecovery): boolean => pending.imported === true || pending.wentBack === true;

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
  /** When it had that. */
  #latestAt = -Infinity;
  /** When the recovery ended that this process heard of last. */
  #heard = -Infinity;
  /** The run of the database server that was compared last. */
  #server: string | undefined;
  /** Where the database stood when it was found to have gone back, until it was compared. */
  #wentBackTo: number | undefined;

  /** Begun, and not counted yet. */
  #advancing: Promise<boolean> | undefined;

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

  /**
   * The same by what the database says: another replica may have found it out, or ended it; and whether that is for an operator to end.
   * @throws what the database throws
   */
  async told(): Promise<{ readonly problem: string | undefined; readonly isPending: boolean }> {
    const pending = await this.pending();
    if (pending !== undefined) return { problem: whyOf(pending), isPending: true };
    return { problem: this.#state.is === 'unchecked' ? this.#state.problem : undefined, isPending: false };
  }

  /** Whether that is for an operator to end, and not for Coder to answer. */
  get isPending(): boolean {
    return this.#state.is === 'pending';
  }

  /** Whether an operator may go on without a comparison, although nothing is pending. */
  get mayEnd(): boolean {
    return this.#state.is === 'unchecked' && this.#state.mayEnd === true;
  }

  /** Why a restored database could not be told from a current one; undefined when it can. */
  get unreadable(): string | undefined {
    return this.#state.is === 'current' ? this.#state.unreadable : undefined;
  }

  /** Called before work that may change Coder. False: it must not be done. What begins in the same moment counts up once. */
  advance(): Promise<boolean> {
    return (this.#advancing ??= Promise.resolve().then(() => {
      // Whoever comes from here on begins later than this.
      this.#advancing = undefined;
      return this.#advance();
    }));
  }

  /** @param again whether a database server that was not compared yet is, and asked once more */
  async #advance(again = true): Promise<boolean> {
    const before = this.#latest;
    const position = await advancePosition(this.parts.database.db, this.#server ?? '');
    if (position === undefined) {
      const pending = await this.pending();
      if (pending === undefined) return await this.#advanceOnNewServer(again);
      this.#state = { is: 'pending', why: whyOf(pending) };
      return false;
    }
    if (position <= before) {
      this.parts.log.error({ position, before }, 'the database went back: compared with Coder before anything is done');
      this.#state = { is: 'unchecked', problem: 'the database went back, and is being compared with Coder' };
      await this.#checkOnce(position - 1);
      if (this.problem !== undefined) return false;
    }
    this.#latest = Math.max(position, this.#latest);
    this.#latestAt = this.parts.clock.now();
    this.parts.coder.callAs(callerOf(this.#installation, this.#latest));
    return true;
  }

  /** A server that has started since: a standby that took over may lack the last of what was done. Nobody counts up before it was compared. */
  async #advanceOnNewServer(again: boolean): Promise<boolean> {
    const problem = 'the database server was started anew, and is being compared with Coder';
    if (!again) {
      // Statements reach one server or another, as in the middle of a fail-over: looked at again a little later.
      this.#state = { is: 'unchecked', since: this.parts.clock.now(), problem, pauseMs: PAUSE_MS };
      return false;
    }
    if (this.#state.is === 'current') {
      this.parts.log.warn({}, 'the database server was started anew: compared with Coder before anything is done');
      this.#state = { is: 'unchecked', problem };
    }
    if (!this.#pausing()) await this.#checkOnce();
    return this.problem === undefined && (await this.#advance(false));
  }

  pending(): Promise<PendingRecovery | undefined> {
    return readPendingRecovery(this.parts.database.db);
  }

  /**
   * Goes on with the database as it is. False where nothing is an operator's to end: what Coder has not answered yet ends by itself, or becomes
   * something that can be looked at.
   * @param shown since when what the operator has seen is pending, null where nothing is; undefined: not said
   * @throws RecoveryChanged where it is another one by now
   */
  async end(decision: Decision, shown?: number | null): Promise<boolean> {
    const { database, clock } = this.parts;
    const now = clock.now();
    const pending = await this.pending();
    if (pending === undefined && !this.mayEnd) return false;
    if (shown !== undefined && (pending?.since ?? null) !== shown) throw new RecoveryChanged();
    const seen = await this.#highestSeen(pending?.seen ?? 0);
    if (pending === undefined && typeof seen === 'number') {
      // The log is there again, or is not refused any more: it is compared, and nobody goes on without.
      await this.#checkOnce();
      return false;
    }
    await database.transact(async db => {
      if ((await readPendingRecovery(db))?.since !== pending?.since) throw new RecoveryChanged();
      if (seen === 'unreadable') await forgetLogRead(db);
      await raisePosition(db, typeof seen === 'number' ? seen : (pending?.seen ?? 0));
      await dropPendingRecovery(db, now);
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
    const server = await readServer(database.db);
    const { id, position } = await readInstallation(database.db);
    this.#installation = id;
    this.#goOn(position, server);
    this.parts.log.warn({ by: decision.by }, 'the recovery was ended: the bridge gives and takes again');
    return true;
  }

  /** Who restored the database said so without asking Coder: what is not raised to here is found anew by the next process. */
  async #highestSeen(known: number): Promise<number | 'unreadable' | 'failing'> {
    try {
      const { id, position } = await readInstallation(this.parts.database.db);
      return Math.max(known, (await readLog(this.parts.coder, { id, position })).seen);
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
      this.parts.log.warn({ err: error }, "Coder's audit log could not be read at the end of the recovery");
      return UNREADABLE.includes(error.kind) ? 'unreadable' : 'failing';
    }
  }

  #pausing(): boolean {
    if (this.#state.is !== 'unchecked') return false;
    const { problem, since, pauseMs = PAUSE_MS } = this.#state;
    return problem !== undefined && wasWithin(this.parts.clock.now(), since, pauseMs);
  }

  #checkOnce(position?: number): Promise<void> {
    this.#checking ??= this.#check(position).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(wentBackTo?: number): Promise<void> {
    const { database, coder, clock, log } = this.parts;
    const { db } = database;
    const server = await readServer(db);
    const installation = await readInstallation(db);
    this.#installation = installation.id;
    const isSettled = await this.#hearOfEnd();
    const pending = await readPendingRecovery(db);
    if (pending !== undefined && !isUnread(pending)) {
      if (this.#state.is !== 'pending') log.error({}, WHY);
      this.#state = { is: 'pending', why: WHY };
      return;
    }
    if (installation.fresh) {
      await this.#tryLog();
      return this.#goOn(installation.position, server);
    }
    // What this process had itself is its own word, whoever may read the log.
    const isBehind = pending?.wentBack !== true && installation.position < this.#latest;
    const known = pending?.wentBack === true ? pending.position : isBehind ? installation.position : undefined;
    const went = (this.#wentBackTo ??= (isSettled ? undefined : wentBackTo) ?? known);
    const position = Math.min(went ?? installation.position, installation.position);
    try {
      const { unknown, seen } = await readLog(coder, { id: installation.id, position });
      await noteLogRead(db);
      if (unknown.length === 0) {
        if (seen > installation.position) await raisePosition(db, seen);
        await database.transact(async trx => {
          if (pending !== undefined) await dropPendingRecovery(trx, clock.now());
          if (await isImported(trx)) await forgetImported(trx);
        });
        return this.#goOn(Math.max(seen, installation.position), server);
      }
      // Another replica may have gone on while the log was read: the database is asked once more, after it.
      const current = (await readInstallation(db)).position;
      if (went === undefined && seen <= current) return this.#goOn(current, server);
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
      if (UNREADABLE.includes(error.kind)) return await this.#unreadableLog(error, position, server, pending);
      const failingSince = await this.#failsAlone(error);
      const isLong = failingSince !== undefined && clock.now() - failingSince >= FAILS_ALONE_MS;
      const meanwhile = 'nothing is given and nothing taken meanwhile';
      this.#notKnownYet(error, isLong ? `${meanwhile}; ${FAILS_ALONE}` : meanwhile, PAUSE_MS, isLong);
      if (this.#state.is === 'unchecked') this.#state = { ...this.#state, failingSince };
    }
  }

  /** @returns since when Coder answers and fails at its log, seen at each look; undefined where it is away */
  async #failsAlone(error: CoderError): Promise<number | undefined> {
    if (!FAILING.includes(error.kind)) return undefined;
    try {
      await this.parts.coder.whoami();
    } catch (away) {
      if (!(away instanceof CoderError)) throw away;
      return undefined;
    }
    const before = this.#state.is === 'unchecked' ? this.#state.failingSince : undefined;
    const now = this.parts.clock.now();
    return before === undefined || before > now ? now : before;
  }

  /**
   * An operator's word, or a log that was read, is newer than what this process had from the database before, or noticed of it.
   * @returns whether a recovery ended since it last heard of one
   */
  async #hearOfEnd(): Promise<boolean> {
    const ended = (await readRecoveryEnd(this.parts.database.db)) ?? -Infinity;
    // Clocks of two machines differ: each end is heard of once.
    if (ended <= this.#latestAt || ended <= this.#heard) return false;
    this.#heard = ended;
    this.#latest = 0;
    this.#wentBackTo = undefined;
    return true;
  }

  /** A database that is made just now has nothing to be told: it is noted whether later ones of its life can be. */
  async #tryLog(): Promise<void> {
    try {
      await tryLog(this.parts.coder);
      await noteLogRead(this.parts.database.db);
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
    }
  }

  /** Coder says that its audit log is not for this account, or that there is none. */
  async #unreadableLog(
    error: CoderError,
    position: number,
    server: string,
    pending: PendingRecovery | undefined,
  ): Promise<void> {
    const { database, clock, log } = this.parts;
    const { db } = database;
    // Whoever could read it may have lost that for a moment: a licence that is not loaded yet, a proxy before a Coder that starts.
    if (await wasLogRead(db)) {
      const { pauseMs } = this.#state as { readonly pauseMs?: number };
      this.#notKnownYet(
        error,
        `nothing is given and nothing taken meanwhile; ${READ_BEFORE}`,
        pauseMs === undefined ? PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS),
        true,
      );
      return;
    }
    const went = this.#wentBackTo !== undefined;
    if (pending !== undefined || went || (await isImported(db))) {
      const unread: PendingRecovery = pending ?? {
        since: clock.now(),
        position,
        seen: position,
        ...(went ? { wentBack: true } : { imported: true }),
      };
      await writePendingRecovery(db, unread);
      const why = whyOf(unread);
      if (this.#state.is !== 'pending') log.error({ err: error }, why);
      this.#state = { is: 'pending', why };
      return;
    }
    this.#goOn(position, server, error.message);
    log.warn(
      { err: error },
      "Coder's audit log may not be read by the bridge's account: a restored database can not be told; see Restoring in docs/operations.md",
    );
  }

  #notKnownYet(error: CoderError, what: string, pauseMs: number, mayEnd = false): void {
    const problem = `not known yet whether the database is current: ${error.message}; ${what}`;
    if (this.problem !== problem) this.parts.log.warn({ err: error }, problem);
    const since = this.parts.clock.now();
    this.#state = { is: 'unchecked', since, problem, pauseMs, ...(mayEnd ? { mayEnd } : {}) };
  }

  #goOn(position: number, server: string, unreadable?: string): void {
    this.#latest = position;
    this.#latestAt = this.parts.clock.now();
    this.#server = server;
    this.#wentBackTo = undefined;
    this.#state = unreadable === undefined ? { is: 'current' } : { is: 'current', unreadable };
  }
}
