/** The end of a deleted app: looked for again until nobody of it is left, and then it is forgotten. */
import { withdrawWishesOfNobodys } from '../../store/accounts/coder-members';
import { linkedPeopleHeldFor } from '../../store/accounts/held-people';
import {
  forgetLeaverWorkspacesOf,
  leaverWorkspacesOf,
  type LeaverWorkspaces,
} from '../../store/accounts/leaver-workspaces';
import { forgetMappedGroups } from '../../store/apps/mapped-groups';
import { listApps, purgeApp, type StoredApp } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { countOpenEntries } from '../../store/journal/journal';
import { countWork, hasWorkWaiting } from '../../store/work/pending';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { removeUndeclared } from '../group/remove-undeclared';
import { UNTOUCHABLE } from '../decide/context';
import { jittered, endWork, type EndedWork } from '../queue/end-work';
import { type GuardedSurvey } from '../survey/guarded-survey';
import { wakeOtherDeclarations, wakeOtherApps } from './wake-other-apps';

/** How often the end of a deleted app is looked for: soon when few are left, since each look reads everybody. */
const PAUSE_MS = 15_000;
const FEW_LEFT = 100;
const SHORT_PAUSE_MS = 1_000;
const HELD_PAUSE_MS = 300_000;
/** Whoever is left is held by something in Coder, whose end nobody tells, or has left and can sign in until somebody acts there. */
const BLOCKED_PAUSE_MS = 60_000;

/**
 * When a deleted app is looked at again.
 * @param isParked nobody is left but work that waits for an operator or the next sweep
 */
export function comeBackAt(rim: Rim, guarded: GuardedSurvey, isParked: boolean): number {
  const { work, free, stillIn, verdict } = guarded;
  const ending = work.length <= FEW_LEFT ? SHORT_PAUSE_MS : PAUSE_MS;
  const left = isParked || (work.length + stillIn > 0 && free === 0) ? BLOCKED_PAUSE_MS : ending;
  return rim.clock.now() + jittered(verdict === 'hold' ? HELD_PAUSE_MS : left);
}

/** Whether something that was begun for the app has no outcome yet, or somebody, or a group, of it waits. */
export async function isOwedAnything(db: Db, app: string): Promise<boolean> {
  return ((await countOpenEntries(db)).get(app) ?? 0) > 0 || (await hasWorkWaiting(db, app));
}

/** Whether of an app whose own work is being done nothing else waits but what is parked. */
export async function isLeftParked(db: Db, app: string): Promise<boolean> {
  const { waiting, parked } = (await countWork(db)).get(app) ?? { waiting: 0, parked: 0 };
  return parked > 0 && waiting <= 1;
}

const sayRunning = ({ userName, running }: LeaverWorkspaces): string[] =>
  running.map(({ name }) => `${name} of ${JSON.stringify(userName)}`);

/** Forgets the app. What of it could not be removed from Coder is told in the audit trail, since nothing else tells it any more. */
export async function purge(rim: Rim, work: Work, app: StoredApp, problems: readonly string[]): Promise<EndedWork> {
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const stay = await linkedPeopleHeldFor(rim.database.db, app.name, UNTOUCHABLE);
  // By no app's policy it would be stopped after all.
  const leaves = app.state.policies.leavingWorkspaces === 'leave';
  const left = leaves ? (await leaverWorkspacesOf(rim.database.db, app.name)).flatMap(sayRunning) : [];
  const untouched = stay.map(({ coderUsername, reason }) => `${JSON.stringify(coderUsername)} (${reason})`);
  lines.note({ app: app.name }, 'app.purge', 'done', {
    detail: [
      'nobody of the deleted app is left to deal with',
      ...(stay.length === 0 ? [] : [`accounts that are never touched stay as they are: ${untouched.join(', ')}`]),
      ...(left.length === 0
        ? []
        : [`workspaces that were left to Coder and ran when last looked at: ${left.join(', ')}`]),
      ...problems,
    ].join('; '),
  });
  let isOver = false;
  const ended = await endWork(rim, work, { kind: 'done' }, [], async db => {
    // Declared again meanwhile, it is queued again, and its people stay.
    isOver = await purgeApp(db, app);
    if (!isOver) return;
    // With the app its protection ends: what they are in is as if they had been put there by hand.
    if (stay.length > 0)
      await withdrawWishesOfNobodys(
        db,
        stay.map(({ coderUserId }) => coderUserId),
      );
    if (leaves) await forgetLeaverWorkspacesOf(db, app.name);
    await writeAudit(db, lines.rows);
    await forgetMappedGroups(db, { app: app.name });
    await wakeOtherApps(db, app.name, 'over', work.cause, rim.clock.now());
    await wakeOtherDeclarations(db, await listApps(db), app.name, work.cause, rim.clock.now());
  });
  // Of what they are in it is told that it stays: of the last app no sweep does.
  if (isOver && stay.length > 0)
    try {
      await removeUndeclared(rim, { cause: work.cause });
    } catch (error) {
      rim.log.warn({ err: error, app: app.name }, 'what stays of a deleted app could not be looked at');
    }
  return ended;
}
