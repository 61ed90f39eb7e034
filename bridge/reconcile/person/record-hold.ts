/** What of one person is held: the reason that is shown, and the hold that an operator may release. */
import { dropHold, hold } from '../../store/accounts/holds';
import { askReHire, forgetReHire } from '../../store/accounts/re-hires';
import { type Db } from '../../store/database/database';
import { type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type AuditLines } from '../context/audit-lines';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import { digestOf, heldAlike } from '../decide/guard';
import { CameBack, gravestFirst, type Held } from '../decide/hold-reason';
import { mayComeBackTo, type PersonObservation } from '../decide/observation';
import { EMAIL_CONFLICT } from '../decide/person';
import { type PersonOutcome } from './outcome';
import { type Guarded } from './reserve';
import { subjectOf } from './subject';
import { wakeSharers } from './wake-others';

/**
 * The one reason that is shown: what the guard stopped, then what keeps most. That Coder has an account with their e-mail in another spelling comes
 * first: nothing else knows of it once they leave, and without an account nothing is gained.
 */
export function heldOf(
  guarded: Guarded,
  held: readonly Held[],
): { readonly reason: string; readonly detail: string } | undefined {
  const conflict = held.find(({ reason }) => reason === EMAIL_CONFLICT);
  if (conflict !== undefined) return { reason: conflict.reason, detail: conflict.detail };
  const stopped = [
    ...(guarded.held.length > 0 ? [`${guarded.held.length} removal(s)`] : []),
    ...(guarded.heldGains.length > 0 ? [`${guarded.heldGains.length} gain(s)`] : []),
  ].join(' and ');
  if (stopped !== '')
    return {
      reason: 'guard',
      detail: `${guarded.reasons.join(', ')}: ${stopped} stopped; look at coder-scim status and release them if they are meant`,
    };
  const [first] = gravestFirst(held);
  return first === undefined ? undefined : { reason: first.reason, detail: first.detail };
}

/**
 * @param isUndone what was held or released before is still to be done
 * @returns whoever waited for what was held before, and is looked at again
 */
export async function writeHold(
  db: Db,
  work: Work,
  observation: PersonObservation,
  guarded: Guarded,
  isUndone: boolean,
  lines: AuditLines,
  now: number,
): Promise<WorkKey[]> {
  const subject = `person:${observation.userId}`;
  const { reasons } = guarded;
  const accountIds = observation.accounts.map(({ account }) => account.id);
  const wake = (): Promise<WorkKey[]> => wakeSharers(db, work, observation.userId, accountIds, now);
  if (reasons.length === 0) {
    const isOver = guarded.before !== undefined && !isUndone && !guarded.deferred;
    return isOver && (await dropHold(db, work.app, subject)) ? await wake() : [];
  }
  const { context } = observation;
  const changes = [
    ...guarded.held.map(removal => sayRemoval(context, removal)),
    ...guarded.heldGains.map(gain => sayGain(context, gain)),
  ];
  const digest = digestOf(guarded.held, guarded.heldGains);
  const outcome = await hold(
    db,
    { app: work.app, subject, digest, reasons, changes, causes: work.causes, alike: reasons.map(heldAlike) },
    now,
  );
  if (outcome === 'held')
    lines.note(subjectOf(observation), 'guard.hold', 'held', {
      target: reasons.join(', '),
      detail: changes.join('; '),
    });
  // Of what was held before, something may be held no more.
  return outcome === 'held' && guarded.before !== undefined ? await wake() : [];
}

/**
 * What an operator is asked about somebody who came back, and their word. That is kept, whatever Coder fails at and the guard holds, until
 * Coder refuses what it asks for, the person has an account or leaves, or the account is not there for them any more.
 * @param isBack whether they are in by the account that they were linked to before
 */
export async function writeReHire(
  db: Db,
  { userId, own, user, person, accounts, reHire }: PersonObservation,
  { held, linked }: PersonOutcome,
  isBack: boolean,
): Promise<void> {
  const asked = held.find(one => one instanceof CameBack);
  if (asked !== undefined)
    await askReHire(db, userId, { account: asked.account, externalId: user?.externalId ?? null }, reHire);
  else if (reHire !== undefined) {
    const isThere = accounts.some(one => one.account.id === reHire.account && mayComeBackTo(one, person));
    if (linked !== undefined || isBack || own.account === 'absent' || !isThere) await forgetReHire(db, userId);
  }
}
