/** Puts the parts together: the queue's pump, the sweep's clock, and the questions that the admin API asks. */
import { randomUUID } from 'node:crypto';
import { readAnyApp } from '../store/apps/apps';
import { queryAudit, writeAudit } from '../store/audit/audit';
import { enqueue, PRIORITY, type WorkKey } from '../store/work/enqueue';
import { holdId, listOpenHolds, releaseOpenHolds } from '../store/accounts/holds';
import { unbind } from '../store/apps/bindings';
import { dropLeases } from '../store/work/leases';
import { unparkWork } from '../store/work/work';
import { ContextSource } from './context/context';
import { type Rim } from './context/rim';
import { SettleAtStart } from './group/settle-at-start';
import { doctorChecks } from './report/doctor';
import { explain, toEntry } from './report/explain';
import { vanishedMappings } from './person/guard-removals';
import { planWorld } from './report/plan-world';
import { Pump } from './queue/pump';
import { jittered } from './queue/settle';
import { readIdentities, readStatus } from './report/status';
import { sweepApps } from './sweep/sweep';
import { Turns } from './context/one-at-a-time';
import { type AuditFilter, HoldChanged, type Reconciler, type ReconcilerDependencies } from './types';

const SWEEP_LOOK_MS = 30_000;

/** @param dependencies the clock defaults to the system's */
export function createReconciler(dependencies: ReconcilerDependencies): Reconciler {
  const { database, coder, log } = dependencies;
  const options = dependencies.options ?? {};
  const clock = dependencies.clock ?? { now: () => Date.now() };
  const rim: Rim = {
    database,
    coder,
    clock,
    log,
    owner: options.owner ?? randomUUID(),
    context: new ContextSource(database, coder, clock, log, options.catalogMs ?? 60_000),
    turns: new Turns(),
    options: {
      maxAttempts: options.maxAttempts ?? 10,
      backoffMs: options.backoffMs ?? 1_000,
      leaseMs: options.leaseMs ?? 15_000,
    },
  };
  const pump = new Pump(rim, { concurrency: options.concurrency ?? 8, pollMs: options.pollMs ?? 500 });
  const begun = new SettleAtStart(rim);
  const interval = options.sweepIntervalMs ?? 3_600_000;
  const retention = options.auditRetentionMs ?? 0;
  let sweeping: Promise<unknown> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const sweepDue = async (): Promise<void> => {
    const before = clock.now() - interval;
    await sweepApps(rim, app => (app.sweptAt ?? app.createdAt) <= before, retention).catch((error: unknown) =>
      log.warn({ err: error }, 'sweep ended early'),
    );
    pump.wake();
  };
  const schedule = (): void => {
    const look = Math.min(SWEEP_LOOK_MS, interval);
    timer = setTimeout(() => {
      sweeping = sweepDue().finally(() => {
        sweeping = undefined;
        if (timer !== undefined) schedule();
      });
    }, jittered(look));
    timer.unref();
  };

  return {
    start() {
      pump.start();
      begun.start();
      if (interval > 0 && timer === undefined) schedule();
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await pump.stop();
      await begun.stop();
      await sweeping;
      await dropLeases(database.db, rim.owner);
    },
    async converge(keys, { deadlineMs }) {
      let late = false;
      let alarm: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>(resolve => {
        alarm = setTimeout(() => {
          late = true;
          resolve();
        }, deadlineMs);
      });
      const done = pump
        .converge(keys, () => late)
        .catch((error: unknown) => log.error({ err: error }, 'keys of a request could not be converged'));
      await Promise.race([done, deadline]);
      clearTimeout(alarm);
    },
    async sweep(app) {
      await sweepApps(rim, one => app === undefined || one.name === app, retention);
      pump.wake();
    },
    planWorld: request => planWorld(rim, request),
    explain: user => explain(rim, user),
    status: () => readStatus(database.db),
    releaseHold: (id, by) => releaseHold(rim, id, by).finally(() => pump.wake()),
    async retry(key) {
      const retried = await database.transact(db => unparkWork(db, key, clock.now()));
      pump.wake();
      return { retried };
    },
    doctorChecks: () => doctorChecks(rim),
    identities: app => readIdentities(database.db, app),
    async audit(filter: AuditFilter) {
      return (await queryAudit(database.db, filter)).map(toEntry);
    },
  };
}

/** Lets exactly the open hold with this id pass. @throws HoldChanged */
async function releaseHold(rim: Rim, id: string, by: string): Promise<{ released: number }> {
  const context = await rim.context.get();
  return await rim.database.transact(async db => {
    const open = await listOpenHolds(db);
    const apps = [...new Set(open.map(row => row.app))];
    const app = apps.find(name => holdId(open.filter(row => row.app === name)) === id);
    if (app === undefined) {
      const present = apps.map(name => `${holdId(open.filter(row => row.app === name))} (app ${name})`);
      throw new HoldChanged(
        `hold ${JSON.stringify(id)} is not open: ${present.length === 0 ? 'nothing is held' : `open now: ${present.join(', ')}`}; look at coder-scim status again`,
      );
    }
    const rows = open.filter(row => row.app === app);
    const now = rim.clock.now();
    await releaseOpenHolds(db, app, by, now);
    // A vanished group whose loss was accepted is not missed again.
    if (rows.some(row => row.reason === 'idp-group-vanished'))
      await unbind(db, app, await vanishedMappings(db, context, app));
    await writeAudit(db, [
      {
        at: now,
        app,
        actor: 'operator',
        action: 'guard.release',
        target: id,
        result: 'done',
        detail: `${rows.length} people, released by ${by}`,
      },
    ]);
    const stored = await readAnyApp(db, app);
    const keys: WorkKey[] = rows.map(row => row.subject as WorkKey);
    if (stored?.deleting === true) keys.push(`app:${app}`);
    await enqueue(
      db,
      keys.map(key => ({ key, app, priority: PRIORITY.request })),
      { actor: 'operator', token: by },
      now,
    );
    return { released: rows.length };
  });
}
