/** What was about to be done to an account when a process ended: compared with what Coder shows, so that the audit trail misses nothing. Pure. */
import { CALL_MAY_LAST_MS, type JournalEntry } from '../../store/journal/journal';
import { type InterruptedSteps, type LateStep, type ObservedAccount } from '../decide/observation';
import { type Actual, type Step } from '../decide/steps';

/** Detail of an audit line that is not written by who did it: the bridge ended before it could, or never heard Coder's answer. */
export const UNNOTED = 'done by an earlier call, whose outcome nobody noted';

type Noted = Pick<InterruptedSteps, 'status' | 'steps'> & Partial<Pick<InterruptedSteps, 'late'>>;

/** The note of a journal entry about steps. */
export function stepsNote(
  { account }: { readonly account: Pick<ObservedAccount['account'], 'status'> },
  steps: readonly Step[],
  late: readonly LateStep[] = [],
): Record<string, unknown> {
  return { status: account.status, steps, ...(late.length > 0 && { late }) } satisfies Noted & Record<string, unknown>;
}

/** What a journal entry about steps says. */
export function interruptedSteps(entry: JournalEntry | undefined): InterruptedSteps | undefined {
  if (entry === undefined) return undefined;
  const { status, steps, late = [] } = entry.note as unknown as Noted;
  return { status, steps, late, subject: entry.subject, since: entry.since };
}

/** Everything that earlier tries were about to do, and nobody has done since. */
export const stepsOf = ({ steps, late }: InterruptedSteps): Step[] => [
  ...late.flatMap(({ step, agrees }) => (agrees ? [] : step)),
  ...steps,
];

/** The same with when each was begun, whether or not somebody has done it since. */
export const begunSteps = ({ steps, late, since }: InterruptedSteps): LateStep[] => [
  ...late,
  ...steps.map(step => ({ step, since, agrees: false })),
];

/**
 * What earlier tries were about to do, and whose call may be at work still: it may undo what is decided now, or what is decided next.
 * @param planned what is about to be done
 */
export function stillComing(
  { interrupted, actual }: Pick<ObservedAccount, 'interrupted' | 'actual'>,
  planned: readonly Step[],
  now: number,
): LateStep[] {
  if (interrupted === undefined) return [];
  return (
    begunSteps(interrupted)
      // What was begun at a time that is yet to come, by a clock that was ahead, is as old as nobody knows.
      .filter(one => Math.abs(now - one.since) < CALL_MAY_LAST_MS)
      .filter(({ step, agrees }) => {
        // What was asked for once more is no sign that the first call has come.
        return agrees || !isDone(step, actual);
      })
      .map(one => {
        const change = planned.find(step => isAboutSame(step, one.step));
        return { ...one, agrees: change === undefined ? isDone(one.step, actual) : isSameChange(change, one.step) };
      })
  );
}

const ABOUT_STATUS: ReadonlySet<Step['kind']> = new Set(['activate', 'suspend', 'delete']);

/** Whether the later of two steps decides what is. */
function isAboutSame(left: Step, right: Step): boolean {
  if (ABOUT_STATUS.has(left.kind)) return ABOUT_STATUS.has(right.kind);
  if ('organization' in left && 'organization' in right && left.organization !== right.organization) return false;
  const isMembership = ({ kind }: Step): boolean => kind === 'organization-add' || kind === 'organization-remove';
  return left.kind === right.kind || (isMembership(left) && isMembership(right));
}

/** Whether two steps leave the same behind. */
function isSameChange(left: Step, right: Step): boolean {
  if (left.kind !== right.kind) return false;
  if ('organization' in left && 'organization' in right && left.organization !== right.organization) return false;
  return !('after' in left && 'after' in right) || same(left.after, right.after);
}

const same = (left: readonly string[], right: readonly string[]): boolean =>
  [...left].sort().join(' ') === [...right].sort().join(' ');

/** Steps of an earlier try that Coder shows as done. */
export function doneBefore({ interrupted, actual }: ObservedAccount): Step[] {
  return interrupted === undefined ? [] : stepsOf(interrupted).filter(step => isDone(step, actual));
}

/** Whether Coder shows a step as done; wishes for groups are told of where the group is written. */
function isDone(step: Step, actual: Actual): boolean {
  switch (step.kind) {
    case 'activate':
      return actual.status !== 'suspended';
    case 'suspend':
      return actual.status === 'suspended';
    case 'site-roles':
      return same(step.after, actual.siteRoles);
    case 'organization-add':
      return actual.organizations.includes(step.organization);
    case 'organization-remove':
      return !actual.organizations.includes(step.organization);
    case 'organization-roles':
      return same(step.after, actual.organizationRoles.get(step.organization) ?? []);
    case 'delete':
    case 'group-add':
    case 'group-remove':
      return false;
  }
}
