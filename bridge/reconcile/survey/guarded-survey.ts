/** Surveys an app and asks the guard about the whole: who is to be dealt with, and what is held of the whole, as one plan. */
import { CoderError } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { enqueue, type Cause, type WorkItem } from '../../store/work/enqueue';
import { type Db } from '../../store/database/database';
import { hold } from '../../store/accounts/holds';
import { causeLine } from '../../store/work/causes';
import { piecesOf } from '../../store/database/pieces';
import { queuedKeys } from '../../store/work/pending';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { heldAlike } from '../decide/guard';
import { StillIn } from '../decide/hold-reason';
import { type Finding, isUnnoted, needsWork, survey } from './survey';
import { type Judged, WholePlan } from './whole-plan';
import { AuditLines } from '../context/audit-lines';
import { organizationsWithRoles, type OrUnread, readWorld, type World } from './world';

/** What a caller makes of a survey. */
export interface Looking {
  /** Called with everybody of whom something differs, or who is held for something else than what was found. */
  readonly each?: (finding: Finding) => void;
  /** Who of them is to be dealt with, and judged. @default all */
  readonly takes?: (finding: Finding) => boolean;
  /** It ends with this, in the middle. @default never */
  readonly until?: AbortSignal;
}

export interface GuardedSurvey extends Judged {
  readonly work: readonly WorkItem[];
  /** How many of them are not held already, for a reason of their own. */
  readonly free: number;
  /** How many are out by the directory and can sign in all the same, until somebody acts in Coder. */
  readonly stillIn: number;
  readonly people: number;
}

/**
 * Coder as a whole for the apps of a context.
 * @param how.memberships whether it is told what hangs on memberships that may go, for a report. @default false
 * @param how.until nothing more is asked of Coder once this is aborted. @default never
 * @param how.orUnread what becomes of an organization whose members' roles Coder does not tell. @default nothing can be compared
 * @throws CoderError. @throws AbortError by `until`
 */
export async function readWorldFor(
  rim: Rim,
  context: Context,
  {
    memberships = false,
    until,
    orUnread,
  }: { readonly memberships?: boolean; readonly until?: AbortSignal; readonly orUnread?: OrUnread } = {},
): Promise<World> {
  const granted = await rim.database.db
    .selectFrom('grants')
    .select('organization')
    .distinct()
    .where('kind', 'in', memberships ? ['organization-role', 'organization'] : ['organization-role'])
    .execute();
  return await readWorld(
    rim.coder.background,
    organizationsWithRoles(
      context,
      granted.map(grant => grant.organization),
    ),
    { progress: accounts => rim.log.debug({ accounts }, 'reading accounts of Coder'), until, orUnread },
  );
}

/** Compares an app with the world. People whose work is queued already are left to it. */
export async function surveyWithGuard(
  rim: Rim,
  context: Context,
  world: World,
  app: string,
  priority: number,
  { each, takes, until }: Looking = {},
): Promise<GuardedSurvey> {
  const { db } = rim.database;
  const work: WorkItem[] = [];
  const whole = await WholePlan.begin(rim, context, app);
  const ends = context.apps.get(app)?.deleting === true;
  let people = 0;
  let free = 0;
  let stillIn = 0;
  for await (const finding of survey(db, context, world, app)) {
    until?.throwIfAborted();
    people += 1;
    if (finding.held.some(held => held instanceof StillIn)) stillIn += 1;
    const subject = `person:${finding.userId}` as const;
    if (needsWork(finding)) {
      each?.(finding);
      if (takes?.(finding) === false) continue;
      // What is held by a plan that was given up, such as a declaration that another one replaced, ends with their own work.
    } else if (!whole.isHeld(subject)) {
      if (!ends && isUnnoted(finding)) work.push({ key: subject, app, priority });
      continue;
    }
    work.push({ key: subject, app, priority });
    if (finding.person?.heldReason === undefined) free += 1;
    whole.add(finding);
  }
  return { work, free, stillIn, people, ...(await whole.judge(rim)) };
}

/** People whose part of a plan is written down between two turns of the event loop. */
export const AT_ONCE = 200;

/**
 * As {@link carryOut}, in several transactions, so that others are served between them. All of what is held is written before anything is to
 * be done; what is missing after an end in the middle, the next comparison finds again.
 * @param isMeant looked at in each transaction: the rest is left when it is not what is wanted any more
 */
export async function carryOutInTurns(
  rim: Rim,
  app: string,
  guarded: GuardedSurvey,
  cause: Cause,
  isMeant: (db: Db) => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  for await (const part of partsOf(guarded)) {
    const goesOn = await rim.database.transact(async db => {
      if (!(await isMeant(db))) return false;
      await carryOut(db, rim, app, { ...guarded, ...part }, cause);
      return true;
    });
    if (!goesOn) return;
  }
}

async function* partsOf({ held, work }: GuardedSurvey): AsyncGenerator<Pick<GuardedSurvey, 'held' | 'work'>> {
  for await (const some of piecesOf(held, AT_ONCE)) yield { held: some, work: [] };
  for await (const some of piecesOf(work, AT_ONCE)) yield { held: [], work: some };
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
  for (const { subject, userName, coderUserId, digest, reasons, changes } of guarded.held) {
    const outcome = await hold(
      db,
      { app, subject, digest, reasons, changes, causes: [causeLine(cause)], alike: reasons.map(heldAlike) },
      now,
    );
    if (outcome === 'held')
      lines.note(
        { app, subject: subject.slice('person:'.length), subjectName: userName, coderUserId },
        'guard.hold',
        'held',
        { target: reasons.join(', '), detail: changes.join('; ') },
      );
  }
  await writeAudit(db, lines.rows);
  await enqueue(db, guarded.work, cause, now);
}

/** Work that nobody has queued yet: a sweep does not hurry what a request has asked for. */
export async function withoutQueued(rim: Rim, work: readonly WorkItem[]): Promise<WorkItem[]> {
  const fresh: WorkItem[] = [];
  for await (const some of piecesOf(work, AT_ONCE)) {
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
