import { type Decision, sayDecision } from '../reconcile';
import { readAnyApp } from '../store/apps/apps';
import { writeAudit } from '../store/audit/audit';
import { notFound } from './apps';
import { type AdminDeps } from './deps';

/** Compares an app, or all, with Coder now, and says in the audit trail who asked for it. @throws Refusal 404 for an app that is not there, RecoveryPending, NotYetCompared, SweptElsewhere, CoderError */
export async function sweepNow(
  { reconciler, database, clock }: Pick<AdminDeps, 'reconciler' | 'database' | 'clock'>,
  app: string | undefined,
  decision: Decision,
): Promise<void> {
  if (app !== undefined && (await readAnyApp(database.db, app)) === undefined) throw notFound(app);
  await writeAudit(database.db, [
    {
      at: clock(),
      app: app ?? null,
      actor: 'operator',
      token: decision.by,
      action: 'sweep.ask',
      result: 'done',
      detail: `asked for by ${sayDecision(decision)}`,
    },
  ]);
  await reconciler.sweep(app);
}
