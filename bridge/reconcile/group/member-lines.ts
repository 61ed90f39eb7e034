/** The audit lines of changes of members: each tells why, as the person's decision left word. */
import { type ManagedGroup } from '../../store/accounts/coder-groups';
import { type MemberState } from '../../store/accounts/coder-members';
import { type Cause } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type Subject, AuditLines } from '../context/audit-lines';
import { type Context, groupName } from '../decide/context';
import { type Rim } from '../context/rim';
import { type Because } from '../decide/entitlement';

interface Reason {
  readonly subject: Subject;
  readonly cause: Cause;
  readonly because: readonly Because[];
}

export function reasonOf(change: MemberState, work: Work | undefined): Reason {
  const fallback: Reason = {
    subject: { app: work?.app ?? null, coderUserId: change.coderUserId },
    cause: work?.cause ?? { actor: 'bridge' },
    because: [],
  };
  return change.because === null ? fallback : { ...fallback, ...(JSON.parse(change.because) as Partial<Reason>) };
}

export function lineOf(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  change: MemberState,
  work: Work | undefined,
  result: 'done' | 'held',
): AuditLines['rows'] {
  const { subject, cause, because } = reasonOf(change, work);
  const lines = new AuditLines(cause, () => rim.clock.now());
  lines.note(subject, change.wanted === true ? 'group.add' : 'group.remove', result, {
    target: groupName(context, group.id),
    because,
    ...(result === 'held' && { detail: 'the account is protected by now: nothing of it is changed' }),
  });
  return lines.rows;
}
