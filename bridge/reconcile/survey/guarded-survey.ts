/** Surveys an app and asks the guard about the whole: who is to be dealt with, and whose removals are held as one plan. */
import { CoderError } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { enqueue, type Cause, type WorkItem } from '../../store/work/enqueue';
import { hold, listHolds } from '../../store/accounts/holds';
import { countReserved } from '../../store/accounts/ledger';
import { countLinkedPeople } from '../../store/accounts/people';
import { queuedKeys } from '../../store/work/pending';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { digestOf, guardPlan, HOUR_MS, type Loser } from '../decide/guard';
import { vanishedEntitlements } from '../context/vanished-groups';
import { keyOf } from '../decide/entitlement';
import { sayRemoval } from '../decide/entitlement-text';
import { type Finding, needsWork, plansOf, survey } from './survey';
import { AuditLines } from '../context/audit-lines';
import { organizationsWithRoles, readWorld, type World } from './world';

export interface GuardedSurvey {
  readonly work: readonly WorkItem[];
  readonly losers: readonly (Loser & { readonly userName: string; readonly coderUserId: string | undefined })[];
  readonly verdict: 'pass' | 'hold';
  readonly people: number;
}

/** Coder as a whole for the apps of a context. @throws CoderError */
export async function readWorldFor(rim: Rim, context: Context): Promise<World> {
  const granted = await rim.database.db
    .selectFrom('grants')
    .select('organization')
    .distinct()
    .where('kind', '=', 'organization-role')
    .execute();
  return await readWorld(
    rim.coder.background,
    organizationsWithRoles(
      context,
      granted.map(grant => grant.organization),
    ),
    accounts => rim.log.debug({ accounts }, 'reading accounts of Coder'),
  );
}

/** Whether a finding is the directory's own doing: somebody inactive or gone leaves, whatever is declared. */
function leavesByDirectory({ user, app }: Finding, context: Context): boolean {
  return (user === undefined || !user.active) && context.apps.get(app)?.deleting !== true;
}

/**
 * Compares an app with the world. People whose work is queued already are left to it.
 * @param each called with every finding that is to be dealt with
 */
export async function surveyWithGuard(
  rim: Rim,
  context: Context,
  world: World,
  app: string,
  priority: number,
  each: (finding: Finding) => void = () => undefined,
): Promise<GuardedSurvey> {
  const { db } = rim.database;
  const state = context.apps.get(app)?.state;
  const work: WorkItem[] = [];
  const losers: (Loser & { userName: string; coderUserId: string | undefined })[] = [];
  const gone = await vanishedEntitlements(db, context, app);
  const holds = new Map((await listHolds(db, app)).map(held => [held.subject, held]));
  let people = 0;
  for await (const finding of survey(db, context, world, app)) {
    people += 1;
    // The event loop belongs to requests too.
    if (people % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    if (!needsWork(finding)) continue;
    const subject = `person:${finding.userId}` as const;
    work.push({ key: subject, app, priority });
    each(finding);
    const removals = plansOf(finding)
      .flatMap(plan => plan.removals)
      .filter(removal => removal.kind === 'account' || !gone.has(keyOf(removal)));
    if (removals.length === 0 || leavesByDirectory(finding, context)) continue;
    const before = holds.get(subject);
    losers.push({
      subject,
      removals,
      released: before?.releasedAt !== undefined && before.digest === digestOf(removals),
      userName: finding.userName,
      coderUserId: finding.person?.coderUserId,
    });
  }
  const verdict =
    state === undefined
      ? 'pass'
      : guardPlan(losers, {
          guard: state.guard,
          people: await countLinkedPeople(db, app),
          recent: await countReserved(db, { app, kind: 'removal' }, rim.clock.now() - HOUR_MS, ''),
        });
  return { work, losers, verdict, people };
}

/** Writes a guarded down: the held plan, and the work that is to be done. Part of the caller's transaction. */
export async function carryOut(
  db: Parameters<typeof enqueue>[0],
  rim: Rim,
  context: Context,
  app: string,
  guarded: GuardedSurvey,
  cause: Cause,
): Promise<void> {
  const now = rim.clock.now();
  if (guarded.verdict === 'hold') {
    const lines = new AuditLines(cause, () => now);
    for (const loser of guarded.losers) {
      if (loser.released) continue;
      const changes = loser.removals.map(removal => sayRemoval(context, removal));
      const outcome = await hold(
        db,
        { app, subject: loser.subject, digest: digestOf(loser.removals), reason: 'plan-too-large', changes, cause },
        now,
      );
      if (outcome === 'held')
        lines.note(
          {
            app,
            subject: loser.subject.slice('person:'.length),
            subjectName: loser.userName,
            coderUserId: loser.coderUserId,
          },
          'guard.hold',
          'held',
          { target: 'plan-too-large', detail: changes.join('; ') },
        );
    }
    await writeAudit(db, lines.rows);
  }
  await enqueue(db, guarded.work, cause, now);
}

/** Work that nobody has queued yet: a sweep does not hurry what a request has asked for. */
export async function withoutQueued(rim: Rim, work: readonly WorkItem[]): Promise<WorkItem[]> {
  const fresh: WorkItem[] = [];
  for (let start = 0; start < work.length; start += 1_000) {
    const some = work.slice(start, start + 1_000);
    const queued = await queuedKeys(
      rim.database.db,
      some.map(item => item.key),
    );
    fresh.push(...some.filter(item => !queued.has(item.key)));
  }
  return fresh;
}

/** Whether a failure is Coder's or the way to it, so that another time may be better. */
export function isPassing(error: unknown): boolean {
  return error instanceof CoderError && error.retryable;
}
