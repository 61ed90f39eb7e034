/** What was about to be done when a process died: compared with what Coder shows, so that the audit trail misses nothing. */
import { type CoderUser } from '../../coder';
import { type Work } from '../../store/work/work';
import { type Actual, type Step } from '../decide/plan';

/** Detail of an audit line that is written by the process after the one that did it. */
export const UNNOTED = 'done by a bridge that ended before it could note it';

interface Intent {
  readonly account: string;
  /** Status before the steps. */
  readonly status: CoderUser['status'];
  readonly steps: readonly Step[];
}

export function intentOf({ id, status }: Pick<CoderUser, 'id' | 'status'>, steps: readonly Step[]): string {
  return JSON.stringify({ account: id, status, steps } satisfies Intent);
}

/** The status that the account had before an earlier try. */
export function statusBefore(
  work: Pick<Work, 'intent'>,
  account: Pick<CoderUser, 'status'>,
): Pick<CoderUser, 'status'> {
  return work.intent === undefined ? account : { status: (JSON.parse(work.intent) as Intent).status };
}

/** Steps on this account that an earlier try was taking. */
export function stepsBefore(work: Pick<Work, 'intent'>, account: string): readonly Step[] {
  if (work.intent === undefined) return [];
  const intent = JSON.parse(work.intent) as Intent;
  return intent.account === account ? intent.steps : [];
}

/** Whether an earlier try was deleting this account. */
export function deletedBefore(work: Pick<Work, 'intent'>, account: string): boolean {
  return stepsBefore(work, account).some(step => step.kind === 'delete');
}

const same = (left: readonly string[], right: readonly string[]): boolean =>
  [...left].sort().join(' ') === [...right].sort().join(' ');

/** Whether Coder shows a step as done; wishes for groups are told of where the group is written. */
export function isDone(step: Step, actual: Actual): boolean {
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
