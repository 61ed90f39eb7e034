/** What was about to be done to an account when a process ended: compared with what Coder shows, so that the audit trail misses nothing. Pure. */
import { type JournalEntry } from '../../store/journal/journal';
import { type InterruptedSteps, type ObservedAccount } from '../decide/observation';
import { type Actual, type Step } from '../decide/steps';

/** Detail of an audit line that is written by the process after the one that did it. */
export const UNNOTED = 'done by a bridge that ended before it could note it';

type Noted = Pick<InterruptedSteps, 'status' | 'steps'>;

/** The note of a journal entry about steps. */
export function stepsNote(
  { account }: { readonly account: Pick<ObservedAccount['account'], 'status'> },
  steps: readonly Step[],
): Record<string, unknown> {
  return { status: account.status, steps } satisfies Noted & Record<string, unknown>;
}

/** What a journal entry about steps says. */
export function interruptedSteps(entry: JournalEntry | undefined): InterruptedSteps | undefined {
  if (entry === undefined) return undefined;
  const { status, steps } = entry.note as unknown as Noted;
  return { status, steps, subject: entry.subject, since: entry.since };
}

const same = (left: readonly string[], right: readonly string[]): boolean =>
  [...left].sort().join(' ') === [...right].sort().join(' ');

/** Steps of an earlier try that Coder shows as done. */
export function doneBefore({ interrupted, actual }: ObservedAccount): Step[] {
  return (interrupted?.steps ?? []).filter(step => isDone(step, actual));
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
