/** Surveys an app and asks the guard about the whole: who is to be dealt with, and what is held of the whole, as one plan. */
import { CoderError } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { enqueue, type Cause, type WorkItem } from '../../store/work/enqueue';
import { hold, listHolds } from '../../store/accounts/holds';
import { countReserved, type LedgerKind } from '../../store/accounts/ledger';
import { countPeopleIn } from '../../store/accounts/people';
import { queuedKeys } from '../../store/work/pending';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import {
  areHeldGains,
  areHeldLosses,
  digestOf,
  gainLimit,
  guardPlan,
  heldAlike,
  type HoldReason,
  HOUR_MS,
  type Loser,
} from '../decide/guard';
import { type GuardedGain } from '../decide/plan';
import { vanishedEntitlements } from '../context/vanished-groups';
import { keyOf } from '../decide/entitlement';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import { type Finding, needsWork, plansOf, survey } from './survey';
import { AuditLines } from '../context/audit-lines';
import { organizationsWithRoles, readWorld, type World } from './world';

/** What of one person's plan is held. */
export interface HeldPart {
  readonly subject: string;
  readonly userName: string;
  readonly coderUserId: string | undefined;
  readonly digest: string;
  readonly reason: HoldReason;
  /** In words. */
  readonly changes: readonly string[];
}

type Gainer = Pick<HeldPart, 'subject' | 'userName' | 'coderUserId'> & {
  readonly gains: readonly GuardedGain[];
  readonly released: boolean;
};

export interface GuardedSurvey {
  readonly work: readonly WorkItem[];
  /** How many of them are not held already, for a reason of their own. */
  readonly free: number;
  /** What is held of the plan, as a whole. */
  readonly held: readonly HeldPart[];
  /** Whether what people would lose is held. */
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
  const gainers: Gainer[] = [];
  const gone = await vanishedEntitlements(db, context, app);
  const holds = new Map((await listHolds(db, app)).map(held => [held.subject, held]));
  let people = 0;
  let free = 0;
  for await (const finding of survey(db, context, world, app)) {
    people += 1;
    // The event loop belongs to requests too.
    if (people % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    if (!needsWork(finding)) continue;
    const subject = `person:${finding.userId}` as const;
    work.push({ key: subject, app, priority });
    if (finding.person?.heldReason === undefined) free += 1;
    each(finding);
    const removals = plansOf(finding)
      .flatMap(plan => plan.removals)
      .filter(removal => removal.kind === 'account' || !gone.has(keyOf(removal)));
    const who = { subject, userName: finding.userName, coderUserId: finding.person?.coderUserId };
    const before = holds.get(subject);
    const gains = plansOf(finding).flatMap(plan => plan.guardedGains);
    if (gains.length > 0)
      gainers.push({
        ...who,
        gains,
        released: before?.releasedAt !== undefined && areHeldGains(before, gains, gains, [removals]),
      });
    if (removals.length === 0 || leavesByDirectory(finding, context)) continue;
    losers.push({
      ...who,
      removals,
      released: before?.releasedAt !== undefined && areHeldLosses(before, removals, gains),
    });
  }
  if (state === undefined) return { work, free, held: [], verdict: 'pass', people };
  const linked = await countPeopleIn(db, app, rim.clock.now() - HOUR_MS);
  const recent = (kind: LedgerKind): Promise<number> => countReserved(db, { app, kind }, rim.clock.now() - HOUR_MS, '');
  const verdict = guardPlan(losers, { guard: state.guard, people: linked, recent: await recent('removal') });
  const held: HeldPart[] = [];
  if (verdict === 'hold')
    for (const { removals, released, ...who } of losers)
      if (!released)
        held.push({
          ...who,
          digest: digestOf(removals),
          reason: 'plan-too-large',
          changes: removals.map(removal => sayRemoval(context, removal)),
        });
  // What somebody loses and gains at once is held for the loss.
  const others = gainers.filter(({ subject, released }) => !released && !held.some(one => one.subject === subject));
  for (const kind of ['activation', 'privilege'] as const) {
    const some = others.filter(({ gains }) =>
      gains.some(gain => (gain.kind === 'activation') === (kind === 'activation')),
    );
    const sample = some[0]?.gains.find(gain => (gain.kind === 'activation') === (kind === 'activation'));
    if (sample === undefined || some.length + (await recent(kind)) <= gainLimit(sample, state.guard, linked)) continue;
    for (const { gains, released: _released, ...who } of some)
      if (!held.some(one => one.subject === who.subject))
        held.push({
          ...who,
          digest: digestOf([], gains),
          reason: kind === 'activation' ? 'too-many-activations' : 'too-many-privileges',
          changes: gains.map(gain => sayGain(context, gain)),
        });
  }
  return { work, free, held, verdict, people };
}

/** Writes the guard's word down: the held plan, and the work that is to be done. Part of the caller's transaction. */
export async function carryOut(
  db: Parameters<typeof enqueue>[0],
  rim: Rim,
  app: string,
  guarded: GuardedSurvey,
  cause: Cause,
): Promise<void> {
  const now = rim.clock.now();
  const lines = new AuditLines(cause, () => now);
  for (const { subject, userName, coderUserId, digest, reason, changes } of guarded.held) {
    const outcome = await hold(db, { app, subject, digest, reason, changes, cause, alike: heldAlike(reason) }, now);
    if (outcome === 'held')
      lines.note(
        { app, subject: subject.slice('person:'.length), subjectName: userName, coderUserId },
        'guard.hold',
        'held',
        { target: reason, detail: changes.join('; ') },
      );
  }
  await writeAudit(db, lines.rows);
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
