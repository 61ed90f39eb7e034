/**
 * Finishes what leavings left open: workspaces that ran on are looked at again, and those that were asked to stop are seen
 * stopped. Only who is listed costs calls. It is no drift, so that it does not depend on the policy for that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoderError, outcomeOf, seesEveryWorkspace } from '../../coder';
import {
  forgetLeaverWorkspaces,
  listLeaverWorkspaces,
  listStoppingWorkspaces,
  putLeaverWorkspaces,
  readLeaverWorkspaces,
} from '../../store/accounts/leaver-workspaces';
import { writeAudit } from '../../store/audit/audit';
import { AuditLines } from '../context/audit-lines';
import { LeaseTaken } from '../context/mutex';
import { oneAtATime } from '../context/one-at-a-time';
import { type Context, untouchable } from '../decide/context';
import { type Rim } from '../context/rim';
import { HOUR_MS } from '../decide/guard';
import { rememberedOf, STOPS_WITHIN_MS, stopWorkspaces } from '../person/stop-workspaces';
import { isAway, type SweepParts } from './sweep-parts';

/** How often somebody is looked at whom Coder's rate limit keeps from being looked at; its windows are a minute long. */
const MOST_TRIES = 3;

/** Looks at the listed leavers of these apps, and of apps that are gone. @throws CoderError when Coder is away */
export async function sweepLeaversWorkspaces(
  rim: Rim,
  context: Context,
  apps: readonly { readonly name: string }[],
  parts: SweepParts,
): Promise<void> {
  const swept = new Set(apps.map(app => app.name));
  for (const leaver of await listLeaverWorkspaces(rim.database.db)) {
    rim.ending.throwIfAborted();
    if (!swept.has(leaver.app) && context.apps.has(leaver.app)) continue;
    // Nothing more is to be seen than before.
    if (leaver.state === 'unknown' && !seesEveryWorkspace(context.catalog.workspaceRights)) continue;
    try {
      await lookPatiently(rim, leaver.coderUserId);
    } catch (error) {
      // Whoever has the account, to let its person in again, sees to what is listed.
      if (error instanceof LeaseTaken) continue;
      rim.log.warn({ err: error, account: leaver.coderUserId }, 'workspaces of a leaver could not be looked at');
      if (!(error instanceof CoderError) || isAway(error)) throw error;
      // What runs on unseen is told: the app is not compared to its end.
      parts.failed(leaver.app, 'workspaces of who left', error);
      if (outcomeOf(error).kind === 'retry') return;
    }
  }
}

/**
 * Sees whether what was asked to stop has, some minutes later: a build that failed is not to run on unseen until the next sweep. Where it is
 * at work still, it is looked at again some minutes after that.
 * @param looked when this process looked at which account last; changed
 */
export async function lookAtStopping(rim: Rim, looked: Map<string, number>): Promise<void> {
  const now = rim.clock.now();
  const stopping = await listStoppingWorkspaces(rim.database.db);
  const listed = new Set(stopping.map(({ coderUserId }) => coderUserId));
  for (const account of looked.keys()) if (!listed.has(account)) looked.delete(account);
  const due = stopping.filter(({ coderUserId, askedAt }) => {
    // What does not stop is asked again less and less often.
    const pause = Math.min(Math.max((now - askedAt) / 2, STOPS_WITHIN_MS), HOUR_MS);
    return now - askedAt >= STOPS_WITHIN_MS && now - (looked.get(coderUserId) ?? -Infinity) >= pause;
  });
  if (due.length === 0) return;
  if ((await rim.recovery.holds()) !== undefined || !(await rim.recovery.advance())) return;
  for (const leaver of due) {
    if (rim.ending.aborted) return;
    looked.set(leaver.coderUserId, now);
    try {
      await oneAtATime(rim, `account:${leaver.coderUserId}`, () => lookAgain(rim, leaver.coderUserId));
    } catch (error) {
      if (error instanceof LeaseTaken) continue;
      rim.log.warn({ err: error, account: leaver.coderUserId }, 'workspaces of a leaver could not be looked at');
      // The sweep looks as well.
      if (!(error instanceof CoderError) || outcomeOf(error).kind === 'retry') return;
    }
  }
}

/** What Coder's rate limit keeps is waited for without the account: its person may be about to be locked out, or let in. */
async function lookPatiently(rim: Rim, accountId: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await oneAtATime(rim, `account:${accountId}`, () => lookAgain(rim, accountId));
      return;
    } catch (error) {
      if (!(error instanceof CoderError) || error.kind !== 'rate_limited' || tries === MOST_TRIES) throw error;
      // Whoever ends the process does not wait for it: what is listed is looked at by the next sweep.
      const isEnding = await sleep(error.retryAfterMs ?? 0, false, { signal: rim.ending }).catch(() => true);
      if (isEnding) throw error;
    }
  }
}

async function lookAgain(rim: Rim, accountId: string): Promise<void> {
  const { db } = rim.database;
  // Whoever is to be locked out waits for it: it does not wait long for a rate limit.
  const { coder } = rim;
  const leaver = await readLeaverWorkspaces(db, accountId);
  // Dealt with since they were listed: their person is back, or what ran is seen stopped.
  if (leaver === undefined) return;
  const found = await coder.getUser(leaver.coderUserId);
  if (found.state !== 'present') {
    await forgetLeaverWorkspaces(db, leaver.coderUserId);
    return;
  }
  const { user } = found;
  // As it is declared by now: everybody was listed some time ago.
  const context = await rim.context.get();
  // Protected since it was locked.
  if (untouchable(context, user) !== undefined) {
    await forgetLeaverWorkspaces(db, leaver.coderUserId);
    return;
  }
  // Whoever is in, let in again by hand or never locked, has lost only what runs in organizations that they are in no more.
  const stays = user.status !== 'suspended';
  const lines = new AuditLines({ actor: 'sweep' }, () => rim.clock.now());
  const subject = {
    app: leaver.app,
    subject: leaver.userId,
    subjectName: leaver.userName,
    coderUserId: leaver.coderUserId,
  };
  const known = { before: leaver, now: rim.clock.now() };
  const outcome = await stopWorkspaces({
    coder,
    context,
    account: user,
    memberOf: stays ? user.organizationIds : undefined,
    app: leaver.app,
    subject,
    lines,
    ...known,
  });
  const isAboutToBeLocked = stays && leaver.state === 'due' && rim.clock.now() - leaver.since <= HOUR_MS;
  const remembered = rememberedOf(outcome, leaver, known) ?? (isAboutToBeLocked ? leaver : undefined);
  await rim.database.transact(async transaction => {
    await writeAudit(transaction, lines.rows);
    if (remembered === undefined) await forgetLeaverWorkspaces(transaction, leaver.coderUserId);
    else await putLeaverWorkspaces(transaction, remembered);
  });
  if (outcome.failure !== undefined) throw outcome.failure.error;
}
