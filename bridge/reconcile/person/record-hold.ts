/** What of one person is held: the reason that is shown, and the hold that an operator may release. */
import { dropHold, hold } from '../../store/accounts/holds';
import { type Db } from '../../store/database/database';
import { type Work } from '../../store/work/work';
import { type AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import { digestOf, heldAlike } from '../decide/guard';
import { type Held } from '../decide/hold-reason';
import { type PersonObservation } from '../decide/observation';
import { type Guarded } from './reserve';
import { subjectOf } from './subject';

/** The one reason that is shown: what the guard stopped, then what keeps most. */
export function heldOf(
  guarded: Guarded,
  held: readonly Held[],
): { readonly reason: string; readonly detail: string } | undefined {
  const stopped = [
    ...(guarded.held.length > 0 ? [`${guarded.held.length} removal(s)`] : []),
    ...(guarded.heldGains.length > 0 ? [`${guarded.heldGains.length} gain(s)`] : []),
  ].join(' and ');
  if (stopped !== '')
    return {
      reason: 'guard',
      detail: `${guarded.reasons.join(', ')}: ${stopped} stopped; look at coder-scim status and release them if they are meant`,
    };
  const [first] = [...held].sort((a, b) => Number(a.reason === 'email-pending') - Number(b.reason === 'email-pending'));
  return first === undefined ? undefined : { reason: first.reason, detail: first.detail };
}

export async function writeHold(
  db: Db,
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  guarded: Guarded,
  failed: boolean,
  lines: AuditLines,
): Promise<void> {
  const subject = `person:${observation.userId}`;
  const { reasons } = guarded;
  if (reasons.length === 0) {
    if (guarded.before !== undefined && !failed && !guarded.deferred) await dropHold(db, work.app, subject);
    return;
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
    rim.clock.now(),
  );
  if (outcome === 'held')
    lines.note(subjectOf(observation), 'guard.hold', 'held', {
      target: reasons.join(', '),
      detail: changes.join('; '),
    });
}
