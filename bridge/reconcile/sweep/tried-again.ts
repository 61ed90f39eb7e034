/**
 * Who waits for something is tried again by a sweep, whatever it is to do about drift: the directory asked for it, and what kept it may
 * be over. Pure.
 */
import { type HeldReason } from '../decide/hold-reason';
import { type Finding, plansOf } from '../survey/survey';

export const DRIFT_REPORTED: HeldReason = 'drift-reported';
const GUARD: HeldReason = 'guard';

/** Whether somebody was held, and the comparison with Coder does not show that the same thing keeps them still. */
export function isTriedAgain(finding: Finding): boolean {
  const before = finding.person?.heldReason;
  if (before === undefined || before === DRIFT_REPORTED) return false;
  if (before === GUARD) return isSettled(finding);
  return finding.held[0]?.reason !== before;
}

/** What the guard stopped waits for its release, unless somebody has seen to it in Coder and nothing of it is left. */
function isSettled(finding: Finding): boolean {
  const hasAll = finding.account.state === 'linked' || !finding.asks;
  return hasAll && plansOf(finding).every(({ steps }) => steps.length === 0);
}
