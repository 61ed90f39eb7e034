/** Puts the parts together: the queue's pump, the sweep's clock, and the questions that the admin API asks. */
import { wasWithin } from '../contract/was-within';
import { randomUUID } from 'node:crypto';
import { type StoredApp } from '../store/apps/apps';
import { readSweepFailures } from '../store/apps/sweep-failures';
import { queryAudit } from '../store/audit/audit';
import { isUnavailable } from '../store/database/unavailable';
import { dropLeases } from '../store/work/leases';
import { ContextSource } from './context/context';
import { lookAtFilling } from './context/filling-mappings';
import { type Rim } from './context/rim';
import { SettleAtStart } from './group/settle-at-start';
import { aiUsage } from './report/ai-usage';
import { doctorChecks } from './report/doctor';
import { explain, toEntry } from './report/explain';
import { groupIds } from './report/group-ids';
import { groupsReport } from './report/groups';
import { Plans } from './report/plans';
import { answerReHire, releaseHold, retryWork } from './queue/decisions';
import { Pump } from './queue/pump';
import { jittered } from './queue/end-work';
import { readHold, readIdentities, readLeftOf, readStatus } from './report/status';
import { forgetOldAlone } from './sweep/forget-old';
import { lookAtStopping } from './sweep/leavers-workspaces';
import { SWEEP_LEASE_MS, sweepApps } from './sweep/sweep';
import { isAway } from './sweep/sweep-parts';
import { Recovery } from './recovery/recovery';
import { recoveryReport } from './report/recovery';
import { KeyedMutex } from './context/mutex';
import { SeenAccounts } from './context/seen-accounts';
import { SettledTime } from './context/settled-time';
import { NotYetCompared, type Reconciler, type ReconcilerDependencies, RecoveryPending, SweptElsewhere } from './types';

const SWEEP_LOOK_MS = 30_000;
/** A sweep that Coder, being there, failed in part is begun again after so long: it reads everything that it can. */
const SWEEP_AGAIN_MS = 300_000;
/** How often what is kept for a time only is removed where no sweep does it. */
const FORGET_MS = 3_600_000;
/** How often a request that waits for the database looks whether it is back. */
const DATABASE_AWAY_MS = 200;

/** @param dependencies the clock defaults to the system's */
export function createReconciler(dependencies: ReconcilerDependencies): Reconciler {
  const { database, coder, log } = dependencies;
  const options = dependencies.options ?? {};
  const clock = dependencies.clock ?? { now: () => Date.now() };
  const ending = new AbortController();
  const rim: Rim = {
    database,
    coder,
    clock,
    settled: new SettledTime(clock, coder, log),
    log,
    owner: options.owner ?? randomUUID(),
    // Whoever is to be locked out waits for it.
    context: new ContextSource(database, coder.first, clock, log, options.catalogMs ?? 60_000),
    accounts: new SeenAccounts(clock),
    recovery: new Recovery({ database, coder, clock, log }),
    mutex: new KeyedMutex(),
    parked: new Map(),
    ending: ending.signal,
    observe: dependencies.observe ?? (() => undefined),
    spans: dependencies.spans,
    options: {
      maxAttempts: options.maxAttempts ?? 10,
      backoffMs: options.backoffMs ?? 1_000,
      leaseMs: options.leaseMs ?? 15_000,
    },
  };
  const pump = new Pump(rim, { concurrency: options.concurrency ?? 8, pollMs: options.pollMs ?? 500 });
  const begun = new SettleAtStart(rim);
  const plans = new Plans(rim);
  const interval = options.sweepIntervalMs ?? 3_600_000;
  const retention = options.auditRetentionMs ?? 0;
  let sweeping: Promise<void> | undefined;
  const looked = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  let failedAt: number | undefined;
  const sweepDue = async (wanted?: (app: StoredApp) => boolean): Promise<void> => {
    if (wanted === undefined && wasWithin(clock.now(), failedAt, Math.min(SWEEP_AGAIN_MS, interval))) return;
    try {
      const failed = await readSweepFailures(database.db);
      const isDue = (app: StoredApp): boolean =>
        failed.has(app.name) || (app.sweptAt ?? app.createdAt) <= clock.now() - interval;
      await sweepApps(rim, wanted ?? isDue, retention);
    } catch (error) {
      // What was not compared is told by the next sweep of whoever is there.
      if (ending.signal.aborted) return;
      log.warn({ err: error }, 'a sweep could not compare everything');
      if (!isAway(error)) failedAt = clock.now();
    }
    pump.wake();
  };
  let forgotAt: number | undefined;
  const forgetDue = async (): Promise<void> => {
    if (ending.signal.aborted || rim.settled.look() === undefined || wasWithin(clock.now(), forgotAt, FORGET_MS))
      return;
    forgotAt = clock.now();
    await forgetOldAlone(rim, retention);
  };
  /** One after the other; whoever ends this process waits for the last. */
  const next = (task: () => Promise<void>): void => {
    const own = (sweeping ?? Promise.resolve()).then(task).finally(() => {
      if (sweeping === own) sweeping = undefined;
    });
    sweeping = own;
  };
  const lookDue = async (): Promise<void> => {
    await lookAtFilling(rim).then(
      found => found && pump.wake(),
      (error: unknown) => log.warn({ err: error }, 'groups that are being filled could not be looked at'),
    );
    if (interval > 0) await sweepDue();
    if (ending.signal.aborted) return;
    await lookAtStopping(rim, looked).catch((error: unknown) =>
      log.warn({ err: error }, 'workspaces of leavers could not be looked at'),
    );
    await forgetDue().catch((error: unknown) =>
      log.warn({ err: error }, 'what is kept for a time only could not be removed'),
    );
  };
  const schedule = (): void => {
    const look = interval > 0 ? Math.min(SWEEP_LOOK_MS, interval) : SWEEP_LOOK_MS;
    timer = setTimeout(() => {
      next(async () => {
        await lookDue();
        if (timer !== undefined) schedule();
      });
    }, jittered(look));
    timer.unref();
  };

  return {
    start() {
      pump.start();
      begun.start();
      if (timer === undefined) schedule();
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      ending.abort();
      await pump.stop();
      await begun.stop();
      await sweeping;
      await dropLeases(database.db, rim.owner).catch((error: unknown) =>
        log.warn({ err: error }, 'leases could not be given back: they run out by themselves'),
      );
    },
    async converge(keys, { deadlineMs, claimed = [] }) {
      let late = false;
      let alarm: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>(resolve => {
        alarm = setTimeout(() => {
          late = true;
          resolve();
        }, deadlineMs);
      });
      const settle = async (): Promise<void> => {
        for (let taken = claimed, tries = 0; !late; taken = [], tries += 1)
          try {
            await pump.converge(keys, taken, () => late);
            return;
          } catch (error) {
            if (tries === 0) log.error({ err: error }, 'keys of a request could not be converged');
            if (!isUnavailable(error)) return;
            // Away for a moment: what was asked for is done when it is back, and what was taken for it is given back by then.
            await new Promise(resolve => setTimeout(resolve, DATABASE_AWAY_MS));
          }
      };
      await Promise.race([settle(), deadline]);
      clearTimeout(alarm);
    },
    async sweep(app) {
      const why = await rim.recovery.holds();
      if (why !== undefined) throw rim.recovery.isPending ? new RecoveryPending(why) : new NotYetCompared(why);
      const elsewhere = await sweepApps(rim, one => app === undefined || one.name === app, retention)
        .catch((error: unknown) => {
          if (!ending.signal.aborted) throw error;
          throw new NotYetCompared('the bridge ends, and did not compare everything');
        })
        .finally(() => pump.wake());
      if (elsewhere.length > 0) throw new SweptElsewhere(elsewhere, SWEEP_LEASE_MS / 1_000);
    },
    planWorld: request => plans.make(request),
    explain: user => explain(rim, user),
    async status() {
      const status = await readStatus(database.db, rim.clock.now());
      const { problem: recovery = null, isPending: recoveryPending } = await rim.recovery.told();
      const apps = recovery === null ? status.apps : status.apps.map(app => ({ ...app, converged: false }));
      return { ...status, apps, recovery, recoveryPending };
    },
    leftOf: app => readLeftOf(database.db, app),
    groupIds: app => groupIds(rim, app),
    recoveryProblem: () => rim.recovery.problem ?? null,
    recovery: () => recoveryReport(rim),
    async endRecovery(decision, shown) {
      const ended = await rim.recovery.end(decision, typeof shown === 'string' ? Date.parse(shown) : shown);
      if (!ended) {
        const { problem, isPending } = await rim.recovery.told();
        if (problem !== undefined) throw isPending ? new RecoveryPending(problem) : new NotYetCompared(problem);
        return { ended };
      }
      pump.wake();
      // What differs in Coder by now is found at once, not at the next interval.
      next(() => sweepDue(() => true));
      return { ended };
    },
    hold: id => readHold(database.db, id),
    groups: query => groupsReport(database.db, query),
    releaseHold: (id, decision) => releaseHold(rim, id, decision).finally(() => pump.wake()),
    answerReHire: (user, said, decision) => answerReHire(rim, user, said, decision).finally(() => pump.wake()),
    async retry(key, decision) {
      const retried = await retryWork(rim, key, decision);
      pump.wake();
      return { retried };
    },
    doctorChecks: () => doctorChecks(rim),
    aiUsage: window => aiUsage(rim, window),
    identities: app => readIdentities(database.db, app),
    async audit(query) {
      return (await queryAudit(database.db, query)).map(toEntry);
    },
  };
}
